"""What a process sees of its own threads, and which processors it takes."""

from __future__ import annotations

import hashlib
import os
import sys
import threading
import time
from pathlib import Path

import pytest

from lrnap.engine import cores
from lrnap.engine.cores import Cores, at_rest


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux says what threads do")
def test_a_process_is_at_rest_when_none_of_its_other_threads_wants_to_run() -> None:
    ended, data = threading.Event(), bytes(1 << 25)

    def work() -> None:
        while not ended.is_set():
            hashlib.sha256(data)  # without the interpreter's lock, as native code renders

    worker = threading.Thread(target=work)
    worker.start()
    try:
        seen(False)
    finally:
        ended.set()
        worker.join()
    seen(True)


def seen(rest: bool) -> None:
    give_up = time.monotonic() + 120
    while at_rest() is not rest:
        assert time.monotonic() < give_up
        time.sleep(0.001)


@pytest.fixture
def taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[set[int]]:
    """A machine with four processors, on which nothing is really moved: those that were taken, one after the other."""
    for processor in range(4):
        (tmp_path / f"cpu{processor}").mkdir()
    moved: list[set[int]] = []
    monkeypatch.setattr(cores, "_PROCESSORS", tmp_path)
    monkeypatch.setattr(cores, "_pin", moved.append)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2, 3})
    return moved


@pytest.mark.skipif(sys.platform != "linux", reason="processors are chosen on Linux only")
def test_runs_of_one_machine_take_different_processors_as_long_as_there_are_any(taken: list[set[int]]) -> None:
    first, second, third = Cores(), Cores(), Cores()
    assert first.used == 4
    assert first.engine_threads(2) == 4, "the engine starts all, and they share the processors that are used"
    first.use(2)
    second.use(2)
    assert taken[0] | taken[1] == {0, 1, 2, 3}
    third.use(3)  # there are none left: it shares
    assert len(taken[2]) == 3
    first.use(1)
    third.use(2)
    assert len(taken[3]) == 1 and taken[3] < taken[0]
    assert taken[0] - taken[3] < taken[4], "what the first has let go is the third's"
    second.use(0)
    first.use(3)
    assert (second.used, taken[5]) == (4, {0, 1, 2, 3})
    assert taken[6] == taken[5] - (taken[0] - taken[3]), "all processors need no claim, so the second's are free again"
    for one in (first, second, third):
        one.use(4)


@pytest.mark.skipif(sys.platform != "linux", reason="processors are chosen on Linux only")
def test_the_number_that_is_in_use_already_moves_nothing(taken: list[set[int]]) -> None:
    run = Cores()
    run.use(0)
    run.use(4)
    assert taken == []
    run.use(3)
    run.use(3)
    assert len(taken) == 1
    run.use(0)
