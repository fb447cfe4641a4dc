"""The store of the manager: the same promises on SQLite and on PostgreSQL."""

from __future__ import annotations

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text
from store_bench import SCENE, add_node, opened, submit

from lrnap.errors import Code, LrnapError
from lrnap.manager import events as ev
from lrnap.manager.desk import Desk
from lrnap.manager.jobs import JobState
from lrnap.manager.nodes import Standing
from lrnap.manager.store import Store
from lrnap.manager.store.engine import open_engine
from lrnap.manager.store.schema import metadata
from lrnap.manager.validate import validate


def test_the_migrations_make_the_tables_that_the_code_has(desk: Desk, url: str) -> None:
    engine = open_engine(url)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    engine.dispose()


def change(url: str, *statements: str) -> None:
    engine = open_engine(url)
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


def test_a_store_of_an_older_version_is_brought_up_to_date_with_all_that_is_in_it(url: str) -> None:
    desk = opened(url)
    add_node(desk)
    job = submit(desk)
    desk.store.close()
    change(
        url,
        "DROP INDEX history_wanted",
        "ALTER TABLE history DROP COLUMN who",
        "ALTER TABLE nodes DROP COLUMN joined",
        "UPDATE alembic_version SET version_num = '0001'",
    )
    again = opened(url)
    assert again.core.world.jobs[job].name == "ball"
    assert again.core.world.nodes[1].tags == ("gpu", "big")
    assert [row.step for _, row in again.store.history(job)][:1] == ["submit"]
    again.store.close()


def test_a_store_of_a_newer_version_is_left_alone_and_said_clearly(url: str) -> None:
    opened(url).store.close()
    change(url, "UPDATE alembic_version SET version_num = '0099'")
    with pytest.raises(LrnapError, match=r"is that of a newer lrnap .*0099.* put back the copy") as refused:
        Store(url)
    assert refused.value.code is Code.UNSUPPORTED


def test_all_that_was_stored_comes_back(desk: Desk, url: str) -> None:
    add_node(desk)
    job = submit(desk, "Küche ☕", assets={"wood.png": "a" * 64}, tags=("gpu",), priority=-3, nodes_max=4)
    before = desk.core.world
    again = opened(url)
    world = again.core.world
    validate(world)
    assert world.jobs[job] == before.jobs[job]
    assert (world.frames, world.nodes, world.seeds) == (before.frames, before.nodes, before.seeds)
    assert world.runs == before.runs
    assert world.nodes[1].standing is Standing.ENABLED
    again.store.close()


def test_text_that_no_database_takes_is_stored_all_the_same(desk: Desk) -> None:
    add_node(desk)
    job = submit(desk)
    run = desk.core.world.run_on[1]
    error = "bad \0 byte \udcff"
    ended = ev.RunEnded(run=run, generation=1, state=ev.Reported.FAILED, code="E_ENGINE", error=error)
    desk.handle([ended], now=3, wall=1e9)
    (known,) = [row for row in desk.store.load_job(job) if getattr(row, "name", "") == run]
    assert "bad" in known.error  # type: ignore[union-attr]


def test_jobs_that_are_over_leave_the_memory_and_come_back_when_named(desk: Desk) -> None:
    job = submit(desk)
    desk.handle([ev.Stop(job=job)], now=2, wall=1e9)
    assert job not in desk.core.world.jobs
    desk.handle([ev.Retry(job=job)], now=3, wall=1e9)
    assert desk.core.world.jobs[job].state is JobState.QUEUED


def test_a_job_can_come_after_one_that_is_long_over(desk: Desk) -> None:
    first = submit(desk)
    desk.handle([ev.Stop(job=first)], now=2, wall=1e9)
    second = submit(desk, "second", after=(first,))
    assert desk.core.world.waits_for(desk.core.world.jobs[second]) == [first]


def test_the_same_submission_makes_one_job(desk: Desk, url: str) -> None:
    first = submit(desk, token="t1")
    desk.handle([ev.Stop(job=first)], now=2, wall=1e9)
    again = opened(url)
    assert submit(again, token="t1") == first
    again.store.close()


