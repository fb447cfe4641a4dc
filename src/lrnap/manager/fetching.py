"""The films of one run, fetched one after the other, each for all who ask meanwhile.

A film that was asked for comes, and counts, though those who asked do not wait for it any more: its node has spent the
time. One of which nothing comes for a while leaves its place to others, and goes on coming.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from lrnap.client.film_transfer import Travel
from lrnap.client.remote import RemoteRun
from lrnap.engine.protocol import RunState
from lrnap.film.snapshot import Snapshot
from lrnap.limits import ManagerLimits
from lrnap.manager.cadence import Cadence
from lrnap.manager.line import Line
from lrnap.manager.slots import Slots

AT_ONCE = 8  # films that were asked for and are not kept yet, of either way
FILM_BYTES = ManagerLimits().film_bytes
PATIENCE = 30.0  # seconds without a byte of a film: the slowest engines read one of 4K in ten


@dataclass(frozen=True, slots=True)
class Way:
    """What films of many runs share on their way here."""

    room: Slots = field(default_factory=lambda: Slots(AT_ONCE, FILM_BYTES))
    line: Line = field(default_factory=Line)


class Fetching:
    """`keep`: what is done with a film before the next one is fetched. `last`: the way of runs that are over, whose
    nodes wait for it."""

    def __init__(self, run: RemoteRun, way: Way, last: Way, keep: Callable[[Snapshot], Awaitable[None]]) -> None:
        self._run = run
        self._ways = {False: way, True: last}
        self._keep = keep
        self._cadence = Cadence()
        self._taking: asyncio.Task[None] | None = None
        self._coming: asyncio.Task[Snapshot] | None = None
        self._travel: Travel | None = None

    async def take(self) -> None:
        """The film as it is now, or one that is on its way. Raises LrnapError if there is none, and what `keep`
        raises."""
        if self._taking is None or self._taking.done():
            self._travel = None
            self._taking = asyncio.create_task(self._take(), name=f"film of {self._run.name}")
            self._taking.add_done_callback(_ended)
        await asyncio.shield(self._taking)

    async def take_last(self) -> None:
        """As `take`, of a run that is over: one that is on its way is not the last, and one that was only wanted is
        wanted no more."""
        if self._taking is not None:
            if self._travel is None:
                self._taking.cancel()
            await asyncio.wait([self._taking])
        await self.take()

    @property
    def comes(self) -> bool:
        """The film that is wanted waits for its turn, or was asked for or heard of lately."""
        return self._travel is None or _now() < (self._travel.newest or self._travel.asked) + PATIENCE

    async def renew(self) -> None:
        """As `take`, unless the node has rendered too little since it sent the last."""
        if self._run.status().state is not RunState.RENDERING or _now() >= self._cadence.rested:
            await self.take()

    async def rest(self) -> None:
        """Until the next film is wanted."""
        await asyncio.sleep(self._cadence.next(self._run.status().seconds) - _now())

    async def close(self) -> None:
        """What is on its way is not waited for."""
        tasks = [task for task in (self._taking, self._coming) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # --- inside

    async def _take(self) -> None:
        way = self._ways[self._run.status().state.over]
        wanted = _now()
        try:
            while not await self._come(way):
                pass
        finally:
            self._coming = None
            if self._travel is not None:
                now = _now()
                self._cadence.took(wanted, self._travel.asked, self._travel.ended or now, now)

    async def _come(self, way: Way) -> bool:
        """Whether it came: if nothing does, others go first."""
        layout = self._run.layout
        size = None if layout is None else 4 * layout.floats
        async with way.room.take(size):
            async with way.line.take(size):
                snapshot = await self._arrival()
                if snapshot is None:
                    return False
                assert self._travel is not None
                way.line.came(4 * snapshot.layout.floats, self._travel.flowed)
            await self._keep(snapshot)
            self._run.let_go(snapshot)
        return True

    async def _arrival(self) -> Snapshot | None:
        """None: nothing has come of it for so long, but it may yet."""
        if self._coming is None:
            self._travel = Travel()
            self._coming = asyncio.create_task(self._run.snapshot(self._travel))
            self._coming.add_done_callback(_ended)
        began = _now()
        while not self._coming.done():
            assert self._travel is not None
            left = max(began, self._travel.newest or began) + PATIENCE - _now()
            if left <= 0:
                return None
            await asyncio.wait([self._coming], timeout=left)
        return self._coming.result()


def _now() -> float:
    return asyncio.get_running_loop().time()


def _ended(task: asyncio.Task[object]) -> None:
    """What went wrong is told to those who asked, if they still listen."""
    if not task.cancelled():
        task.exception()
