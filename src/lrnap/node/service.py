"""The render node: its jobs, the one run that holds the engine, and everything a connection may ask of it.

    Node.visit(session)    a connection's stay (`visit.py`), which turns requests into calls of what stands here
    Node.render ...        what happens to a job; each method leaves job, log and subscribers told the same thing
    Node.jobs, .live       all jobs, and those that hold the engine (`jobs.py`, `live.py`)
    Node.journal           what it says of them (`journal.py`)

The engine lives in processes of its own. Whatever becomes of one, this object keeps answering: a run that dies makes
its job ERROR, keeps the last film that was read, and the next job can render.
"""

from __future__ import annotations

import asyncio
import logging
import platform
import secrets
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from lrnap.engine import halts
from lrnap.engine.process import ProcessEngine
from lrnap.engine.protocol import Engine, Halt, Run, RunOptions, RunState, RunStatus
from lrnap.errors import Code, EngineError, LrnapError
from lrnap.film.merge import Film
from lrnap.film.resume import fitted
from lrnap.film.snapshot import Snapshot
from lrnap.limits import NodeLimits
from lrnap.lux.editing import changes_of
from lrnap.lux.scene import Scene
from lrnap.net.service import Session
from lrnap.node.assets import AssetStore
from lrnap.node.courtesy import Courtesy
from lrnap.node.edits import JobEdit
from lrnap.node.events import Publisher
from lrnap.node.figures import Amounts, Tally, amounts, figures
from lrnap.node.handlers import HANDLERS, Handler
from lrnap.node.jobs import Job, JobTable, Step
from lrnap.node.journal import Journal
from lrnap.node.lease import Lease
from lrnap.node.live import Live, LiveJobs
from lrnap.node.paths import Roots
from lrnap.node.settings import effective_halt
from lrnap.node.snapshots import Snapshots
from lrnap.node.visit import NodeVisit
from lrnap.wire import Scalar, Status, Word

log = logging.getLogger("lrnap.node")

_OUTCOME: Mapping[RunState, Step] = {
    RunState.STOPPED: Step.STOP,
    RunState.DONE: Step.FINISH,
    RunState.FAILED: Step.FAIL,
}


