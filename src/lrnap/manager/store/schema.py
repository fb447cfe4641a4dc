"""The tables of the store, column by column as the row classes have their stored fields.

A change here needs a new file in `migrations/versions`; a test compares the two.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import Enum
from typing import Any

from sqlalchemy import BigInteger, Column, Dialect, Float, Index, Integer, MetaData, String, Table, Text, text
from sqlalchemy.types import TypeDecorator

from lrnap.manager.frames import Frame, FrameState
from lrnap.manager.jobs import Job, JobState
from lrnap.manager.nodes import Exclusion, Node, Standing
from lrnap.manager.runs import Run, RunState


class Words(TypeDecorator[str]):
    """Text of any origin; what a database cannot hold is replaced."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        return (
            value
            if value is None
            else value.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode()
        )


class State(TypeDecorator[Enum]):
    """A member of an enumeration, by its value."""

    impl = String(16)
    cache_ok = True

    def __init__(self, states: type[Enum]) -> None:
        super().__init__()
        self.states = states

    def process_bind_param(self, value: Enum | str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        return value.value if isinstance(value, Enum) else value

    def process_result_value(self, value: str | None, dialect: Dialect) -> Enum | None:  # noqa: ARG002
        return None if value is None else self.states(value)


class Several(TypeDecorator[Any]):
    """A tuple of texts or numbers, or a mapping of texts, as JSON."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else json.dumps(dict(value) if isinstance(value, Mapping) else list(value))

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ARG002
        if value is None:
            return None
        known = json.loads(value)
        return tuple(known) if isinstance(known, list) else known


metadata = MetaData()

# `history` counts with 64 bits; SQLite numbers rows by itself only in a column that it calls INTEGER.
_COUNTER = BigInteger().with_variant(Integer, "sqlite")

meta = Table(
    "meta",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("value", Text, nullable=False),
)

# One row. `term`: of the manager that has the store; the one before it can no longer write. `writes`: how many there
# were, so that one whose answer was lost is not done twice.
turns = Table(
    "turns",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("term", BigInteger, nullable=False),
    Column("writes", BigInteger, nullable=False),
)

job_table = Table(
    "jobs",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("key", String(32), nullable=False),
    Column("name", Words, nullable=False),
    Column("owner", Words, nullable=False),
    Column("state", State(JobState), nullable=False),
    Column("priority", Integer, nullable=False),
    Column("after", Several, nullable=False),
    Column("nodes_min", Integer, nullable=False),
    Column("nodes_max", Integer, nullable=False),
    Column("tags", Several, nullable=False),
    Column("spp", Float),
    Column("seconds", Float),
    Column("noise", Float),
    Column("scene", String(64), nullable=False),
    Column("assets", Several),
    Column("output", Words, nullable=False),
    Column("develop", Several),
    Column("epoch", Integer, nullable=False),
    Column("token", Words, nullable=False),
    Column("submitted", Float, nullable=False),
    Column("ended", Float),
    Column("failures", Integer, nullable=False),
    Column("code", String(32), nullable=False),
    Column("error", Words, nullable=False),
    Index("jobs_by_state", "state", "id"),
    Index("jobs_by_name", "name", "id"),
    Index("jobs_by_token", "owner", "token"),
)

frame_table = Table(
    "frames",
    metadata,
    Column("job", Integer, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("state", State(FrameState), nullable=False),
    Column("scene", String(64), nullable=False),
    Column("changes", String(64), nullable=False),
    Column("round", Integer, nullable=False),
    Column("noise", Float),
    Column("failures", Integer, nullable=False),
    Column("refusals", Integer, nullable=False),
    Column("code", String(32), nullable=False),
    Column("error", Words, nullable=False),
)

run_table = Table(
    "runs",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("job", Integer, nullable=False),
    Column("frame", Integer, nullable=False),
    Column("node", Integer, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("seed", BigInteger, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("round", Integer, nullable=False),
    Column("state", State(RunState), nullable=False),
    Column("started", Float, nullable=False),
    Column("ended", Float),
    Column("samples", Float, nullable=False),
    Column("spp", Float, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("code", String(32), nullable=False),
    Column("error", Words, nullable=False),
    Index("runs_by_job", "job", "frame"),
    Index("seeds", "job", "seed", unique=True),
)

node_table = Table(
    "nodes",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("url", Words, nullable=False),
    Column("standing", State(Standing), nullable=False),
    Column("tags", Several, nullable=False),
    Column("threads", Integer, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("strikes", Several, nullable=False),
    Column("note", Words, nullable=False),
    Column("joined", Words, nullable=False, server_default=""),
)

exclusion_table = Table(
    "exclusions",
    metadata,
    Column("job", Integer, primary_key=True, autoincrement=False),
    Column("node", Integer, primary_key=True, autoincrement=False),
    Column("failures", Integer, nullable=False),
)

history_table = Table(
    "history",
    metadata,
    Column("id", _COUNTER, primary_key=True, autoincrement=True),
    Column("wall", Float, nullable=False),
    Column("kind", String(8), nullable=False),
    Column("subject", Words, nullable=False),
    Column("job", Integer, nullable=False),
    Column("step", String(32), nullable=False),
    Column("state", String(16), nullable=False),
    Column("reason", Words, nullable=False),
    Column("who", Words, nullable=False, server_default=""),
    Index("history_by_job", "job", "id"),
    Index("history_wanted", "id", sqlite_where=text("who != ''"), postgresql_where=text("who != ''")),
)

TABLES: Mapping[type, Table] = {
    Job: job_table,
    Frame: frame_table,
    Run: run_table,
    Node: node_table,
    Exclusion: exclusion_table,
}
