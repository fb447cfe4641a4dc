"""What the manager's core orders its runs to do when somebody wants something else: of a job, of a node."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from timed_core import Manager

from lrnap.engine.protocol import RunState as Reported
from lrnap.manager import effects as fx
from lrnap.manager import events as ev
from lrnap.manager.jobs import JobState
from lrnap.manager.nodes import NodeStep, Standing
from lrnap.manager.runs import RunState


@pytest.fixture
def farm() -> Iterator[Manager]:
    yield Manager(nodes=2)


def test_a_disabled_node_stops_and_a_drained_one_finishes_what_it_has(farm: Manager) -> None:
    farm.submit(spp=1000)
    stopped, finishing = farm.run_on(1), farm.run_on(2)
    farm.tell(ev.ChangeNode(node=1, step=NodeStep.DISABLE))
    assert [stop.run for stop in farm.did(fx.StopRun)] == [stopped]
    farm.tell(ev.ChangeNode(node=2, step=NodeStep.DRAIN))
    assert not farm.did(fx.StopRun)
    assert farm.core.world.runs[finishing].live
    farm.end(stopped, Reported.STOPPED)
    assert not farm.did(fx.StartRun), "a disabled node begins nothing"


def test_a_node_that_was_disabled_while_it_was_away_stops_when_it_is_back(farm: Manager) -> None:
    farm.submit(spp=1000)
    run = farm.run_on(1)
    for _ in range(10):
        farm.tell(ev.NodeHeard(node=2, generation=1), ev.Tick())
    assert farm.core.world.runs[run].state is RunState.LOST
    farm.tell(ev.ChangeNode(node=1, step=NodeStep.DISABLE))
    held = ev.HeldRun(name=run, state=Reported.RENDERING, spp=9)
    farm.tell(ev.NodeHere(node=1, generation=farm.core.world.nodes[1].generation, runs=(held,)))
    assert [stop.run for stop in farm.did(fx.StopRun)] == [run]


def test_threads_of_a_node_are_those_of_its_run_at_once(farm: Manager) -> None:
    farm.submit(spp=1000)
    farm.tell(ev.ChangeNode(node=2, threads=3))
    assert [(order.run, order.threads) for order in farm.did(fx.SetThreads)] == [(farm.run_on(2), 3)]
    farm.tell(ev.ChangeNode(node=2, tags=("gpu",)))
    assert not farm.did(fx.SetThreads)


def test_a_paused_job_pauses_its_runs_and_goes_on_with_them(farm: Manager) -> None:
    job = farm.submit(spp=1000)
    runs = {farm.run_on(1), farm.run_on(2)}
    for run in runs:
        farm.report(run, 1)
    farm.tell(ev.Pause(job=job))
    assert {order.run for order in farm.did(fx.PauseRun)} == runs
    for run in runs:
        farm.report(run, 1, Reported.PAUSED)
    farm.tell(ev.Resume(job=job))
    assert farm.state(job) is JobState.RENDERING
    assert {order.run for order in farm.did(fx.ResumeRun)} == runs
    assert not farm.did(fx.StartRun)


def test_a_node_that_is_free_of_somebody_elses_job_begins_at_once(farm: Manager) -> None:
    for node in (1, 2):
        farm.tell(ev.NodeHeard(node=node, generation=1, foreign="studio"))
    job = farm.submit()
    assert farm.state(job) is JobState.QUEUED
    farm.tell(ev.NodeHeard(node=1, generation=1, foreign=""))
    assert [(start.job, start.node) for start in farm.did(fx.StartRun)] == [(job, 1)]


def test_nodes_that_yield_are_helped_and_those_that_render_are_not_disturbed() -> None:
    farm = Manager(nodes=3)
    job = farm.submit(frames=2, spp=1000)
    helped = {run.frame: run for run in farm.core.world.live_of(job)}
    assert len(farm.core.world.live_of(job)) == 3, "the third gangs up on one of the frames"
    alone = next(run for run in helped.values() if len(farm.core.world.live_in((job, run.frame))) == 1)
    farm.tell(ev.Yield(node=alone.node, on=True))
    farm.tell(ev.AddNode(url="lrnap://n4"), ev.NodeHere(node=4, generation=1, cores=2))
    assert farm.core.world.runs[farm.run_on(4)].frame == alone.frame


def test_a_counted_sample_forgives_its_node_and_its_frame(farm: Manager) -> None:
    farm.submit("first", spp=1000)
    farm.count(farm.run_on(1), 1)
    farm.end(farm.run_on(2), Reported.FAILED, "bus error")
    assert farm.core.world.nodes[2].strikes == (1,), "where another one renders, it is the node"
    assert farm.core.world.frames[1, 1].failures == 1
    farm.count(farm.run_on(2), 1)
    node = farm.core.world.nodes[2]
    assert (node.strikes, node.standing) == ((), Standing.ENABLED)
    assert farm.core.world.frames[1, 1].failures == 0
    assert farm.core.world.jobs[1].failures == 0


def test_a_job_that_is_removed_leaves_nothing_in_memory(farm: Manager) -> None:
    job = farm.submit(frames=3, spp=1000)
    farm.count(farm.run_on(1), 1)
    farm.tell(ev.Remove(job=job))
    for run in [*farm.core.world.run_on.values()]:
        farm.end(run, Reported.STOPPED)
    assert not farm.core.world.jobs
    assert farm.submit("another") == job + 1
