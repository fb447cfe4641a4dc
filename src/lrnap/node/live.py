"""The jobs that hold the engine, each from before its run is started until its last film is kept."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from lrnap.engine.protocol import Run, RunState
from lrnap.errors import Code, LrnapError
from lrnap.net.service import Session
from lrnap.node.jobs import Job, Step


@dataclass(slots=True, eq=False)
class Live:
    """What a job holds of the engine. `watching` ends when it lets go, which so many wait for."""

    run: Run | None = None
    watching: asyncio.Task[None] | None = None
    awaited: int = 0


class LiveJobs:
    """`seats`: how many may hold the engine at once."""

    def __init__(self, seats: float) -> None:
        self._seats = seats
        self._live: dict[Job, Live] = {}

    def __contains__(self, job: Job) -> bool:
        return job in self._live

    def __len__(self) -> int:
        return len(self._live)

    def check_free(self, job: Job) -> None:
        """Raises LrnapError unless the job may render and the engine is free."""
        if len(self._live) >= self._seats and job not in self._live:
            holder = next(iter(self._live))
            raise LrnapError(
                Code.BUSY,
                f'this node renders one job at a time, and job "{holder.name}" is {holder.state.value}: '
                f'wait for it, or end it with CTL_STOP "{holder.name}"',
            )
        job.check(Step.RENDER)
        if job.scene is None:
            raise LrnapError(Code.STATE, f'job "{job.name}" is a film without a scene: describe its scene')
        if job in self._live:
            raise LrnapError(Code.STATE, f'job "{job.name}" is being started or is ending: try again')

    def take(self, job: Job, live: Live) -> Live:
        """The job holds the engine from now on."""
        self._live[job] = live
        return live

    def leave(self, job: Job) -> None:
        del self._live[job]

    @property
    def runs(self) -> list[Run]:
        """That there are now."""
        return [live.run for live in self._live.values() if live.run is not None]

    def run_of(self, job: Job) -> Run | None:
        live = self._live.get(job)
        return None if live is None else live.run

    def running(self, job: Job) -> Run:
        """The run of a job that renders. Raises LrnapError if it has none, or it is still being built."""
        run = self.run_of(job)
        if run is None or not job.active:
            raise LrnapError(Code.STATE, f'job "{job.name}" is {job.state.value}, not rendering')
        if run.status().state is RunState.BUILDING:
            raise LrnapError(
                Code.STATE, f'the scene of job "{job.name}" is being built: try again when it renders, or CTL_STOP'
            )
        return run

    async def settled(self, job: Job) -> None:
        """Until the job has let go of the engine."""
        live = self._live.get(job)
        if live is not None and live.watching is not None:
            await asyncio.wait([live.watching])

    async def wait(self, job: Job, session: Session) -> None:
        """Until the job no longer renders, or the one who waits is gone."""
        live = self._live.get(job)
        if live is None or live.watching is None:
            return
        gone = asyncio.create_task(session.closed.wait())
        live.awaited += 1
        try:
            await asyncio.wait([live.watching, gone], return_when=asyncio.FIRST_COMPLETED)
        finally:
            live.awaited -= 1
            gone.cancel()

    def awaited(self, job: Job) -> bool:
        """Whether anybody waits for it to let go."""
        live = self._live.get(job)
        return live is not None and live.awaited > 0

    async def close(self) -> None:
        """Ends all runs, and waits until every job has let go."""
        live = [*self._live.values()]
        await asyncio.gather(*(one.run.close() for one in live if one.run is not None))
        if watching := [one.watching for one in live if one.watching is not None]:
            await asyncio.wait(watching)
