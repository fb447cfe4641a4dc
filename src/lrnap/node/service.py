"""The render node: its jobs, the one run that holds the engine, and everything a connection may ask of it.

    Node.visit(session)    a connection's stay (`visit.py`), which turns requests into calls of what stands here
    Node.render ...        what happens to a job; each method leaves job, log and subscribers told the same thing

The engine lives in processes of its own. Whatever becomes of one, this object keeps answering: a run that dies makes
its job ERROR, keeps the last film that was read, and the next job can render.
"""

from __future__ import annotations

import asyncio
import logging
import math
import platform
import secrets
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from lrnap.engine import halts, seeds
from lrnap.engine.process import ProcessEngine
from lrnap.engine.protocol import Engine, Halt, Run, RunOptions, RunState, RunStatus
from lrnap.errors import Code, EngineError, LrnapError
from lrnap.film.merge import Film
from lrnap.film.resume import fitted
from lrnap.film.snapshot import Snapshot
from lrnap.limits import MAX_WARNING, MAX_WARNINGS, NodeLimits
from lrnap.lux.editing import changes_of, edited
from lrnap.lux.scene import Scene
from lrnap.net.service import Session
from lrnap.node.assets import AssetStore
from lrnap.node.courtesy import Courtesy
from lrnap.node.edits import JobEdit
from lrnap.node.events import Publisher
from lrnap.node.handlers import HANDLERS, Handler
from lrnap.node.jobs import Job, JobTable, Step
from lrnap.node.lease import Lease
from lrnap.node.paths import Roots
from lrnap.node.settings import effective_halt
from lrnap.node.snapshots import Snapshots
from lrnap.node.visit import NodeVisit
from lrnap.wire import Scalar, Status, Word, printable

log = logging.getLogger("lrnap.node")

NEVER = Halt(math.inf, math.inf, math.inf)

_OUTCOME: Mapping[RunState, Step] = {
    RunState.STOPPED: Step.STOP,
    RunState.DONE: Step.FINISH,
    RunState.FAILED: Step.FAIL,
}


@dataclass(slots=True, eq=False)
class Live:
    """A job that holds the engine, from before its run is started until its last film is kept."""

    run: Run | None = None
    watching: asyncio.Task[None] | None = None


