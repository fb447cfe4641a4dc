"""Values of options that hold lists, and lines that people read and programs take apart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrnap.errors import Code, LrnapError
from lrnap.wire import Word, printable
from lrnap.wire.listing import facts, line, read_facts, read_line
from lrnap.wire.wishes import frame_numbers, frames_text, names, node_range, nodes_text


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("7", (7,)),
        ("1-4", (1, 2, 3, 4)),
        ("1-9:4", (1, 5, 9)),
        ("1-10:4", (1, 5, 9)),
        ("10, 1-3 ,2", (10, 1, 2, 3)),
        ("0", (0,)),
    ],
)
def test_frames_are_numbers_and_ranges(text: str, numbers: tuple[int, ...]) -> None:
    assert frame_numbers(text) == numbers
    assert frame_numbers(frames_text(numbers)) == numbers


@pytest.mark.parametrize("text", ["", "a", "5-1", "1-5:0", "-3", "1,,2", "1-", "1-99999999999", "9999999999", "1.5"])
def test_what_are_no_frames_is_refused(text: str) -> None:
    with pytest.raises(LrnapError) as caught:
        frame_numbers(text)
    assert caught.value.code is Code.ARGS


def test_frames_are_bounded_before_they_fill_the_memory() -> None:
    with pytest.raises(LrnapError, match=r"more than 10 frames \(frames=10\)"):
        frame_numbers("1-1000000000", most=10)


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=40, unique=True))
def test_any_frames_can_be_written_down(numbers: list[int]) -> None:
    assert frame_numbers(frames_text(numbers)) == tuple(numbers)


@pytest.mark.parametrize(("text", "least", "most"), [("4", 4, 4), (4, 4, 4), ("2-8", 2, 8), ("2-", 2, 0), ("-8", 1, 8)])
def test_numbers_of_nodes(text: object, least: int, most: int) -> None:
    assert node_range(text) == (least, most)
    assert node_range(nodes_text(least, most)) == (least, most)


@pytest.mark.parametrize("text", ["", "-", "0", "0-4", "8-2", "-0", "a", "1-2-3", "99999999999", "1.5"])
def test_what_is_no_number_of_nodes_is_refused(text: str) -> None:
    with pytest.raises(LrnapError, match="nodes"):
        node_range(text)


def test_names_are_joined_by_commas() -> None:
    assert names(" gpu, big ,,gpu") == ("gpu", "big")
    assert names("") == ()


FIELDS = st.dictionaries(
    st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True),
    st.one_of(st.integers(-(10**9), 10**9), st.text(max_size=20), st.floats(allow_nan=False, allow_infinity=False)),
    max_size=6,
)


@given(st.text(min_size=1, max_size=20), FIELDS)
def test_a_line_gives_back_what_was_written(name: str, fields: dict[str, object]) -> None:
    """What no line can carry is shown in its place."""
    told = {key: value for key, value in fields.items() if not isinstance(value, str) or value.isprintable()}
    read = read_line(line(name, Word("DONE"), **told))  # type: ignore[arg-type]
    assert read.args[1] == "DONE"
    assert not name.isprintable() or read.args[0] == name
    assert read.fields == told
    assert read_facts(facts(told)) == told  # type: ignore[arg-type]
    for text in (line(name), *facts(fields)):  # type: ignore[arg-type]
        assert text == printable(text)


def test_what_is_not_known_is_left_out() -> None:
    assert line("a", none=None, flag=True, why="it waits") == '"a" flag=true why="it waits"'
    assert facts({"none": None, "state": Word("DONE")}) == ["state = DONE"]
    assert read_facts(["", "no fact", "spp = 3"]) == {"spp": 3}
