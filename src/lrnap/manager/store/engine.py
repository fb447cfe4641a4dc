"""Opening a database: which kinds there are, how each is set up, and what their errors mean to a person."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

from lrnap.errors import Code, LrnapError

SQLITE_WAIT = 2.0  # seconds that SQLite itself waits for a lock, before it is asked anew
CONNECT_SECONDS = 5  # for a PostgreSQL server to answer
MIGRATIONS = Path(__file__).with_name("migrations")


def open_engine(url: str) -> Engine:
    """`sqlite:///path/to/file` or `postgresql://user@host/name`. Raises LrnapError (ARGS) for anything else."""
    parsed = _parse(url)
    if parsed.get_backend_name() == "sqlite":
        folder = Path(parsed.database or "").absolute().parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise LrnapError(Code.ARGS, f"no store can be made in {folder}: {error.strerror}") from None
        engine = create_engine(parsed, connect_args={"timeout": SQLITE_WAIT})
        event.listen(engine, "connect", _set_up_sqlite)
        return engine
    try:
        return create_engine(parsed, pool_pre_ping=True, connect_args={"connect_timeout": CONNECT_SECONDS})
    except ImportError:
        raise LrnapError(Code.UNSUPPORTED, "PostgreSQL needs one more package: pip install 'lrnap[postgres]'") from None


def upgrade(engine: Engine) -> None:
    """Brings the tables up to date; a new database gets them all. Raises LrnapError (UNSUPPORTED) for one that a newer
    lrnap has brought further."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    with engine.begin() as connection:
        found = MigrationContext.configure(connection).get_current_revision()
        if found is not None and found not in known:
            raise LrnapError(
                Code.UNSUPPORTED,
                f"the store {engine.url.render_as_string(hide_password=True)} is that of a newer lrnap (its tables are "
                f"version {found}, this one knows those up to {max(known)}): start it with the newer one, or put back "
                "the copy that was made before",
            )
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def file_of(engine: Engine) -> Path | None:
    """The file of a SQLite database."""
    return Path(engine.url.database or "").absolute() if engine.dialect.name == "sqlite" else None


def identity(path: Path) -> tuple[int, int] | None:
    """Which file it is; None: there is none. SQLite goes on writing into a file that was deleted."""
    try:
        known = path.stat()
    except OSError:
        return None
    return known.st_dev, known.st_ino


def rescue(engine: Engine, file: Path) -> str:
    """A copy of a SQLite file that is gone, as long as a connection has it open. One sentence: where it is."""
    copy = file.with_name(f"{file.name}.rescued")
    try:
        held = engine.raw_connection()
        try:
            source = held.driver_connection
            assert isinstance(source, sqlite3.Connection)
            source.execute("SELECT term FROM turns")
            with closing(sqlite3.connect(copy)) as target:
                source.backup(target)
        finally:
            held.close()
    except (OSError, sqlite3.Error, SQLAlchemyError) as error:
        return f"What it held could not be copied: {error}"
    return f"What it held is in {copy}, which can take its place once this manager has ended"


def explain(error: BaseException, engine: Engine) -> str:
    """One sentence: which store, and what is wrong with it."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    words = " ".join(str(cause).split())[:300]
    return f"the store {engine.url.render_as_string(hide_password=True)} cannot be used: {words}"


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
        kind = parsed.get_backend_name()
    except (ArgumentError, NoSuchModuleError):
        kind = ""
    if kind == "sqlite" and parsed.database and parsed.database != ":memory:":
        return parsed
    if kind in ("postgresql", "postgres"):
        return parsed.set(drivername="postgresql+psycopg")
    raise LrnapError(
        Code.ARGS, f"a store is sqlite:///path/to/file or postgresql://user@host/name, not {url.split('@')[-1][:80]!r}"
    )


def _set_up_sqlite(connection: sqlite3.Connection, _: Any) -> None:
    """Readers do not wait for the writer, and what was committed survives a power cut."""
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "temp_store=MEMORY"):
        connection.execute(f"PRAGMA {pragma}")
