"""Rows on a connection: written, deleted and made again. The columns of a table are the stored fields of its rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeVar

from sqlalchemy import Connection, Select, delete, select, tuple_
from sqlalchemy.dialects import postgresql, sqlite

from lrnap.manager.frames import Frame
from lrnap.manager.jobs import Job
from lrnap.manager.nodes import Exclusion
from lrnap.manager.runs import Run
from lrnap.manager.store import schema
from lrnap.manager.transitions import stored_fields
from lrnap.manager.turn import History
from lrnap.manager.world import Row

AT_ONCE = 500  # values in one IN (...)

T = TypeVar("T")


def write_rows(connection: Connection, rows: Iterable[Row]) -> None:
    """New ones, and those that are there already."""
    for kind, some in _by_kind(rows).items():
        names = stored_fields(kind)
        statement = _upsert_into(connection.dialect.name, kind)
        connection.execute(statement, [{name: getattr(row, name) for name in names} for row in some])


def delete_rows(connection: Connection, rows: Iterable[Row]) -> None:
    for kind, gone in _by_kind(rows).items():
        table = schema.TABLES[kind]
        key = list(table.primary_key)
        for some in batches([tuple(getattr(row, column.name) for column in key) for row in gone]):
            connection.execute(delete(table).where(tuple_(*key).in_(some)))


def rows_of(connection: Connection, jobs: Sequence[int]) -> list[Row]:
    """All rows of these jobs."""
    rows: list[Row] = []
    for kind in (Job, Frame, Run, Exclusion):
        table = schema.TABLES[kind]
        column = table.c.id if kind is Job else table.c.job
        rows += made(kind, connection, select(table).where(column.in_(jobs)).order_by(*table.primary_key))
    return rows


def made(kind: Callable[..., T], connection: Connection, wanted: Select[Any]) -> list[T]:
    names = stored_fields(kind)
    return [kind(**{name: row[name] for name in names}) for row in connection.execute(wanted).mappings()]


def told(connection: Connection, wanted: Select[Any]) -> list[tuple[int, History]]:
    """Entries of the history, with their numbers."""
    names = tuple(History.__dataclass_fields__)
    return [(row["id"], History(**{n: row[n] for n in names})) for row in connection.execute(wanted).mappings()]


def batches(items: Sequence[T]) -> Iterable[Sequence[T]]:
    for start in range(0, len(items), AT_ONCE):
        yield items[start : start + AT_ONCE]


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
