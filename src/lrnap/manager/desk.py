"""Where events become facts: decided by the core, stored, and only then handed out as effects.

    desk = Desk(Store(url))
    step = desk.handle([Started()], now=monotonic(), wall=time())
    for effect in step.effects: ...

Blocking, for one thread at a time. If the store refuses, nothing has happened: the core is as it was, and the same
events can be handled again. Jobs that are over leave the memory here, and come back when an event names them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from lrnap.limits import ManagerLimits
from lrnap.manager import events
from lrnap.manager.core import Core, Step
from lrnap.manager.events import Event
from lrnap.manager.store import Store


class Desk:
    """`seams`: other sources of seeds and keys than chance, as `Core` takes them."""

    def __init__(self, store: Store, limits: ManagerLimits | None = None, **seams: Any) -> None:
        self.store = store
        self.core = Core(store.load(), limits, **seams)

    def handle(self, happened: Sequence[Event], *, now: float, wall: float) -> Step:
        """Raises LrnapError (UNAVAILABLE, FENCED) if the step could not be stored; then nothing has happened."""
        self._fetch(happened)
        step = self.core.handle(happened, now=now, wall=wall)
        if step.stores:
            try:
                self.store.write(step)
            except BaseException:
                self.core.undo(step)
                raise
        self.core.evict()
        return step

    # --- inside

    def _fetch(self, happened: Iterable[Event]) -> None:
        """Jobs that events name, from the store, as far as they are not here."""
        world = self.core.world
        for job in {job for event in happened for job in _jobs_of(event) if job not in world.jobs}:
            world.admit(self.store.load_job(job))
        others = {job for event in happened for job in _after_of(event)}
        others |= {
            other
            for event in happened
            for job in _jobs_of(event)
            if job in world.jobs
            for other in world.jobs[job].after
        }
        unknown = {job for job in others if job not in world.jobs}
        if unknown:
            world.know(self.store.states(unknown), self.store.names(unknown))
        self._fetch_submitted(happened)

    def _fetch_submitted(self, happened: Iterable[Event]) -> None:
        """Jobs that the same submissions made before."""
        world = self.core.world
        asked = {(event.owner, event.token) for event in happened if isinstance(event, events.Submit) and event.token}
        unknown = {pair for pair in asked if pair not in world.tokens}
        for known in self.store.find_tokens(unknown).values() if unknown else ():
            world.admit(self.store.load_job(known))


def _jobs_of(event: Event) -> Iterator[int]:
    if isinstance(event, events.JobEvent):
        yield event.job


def _after_of(event: Event) -> Iterator[int]:
    if isinstance(event, events.Submit | events.Change):
        yield from event.after or ()
