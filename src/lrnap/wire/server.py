"""The server's end of a connection: lines and payloads in, requests out; replies in, bytes out.

Events: `Request` (checked against the verb table, its payloads in it), `Offer`, `BadLine`, `Hangup`. Each but
Hangup is answered with exactly one final reply: `send` it; an Offer is first taken with `accept` or `refuse`.
After any of the three ask for the next event again: it may have been waiting for that.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import TypeAlias

from lrnap.errors import Code, WireError
from lrnap.limits import POST_AUTH, WireLimits
from lrnap.wire import grammar
from lrnap.wire.check import check_payloads, check_request
from lrnap.wire.connection import Connection
from lrnap.wire.events import BadLine, Hangup, Offer, Signal
from lrnap.wire.inbox import Sink
from lrnap.wire.messages import Reply, Request, format_reply, frames, parse_request, split_tag
from lrnap.wire.payload import MAX_DRAIN, Payload, follows
from lrnap.wire.states import Cue, State
from lrnap.wire.verb import Order

_HTTP = re.compile(rb"(?:GET|HEAD|POST|PUT|DELETE|CONNECT|OPTIONS|TRACE|PATCH|PRI) |[^\n]* HTTP/[0-9.]+\r?\n?\Z")
_VERB = re.compile(rb"[ \t]*(?:#[A-Za-z0-9-]+[ \t]+)?([A-Za-z0-9_]*)")
_BOGUS = frozenset({Code.SYNTAX, Code.TOO_LONG, Code.UNKNOWN_VERB})  # what a scanner gets and a person rarely

ServerEvent: TypeAlias = Request | Offer | BadLine


class ServerConnection(Connection[ServerEvent]):
    """One connection of a server. Give PRE_AUTH as `limits` where a token is needed, and set `limits` after it."""

    def __init__(self, limits: WireLimits = POST_AUTH, *, level: int = 0) -> None:
        super().__init__(limits, level=level)
        self._fresh = True  # no line yet
        self._mute = False  # nothing is sent any more
        self._bogus = 0  # unreadable lines in a row
        self._untagged = 0  # events handed out that are not answered yet; those with a tag are in _tags
        self._tags: set[str] = set()
        self._barrier: Request | None = None  # CTL_HELLO or CTL_AUTH, unanswered
        self._offer: Request | None = None  # whose payloads are announced or arriving
        self._into: list[memoryview | None] = []
        self._arrived: list[Payload] = []
        self._drain = 0  # bytes of refused payloads to drop

    @property
    def unanswered(self) -> int:
        return self._untagged + len(self._tags)

    # --- messages out

    def send(self, reply: Reply) -> None:
        """Queues a reply (see `data_to_send`). A final one answers its request: that with its tag, or the oldest
        without. At level 1 a final reply with `data` goes out as frames; `messages.frames` does it piece by piece."""
        if self._mute:
            return
        if self.level and reply.final and reply.data is not None:
            for frame in frames(reply):
                self.send(frame)
            return
        answers_barrier = self._settle(reply) if reply.final else False
        if answers_barrier and self._barrier and self._barrier.verb == "CTL_HELLO" and reply.word == "R_OK":
            self.level = 1
        self._out.append(format_reply(reply, self.level))
        if reply.data is not None:
            self._out.append(reply.data)
            if reply.word == "R_DATA":
                self._out.append(b"\r\n")
        if answers_barrier:
            self._lift_barrier()

    def accept(self, into: Sequence[memoryview | None] = ()) -> None:
        """Takes the payloads of the offer: into these buffers, or into memory that grows as they arrive."""
        self._go(Cue.ACCEPTED)
        assert self._offer is not None
        payloads = self._offer.payloads
        self._into = [*into, *([None] * (len(payloads) - len(into)))]
        self._arrived = []
        self._sink = Sink(payloads[0].length, self._into[0])
        if not payloads[0].now:
            self._out.append(format_reply(Reply("R_CONT", tag=self._offer.tag), self.level))

    def refuse(self, reply: Reply) -> None:
        """Answers the offer with an error. Payloads that come without waiting are dropped if they are few bytes;
        otherwise the connection ends."""
        if self.state is not State.OFFER or self._offer is None:
            raise WireError(Code.STATE, "there is no offer to refuse")
        offer, self._offer = self._offer, None
        self.send(reply)
        self._hangup = self._drop_payloads(offer)

    @property
    def received(self) -> tuple[int, ...]:
        """Bytes here of each payload of the offer that is arriving, so that a broken upload can go on later."""
        here = [payload.length for payload in self._arrived]
        return (*here, self._sink.got) if self._sink is not None else tuple(here)

    # --- events

    def _advance(self) -> ServerEvent | Hangup | Signal | None:
        while True:
            match self.state:
                case State.LINE:
                    if self._fresh and self._inbox.first() in (0x16, 0x00):  # a TLS hello, or nothing of ours
                        return self._hang_up_silently()
                    if self.unanswered >= self.limits.in_flight:
                        return Signal.PAUSED
                    line = self._inbox.line(self.limits.line)
                    if line is None and not self._inbox.over(self.limits.line):
                        return None
                    event = self._line(line)
                    if event is not None:
                        return event
                case State.SKIP:
                    if not self._inbox.skip_line():
                        return None
                    self._go(Cue.LINE_END)
                case State.OFFER | State.BARRIER:
                    return Signal.PAUSED
                case State.PAYLOAD:
                    if not self._filled():
                        return None
                    self._go(Cue.FILLED)
                case State.PAYLOAD_END:
                    if not self._end_of_payload():
                        return None
                    request = self._next_payload()
                    if request is not None:
                        return request
                case State.DRAIN:
                    self._drain -= self._inbox.drop(self._drain)
                    if self._drain:
                        return None
                    self._go(Cue.COMPLETE)
                case _:
                    return None

    def _line(self, line: bytes | None) -> ServerEvent | Hangup | None:
        """The event of a line; of one that is too long, if it is None. No event for an empty line."""
        fresh, self._fresh = self._fresh, False
        if fresh and _HTTP.match(self._inbox.peek(16) if line is None else line):
            return self._hang_up_silently()
        if line is None or len(line) - (2 if line.endswith(b"\r\n") else 1) > self.limits.line:
            return self._too_long(line)
        if not self.level:
            line = grammar.as_typed(line)
        tag, request = None, None
        try:
            text = self._text_line(line)
            if not text.strip(" \t"):
                return None
            tag = self._new_tag(text)
            request = parse_request(text, limit=self.limits.args)
            request = check_request(request, self.level)
            check_payloads(request, self.limits)
        except WireError as error:
            if request is None and not error.fatal and grammar.hides_payload(line.decode("utf-8", "replace")):
                error = WireError(Code.FRAMING, f"{error.message}; what follows cannot be read", fatal=True)
            return self._bad(error, tag, request, line)
        self._bogus = 0
        self._count(tag)
        if request.payloads:
            self._offer = request
            self._go(Cue.ANNOUNCED)
            return Offer(request)
        if request.spec.order is Order.BARRIER:
            self._barrier = request
            self._go(Cue.ASKED)
        return request

    def _too_long(self, line: bytes | None) -> ServerEvent | Hangup:
        limit = self.limits.line
        error = WireError(Code.TOO_LONG, f"the line is longer than {limit} bytes (line={limit})", fatal=self.level > 0)
        event = self._bad(error, None, None, line or self._inbox.peek(64))
        if line is None and self.state is State.LINE:
            self._go(Cue.TOO_LONG)
        return event

    def _bad(self, error: WireError, tag: str | None, request: Request | None, line: bytes) -> ServerEvent | Hangup:
        """The event of a line that is no request: the session goes on, unless what follows cannot be read."""
        if error.fatal:
            return self._close(Hangup(error, tag=tag))
        if error.code in _BOGUS:
            self._bogus += 1
            if self._bogus >= self.limits.bogus_lines:
                return self._close(Hangup(error, tag=tag))
        if request is not None and request.payloads and self._drop_payloads(request, announce=True):
            return self._close(Hangup(error, tag=tag))
        self._count(tag)
        verb = _VERB.match(line)
        return BadLine(error, tag, verb[1].decode() if verb else "")

    def _drop_payloads(self, request: Request, *, announce: bool = False) -> Hangup | None:
        """Prepares to drop the payloads of a refused request; the end of the connection if they are too large."""
        if announce:
            self._go(Cue.ANNOUNCED)
        total = sum(payload.length + 2 for payload in request.payloads)
        if not request.payloads[0].now:
            self._go(Cue.REFUSED)
        elif total <= MAX_DRAIN:
            self._drain = total
            self._go(Cue.REFUSED_COMING)
        else:
            return self._close(Hangup())
        return None

    def _next_payload(self) -> Request | None:
        """Keeps the payload that is complete; the request, once it was the last one."""
        assert self._offer is not None and self._sink is not None
        payloads = self._offer.payloads
        self._arrived.append(replace(payloads[len(self._arrived)], data=self._sink.data()))
        if len(self._arrived) < len(payloads):
            following = len(self._arrived)
            self._sink = Sink(payloads[following].length, self._into[following])
            self._go(Cue.NEXT)
            return None
        request, arrived = self._offer, iter(self._arrived)
        args = tuple(next(arrived) if follows(arg) else arg for arg in request.args)
        self._sink, self._offer, self._arrived, self._into = None, None, [], []
        self._go(Cue.COMPLETE)
        return replace(request, args=args)

    # --- which requests wait for their answer

    def _new_tag(self, text: str) -> str | None:
        tag, _ = split_tag(text)
        if tag is not None and tag in self._tags:
            raise WireError(Code.EXISTS, f"the tag #{tag} is in use; wait for its reply")
        return tag if self.level else None

    def _count(self, tag: str | None) -> None:
        if tag is None:
            self._untagged += 1
        else:
            self._tags.add(tag)

    def _settle(self, reply: Reply) -> bool:
        """Counts a final reply; whether it answers the barrier."""
        barrier = self._barrier is not None and reply.tag == self._barrier.tag
        if self.state is State.CLOSED:
            return False
        if reply.tag is not None:
            if reply.tag not in self._tags:
                raise ValueError(f"no request with the tag #{reply.tag} waits for an answer")
            self._tags.remove(reply.tag)
            return barrier
        if not self._untagged:
            raise ValueError("no request waits for an answer")
        self._untagged -= 1
        return barrier and not self._untagged

    def _lift_barrier(self) -> None:
        self._barrier = None
        self._go(Cue.ANSWERED)
        if len(self._inbox):
            message = "wait for the answer to CTL_HELLO or CTL_AUTH before sending more"
            self._hangup = self._close(Hangup(WireError(Code.FRAMING, message, fatal=True)))

    def _hang_up_silently(self) -> Hangup:
        self._mute = True
        return self._close(Hangup(silent=True))
