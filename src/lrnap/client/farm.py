"""Several engines as one: each renders the scene with a seed of its own, and their films merge into one.

An engine is anything that implements `lrnap.engine.protocol.Engine`: a process on this machine or a node far away.
A job is over when the merged film has what its halt condition asks for, however the work was shared. An engine that is
lost on the way takes nothing with it: its last snapshot stays counted, and the others go on until the film is complete.

Rules for this file: no sockets, no files, no threads; the film is only ever touched through `lrnap.film.merge.Film`.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import secrets
from collections.abc import AsyncIterator, Coroutine, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from lrnap.client.drive import drive, take, tell_halt
from lrnap.client.job_film import JobFilm
from lrnap.client.member import Member
from lrnap.client.members import Members
from lrnap.client.progress import Progress
from lrnap.engine import halts, seeds
from lrnap.engine.protocol import Engine, Halt, RunOptions, RunState
from lrnap.errors import Code, LrnapError
from lrnap.film.channels import in_order
from lrnap.film.merge import Film
from lrnap.film.snapshot import Snapshot
from lrnap.lux.call import Call
from lrnap.lux.editing import changes_of, edited
from lrnap.lux.scene import Scene


class Farm:
    """Starts jobs on a list of engines; a job may gain engines and lose them later."""

    def __init__(self, engines: Iterable[Engine]) -> None:
        self.engines = tuple(engines)
        if not self.engines:
            raise LrnapError(Code.UNAVAILABLE, "there is no engine to render with; give at least one")

    async def start(
        self,
        scene: Scene,
        *,
        halt: Halt | None = None,
        threads: int = 0,
        channels: Sequence[str] = (),
        resumed: Snapshot | None = None,
    ) -> FarmJob:
        """Starts `scene` on all engines at once, with `threads` each (0: all cores). Never fails for a lost engine.

        `channels`: auxiliary ones of the film. `resumed`: a film of the scene to go on with; it counts as one more run.
        """
        return FarmJob(self.engines, scene, halt or Halt(), threads, in_order(channels), resumed)


class FarmJob:
    """One scene on several engines, and its film. Must be created, used and closed within one event loop."""

    def __init__(
        self,
        engines: Sequence[Engine],
        scene: Scene,
        halt: Halt,
        threads: int,
        channels: tuple[str, ...] = (),
        resumed: Snapshot | None = None,
    ) -> None:
        self._channels = channels
        self.scene = scene
        self.halt = halt
        self.job_film = JobFilm(resumed)
        self.editing = asyncio.Lock()
        self._between = False  # an edit has come to some of the runs
        self.stopping = False
        self.complete = False  # the halt condition holds
        self.paused = False
        self._suspends = False  # pauses where it would be complete
        self.interval: float | None = None  # seconds between films of a member, instead of the usual pace
        self._threads = threads
        self.turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._background: set[asyncio.Task[None]] = set()
        self._stem = f"{scene.name}-{secrets.token_hex(3)}"
        self._members = Members()
        for engine in engines:
            self._enlist(engine)

    # -- looking at it

    @property
    def film(self) -> Film | None:
        """Merged from all runs; None before the first snapshot."""
        return self.job_film.film

    @property
    def epoch(self) -> int:
        """Of the film: how often the scene was edited."""
        return self.job_film.epoch

    @property
    def over(self) -> bool:
        return self._members.over

    @property
    def state(self) -> RunState:
        if not self.over:
            return self._members.state
        if self.complete and self.film is not None:
            return RunState.DONE
        if self.stopping:
            return RunState.STOPPED
        return RunState.DONE if self._members.kept else RunState.FAILED

    @property
    def error(self) -> LrnapError | None:
        """Why the job could not be completed; None while it may still be. A wrong scene is said before all else."""
        return self._members.error if self.state is RunState.FAILED else None

    @property
    def resumed(self) -> float:
        """Samples of the film that the job goes on with, once it counts."""
        return self.job_film.resumed.samples if self.job_film.resumed is not None else 0.0

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the engines do not honour, each sentence once."""
        return tuple(dict.fromkeys(w for run in self._members.runs for w in run.warnings()))

    def progress(self) -> Progress:
        live = [m for m in self._members if not m.lost]
        rendering = [m.status for m in live if m.status.state is RunState.RENDERING]
        before = self.job_film.resumed
        return Progress(
            state=self.state,
            spp=sum(m.spp for m in self._members) + (before.spp if before else 0.0),
            samples=sum(m.samples for m in self._members) + (before.samples if before else 0.0),
            samples_per_second=sum(s.samples_per_second for s in rendering),
            seconds=max((m.now.seconds for m in self._members), default=0.0),
            halt=self.halt,
            members=tuple(m.report(complete=self.complete) for m in self._members),
            film=self.job_film.number,
            noise=self.job_film.noise,
        )

    async def changes(self) -> AsyncIterator[Progress]:
        """The progress now and after each change (the latest wins), ending with that of the finished job."""
        while True:
            turn, over = self.turn, self.over
            yield self.progress()
            if over:
                return
            await asyncio.shield(turn)

    async def wait(self) -> Progress:
        """Until the job is over and its last films are merged."""
        await self._members.wait()
        return self.progress()

    async def snapshot(self) -> Snapshot:
        """The merged film, after asking every run for its newest. Raises LrnapError if there is none."""
        asked = [m for m in self._members if m.run is not None and not m.lost and m.status.samples > 0]
        results = await asyncio.gather(*(take(self, m) for m in asked), return_exceptions=True)
        self.notify()
        if self.film is None:
            for result in results:
                if isinstance(result, BaseException):
                    raise result
            raise self.error or LrnapError(Code.STATE, "there is no film yet: the engines have not rendered a sample")
        return self.film.merged()

    # -- steering it

    async def pause(self) -> None:
        self.paused = True
        await self._members.each(lambda run: run.pause())

    async def resume(self) -> None:
        self.paused = False
        await self._members.each(lambda run: run.resume())

    async def stop(self) -> None:
        """Ends rendering and merges the last films; idempotent."""
        self.stopping = True
        await self._stop_runs()
        await self.wait()

    async def add_thread(self, threads: int = 1) -> None:
        """One thread more on every engine; negative for less, but one always stays."""
        wanted = {m.run: max(1, m.status.threads + threads) for m in self._members if m.run is not None}
        await self._members.each(lambda run: run.set_threads(wanted[run]))

    async def set_halt(self, halt: Halt, *, suspend: bool = False) -> None:
        """Replaces the halt condition; `suspend`: the job pauses when it holds, so that it can go on. `math.inf` is
        never. A job that is over stays so."""
        self.halt = halts.without_never(halt)
        self._suspends = suspend
        await asyncio.gather(*(tell_halt(self, member) for member in self._members))
        self.check_halt()
        self.notify()

    async def restart(self) -> None:
        """Forgets all samples; every run begins its film anew."""
        await self.edit(())

    async def edit(self, calls: Sequence[Call], files: Mapping[str, str] | None = None) -> int:
        """Changes the scene on all engines (see `Run.edit`); the epoch of the film that begins with it.

        An engine that cannot follow is set aside. If none can, LrnapError is raised and nothing has changed.
        """
        async with self.editing:
            scene = edited(self.scene, calls, files)
            if changes_of(calls).develops_only:
                self.scene = scene
                return self.epoch
            if self.over or self.stopping or self.complete:
                raise LrnapError(Code.STATE, "the job is over and cannot be edited: render it anew")
            epoch, self._between = self.epoch + 1, True
            try:
                await self._edit_runs(calls, files or {}, epoch)
                self.scene = scene
                self._begin(epoch)
            finally:
                self._between = False
            self.notify()
            return epoch

    async def _edit_runs(self, calls: Sequence[Call], files: Mapping[str, str], epoch: int) -> None:
        members = self._members.live
        results = await asyncio.gather(*(run.edit(calls, files, epoch) for _, run in members), return_exceptions=True)
        failures = [(m, r) for m, r in zip(members, results, strict=True) if isinstance(r, BaseException)]
        for _, failure in failures:
            if not isinstance(failure, LrnapError) or len(failures) == len(members):
                raise failure
        for (member, run), failure in failures:
            assert isinstance(failure, LrnapError)
            member.error = LrnapError(failure.code, f"it did not follow an edit: {failure.message}", at=failure.at)
            self.spawn(run.stop())

    def _begin(self, epoch: int) -> None:
        """From now on only films of that epoch count."""
        self.job_film.begin(epoch)
        for member in self._members:
            member.begin(epoch)

    def add(self, engine: Engine) -> None:
        """One engine more renders from now on. Raises LrnapError if nothing renders, or it does already."""
        if self.over or self.stopping or self.complete:
            raise LrnapError(Code.STATE, f"{engine.name} comes too late: the job is over")
        if self._members.serving(engine.name) is not None:
            raise LrnapError(Code.EXISTS, f"{engine.name} renders this job already")
        self._enlist(engine)
        self.notify()

    async def remove(self, name: str) -> None:
        """The engine of that name renders no longer; what it has rendered stays counted."""
        member = self._members.serving(name)
        if member is None:
            raise LrnapError(Code.NOT_FOUND, f"{name} does not render this job")
        if self._members.alone(member):
            raise LrnapError(Code.STATE, f"{name} is the only one that renders this job: end it instead")
        member.removed = True
        if member.run is None and member.task is not None:
            member.task.cancel()
        elif member.run is not None:
            with contextlib.suppress(LrnapError):
                await member.run.stop()
        if member.task is not None:
            await asyncio.wait([member.task])
        self.notify()

    def logs(self) -> list[str]:
        """What the engines say, those of each by itself."""
        return [f"{m.engine.name}: {line}" for m in self._members if m.run is not None for line in m.run.log()]

    async def close(self) -> None:
        """Ends everything at once, without asking for last films; idempotent."""
        self.stopping = self.stopping or not self.over
        tasks = [t for t in (*(m.task for m in self._members), *self._background) if t is not None and not t.done()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.gather(*(run.close() for run in self._members.runs), return_exceptions=True)

    # -- one member

    def _enlist(self, engine: Engine) -> None:
        seed = seeds.of_scene(self.scene, self._members.seeds)
        name = f"{self._stem}-{len(self._members) + 1}"
        options = RunOptions(name, seed, self._threads, self.alone, self._channels, self.epoch)
        member = Member(engine, options, told=options.halt, epoch=self.epoch)
        self._members.join(member)
        member.task = asyncio.create_task(drive(self, member))
        member.task.add_done_callback(lambda _: self.notify())

    @property
    def alone(self) -> Halt:
        """When a run is over by itself: not for what all have together, nor where the job is only to pause."""
        if self._suspends:
            return halts.NEVER
        return self.halt if self.halt.noise is None else replace(self.halt, noise=math.inf)

    # -- all members

    def check_halt(self) -> None:
        """Stops the runs once their films together hold what the halt condition asks for."""
        if self.stopping or self.complete or self._between:
            return
        reached = self.progress().fraction
        if reached is None or reached < 1.0:
            return
        if self._suspends:
            if not self.paused:
                self.spawn(self.pause())
        else:
            self.complete = True
            self.spawn(self._stop_runs())

    async def _stop_runs(self) -> None:
        for member in self._members:
            if member.run is None and member.task is not None:
                member.task.cancel()  # still starting: it has nothing to give
        await self._members.each(lambda run: run.stop())

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    def notify(self) -> None:
        turn, self.turn = self.turn, asyncio.get_running_loop().create_future()
        turn.set_result(None)
