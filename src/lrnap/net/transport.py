"""The client's socket: connects to a server, writes what the wire gives, and hands on what comes.

A server whose address is encrypted must be known (`known.py`): nothing is sent before its fingerprint was compared.
Received bytes go straight into the buffers that the wire points at, payloads and films into their own memory. Writing
waits for a slow peer; a mesh is never copied as a whole into a send buffer.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import time
from collections.abc import Callable
from typing import cast

from lrnap.errors import Code, RemoteError, WireError
from lrnap.limits import KEEPALIVE_SECONDS
from lrnap.net import known, tls
from lrnap.net.address import Address
from lrnap.wire import ClientConnection, Hangup, Reply, Request, Signal

CONNECT_SECONDS = 10.0
GOODBYE_SECONDS = 1.0
WRITE_PIECE = 1 << 20  # bytes given to the socket before waiting for it

OnReply = Callable[[Reply], None]
OnLost = Callable[[RemoteError], None]


class ClientTransport(asyncio.BufferedProtocol):
    """One connection. Replies are given to `on_reply` in the order they come; `on_lost` is called once, at the end."""

    def __init__(self, address: Address, on_reply: OnReply, on_lost: OnLost) -> None:
        self.address = address
        self.wire = ClientConnection()
        self.progress = time.monotonic()  # when bytes last moved, either way
        self._on_reply = on_reply
        self._on_lost = on_lost
        self._transport: asyncio.Transport | None = None
        self._writable = asyncio.Event()
        self._something = asyncio.Event()  # to write
        self._writer: asyncio.Task[None] | None = None
        self._lost = False
        self._heard = False  # anything
        self._gone = asyncio.Event()  # the socket is closed
        self.token: str | None = None  # to show with CTL_AUTH

    @classmethod
    async def open(
        cls, address: Address, on_reply: OnReply, on_lost: OnLost, *, wanted: str = "lrnap node"
    ) -> ClientTransport:
        """Raises RemoteError that names the address, the cause and the cure. `wanted`: what serves there."""
        credentials = known.find(address) if address.tls else None
        if address.tls and credentials is None:
            raise RemoteError(Code.AUTH_REQUIRED, _stranger(address))
        protocol = await cls._connect(address, on_reply, on_lost, wanted)
        if credentials is not None:
            protocol.token = credentials.token
            await protocol._recognise(credentials.fingerprint)
        return protocol

    @classmethod
    async def _connect(cls, address: Address, on_reply: OnReply, on_lost: OnLost, wanted: str) -> ClientTransport:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                _, protocol = await loop.create_connection(
                    lambda: cls(address, on_reply, on_lost),
                    address.host,
                    address.port,
                    ssl=tls.client_context() if address.tls else None,
                )
        except (OSError, TimeoutError) as error:
            raise RemoteError(Code.UNAVAILABLE, _why_not(address, error, wanted)) from None
        return protocol

    async def _recognise(self, fingerprint: str) -> None:
        """Before a byte is sent: whether it is the server that the user has logged in to."""
        assert self._transport is not None
        shown = tls.peer_fingerprint(self._transport)
        if tls.same(shown, fingerprint) and tls.speaks_lrnap(self._transport):
            return
        await self.close()
        raise RemoteError(Code.AUTH_FAILED, _another(self.address, shown, fingerprint))

    @property
    def closed(self) -> bool:
        return self._lost

    @property
    def own_end(self) -> str:
        """What a server that sees us as we are calls us: `HOST:PORT`."""
        name = None if self._transport is None else self._transport.get_extra_info("sockname")
        return ":".join(map(str, name[:2])) if name else ""

    def send(self, request: Request, into: memoryview | None = None) -> None:
        """Queues a request; see `ClientConnection.send`."""
        if self._lost:
            raise RemoteError(Code.UNAVAILABLE, f"the connection to {self.address.url} is closed")
        self.wire.send(request, into)
        self._something.set()

    async def close(self) -> None:
        """Ends the connection; idempotent. `on_lost` is not called for it."""
        self._on_lost = _nothing
        self._lose(RemoteError(Code.UNAVAILABLE, f"the connection to {self.address.url} was closed"))
        if self._writer is not None:
            await asyncio.gather(self._writer, return_exceptions=True)
        if self._transport is not None:
            try:
                async with asyncio.timeout(GOODBYE_SECONDS):
                    await self._gone.wait()
            except TimeoutError:  # of a TLS peer that does not say goodbye
                self._transport.abort()

    # -- asyncio.BufferedProtocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport = cast(asyncio.Transport, transport)  # of uvloop, which is not a subclass
        self._transport = transport
        sock = transport.get_extra_info("socket")
        if sock is not None:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            if hasattr(socket, "TCP_KEEPIDLE"):
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, KEEPALIVE_SECONDS)
        self._writable.set()
        self._writer = asyncio.get_running_loop().create_task(self._write())

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002  # the wire knows better
        return self.wire.get_buffer()

    def buffer_updated(self, nbytes: int) -> None:
        self.progress = time.monotonic()
        self._heard = True
        self.wire.buffer_updated(nbytes)
        self._take_events()

    def eof_received(self) -> bool:
        self.wire.receive_eof()
        self._take_events()
        return False

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self.progress = time.monotonic()
        self._writable.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self._gone.set()
        cause = f": {exc}" if exc else ""
        self._lose(RemoteError(Code.UNAVAILABLE, f"the connection to {self.address.url} broke{cause}{self._hint()}"))

    # -- inside

    def _take_events(self) -> None:
        while not self._lost:
            match event := self.wire.next_event():
                case Reply():
                    self._on_reply(event)
                case Hangup():
                    self._lose(self._ended(event.error))
                case Signal():
                    break
        self._something.set()  # an R_CONT or an answer may have freed what waited

    def _ended(self, error: WireError | None) -> RemoteError:
        if error is None:
            return RemoteError(Code.UNAVAILABLE, f"{self.address.url} ended the connection{self._hint()}")
        return RemoteError(error.code, f"{self.address.url} does not speak LRNAP/1: {error.message}")

    def _hint(self) -> str:
        """Servers that encrypt say nothing to who does not."""
        mute = not self._heard and not self.address.tls
        return ", without a word: if it encrypts, its address begins with lrnaps://" if mute else ""

    async def _write(self) -> None:
        assert self._transport is not None
        while not self._lost:
            await self._something.wait()
            self._something.clear()
            for piece in self.wire.data_to_send():
                view = memoryview(piece).cast("B")
                for start in range(0, len(view), WRITE_PIECE):
                    await self._writable.wait()
                    if self._lost:
                        return
                    self._transport.write(view[start : start + WRITE_PIECE])

    def _lose(self, error: RemoteError) -> None:
        if self._lost:
            return
        self._lost = True
        self._writable.set()
        self._something.set()
        if self._transport is not None:
            self._transport.abort() if self._transport.get_write_buffer_size() else self._transport.close()
        self._on_lost(error)


def _nothing(_: RemoteError) -> None:
    pass


def _stranger(address: Address) -> str:
    return (
        f"{address.url} is not known here: type the line that `lrnap token` shows on its machine "
        f"(lrnap login {address.url} --token ... --fingerprint ...)"
    )


def _another(address: Address, shown: str, expected: str) -> str:
    return (
        f"{address.url} shows another certificate ({shown}) than the one you logged in to ({expected}): it was set up "
        "anew, or somebody is in between. Ask whoever runs it for the line of `lrnap token`, and log in again"
    )


def _why_not(address: Address, error: BaseException, wanted: str) -> str:
    """Cause and cure of a connection that did not come about."""
    if isinstance(error, TimeoutError):
        return f"{address.host} does not answer: is it switched on, and does a firewall allow port {address.port}?"
    if isinstance(error, ssl.SSLError | ConnectionResetError) and address.tls:
        return f"{address.url} does not speak TLS with LRNAP inside: is its address lrnap:// without s?"
    if isinstance(error, ConnectionRefusedError):
        return f"nothing listens at {address.url}: start `{wanted}` there"
    if isinstance(error, socket.gaierror):
        return f"there is no host {address.host!r}: check the name, or give its number"
    with contextlib.suppress(AttributeError):
        if "refused" in str(error) or all("refused" in str(e) for e in error.exceptions):  # type: ignore[attr-defined]
            return f"nothing listens at {address.url}: start `{wanted}` there"
    return f"cannot reach {address.url}: {error}"
