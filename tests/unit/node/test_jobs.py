"""The state machine of jobs, without a node around it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrnap.errors import Code, LrnapError
from lrnap.limits import NodeLimits
from lrnap.lux.scene import Scene
from lrnap.net.session_verbs import SESSION_VERBS
from lrnap.node.handlers import HANDLERS
from lrnap.node.jobs import TRANSITIONS, Job, JobTable, Step
from lrnap.wire import VERBS, Status

SCENE = Scene("scene", ())

VERB_OF_STEP = {
    Step.RENDER: "API_Render",
    Step.PAUSE: "CTL_PAUSE",
    Step.RESUME: "CTL_RESUME",
    Step.STOP: "CTL_STOP",
}


def ready(table: JobTable, name: str) -> Job:
    job = table.begin(name, "ana", 0.0)
    table.ready(job, SCENE, 0.0)
    return job


@pytest.mark.parametrize("step", VERB_OF_STEP, ids=lambda step: step.value)
def test_the_verbs_say_the_same_of_states_as_the_transitions(step: Step) -> None:
    assert VERBS[VERB_OF_STEP[step]].states - {Status.QUEUED} == {state for state, by in TRANSITIONS if by is step}


def test_every_verb_has_one_who_answers() -> None:
    assert {*HANDLERS, *SESSION_VERBS} == set(VERBS)
    assert not set(HANDLERS) & set(SESSION_VERBS)


@given(st.lists(st.sampled_from(list(Step)), max_size=30))
def test_a_job_is_always_where_its_history_says(steps: list[Step]) -> None:
    job = Job("job", "ana", 0.0)
    for step in steps:
        before = job.state
        try:
            job.step(step, 1.0)
        except LrnapError as error:
            assert error.code is Code.STATE
            assert job.state is before
        assert job.state is (job.history[-1][2] if job.history else Status.IDLE)


def test_a_step_that_cannot_be_says_what_would_help() -> None:
    job = Job("shot", "ana", 0.0, Status.READY)
    with pytest.raises(LrnapError, match=r'"shot" is READY, so it cannot pause: start it with API_Render'):
        job.step(Step.PAUSE, 0.0)


def test_a_new_scene_replaces_an_older_one_only_when_it_is_ready() -> None:
    table = JobTable(NodeLimits())
    old = ready(table, "shot")
    new = table.begin("shot", "ben", 1.0)
    assert table.find("shot") is old
    table.abandon(new)
    assert table.find("shot") is old
    new = table.begin("shot", "ben", 2.0)
    assert table.ready(new, SCENE, 3.0) is old
    assert [*table] == [new]


@pytest.mark.parametrize("taken", [Status.RENDERING, Status.PAUSED])
def test_the_name_of_a_job_that_renders_is_taken(taken: Status) -> None:
    table = JobTable(NodeLimits())
    ready(table, "shot").state = taken
    with pytest.raises(LrnapError, match="CTL_STOP") as caught:
        table.begin("shot", "ben", 1.0)
    assert caught.value.code is Code.EXISTS


def test_without_a_name_the_one_that_renders_is_meant_else_the_last() -> None:
    table = JobTable(NodeLimits())
    assert table.meant(None) is None
    first, second = ready(table, "first"), ready(table, "second")
    assert table.meant(None) is second
    first.step(Step.RENDER, 0.0)
    assert table.meant(None) is first
    assert table.meant("second") is second
    first.step(Step.STOP, 0.0)
    table.touch(first)
    assert table.meant(None) is first


def test_after_a_reset_nobody_is_meant_until_another_job_is() -> None:
    table = JobTable(NodeLimits())
    older, last = ready(table, "older"), ready(table, "last")
    table.drop(last)
    assert table.meant(None) is None
    assert table.meant("older") is older
    table.touch(older)
    assert table.meant(None) is older


def test_to_drop_an_older_job_changes_nothing_of_who_is_meant() -> None:
    table = JobTable(NodeLimits())
    older, last = ready(table, "older"), ready(table, "last")
    table.drop(older)
    assert table.meant(None) is last


def test_jobs_that_wait_are_bounded() -> None:
    table = JobTable(NodeLimits(ready=2))
    ready(table, "a"), ready(table, "b")
    with pytest.raises(LrnapError, match=r"ready=2") as caught:
        table.begin("c", "ana", 0.0)
    assert caught.value.code is Code.QUOTA
    assert ready(table, "a").state is Status.READY, "replacing one takes no more room"


def test_films_that_are_kept_are_bounded() -> None:
    table = JobTable(NodeLimits(films=2))
    jobs = [ready(table, name) for name in "abc"]
    for job in jobs:
        job.step(Step.RENDER, 0.0)
        job.step(Step.FINISH, 0.0)
    assert table.surplus() == [jobs[0]]
    ready(table, "next")
    ready(table, "after it").step(Step.RENDER, 0.0)
    assert table.surplus() == [jobs[0]], "what waits or renders is no film that is kept"
    table.drop(jobs[0])
    assert table.surplus() == []


@pytest.mark.parametrize("name", ["", " ", "a\nb", "x" * 200, "\x1b[31m"])
def test_a_name_must_be_one(name: str) -> None:
    with pytest.raises(LrnapError) as caught:
        JobTable(NodeLimits()).begin(name, "ana", 0.0)
    assert caught.value.code is Code.ARGS
