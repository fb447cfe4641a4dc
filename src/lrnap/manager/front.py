"""The front of the manager: its jobs as a node has them, and its table of handlers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from lrnap.engine.protocol import RunState
from lrnap.lux.scene import Scene
from lrnap.manager import verbs
from lrnap.manager.jobs import JobState
from lrnap.manager.views import View
from lrnap.manager.waiting import NOT_STARTED
from lrnap.manager.wishes import wishes_of
from lrnap.net.service import Answer
from lrnap.node import handlers, queue_verbs
from lrnap.node.handlers import Handler
from lrnap.node.jobs import Job, JobTable
from lrnap.wire import Request, Status, Word, text
from lrnap.wire.listing import line

if TYPE_CHECKING:
    from lrnap.manager.visit import ManagerVisit
    from lrnap.node.visit import NodeVisit

STATES: Mapping[JobState, Status] = {
    JobState.READY: Status.READY,
    JobState.QUEUED: Status.RENDERING,  # to the front it is under way; `Manager.shown` says what is shown
    JobState.RENDERING: Status.RENDERING,
    JobState.PAUSED: Status.PAUSED,
    JobState.STOPPED: Status.STOPPED,
    JobState.DONE: Status.DONE,
    JobState.ERROR: Status.ERROR,
}


class Fronts(JobTable):
    """The jobs that are in the manager's memory, as a node has jobs."""

    def admit(self, job: Job) -> None:
        """A job of the store. It is not meant where no name is given, unless it is under way."""
        self._jobs[job.name] = job
        self._idle &= not job.active

    @property
    def under_way(self) -> int:
        return sum(job.active for job in self._jobs.values())

    def ready_one(self, name: str) -> Job | None:
        """The job of that name, if it is described and not rendered yet."""
        job = self._jobs.get(name)
        return job if job is not None and job.state is Status.READY else None

    def has(self, name: str) -> bool:
        return name in self._jobs or name in self._parsing


def front_of(view: View, scene: Scene, channels: tuple[str, ...]) -> Job:
    """A job of the store as a node's."""
    row = view.job
    job = Job(row.name, row.owner, row.submitted)
    job.state = STATES[row.state]
    if row.state in (JobState.STOPPED, JobState.DONE, JobState.ERROR) and not view.status.state.over:
        job.state = Status.RENDERING  # its last films are on their way
    job.scene, job.channels, job.halt = scene, channels, row.halt
    job.status, job.epoch = view.status, row.epoch
    job.develop = dict(row.develop or {})
    job.runs, job.seeds = [row.key], [0]
    job.error = view.status.error if view.status.state is RunState.FAILED else None
    return job


async def _render(visit: NodeVisit, request: Request) -> Answer:
    """Its wishes are those of the job when that is stored."""
    here, name = cast("ManagerVisit", visit), request.args[0] if request.args else None
    wishes = await wishes_of(here.manager, request)
    here.check_complete(name)
    here.manager.wishes[here.to_render(name)] = wishes
    return await handlers.render(visit, request)


def _of_a_frame(verb: str) -> Handler:
    """A verb that begins to describe a job, or one frame of it."""

    async def handler(visit: NodeVisit, request: Request) -> Answer:
        number = request.options.get("frame")
        answer = await handlers.HANDLERS[verb](visit, request)
        cast("ManagerVisit", visit).begin_frame(number if isinstance(number, int) else None)
        return answer

    return handler


def _queued(verb: str) -> Handler:
    async def handler(visit: NodeVisit, request: Request) -> Answer:
        return await verbs.HANDLERS[verb](cast("ManagerVisit", visit).manager, visit.session, request)

    return handler


async def _jobs(visit: NodeVisit, request: Request) -> Answer:
    """Those that are stored and, as the newest, those that are only described here."""
    manager, options = cast("ManagerVisit", visit).manager, request.options
    stored = await verbs.HANDLERS["CTL_JOBS"](manager, visit.session, request)
    if "before" in options or "token" in options:
        return stored
    states, owner = queue_verbs.listed_states(options.get("state")), options.get("owner")
    lines = [*(stored.text or ())]
    for job in manager.described_only():
        its = job.owner.rpartition(":")[0]
        if (not states or job.state in states) and owner in (None, its):
            lines.append(line(job.name, Word(job.state.value), owner=its, why=NOT_STARTED))
    return text(lines[max(0, len(lines) - verbs.limit_of(request)) :])


async def _job(visit: NodeVisit, request: Request) -> Answer:
    name = str(request.args[0])
    if any(job.name == name for job in cast("ManagerVisit", visit).manager.described_only()):
        return await handlers.HANDLERS["CTL_JOB"](visit, request)
    return await _queued("CTL_JOB")(visit, request)


HANDLERS: Mapping[str, Handler] = {
    **handlers.HANDLERS,
    **{verb: _queued(verb) for verb in verbs.HANDLERS},
    "CTL_JOBS": _jobs,
    "CTL_JOB": _job,
    **{verb: _of_a_frame(verb) for verb in ("API_LuxInit", "API_LuxParse", "API_EditBegin")},
    "API_Render": _render,
}
