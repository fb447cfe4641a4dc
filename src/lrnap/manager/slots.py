"""Room for films that are on their way: so many at once, and so many bytes, however many nodes have one to give.

Whoever comes first is served first. A film that is larger than all the room travels alone.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Slots:
    """`count` films, of `room` bytes together. Of a film whose size is not known, that of the last is supposed."""

    def __init__(self, count: int, room: int) -> None:
        self._count, self._room = count, room
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()
        self._films = self._bytes = 0
        self._last = 0  # bytes of the film that was last said

    @asynccontextmanager
    async def take(self, size: int | None) -> AsyncIterator[None]:
        """A place for a film of so many bytes."""
        size = self._last = self._last if size is None else size
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((size, place))
        self._serve()
        try:
            await place
            yield
        finally:
            if place.done() and not place.cancelled():
                self._films -= 1
                self._bytes -= size
            else:
                self._waiting.remove((size, place))
            self._serve()

    def _serve(self) -> None:
        while self._waiting and self._films < self._count:
            size, place = self._waiting[0]
            if self._films and self._bytes + size > self._room:
                return
            self._waiting.popleft()
            if not place.done():
                self._films += 1
                self._bytes += size
                place.set_result(None)
