"""The store: rows that outlive the manager. Blocking; any thread may read, one thread writes.

Exactly one manager has a store at a time: opening it begins a new term, and whoever opened it before can no longer
write (FENCED). A write is one transaction, tried again while the database is locked or away, within a bound; whether
one whose answer was lost had been done, the counter of writes tells.
"""

from __future__ import annotations

import secrets
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Connection, Select, delete, func, insert, or_, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from lrnap.errors import Code, LrnapError
from lrnap.manager import jobs, runs
from lrnap.manager.core import Step
from lrnap.manager.frames import Frame, FrameState
from lrnap.manager.jobs import Job, JobState
from lrnap.manager.nodes import Exclusion, Node
from lrnap.manager.runs import Run
from lrnap.manager.store import schema
from lrnap.manager.store.engine import explain, file_of, identity, open_engine, rescue, upgrade
from lrnap.manager.store.holder import Holder
from lrnap.manager.transitions import stored_fields
from lrnap.manager.turn import History
from lrnap.manager.world import Row, World

PATIENCE = 10.0  # seconds that a write is tried again before it fails
FIRST_WAIT, LONGEST_WAIT = 0.05, 1.0  # between tries
LOCK_TRIES, LOCK_WAIT = 10, 0.3  # s between them, until who holds a store does have it
AT_ONCE = 500  # values in one IN (...)
PAGE = 10_000  # entries of the history that are looked at together

T = TypeVar("T")


class FrameOf(NamedTuple):
    """A frame, its job, and how many frames that has."""

    job: Job
    frame: Frame
    frames: int


