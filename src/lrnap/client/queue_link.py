"""A connection to a manager that comes back: what may be asked twice is asked again when the connection was lost."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from lrnap.client.connection import Connection
from lrnap.errors import Code, RemoteError
from lrnap.net.address import Address
from lrnap.wire import Reply, Scalar

T = TypeVar("T")

PATIENCE_SECONDS = 30.0  # a manager that is away for longer counts as gone; it may be being started again
RETRY_SECONDS = 0.5
LOOK_SECONDS = 10.0  # without an event: look nevertheless
STATS_RATE = 2.0  # statistics a second

_AWAY = frozenset({Code.UNAVAILABLE, Code.TIMEOUT})


@dataclass(frozen=True, slots=True)
class Fetched:
    """What follows a reply: its description, and the bytes."""

    fields: Mapping[str, Scalar]
    data: bytearray


class QueueLink:
    """See the module. `open` first; `close` at last."""

    def __init__(self, url: str) -> None:
        self.address = Address.parse(url)
        self.manager = False  # it has a queue
        self._connection: Connection | None = None
        self._opening = asyncio.Lock()

    async def open(self) -> None:
        """Raises RemoteError that names host, cause and cure."""
        connection = await self._connected()
        info = await connection.request("CTL_INFO")
        self.manager = str(info.fields.get("queue", "")) == "true"

    async def close(self) -> None:
        if self._connection is not None:
            await self._connection.close()

    async def _connected(self) -> Connection:
        async with self._opening:
            known = self._connection
            if known is None or known.lost is not None:
                fresh = Connection(self.address, wanted="lrnap manager")
                await fresh.open()
                self._connection = known = fresh
            return known

    async def ask(self, verb: str, *args: Scalar, **options: Scalar) -> Reply:
        """Once. Raises RemoteError."""
        return await (await self._connected()).request(verb, *args, options=options)

    async def insist(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        """What may be done twice: again for a while if the connection is lost meanwhile. Raises LrnapError."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            connection: Connection | None = None
            try:
                connection = await self._connected()
                return await work(connection)
            except RemoteError as error:
                lost = connection is None or connection.lost is not None
                if not lost or error.code not in _AWAY or time.monotonic() > deadline:
                    raise
            await asyncio.sleep(RETRY_SECONDS)

    async def again(self, verb: str, *args: Scalar, **options: Scalar) -> Reply:
        """As `ask`, for verbs that may be asked twice."""
        return await self.insist(lambda connection: connection.request(verb, *args, options=options))

    async def lines(self, verb: str, *args: Scalar, **options: Scalar) -> tuple[str, ...]:
        return (await self.again(verb, *args, **options)).text or ()

    async def fetch(self, job: str, options: Mapping[str, Scalar]) -> Fetched:
        """The film of a job, in whatever format. Raises RemoteError (HASH) if it arrives damaged."""
        return await self.insist(lambda connection: _fetch(connection, job, options))

    async def changes(self, job: str) -> AsyncGenerator[None]:
        """Comes whenever something may have changed of a job, at once to begin with."""
        while True:
            connection = await self.insist(_itself)
            subscription = await self.insist(
                lambda connection: connection.subscribe("state", "stats", job=job, rate=STATS_RATE)
            )
            yield
            try:
                while True:
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(anext(subscription), LOOK_SECONDS)
                    yield
            except RemoteError:
                if connection.lost is None:
                    raise


async def _itself(connection: Connection) -> Connection:
    return connection


async def _fetch(connection: Connection, job: str, options: Mapping[str, Scalar]) -> Fetched:
    data, fields = bytearray(), dict[str, Scalar]()
    async for reply in connection.frames("API_DumpFilmBuffer", job, options=options):
        if reply.final:
            digest = (await asyncio.to_thread(hashlib.sha256, data)).hexdigest()
            if digest != reply.fields.get("sha256"):
                raise RemoteError(Code.HASH, f"the film of {connection.address.url} arrived damaged: fetch it again")
            fields |= reply.fields
            continue
        if int(reply.fields["off"]) != len(data):
            raise RemoteError(Code.FRAMING, f"{connection.address.url} sent a film in disorder")
        data += reply.data or b""
    return Fetched(fields, data)
