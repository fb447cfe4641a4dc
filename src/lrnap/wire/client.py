"""The client's end of a connection: requests in, bytes out; bytes in, replies out.

Events: `Reply` (final ones, with their text and data; R_DATA frames; R_EVENT) and `Hangup`. Replies without a tag come
in the order of their requests. Requests may be sent at any time: what must wait for R_CONT, or for the answer to
CTL_HELLO or CTL_AUTH, waits here, with everything behind it. After each event look at `data_to_send` again.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace

from lrnap.errors import Code, WireError
from lrnap.limits import DATA_FRAME, POST_AUTH, WireLimits
from lrnap.wire.connection import Connection
from lrnap.wire.events import Hangup, Signal
from lrnap.wire.inbox import Sink
from lrnap.wire.messages import Reply, Request, format_request, parse_reply
from lrnap.wire.payload import MAX_NOWAIT, follows
from lrnap.wire.states import Cue, State
from lrnap.wire.verb import Order

MAX_TEXT_LINES = 1 << 20  # of one reply; a log of a million lines is read from its file


class ClientConnection(Connection[Reply]):
    """One connection of a client."""

    def __init__(self, limits: WireLimits = POST_AUTH, *, level: int = 0) -> None:
        super().__init__(limits, level=level)
        self._waiting: deque[Request] = deque()  # not sent yet
        self._untagged: deque[Request] = deque()  # sent, unanswered
        self._tagged: dict[str, Request] = {}
        self._blocker: Request | None = None  # sent, and nothing else may be until the server speaks
        self._into: dict[str, memoryview] = {}
        self._reply: Reply | None = None  # its text or data is arriving
        self._lines: list[str] = []
        self._missing = 0  # lines of text to come
        self._number = 0

    @property
    def unanswered(self) -> int:
        return len(self._untagged) + len(self._tagged) + len(self._waiting)

    # --- messages out

    def new_tag(self) -> str:
        """A tag that this connection has not used yet."""
        self._number += 1
        return str(self._number)

    def send(self, request: Request, into: memoryview | None = None) -> None:
        """Queues a request (see `data_to_send`). `into`: where the frames of its film go, by their offset; they must
        fit. Raises WireError for a request that no line can carry; nothing is queued then."""
        if request.tag in self._tagged or any(request.tag == other.tag for other in self._waiting if other.tag):
            raise ValueError(f"the tag #{request.tag} is in use")
        if request.tag is not None and not self.level:
            raise ValueError("tags need level 1")
        _ = request.spec  # an unknown verb is refused here, before anything is queued
        request = _with_send_mode(request)
        line = format_request(request)
        if len(line) - 2 > self.limits.line:
            raise WireError(Code.TOO_LONG, f"the line of {request.verb} is longer than {self.limits.line} bytes")
        if into is not None and request.tag is not None:
            self._into[request.tag] = into.cast("B")
        self._waiting.append(request)
        self._flush()

    def _flush(self) -> None:
        while self._waiting and self._blocker is None:
            request = self._waiting.popleft()
            if request.tag is None:
                self._untagged.append(request)
            else:
                self._tagged[request.tag] = request
            self._out.append(format_request(request))
            payloads = request.payloads
            if payloads and payloads[0].now:
                self._send_payloads(request)
            elif payloads or request.spec.order is Order.BARRIER:
                self._blocker = request

    def _send_payloads(self, request: Request) -> None:
        for payload in request.payloads:
            self._out += (payload.data or b"", b"\r\n")

    # --- events

    def _advance(self) -> Reply | Hangup | Signal | None:
        while True:
            match self.state:
                case State.LINE | State.TEXT:
                    line = self._inbox.line(self.limits.line)
                    if line is None:
                        if self._inbox.over(self.limits.line):
                            raise WireError(
                                Code.TOO_LONG, f"a reply line is longer than {self.limits.line} bytes", fatal=True
                            )
                        return None
                    text = self._text_line(line)
                    reply = (
                        self._head(parse_reply(text, self._level_of(text)))
                        if self.state is State.LINE
                        else self._text(text)
                    )
                case State.DATA:
                    if not self._filled():
                        return None
                    self._go(Cue.COMPLETE)
                    reply = self._with_data()
                case State.PAYLOAD:
                    if not self._filled():
                        return None
                    self._go(Cue.FILLED)
                    continue
                case State.PAYLOAD_END:
                    if not self._end_of_payload():
                        return None
                    self._go(Cue.COMPLETE)
                    reply = self._with_data()
                case _:
                    return None
            if reply is not None and (reply := self._deliver(reply)) is not None:
                return reply

    def _head(self, reply: Reply) -> Reply | None:
        """The reply of a line, if nothing follows it."""
        self._reply = reply
        if reply.word == "R_OK" and "lines" in reply.fields:
            count = _length(reply, "lines", MAX_TEXT_LINES)
            fields = {key: value for key, value in reply.fields.items() if key != "lines"}
            self._reply = replace(reply, fields=fields, text=())
            self._lines, self._missing = [], count
            if not count:
                return self._reply
            self._go(Cue.LINES_FOLLOW)
            return None
        if reply.data is not None:
            self._sink = Sink(_length(reply, "length", self.limits.payload))
            self._go(Cue.BYTES_FOLLOW)
            return None
        if reply.word == "R_DATA":
            self._sink = Sink(length := _length(reply, "len", DATA_FRAME), self._frame_room(reply, length))
            self._go(Cue.FRAME_FOLLOWS)
            return None
        return reply

    def _level_of(self, line: str) -> int:
        """The level a reply is written at: the answer to CTL_HELLO, if it is a yes, is the first of level 1."""
        hello = self._blocker is not None and self._blocker.verb == "CTL_HELLO" and self._blocker is self._asked_first()
        return 1 if hello and line.startswith("R_OK") else self.level

    def _asked_first(self) -> Request | None:
        return self._untagged[0] if self._untagged else None

    def _text(self, line: str) -> Reply | None:
        self._lines.append(line)
        if len(self._lines) < self._missing:
            return None
        assert self._reply is not None
        self._go(Cue.COMPLETE)
        return replace(self._reply, text=tuple(self._lines))

    def _with_data(self) -> Reply:
        assert self._reply is not None and self._sink is not None
        reply, self._sink = replace(self._reply, data=self._sink.data()), None
        return reply

    def _frame_room(self, reply: Reply, length: int) -> memoryview | None:
        """Where the caller wants this frame."""
        room = self._into.get(reply.tag or "")
        if room is None:
            return None
        offset = _length(reply, "off", self.limits.payload)
        if offset + length > len(room):
            raise WireError(Code.FRAMING, f"a frame ends at {offset + length}, the film at {len(room)}", fatal=True)
        return room[offset : offset + length]

    def _deliver(self, reply: Reply) -> Reply | None:
        """Settles what a reply answers; None if nobody waits for it (an R_CONT, or the tag of a request long gone)."""
        if reply.word == "R_EVENT":
            return reply
        asked = self._asked(reply)
        if asked is None:  # only a server's last word before it closes concerns us
            return reply if reply.word == "R_ERROR" and reply.tag is None else None
        if reply.word == "R_CONT":
            if asked is self._blocker and asked.payloads and asked.tag == reply.tag:
                self._blocker = None
                self._send_payloads(asked)
                self._flush()
            return None
        if reply.final:
            self._settle(asked, reply)
        return reply

    def _asked(self, reply: Reply) -> Request | None:
        if reply.tag is not None:
            return self._tagged.get(reply.tag)
        if reply.word == "R_CONT":
            return self._blocker
        return self._asked_first()

    def _settle(self, asked: Request, reply: Reply) -> None:
        if asked.tag is None:
            self._untagged.popleft()
        else:
            del self._tagged[asked.tag]
            self._into.pop(asked.tag, None)
        if asked.verb == "CTL_HELLO" and reply.word == "R_OK":
            self.level = 1
        if asked is self._blocker:
            self._blocker = None
            self._flush()


def _length(reply: Reply, key: str, limit: int) -> int:
    value = reply.fields.get(key)
    if not isinstance(value, int) or not 0 <= value <= limit:
        raise WireError(Code.FRAMING, f"{key} of {reply.word} is not a number from 0 to {limit}", fatal=True)
    return value


def _with_send_mode(request: Request) -> Request:
    """The request with its payloads marked `{n+}` if they are few bytes, `{n}` otherwise."""
    payloads = request.payloads
    if not payloads:
        return request
    now = sum(payload.length for payload in payloads) <= MAX_NOWAIT
    if any(payload.data is None for payload in payloads):
        raise ValueError("a payload without data cannot be sent; build it with Payload.of")
    return replace(
        request,
        args=tuple(replace(arg, now=now) if follows(arg) else arg for arg in request.args),
    )
