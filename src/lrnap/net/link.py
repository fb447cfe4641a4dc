"""One connection of a server: bytes between the socket and `ServerConnection`, requests between it and a visit.

    socket -> ServerConnection -> lane (in order) | task (level 1, may overtake) -> Visit.answer -> socket

Order: at level 0 and without tags all replies go out in the order of the requests; at level 1 a tagged request whose
verb may overtake has a task of its own. Back-pressure: while the peer does not read, nothing more is answered, and
beyond a few requests nothing more is read. The peer going away ends transfers and waiting, but requests that were
received are done.
Rules for this file: nothing here knows what a verb does, except those that are about the connection (`session_verbs`).
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections import deque
from collections.abc import Callable, Coroutine
from dataclasses import replace
from functools import partial
from typing import Any, cast

from lrnap.errors import Code, LrnapError
from lrnap.limits import AUTH_TRIES
from lrnap.net.address import is_loopback
from lrnap.net.deadlines import Deadlines, Timers, tune, unread
from lrnap.net.gate import Gate, authorize
from lrnap.net.keyring import Grant
from lrnap.net.outgoing import Outgoing
from lrnap.net.service import Answer, Follow, Service, Session, Transfer, Visit
from lrnap.net.session_verbs import SESSION_VERBS
from lrnap.net.tls import speaks_lrnap
from lrnap.wire import (
    BadLine,
    Hangup,
    Offer,
    Order,
    Reply,
    Request,
    Role,
    ServerConnection,
    Signal,
    State,
    error,
    error_of,
)
from lrnap.wire.messages import format_reply

log = logging.getLogger("lrnap.net")

TURNS = 64  # requests of one lane before other connections get their turn
HEARD = 16  # requests of a peer that does not read: an order among them stops what it is being sent
PRESSING_SECONDS = 0.05  # between two looks whether a peer whose call failed still sends

Piece = Request | BadLine | Offer | Hangup


class Link(asyncio.BufferedProtocol):
    """See the module. Made by `Server` for each connection."""

    def __init__(
        self, service: Service, gate: Gate, deadlines: Deadlines, links: set[Link], refusal: LrnapError | None = None
    ) -> None:
        self.service = service
        self.gate = gate
        self.grant: Grant | None = None  # what the peer has shown
        self.session = Session(peer="?", local=False, role=gate.first_role)
        self.conn = ServerConnection(gate.limits(gate.first_role))
        self._deadlines = deadlines
        self._links = links
        self._refusal = refusal
        self._visit: Visit | None = None
        self._transport: asyncio.Transport | None = None
        self._lane: deque[Piece] = deque()
        self._lane_task: asyncio.Task[None] | None = None
        self._answers: set[asyncio.Task[None]] = set()  # those that may overtake
        self._follows: set[asyncio.Task[None]] = set()  # events, as long as the connection lives
        self._out = Outgoing(self.conn)
        self._timers = Timers()
        self._received = 0  # bytes so far
        self._paused = False  # the connection wants answers before more bytes
        self._pumping = False  # as soon as the loop is free
        self._ending = False

    # --- the socket's side (asyncio calls these)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport = cast(asyncio.Transport, transport)  # of uvloop, which is not a subclass
        self._transport = transport
        self._links.add(self)
        tune(transport)
        peer = transport.get_extra_info("peername") or ("local",)
        self.session.local = len(peer) < 2 or is_loopback(str(peer[0]))
        self.session.peer = ":".join(map(str, peer[:2]))
        self.session.here = ":".join(map(str, (transport.get_extra_info("sockname") or ())[:2]))
        self._out.open(transport)
        if not speaks_lrnap(transport):
            self.abort()
            return
        if self._refusal is not None:
            self._hang_up(Hangup(None), error_of(self._refusal))
            return
        self._visit = self.service.visit(self.session)
        if self.session.role is Role.NONE:
            self._deadline("hello", self._deadlines.hello, "the first line")
            self._deadline("auth", self._deadlines.auth, "CTL_AUTH")

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002
        return self.conn.get_buffer()

    def buffer_updated(self, nbytes: int) -> None:
        self._received += nbytes
        self.conn.buffer_updated(nbytes)
        self._pump()

    def eof_received(self) -> bool:
        """The peer sends no more; True keeps the other direction open, for what is still to be answered. TLS has no
        such half: there the connection ends, and what arrived is done."""
        self.conn.receive_eof()
        self._pump()
        return self._transport is not None and self._transport.get_extra_info("ssl_object") is None

    def pause_writing(self) -> None:
        self._out.pause()

    def resume_writing(self) -> None:
        self._out.resume()
        self._pump()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        """What waits for the peer ends; requests that arrived are still done, as their sender meant them to be."""
        self._transport = None
        self.session.closed.set()
        self._out.close()
        self.conn.receive_eof()
        self._timers.cancel_all()
        for task in self._answers | self._follows:
            task.cancel()
        if self._lane_task is None:
            self._finish()

    # --- events of the connection

    def _pump(self) -> None:
        """Takes events until the connection needs bytes, or answers, or the peer has to read first."""
        self._pumping = False
        while self._transport is not None and not self._ending:
            if not self._out.writable and self.conn.unanswered >= HEARD:
                self._read(False)
                return
            event = self.conn.next_event()
            match event:
                case Signal.NEED_DATA:
                    self._paused = False
                    self._read(True)
                    self._watch_payload()
                    return
                case Signal.PAUSED | Signal.CLOSED:
                    self._paused = True
                    self._read(False)
                    return
                case Hangup() if event.silent:
                    log.info("%s: not LRNAP, closed without an answer", self.session.peer)
                    self.abort()
                case Request() | BadLine() | Offer() | Hangup():
                    self._timers.cancel("hello")
                    self._take(event)

    def _take(self, event: Piece) -> None:
        request = event.request if isinstance(event, Offer) else event
        overtakes = (
            isinstance(request, Request)
            and self.conn.level > 0
            and request.tag is not None
            and (request.spec.order is Order.FREE or isinstance(event, Offer))
        )
        if overtakes:
            self._spawn(self._do(event), self._answers)
            return
        self._lane.append(event)
        self._start_lane()

    def _start_lane(self) -> None:
        if self._lane_task is None:
            self._lane_task = asyncio.get_running_loop().create_task(self._run_lane())
            self._lane_task.add_done_callback(self._lane_done)

    async def _run_lane(self) -> None:
        turns = 0
        while self._lane:
            await self._do(self._lane.popleft())
            turns += 1
            if not turns % TURNS:
                await asyncio.sleep(0)
        self._watch_pressing()  # before the last reply leaves: who waits for it has sent nothing more yet

    def _lane_done(self, task: asyncio.Task[None]) -> None:
        self._lane_task = None
        if task.cancelled():
            self._lane.clear()
        elif self._lane:  # it came between the last look and now
            self._start_lane()
            return
        self._task_done(task)
        if self._transport is None:
            self._finish()

    async def _do(self, event: Piece) -> None:
        match event:
            case Request():
                await self._send_answer(event.tag, await self._answer(event))
            case BadLine():
                if self._visit is not None:
                    self._visit.missed(event.verb, event.error)
                await self._send(error_of(event.error, tag=event.tag))
            case Offer():
                self._decide(event.request)
            case Hangup():
                while self._answers and event.error is None:
                    await asyncio.wait(self._answers)
                self._hang_up(event, error_of(event.error, tag=event.tag) if event.error else None)

    def _decide(self, request: Request) -> None:
        """Whether announced payloads are worth receiving."""
        refusal = self._guarded(lambda: self._check_offer(request))
        if self._transport is None:
            return
        if refusal is None:
            self.conn.accept()
        else:
            self.conn.refuse(replace(refusal, tag=request.tag))
        self._out.flush_soon()
        self._pump()

    def _check_offer(self, request: Request) -> None:
        authorize(self.session, request.spec)
        assert self._visit is not None
        self._visit.offer(request)

    # --- answers

    async def _answer(self, request: Request) -> Answer:
        try:
            authorize(self.session, request.spec)
            own = SESSION_VERBS.get(request.verb)
            if own is not None:
                return own(self, request)
            assert self._visit is not None
            return await self._visit.answer(request)
        except LrnapError as refused:
            return error_of(refused)
        except Exception:
            return self._defect(request)

    def _guarded(self, check: Callable[[], None]) -> Reply | None:
        try:
            check()
        except LrnapError as refused:
            return error_of(refused)
        except Exception:
            return self._defect(None)
        return None

    def _defect(self, request: Request | None) -> Reply:
        """Nobody is told what went wrong inside, except the log; the number connects the two."""
        number = secrets.token_hex(4)
        log.exception("defect %s at %s: %r", number, self.session.peer, request)
        return error(Code.INTERNAL, f"a defect of this server; its log tells more under the number {number}")

    async def _send_answer(self, tag: str | None, answer: Answer) -> None:
        reply = answer if isinstance(answer, Reply) else answer.reply
        await self._send(replace(reply, tag=tag), answer.offset if isinstance(answer, Transfer) else 0)
        if isinstance(answer, Follow):
            self._spawn(self._out.follow(answer.events), self._follows)

    async def _send(self, reply: Reply, offset: int = 0) -> None:
        await self._out.send(reply, offset)
        if self._paused and not self._pumping:
            self._pumping = True
            asyncio.get_running_loop().call_soon(self._pump)

    # --- what session verbs change

    def refused(self) -> None:
        """A wrong token: some are typed wrong, many are tried out."""
        self.session.refusals += 1
        if self.session.refusals >= AUTH_TRIES:
            self.quit()

    def authenticated(self, grant: Grant) -> None:
        self.grant = grant
        self.session.role, self.session.name = grant.role, grant.name
        self.conn.limits = self.gate.limits(grant.role)
        self._timers.cancel("auth")
        self._out.limit()

    def revoked(self) -> None:
        """The token that let it in counts no more: nothing else is answered."""
        self.session.role = Role.NONE
        self._hang_up(Hangup(None), error_of(LrnapError(Code.AUTH_FAILED, "the token was revoked")))

    def quit(self) -> None:
        """Closes as soon as what was answered so far is sent."""
        self._lane.clear()
        self._lane.append(Hangup())

    @property
    def unsent(self) -> int:
        """Bytes that wait for the peer to read."""
        return self._out.unsent

    # --- the end

    def _hang_up(self, hangup: Hangup, last_words: Reply | None) -> None:
        if self._transport is None or self._ending:
            return
        self._ending = True
        self._out.flush()
        if last_words is not None and not hangup.silent:
            self._transport.write(format_reply(last_words, self.conn.level))
        self._transport.close()

    def abort(self) -> None:
        """Ends the connection without waiting for what is not sent yet."""
        if self._transport is not None:
            self._transport.abort()

    def close(self) -> None:
        """The server stops: nothing more is answered."""
        self._ending = True
        if self._lane_task is not None:
            self._lane_task.cancel()
        if self._transport is not None:
            self._transport.close()

    def _finish(self) -> None:
        self._links.discard(self)
        visit, self._visit = self._visit, None
        if visit is not None:
            visit.close()

    # --- small parts

    def _watch_pressing(self) -> None:
        """After a call that failed: the peer has sent no more than was answered, so what comes now is a new try."""
        if not self.session.pressing or self._transport is None or self._lane:
            return
        if self.conn.idle and not self.unsent and not unread(self._transport):
            self.session.pressing = False
        else:
            self._timers.set("pressing", PRESSING_SECONDS, self._watch_pressing)

    def _read(self, on: bool) -> None:
        if self._transport is not None and not self._transport.is_closing():
            if on:
                self._transport.resume_reading()
            else:
                self._transport.pause_reading()

    def _spawn(self, work: Coroutine[Any, Any, None], among: set[asyncio.Task[None]]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        among.add(task)
        task.add_done_callback(self._task_done)

    def _task_done(self, task: asyncio.Task[None]) -> None:
        self._answers.discard(task)
        self._follows.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("a defect while answering %s", self.session.peer, exc_info=task.exception())
            self.abort()

    def _deadline(self, name: str, seconds: float, what: str) -> None:
        self._timers.set(name, seconds, lambda: self._too_late(f"{what} did not come within {seconds:g} seconds"))

    def _too_late(self, what: str) -> None:
        self._hang_up(Hangup(), error(Code.TIMEOUT, what))

    def _watch_payload(self) -> None:
        """While a payload is due, enough of it must come within every `stall` seconds."""
        if self.conn.state not in (State.PAYLOAD, State.PAYLOAD_END):
            self._timers.cancel("stall")
        elif "stall" not in self._timers:
            self._timers.set("stall", self._deadlines.stall, partial(self._check_stall, self._received))

    def _check_stall(self, before: int) -> None:
        seconds = self._deadlines.stall
        if self._received - before < self._deadlines.rate * seconds:
            rate = f"less than {self._deadlines.rate:g} bytes a second of the payload"
            self._too_late(f"{rate} came for {seconds:g} seconds")
        else:
            self._timers.cancel("stall")
            self._watch_payload()
