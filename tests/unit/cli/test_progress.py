"""How a render shows itself, on terminals of any width."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from lrnap.cli.progress import LiveTable, left, summary
from lrnap.client.progress import MemberStatus, Progress
from lrnap.engine.protocol import Halt, RunState, RunStatus


def progress(spp=25.0, seconds=100.0, state=RunState.RENDERING, halt=Halt(spp=100), problem=""):  # noqa: B008
    status = RunStatus(state, samples=spp * 1e4, spp=spp, samples_per_second=123456, seconds=seconds, threads=8)
    member = MemberStatus("lrnap://render7.example.org:1978", "ball-1", 1, status, problem)
    return Progress(state, spp, spp * 1e4, 123456, seconds, halt, (member,), 1)


@pytest.mark.parametrize(
    ("spp", "seconds", "says"),
    [(25, 10, "about 30 s left"), (25, 100, "about 5 min left"), (1, 100, "about 3 h left"), (25, 1, ""), (0, 100, "")],
)
def test_the_time_that_is_left_is_guessed_from_the_pace(spp, seconds, says):
    assert left(progress(spp, seconds)) == says


def test_nobody_guesses_without_a_halt_condition_or_when_all_is_done():
    assert left(progress(halt=Halt())) == ""
    assert left(progress(state=RunState.DONE)) == ""


@pytest.mark.parametrize("width", [60, 80, 200])
def test_no_word_is_broken_on_a_narrow_terminal(width):
    table = LiveTable()
    said = io.StringIO()
    table._console = Console(file=said, width=width)
    table._console.print(table._render(progress()))
    shown = said.getvalue()
    assert "rendering" in shown
    assert "123.5k" in shown
    assert max(map(len, shown.splitlines())) <= width
    assert len(shown.splitlines()) <= (4 if width >= 80 else 5)


def test_why_an_engine_is_lost_has_a_line_of_its_own():
    table = LiveTable()
    said = io.StringIO()
    Console(file=said, width=80).print(table._render(progress(problem="nobody is there")))
    assert "lrnap://render7.example.org:1978 is lost: nobody is there" in said.getvalue()


def test_the_summary_counts_engines_that_can_be_used():
    assert summary(progress()).endswith("100.0 s, 1 engine")
    assert summary(progress(problem="gone")).endswith("0 engines")
