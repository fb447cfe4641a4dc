"""The manager's core and store against chance: whatever happens, in whatever order, these hold.

After every step `validate` has been called. In the end everything is made to work, and then: every job that could be
finished is; each run counts once, with its newest snapshot; no seed was used twice; nothing acknowledged is lost.
"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import tempfile
from pathlib import Path

import pytest
from farm_model import Farm, SimNode
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from lrnap.engine.protocol import Halt
from lrnap.errors import LrnapError
from lrnap.manager.events import (
    Change,
    ChangeNode,
    Edit,
    FrameSpec,
    Pause,
    Remove,
    RemoveNode,
    Render,
    Resume,
    Retry,
    Stop,
    Submit,
    Yield,
)
from lrnap.manager.jobs import Job, JobState
from lrnap.manager.nodes import NodeStep, Standing
from lrnap.manager.store import Store

ORDERS = (Pause, Resume, Stop, Retry, Render)
STEPS = (NodeStep.ENABLE, NodeStep.DISABLE, NodeStep.DRAIN, NodeStep.FORGIVE)
index = st.integers(0, 7)
MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # whether a disk keeps its word is not tried here


class FarmOfChance(RuleBasedStateMachine):
    @initialize(seed=st.integers(0, 2**32))
    def begin(self, seed: int) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="lrnap-test-", dir=MEMORY))
        self.farm = Farm(self.folder, self.open, random.Random(seed))
        self.backup: set[int] | None = None
        self.farm.add_node()
        self.farm.add_node(("big",))
        self.submit(2, 8, 0, 1, None, False)
        self.go_on(1.0)

    def open(self) -> Store:
        return Store(f"sqlite:///{self.folder / 'store.db'}", sleep=lambda _: None)

    def node(self, n: int) -> SimNode | None:
        nodes = [*self.farm.nodes.values()]
        return nodes[n % len(nodes)] if nodes else None

    def job(self, n: int) -> int | None:
        jobs = sorted(self.farm.acknowledged)
        return jobs[-1 - n % len(jobs)] if jobs else None

    # --- all that goes well, which is more than what goes wrong

    @precondition(lambda self: not self.farm.refuse_writes)
    @rule(spp=st.floats(0.5, 3.0))
    def go_on(self, spp: float) -> None:
        for node in [*self.farm.nodes.values()]:
            self.farm.obey(node, everything=True)
            self.farm.work(node, spp)
        self.farm.deliver(everything=True)
        self.farm.tick(1.0)

    @precondition(lambda self: not self.farm.refuse_writes)
    @rule(spp=st.floats(0.5, 3.0), n=index)
    def go_on_and_send(self, spp: float, n: int) -> None:
        self.go_on(spp)
        self.send_film(n)

    @precondition(lambda self: not self.farm.refuse_writes)
    @rule(n=index, scene=st.booleans())
    def go_on_and_fail(self, n: int, scene: bool) -> None:
        self.go_on(0.5)
        self.fail(n, scene)

    @precondition(lambda self: not self.farm.refuse_writes)
    @rule(n=index, on=st.booleans())
    def go_on_and_yield(self, n: int, on: bool) -> None:
        self.courtesy(n, on)
        self.go_on(0.5)

    # --- people

    @rule(
        frames=st.integers(1, 3),
        spp=st.integers(1, 12),
        priority=st.integers(0, 1),
        least=st.integers(1, 2),
        after=st.none() | index,
        tagged=st.booleans(),
    )
    def submit(self, frames: int, spp: int, priority: int, least: int, after: int | None, tagged: bool) -> None:
        farm = self.farm
        before = self.job(after) if after is not None else None
        event = Submit(
            name=f"job{farm.rng.getrandbits(40)}",
            owner=farm.rng.choice("ab"),
            scene="5" * 64,
            frames=tuple(FrameSpec(number=n) for n in range(1, frames + 1)),
            halt=Halt(spp=float(spp)),
            priority=priority,
            nodes_min=least,
            after=(before,) if before is not None else (),
            tags=("big",) if tagged else (),
            token=f"{farm.rng.getrandbits(40)}",
        )
        try:
            answer, again = farm.tell(event, event)
        except LrnapError:
            return  # it was not acknowledged
        if isinstance(answer, int):
            assert answer == again, "the same submission made two jobs"
            farm.acknowledged[answer] = farm.world.jobs[answer].key

    @rule(n=index, order=st.sampled_from(ORDERS))
    def order(self, n: int, order: type) -> None:
        self._try(lambda job: order(job=job), n)

    @rule(n=index)
    def edit(self, n: int) -> None:
        self._try(lambda job: Edit(job=job, scene="6" * 64), n)

    @rule(n=index, spp=st.integers(1, 20))
    def change(self, n: int, spp: int) -> None:
        self._try(lambda job: Change(job=job, halt=Halt(spp=float(spp)), priority=spp % 3), n)

    @rule(n=index)
    def remove(self, n: int) -> None:
        job = self.job(n)
        if job is not None and self._try(lambda job: Remove(job=job), n):
            del self.farm.acknowledged[job]

    def _try(self, event: object, n: int) -> bool:
        job = self.job(n)
        if job is None:
            return False
        try:
            (answer,) = self.farm.tell(event(job))  # type: ignore[operator]
        except LrnapError:
            return False
        return not isinstance(answer, LrnapError)

    # --- nodes

    @rule(n=index, what=st.sampled_from(("add", "remove", *STEPS)))
    def steer_nodes(self, n: int, what: str | NodeStep) -> None:
        node, count = self.node(n), len(self.farm.nodes)
        if what == "add" and count < 4 and not self.farm.refuse_writes:
            self.farm.add_node(("big",) if n % 2 else ())
        elif what == "remove" and count > 2 and node is not None:
            self._tell(RemoveNode(node=node.id))
        elif isinstance(what, NodeStep) and node is not None:
            self._tell(ChangeNode(node=node.id, step=what))

    def courtesy(self, n: int, on: bool) -> None:
        node = self.node(n)
        if node is not None:
            self._tell(Yield(node=node.id, on=on))

    def _tell(self, event: object) -> None:
        with contextlib.suppress(LrnapError):
            self.farm.tell(event)  # type: ignore[arg-type]

    @rule(n=index, spp=st.floats(0.5, 8.0))
    def work(self, n: int, spp: float) -> None:
        if (node := self.node(n)) is not None:
            self.farm.work(node, spp)

    @rule(n=index)
    def send_film(self, n: int) -> None:
        if (node := self.node(n)) is not None:
            self.farm.send_film(node)

    @rule(n=index, everything=st.booleans())
    def obey(self, n: int, everything: bool) -> None:
        if (node := self.node(n)) is not None:
            self.farm.obey(node, everything=everything)

    def fail(self, n: int, scene: bool) -> None:
        if (node := self.node(n)) is not None:
            self.farm.fail(node, scene=scene)

    @precondition(lambda self: not self.farm.refuse_writes)
    @rule(n=index, how=st.sampled_from(("cut", "die")))
    def lose(self, n: int, how: str) -> None:
        if (node := self.node(n)) is not None:
            getattr(self.farm, how)(node)

    @rule(n=index)
    def revive(self, n: int) -> None:
        if (node := self.node(n)) is not None:
            node.alive = True

    # --- wires, time, store

    @rule(everything=st.booleans())
    def deliver(self, everything: bool) -> None:
        self.farm.deliver(everything=everything and not self.farm.refuse_writes)

    @precondition(lambda self: not self.farm.refuse_writes)
    @rule()
    def repeat(self) -> None:
        self.farm.repeat()

    @precondition(lambda self: not self.farm.refuse_writes)
    @rule(seconds=st.sampled_from((0.0, 1.0, 3.0, 100.0, -50.0)))
    def tick(self, seconds: float) -> None:
        self.farm.tick(seconds)

    @precondition(lambda self: not self.farm.refuse_writes)
    @rule(n=index)
    def silence(self, n: int) -> None:
        """A node keeps its connection, and says nothing for so long that it counts as lost."""
        if (node := self.node(n)) is not None:
            self.go_on(0.5)
            node.alive = False
            for _ in range(4):
                self.farm.tick(3.0)
                self.farm.deliver(everything=True)
            node.alive = True
            self.go_on(0.5)

    @rule()
    def store_goes_away(self) -> None:
        self.farm.refuse_writes = 2

    @rule()
    def manager_dies(self) -> None:
        self.farm.refuse_writes = 0
        self.farm.kill()
        self.farm.start()

    @rule()
    def manager_dies_before_its_effects(self) -> None:
        self.farm.dies = True

    @rule()
    def back_up(self) -> None:
        self.farm.kill()
        shutil.copy(self.folder / "store.db", self.folder / "backup.db")
        self.backup = set(self.farm.acknowledged)
        self.farm.refuse_writes = 0
        self.farm.start()

    @precondition(lambda self: self.backup is not None)
    @rule()
    def yesterday(self) -> None:
        """The manager is started on a store of before; what was done since is known to the nodes and the disk only."""
        assert self.backup is not None
        self.farm.refuse_writes = 0
        self.farm.kill()
        shutil.copy(self.folder / "backup.db", self.folder / "store.db")
        self.farm.start()
        known = {job.id: job.key for job in self.farm.desk.store.jobs(limit=10_000)}
        self.farm.acknowledged = known
        self.farm.disk = {n: film for n, film in self.farm.disk.items() if n.split(".")[0] in known.values()}

    # --- the end

    def teardown(self) -> None:
        if not hasattr(self, "farm"):
            return
        try:
            self._all_is_well()
        finally:
            self.farm.kill()
            shutil.rmtree(self.folder)

    def _all_is_well(self) -> None:
        farm = self.farm
        farm.refuse_writes, farm.dies = 0, False
        while len(farm.nodes) < 3:
            farm.add_node(("big",))
        for node in [*farm.nodes.values()]:
            for event in (
                ChangeNode(node=node.id, step=NodeStep.FORGIVE),
                ChangeNode(node=node.id, step=NodeStep.ENABLE, tags=("big",)),
                Yield(node=node.id, on=False),
            ):
                farm.tell(event)
        for job in [*farm.world.jobs]:
            farm.tell(Resume(job=job))
        farm.heal()
        jobs = {job.id: job for job in farm.desk.store.jobs(limit=10_000)}
        assert {n: jobs[n].key for n in farm.acknowledged} == farm.acknowledged, "an acknowledged job is lost"
        for job in jobs.values():
            waits = [n for n in job.after if n not in jobs or jobs[n].state is not JobState.DONE]
            assert job.state in (JobState.DONE, JobState.STOPPED, JobState.ERROR) or waits, f"{job} does not go on"
        assert all(n.standing is Standing.ENABLED for n in farm.world.nodes.values())
        self._films_count_once(jobs)

    def _films_count_once(self, jobs: dict[int, Job]) -> None:
        """A film that was under way while its job was removed belongs to nothing."""
        counted, keys = self.farm.counted(), {job.key for job in jobs.values()}
        for name, film in self.farm.disk.items():
            if name.split(".")[0] not in keys:
                continue
            assert counted[name] == pytest.approx(film.spp), f"the film of run {name} does not count"
        assert set(counted) <= {*self.farm.disk, *self.farm.forgotten}, "a run counts that has no film"


FarmOfChance.TestCase.settings = settings(max_examples=10, stateful_step_count=40)
TestFarmOfChance = FarmOfChance.TestCase
