"""Where on a machine nodes are put, from what the system says of it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrnap.engine.devices import Device
from lrnap.errors import LrnapError
from lrnap.launch.attached import processors, use_processors, written
from lrnap.launch.places import memories, places

TWO_SOCKETS = [{0, 1, 2, 3}, {4, 5, 6, 7}]
ALL = set(range(8))
RTX, OTHER = Device("RTX", "CUDA_GPU"), Device("Radeon", "OPENCL_GPU")


def test_one_node_on_a_plain_machine_is_kept_to_nothing() -> None:
    [place] = places([ALL], ALL, ())
    assert (place.processors, place.environment, place.what) == ("", {}, "this machine")


def test_a_node_for_each_part_of_the_memory() -> None:
    assert [place.processors for place in places(TWO_SOCKETS, ALL, ())] == ["0-3", "4-7"]


def test_only_processors_that_may_be_used_count() -> None:
    assert [place.processors for place in places(TWO_SOCKETS, {0, 1, 5}, ())] == ["0-1", "5"]
    assert len(places(TWO_SOCKETS, {0, 1}, ())) == 1


def test_a_node_for_each_graphics_processor_with_its_share_of_the_others() -> None:
    found = places(TWO_SOCKETS, ALL, [RTX] * 4)
    assert [place.environment["CUDA_VISIBLE_DEVICES"] for place in found] == ["0", "1", "2", "3"]
    assert [place.processors for place in found] == ["0-1", "2-3", "4-5", "6-7"]
    assert found[2].what == "RTX and processors 4-5"


def test_one_graphics_processor_has_the_whole_machine() -> None:
    [place] = places(TWO_SOCKETS, ALL, [RTX])
    assert (place.processors, place.environment, place.what) == ("", {}, "RTX")


def test_devices_that_cannot_be_shown_to_one_node_alone_are_shared() -> None:
    """OpenCL has no such switch for all makers; the same card can be there twice, by CUDA and by OpenCL."""
    assert len(places([ALL], ALL, [OTHER, OTHER])) == 1
    assert len(places([ALL], ALL, [RTX, Device("RTX", "OPENCL_GPU")])) == 1


def test_as_many_nodes_as_somebody_wants() -> None:
    assert [place.processors for place in places([ALL], ALL, (), 3)] == ["0-1", "2-4", "5-7"]
    assert [place.processors for place in places([{0, 1}], {0, 1}, (), 3)] == ["", "", ""]


@given(st.sets(st.integers(0, 300), min_size=1), st.integers(1, 20))
def test_shares_are_the_whole_and_nothing_twice(usable: set[int], count: int) -> None:
    shares = [processors(place.processors) for place in places([usable], usable, (), count) if place.processors]
    if count > 1 and count <= len(usable):
        assert sorted(number for share in shares for number in share) == sorted(usable)
        assert max(map(len, shares)) - min(map(len, shares)) <= 1
    else:
        assert shares == []


@given(st.sets(st.integers(0, 5000), min_size=1))
def test_lists_of_processors_are_read_as_they_are_written(numbers: set[int]) -> None:
    assert processors(written(numbers)) == numbers


@pytest.mark.parametrize("text", ["", "x", "1-", "-1", "3-1,", "1;2", "0-99999999"])
def test_what_is_no_list_of_processors_is_said(text: str) -> None:
    with pytest.raises(LrnapError, match="write 0-3,8"):
        processors(text)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux keeps processes to processors")
def test_processors_that_are_not_there_are_said() -> None:
    before = os.sched_getaffinity(0)
    with pytest.raises(LrnapError, match="no processors '60000'"):
        use_processors("60000")
    assert os.sched_getaffinity(0) == before


def test_the_system_is_read_as_it_writes(tmp_path: Path) -> None:
    for number, text in {0: "0-3\n", 1: "\n", 10: "8,9\n", 2: "4-5\n"}.items():
        (tmp_path / f"node{number}").mkdir()
        (tmp_path / f"node{number}" / "cpulist").write_text(text)
    assert memories(tmp_path) == [{0, 1, 2, 3}, {4, 5}, {8, 9}]
    assert memories(tmp_path / "nowhere") == []
