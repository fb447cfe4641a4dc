"""When the next film may set out on the line that films share, be it a network or this machine's processors.

Side by side films come later than one after the other, and each node is longer at it: the next sets out once the last
can have come. How long that takes the film says that came last. So the line is full, but not crowded, and films may be
read out at their nodes meanwhile; if they crowd all the same, they take longer, and the next ones set out later.

A film that does not come in good time holds up the others no longer: its node, or the line of that, may be slow. The
more there are on their way, the longer the last one is given, since it may be the line that they share which is slow.
Whoever comes first is served first.
Rules for this file: what films are, nobody here knows.
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from lrnap.limits import DATA_FRAME
from lrnap.manager.cadence import FRESH


class Line:
    """See the module."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[float, asyncio.Future[None]]] = deque()  # bytes of each
        self._travelling = 0
        self._pace = math.inf  # seconds for a byte, when the last film came
        self._size = math.inf  # bytes that it had
        self._set_out = -math.inf, 0.0  # of the last that did: the moment, its bytes
        self._timer: asyncio.TimerHandle | None = None

    @asynccontextmanager
    async def take(self, size: int | None) -> AsyncIterator[None]:
        """A film of so many bytes travels until the context ends; if that is not known, as many as the last had."""
        place = (self._size if size is None else size, asyncio.get_running_loop().create_future())
        self._waiting.append(place)
        self._serve()
        try:
            await place[1]
            yield
        finally:
            if place in self._waiting:
                self._waiting.remove(place)
            else:
                self._travelling -= 1
            self._serve()

    def came(self, size: int, seconds: float) -> None:
        """A film is here, and so much time was between its first frame and its last."""
        self._size = size
        if size > DATA_FRAME:
            self._pace = seconds / (size - DATA_FRAME)

    # --- inside

    def _serve(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        loop = asyncio.get_running_loop()
        while self._waiting:
            if (when := self._free()) > loop.time():
                self._timer = loop.call_at(when, self._serve)
                return
            size, given = self._waiting.popleft()
            self._set_out = loop.time(), size
            self._travelling += 1
            if not given.done():
                given.set_result(None)

    def _free(self) -> float:
        """When the next one may set out, unless something changes before."""
        if not self._travelling:
            return -math.inf
        moment, size = self._set_out
        needed = (size - DATA_FRAME) * self._pace if size > DATA_FRAME else 0.0  # a single frame crowds nobody
        return moment + min(needed, FRESH * self._travelling)
