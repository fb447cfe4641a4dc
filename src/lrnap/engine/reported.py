"""The part of a run that answers at once, from what was last reported, wherever the engine is.

Rules for this file: no process and no connection; what reports calls `_enter` and adds to `_log`.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence

from lrnap.engine.protocol import RunOptions, RunState, RunStatus
from lrnap.film.snapshot import FilmLayout

LOG_LINES = 2000  # the last ones are kept


class ReportedRun:
    """A base for implementations of `lrnap.engine.protocol.Run`."""

    def __init__(self, options: RunOptions) -> None:
        self._options = options
        self._layout: FilmLayout | None = None
        self._status = RunStatus(RunState.BUILDING, epoch=options.epoch)
        self._changed = asyncio.Event()  # replaced after each change: an event is waited for once
        self._log: deque[str] = deque(maxlen=LOG_LINES)

    @property
    def name(self) -> str:
        return self._options.run

    @property
    def seed(self) -> int:
        return self._options.seed

    @property
    def layout(self) -> FilmLayout | None:
        return self._layout

    def status(self) -> RunStatus:
        return self._status

    def log(self, lines: int = 100) -> Sequence[str]:
        return tuple(self._log)[-lines:] if lines > 0 else ()

    async def events(self) -> AsyncIterator[RunStatus]:
        while True:
            changed = self._changed  # before the look, so that no change falls between look and wait
            status = self._status
            yield status
            if status.state.over:
                return
            await changed.wait()

    async def built(self) -> None:
        """Until its scene is built, or never will be."""
        async for status in self.events():
            if status.state is not RunState.BUILDING:
                return

    def _enter(self, status: RunStatus) -> None:
        self._status = status
        self._changed.set()
        self._changed = asyncio.Event()