class Node:
    """See the module. `data`: a folder for assets. `threads`: for jobs that do not say; 0 means all."""

    seats: float = 1  # jobs that may hold the engine at once
    handlers: Mapping[str, Handler] = HANDLERS

    def __init__(
        self,
        engine: Engine,
        roots: Iterable[Path | str],
        data: Path,
        threads: int = 0,
        limits: NodeLimits | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.limits = limits or NodeLimits()
        self.engine = engine
        self.roots = Roots(roots)
        self.assets = AssetStore(data / "assets", self.limits)
        self.threads = threads
        self.jobs = JobTable(self.limits)
        self.snapshots = Snapshots(self.limits)
        self.publisher = Publisher(self.limits.events)
        self.clock = clock
        self.tally = Tally()
        self.courtesy = Courtesy()
        self.lease = Lease()
        self.live = LiveJobs(self.seats)
        self.journal = Journal(self.limits, self.publisher, clock, self.live.run_of)
        self._editing = asyncio.Lock()

    # --- for the server

    def visit(self, session: Session) -> NodeVisit:
        return NodeVisit(self, session)

    def facts(self) -> dict[str, Scalar]:
        return {"node": platform.node(), "engine": self.engine.name, **self.hardware()}

    def hardware(self) -> dict[str, Scalar]:
        """What it renders on: the choice that was made, and the device that paths are traced on."""
        if not isinstance(self.engine, ProcessEngine):
            return {}
        return {"choice": Word(self.engine.hardware.choice), "device": self.engine.hardware.device}

    async def close(self) -> None:
        """Ends the run and frees everything; idempotent."""
        if isinstance(self.engine, ProcessEngine):
            await self.engine.close()
        await self.live.close()
        for job in [*self.jobs]:
            self._forget(job)

    # --- jobs without an engine

    def begin(self, name: str, owner: str) -> Job:
        """A job whose scene is being read."""
        job = self.jobs.begin(name, owner, self.clock())
        self.journal.tell(job)
        return job

    def abandon(self, job: Job) -> None:
        """Its scene was bad, or its sender is gone."""
        self.jobs.abandon(job)
        job.step(Step.RESET, self.clock())
        self.journal.tell(job)

    def ready(self, job: Job, scene: Scene) -> None:
        replaced = self.jobs.ready(job, scene, self.clock())
        if replaced is not None:
            self._free(replaced)
            self.journal.note(f'job "{replaced.name}" is replaced by a new scene of that name')
        self.journal.tell(job)

    def loaded(self, job: Job, film: Snapshot, params: dict[str, object]) -> None:
        """A job that was begun is a film without a scene."""
        self.jobs.loaded(job, film, self.clock())
        job.develop = params
        self.journal.tell(job)

    async def reset(self, job: Job) -> None:
        """The job and its film are gone."""
        if job.state is Status.PARSING:
            raise LrnapError(Code.STATE, f'the scene of job "{job.name}" is being read: wait until it is READY')
        run = self.live.run_of(job)
        if run is not None:
            await run.close()
            await self.live.settled(job)
        self._forget(job)
        self.journal.tell(job)

    # --- jobs with an engine

    async def render(
        self,
        job: Job,
        *,
        seed: int | None,
        threads: int | None,
        halt: Halt,
        run: str | None,
        channels: tuple[str, ...] | None = None,
    ) -> None:
        """Starts a run, which adds to the film of the runs before. `channels`: None for those of the runs before."""
        self.live.check_free(job)
        threads = self.threads if threads is None else threads
        halt = halts.first_of(halt, job.halt)
        options = job.options(run or secrets.token_hex(8), seed, threads, halt, channels)
        live = self.live.take(job, Live())
        try:
            started = await self._start(job, options)
        except BaseException:
            self.live.leave(job)
            raise
        if job not in [*self.jobs]:  # forgotten meanwhile
            self.live.leave(job)
            await started.close()
            raise LrnapError(Code.STATE, f'job "{job.name}" was replaced or reset while it was being started')
        job.began(options, halt, started.status())
        self.jobs.touch(job)
        live.run = started
        self.tally.runs += 1
        live.watching = asyncio.create_task(self._watch(job, started))
        self._step(job, Step.RENDER)

    async def _start(self, job: Job, options: RunOptions) -> Run:
        assert job.scene is not None  # a job that may render has one: READY is reached with it alone
        return await self.engine.start(job.scene, options)

    async def pause(self, job: Job) -> None:
        job.check(Step.PAUSE)
        if job.state is Status.RENDERING:
            await self.running(job).pause()
            self._step_if_active(job, Step.PAUSE)

    async def resume(self, job: Job) -> None:
        job.check(Step.RESUME)
        if job.state is Status.PAUSED:
            await self.running(job).resume()
            self._step_if_active(job, Step.RESUME)

    async def edit(self, edit: JobEdit, epoch: int | None = None) -> int:
        """Changes the scene of a job; the epoch of the film that begins with it. All or nothing.

        A job that renders goes on with the new scene. One that did not is READY again, without the old scene's film. If
        only the developing changes, the film stays.
        """
        async with self._editing:
            job, changes = edit.job, changes_of(edit.calls)
            job.check(Step.EDIT)
            assert job.scene is not None
            number = job.epoch + 1 if epoch is None else epoch
            if changes.develops_only:
                number = job.epoch
            elif number <= job.epoch:
                raise LrnapError(Code.SEQ, f"the film is of epoch {job.epoch} already: {number} is not newer")
            elif job in self.live:
                run = self.running(job)
                await run.edit(edit.calls, edit.files, number)
                self.journal.warn(job, run.warnings())
            self.journal.warn(job, edit.warnings)
            self._edited(job, edit, number)
            return number

    def _edited(self, job: Job, edit: JobEdit, epoch: int) -> None:
        if edit.apply(epoch):
            self._step(job, Step.EDIT)
            self.journal.note(f'job "{job.name}" was edited: its film begins anew, as epoch {epoch}', job)

    async def stop(self, job: Job) -> None:
        """Ends rendering; when it returns, the film is kept."""
        job.check(Step.STOP)
        if (run := self.live.run_of(job)) is not None:
            await run.stop()
            await self.live.settled(job)

    async def change_threads(self, job: Job, by: int) -> int:
        """Renders with so many threads more or less; returns how many there are then."""
        run = self.running(job)
        threads = run.status().threads + by
        await run.set_threads(threads)
        return threads

    async def set_default_threads(self, threads: int) -> None:
        """For the jobs to come, and for the one that renders."""
        for run in self.live.runs:
            if threads and run.status().state is not RunState.BUILDING:
                await run.set_threads(threads)
        self.threads = threads

    async def set_halt(self, job: Job, halt: Halt, *, suspend: bool = False) -> None:
        """The halt conditions of a job: of its run if there is one, else of the next. `suspend`: it pauses then."""
        before, (job.halt, job.suspends) = (job.halt, job.suspends), (halt, suspend)
        if job in self.live and job.active:
            try:
                await self.running(job).set_halt(halts.NEVER if suspend else effective_halt(job))
            except LrnapError:
                job.halt, job.suspends = before
                raise

    def running(self, job: Job) -> Run:
        """The run of a job that renders. Raises LrnapError if it has none, or it is still being built."""
        return self.live.running(job)

    # --- looking

    def shown(self, job: Job) -> Status:
        """The state that others are told."""
        return job.state

    def run_status(self, job: Job) -> RunStatus | None:
        """Of the run that the job has now, else of its last."""
        run = self.live.run_of(job)
        return job.status if run is None else run.status()

    async def film(self, job: Job) -> Snapshot:
        """The film of a job, summed over its runs. Raises LrnapError if it has none."""
        run = self.live.run_of(job)
        if run is not None:
            try:
                await self._count(job, await run.snapshot())
            except LrnapError:
                if job.film is None:
                    raise
        film = job.film
        if film is None:
            raise LrnapError(Code.STATE, f'job "{job.name}" is {job.state.value} and has no film yet')
        return replace(await asyncio.to_thread(film.as_snapshot, job.runs[0]), seed=job.seeds[0])

    async def add_film(self, job: Job, film: Snapshot) -> None:
        """Counts a film beside what the job renders."""
        await self.film(job)
        assert job.film is not None  # or `film` would have raised
        await asyncio.to_thread(job.film.add, fitted(film, job.film.layout, job.film.epoch))
        job.resumed += film.samples

    async def clear_film(self, job: Job) -> None:
        """Forgets all samples; a run begins its film anew."""
        if job.film is None:
            await self.film(job)
        assert job.film is not None  # or `film` would have raised
        epoch = job.film.epoch + 1
        if self.live.run_of(job) is not None and job.active:
            await self.running(job).edit((), epoch=epoch)
        job.film.restart(epoch)
        job.resumed, job.before = 0.0, (0.0, 0.0)
        self.snapshots.forget(job.name)

    # --- inside

    async def _watch(self, job: Job, run: Run) -> None:
        try:
            built, pausing = False, None
            async for status in run.events():
                job.status = status
                if not built and run.layout is not None:
                    built = True
                    self.journal.warn(job, run.warnings())
                    self.journal.note(f'job "{job.name}": {status.engine or self.engine.name} renders', job)
                if (
                    job.suspends
                    and job.state is Status.RENDERING
                    and self._amounts(job, run.status()).reached(effective_halt(job))
                ):
                    pausing = asyncio.create_task(self.pause(job))
                if "stats" in self.publisher.wanted:
                    self.publisher.publish("stats", job.name, **self.figures(job))
        except Exception:
            log.exception("defect while watching run %s", run.name)
        if pausing is not None:
            await asyncio.gather(pausing, return_exceptions=True)  # the run was over first
        await self._over(job, run)

    async def _over(self, job: Job, run: Run) -> None:
        """Keeps what a run that is over leaves, and lets go of the engine."""
        status = run.status()
        failure = status.error
        try:
            await self._count(job, await run.snapshot())
        except LrnapError as error:
            if status.state is RunState.DONE:
                failure = failure or error
        except Exception:
            log.exception("defect while reading the film of run %s", run.name)
        self.journal.warn(job, run.warnings())
        job.log.extend(run.log(self.limits.log_lines))
        job.status = status
        self.tally.samples += status.samples
        self.tally.failed += status.state is RunState.FAILED
        await run.close()
        self.live.leave(job)
        if job not in [*self.jobs]:
            return
        if failure is None and status.state is RunState.FAILED:
            failure = EngineError("the render engine failed without saying why")
        if failure is not None:
            for line in getattr(failure, "log", ()):
                self.journal.note(f'job "{job.name}": engine: {line}', job, known=True)
        self._step(job, Step.FAIL if failure is not None else _OUTCOME.get(status.state, Step.FAIL), failure)
        for old in self.jobs.surplus():
            self._retire(old)

    def _retire(self, job: Job) -> None:
        self.journal.note(
            f'job "{job.name}" and its film are dropped: the last {self.limits.films} finished ones are kept'
        )
        self._forget(job)

    async def _count(self, job: Job, snapshot: Snapshot) -> None:
        if job.film is None:
            job.film = Film(snapshot.layout)
            job.film.restart(job.epoch)
        await asyncio.to_thread(job.film.add, snapshot)

    def _step(self, job: Job, step: Step, error: LrnapError | None = None) -> None:
        before = job.state
        job.step(step, self.clock(), error)
        if job.state is not before:
            self.journal.tell(job)

    def _step_if_active(self, job: Job, step: Step) -> None:
        """Unless the run has come to its end meanwhile."""
        if job.active:
            self._step(job, step)

    def _free(self, job: Job) -> None:
        self.snapshots.forget(job.name)
        job.belongings()

    def _forget(self, job: Job) -> None:
        self.jobs.drop(job)
        self._free(job)
        job.film = None
        job.step(Step.RESET, self.clock())

    def figures(self, job: Job) -> dict[str, Scalar]:
        """What CTL_STATUS and statistics say of a job that has rendered."""
        status = self.run_status(job)
        return {"jobname": job.name} if status is None else figures(job, status, self._amounts(job, status))

    def _amounts(self, job: Job, status: RunStatus) -> Amounts:
        return amounts(job, status)