def test_a_removed_job_is_gone_and_its_number_is_not_used_again(desk: Desk, url: str) -> None:
    add_node(desk)
    job = submit(desk)
    desk.handle([ev.Remove(job=job)], now=2, wall=1e9)
    assert desk.store.load_job(job) == []
    assert desk.store.needed() == set()
    again = opened(url)
    assert submit(again) == job + 1
    again.store.close()


def test_lists_histories_and_what_is_needed(desk: Desk) -> None:
    jobs = [submit(desk, f"job{n}", assets={"a": f"{n}" * 64}) for n in range(5)]
    desk.handle([ev.Stop(job=jobs[0])], now=2, wall=1e9)
    assert [job.id for job in desk.store.jobs(limit=2)] == [jobs[4], jobs[3]]
    assert [job.id for job in desk.store.jobs(before=jobs[2], states=[JobState.QUEUED])] == [jobs[1]]
    assert desk.store.counts() == {JobState.QUEUED: 4, JobState.STOPPED: 1}
    assert desk.store.find("job3") == jobs[3]
    told = [(step.kind, step.step) for _, step in desk.store.history(jobs[0])]
    assert told == [("job", "submit"), ("job", "stop"), ("frame", "stop")]
    assert desk.store.needed() == {SCENE, *(f"{n}" * 64 for n in range(5))}


def test_samples_per_pixel_of_a_film_are_those_of_its_runs_together(desk: Desk) -> None:
    add_node(desk)
    job = submit(desk, frames=(ev.FrameSpec(number=1), ev.FrameSpec(number=2)))
    for spp in (3.0, 5.5, 4.0):  # the first frame in two runs; the second in one, so far
        run = desk.core.world.run_on[1]
        counted = ev.Counted(run=run, number=1, samples=spp * 100, spp=spp, seconds=1)
        ended = ev.RunEnded(run=run, generation=1, state=ev.Reported.STOPPED)
        desk.handle([counted, ended], now=3, wall=1e9)
    assert desk.store.samples_per_pixel([job]) == {job: 8.5}
    desk.handle([ev.Stop(job=job)], now=4, wall=1e9)
    assert desk.store.samples_per_pixel([job, 99]) == {job: 8.5}


def test_two_stores_of_one_manager_have_its_name(desk: Desk, url: str) -> None:
    again = Store(url)
    assert again.manager == desk.store.manager
    again.close()


def test_the_history_loses_what_is_old_and_last_what_somebody_wanted(desk: Desk) -> None:
    first = submit(desk)
    desk.handle([ev.Pause(job=first, by="anna")], now=2, wall=100)
    desk.handle([ev.AddNode(url="lrnap://a:1978")], now=3, wall=100)
    second = submit(desk, "later")
    desk.handle([ev.Resume(job=first, by="bert")], now=4, wall=300)
    store = desk.store
    before = [row.step for _, row in store.history()]
    assert before[:2] == ["submit", "pause"]
    assert store.prune(happened=50, wanted=50) == 0
    gone = store.prune(happened=200, wanted=50)
    left = [(row.wall, row.who) for _, row in store.history()]
    assert len(left) == len(before) - gone
    assert (100, "anna") in left
    assert not [wall for wall, who in left if wall < 200 and not who]
    store.prune(happened=200, wanted=200)
    assert not [wall for wall, _ in ((row.wall, row) for _, row in store.history()) if wall < 200]
    assert (300, "bert") in [(row.wall, row.who) for _, row in store.history()]
    assert second > first


def test_the_number_of_a_job_is_not_used_again_when_its_history_is_old(desk: Desk, url: str) -> None:
    job = submit(desk)
    desk.handle([ev.Remove(job=job, by="anna")], now=2, wall=1e9)
    assert desk.store.prune(2e9, 2e9) == 0
    desk.store.close()
    again = opened(url)
    assert submit(again) > job
    again.store.close()


def test_a_long_history_is_looked_through_page_by_page(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lrnap.manager.store.store.PAGE", 3)
    job = submit(desk)
    for n in range(10):
        step = ev.Pause(job=job, by="anna") if n % 2 else ev.Resume(job=job, by="anna")
        desk.handle([step], now=n, wall=100 + n)
    submit(desk, "another")
    desk.store.prune(happened=2e9, wanted=105)
    assert not [row for _, row in desk.store.history(job) if row.wall < 105]
    assert [row for _, row in desk.store.history(job) if row.wall >= 105]
