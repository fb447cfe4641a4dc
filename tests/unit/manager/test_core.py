"""The manager's core, story by story: what people and nodes say, and what becomes of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from timed_core import SCENE, Manager

from lrnap.engine.protocol import Halt
from lrnap.engine.protocol import RunState as Reported
from lrnap.errors import LrnapError
from lrnap.manager import effects as fx
from lrnap.manager import events as ev
from lrnap.manager.frames import FrameState
from lrnap.manager.jobs import JobState
from lrnap.manager.nodes import NodeStep, Presence
from lrnap.manager.runs import RunState
from lrnap.manager.validate import validate
from lrnap.manager.waiting import why_frame


@pytest.fixture
def farm() -> Iterator[Manager]:
    yield Manager(nodes=2)


def test_two_nodes_render_one_job_until_their_films_together_are_enough(farm: Manager) -> None:
    job = farm.submit()
    starts = farm.did(fx.StartRun)
    assert [s.node for s in starts] == [1, 2]
    assert starts[0].seed != starts[1].seed
    a, b = (s.run for s in starts)
    farm.report(a, 4)
    farm.report(b, 7)
    assert {s.run for s in farm.did(fx.StopRun)} == {a, b}
    farm.finish(a, 4)
    farm.finish(b, 7)
    assert farm.state(job) is JobState.DONE


def test_hoped_for_samples_that_do_not_come_are_rendered_again(farm: Manager) -> None:
    job = farm.submit()
    a, b = farm.run_on(1), farm.run_on(2)
    farm.report(a, 4)
    farm.report(b, 7)
    farm.finish(a, 4)
    farm.tell(ev.NodeGone(node=2, generation=1))
    for _ in range(10):
        farm.tell(ev.NodeHeard(node=1, generation=1), ev.Tick())
    assert farm.core.world.runs[b].state is RunState.LOST
    assert farm.state(job) is JobState.RENDERING
    assert farm.run_on(1) not in (a, b)


def test_a_snapshot_counts_once_whatever_its_way(farm: Manager) -> None:
    farm.submit(spp=100)
    run = farm.run_on(1)
    farm.count(run, 5, number=2)
    farm.count(run, 3, number=1)
    farm.count(run, 5, number=2)
    assert farm.core.world.runs[run].spp == 5


def test_a_film_that_is_gone_is_rendered_again(farm: Manager) -> None:
    job = farm.submit(frames=2)
    first, other = farm.run_on(1), farm.run_on(2)
    farm.report(first, 10)
    farm.finish(first, 10)
    assert farm.core.world.frames[job, 1].state is FrameState.DONE
    farm.tell(ev.FilmLost(run=first))
    assert farm.core.world.frames[job, 1].state is FrameState.WAITING
    farm.report(other, 10)
    farm.finish(other, 10)
    assert farm.state(job) is JobState.RENDERING


def test_a_dead_node_is_noticed_and_its_last_film_stays(farm: Manager) -> None:
    farm.submit(spp=100)
    run = farm.run_on(1)
    farm.count(run, 5)
    for _ in range(10):
        farm.tell(ev.NodeHeard(node=2, generation=1), ev.Tick())
    assert farm.core.world.nodes[1].presence is Presence.LOST
    assert farm.core.world.runs[run].state is RunState.LOST
    assert farm.core.world.runs[run].spp == 5


def test_the_work_of_a_dead_node_goes_on_though_all_others_are_busy_with_what_they_have_just_begun() -> None:
    farm = Manager(nodes=3)
    farm.submit(name="first", spp=100, nodes_max=1)
    lost = farm.run_on(1)
    farm.submit(name="second", spp=100)
    for node in (2, 3):
        farm.report(farm.run_on(node), 1)
        farm.count(farm.run_on(node), 1)
    while farm.core.world.runs[lost].state is not RunState.LOST:
        assert not farm.did(fx.StopRun)
        farm.tell(ev.NodeHeard(node=2, generation=1), ev.NodeHeard(node=3, generation=1), ev.Tick())
    [stop] = farm.did(fx.StopRun)
    assert stop.node in (2, 3)
    farm.finish(stop.run, 2)
    assert [(start.job, start.node) for start in farm.did(fx.StartRun)][-1:] == [(1, stop.node)]


def test_a_node_that_reports_and_does_not_answer_is_lost(farm: Manager) -> None:
    """It talks, and hears nothing any more: its films cannot be fetched."""
    farm.submit(spp=100)
    run = farm.run_on(1)
    for i in range(10):
        farm.report(run, 1 + i)
        farm.tell(ev.NodeHeard(node=2, generation=1), ev.Tick())
    assert farm.core.world.nodes[1].presence is Presence.LOST
    assert farm.core.world.runs[run].state is RunState.LOST


def test_a_node_that_comes_back_goes_on_where_it_was(farm: Manager) -> None:
    farm.submit(spp=100)
    run = farm.run_on(1)
    for _ in range(10):
        farm.tell(ev.NodeHeard(node=2, generation=1), ev.Tick())
    held = ev.HeldRun(name=run, state=Reported.RENDERING, spp=9)
    farm.tell(ev.NodeHere(node=1, generation=2, runs=(held,)))
    assert [f.run for f in farm.did(fx.FollowRun)] == [run]
    assert farm.core.world.runs[run].state is RunState.RENDERING


def test_what_comes_under_an_old_lease_is_ignored(farm: Manager) -> None:
    farm.submit()
    run = farm.run_on(1)
    farm.tell(ev.NodeGone(node=1, generation=1))
    farm.tell(ev.RunEnded(run=run, generation=0, state=Reported.FAILED))
    farm.tell(ev.NodeHere(node=1, generation=1))
    assert farm.core.world.runs[run].live
    assert farm.core.world.nodes[1].presence is Presence.CLAIMING


def test_a_node_that_another_manager_took_is_not_used(farm: Manager) -> None:
    farm.tell(ev.NodeFenced(node=1, generation=1, newest=7, by="studio"))
    job = farm.submit(nodes_min=2)
    assert farm.why(job) == "it needs 2 nodes at once, and 1 can be used"
    farm.tell(ev.ChangeNode(node=1, step=NodeStep.ENABLE))
    assert farm.did(fx.Claim)[0].generation == 8, "it is taken back with a newer lease than the other's"


def test_a_node_that_its_other_manager_has_left_is_used_again(farm: Manager) -> None:
    farm.tell(ev.NodeFenced(node=1, generation=1, newest=7, by="studio"))
    assert "it comes back by itself" in farm.story[-1].reason
    farm.tell(ev.NodeFree(node=1, generation=9, by="studio"))
    [claim] = farm.did(fx.Claim)
    assert (claim.generation, claim.take) == (10, False), "newer than the other's, and the other comes first"
    assert (farm.story[-1].state, farm.story[-1].reason) == ("CLAIMING", "the other manager studio is gone")
    farm.tell(ev.NodeHere(node=1, generation=10))
    farm.tell(ev.NodeFree(node=1, generation=9, by="studio"))
    assert not farm.did(fx.Claim), "it is here already"


def test_a_store_of_yesterday_claims_its_nodes_with_a_newer_lease(farm: Manager) -> None:
    farm.tell(ev.NodeFenced(node=1, generation=1, newest=41, ours=True))
    assert farm.did(fx.Claim)[0].generation == 42


def test_courtesy_pauses_a_run_and_others_help(farm: Manager) -> None:
    farm.submit(nodes_max=1)
    run = farm.run_on(1)
    farm.report(run, 1)
    farm.tell(ev.Yield(node=1, on=True))
    assert [p.run for p in farm.did(fx.PauseRun)] == [run]
    farm.report(run, 1, Reported.PAUSED)
    assert farm.core.world.runs[run].state is RunState.PAUSED
    farm.tell(ev.Yield(node=1, on=False))
    assert [p.run for p in farm.did(fx.ResumeRun)] == [run]


def test_pause_that_was_lost_on_the_way_is_said_again(farm: Manager) -> None:
    job = farm.submit()
    run = farm.run_on(1)
    farm.tell(ev.Pause(job=job))
    farm.report(run, 1)
    assert [p.run for p in farm.did(fx.PauseRun)] == [run]


def test_render_again_adds_to_the_film_with_new_seeds(farm: Manager) -> None:
    job = farm.submit(nodes_max=1)
    first = farm.run_on(1)
    farm.report(first, 10)
    farm.finish(first, 10)
    farm.tell(ev.Render(job=job, halt=Halt(spp=5)))
    (start,) = farm.did(fx.StartRun)
    farm.report(start.run, 4)
    assert not farm.did(fx.StopRun)
    farm.report(start.run, 5)
    assert farm.did(fx.StopRun)
    assert start.seed != farm.core.world.runs[first].seed


def test_a_job_may_be_rendered_again_while_its_runs_are_ending(farm: Manager) -> None:
    job = farm.submit()
    old = farm.run_on(1), farm.run_on(2)
    farm.tell(ev.Stop(job=job))
    farm.tell(ev.Render(job=job))
    assert farm.state(job) is JobState.RENDERING
    for run in old:
        farm.end(run, Reported.STOPPED)
    assert {run.name for run in farm.core.world.live_of(job)}.isdisjoint(old)


def test_an_edit_begins_an_epoch_in_which_nothing_counts_yet(farm: Manager) -> None:
    job = farm.submit(nodes_max=1)
    old = farm.run_on(1)
    farm.count(old, 9)
    farm.tell(ev.Edit(job=job, scene="6" * 64))
    assert farm.did(fx.ForgetFilm)[0].epoch == 1
    farm.end(old, Reported.STOPPED)
    new = farm.core.world.live_of(job)[0]
    assert (new.epoch, new.seed != farm.core.world.runs[old].seed) == (1, True)
    farm.report(new.name, 5)
    assert not farm.did(fx.StopRun)


def test_a_refused_event_changes_nothing_and_does_not_spoil_the_others(farm: Manager) -> None:
    job = farm.submit()
    before = {**farm.core.world.jobs}
    answer = farm.tell(ev.Resume(job=job), ev.Render(job=job))
    assert isinstance(answer, LrnapError)
    assert "RENDERING, so it cannot render" in str(answer)
    assert farm.core.world.jobs == before
    assert not farm.effects


def test_undo_leaves_no_trace(farm: Manager) -> None:
    world = farm.core.world
    before = ({**world.jobs}, {**world.frames}, {**world.runs}, {**world.nodes}, {**world.run_on})
    step = farm.core.handle(
        [ev.Submit(name="x", scene=SCENE, halt=Halt(spp=1)), ev.Yield(node=1, on=True)], now=99, wall=99
    )
    assert step.effects
    farm.core.undo(step)
    validate(world)
    assert before == ({**world.jobs}, {**world.frames}, {**world.runs}, {**world.nodes}, {**world.run_on})
    assert not world.nodes[1].yields


def test_a_manager_that_slept_blames_no_node(farm: Manager) -> None:
    farm.tell(ev.Tick())
    farm.tell(ev.Tick(), seconds=3600)
    assert {n.presence for n in farm.core.world.nodes.values()} == {Presence.HERE}


def test_the_history_of_a_job_can_be_told(farm: Manager) -> None:
    job = farm.submit(nodes_max=1)
    run = farm.run_on(1)
    farm.report(run, 10)
    farm.finish(run, 10)
    told = [(h.kind, h.step) for h in farm.story if h.job == job]
    assert told == [
        ("job", "submit"), ("run", "claim"), ("frame", "begin"), ("job", "begin"), ("run", "render"), ("run", "stop"),
        ("run", "end"), ("frame", "finish"), ("job", "finish"),
    ]  # fmt: skip


def test_every_job_that_waits_says_why() -> None:
    farm = Manager()
    first = farm.submit("first", nodes_max=1)
    assert farm.why(first).startswith("there is no node")
    farm.tell(ev.AddNode(url="lrnap://a"))
    assert farm.why(first) == "none of the nodes that it could use can render now: 1 being connected to"
    farm.tell(ev.NodeHere(node=1, generation=1))
    assert farm.why(first) == ""
    second = farm.submit("second", after=(first,))
    assert farm.why(second) == 'job "first", which it comes after, is RENDERING'
    third = farm.submit("third", tags=("gpu",))
    assert farm.why(third) == "no node has the tag gpu: lrnap nodes tags gives nodes theirs"
    fourth = farm.submit("fourth")
    assert farm.why(fourth) == "the only node that it could use is busy, and 2 jobs come before it"
    farm.tell(ev.Stop(job=second))
    after = farm.submit("after", after=(second,))
    assert farm.why(after).startswith('job "second", which it comes after, is STOPPED: retry that, or change what it')
    farm.tell(ev.Pause(job=fourth))
    assert farm.why(fourth) == "it is paused: resume it"
    ready = farm.submit("ready", render=False)
    assert farm.why(ready).startswith("nobody has started it")


def test_a_frame_that_waits_says_why(farm: Manager) -> None:
    job = farm.submit(frames=3)
    assert why_frame(farm.core, farm.core.world.jobs[job], 3) == "the 2 nodes of its job render other frames"
    assert why_frame(farm.core, farm.core.world.jobs[job], 1) == ""


def test_films_of_runs_that_have_ended_may_become_one_but_the_last_and_those_that_may_come_back() -> None:
    farm = Manager(nodes=4)
    job = farm.submit(spp=1000)
    runs = [farm.run_on(node) for node in (1, 2, 3, 4)]
    for run in runs:
        farm.count(run, 1)
    farm.end(runs[0], Reported.FAILED, error="the engine died")
    assert farm.did(fx.RunsOver) == []
    farm.tell(ev.NodeGone(node=2, generation=1, why="unplugged"))
    farm.end(runs[2], Reported.FAILED, error="the engine died")
    [over] = farm.did(fx.RunsOver)
    row = farm.core.world.jobs[job]
    assert (over.key, over.frame, over.epoch, over.runs) == (row.key, 1, row.epoch, (runs[0],))
    farm.end(runs[3], Reported.FAILED, error="the engine died")
    assert set(farm.did(fx.RunsOver)[0].runs) == {runs[0], runs[2]}


def test_a_run_whose_film_the_manager_cannot_keep_is_waited_for() -> None:
    """However long the disk is full: what its node has rendered is not thrown away."""
    manager = Manager(nodes=1)
    job = manager.submit(spp=10)
    run = manager.run_on(1)
    manager.report(run, 12)
    assert manager.did(fx.StopRun)
    for _ in range(200):
        manager.tell(ev.RunWaits(run=run, generation=1, why="no space left"), seconds=2.0)
        manager.tell(ev.NodeHeard(node=1, generation=1), ev.Tick())
    assert manager.core.world.runs[run].state is RunState.STOPPING
    told = [line.reason for line in manager.story if line.step == "wait" and line.kind == "run"]
    assert told == ["no space left"]
    manager.finish(run, 12)
    assert manager.state(job) is JobState.DONE
    assert manager.core.world.runs[run].error == ""


def test_only_people_take_a_node_from_another_manager() -> None:
    manager = Manager(nodes=1)
    manager.tell(ev.NodeFenced(node=1, generation=1, newest=7, by="attic"))
    assert "belongs to another manager attic" in manager.story[-1].reason
    assert "lrnap nodes enable lrnap://n1" in manager.story[-1].reason
    manager.tell(ev.Started())
    [claim] = manager.did(fx.Claim)
    assert (claim.generation, claim.take) == (8, False)
    manager.tell(ev.NodeFenced(node=1, generation=8, newest=8, by="attic"))
    manager.tell(ev.ChangeNode(node=1, step=NodeStep.ENABLE))
    [claim] = manager.did(fx.Claim)
    assert (claim.generation, claim.take) == (9, True)
