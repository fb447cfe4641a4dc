"""What an event costs the manager does not grow with the queue: counted in calls of functions, not in time."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType

import pytest

from lrnap.engine.protocol import Halt
from lrnap.engine.protocol import RunState as Reported
from lrnap.manager import effects as fx
from lrnap.manager import events as ev
from lrnap.manager import reports
from lrnap.manager.core import Core
from lrnap.manager.jobs import Job, JobState
from lrnap.manager.queues import Queues
from lrnap.manager.validate import validate

SCENE = "5" * 64
FEW, MANY = 60, 3000


class Farm:
    def __init__(self, nodes: int, jobs: int = 0, frames: int = 1, tags: tuple[str, ...] = ()) -> None:
        self.core = Core()
        self.now = 0.0
        self.tell(*(ev.AddNode(url=f"lrnap://n{n}") for n in range(nodes)))
        self.tell(*(ev.NodeHere(node=n, generation=1, cores=2) for n in range(1, nodes + 1)))
        specs = tuple(ev.FrameSpec(number=n) for n in range(1, frames + 1))
        halt = Halt(spp=10)
        submissions = (ev.Submit(name=f"j{n}", scene=SCENE, frames=specs, halt=halt, tags=tags) for n in range(jobs))
        self.tell(*submissions)
        self.tell(ev.Tick())

    def tell(self, *events: ev.Event) -> list[fx.Effect]:
        self.now += 1
        return [*self.core.handle(events, now=self.now, wall=self.now).effects]

    def run_on(self, node: int) -> str:
        return self.core.world.run_on[node]

    def report(self, spp: float = 1.0) -> list[fx.Effect]:
        run = self.run_on(1)
        return self.tell(ev.RunReport(run=run, generation=1, state=Reported.RENDERING, samples=spp * 100, spp=spp))

    def end(self) -> list[fx.Effect]:
        run = self.run_on(1)
        return self.tell(
            ev.Counted(run=run, number=1, samples=1000, spp=10, seconds=1),
            ev.RunEnded(run=run, generation=1, state=Reported.DONE),
        )


def calls(work: Callable[[], object]) -> int:
    """How many functions are called."""
    count = 0

    def see(_: FrameType, what: str, __: object) -> None:
        nonlocal count
        count += what in ("call", "c_call")

    sys.setprofile(see)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


def list_of_ten(farm: Farm) -> None:
    for number in sorted(farm.core.world.jobs)[-10:]:
        assert reports.live_of(farm.core, number)


@pytest.mark.parametrize(
    "event",
    [
        Farm.report,
        Farm.end,
        list_of_ten,
        lambda farm: farm.tell(ev.Tick()),
        lambda farm: farm.tell(ev.Submit(name="one more", scene=SCENE)),
        lambda farm: farm.tell(ev.Change(job=20, priority=7)),
        lambda farm: farm.tell(ev.Pause(job=20)),
    ],
    ids=["report", "end of a run", "list", "tick", "submit", "change", "pause"],
)
def test_a_long_queue_makes_no_event_dearer(event: Callable[[Farm], object]) -> None:
    short, long = Farm(4, FEW), Farm(4, MANY)
    before, after = calls(lambda: event(short)), calls(lambda: event(long))
    validate(long.core.world)
    assert after < 1.5 * before


@pytest.mark.parametrize(
    "event", [Farm.report, Farm.end, lambda farm: farm.tell(ev.Tick())], ids=["report", "end of a run", "tick"]
)
def test_many_frames_make_no_event_dearer(event: Callable[[Farm], object]) -> None:
    short, long = Farm(4, 1, FEW), Farm(4, 1, MANY)
    before, after = calls(lambda: event(short)), calls(lambda: event(long))
    validate(long.core.world)
    assert after < 1.5 * before


def test_jobs_that_no_node_can_do_hold_nobody_up() -> None:
    farm = Farm(2, MANY, tags=("gpu",))
    plain = farm.core.world.next_job
    effects = farm.tell(ev.Submit(name="plain", scene=SCENE))
    assert {effect.job for effect in effects if isinstance(effect, fx.StartRun)} == {plain}


def test_jobs_that_wait_for_another_are_looked_at_when_it_is_done() -> None:
    farm = Farm(1, 1)
    for n in range(FEW):
        farm.tell(ev.Submit(name=f"later {n}", scene=SCENE, after=(1,)))
    assert len(farm.core.world.queues) == 1
    last = farm.core.world.next_job
    farm.tell(ev.Submit(name="free", scene=SCENE))
    assert farm.core.world.jobs[last].state is JobState.QUEUED
    farm.end()
    validate(farm.core.world)
    assert len(farm.core.world.queues) == 1 + FEW
    assert farm.core.world.runs[farm.run_on(1)].job == 2


def test_a_job_that_comes_after_one_that_was_removed_waits() -> None:
    farm = Farm(1, 1)
    farm.tell(ev.Submit(name="later", scene=SCENE, after=(1,)))
    farm.tell(ev.Remove(job=1))
    validate(farm.core.world)
    assert 2 not in farm.core.world.queues
    farm.tell(ev.Change(job=2, after=()))
    assert 2 in farm.core.world.queues


def test_a_node_that_is_free_while_plans_are_rare_is_used_at_the_next_look() -> None:
    farm = Farm(700, 1, frames=1000)
    run = farm.run_on(1)
    farm.now -= 1  # at the same moment as the plan before
    farm.end()
    assert farm.core.world.run_on.get(1, run) == run
    farm.tell(ev.NodeHeard(node=2, generation=1))
    assert farm.run_on(1) != run
    validate(farm.core.world)


def test_queues_know_who_comes_before() -> None:
    queues = Queues()
    for number, priority in ((1, 0), (2, 5), (3, 0), (4, 5)):
        queues.put(Job(id=number, key=str(number), name="", priority=priority, owner=str(number % 2)))
    assert [queues.before(Job(id=n, key="", name="", priority=p)) for n, p in ((2, 5), (4, 5), (1, 0), (3, 0))] == [
        *(0, 1, 2, 3)
    ]
    queues.put(Job(id=1, key="1", name="", priority=9, owner="1"))
    assert [key[0] for key, _ in queues] == [-9, -5, 0]
    queues.drop(1)
    queues.drop(1)
    assert len(queues) == 3
