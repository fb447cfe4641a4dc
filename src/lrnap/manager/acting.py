"""Who acts: set where a request is answered, read where its wishes become events."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import replace

from lrnap.manager import events
from lrnap.manager.events import Event
from lrnap.net.service import Session

acting: ContextVar[Session | None] = ContextVar("acting", default=None)


def signed(event: Event) -> Event:
    """With the name of whoever acts, if it is a wish that nobody has signed yet."""
    session = acting.get()
    if session is None or not isinstance(event, events.Wanted) or event.by:
        return event
    return replace(event, by=session.who)
