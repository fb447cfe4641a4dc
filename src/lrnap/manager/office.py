"""The desk and the one thread that it works in: events of many tasks become steps, one after the other.

    office.post(event)              something happened; it will be handled, however long the store is away
    await office.do(event)          somebody wants something; the answer, once it is stored, or why not

What happens within a moment is one step: one transaction, one look at the schedule. What nobody has looked at gives way
to what says the same anew. `perform` is called with each step that is stored, in the loop's thread.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar

from lrnap.errors import Code, LrnapError
from lrnap.manager import events
from lrnap.manager.acting import signed
from lrnap.manager.core import Core, Step
from lrnap.manager.desk import Desk
from lrnap.manager.events import Event
from lrnap.manager.jobs import Job
from lrnap.manager.nodes import Node
from lrnap.manager.store import Store
from lrnap.manager.views import View, view_of
from lrnap.manager.world import Row

log = logging.getLogger("lrnap.manager")

T = TypeVar("T")
MOMENT = 0.05  # seconds in which events are gathered
TICK = 1.0  # seconds
STILL_OURS = 5.0  # seconds between two looks whether the store is
VIEW_SHARE = 0.1  # of the desk's time may go into views of jobs that only went on
AWAY = 1.0  # seconds until a store that is away is tried again

Perform = Callable[[Step, dict[int, View]], None]


@dataclass(slots=True)
class _Entry:
    event: Event
    answer: asyncio.Future[object] | None = None


@dataclass(slots=True)
class Office:
    """`watched`: jobs that somebody looks at all the time; `perform` gets a new view of each that has changed."""

    desk: Desk
    perform: Perform
    watched: Callable[[], Iterable[int]]
    fenced: asyncio.Event = field(default_factory=asyncio.Event)  # another manager has the store: this one must end
    steps: int = 0
    handled: int = 0
    is_open: bool = False
    _changed: set[int] = field(default_factory=set)  # watched jobs that there is no new view of yet
    _views_due: float = 0.0
    _away: dict[str, str] = field(default_factory=dict)  # why the store cannot be used
    _entries: list[_Entry] = field(default_factory=list)
    _some: asyncio.Event = field(default_factory=asyncio.Event)
    _thread: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "desk"))
    _readers: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(4, "store"))
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def open(self) -> None:
        """From now on events are handled, and time passes."""
        self.is_open = True
        work = {"desk": self._work(), "tick": self._tick(), "still ours": self._still_ours()}
        self._tasks = [asyncio.create_task(doing, name=name) for name, doing in work.items()]

    async def close(self) -> None:
        self.is_open = False
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._refuse(self._entries, LrnapError(Code.UNAVAILABLE, "the manager is ending"))
        await asyncio.to_thread(self._thread.shutdown)
        await asyncio.to_thread(self._readers.shutdown)
        self.desk.store.close()

    def post(self, event: Event) -> None:
        self._entries.append(_Entry(event))
        self._some.set()

    async def do(self, event: Event) -> object:
        """See `queue.Queue`."""
        answer: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        self._entries.append(_Entry(signed(event), answer))
        self._some.set()
        return await answer

    async def look(self, read: Callable[[Core], T]) -> T:
        """See `queue.Queue`."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, read, self.desk.core)

    async def query(self, read: Callable[[Store], T]) -> T:
        """See `queue.Queue`."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, read, self.desk.store)

    async def view(self, job: int) -> View | None:
        """A job as it is now; None: there is none."""
        return await self.look(lambda core: view_of(core, self.desk.store, job))

    @property
    def waiting(self) -> int:
        return len(self._entries)

    # --- inside

    async def _tick(self) -> None:
        while True:
            if not any(isinstance(entry.event, events.Tick) for entry in self._entries):
                self.post(events.Tick())
            await asyncio.sleep(TICK)

    async def _still_ours(self) -> None:
        """A manager without work writes nothing, and so has to ask whether another has taken the store over."""
        while not self.fenced.is_set():
            await asyncio.sleep(STILL_OURS)
            try:
                await self.query(lambda store: store.check())
                self._store_is_there("asked")
            except LrnapError as error:
                if error.code is Code.FENCED:
                    log.error("%s", error)
                    self.fenced.set()
                else:
                    self._store_is_away("asked", error)

    def _store_is_away(self, what: str, error: LrnapError) -> None:
        """Each reason is told once, whether it could not be `written` or not even be `asked`; and its end, once."""
        if str(error) not in self._away.values():
            log.warning("%s", error)
        self._away[what] = str(error)

    def _store_is_there(self, *what: str) -> None:
        over = [self._away.pop(one) for one in what if one in self._away]
        if over and not self._away:
            log.info("the store can be used again")

    async def _work(self) -> None:
        while True:
            await self._some.wait()
            await asyncio.sleep(MOMENT)
            entries, self._entries = _newest(self._entries), []
            self._some.clear()
            try:
                await self._step(entries)
            except Exception:  # whatever it is, the manager must go on
                log.exception("defect in a step of the manager")
                self._refuse(entries, LrnapError(Code.INTERNAL, "a defect of this server; its log tells more"))

    async def _step(self, entries: list[_Entry]) -> None:
        loop = asyncio.get_running_loop()
        watched = frozenset(self.watched())
        try:
            step, views = await loop.run_in_executor(
                self._thread, self._handle, [entry.event for entry in entries], watched
            )
        except LrnapError as error:
            self._refuse(entries, error)
            if error.code is Code.FENCED:
                log.error("%s", error)
                self.fenced.set()
                return
            self._store_is_away("written", error)
            posted = [e for e in entries if e.answer is None and not isinstance(e.event, events.Tick)]
            self._entries[:0] = posted
            await asyncio.sleep(AWAY)
            self._some.set()
            return
        if step.journal:  # it was written
            self._store_is_there("written", "asked")
        self.steps += 1
        self.handled += len(entries)
        self.perform(step, views)
        for entry, answer in zip(entries, step.answers, strict=True):
            if entry.answer is None:
                if isinstance(answer, LrnapError):
                    log.debug("%s: %s", entry.event, answer)
            elif not entry.answer.done():
                _settle(entry.answer, answer)

    def _handle(self, happened: Sequence[Event], watched: frozenset[int]) -> tuple[Step, dict[int, View]]:
        step = self.desk.handle(happened, now=time.monotonic(), wall=time.time())
        rows = [row for pair in step.journal for row in pair if row is not None]
        self._changed |= {_job_of(row) for row in rows}
        self._changed &= watched
        return step, self._views({row.id for row in rows if isinstance(row, Job)})

    def _views(self, urgent: set[int]) -> dict[int, View]:
        """Of watched jobs that have changed: at once where the job itself did, else as often as leaves most of the
        time to other work, since a view is a look at all frames and runs."""
        began = time.monotonic()
        due = self._changed if began >= self._views_due else self._changed & urgent
        self._changed = self._changed - due
        found = {job: view_of(self.desk.core, self.desk.store, job) for job in due}
        if found:
            now = time.monotonic()
            self._views_due = now + (now - began) * (1 / VIEW_SHARE - 1)
        return {job: view for job, view in found.items() if view is not None}

    def _refuse(self, entries: Iterable[_Entry], error: LrnapError) -> None:
        for entry in entries:
            if entry.answer is not None and not entry.answer.done():
                _settle(entry.answer, error)


def _job_of(row: Row) -> int:
    """0 for what belongs to no job."""
    match row:
        case Job():
            return row.id
        case Node():
            return 0
        case _:
            return row.job


def _settle(future: asyncio.Future[object], answer: object) -> None:
    if isinstance(answer, LrnapError):
        future.set_exception(answer)
    else:
        future.set_result(answer)


def _newest(entries: list[_Entry]) -> list[_Entry]:
    """Without what is said again, and newer, behind it: so a store that is away for long fills no memory."""
    last = {subject: i for i, entry in enumerate(entries) if (subject := _subject(entry.event)) is not None}
    return [e for i, e in enumerate(entries) if (subject := _subject(e.event)) is None or last[subject] == i]


def _subject(event: Event) -> tuple[str | int, ...] | None:
    """What an event says all there is to say about, whatever was said before."""
    match event:
        case events.RunReport():
            return "report", event.run
        case events.Counted():
            return "film", event.run, event.epoch
        case events.NodeHeard(foreign=str()):
            return "node", event.node, event.generation
        case _:
            return None
