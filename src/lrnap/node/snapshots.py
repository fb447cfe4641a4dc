"""Named snapshots: a film at one moment that any number of readers can fetch, in ranges and in several formats.

A snapshot never changes, so a reader that lost its connection goes on where it was. Readers that come while one is
being taken share it, and what was encoded once is not encoded again. The last few are kept, for a while.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field

from lrnap.errors import Code, LrnapError
from lrnap.film.develop import Settings
from lrnap.film.options import Options
from lrnap.film.snapshot import Snapshot
from lrnap.limits import NodeLimits
from lrnap.node import film_dump
from lrnap.node.film_dump import Encoded


@dataclass(slots=True, eq=False)
class Kept:
    """A snapshot with its name, and what it was encoded to."""

    name: str
    job: str
    film: Snapshot
    used: float
    encoded: dict[Hashable, asyncio.Task[Encoded]] = field(default_factory=dict)

    async def encode(self, kind: str, settings: Settings, compress: bool, options: Options | None = None) -> Encoded:
        """In a thread; once, however many ask for the same."""
        key = (kind, settings if kind in film_dump.WITH_SETTINGS else None, compress, options)
        task = self.encoded.get(key)
        if task is None:
            work = asyncio.to_thread(film_dump.encode, kind, self.film, settings, options, compress=compress)
            task = self.encoded[key] = asyncio.create_task(work)
            task.add_done_callback(lambda done: self._forget_failure(key, done))
        return await asyncio.shield(task)

    def _forget_failure(self, key: Hashable, task: asyncio.Task[Encoded]) -> None:
        if task.cancelled() or task.exception() is not None:
            self.encoded.pop(key, None)


class Snapshots:
    """The snapshots of a node, of all jobs together."""

    def __init__(self, limits: NodeLimits, clock: Callable[[], float] = time.monotonic) -> None:
        self._limits = limits
        self._clock = clock
        self.kept: dict[str, Kept] = {}  # in the order in which they were last used
        self._taking: dict[Hashable, asyncio.Task[Kept]] = {}
        self._count = 0

    async def take(self, job: str, film: Callable[[], Awaitable[Snapshot]], part: object = None) -> Kept:
        """A new snapshot of a job, or of a part of it, or the one that is being taken at this moment."""
        key = (job, part)
        task = self._taking.get(key)
        if task is None:
            task = self._taking[key] = asyncio.create_task(self._take(job, film))
            task.add_done_callback(lambda done: self._taken(key, done))
        return await asyncio.shield(task)

    def find(self, name: str, job: str | None) -> Kept:
        """Raises LrnapError (GONE) if it is not kept, or not of that job."""
        self.trim()
        kept = self.kept.get(name)
        if kept is None or (job is not None and kept.job != job):
            raise LrnapError(Code.GONE, f"the snapshot {name[:40]!r} is not kept any more: ask for a new one")
        return self._use(kept)

    def trim(self) -> None:
        """Forgets what is too old or too much; those who read one just now still have it."""
        oldest = self._clock() - self._limits.snapshot_seconds
        surplus = len(self.kept) - self._limits.snapshots
        for i, kept in enumerate([*self.kept.values()]):
            if i < surplus or kept.used < oldest:
                del self.kept[kept.name]

    def forget(self, job: str) -> None:
        """The job's film is gone."""
        for kept in [*self.kept.values()]:
            if kept.job == job:
                del self.kept[kept.name]

    async def _take(self, job: str, film: Callable[[], Awaitable[Snapshot]]) -> Kept:
        snapshot = await film()
        newest = next((k for k in reversed(self.kept.values()) if k.job == job), None)
        if newest is not None and _film(newest.film) == _film(snapshot):
            return self._use(newest)  # nothing was rendered since
        self._count += 1
        kept = Kept(f"S{self._count}", job, snapshot, self._clock())
        self.kept[kept.name] = kept
        self.trim()
        return kept

    def _use(self, kept: Kept) -> Kept:
        kept.used = self._clock()
        self.kept[kept.name] = self.kept.pop(kept.name)
        return kept

    def _taken(self, key: Hashable, task: asyncio.Task[Kept]) -> None:
        self._taking.pop(key, None)
        if not task.cancelled():
            task.exception()  # it is told to those who asked


def _film(snapshot: Snapshot) -> tuple[str, int, int]:
    """What two snapshots of one film have in common."""
    return snapshot.run, snapshot.epoch, snapshot.number
