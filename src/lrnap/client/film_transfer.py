"""Films from a node: each byte is received where it stays, and the hash of all is checked."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from lrnap.client.connection import Connection
from lrnap.errors import Code, RemoteError
from lrnap.film import accum
from lrnap.film.snapshot import FilmLayout, Snapshot
from lrnap.wire import Reply, Scalar

_ACCUM: Mapping[str, Scalar] = {"format": "accum"}


def _now() -> float:
    return asyncio.get_running_loop().time()


@dataclass(slots=True)
class Travel:
    """A film on its way here: the moments, on the clock of the event loop, when it was asked for, when the first of it
    came and the newest, and when its node was done with it. None: not yet."""

    asked: float = field(default_factory=_now)
    first: float | None = None
    newest: float | None = None
    ended: float | None = None

    def moved(self) -> None:
        self.newest = _now()
        self.first = self.newest if self.first is None else self.first

    def end(self) -> None:
        self.ended = _now()

    @property
    def flowed(self) -> float:
        """Seconds from the first of it to the last that has come."""
        return 0.0 if self.first is None or self.newest is None else self.newest - self.first


async def fetch(connection: Connection, job: str, layout: FilmLayout | None, travel: Travel | None = None) -> Snapshot:
    """The film of a job, in memory that nobody writes to. `layout`: None if it is not known yet; `travel`: is told how
    it comes.

    Raises RemoteError for what the node refuses, and for what does not arrive as it was sent.
    """
    travel = Travel() if travel is None else travel
    if layout is None:
        return await _of_any_size(connection, job, travel)
    room = _room(layout)
    reply = await connection.request("API_DumpFilmBuffer", job, into=room, moved=travel.moved, options=_ACCUM)
    travel.end()
    return await _received(connection, reply, room)


async def _of_any_size(connection: Connection, job: str, travel: Travel) -> Snapshot:
    """The first frame says how large the film is, and makes the room for all."""
    where = connection.address.url
    room: memoryview | None = None
    async for reply in connection.frames("API_DumpFilmBuffer", job, options=_ACCUM):
        if reply.final:
            travel.end()
            if room is None:
                raise RemoteError(Code.FRAMING, f"{where} sent a film without content")
            return await _received(connection, reply, room)
        travel.moved()
        if room is None:
            room = _room(accum.layout_of(_fields(reply)))
        start, data = int(reply.fields["off"]), reply.data or b""
        if start + len(data) > len(room):
            raise RemoteError(Code.FRAMING, f"{where} sent a film that is larger than it said")
        room[start : start + len(data)] = data
    raise RemoteError(Code.FRAMING, f"{where} sent no film")


async def _received(connection: Connection, reply: Reply, room: memoryview) -> Snapshot:
    snapshot = accum.from_parts(_fields(reply), room)
    digest = await asyncio.to_thread(lambda: hashlib.sha256(room).hexdigest())
    if digest != reply.fields.get("sha256"):
        raise RemoteError(Code.HASH, f"the film of {connection.address.url} arrived damaged")
    snapshot.block.flags.writeable = False
    return snapshot


def _room(layout: FilmLayout) -> memoryview:
    """Memory for a film, as bytes."""
    return memoryview(np.empty(layout.floats, np.float32).data).cast("B")


def _fields(reply: Reply) -> dict[str, str]:
    """As `film.accum` reads them."""
    return {key.upper(): str(value) for key, value in reply.fields.items()}
