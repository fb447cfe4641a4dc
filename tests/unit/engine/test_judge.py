"""A run that is watched until its noise is low enough."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import numpy as np

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
