"""A job as those see it who take the manager for a node: its rows, as the status of one run."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from lrnap.engine.protocol import RunState, RunStatus
from lrnap.errors import Code, EngineError, LrnapError, SceneError
from lrnap.manager import jobs
from lrnap.manager.core import Core
from lrnap.manager.frames import Frame
from lrnap.manager.jobs import Job, JobState
from lrnap.manager.runs import Run
from lrnap.manager.runs import RunState as OfRun
from lrnap.manager.store import Store
from lrnap.manager.waiting import why_job
from lrnap.manager.world import Row, of_a_job


@dataclass(frozen=True, slots=True)
class View:
    """`shown`: the frame whose film is meant where none is named. `why`: it does not render now."""

    job: Job
    status: RunStatus
    nodes: int  # that have a run of it
    frames: tuple[int, ...]
    shown: int
    why: str = ""

    @property
    def queued(self) -> bool:
        return self.job.state is JobState.QUEUED


def view_of(core: Core, store: Store, number: int) -> View | None:
    """Of a job in memory, else of one in the store. Blocking."""
    job = core.world.jobs.get(number)
    if job is not None:
        return view([job, *core.world.belongings(number)], why_job(core, job))
    return view(store.load_job(number))


def view(rows: Iterable[Row], why: str = "") -> View | None:
    """None if there is no job among the rows."""
    whole = of_a_job(rows)
    if whole is None:
        return None
    job, frames, runs = whole
    counted = [run for run in runs if run.epoch == job.epoch]
    live = [run for run in runs if run.live]
    numbers = tuple(sorted(frame.number for frame in frames))
    return View(job, _status(job, frames, counted, live), len(live), numbers, _shown(numbers, counted), why)


def _shown(numbers: tuple[int, ...], runs: list[Run]) -> int:
    """The first that is being rendered and has a film, else the last that has one."""
    pictured = {run.frame for run in runs if run.number >= 0}
    rendered = {run.frame for run in runs if run.live} & pictured
    return min(rendered) if rendered else max(pictured, default=numbers[0])


def _status(job: Job, frames: list[Frame], counted: list[Run], live: list[Run]) -> RunStatus:
    state = _state(job, counted, live)
    return RunStatus(
        state,
        samples=sum(max(run.samples, run.live_samples) if run.live else run.samples for run in counted),
        spp=sum(run.hoped_spp for run in counted) / len(frames),
        samples_per_second=sum(run.rate for run in live if run.state is OfRun.RENDERING),
        seconds=max((run.hoped_seconds for run in counted), default=0.0),
        threads=sum(run.threads for run in live),
        engine="" if state is RunState.BUILDING else "a farm",
        noise=frames[0].noise if len(frames) == 1 else None,
        epoch=job.epoch,
        error=_error(job) if state is RunState.FAILED else None,
    )


_OVER = {JobState.DONE: RunState.DONE, JobState.STOPPED: RunState.STOPPED, JobState.ERROR: RunState.FAILED}


def _state(job: Job, counted: list[Run], live: list[Run]) -> RunState:
    """A job is over once its last films are here."""
    if job.state in jobs.OVER and not live:
        return _OVER[job.state]
    if job.state is JobState.PAUSED:
        return RunState.PAUSED
    begun = any(run.number >= 0 or run.live_samples for run in counted)
    begun |= any(run.state in (OfRun.RENDERING, OfRun.PAUSED, OfRun.STOPPING) for run in live)
    return RunState.RENDERING if begun else RunState.BUILDING


def _error(job: Job) -> LrnapError:
    code = Code.from_wire(job.code or Code.ENGINE.wire_name)
    if code is Code.SCENE:
        return SceneError(job.error)
    return EngineError(job.error, code=code)
