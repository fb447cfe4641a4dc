"""What a manager does beside its work, so that it does not grow with the years.

What happened by itself leaves the history after a while, what people wanted long after; and scenes and assets that no
stored job names any more are given back to the bound of their store, where they go once room is needed.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

from lrnap.errors import LrnapError
from lrnap.manager.content import Content, Garbage
from lrnap.manager.store import Store

log = logging.getLogger("lrnap.manager")

T = TypeVar("T")
DAY = 86400.0
FIRST = 60.0  # seconds after the start, which has other things to do ...
EVERY = 3600.0  # ... and then between two times
SOON = 10.0  # after a job was removed: others may be removed with it
Query = Callable[[Callable[[Store], T]], Coroutine[Any, Any, T]]


@dataclass(frozen=True, slots=True)
class Keep:
    """Days that entries of the history are kept: of what `happened` by itself, and of what somebody `wanted`."""

    happened: float = 90.0
    wanted: float = 400.0


class Upkeep:
    def __init__(self, query: Query[Any], content: Content, keep: Keep) -> None:
        self._query, self._content, self._keep = query, content, keep
        self._removed = asyncio.Event()

    def a_job_was_removed(self) -> None:
        self._removed.set()

    async def go_on(self) -> None:
        """For ever."""
        wait = FIRST
        while True:
            try:
                async with asyncio.timeout(wait):
                    await self._removed.wait()
                await asyncio.sleep(SOON)
            except TimeoutError:
                pass
            self._removed.clear()
            try:
                await self.once()
            except LrnapError as error:
                log.warning("%s; what is old is looked for again in %.0f s", error, EVERY)
            wait = EVERY

    async def once(self) -> None:
        now, keep = time.time(), self._keep
        gone = await self._query(lambda store: store.prune(now - keep.happened * DAY, now - keep.wanted * DAY))
        if gone:
            log.info("%d old entries have left the history", gone)
        await self._needed()

    async def garbage(self, *, collect: bool = False) -> Garbage:
        """Scenes and assets that no job needs; with `collect` they are gone."""
        needed = await self._needed()
        if not collect:
            return await asyncio.to_thread(self._content.garbage, needed)
        removed = await asyncio.to_thread(self._content.collect, needed)
        log.info("%d scenes and assets that no job needed were removed: %d bytes", len(removed.files), removed.bytes)
        return removed

    async def _needed(self) -> set[str]:
        """What stored jobs name; the rest is held no longer."""
        before = self._content.held()
        needed: set[str] = await self._query(lambda store: store.needed())
        released = self._content.release_all_but(needed, before)
        if released:
            log.info("%d scenes and assets are needed by no job any more", released)
        return needed
