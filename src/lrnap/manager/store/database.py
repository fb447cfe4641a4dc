"""A database that may be locked or away for a while: what is asked of it is asked again, within a bound."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from lrnap.errors import Code, LrnapError
from lrnap.manager.store.engine import explain, file_of, identity, open_engine, rescue, upgrade

PATIENCE = 10.0  # seconds that a write is tried again before it fails
FIRST_WAIT, LONGEST_WAIT = 0.05, 1.0  # between tries

T = TypeVar("T")


class Database:
    """`url`: see `open_engine`, whose errors it raises; `patience`: in seconds.

    Whatever is asked raises LrnapError: UNAVAILABLE if the database stays locked or away, or its file is another than
    the one that was opened; INTERNAL if it refuses.
    """

    def __init__(self, url: str, *, patience: float = PATIENCE, sleep: Callable[[float], None] = time.sleep) -> None:
        self.engine = open_engine(url)
        self._patience = patience
        self._sleep = sleep
        self._file = file_of(self.engine)
        self._identity: tuple[int, int] | None = None
        self._rescued = ""  # what became of what a file held that is gone

    def upgrade(self) -> None:
        """Brings the tables up to date. The file in which they are is the one to be used from now on."""
        self.insist(lambda: upgrade(self.engine))
        if self._file is not None:
            self._identity = identity(self._file)

    def close(self) -> None:
        self.engine.dispose()

    def read(self, read: Callable[[Connection], T]) -> T:
        def attempt() -> T:
            with self.engine.connect() as connection:
                return read(connection)

        return self.insist(attempt)

    def write(self, write: Callable[[Connection], T]) -> T:
        """One transaction."""

        def attempt() -> T:
            with self.engine.begin() as connection:
                return write(connection)

        return self.insist(attempt)

    def insist(self, attempt: Callable[[], T]) -> T:
        """Tries again while the database is locked or away, within the bound."""
        waited, wait, began = 0.0, FIRST_WAIT, time.monotonic()
        while True:
            try:
                self._check_file()
                return attempt()
            except (OperationalError, InterfaceError) as error:
                if max(waited, time.monotonic() - began) >= self._patience:
                    raise LrnapError(
                        Code.UNAVAILABLE, f"{explain(error, self.engine)}; nothing was changed, and nothing is lost"
                    ) from error
            except DBAPIError as error:
                raise LrnapError(Code.INTERNAL, explain(error, self.engine)) from error
            self._sleep(wait)
            waited += wait
            wait = min(LONGEST_WAIT, wait * 2)

    def _check_file(self) -> None:
        if self._file is None or self._identity is None or identity(self._file) == self._identity:
            self._rescued = ""
            return
        if not self._rescued:
            self._rescued = rescue(self.engine, self._file)
        raise LrnapError(
            Code.UNAVAILABLE,
            f"the store {self._file} is gone or was replaced while the manager had it open: put it back, or start "
            f"the manager anew on what is there. {self._rescued}",
        )
