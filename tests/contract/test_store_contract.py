"""The store of the manager: the same promises on SQLite and on PostgreSQL."""

from __future__ import annotations

import os
import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from postgres import server
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

from lrnap.engine.protocol import Halt
from lrnap.errors import Code, LrnapError
from lrnap.manager import events as ev
from lrnap.manager.desk import Desk
from lrnap.manager.jobs import JobState
from lrnap.manager.nodes import Standing
from lrnap.manager.store import Store
from lrnap.manager.store.engine import open_engine
from lrnap.manager.store.holder import Holder
from lrnap.manager.store.schema import metadata
from lrnap.manager.validate import validate

SCENE = "5" * 64


@pytest.fixture(scope="module")
def postgresql() -> Iterator[str]:
    with server() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'store.db'}"
    there = request.getfixturevalue("postgresql")
    name = f"t{uuid.uuid4().hex}"
    engine = create_engine(there.replace("postgresql:", "postgresql+psycopg:"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return there.replace("/postgres?", f"/{name}?")


@pytest.fixture
def desk(url: str) -> Iterator[Desk]:
    desk = opened(url)
    yield desk
    desk.store.close()


def opened(url: str, **more: object) -> Desk:
    """Patience is counted in what it would have slept, and is more than a slow disk takes for a step."""
    return Desk(Store(url, patience=60, sleep=lambda _: None, **more))  # type: ignore[arg-type]


def submit(desk: Desk, name: str = "ball", **more: object) -> int:
    event = ev.Submit(name=name, owner="anna", scene=SCENE, halt=Halt(spp=8), **more)  # type: ignore[arg-type]
    (answer,) = desk.handle([event], now=1, wall=1e9).answers
    assert isinstance(answer, int), answer
    return answer


def add_node(desk: Desk) -> None:
    desk.handle([ev.AddNode(url="lrnap://a:1978", tags=("gpu", "big"), threads=3)], now=1, wall=1e9)
    generation = desk.core.world.nodes[1].generation
    desk.handle([ev.NodeHere(node=1, generation=generation)], now=2, wall=1e9)


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


def test_a_second_manager_fences_the_first(desk: Desk, url: str) -> None:
    second = opened(url)
    with pytest.raises(LrnapError) as refused:
        submit(desk)
    assert refused.value.code is Code.FENCED
    assert not desk.core.world.jobs, "what could not be stored did not happen"
    assert submit(second) == 1
    second.store.close()


def test_a_store_that_a_manager_has_is_refused_to_another_and_can_be_taken_over(url: str) -> None:
    first = opened(url, alone=True)
    with pytest.raises(LrnapError, match=rf"already running on the store .*: process {os.getpid()} on .*--take-over"):
        opened(url, alone=True)
    first.handle([ev.Submit(name="mine", scene=SCENE)], now=0, wall=0)  # which has not lost it
    first.store.check()

    second = opened(url, alone=True, take_over=True)
    with pytest.raises(LrnapError, match="another manager has taken over") as told:
        first.store.check()  # without having written
    assert told.value.code is Code.FENCED
    second.store.check()
    first.store.close()
    second.store.check()  # now it has the lock, too
    with pytest.raises(LrnapError, match="already running"):
        opened(url, alone=True)
    second.store.close()
    opened(url, alone=True).store.close()


def test_who_lets_go_of_a_store_has_let_go_of_it_at_once(url: str) -> None:
    """Also if its connections live on, or their server takes its time to see that they have ended."""
    engines = [open_engine(url), open_engine(url)]
    first, second = map(Holder, engines)
    first.hold()
    with pytest.raises(LrnapError, match=f"process {os.getpid()} on "):
        second.hold()
    first.close()
    second.hold()
    with pytest.raises(LrnapError, match=f"process {os.getpid()} on "):
        first.hold()
    second.close()
    for engine in engines:
        engine.dispose()


def test_a_store_whose_server_ended_the_session_is_held_anew_and_let_go(postgresql: str) -> None:
    """As when PostgreSQL is started again: its lock went with the session."""
    engine, other = open_engine(postgresql), create_engine(open_engine(postgresql).url, isolation_level="AUTOCOMMIT")

    def end_sessions() -> None:
        with other.connect() as connection:
            connection.scalars(
                text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'lrnap man%'")
            ).all()

    first, second = Holder(engine), Holder(other)
    first.hold()
    end_sessions()
    first.hold()
    with pytest.raises(LrnapError, match=f"process {os.getpid()} on "):
        second.hold()
    end_sessions()
    first.close()
    second.hold()
    second.close()
    for used in (engine, other):
        used.dispose()


def test_what_was_written_but_not_answered_is_written_once(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer to the commit is lost, and the write is tried again."""
    write, lost = desk.store._write, []

    def unlucky(step: object) -> None:
        write(step)  # type: ignore[arg-type]
        if not lost:
            lost.append(step)
            raise OperationalError("COMMIT", {}, Exception("the connection broke"))

    monkeypatch.setattr(desk.store, "_write", unlucky)
    job = submit(desk)
    assert lost
    assert len(desk.store.history(job)) == 1


def test_what_was_written_but_is_not_known_to_be_is_not_taken_for_what_came_after(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer to the commit is lost, and then the database is away until patience ends."""
    write = desk.store._write

    def unlucky(step: object) -> None:
        with suppress(LrnapError):
            write(step)  # type: ignore[arg-type]
        raise OperationalError("COMMIT", {}, Exception("the connection broke"))

    with monkeypatch.context() as patch:
        patch.setattr(desk.store, "_write", unlucky)
        with pytest.raises(LrnapError) as refused:
            submit(desk, "unsure")
    assert refused.value.code is Code.UNAVAILABLE
    assert not desk.store.outrun
    with pytest.raises(LrnapError, match="once it is started again goes on from there"):
        submit(desk, "after")
    assert desk.store.outrun
    assert [job.name for job in desk.store.jobs()] == ["unsure"]


def test_what_was_given_up_and_not_written_keeps_nobody_from_going_on(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(step: object) -> None:
        raise OperationalError("BEGIN", {}, Exception("the server is gone"))

    with monkeypatch.context() as patch:
        patch.setattr(desk.store, "_write", away)
        with pytest.raises(LrnapError):
            submit(desk, "never")
    submit(desk, "after")
    submit(desk, "then")
    assert not desk.store.outrun
    assert [job.name for job in desk.store.jobs()] == ["then", "after"]


def test_a_store_that_stays_away_is_an_error_and_nothing_has_happened(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(step: object) -> None:
        raise OperationalError("BEGIN", {}, Exception("the server is gone"))

    with monkeypatch.context() as patch:
        patch.setattr(desk.store, "_write", away)
        with pytest.raises(LrnapError, match="nothing is lost") as refused:
            submit(desk)
    assert refused.value.code is Code.UNAVAILABLE
    assert not desk.core.world.jobs
    assert submit(desk)


def test_two_stores_of_one_manager_have_its_name(desk: Desk, url: str) -> None:
    again = Store(url)
    assert again.manager == desk.store.manager
    again.close()


# --- each kind for itself


def test_a_locked_sqlite_file_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    waits: list[float] = []
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        other.execute("ROLLBACK")

    desk = Desk(Store(f"sqlite:///{path}", patience=120, sleep=sleep))
    other.execute("BEGIN IMMEDIATE")
    assert submit(desk) == 1
    assert len(waits) == 1
    other.close()
    desk.store.close()


def test_a_sqlite_file_that_vanished_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    desk = opened(f"sqlite:///{path}")
    job = submit(desk)
    path.rename(tmp_path / "away.db")
    with pytest.raises(LrnapError, match="is gone or was replaced"):
        submit(desk, "another")
    (tmp_path / "away.db").rename(path)
    after = submit(desk, "after")  # which the copy that was made meanwhile does not have

    for file in tmp_path.glob("store.db*"):
        if file.suffix != ".rescued":
            file.unlink()
    with pytest.raises(LrnapError, match=r"is gone or was replaced .* is in .*store\.db\.rescued"):
        submit(desk, "another")
    assert [*desk.core.world.jobs] == [job, after]
    desk.store.close()

    (tmp_path / "store.db.rescued").rename(path)  # all that was acknowledged is there
    again = opened(f"sqlite:///{path}")
    assert [*again.core.world.jobs] == [job, after]
    again.store.close()


@pytest.mark.parametrize("url", ["mysql://root@localhost/x", "sqlite://", "nonsense", "sqlite:///:memory:"])
def test_what_is_no_store_is_said_clearly(url: str) -> None:
    with pytest.raises(LrnapError, match="a store is sqlite:///"):
        Store(url)


def test_a_server_that_is_not_there_is_said_clearly(tmp_path: Path) -> None:
    with pytest.raises(LrnapError, match="cannot be used") as refused:
        Store(f"postgresql://nobody:secret@/x?host={tmp_path}", patience=0.1, sleep=lambda _: None)
    assert refused.value.code is Code.UNAVAILABLE
    assert "secret" not in str(refused.value)


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