class Store:
    """`url`: see `engine.open_engine`; `alone`: nobody else may have it now, `take_over`: whoever has it loses it, and
    is told. Raises LrnapError: ARGS for a bad URL, UNAVAILABLE without a database there, EXISTS if another has it."""

    def __init__(
        self,
        url: str,
        *,
        alone: bool = False,
        take_over: bool = False,
        patience: float = PATIENCE,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._engine = open_engine(url)
        self._holder = Holder(self._engine) if alone else None
        self._patience = patience
        self._sleep = sleep
        self._file = file_of(self._engine)
        self._identity: tuple[int, int] | None = None
        self._rescued = ""  # what became of what a file held that is gone
        try:
            if self._holder is not None:
                self._insist(self._hold if take_over else self._hold_soon)
            self._insist(lambda: upgrade(self._engine))
            if self._file is not None:
                self._identity = identity(self._file)
            self._term, self._writes = self._insist(self._take_over)
            self.manager = self._insist(self._name)  # of the manager, for leases; the same as long as the store lives
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        if self._holder is not None:
            self._holder.close()
        self._engine.dispose()

    def check(self) -> None:
        """To be called now and then by who has it alone. Raises LrnapError: FENCED if another has taken it over,
        UNAVAILABLE if it cannot be asked."""
        term, _ = self._read(self._turn)
        if term != self._term:
            raise _taken_over()
        self._insist(self._hold)

    def _hold_soon(self) -> None:
        """A manager that was killed just now is still there for its server."""
        assert self._holder is not None
        for _ in range(LOCK_TRIES):
            with suppress(LrnapError):
                return self._holder.hold()
            self._sleep(LOCK_WAIT)
        return self._holder.hold()

    def _hold(self) -> None:
        """Whoever has the lock by now has lost the store, or is about to take it."""
        with suppress(LrnapError):
            if self._holder is not None:
                self._holder.hold()

    # --- writing

    def write(self, step: Step) -> None:
        """All of a step, or nothing. Raises LrnapError: FENCED if another manager has the store, UNAVAILABLE if it
        cannot be written."""
        self._insist(lambda: self._write(step))
        self._writes += 1

    def _write(self, step: Step) -> None:
        with self._engine.begin() as connection:
            turn = update(schema.turns).values(writes=self._writes + 1)
            mine = connection.execute(
                turn.where(schema.turns.c.term == self._term, schema.turns.c.writes == self._writes)
            )
            if mine.rowcount != 1:
                if self._turn(connection) == (self._term, self._writes + 1):
                    return  # it had been done; only the answer was lost
                raise _taken_over()
            for kind, rows in _by_kind(step.deleted).items():
                self._delete(connection, kind, rows)
            for kind, rows in _by_kind(step.written).items():
                self._upsert(connection, kind, rows)
            if step.history:
                connection.execute(insert(schema.history_table), [asdict(row) for row in step.history])

    def _upsert(self, connection: Connection, kind: type, rows: Sequence[Row]) -> None:
        names = stored_fields(kind)
        statement = _upsert_into(self._engine.dialect.name, kind)
        connection.execute(statement, [{name: getattr(row, name) for name in names} for row in rows])

    def _delete(self, connection: Connection, kind: type, rows: Sequence[Row]) -> None:
        table = schema.TABLES[kind]
        key = list(table.primary_key)
        for some in _batches([tuple(getattr(row, column.name) for column in key) for row in rows]):
            connection.execute(delete(table).where(tuple_(*key).in_(some)))

    # --- reading

    def load(self) -> World:
        """What a manager needs in memory: all nodes, and the jobs that have something to render or a live run."""
        return self._insist(self._load)

    def load_job(self, job: int) -> list[Row]:
        """All rows of a job; empty: there is none."""
        return self._read(lambda c: self._rows(c, [job]))

    def states(self, ids: Iterable[int]) -> dict[int, JobState]:
        table, wanted = schema.job_table, list(ids)

        def read(connection: Connection) -> dict[int, JobState]:
            found: dict[int, JobState] = {}
            for some in _batches(wanted):
                found.update(
                    (row.id, row.state)
                    for row in connection.execute(select(table.c.id, table.c.state).where(table.c.id.in_(some)))
                )
            return found

        return self._read(read)

    def find(self, name: str) -> int | None:
        """The newest job of that name."""
        table = schema.job_table
        known: int | None = self._read(lambda c: c.scalar(select(func.max(table.c.id)).where(table.c.name == name)))
        return known

    def find_keys(self, keys: Iterable[str]) -> dict[str, int]:
        """The jobs that have these keys."""
        table, wanted = schema.job_table, list(keys)
        return self._read(
            lambda c: {
                row.key: row.id
                for some in _batches(wanted)
                for row in c.execute(select(table.c.key, table.c.id).where(table.c.key.in_(some)))
            }
        )

    def frame(self, job: int, number: int) -> FrameOf | None:
        """One frame, without the others of its job; None: there is none."""
        job_table, table = schema.job_table, schema.frame_table

        def read(connection: Connection) -> FrameOf | None:
            jobs = _made(Job, connection, select(job_table).where(job_table.c.id == job))
            of_job = select(table).where(table.c.job == job)
            frames = _made(Frame, connection, of_job.where(table.c.number == number))
            count = connection.scalar(select(func.count()).select_from(table).where(table.c.job == job)) or 0
            return FrameOf(jobs[0], frames[0], count) if jobs and frames else None

        return self._read(read)

    def find_tokens(self, wanted: Iterable[tuple[str, str]]) -> dict[tuple[str, str], int]:
        """The jobs that submissions made before, by owner and token."""
        table, pairs = schema.job_table, list(wanted)

        def read(connection: Connection) -> dict[tuple[str, str], int]:
            found: dict[tuple[str, str], int] = {}
            for some in _batches(pairs):
                chosen = select(table.c.owner, table.c.token, table.c.id)
                rows = connection.execute(chosen.where(tuple_(table.c.owner, table.c.token).in_(some)))
                found.update(((row.owner, row.token), row.id) for row in rows)
            return found

        return self._read(read)

    def jobs(
        self,
        *,
        states: Iterable[JobState] | None = None,
        owner: str | None = None,
        before: int | None = None,
        limit: int = 1000,
    ) -> list[Job]:
        """The newest first; `before`: those with smaller ids, to read on."""
        table = schema.job_table
        wanted = select(table).order_by(table.c.id.desc()).limit(limit)
        if states is not None:
            wanted = wanted.where(table.c.state.in_(list(states)))
        if owner is not None:
            wanted = wanted.where(table.c.owner == owner)
        if before is not None:
            wanted = wanted.where(table.c.id < before)
        return self._read(lambda c: _made(Job, c, wanted))

    def names(self, ids: Iterable[int]) -> dict[int, str]:
        table, wanted = schema.job_table, list(ids)
        return self._read(
            lambda c: {
                row.id: row.name
                for some in _batches(wanted)
                for row in c.execute(select(table.c.id, table.c.name).where(table.c.id.in_(some)))
            }
        )

    def frame_counts(self, ids: Iterable[int]) -> dict[int, Counter[FrameState]]:
        """How many frames each of these jobs has, by state."""
        table, wanted = schema.frame_table, list(ids)

        def read(connection: Connection) -> dict[int, Counter[FrameState]]:
            found: dict[int, Counter[FrameState]] = defaultdict(Counter)
            for some in _batches(wanted):
                counted = select(table.c.job, table.c.state, func.count()).where(table.c.job.in_(some))
                for job, state, count in connection.execute(counted.group_by(table.c.job, table.c.state)):
                    found[job][state] = count
            return found

        return self._read(read)

    def counts(self) -> dict[JobState, int]:
        """How many jobs there are, by state."""
        table = schema.job_table
        wanted = select(table.c.state, func.count()).group_by(table.c.state)
        return self._read(lambda c: {row[0]: row[1] for row in c.execute(wanted)})

    def history(self, job: int | None = None, *, after: int = 0, limit: int = 1000) -> list[tuple[int, History]]:
        """What happened, oldest first, with a number that grows; `after`: what came later than that."""
        table = schema.history_table
        wanted = select(table).where(table.c.id > after).order_by(table.c.id).limit(limit)
        if job is not None:
            wanted = wanted.where(table.c.job == job)
        return self._read(lambda c: _told(c, wanted))

    def wanted(
        self, who: str | None = None, kind: str | None = None, *, before: int | None = None, limit: int = 1000
    ) -> list[tuple[int, History]]:
        """What somebody wanted, of all jobs and nodes: the newest, oldest first. `who`: he, by name or name@host."""
        table = schema.history_table
        wanted = select(table).where(table.c.who != "").order_by(table.c.id.desc()).limit(limit)
        if who is not None:
            wanted = wanted.where(or_(table.c.who == who, table.c.who.startswith(f"{who}@", autoescape=True)))
        if kind is not None:
            wanted = wanted.where(table.c.kind == kind)
        if before is not None:
            wanted = wanted.where(table.c.id < before)
        return self._read(lambda c: _told(c, wanted))[::-1]

    def prune(self, happened: float, wanted: float) -> int:
        """Takes from the history what happened before that time (s since 1970) by itself, and what somebody wanted
        before that other one; how many entries. The newest job stays, because its number must not be used again."""
        table = schema.history_table

        def page(after: int) -> list[Any]:
            columns = (table.c.id, table.c.wall, table.c.who, table.c.job)
            wanted = select(*columns).where(table.c.id > after).order_by(table.c.id).limit(PAGE)
            return self._read(lambda c: [*c.execute(wanted)])

        newest = self._read(lambda c: c.scalar(select(func.max(table.c.job)))) or 0
        gone, rows = 0, page(0)
        while rows:
            old = [r.id for r in rows if r.wall < (wanted if r.who else happened) and (not r.job or r.job != newest)]
            for some in _batches(old):
                self._insist(lambda some=some: self._forget(some))  # type: ignore[misc]
            gone += len(old)
            rows = page(rows[-1].id) if rows[-1].wall < happened else []
        return gone

    def _forget(self, entries: Sequence[int]) -> None:
        """By themselves, so that the writer of events waits for few of them."""
        table = schema.history_table
        with self._engine.begin() as connection:
            connection.execute(delete(table).where(table.c.id.in_(entries)))

    def needed(self) -> set[str]:
        """SHA-256 of every scene and asset that a stored job names: what the garbage collection keeps."""
        job, frame = schema.job_table, schema.frame_table

        def read(connection: Connection) -> set[str]:
            found: set[str] = set()
            for row in connection.execute(select(job.c.scene, job.c.assets).execution_options(yield_per=1000)):
                found.update((row.scene, *(row.assets or {}).values()))
            for row in connection.execute(select(frame.c.scene, frame.c.changes).distinct()):
                found.update(row)
            return found - {""}

        return self._read(read)

    # --- inside

    def _load(self) -> World:
        job, run, history = schema.job_table, schema.run_table, schema.history_table
        with self._engine.connect() as connection:
            active = or_(
                job.c.state.in_(list(jobs.ACTIVE)),
                job.c.id.in_(select(run.c.job).where(run.c.state.in_(list(runs.LIVE)))),
            )
            ids = list(connection.scalars(select(job.c.id).where(active)))
            newest = max(connection.scalar(select(func.max(c))) or 0 for c in (job.c.id, history.c.job))
            world = World(next_job=newest + 1)
            nodes = _made(Node, connection, select(schema.node_table))
            world.admit(nodes)
            world.next_node = max((node.id for node in nodes), default=0) + 1
            for some in _batches(sorted(ids)):
                world.admit(self._rows(connection, some))
        others = {other for j in world.jobs.values() for other in j.after} - set(world.jobs)
        world.know(self.states(others), self.names(others))
        return world

    def _rows(self, connection: Connection, ids: Sequence[int]) -> list[Row]:
        rows: list[Row] = []
        for kind in (Job, Frame, Run, Exclusion):
            table = schema.TABLES[kind]
            column = table.c.id if kind is Job else table.c.job
            rows += _made(kind, connection, select(table).where(column.in_(ids)).order_by(*table.primary_key))
        return rows

    def _read(self, read: Callable[[Connection], T]) -> T:
        def attempt() -> T:
            with self._engine.connect() as connection:
                return read(connection)

        return self._insist(attempt)

    def _insist(self, attempt: Callable[[], T]) -> T:
        """Tries again while the database is locked or away, within the bound."""
        waited, wait, began = 0.0, FIRST_WAIT, time.monotonic()
        while True:
            try:
                self._check_file()
                return attempt()
            except (OperationalError, InterfaceError) as error:
                if max(waited, time.monotonic() - began) >= self._patience:
                    raise LrnapError(
                        Code.UNAVAILABLE, f"{explain(error, self._engine)}; nothing was changed, and nothing is lost"
                    ) from error
            except DBAPIError as error:
                raise LrnapError(Code.INTERNAL, explain(error, self._engine)) from error
            self._sleep(wait)
            waited += wait
            wait = min(LONGEST_WAIT, wait * 2)

    def _check_file(self) -> None:
        if self._file is None or self._identity is None or identity(self._file) == self._identity:
            self._rescued = ""
            return
        if not self._rescued:
            self._rescued = rescue(self._engine, self._file)
        raise LrnapError(
            Code.UNAVAILABLE,
            f"the store {self._file} is gone or was replaced while the manager had it open: put it back, or start "
            f"the manager anew on what is there. {self._rescued}",
        )

    def _take_over(self) -> tuple[int, int]:
        with self._engine.begin() as connection:
            changed = connection.execute(update(schema.turns).values(term=schema.turns.c.term + 1))
            if changed.rowcount == 0:
                connection.execute(insert(schema.turns).values(id=1, term=1, writes=0))
            return self._turn(connection)

    def _turn(self, connection: Connection) -> tuple[int, int]:
        row = connection.execute(select(schema.turns.c.term, schema.turns.c.writes)).one()
        return row.term, row.writes

    def _name(self) -> str:
        table = schema.meta
        with self._engine.begin() as connection:
            known = connection.scalar(select(table.c.value).where(table.c.name == "manager"))
            if known is None:
                known = secrets.token_hex(8)
                connection.execute(insert(table).values(name="manager", value=known))
            return str(known)


def _taken_over() -> LrnapError:
    return LrnapError(
        Code.FENCED, "another manager has taken over this store: only one can have it; this one must stop"
    )


@lru_cache
def _upsert_into(database: str, kind: type) -> Any:
    """The statement is made once, because making it costs more than most writes."""
    table = schema.TABLES[kind]
    dialect: Any = sqlite if database == "sqlite" else postgresql
    statement = dialect.insert(table)
    key = [column.name for column in table.primary_key]
    changes = {name: statement.excluded[name] for name in stored_fields(kind) if name not in key}
    return statement.on_conflict_do_update(index_elements=key, set_=changes)


def _by_kind(rows: Iterable[Row]) -> Mapping[type, list[Row]]:
    found: dict[type, list[Row]] = defaultdict(list)
    for row in rows:
        found[type(row)].append(row)
    return found


def _made(kind: Callable[..., T], connection: Connection, wanted: Select[Any]) -> list[T]:
    names = stored_fields(kind)
    return [kind(**{name: row[name] for name in names}) for row in connection.execute(wanted).mappings()]


def _told(connection: Connection, wanted: Select[Any]) -> list[tuple[int, History]]:
    names = tuple(History.__dataclass_fields__)
    return [(row["id"], History(**{n: row[n] for n in names})) for row in connection.execute(wanted).mappings()]


def _batches(items: Sequence[T]) -> Iterable[Sequence[T]]:
    for start in range(0, len(items), AT_ONCE):
        yield items[start : start + AT_ONCE]
