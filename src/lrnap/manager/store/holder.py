"""Who has a store: one manager at a time, and the next one that comes is told which.

A lock that ends with its process, however that ends: on a file beside a SQLite database, and of a session on a
PostgreSQL server. It keeps two managers from taking a store from each other for ever; what makes that harmless
nevertheless, where locks fail, is the term of the store.
"""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from pathlib import Path
from typing import IO

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import SQLAlchemyError

from lrnap.errors import Code, LrnapError
from lrnap.manager.store.engine import file_of

LOCK = "hashtext('lrnap ' || current_schema())"
NAME = "lrnap manager, "  # and then who it is, as the server shows its session


def this_process() -> str:
    return f"process {os.getpid()} on {socket.gethostname()}"


class Holder:
    """`hold` raises LrnapError (EXISTS) while another has the store; idempotent."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._path = file_of(engine)
        self._file: IO[str] | None = None
        self._session: Connection | None = None

    def hold(self) -> None:
        other = self._lock_file(self._path) if self._path is not None else self._lock_session()
        if other is not None:
            raise LrnapError(
                Code.EXISTS,
                f"a manager is already running on the store {self._engine.url.render_as_string(hide_password=True)}: "
                f"{other or 'it does not say which'}. Use that one, or end it first; `lrnap manager --take-over` "
                "takes the store from it, and it ends",
            )

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
        if self._session is not None:
            with suppress(SQLAlchemyError):  # said, since a server takes its time to see that a session has ended
                self._session.scalar(text(f"SELECT pg_advisory_unlock({LOCK})"))
            with suppress(SQLAlchemyError):
                self._session.close()
        self._file = self._session = None

    # --- inside: who else has it; None: nobody, and we have

    def _lock_file(self, path: Path) -> str | None:
        if self._file is not None:
            return None
        try:
            import fcntl
        except ImportError:  # then the term is all there is
            return None
        try:
            file = Path(f"{path}.lock").open("a+")  # noqa: SIM115  # as long as the store is open
        except OSError:
            return None
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            said = file.read(200).strip()
            file.close()
            return said
        except OSError:  # a file system without locks
            file.close()
            return None
        with suppress(OSError):  # a full disk: it is locked all the same
            file.truncate(0)
            file.write(this_process() + "\n")
            file.flush()
        self._file = file
        return None

    def _lock_session(self) -> str | None:
        if self._session is not None and not self._alive(self._session):
            self.close()
        if self._session is not None:
            return None
        session = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        session.detach()  # it ends when it is closed, instead of serving others under this name
        try:
            for name in ("idle", "interval", "count"):  # a machine that is gone holds nothing for hours
                session.execute(text(f"SET tcp_keepalives_{name} = 5"))
            named = text("SELECT set_config('application_name', :name, false)")
            session.execute(named, {"name": NAME + this_process()})
            if session.scalar(text(f"SELECT pg_try_advisory_lock({LOCK})")):
                self._session = session
                return None
            names = session.scalars(
                text("SELECT application_name FROM pg_stat_activity JOIN pg_locks USING (pid) WHERE granted AND "
                     "locktype = 'advisory' AND datname = current_database() AND application_name LIKE :like"),
                {"like": NAME + "%"},
            ).all()  # fmt: skip
        except BaseException:
            session.close()
            raise
        session.close()
        return str(names[0]).removeprefix(NAME) if names else ""

    @staticmethod
    def _alive(session: Connection) -> bool:
        try:
            session.scalar(text("SELECT 1"))
        except SQLAlchemyError:
            return False
        return True
