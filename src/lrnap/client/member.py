"""One engine's part in a job: its run, and how much of the film is from it."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field, replace

from lrnap.client.progress import MemberStatus
from lrnap.engine.protocol import Engine, Halt, Run, RunOptions, RunState, RunStatus
from lrnap.errors import LrnapError
from lrnap.film.snapshot import Snapshot


@dataclass(slots=True, eq=False)
class Member:
    """An engine with its run. `counted` and `counted_spp` are what its newest snapshot in the film holds."""

    engine: Engine
    options: RunOptions
    status: RunStatus = field(default_factory=lambda: RunStatus(RunState.BUILDING))
    run: Run | None = None
    error: LrnapError | None = None
    counted: float = 0.0
    counted_spp: float = 0.0
    epoch: int = 0  # of the film that they are in
    task: asyncio.Task[None] | None = None
    told: Halt | None = None  # the halt condition that its run knows
    removed: bool = False
    heard: float = field(default_factory=time.monotonic)  # when it last said something ...
    fetched: float = field(default_factory=time.monotonic)  # ... and when its last film came

    @property
    def lost(self) -> bool:
        return self.error is not None

    @property
    def settled(self) -> bool:
        """No more samples will come than those that are counted."""
        return self.lost or (self.task is not None and self.task.done())

    @property
    def samples(self) -> float:
        return self.counted if self.settled else max(self.now.samples, self.counted)

    @property
    def spp(self) -> float:
        return self.counted_spp if self.settled else max(self.now.spp, self.counted_spp)

    @property
    def now(self) -> RunStatus:
        """The status, with the samples that are of the film that counts."""
        status = self.status
        return status if status.epoch == self.epoch else replace(status, samples=0.0, spp=0.0, seconds=0.0)

    def begin(self, epoch: int) -> None:
        """From now on samples of that epoch count."""
        self.epoch, self.counted, self.counted_spp = epoch, 0.0, 0.0

    def report(self, *, complete: bool) -> MemberStatus:
        """`complete`: all is there, so whoever was stopped for that has done its part."""
        state = RunState.DONE if complete and self.status.state is RunState.STOPPED else self.status.state
        status = replace(self.status, state=state, samples=self.samples, spp=self.spp)
        problem = str(self.error) if self.error else ""
        return MemberStatus(
            self.engine.name,
            self.options.run,
            self.options.seed,
            status,
            problem,
            self.removed,
            self.heard,
            self.fetched,
        )

    def count(self, snapshot: Snapshot) -> None:
        """Its newest film has come, and counts."""
        self.fetched = time.monotonic()
        self.counted = max(self.counted, snapshot.samples)
        self.counted_spp = max(self.counted_spp, snapshot.spp)
