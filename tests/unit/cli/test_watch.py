"""A job that is followed: what is said of it, and how often."""

from __future__ import annotations

import pytest

from lrnap.cli.watch import FRAMES_SHOWN, PLAIN_SECONDS, Lines, frame_lines, summary
from lrnap.client.entries import JobStatus

FRAMES = {"frames": 4, "done": 1, "haltspp": 200.0, "now": "2:150 3:50", "rendering": 2, "rate": 2e6, "spp": 150.0}


def status(state: str = "RENDERING", **fields: str | float) -> JobStatus:
    return JobStatus("ball", state, fields)


def test_a_job_in_a_line() -> None:
    assert summary(status(spp=50.0, haltspp=200.0, rendering=1)) == "ball: rendering, 50.0 of 200 spp, 25 %, 1 node"
    assert summary(status(spp=50.0)) == "ball: rendering, 50.0 spp", "nobody knows how far that is"
    assert summary(status("QUEUED", why="it is next")) == "ball: queued, it is next"
    assert summary(status("DONE", spp=201.0, haltspp=200.0)) == "ball: done, 201.0 of 200 spp"


def test_a_job_of_many_frames_says_how_far_the_whole_is_and_each_that_is_rendered() -> None:
    known = status(**FRAMES)
    assert known.fraction == pytest.approx((1 + 0.75 + 0.25) / 4)
    assert summary(known) == "ball: rendering, 1 of 4 frames done, 50 %, 2 nodes, 2.0M samples/s"
    assert [*frame_lines(known)] == ["frame 2: 150.0 of 200 spp", "frame 3: 50.0 of 200 spp"]
    many = status(**{**FRAMES, "now": " ".join(f"{n}:1" for n in range(FRAMES_SHOWN + 3))})
    assert [*frame_lines(many)][-1] == "and 3 more"


def test_what_is_not_over_is_never_all_done() -> None:
    assert "99 %" in summary(status(spp=199.9, haltspp=200.0))


def test_lines_come_when_something_changes_and_now_and_then(capsys: pytest.CaptureFixture[str]) -> None:
    now = [100.0]
    lines = Lines(lambda: now[0])
    for spp in range(1, 10):
        lines.show(status(spp=float(spp)))
    lines.show(status(spp=10.0, rendering=1))
    now[0] += PLAIN_SECONDS
    lines.show(status(spp=11.0, rendering=1))
    lines.show(status("DONE", spp=12.0))
    said = capsys.readouterr().err.splitlines()
    assert [line.split(", ")[1] for line in said] == ["1.0 spp", "10.0 spp", "11.0 spp", "12.0 spp"]