@dataclass(slots=True)
class Tally:
    """What a node has done since it was started: runs begun and failed, and the samples of those that are over."""

    runs: int = 0
    failed: int = 0
    samples: float = 0.0


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
        self._log: deque[str] = deque(maxlen=self.limits.log_lines)
        self._live: dict[Job, Live] = {}  # the jobs that hold the engine
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
        live = [*self._live.values()]
        await asyncio.gather(*(one.run.close() for one in live if one.run is not None))
        if watching := [one.watching for one in live if one.watching is not None]:
            await asyncio.wait(watching)
        for job in [*self.jobs]:
            self._forget(job)

    # --- log

    def note(self, text: str, job: Job | None = None, *, known: bool = False) -> None:
        """One line for CTL_LOG, for subscribers, and for the node's own log. `known`: the job's log has it already."""
        text = printable(text)
        line = f"{time.strftime('%H:%M:%S', time.localtime(self.clock()))} {text}"
        self._log.append(line)
        if job is not None and not known:
            job.log.append(line)
        name = job.name if job is not None else None
        run = None if job is None else self._run_of(job)
        log.info("%s", text, extra={"job": name, "run": None if run is None else run.name})
        self.publisher.publish("log", name, line=line, **({} if name is None else {"jobname": name}))

    def warn(self, job: Job, warnings: Sequence[str]) -> None:
        """What a scene asks for and does not get, once each; beyond the bound they are only counted."""
        room = MAX_WARNINGS - len(job.warnings)
        new = [text for text in dict.fromkeys(warnings) if text not in job.warnings]
        job.warnings.update(new)
        for text in new[: max(room, 0)]:
            self.note(f'job "{job.name}": warning: {text[:MAX_WARNING]}', job)
        if 0 <= room < len(new):
            self.note(f'job "{job.name}": no more warnings are shown; CTL_STATUS counts them', job)

    def lines(self, job: Job | None) -> list[str]:
        """The log of a job with what its engine prints, or of the node."""
        if job is None:
            return [*self._log]
        run = self._run_of(job)
        return [*job.log, *(() if run is None else run.log(self.limits.log_lines))]

    # --- jobs without an engine

    def begin(self, name: str, owner: str) -> Job:
        """A job whose scene is being read."""
        job = self.jobs.begin(name, owner, self.clock())
        self._tell(job)
        return job

    def abandon(self, job: Job) -> None:
        """Its scene was bad, or its sender is gone."""
        self.jobs.abandon(job)
        job.step(Step.RESET, self.clock())
        self._tell(job)

    def ready(self, job: Job, scene: Scene) -> None:
        replaced = self.jobs.ready(job, scene, self.clock())
        if replaced is not None:
            self._free(replaced)
            self.note(f'job "{replaced.name}" is replaced by a new scene of that name')
        self._tell(job)

    def loaded(self, job: Job, film: Snapshot, params: dict[str, object]) -> None:
        """A job that was begun is a film without a scene."""
        self.jobs.loaded(job, film, self.clock())
        job.develop = params
        self._tell(job)

    async def reset(self, job: Job) -> None:
        """The job and its film are gone."""
        if job.state is Status.PARSING:
            raise LrnapError(Code.STATE, f'the scene of job "{job.name}" is being read: wait until it is READY')
        run = self._run_of(job)
        if run is not None:
            await run.close()
            await self._settled(job)
        self._forget(job)
        self._tell(job)

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
        self._check_engine(job)
        channels = self._channels(job, channels)
        seed = self._seed(job, seed)
        name = run or secrets.token_hex(8)
        if name in job.runs:
            raise LrnapError(Code.EXISTS, f'job "{job.name}" has had a run {name!r}: each run has a name of its own')
        halt = halts.first_of(halt, job.halt)
        alone = NEVER if job.suspends else halt
        options = RunOptions(name, seed, self.threads if threads is None else threads, alone, channels, job.epoch)
        live = self._live[job] = Live()
        try:
            started = await self._start(job, options)
        except BaseException:
            del self._live[job]
            raise
        if job not in [*self.jobs]:  # forgotten meanwhile
            del self._live[job]
            await started.close()
            raise LrnapError(Code.STATE, f'job "{job.name}" was replaced or reset while it was being started')
        if job.film is not None:
            job.before = (job.film.samples, job.film.seconds)
        job.runs.append(name)
        job.seeds.append(seed)
        job.halt, job.channels = halt, channels
        job.status = started.status()
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
            elif job in self._live:
                run = self.running(job)
                await run.edit(edit.calls, edit.files, number)
                self.warn(job, run.warnings())
            self.warn(job, edit.warnings)
            self._edited(job, edit, number)
            return number

    def _edited(self, job: Job, edit: JobEdit, epoch: int) -> None:
        assert job.scene is not None
        job.scene = edited(job.scene, edit.calls, edit.files)
        told = {param.name for call in edit.calls if call.name == "Film" for param in call.params}
        job.develop = {name: value for name, value in job.develop.items() if name not in told}
        before = job.belongings

        def give_back() -> None:
            before()
            edit.close()

        job.belongings = give_back
        if epoch == job.epoch:
            return
        job.epoch, job.before = epoch, (0.0, 0.0)
        if job.film is not None:
            job.film.restart(epoch)
        if not job.active:
            job.film = job.status = None
        self._step(job, Step.EDIT)
        self.note(f'job "{job.name}" was edited: its film begins anew, as epoch {epoch}', job)

    async def stop(self, job: Job) -> None:
        """Ends rendering; when it returns, the film is kept."""
        job.check(Step.STOP)
        run = self._run_of(job)
        if run is not None:
            await run.stop()
            await self._settled(job)

    async def change_threads(self, job: Job, by: int) -> int:
        """Renders with so many threads more or less; returns how many there are then."""
        run = self.running(job)
        threads = run.status().threads + by
        await run.set_threads(threads)
        return threads

    async def set_default_threads(self, threads: int) -> None:
        """For the jobs to come, and for the one that renders."""
        for run in self.runs:
            if threads and run.status().state is not RunState.BUILDING:
                await run.set_threads(threads)
        self.threads = threads

    async def set_halt(self, job: Job, halt: Halt, *, suspend: bool = False) -> None:
        """The halt conditions of a job: of its run if there is one, else of the next. `suspend`: it pauses then."""
        before, (job.halt, job.suspends) = (job.halt, job.suspends), (halt, suspend)
        if job in self._live and job.active:
            try:
                await self.running(job).set_halt(NEVER if suspend else effective_halt(job))
            except LrnapError:
                job.halt, job.suspends = before
                raise

    async def wait(self, job: Job, session: Session) -> None:
        """Until the job no longer renders, or the one who waits is gone."""
        live = self._live.get(job)
        if live is None or live.watching is None:
            return
        gone = asyncio.create_task(session.closed.wait())
        try:
            await asyncio.wait([live.watching, gone], return_when=asyncio.FIRST_COMPLETED)
        finally:
            gone.cancel()

    def running(self, job: Job) -> Run:
        """The run of a job that renders. Raises LrnapError if it has none, or it is still being built."""
        run = self._run_of(job)
        if run is None or not job.active:
            raise LrnapError(Code.STATE, f'job "{job.name}" is {job.state.value}, not rendering')
        if run.status().state is RunState.BUILDING:
            raise LrnapError(
                Code.STATE, f'the scene of job "{job.name}" is being built: try again when it renders, or CTL_STOP'
            )
        return run

    # --- looking

    def shown(self, job: Job) -> Status:
        """The state that others are told."""
        return job.state

    @property
    def runs(self) -> list[Run]:
        """That there are now."""
        return [live.run for live in self._live.values() if live.run is not None]

    def _run_of(self, job: Job) -> Run | None:
        live = self._live.get(job)
        return None if live is None else live.run

    def run_status(self, job: Job) -> RunStatus | None:
        """Of the run that the job has now, else of its last."""
        run = self._run_of(job)
        return job.status if run is None else run.status()

    async def film(self, job: Job) -> Snapshot:
        """The film of a job, summed over its runs. Raises LrnapError if it has none."""
        run = self._run_of(job)
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
        if self._run_of(job) is not None and job.active:
            await self.running(job).edit((), epoch=epoch)
        job.film.restart(epoch)
        job.resumed, job.before = 0.0, (0.0, 0.0)
        self.snapshots.forget(job.name)

    # --- inside

    def _check_engine(self, job: Job) -> None:
        """Raises LrnapError unless the job may render and the engine is free."""
        if len(self._live) >= self.seats and job not in self._live:
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

    def _seed(self, job: Job, seed: int | None) -> int:
        if seed is None:
            return seeds.fresh(job.seeds) if job.scene is None else seeds.of_scene(job.scene, job.seeds)
        if seed in job.seeds:
            raise LrnapError(
                Code.ARGS, f'job "{job.name}" has used the seed {seed} already: the same samples again add nothing'
            )
        return seed

    def _channels(self, job: Job, asked: tuple[str, ...] | None) -> tuple[str, ...]:
        """Those that are asked for, which a job that has a film already cannot change."""
        if asked is None or asked == job.channels or job.film is None:
            return job.channels if asked is None else asked
        have = ",".join(job.channels) or "none"
        raise LrnapError(
            Code.STATE, f'the film of job "{job.name}" has the channels {have}: render with them, or describe it anew'
        )

    async def _watch(self, job: Job, run: Run) -> None:
        try:
            built, pausing = False, None
            async for status in run.events():
                job.status = status
                if not built and run.layout is not None:
                    built = True
                    self.warn(job, run.warnings())
                    self.note(f'job "{job.name}": {status.engine or self.engine.name} renders', job)
                if job.suspends and job.state is Status.RENDERING and self._reached(job):
                    pausing = asyncio.create_task(self.pause(job))
                if "stats" in self.publisher.wanted:
                    self.publisher.publish("stats", job.name, **self.figures(job))
        except Exception:
            log.exception("defect while watching run %s", run.name)
        if pausing is not None:
            await asyncio.gather(pausing, return_exceptions=True)  # the run was over first
        await self._over(job, run)

    def _reached(self, job: Job) -> bool:
        """Whether what a job has is what its halt conditions ask for."""
        known, halt = self.figures(job), effective_halt(job)
        return any(
            limit is not None and float(known.get(name, 0)) >= limit
            for name, limit in (("spp", halt.spp), ("seconds", halt.seconds))
        )

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
        self.warn(job, run.warnings())
        job.log.extend(run.log(self.limits.log_lines))
        job.status = status
        self.tally.samples += status.samples
        self.tally.failed += status.state is RunState.FAILED
        await run.close()
        del self._live[job]
        if job not in [*self.jobs]:
            return
        if failure is None and status.state is RunState.FAILED:
            failure = EngineError("the render engine failed without saying why")
        if failure is not None:
            for line in getattr(failure, "log", ()):
                self.note(f'job "{job.name}": engine: {line}', job, known=True)
        self._step(job, Step.FAIL if failure is not None else _OUTCOME.get(status.state, Step.FAIL), failure)
        for old in self.jobs.surplus():
            self._retire(old)

    def _retire(self, job: Job) -> None:
        self.note(f'job "{job.name}" and its film are dropped: the last {self.limits.films} finished ones are kept')
        self._forget(job)

    async def _settled(self, job: Job) -> None:
        live = self._live.get(job)
        if live is not None and live.watching is not None:
            await asyncio.wait([live.watching])

    async def _count(self, job: Job, snapshot: Snapshot) -> None:
        if job.film is None:
            job.film = Film(snapshot.layout)
            job.film.restart(job.epoch)
        await asyncio.to_thread(job.film.add, snapshot)

    def _step(self, job: Job, step: Step, error: LrnapError | None = None) -> None:
        before = job.state
        job.step(step, self.clock(), error)
        if job.state is not before:
            self._tell(job)

    def _step_if_active(self, job: Job, step: Step) -> None:
        """Unless the run has come to its end meanwhile."""
        if job.active:
            self._step(job, step)

    def _tell(self, job: Job) -> None:
        why = f": {job.error}" if job.error is not None else ""
        self.note(f'job "{job.name}" is {job.state.value}{why}', job)
        fields: dict[str, Scalar] = {"jobname": job.name, "state": Word(job.state.value)}
        if job.error is not None:
            fields["desc"] = printable(str(job.error))
        self.publisher.publish("state", job.name, **fields)

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
        fields: dict[str, Scalar] = {"jobname": job.name}
        if status is None:
            return fields
        samples, seconds, spp = self._amounts(job, status)
        fields |= {
            "thread": status.threads if job.active else 0,
            "samples": int(samples),
            "spp": round(spp, 3),
            "seconds": round(seconds, 3),
            "rate": round(status.samples_per_second if job.active else 0.0, 1),
            "triangles": status.triangles,
            "warnings": len(job.warnings),
            "seed": job.seeds[-1],
            "run": job.runs[0],
        }
        if job.film is not None:
            fields |= {"dimx": job.film.layout.width, "dimy": job.film.layout.height}
        if epoch := max(status.epoch, job.epoch):
            fields["epoch"] = epoch
        if status.noise is not None:
            fields["noise"] = float(f"{status.noise:.3g}")
        if status.engine:
            fields["engine"] = status.engine
        if status.state is RunState.BUILDING:
            fields["phase"] = Word("BUILDING")
        return fields

    def _amounts(self, job: Job, status: RunStatus) -> tuple[float, float, float]:
        """Samples, seconds and samples per pixel of a job, all its runs together."""
        if job.film is not None and not job.active:
            return job.film.samples, job.film.seconds, job.film.spp
        before = job.before if status.epoch == job.epoch else (0.0, 0.0)  # else it is being edited at this moment
        samples = before[0] + status.samples
        pixels = status.samples / status.spp if status.spp else 0.0
        return samples, before[1] + status.seconds, samples / pixels if pixels else 0.0
