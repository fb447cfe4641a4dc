"""What the manager's core makes of runs that fail: the node, the scene or the engine is to blame, or nobody."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from timed_core import Manager, frame_states, render_out

from lrnap.engine.protocol import RunState as Reported
from lrnap.errors import LrnapError
from lrnap.limits import ManagerLimits
from lrnap.manager import events as ev
from lrnap.manager.frames import FrameState
from lrnap.manager.jobs import JobState
from lrnap.manager.nodes import NodeStep, Standing


@pytest.fixture
def farm() -> Iterator[Manager]:
    yield Manager(nodes=2)


def test_a_run_that_fails_is_tried_on_another_node(farm: Manager) -> None:
    job = farm.submit(nodes_max=1)
    farm.end(farm.run_on(1), Reported.FAILED, "out of memory")
    assert farm.core.world.runs[farm.run_on(2)].job == job


def test_three_failures_exclude_a_node_and_failing_everywhere_stops_the_job(farm: Manager) -> None:
    job = farm.submit(nodes_max=1)
    for _ in range(6):
        (run,) = farm.core.world.run_on.values()
        farm.end(run, Reported.FAILED, "out of memory")
    assert farm.state(job) is JobState.ERROR
    assert farm.core.world.jobs[job].error == "out of memory"
    assert {node.strikes for node in farm.core.world.nodes.values()} == {()}, "the job was to blame"
    farm.tell(ev.Retry(job=job))
    assert farm.state(job) is JobState.RENDERING


def test_a_wrong_scene_is_not_tried_for_ever(farm: Manager) -> None:
    job = farm.submit(nodes_max=1)
    for _ in range(2):
        (run,) = farm.core.world.run_on.values()
        farm.end(run, Reported.FAILED, "scene.lxs:3:1: no camera", scene=True)
    assert farm.state(job) is JobState.ERROR
    assert farm.core.world.jobs[job].error == "scene.lxs:3:1: no camera"


def test_a_node_that_fails_where_others_do_not_is_set_aside_and_can_be_forgiven(farm: Manager) -> None:
    for n in range(ManagerLimits().node_strikes):
        farm.submit(f"job{n}", spp=1000)
        good, bad = farm.run_on(1), farm.run_on(2)
        farm.count(good, 1)
        farm.end(bad, Reported.FAILED, "bus error")
        farm.tell(ev.Stop(job=n + 1))
        for run in [*farm.core.world.run_on.values()]:
            farm.end(run, Reported.STOPPED)
    node = farm.core.world.nodes[2]
    assert node.standing is Standing.ASIDE
    assert "bus error" in node.note
    farm.tell(ev.ChangeNode(node=2, step=NodeStep.FORGIVE))
    assert farm.core.world.nodes[2].standing is Standing.ENABLED


def test_one_bad_frame_does_not_hold_the_others(farm: Manager) -> None:
    job = farm.submit(frames=3, spp=10)
    for _ in range(2):
        bad = next(run for run in farm.core.world.live_of(job) if run.frame == 1)
        farm.end(bad.name, Reported.FAILED, "no camera", scene=True)
    while live := farm.core.world.live_of(job):
        farm.report(live[0].name, 10)
        for run in farm.core.world.live_in((job, live[0].frame)):
            farm.finish(run.name, 10)
    states = [farm.core.world.frames[job, n].state for n in (1, 2, 3)]
    assert states == [FrameState.FAILED, FrameState.DONE, FrameState.DONE]
    assert farm.core.world.jobs[job].error == "frame 1: no camera"


@pytest.mark.parametrize("nodes", [1, 2, 4])
@pytest.mark.parametrize("scene", [False, True], ids=["engine", "scene"])
@pytest.mark.parametrize("crash", [{5}, {1, 2, 3, 4, 5, 6}], ids=["one", "six"])
def test_frames_that_nobody_can_render_do_not_take_the_nodes_from_the_others(
    nodes: int, scene: bool, crash: set[int]
) -> None:
    farm = Manager(nodes)
    job = farm.submit(frames=24)
    render_out(farm, job, crash, scene=scene)
    assert frame_states(farm, job) == {"FAILED": sorted(crash), "DONE": sorted({*range(1, 25)} - crash)}
    assert farm.state(job) is JobState.ERROR
    assert f"frame {min(crash)}: boom" in farm.core.world.jobs[job].error
    assert not any(node.strikes for node in farm.core.world.nodes.values())


def test_a_job_whose_frames_all_fail_is_given_up_before_the_last(farm: Manager) -> None:
    job = farm.submit(frames=1000)
    assert len(render_out(farm, job, {*range(1, 1001)})) < 100
    assert farm.state(job) is JobState.ERROR
    states = frame_states(farm, job)
    assert len(states["FAILED"]) < 20 and len(states["STOPPED"]) > 980


def test_a_node_that_fails_where_others_do_not_gets_no_more_of_the_job(farm: Manager) -> None:
    job = farm.submit(frames=6)
    while live := farm.core.world.live_of(job):
        for run in live:
            if run.node == 2:
                farm.end(run.name, Reported.FAILED, "bus error")
            else:
                farm.report(run.name, 10)
                farm.finish(run.name, 10)
    assert farm.state(job) is JobState.DONE
    assert farm.core.world.failures(job, 2) == farm.core.limits.run_failures


def test_one_frame_is_retried_also_while_others_are_rendered(farm: Manager) -> None:
    job = farm.submit(frames=3)
    for _ in range(2):
        bad = next(run for run in farm.core.world.live_of(job) if run.frame == 1)
        farm.end(bad.name, Reported.FAILED, "no camera", scene=True)
    assert farm.core.world.frames[job, 1].state is FrameState.FAILED
    farm.tell(ev.Retry(job=job, frames=(1,)))
    assert farm.core.world.frames[job, 1].state in (FrameState.WAITING, FrameState.RENDERING)
    for number, says in ((1, "only what failed or was stopped"), (9, "has no frame 9")):
        answer = farm.tell(ev.Retry(job=job, frames=(number,)))
        assert isinstance(answer, LrnapError) and says in str(answer)
    render_out(farm, job, set())
    assert frame_states(farm, job) == {"DONE": [1, 2, 3]}


def test_of_a_job_that_was_stopped_one_frame_can_go_on(farm: Manager) -> None:
    job = farm.submit(frames=3)
    farm.tell(ev.Stop(job=job))
    for run in farm.core.world.live_of(job):
        farm.end(run.name, Reported.STOPPED)
    farm.tell(ev.Retry(job=job, frames=(2,)))
    render_out(farm, job, set())
    assert frame_states(farm, job) == {"STOPPED": [1, 3], "DONE": [2]}
    assert farm.state(job) is JobState.STOPPED
