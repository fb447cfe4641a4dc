"""A node whose engine is a queue: jobs that others render are shown and steered as a node's own.

What brings them here, and takes them away again, is the manager's (`service.py`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path

from lrnap.engine.protocol import Run, RunOptions, RunStatus
from lrnap.errors import Code, LrnapError
from lrnap.film.snapshot import Snapshot
from lrnap.limits import NodeLimits
from lrnap.lux.scene import Scene
from lrnap.manager.front import HANDLERS, Fronts
from lrnap.manager.queued_run import QueuedRun
from lrnap.node.edits import JobEdit
from lrnap.node.figures import Amounts
from lrnap.node.jobs import Job
from lrnap.node.service import Node
from lrnap.wire import Scalar, Status, Word, printable


class _NoEngine:
    """In the place of an engine: what a node would start here, a manager queues (`Manager._start`)."""

    name = "queue"

    async def start(self, scene: Scene, options: RunOptions) -> Run:  # noqa: ARG002
        raise LrnapError(Code.UNSUPPORTED, "a manager renders nothing itself: its nodes do")


class QueueNode(Node):
    """`folder`: for assets."""

    seats = math.inf
    handlers = HANDLERS
    jobs: Fronts

    def __init__(self, roots: Iterable[Path | str], folder: Path, limits: NodeLimits) -> None:
        super().__init__(_NoEngine(), roots, folder, limits=limits)
        self.jobs = Fronts(limits)
        self.queued: dict[Job, QueuedRun] = {}  # jobs of the queue that are in memory here, the last one named last

    def facts(self) -> dict[str, Scalar]:
        return {**super().facts(), "queue": Word("true")}

    def hardware(self) -> dict[str, Scalar]:
        return {}

    def described_only(self) -> list[Job]:
        """Jobs that nobody has begun to render: only this process knows them."""
        return [job for job in self.jobs if job not in self.queued and job.state is Status.READY]

    # --- orders

    def running(self, job: Job) -> Run:
        """A job of the queue takes orders whatever its nodes do."""
        run = self.live.run_of(job)
        if run is None or not job.active:
            return super().running(job)
        return run

    async def change_threads(self, job: Job, by: int) -> int:
        run = self.running(job)
        assert isinstance(run, QueuedRun)
        return await run.change_threads(lambda threads: threads + by)

    async def set_default_threads(self, threads: int) -> None:  # noqa: ARG002
        raise LrnapError(Code.UNSUPPORTED, "a manager renders nothing itself: CTL_NODE ... threads= is for its nodes")

    def _edited(self, job: Job, edit: JobEdit, epoch: int) -> None:
        super()._edited(job, edit, epoch)
        if job in self.queued:
            job.develop |= {
                param.name: param.value for call in edit.calls if call.name == "Film" for param in call.params
            }

    # --- looking

    def shown(self, job: Job) -> Status:
        run = self.queued.get(job)
        return Status.QUEUED if run is not None and job.state is Status.RENDERING and run.view.queued else job.state

    async def film(self, job: Job) -> Snapshot:
        return await self.frame(job, None)

    async def frame(self, job: Job, number: int | None) -> Snapshot:
        """The film of a frame; None: of the one that is shown."""
        run = self.queued.get(job)
        if run is None:
            return await super().film(job)
        snapshot = await run.frame(number)
        job.film = run.film
        return snapshot

    async def _count(self, job: Job, snapshot: Snapshot) -> None:  # noqa: ARG002
        """It is counted where it came."""
        run = self.queued.get(job)
        if run is not None:
            job.film = run.film

    def run_status(self, job: Job) -> RunStatus | None:
        run = self.queued.get(job)
        return job.status if run is None else run.view.status

    def figures(self, job: Job) -> dict[str, Scalar]:
        fields = super().figures(job)
        run = self.queued.get(job)
        if run is not None:
            fields |= {"nodes": run.view.nodes, "frames": len(run.view.frames), "id": run.job}
            if run.view.why:
                fields["why"] = printable(run.view.why)
        return fields

    def _amounts(self, job: Job, status: RunStatus) -> Amounts:  # noqa: ARG002
        return Amounts(status.samples, status.seconds, status.spp)
