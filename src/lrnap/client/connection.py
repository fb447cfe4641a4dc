"""A level-1 connection to a node or manager: requests with tags, their replies, and events.

Any number of tasks may use one connection. A task that is cancelled while it waits leaves the connection as it was:
the reply to its tag is dropped when it comes. When the connection is lost, everybody who waits learns why.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Self

from lrnap import __version__
from lrnap.errors import Code, RemoteError
from lrnap.net.address import Address
from lrnap.net.transport import ClientTransport
from lrnap.wire import Reply, Request, Scalar, Value, Word

HELLO_SECONDS = 10.0
IDLE_SECONDS = 10.0  # without a byte either way: ask whether it is still there
SILENT_SECONDS = 30.0  # without a byte, although asked: it is not
MAX_EVENTS = 256  # waiting in one subscription; older ones give way


class Connection:
    """Made by `connect`. `lost` tells why it ended, or is None. `wanted`: the command that serves there."""

    def __init__(self, address: Address, *, wanted: str = "lrnap node") -> None:
        self.address = address
        self._wanted = wanted
        self.server: Reply | None = None  # the answer to CTL_HELLO
        self.role = ""  # that a token gave
        self.lost: RemoteError | None = None
        self._transport: ClientTransport | None = None
        self._waiting: dict[str | None, asyncio.Future[Reply]] = {}
        self._frames: dict[str, Callable[[Reply], object]] = {}  # what is done with each, by tag
        self._subscriptions: dict[int, Subscription] = {}
        self._watch: asyncio.Task[None] | None = None

    async def open(self) -> None:
        self._transport = await ClientTransport.open(self.address, self._on_reply, self._on_lost, wanted=self._wanted)
        try:
            async with asyncio.timeout(HELLO_SECONDS):
                hello = Request("CTL_HELLO", (Word("LRNAP/1"),), {"client": f"lrnap/{__version__}"})
                reply = self.checked(await self._send(hello, None))
                if self._transport.token is not None:
                    proven = self.checked(await self._send(Request("CTL_AUTH", (self._transport.token,)), None))
                    self.role = str(proven.fields.get("role", ""))
        except TimeoutError:
            await self.close()
            raise RemoteError(
                Code.UNAVAILABLE, f"{self.address.url} does not answer: is another program there?"
            ) from None
        except BaseException:
            await self.close()
            raise
        self.server = reply
        self._watch = asyncio.get_running_loop().create_task(self._watch_over())

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Ends the connection; whoever still waits gets RemoteError. Idempotent."""
        if self._watch is not None:
            self._watch.cancel()
        if self._transport is not None:
            await self._transport.close()
        self._on_lost(RemoteError(Code.UNAVAILABLE, f"the connection to {self.address.url} was closed"))

    @property
    def own_end(self) -> str:
        """What the server calls this connection, unless somebody in between makes another of it: `HOST:PORT`."""
        return "" if self._transport is None else self._transport.own_end

    # -- asking

    async def request(
        self,
        verb: str,
        *args: Value,
        options: Mapping[str, Scalar] | None = None,
        into: memoryview | None = None,
        moved: Callable[[], object] | None = None,
    ) -> Reply:
        """The final reply, or RemoteError for an R_ERROR. `into`: where the frames of its film go; `moved` is called
        for each of them."""
        tag = self._new_tag()
        if moved is not None:
            self._frames[tag] = lambda _: moved()
        try:
            return self.checked(await self._send(Request(verb, args, options or {}, tag), into))
        finally:
            self._frames.pop(tag, None)

    def post(self, request: Request) -> asyncio.Future[Reply]:
        """Sends a request without waiting, for pipelines; the future gives its final reply, R_ERROR or not."""
        tag = self._new_tag()
        return self._send(Request(request.verb, request.args, request.options, tag), None)

    async def frames(self, verb: str, *args: Value, options: Mapping[str, Scalar]) -> AsyncIterator[Reply]:
        """The R_DATA frames of a reply, then its final reply. For a film whose size is not yet known."""
        tag = self._new_tag()
        queue: asyncio.Queue[Reply] = asyncio.Queue()
        self._frames[tag] = queue.put_nowait
        try:
            final = self._send(Request(verb, args, options, tag), None)
            while True:
                frame = asyncio.ensure_future(queue.get())
                await asyncio.wait((frame, final), return_when=asyncio.FIRST_COMPLETED)
                if frame.done():
                    yield frame.result()
                    continue
                frame.cancel()
                reply = self.checked(final.result())
                while not queue.empty():
                    yield queue.get_nowait()
                yield reply
                return
        finally:
            self._frames.pop(tag, None)

    async def subscribe(self, *topics: str, job: str | None = None, rate: float = 1.0) -> Subscription:
        """Events of a job, or of all, from now on: `async for event in subscription`. Statistics come at most `rate`
        times a second."""
        options: dict[str, Scalar] = {"rate": rate} if job is None else {"rate": rate, "job": job}
        reply = await self.request("CTL_SUBSCRIBE", *map(Word, topics), options=options)
        return self._subscription(int(reply.fields["sub"]))

    # -- inside

    def _send(self, request: Request, into: memoryview | None) -> asyncio.Future[Reply]:
        if self._transport is None or self.lost is not None:
            raise self._error_again()
        future: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._transport.send(request, into)
        self._waiting[request.tag] = future
        return future

    def checked(self, reply: Reply) -> Reply:
        """The reply, unless it is an error; then RemoteError, whose place is that of the scene or the server."""
        try:
            return reply.check()
        except RemoteError as error:
            error.at = error.at or self.address.url
            raise

    def _new_tag(self) -> str:
        if self._transport is None:
            raise self._error_again()
        return self._transport.wire.new_tag()

    def _error_again(self) -> RemoteError:
        """A fresh exception, because each raise adds to its traceback."""
        if self.lost is None:
            return RemoteError(Code.UNAVAILABLE, f"the connection to {self.address.url} is not open")
        return RemoteError(self.lost.code, self.lost.message)

    def _on_reply(self, reply: Reply) -> None:
        if reply.word == "R_EVENT":
            self._subscription(int(reply.fields.get("sub", 0))).put(reply)
        elif not reply.final:
            if reply.tag in self._frames:
                self._frames[reply.tag](reply)
        elif (future := self._waiting.pop(reply.tag, None)) is not None and not future.done():
            future.set_result(reply)
        elif reply.word == "R_ERROR" and reply.tag is None:
            self._on_lost(
                RemoteError(reply.code or Code.INTERNAL, f"{self.address.url}: {reply.fields.get('desc', '')}")
            )

    def _subscription(self, number: int) -> Subscription:
        """Of that number; events can come before the reply that announces it was taken."""
        if number not in self._subscriptions:
            self._subscriptions[number] = Subscription()
        return self._subscriptions[number]

    def _on_lost(self, error: RemoteError) -> None:
        if self.lost is not None:
            return
        self.lost = error
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(self._error_again())
                future.exception()  # it is told to those who still listen
        self._waiting.clear()
        for subscription in self._subscriptions.values():
            subscription.end(error)

    async def _watch_over(self) -> None:
        """Notices a peer that is gone without a word."""
        transport = self._transport
        assert transport is not None
        while self.lost is None:
            await asyncio.sleep(IDLE_SECONDS / 2)
            idle = time.monotonic() - transport.progress
            if idle > SILENT_SECONDS:
                error = RemoteError(Code.UNAVAILABLE, f"{self.address.url} has been silent for {idle:.0f} s")
                self._on_lost(error)
                await transport.close()
                return
            if idle > IDLE_SECONDS:
                with contextlib.suppress(RemoteError):
                    self._send(Request("CTL_PING", tag=self._new_tag()), None)


class Subscription:
    """The events of one subscription, ending with RemoteError when the connection is lost."""

    def __init__(self) -> None:
        self._events: list[Reply] = []
        self._some = asyncio.Event()
        self._error: RemoteError | None = None

    def put(self, event: Reply) -> None:
        self._events = [*self._events[1 - MAX_EVENTS :], event]
        self._some.set()

    def end(self, error: RemoteError) -> None:
        self._error = error
        self._some.set()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Reply:
        while not self._events:
            if self._error is not None:
                raise RemoteError(self._error.code, self._error.message)
            self._some.clear()
            await self._some.wait()
        return self._events.pop(0)


async def connect(url: str) -> Connection:
    """An open connection to `lrnap://host:port`. Raises RemoteError that names host, cause and cure."""
    connection = Connection(Address.parse(url))
    await connection.open()
    return connection
