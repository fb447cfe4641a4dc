"""What comes out of a connection, beside `Request` (server) and `Reply` (client)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from lrnap.errors import WireError
from lrnap.wire.messages import Request


class Signal(Enum):
    """NEED_DATA: feed more bytes. PAUSED: decide or answer first, and stop reading meanwhile. CLOSED: it is over."""

    NEED_DATA = "need data"
    PAUSED = "paused"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Offer:
    """A request whose payloads have not come yet: `accept()` or `refuse(reply)` it. PAUSED until then."""

    request: Request


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that is no request. Answer it with `messages.error_of(error, tag=tag)`; the session goes on."""

    error: WireError
    tag: str | None = None
    verb: str = ""  # as far as the line can be read: a scene misses a call whose line was bad


@dataclass(frozen=True, slots=True)
class Hangup:
    """The last event. `error` None: the peer ended the stream between two lines, or is to be left without an answer
    (`silent`). Otherwise send what is outstanding, then the error, and close."""

    error: WireError | None = None
    silent: bool = False
    tag: str | None = None
