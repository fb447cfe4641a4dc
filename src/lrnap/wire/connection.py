"""What the two ends of a connection share: bytes in, the state, bytes out. `ServerConnection`, `ClientConnection`.

Feed bytes with `receive_data(data)`, or let a socket write them in place: `get_buffer()`, then `buffer_updated(n)`.
Then take `next_event()` until it says NEED_DATA or PAUSED; while PAUSED, stop reading. `receive_eof()` ends the
stream. Messages to send go in with `send`; `data_to_send()` gives the pieces to write, in order.
Rules for this file: no I/O, no clock. Whatever the peer sends, no exception leaves: errors are events.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from typing import Generic, TypeVar

from lrnap.errors import Code, WireError
from lrnap.limits import WireLimits
from lrnap.wire import grammar
from lrnap.wire.events import Hangup, Signal
from lrnap.wire.inbox import Inbox, Sink
from lrnap.wire.payload import Buffer
from lrnap.wire.states import Cue, State, after

EventT = TypeVar("EventT")


class Connection(ABC, Generic[EventT]):
    """Level, limits and state of one end; see the module. `EventT` is what `next_event` gives beside `Signal`."""

    def __init__(self, limits: WireLimits, *, level: int = 0) -> None:
        self.limits = limits
        self.level = level
        self.state = State.LINE
        self._inbox = Inbox()
        self._sink: Sink | None = None  # what is being filled: a payload, a frame, the data of a reply
        self._out: deque[Buffer] = deque()
        self._hangup: Hangup | None = None  # the last event, not yet taken

    # --- bytes in

    def receive_data(self, data: Buffer) -> None:
        if self.state is not State.CLOSED:
            self._inbox.receive(data, self._sink)

    def get_buffer(self) -> memoryview:
        """A view to receive into; good until the next call. Of a payload's own memory wherever that comes next."""
        return self._inbox.get_buffer(self._sink)

    def buffer_updated(self, count: int) -> None:
        """`count` bytes were received into what `get_buffer` gave."""
        if self.state is not State.CLOSED:
            self._inbox.updated(count)

    def receive_eof(self) -> None:
        """The peer will send no more. What is complete still comes out, then `Hangup`."""
        self._inbox.ended = True

    def next_event(self) -> EventT | Hangup | Signal:
        """What happened next. After `Hangup` only CLOSED comes."""
        try:
            event = None if self._hangup else self._advance()
        except WireError as error:
            event = self._close(Hangup(error))
        if self._hangup:
            event, self._hangup = self._hangup, None
        if event is not None:
            return event
        if self.state is State.CLOSED:
            return Signal.CLOSED
        if self._inbox.ended:
            return self._end()
        return Signal.NEED_DATA

    @property
    def idle(self) -> bool:
        """Between two lines, with nothing received that is not an event yet."""
        return self.state is State.LINE and not len(self._inbox)

    # --- bytes out

    def data_to_send(self) -> list[Buffer]:
        """The pieces to write now, in order; each is given once."""
        pieces = list(self._out)
        self._out.clear()
        return pieces

    # --- for the two ends

    @abstractmethod
    def _advance(self) -> EventT | Hangup | Signal | None:
        """The next event from what is in the inbox; None if more is needed. Raises WireError if all is over."""

    def _go(self, cue: Cue) -> None:
        self.state = after(self.state, cue)

    def _close(self, hangup: Hangup) -> Hangup:
        self._go(Cue.FATAL)
        self._sink = None
        self._inbox.drop(len(self._inbox))
        return hangup

    def _end(self) -> Hangup:
        """The stream ended: well between two lines, badly inside anything."""
        if self.state is State.LINE and not len(self._inbox):
            return self._close(Hangup())
        return self._close(Hangup(WireError(Code.FRAMING, f"the stream ended while {self.state.value}", fatal=True)))

    def _text_line(self, line: bytes) -> str:
        """A line with its LF as text. Level 0 may end lines with LF alone, level 1 with CRLF only."""
        ends_well = line.endswith(b"\r\n")
        if self.level and not ends_well:
            raise WireError(Code.FRAMING, "at level 1 a line ends with CRLF", fatal=True)
        return grammar.decode(line[: -2 if ends_well else -1])

    def _filled(self) -> bool:
        """Moves bytes into the sink; whether it is full."""
        assert self._sink is not None
        self._inbox.fill(self._sink)
        return not self._sink.missing

    def _end_of_payload(self) -> bool:
        """Takes the CRLF behind a payload; False if it is not there yet."""
        if len(self._inbox) < 2 and self._inbox.first() in (None, 13):
            return False
        if self._inbox.take(2) != b"\r\n":
            raise WireError(Code.FRAMING, "a payload is not followed by CRLF: its length is wrong", fatal=True)
        return True
