"""A connection's stay at a manager: as at a node, but a job that is only in the store comes to the front when named."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lrnap.errors import Code, LrnapError
from lrnap.manager import verbs
from lrnap.manager.acting import acting
from lrnap.manager.described import Changes, Described, both
from lrnap.manager.steering import ManagerJob
from lrnap.net.service import Answer, Session
from lrnap.node.jobs import Job
from lrnap.node.lux_calls import WHOLE
from lrnap.node.snapshots import Kept
from lrnap.node.visit import NodeVisit
from lrnap.wire import Request, Status

if TYPE_CHECKING:
    from lrnap.manager.service import Manager


class ManagerVisit(NodeVisit):
    """See `lrnap.node.visit.NodeVisit`."""

    node: Manager

    def __init__(self, node: Manager, session: Session) -> None:
        super().__init__(node, session)
        self.manager = node
        self.frame: int | None = None  # what is described is this frame of a job of many

    def steered(self, job: object = None) -> ManagerJob:
        return ManagerJob(self, job)

    def check_options(self, request: Request) -> None:
        """A queue meets all wishes."""

    async def answer(self, request: Request) -> Answer:
        acting.set(self.session)
        answer = await super().answer(await self._named(request))
        if request.verb in ("CTL_SET", "API_EditEnd") or request.call is not None:
            await self.manager.keep_looks()
        return answer

    # --- frames

    def begin_frame(self, number: int | None) -> None:
        """What is described, or changed, from now on is that frame; None: a whole job."""
        self.frame = number

    def complete(self) -> Job:
        """A frame joins those that were described of the same job before."""
        frame, name = self.frame, self.parsing.name if self.parsing is not None else ""
        before = self.manager.being_described(name) if frame is not None else None
        described = self.manager.described.get(before) if before is not None else None
        give_back = before.belongings if before is not None and described is not None else None
        if before is not None and give_back is not None:
            before.belongings = lambda: None
        job = super().complete()
        if frame is not None:
            assert job.scene is not None
            known = self.manager.described[job] = described or Described()
            known.scenes[frame] = job.scene
            if give_back is not None:
                job.belongings = both(give_back, job.belongings)
        return job

    async def end_edit(self, epoch: int | None) -> int:
        """Of a frame: it is kept beside the job's scene, as what changes that."""
        frame, edit = self.frame, self.editing
        if frame is None or edit is None:
            return await super().end_edit(epoch)
        edit.require_finished()
        self.editing = None
        job = edit.job
        if job.state is not Status.READY:
            edit.close()
            raise LrnapError(Code.STATE, f'frames of job "{job.name}" can be described before API_Render, not now')
        known = self.manager.described.setdefault(job, Described())
        known.changes[frame] = Changes(edit.calls, edit.files)
        job.belongings = both(job.belongings, edit.close)
        return job.epoch

    async def take(self, job: Job, frame: int | None) -> Kept:
        return await self.manager.snapshots.take(job.name, lambda: self.manager.frame(job, frame), frame)

    async def _named(self, request: Request) -> Request:
        """With the names that the jobs have here which it means. Verbs of the queue find them themselves, and a new
        scene has whatever name it is given."""
        if request.verb in verbs.HANDLERS or request.verb in WHOLE:
            return request
        args = [*request.args]
        for place, (argument, value) in enumerate(zip(request.spec.args, request.args, strict=False)):
            if argument.name == "job" and isinstance(value, str | int):
                args[place] = await self.manager.find(str(value))
        options = dict(request.options)
        if "job" in options:
            options["job"] = await self.manager.find(str(options["job"]))
        return replace(request, args=tuple(args), options=options)
