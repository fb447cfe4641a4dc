"""A job of the queue as a run: what the node's shell, on which the manager stands, steers and looks at.

To it the whole farm is one engine, and this is a run of it: `lrnap.engine.protocol.Run`, whose status is a view of the
job's rows, whose orders are events of the core, and whose film is the merged one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from lrnap.engine import halts
from lrnap.engine.protocol import Halt, RunOptions, RunState
from lrnap.engine.reported import ReportedRun
from lrnap.errors import Code, EngineError, LrnapError
from lrnap.film.merge import Film
from lrnap.film.snapshot import FilmLayout, Snapshot
from lrnap.lux.call import Call
from lrnap.manager import events
from lrnap.manager.drive import Drive
from lrnap.manager.merging import Films
from lrnap.manager.views import View

FRESH = 5.0  # seconds that a film of a node is waited for, when somebody asks for the picture as it is now


class Farm(Protocol):
    """What it needs of the manager."""

    @property
    def films(self) -> Films: ...
    def drives(self, job: int) -> list[Drive]: ...
    async def do(self, event: events.Event) -> object: ...
    async def change_scene(
        self, job: int, calls: Sequence[Call], files: Mapping[str, str], epoch: int | None
    ) -> int: ...


class QueuedRun(ReportedRun):
    """`name`: as the films that it gives are called."""

    def __init__(self, farm: Farm, name: str, seed: int, view: View) -> None:
        super().__init__(RunOptions(name, seed, epoch=view.job.epoch))
        self.view = view
        self.film: Film | None = None
        self.look = dict(view.job.develop or {})  # how it is developed, as it is stored
        self._farm = farm
        self._closed = False
        self._status = view.status

    @property
    def job(self) -> int:
        return self.view.job.id

    @property
    def layout(self) -> FilmLayout | None:
        return None if self.film is None else self.film.layout

    def show(self, view: View) -> None:
        """What has become of the job."""
        self.view = view
        if not self._status.state.over and not self._closed:
            self._enter(view.status)

    def log(self, lines: int = 100) -> Sequence[str]:
        found = [
            f"{drive.url}: {line}"
            for drive in self._farm.drives(self.job)
            if drive.run is not None
            for line in drive.run.log(lines)
        ]
        return found[-lines:] if lines > 0 else ()

    def warnings(self) -> Sequence[str]:
        found = [w for drive in self._farm.drives(self.job) if drive.run is not None for w in drive.run.warnings()]
        return tuple(dict.fromkeys(found))

    # --- the film

    async def snapshot(self) -> Snapshot:
        return await self.frame()

    async def frame(self, number: int | None = None) -> Snapshot:
        """The film of a frame, with the newest of every run that renders it; without a number, of the one shown."""
        job = self.view.job
        wanted = self.view.shown if number is None else number
        if wanted not in self.view.frames:
            raise LrnapError(Code.NOT_FOUND, f"{job.who} has no frame {wanted}")
        at_work = [drive for drive in self._farm.drives(self.job) if drive.frame == wanted and drive.epoch == job.epoch]
        await asyncio.gather(*(_fresh(drive) for drive in at_work))
        merged = await asyncio.to_thread(self._farm.films.merged, job.key, wanted, job.epoch)
        if merged is None:
            raise EngineError(
                f"there is no film: {self.view.why or 'nothing has come from the nodes yet'}", code=Code.STATE
            )
        self.film = await asyncio.to_thread(self._farm.films.film, job.key, wanted, job.epoch)
        name = self.name if len(self.view.frames) == 1 else f"{self.name}.{wanted}"
        return replace(merged, run=name, seed=self.seed)

    # --- orders

    async def pause(self) -> None:
        await self._farm.do(events.Pause(job=self.job))
        await self._until(lambda state: state is not RunState.RENDERING)

    async def resume(self) -> None:
        await self._farm.do(events.Resume(job=self.job))

    async def stop(self) -> None:
        if not self._status.state.over:
            await self._farm.do(events.Stop(job=self.job))
            await self._until(lambda state: state.over)

    async def set_threads(self, threads: int) -> None:
        """Of each node that renders it."""
        await self.change_threads(lambda _: threads)

    async def change_threads(self, wanted: Callable[[int], int]) -> int:
        """`wanted`: of a node, by how many it has. Returns how many there are then, on all nodes."""
        orders: list[Coroutine[Any, Any, None]] = []
        total = 0
        for drive in self._farm.drives(self.job):
            if drive.run is not None and drive.status.state in (RunState.RENDERING, RunState.PAUSED):
                threads = max(1, wanted(drive.status.threads))
                orders.append(drive.run.set_threads(threads))
                total += threads
        if not orders:
            raise LrnapError(Code.STATE, f"{self.view.job.who} is rendered nowhere now: {self.view.why or 'try again'}")
        await asyncio.gather(*orders)
        return total

    async def set_halt(self, halt: Halt) -> None:
        await self._farm.do(events.Change(job=self.job, halt=halts.without_never(halt)))

    async def edit(
        self, calls: Sequence[Call], files: Mapping[str, str] | None = None, epoch: int | None = None
    ) -> int:
        return await self._farm.change_scene(self.job, calls, files or {}, epoch)

    async def close(self) -> None:
        """Nobody looks at the job here any more; it stays in the queue."""
        self._closed = True
        if not self._status.state.over:
            self._enter(replace(self._status, state=RunState.STOPPED))

    async def _until(self, holds: Callable[[RunState], bool]) -> None:
        async for status in self.events():
            if holds(status.state):
                return


async def _fresh(drive: Drive) -> None:
    """A node that does not answer in time, or has just sent its film, gives what it gave before."""
    try:
        async with asyncio.timeout(FRESH):
            await drive.renew()
    except (LrnapError, TimeoutError):
        pass
