"""A run that is watched until its noise is low enough."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import numpy as np
import pytest

from lrnap.engine import pace
from lrnap.engine.judge import until_quiet
from lrnap.engine.protocol import RunOptions, RunState, RunStatus
from lrnap.engine.reported import ReportedRun
from lrnap.errors import EngineError
from lrnap.film.snapshot import FilmLayout, Snapshot

LAYOUT = FilmLayout(8, 6)


class GrowingRun(ReportedRun):
    """Each film has ten samples per pixel more; the second cannot be read."""

    def __init__(self) -> None:
        super().__init__(RunOptions("r", 1))
        self.taken = 0
        self._status = RunStatus(RunState.RENDERING)
        self.grow()

    def grow(self) -> None:
        self.taken += 1
        spp = 10.0 * self.taken
        self._enter(replace(self._status, spp=spp, samples=spp * LAYOUT.width * LAYOUT.height))

    async def snapshot(self) -> Snapshot:
        number, samples = self.taken, self._status.samples
        self.grow()
        if number == 2:
            raise EngineError("there is no room for a film at this moment")
        block = LAYOUT.new_block()
        planes = LAYOUT.planes(block)
        planes.weight[:] = 10.0 * number
        planes.pixel[:] = planes.weight[None, ..., None] * np.float32(0.5)
        return Snapshot(self.name, self.seed, number, LAYOUT, block, samples)


def test_a_film_that_cannot_be_read_once_does_not_end_the_watch(monkeypatch):
    monkeypatch.setattr(pace, "FIRST_PAUSE", 0.0)
    monkeypatch.setattr(pace, "LONGEST_PAUSE", 0.0)
    levels: list[float | None] = []
    run = GrowingRun()
    assert asyncio.run(asyncio.wait_for(until_quiet(run, lambda: 0.1, levels.append), 60))
    assert levels[-1] == 0
    assert run.taken > 3


def test_between_two_looks_there_is_a_pause_as_long_as_the_pace_says(monkeypatch):
    paused: list[float] = []
    monkeypatch.setattr(pace, "FIRST_PAUSE", 0.0)
    monkeypatch.setattr(pace, "pause", lambda rendered, took: paused.append(took) or 0.0)
    run = GrowingRun()
    assert asyncio.run(asyncio.wait_for(until_quiet(run, lambda: 0.1, lambda _: None), 60))
    films = run.taken - 1  # one of them could not be read, and behind the last nobody waits
    assert len(paused) == films - 2
    assert all(took >= 0 for took in paused)


@pytest.mark.parametrize(
    ("rendered", "took", "seconds"),
    [
        (0.0, 0.0, 1.0),  # soon at first
        (10.0, 0.0, 3.0),  # after 30 % more
        (1000.0, 0.0, 10.0),
        (10.0, 2.0, 18.0),  # a film that takes 2 s takes a tenth of 20
    ],
)
def test_films_are_fetched_ever_more_seldom_and_never_for_more_than_a_tenth_of_the_time(rendered, took, seconds):
    assert pace.pause(rendered, took) == pytest.approx(seconds)
    assert pace.pause(rendered, took, pace.SHOWN_GROWTH) >= seconds
