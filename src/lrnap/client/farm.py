"""Several engines as one: each renders the scene with a seed of its own, and their films merge into one.

An engine is anything that implements `lrnap.engine.protocol.Engine`: a process on this machine or a node far away.
A job is over when the merged film has what its halt condition asks for, however the work was shared. An engine that is
lost on the way takes nothing with it: its last snapshot stays counted, and the others go on until the film is complete.

Rules for this file: no sockets, no files, no threads; the film is only ever touched through `lrnap.film.merge.Film`.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import secrets
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from lrnap.client.job_film import JobFilm
from lrnap.client.member import Member
from lrnap.client.progress import Progress
from lrnap.engine import halts, pace, seeds
from lrnap.engine.protocol import Engine, Halt, Run, RunOptions, RunState
from lrnap.errors import Code, LrnapError, RemoteError
from lrnap.film.channels import in_order
from lrnap.film.merge import Film
from lrnap.film.snapshot import Snapshot
from lrnap.lux.call import Call
from lrnap.lux.editing import changes_of, edited
from lrnap.lux.scene import Scene

NEVER = Halt(math.inf, math.inf, math.inf)


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
        self._film = JobFilm(resumed)
        self._editing = asyncio.Lock()
        self._between = False  # an edit has come to some of the runs
        self._stopping = False
        self._complete = False  # the halt condition holds
        self._paused = False
        self._suspends = False  # pauses where it would be complete
        self.interval: float | None = None  # seconds between films of a member, instead of the usual pace
        self._threads = threads
        self._turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._background: set[asyncio.Task[None]] = set()
        self._stem = f"{scene.name}-{secrets.token_hex(3)}"
        self._members: list[Member] = []
        for engine in engines:
            self._enlist(engine)

    # -- looking at it

    @property
    def film(self) -> Film | None:
        """Merged from all runs; None before the first snapshot."""
        return self._film.film

    @property
    def epoch(self) -> int:
        """Of the film: how often the scene was edited."""
        return self._film.epoch

    @property
    def over(self) -> bool:
        return all(m.task is not None and m.task.done() for m in self._members)

    @property
    def state(self) -> RunState:
        if self.over:
            if self._complete and self.film is not None:
                return RunState.DONE
            if self._stopping:
                return RunState.STOPPED
            kept = any(m.status.state is RunState.DONE and not m.lost for m in self._members)
            return RunState.DONE if kept else RunState.FAILED
        states = {m.status.state for m in self._members if not m.lost}
        for state in (RunState.RENDERING, RunState.PAUSED, RunState.BUILDING):
            if state in states:
                return state
        return RunState.RENDERING  # the last films are on their way

    @property
    def error(self) -> LrnapError | None:
        """Why the job could not be completed; None while it may still be. A wrong scene is said before all else."""
        errors = [m.error for m in self._members if m.error is not None]
        if self.state is not RunState.FAILED or not errors:
            return None
        return next((e for e in errors if e.code is Code.SCENE), errors[0])

    @property
    def resumed(self) -> float:
        """Samples of the film that the job goes on with, once it counts."""
        return self._film.resumed.samples if self._film.resumed is not None else 0.0

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the engines do not honour, each sentence once."""
        return tuple(dict.fromkeys(w for m in self._members if m.run is not None for w in m.run.warnings()))

    def progress(self) -> Progress:
        live = [m for m in self._members if not m.lost]
        rendering = [m.status for m in live if m.status.state is RunState.RENDERING]
        before = self._film.resumed
        return Progress(
            state=self.state,
            spp=sum(m.spp for m in self._members) + (before.spp if before else 0.0),
            samples=sum(m.samples for m in self._members) + (before.samples if before else 0.0),
            samples_per_second=sum(s.samples_per_second for s in rendering),
            seconds=max((m.now.seconds for m in self._members), default=0.0),
            halt=self.halt,
            members=tuple(m.report(complete=self._complete) for m in self._members),
            film=self._film.number,
            noise=self._film.noise,
        )

    async def changes(self) -> AsyncIterator[Progress]:
        """The progress now and after each change (the latest wins), ending with that of the finished job."""
        while True:
            turn, over = self._turn, self.over
            yield self.progress()
            if over:
                return
            await asyncio.shield(turn)

    async def wait(self) -> Progress:
        """Until the job is over and its last films are merged."""
        while not self.over:  # some may join meanwhile
            await asyncio.wait([m.task for m in self._members if m.task])
        return self.progress()

    async def snapshot(self) -> Snapshot:
        """The merged film, after asking every run for its newest. Raises LrnapError if there is none."""
        asked = [m for m in self._members if m.run is not None and not m.lost and m.status.samples > 0]
        results = await asyncio.gather(*(self._take(m) for m in asked), return_exceptions=True)
        self._notify()
        if self.film is None:
            for result in results:
                if isinstance(result, BaseException):
                    raise result
            raise self.error or LrnapError(Code.STATE, "there is no film yet: the engines have not rendered a sample")
        return self.film.merged()

    # -- steering it

    async def pause(self) -> None:
        self._paused = True
        await self._each(lambda run: run.pause())

    async def resume(self) -> None:
        self._paused = False
        await self._each(lambda run: run.resume())

    async def stop(self) -> None:
        """Ends rendering and merges the last films; idempotent."""
        self._stopping = True
        await self._stop_runs()
        await self.wait()

    async def add_thread(self, threads: int = 1) -> None:
        """One thread more on every engine; negative for less, but one always stays."""
        wanted = {m.run: max(1, m.status.threads + threads) for m in self._members if m.run is not None}
        await self._each(lambda run: run.set_threads(wanted[run]))

    async def set_halt(self, halt: Halt, *, suspend: bool = False) -> None:
        """Replaces the halt condition; `suspend`: the job pauses when it holds, so that it can go on. `math.inf` is
        never. A job that is over stays so."""
        self.halt = halts.without_never(halt)
        self._suspends = suspend
        await asyncio.gather(*(self._tell_halt(member) for member in self._members))
        self._check_halt()
        self._notify()

    async def restart(self) -> None:
        """Forgets all samples; every run begins its film anew."""
        await self.edit(())

    async def edit(self, calls: Sequence[Call], files: Mapping[str, str] | None = None) -> int:
        """Changes the scene on all engines (see `Run.edit`); the epoch of the film that begins with it.

        An engine that cannot follow is set aside. If none can, LrnapError is raised and nothing has changed.
        """
        async with self._editing:
            scene = edited(self.scene, calls, files)
            if changes_of(calls).develops_only:
                self.scene = scene
                return self.epoch
            if self.over or self._stopping or self._complete:
                raise LrnapError(Code.STATE, "the job is over and cannot be edited: render it anew")
            epoch, self._between = self.epoch + 1, True
            try:
                await self._edit_runs(calls, files or {}, epoch)
                self.scene = scene
                self._begin(epoch)
            finally:
                self._between = False
            self._notify()
            return epoch

    async def _edit_runs(self, calls: Sequence[Call], files: Mapping[str, str], epoch: int) -> None:
        members = [m for m in self._members if m.run is not None and not m.lost and not m.status.state.over]
        runs = [m.run for m in members if m.run is not None]
        results = await asyncio.gather(*(run.edit(calls, files, epoch) for run in runs), return_exceptions=True)
        failures = [(m, r) for m, r in zip(members, results, strict=True) if isinstance(r, BaseException)]
        for _, failure in failures:
            if not isinstance(failure, LrnapError) or len(failures) == len(members):
                raise failure
        for member, failure in failures:
            assert isinstance(failure, LrnapError)
            member.error = LrnapError(failure.code, f"it did not follow an edit: {failure.message}", at=failure.at)
            if member.run is not None:
                self._spawn(member.run.stop())

    def _begin(self, epoch: int) -> None:
        """From now on only films of that epoch count."""
        self._film.begin(epoch)
        for member in self._members:
            member.begin(epoch)

    def add(self, engine: Engine) -> None:
        """One engine more renders from now on. Raises LrnapError if nothing renders, or it does already."""
        if self.over or self._stopping or self._complete:
            raise LrnapError(Code.STATE, f"{engine.name} comes too late: the job is over")
        if self._serving(engine.name) is not None:
            raise LrnapError(Code.EXISTS, f"{engine.name} renders this job already")
        self._enlist(engine)
        self._notify()

    async def remove(self, name: str) -> None:
        """The engine of that name renders no longer; what it has rendered stays counted."""
        member = self._serving(name)
        if member is None:
            raise LrnapError(Code.NOT_FOUND, f"{name} does not render this job")
        if all(m is member or m.removed or m.lost for m in self._members):
            raise LrnapError(Code.STATE, f"{name} is the only one that renders this job: end it instead")
        member.removed = True
        if member.run is None and member.task is not None:
            member.task.cancel()
        elif member.run is not None:
            with contextlib.suppress(LrnapError):
                await member.run.stop()
        if member.task is not None:
            await asyncio.wait([member.task])
        self._notify()

    def logs(self) -> list[str]:
        """What the engines say, those of each by itself."""
        return [f"{m.engine.name}: {line}" for m in self._members if m.run is not None for line in m.run.log()]

    async def close(self) -> None:
        """Ends everything at once, without asking for last films; idempotent."""
        self._stopping = self._stopping or not self.over
        tasks = [t for t in (*(m.task for m in self._members), *self._background) if t is not None and not t.done()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        runs = [m.run for m in self._members if m.run is not None]
        await asyncio.gather(*(run.close() for run in runs), return_exceptions=True)

    # -- one member

    def _enlist(self, engine: Engine) -> None:
        seed = seeds.of_scene(self.scene, [m.options.seed for m in self._members])
        name = f"{self._stem}-{len(self._members) + 1}"
        options = RunOptions(name, seed, self._threads, self._alone, self._channels, self.epoch)
        member = Member(engine, options, told=options.halt, epoch=self.epoch)
        self._members.append(member)
        member.task = asyncio.create_task(self._drive(member))
        member.task.add_done_callback(lambda _: self._notify())

    @property
    def _alone(self) -> Halt:
        """When a run is over by itself: not for what all have together, nor where the job is only to pause."""
        if self._suspends:
            return NEVER
        return self.halt if self.halt.noise is None else replace(self.halt, noise=math.inf)

    def _serving(self, name: str) -> Member | None:
        return next((m for m in self._members if m.engine.name == name and not m.removed and not m.lost), None)

    async def _tell_halt(self, member: Member) -> None:
        """A run that is being built is told once it renders."""
        wanted = self._alone
        renders = member.status.state in (RunState.RENDERING, RunState.PAUSED)
        if member.run is None or member.lost or not renders or member.told == wanted:
            return
        before, member.told = member.told, wanted
        try:
            await member.run.set_halt(wanted)
        except LrnapError:
            member.told = before  # over by now, or lost, which shows in its events

    async def _drive(self, member: Member) -> None:
        """From the start of a member's run to its last film."""
        try:
            scene, options = self.scene, replace(member.options, epoch=self.epoch)
            run = await member.engine.start(scene, options)
            async with self._editing:  # it may have missed an edit meanwhile
                member.run = run
                if options.epoch != self.epoch:
                    await run.edit(self.scene.edits, self.scene.files, self.epoch)
            if self._stopping or self._complete:
                await member.run.stop()
            elif self._paused:
                await member.run.pause()
            await self._follow(member, member.run)
        except LrnapError as error:
            member.error = error
        except Exception as error:
            _defect(member, error)
        finally:
            if member.run is not None and member.lost:
                with contextlib.suppress(LrnapError):
                    await member.run.close()

    async def _follow(self, member: Member, run: Run) -> None:
        fetching = asyncio.create_task(self._fetch(member))
        try:
            async for member.status in run.events():
                if run.layout is not None:
                    self._film.expect(run.layout)
                member.heard = time.monotonic()
                if member.told != self._alone:
                    self._spawn(self._tell_halt(member))
                self._check_halt()
                self._notify()
        finally:
            fetching.cancel()
            await asyncio.gather(fetching, return_exceptions=True)
        failure = member.status.error
        try:
            await self._take(member)
        except LrnapError:
            late = self._complete and not member.status.samples  # it was still building when all was there
            if failure is None and not self._stopping and not late:
                raise
        if member.status.state is RunState.FAILED:
            raise failure or RemoteError(Code.ENGINE, f"{member.engine.name} gave up without saying why")
        stopped = member.status.state is RunState.STOPPED and not member.lost
        if stopped and not (self._stopping or self._complete or member.removed):
            raise LrnapError(Code.UNAVAILABLE, "somebody else stopped the job there; its film stays counted")
        self._check_halt()

    async def _fetch(self, member: Member) -> None:
        """Fetches snapshots while the run renders: the first soon, then ever more seldom."""
        while True:
            while member.now.samples <= member.counted:
                await asyncio.shield(self._turn)
            began = time.monotonic()
            try:
                await self._take(member)
            except LrnapError:
                took = pace.LONGEST_PAUSE * pace.TRANSFER_SHARE  # a hiccup passes; what is lost shows in the events
            except Exception as error:  # would come again, and a job that waits for its film would never end
                _defect(member, error)
                if member.run is not None:
                    await _stopped(member.run)
                return
            else:
                self._check_halt()
                self._notify()
                took = time.monotonic() - began
            await asyncio.sleep(self.interval or pace.pause(member.status.seconds, took))

    async def _take(self, member: Member) -> None:
        """Counts the run's film as it is now. A run whose film does not fit to the others' is set aside."""
        if member.run is None or member.lost:
            return
        snapshot = await member.run.snapshot()
        if snapshot.epoch != member.epoch:
            return
        try:
            newer = self._film.add(snapshot)
        except LrnapError as error:
            member.error = error
            self._spawn(_stopped(member.run))
            return
        if newer:
            member.count(snapshot)
            await _to_the_end(self._film.judge(snapshot))

    # -- all members

    def _check_halt(self) -> None:
        """Stops the runs once their films together hold what the halt condition asks for."""
        if self._stopping or self._complete or self._between:
            return
        reached = self.progress().fraction
        if reached is None or reached < 1.0:
            return
        if self._suspends:
            if not self._paused:
                self._spawn(self.pause())
        else:
            self._complete = True
            self._spawn(self._stop_runs())

    async def _stop_runs(self) -> None:
        for member in self._members:
            if member.run is None and member.task is not None:
                member.task.cancel()  # still starting: it has nothing to give
        await self._each(lambda run: run.stop())

    async def _each(self, order: Callable[[Run], Coroutine[Any, Any, None]]) -> None:
        """Gives an order to all runs that can take it. One that cannot be reached shows in its own events."""
        runs = [m.run for m in self._members if m.run is not None and not m.lost and not m.status.state.over]
        results = await asyncio.gather(*(order(run) for run in runs), return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException) and not isinstance(result, LrnapError):
                raise result

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    def _notify(self) -> None:
        turn, self._turn = self._turn, asyncio.get_running_loop().create_future()
        turn.set_result(None)


def _defect(member: Member, error: Exception) -> None:
    logging.getLogger(__name__).error("defect while rendering on %s", member.engine.name, exc_info=error)
    member.error = LrnapError(Code.INTERNAL, f"a defect of lrnap: {type(error).__name__}: {error}")


async def _stopped(run: Run) -> None:
    """Ends a run whose film cannot be used, if it is still there."""
    with contextlib.suppress(LrnapError):
        await run.stop()


async def _to_the_end(work: Coroutine[Any, Any, None]) -> None:
    """Does what has begun, even if whoever waits for it is told meanwhile to wait no longer."""
    task = asyncio.create_task(work)
    try:
        await asyncio.shield(task)
    finally:
        await asyncio.wait([task])
