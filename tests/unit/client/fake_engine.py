"""An engine in memory: it renders as fast as it is told to, and dies when it is told to."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import numpy as np

from lrnap.engine.protocol import Halt, RunOptions, RunState, RunStatus
from lrnap.errors import Code, EngineError, RemoteError
from lrnap.film.snapshot import FilmLayout, Snapshot

LAYOUT = FilmLayout(4, 3)


async def until(condition):
    """Until it holds; no longer than any machine should need for that."""
    async with asyncio.timeout(120):
        while not condition():
            await asyncio.sleep(0.001)


class FakeEngine:
    """`spp_per_step` at each step, of which a test makes as many as it likes; `refuse` makes `start` fail."""

    def __init__(self, name="fake", *, refuse=None, layout=LAYOUT, halts=True):
        self.name = name
        self.refuse = refuse
        self.layout = layout
        self.halts = halts
        self.runs = []

    async def start(self, scene, options):
        await asyncio.sleep(0)
        if self.refuse:
            raise RemoteError(Code.UNAVAILABLE, self.refuse)
        run = FakeRun(self, scene, options)
        self.runs.append(run)
        return run


class FakeRun:
    def __init__(self, engine, scene, options: RunOptions):
        self.engine, self.scene, self.options = engine, scene, options
        self.name, self.seed, self.layout = options.run, options.seed, engine.layout
        self._status = RunStatus(RunState.BUILDING, threads=options.threads or 2)
        self._changed = asyncio.Event()
        self._number = 0
        self.closed = False
        self.hands_over = True  # films
        self.fetched = 0
        self.edits = []
        self.refuses_edits = ""

    def status(self):
        return self._status

    def log(self, lines=100):
        return ()

    def warnings(self):
        return ("Film: glare is not honoured",)

    async def events(self):
        while True:
            changed, status = self._changed, self._status
            yield status
            if status.state.over:
                return
            await changed.wait()

    async def snapshot(self):
        await asyncio.sleep(0)
        if self.closed or not self.hands_over or (self._status.state is RunState.FAILED):
            raise EngineError("gone", code=Code.UNAVAILABLE)
        self._number += 1
        self.fetched += 1
        block = self.layout.new_block()
        planes = self.layout.planes(block)
        planes.weight[:] = self._status.spp
        planes.pixel[:] = self._status.spp * np.float32(0.5)
        return Snapshot(
            self.name, self.seed, self._number, self.layout, block, self._status.samples, epoch=self._status.epoch
        )

    async def pause(self):
        self.become(RunState.PAUSED)

    async def resume(self):
        self.become(RunState.RENDERING)

    async def stop(self):
        self.become(RunState.STOPPED)

    async def set_threads(self, threads):
        self._enter(replace(self._status, threads=threads))

    async def set_halt(self, halt: Halt):
        self.options = replace(self.options, halt=halt)

    async def edit(self, calls, files=None, epoch=None):
        await asyncio.sleep(0)
        if self.refuses_edits or self._status.state.over:
            raise EngineError(self.refuses_edits or "it is over", code=Code.UNAVAILABLE)
        self.edits.append((tuple(calls), dict(files or {})))
        epoch = self._status.epoch + 1 if epoch is None else epoch
        self._enter(replace(self._status, epoch=epoch, samples=0.0, spp=0.0, seconds=0.0))
        return epoch

    async def close(self):
        self.closed = True
        if not self._status.state.over:
            self.become(RunState.STOPPED)

    # -- for tests

    def render(self, spp, seconds=1.0):
        """Renders until there are `spp` samples per pixel."""
        pixels = self.layout.width * self.layout.height
        state = RunState.RENDERING
        if self.engine.halts and self.options.halt.spp and spp >= self.options.halt.spp:
            state = RunState.DONE
        self._enter(replace(self._status, state=state, spp=spp, samples=spp * pixels, seconds=seconds))

    def die(self, message="the node is gone"):
        error = EngineError(message, code=Code.UNAVAILABLE)
        self._enter(replace(self._status, state=RunState.FAILED, error=error))

    def become(self, state):
        self._enter(replace(self._status, state=state))

    def _enter(self, status):
        if self._status.state.over:
            return
        self._status = status
        self._changed.set()
        self._changed = asyncio.Event()
