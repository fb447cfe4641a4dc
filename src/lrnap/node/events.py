"""What happens on a node, for those who asked to be told: state changes, statistics, log lines.

State changes and log lines are numbered node-wide and the last of them kept, so that a subscriber that comes back can
go on after the last number it saw. Queues are bounded: the oldest give way, and a gap marker says what is missing.
Statistics are coalesced: of each job only the latest waits, under the number of the event before it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

from lrnap.errors import Code, LrnapError
from lrnap.wire import Reply, Scalar, event, gap

MAX_RATE = 20  # statistics a second for one subscriber; the engine is asked no more often


@dataclass(frozen=True, slots=True)
class Happening:
    seq: int
    topic: str  # "state", "stats" or "log"
    job: str | None
    fields: Mapping[str, Scalar]


class Subscription:
    """One subscriber's queue."""

    def __init__(self, number: int, topics: frozenset[str], job: str | None, pause: float, bound: int) -> None:
        self.number = number
        self.topics = topics
        self.job = job  # None: all
        self._pause = pause  # seconds between statistics
        self._bound = bound
        self._queue: deque[Happening] = deque()
        self._stats: dict[str | None, Happening] = {}
        self._missing: tuple[int, int] | None = None  # first and last number that had to give way
        self._some = asyncio.Event()
        self._closed = False

    def put(self, happening: Happening) -> None:
        if happening.topic not in self.topics or (self.job is not None and happening.job != self.job):
            return
        if happening.topic == "stats":
            self._stats[happening.job] = happening
        else:
            self._queue.append(happening)
            if len(self._queue) > self._bound:
                self.miss(self._queue[0].seq, self._queue.popleft().seq)
        self._some.set()

    def miss(self, first: int, last: int) -> None:
        """These numbers will not come, or some of them."""
        self._missing = (self._missing[0] if self._missing else first, last)

    def close(self) -> None:
        self._closed = True
        self._some.set()

    async def events(self) -> AsyncIterator[Reply]:
        """R_EVENTs as they come, until `close`. What cannot be taken in time is what the gap marker tells."""
        clock = asyncio.get_running_loop().time
        next_stats = 0.0
        while not self._closed:
            wait = max(0.0, next_stats - clock()) if self._stats else None
            if not self._queue and wait != 0.0:
                self._some.clear()
                try:
                    async with asyncio.timeout(wait):
                        await self._some.wait()
                except TimeoutError:
                    pass
            if self._missing is not None:
                missing, self._missing = self._missing, None
                yield gap(self.number, *missing)
            while self._queue:
                yield self._event(self._queue.popleft())
            if self._stats and clock() >= next_stats:
                stats, self._stats = self._stats, {}
                next_stats = clock() + self._pause
                for happening in stats.values():
                    yield self._event(happening)

    def _event(self, happening: Happening) -> Reply:
        return event(self.number, happening.seq, happening.topic, **happening.fields)


class Publisher:
    """All subscriptions of a node, and its last events."""

    def __init__(self, bound: int) -> None:
        self._bound = bound
        self._subscriptions: dict[int, Subscription] = {}
        self._count = 0
        self.seq = 0  # of the latest event
        self._last: deque[Happening] = deque(maxlen=bound)

    @property
    def wanted(self) -> frozenset[str]:
        """The topics that anybody wants: statistics that nobody wants need not be made."""
        return frozenset(topic for sub in self._subscriptions.values() for topic in sub.topics)

    def followed(self, job: str) -> bool:
        """Whether anybody wants the events of that job in particular."""
        return any(subscription.job == job for subscription in self._subscriptions.values())

    def subscribe(self, topics: frozenset[str], job: str | None, rate: float, since: int | None) -> Subscription:
        """`rate`: statistics at most this often a second. `since`: go on behind the event of that number."""
        if not 0 < rate <= MAX_RATE:
            raise LrnapError(Code.ARGS, f"rate is above 0 and at most {MAX_RATE} a second, not {rate:g}")
        self._count += 1
        made = Subscription(self._count, topics, job, 1 / rate, self._bound)
        self._subscriptions[made.number] = made
        if since is not None:
            since = since if since <= self.seq else 0  # a number of this node before it was started anew
            oldest = self._last[0].seq if self._last else self.seq + 1
            if since + 1 < oldest:
                made.miss(since + 1, oldest - 1)
            for happening in self._last:
                if happening.seq > since:
                    made.put(happening)
        return made

    def publish(self, topic: str, job: str | None, /, **fields: Scalar) -> None:
        if topic == "stats":
            happening = Happening(self.seq, topic, job, fields)
        else:
            self.seq += 1
            happening = Happening(self.seq, topic, job, fields)
            self._last.append(happening)
        for subscription in self._subscriptions.values():
            subscription.put(happening)

    def drop(self, subscription: Subscription) -> None:
        subscription.close()
        self._subscriptions.pop(subscription.number, None)
