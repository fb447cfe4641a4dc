"""A store that another manager takes, that is locked, away or gone, or does not answer: on SQLite and on PostgreSQL."""

from __future__ import annotations

import os
import sqlite3
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError
from store_bench import SCENE, opened, submit

from lrnap.errors import Code, LrnapError
from lrnap.manager import events as ev
from lrnap.manager.desk import Desk
from lrnap.manager.store import Store
from lrnap.manager.store.engine import open_engine
from lrnap.manager.store.holder import Holder


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
