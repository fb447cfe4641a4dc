"""The store: rows that outlive the manager. Blocking; any thread may read, one thread writes.

Exactly one manager has a store at a time: opening it begins a new term, and whoever opened it before can no longer
write (FENCED). A write is one transaction, tried again while the database is locked or away (`database.py`); whether
one whose answer was lost had been done, the counter of writes tells.
"""

from __future__ import annotations

import secrets
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict
from typing import Any, NamedTuple

from sqlalchemy import Connection, delete, func, insert, or_, select, tuple_, update

from lrnap.errors import Code, LrnapError
from lrnap.manager import jobs, runs
from lrnap.manager.core import Step
from lrnap.manager.frames import Frame, FrameState
from lrnap.manager.jobs import Job, JobState
from lrnap.manager.nodes import Node
from lrnap.manager.store import schema
from lrnap.manager.store.database import PATIENCE, Database
from lrnap.manager.store.holder import Holder
from lrnap.manager.store.rows import batches, delete_rows, made, rows_of, told, write_rows
from lrnap.manager.turn import History
from lrnap.manager.world import Row, World

LOCK_TRIES, LOCK_WAIT = 10, 0.3  # s between them, until who holds a store does have it
PAGE = 10_000  # entries of the history that are looked at together


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
        self.outrun = False  # it holds more than its manager knows of, which must end and read it anew
        self._unsure = False  # a write was given up that may have been done nevertheless
        self._database = Database(url, patience=patience, sleep=sleep)
        self._holder = Holder(self._database.engine) if alone else None
        self._sleep = sleep
        try:
            if self._holder is not None:
                self._database.insist(self._hold if take_over else self._hold_soon)
            self._database.upgrade()
            self._term, self._writes = self._database.write(self._take_over)
            self.manager = self._database.write(self._name)  # for leases; the same as long as the store lives
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        if self._holder is not None:
            self._holder.close()
        self._database.close()

    def check(self) -> None:
        """To be called now and then by who has it alone. Raises LrnapError: FENCED if another has taken it over,
        UNAVAILABLE if it cannot be asked."""
        term, _ = self._database.read(self._turn)
        if term != self._term:
            raise _taken_over()
        self._database.insist(self._hold)

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
        """All of a step, or nothing. Raises LrnapError: FENCED if another manager has the store or it is `outrun`,
        UNAVAILABLE if it cannot be written."""
        try:
            self._database.insist(lambda: self._write(step))
        except BaseException:
            self._unsure = True
            raise
        self._unsure = False
        self._writes += 1

    def _write(self, step: Step) -> None:
        with self._database.engine.begin() as connection:
            turn = update(schema.turns).values(writes=self._writes + 1)
            mine = connection.execute(
                turn.where(schema.turns.c.term == self._term, schema.turns.c.writes == self._writes)
            )
            if mine.rowcount != 1:
                if self._turn(connection) != (self._term, self._writes + 1):
                    raise _taken_over()
                if not self._unsure:
                    return  # it had been done; only the answer was lost
                self.outrun = True
                raise _outrun()
            delete_rows(connection, step.deleted)
            write_rows(connection, step.written)
            if step.history:
                connection.execute(insert(schema.history_table), [asdict(row) for row in step.history])

    # --- reading

    def load(self) -> World:
        """What a manager needs in memory: all nodes, and the jobs that have something to render or a live run."""
        return self._database.insist(self._load)

    def load_job(self, job: int) -> list[Row]:
        """All rows of a job; empty: there is none."""
        return self._database.read(lambda c: rows_of(c, [job]))

    def states(self, ids: Iterable[int]) -> dict[int, JobState]:
        table, wanted = schema.job_table, list(ids)

        def read(connection: Connection) -> dict[int, JobState]:
            found: dict[int, JobState] = {}
            for some in batches(wanted):
                found.update(
                    (row.id, row.state)
                    for row in connection.execute(select(table.c.id, table.c.state).where(table.c.id.in_(some)))
                )
            return found

        return self._database.read(read)

    def find(self, name: str) -> int | None:
        """The newest job of that name."""
        table = schema.job_table
        known: int | None = self._database.read(
            lambda c: c.scalar(select(func.max(table.c.id)).where(table.c.name == name))
        )
        return known

    def find_keys(self, keys: Iterable[str]) -> dict[str, int]:
        """The jobs that have these keys."""
        table, wanted = schema.job_table, list(keys)
        return self._database.read(
            lambda c: {
                row.key: row.id
                for some in batches(wanted)
                for row in c.execute(select(table.c.key, table.c.id).where(table.c.key.in_(some)))
            }
        )

    def frame(self, job: int, number: int) -> FrameOf | None:
        """One frame, without the others of its job; None: there is none."""
        job_table, table = schema.job_table, schema.frame_table

        def read(connection: Connection) -> FrameOf | None:
            jobs = made(Job, connection, select(job_table).where(job_table.c.id == job))
            of_job = select(table).where(table.c.job == job)
            frames = made(Frame, connection, of_job.where(table.c.number == number))
            count = connection.scalar(select(func.count()).select_from(table).where(table.c.job == job)) or 0
            return FrameOf(jobs[0], frames[0], count) if jobs and frames else None

        return self._database.read(read)

    def find_tokens(self, wanted: Iterable[tuple[str, str]]) -> dict[tuple[str, str], int]:
        """The jobs that submissions made before, by owner and token."""
        table, pairs = schema.job_table, list(wanted)

        def read(connection: Connection) -> dict[tuple[str, str], int]:
            found: dict[tuple[str, str], int] = {}
            for some in batches(pairs):
                chosen = select(table.c.owner, table.c.token, table.c.id)
                rows = connection.execute(chosen.where(tuple_(table.c.owner, table.c.token).in_(some)))
                found.update(((row.owner, row.token), row.id) for row in rows)
            return found

        return self._database.read(read)

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
        return self._database.read(lambda c: made(Job, c, wanted))

    def names(self, ids: Iterable[int]) -> dict[int, str]:
        table, wanted = schema.job_table, list(ids)
        return self._database.read(
            lambda c: {
                row.id: row.name
                for some in batches(wanted)
                for row in c.execute(select(table.c.id, table.c.name).where(table.c.id.in_(some)))
            }
        )

    def frame_counts(self, ids: Iterable[int]) -> dict[int, Counter[FrameState]]:
        """How many frames each of these jobs has, by state."""
        table, wanted = schema.frame_table, list(ids)

        def read(connection: Connection) -> dict[int, Counter[FrameState]]:
            found: dict[int, Counter[FrameState]] = defaultdict(Counter)
            for some in batches(wanted):
                counted = select(table.c.job, table.c.state, func.count()).where(table.c.job.in_(some))
                for job, state, count in connection.execute(counted.group_by(table.c.job, table.c.state)):
                    found[job][state] = count
            return found

        return self._database.read(read)

    def samples_per_pixel(self, ids: Iterable[int]) -> dict[int, float]:
        """Of the films of these jobs; of several frames, of that which has most."""
        job, run, wanted = schema.job_table, schema.run_table, list(ids)

        def read(connection: Connection) -> dict[int, float]:
            found: dict[int, float] = {}
            for some in batches(wanted):
                film = select(run.c.job, func.sum(run.c.spp).label("spp")).join(job, job.c.id == run.c.job)
                film = film.where(run.c.job.in_(some), run.c.epoch == job.c.epoch)
                frames = film.group_by(run.c.job, run.c.frame).subquery()
                most = select(frames.c.job, func.max(frames.c.spp)).group_by(frames.c.job)
                for number, spp in connection.execute(most):
                    found[number] = spp
            return found

        return self._database.read(read)

    def counts(self) -> dict[JobState, int]:
        """How many jobs there are, by state."""
        table = schema.job_table
        wanted = select(table.c.state, func.count()).group_by(table.c.state)
        return self._database.read(lambda c: {row[0]: row[1] for row in c.execute(wanted)})

    def history(self, job: int | None = None, *, after: int = 0, limit: int = 1000) -> list[tuple[int, History]]:
        """What happened, oldest first, with a number that grows; `after`: what came later than that."""
        table = schema.history_table
        wanted = select(table).where(table.c.id > after).order_by(table.c.id).limit(limit)
        if job is not None:
            wanted = wanted.where(table.c.job == job)
        return self._database.read(lambda c: told(c, wanted))

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
        return self._database.read(lambda c: told(c, wanted))[::-1]

    def prune(self, happened: float, wanted: float) -> int:
        """Takes from the history what happened before that time (s since 1970) by itself, and what somebody wanted
        before that other one; how many entries. The newest job stays, because its number must not be used again."""
        table = schema.history_table

        def page(after: int) -> list[Any]:
            columns = (table.c.id, table.c.wall, table.c.who, table.c.job)
            wanted = select(*columns).where(table.c.id > after).order_by(table.c.id).limit(PAGE)
            return self._database.read(lambda c: [*c.execute(wanted)])

        newest = self._database.read(lambda c: c.scalar(select(func.max(table.c.job)))) or 0
        gone, rows = 0, page(0)
        while rows:
            old = [r.id for r in rows if r.wall < (wanted if r.who else happened) and (not r.job or r.job != newest)]
            for some in batches(old):
                self._database.write(lambda c, some=some: _forget(c, some))  # type: ignore[misc]
            gone += len(old)
            rows = page(rows[-1].id) if rows[-1].wall < happened else []
        return gone

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

        return self._database.read(read)

    # --- inside

    def _load(self) -> World:
        job, run, history = schema.job_table, schema.run_table, schema.history_table
        with self._database.engine.connect() as connection:
            active = or_(
                job.c.state.in_(list(jobs.ACTIVE)),
                job.c.id.in_(select(run.c.job).where(run.c.state.in_(list(runs.LIVE)))),
            )
            ids = list(connection.scalars(select(job.c.id).where(active)))
            newest = max(connection.scalar(select(func.max(c))) or 0 for c in (job.c.id, history.c.job))
            world = World(next_job=newest + 1)
            nodes = made(Node, connection, select(schema.node_table))
            world.admit(nodes)
            world.next_node = max((node.id for node in nodes), default=0) + 1
            for some in batches(sorted(ids)):
                world.admit(rows_of(connection, some))
        others = {other for j in world.jobs.values() for other in j.after} - set(world.jobs)
        world.know(self.states(others), self.names(others))
        return world

    def _take_over(self, connection: Connection) -> tuple[int, int]:
        changed = connection.execute(update(schema.turns).values(term=schema.turns.c.term + 1))
        if changed.rowcount == 0:
            connection.execute(insert(schema.turns).values(id=1, term=1, writes=0))
        return self._turn(connection)

    def _turn(self, connection: Connection) -> tuple[int, int]:
        row = connection.execute(select(schema.turns.c.term, schema.turns.c.writes)).one()
        return row.term, row.writes

    def _name(self, connection: Connection) -> str:
        table = schema.meta
        known = connection.scalar(select(table.c.value).where(table.c.name == "manager"))
        if known is None:
            known = secrets.token_hex(8)
            connection.execute(insert(table).values(name="manager", value=known))
        return str(known)


def _taken_over() -> LrnapError:
    return LrnapError(
        Code.FENCED, "another manager has taken over this store: only one can have it; this one must stop"
    )


def _outrun() -> LrnapError:
    return LrnapError(
        Code.FENCED,
        "the database has done what it was too long away to confirm, so it holds more than this manager knows of: this "
        "one ends, and once it is started again goes on from there; nothing is lost",
    )


def _forget(connection: Connection, entries: Sequence[int]) -> None:
    """By themselves, so that the writer of events waits for few of them."""
    table = schema.history_table
    connection.execute(delete(table).where(table.c.id.in_(entries)))
