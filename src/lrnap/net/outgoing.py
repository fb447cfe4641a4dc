"""What one connection of a server sends: replies as they come, films in pieces, never more than the peer reads."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from dataclasses import replace

from lrnap.limits import DATA_FRAME
from lrnap.wire import Reply, ServerConnection
from lrnap.wire.messages import frames

SMALL = 64 << 10  # pieces up to this size are joined into one write


class Outgoing:
    """Silent until `open`, and after `close`, when nothing waits for the peer any more."""

    def __init__(self, conn: ServerConnection) -> None:
        self._conn = conn
        self._transport: asyncio.Transport | None = None
        self._writable = asyncio.Event()
        self._due = False  # it is flushed as soon as the loop is free

    def open(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self.limit()
        self._writable.set()

    def limit(self) -> None:
        """So much waits for the peer at most, as its limits are now."""
        if self._transport is not None:
            self._transport.set_write_buffer_limits(high=min(DATA_FRAME, self._conn.limits.out_buffer))

    def close(self) -> None:
        self._transport = None
        self._writable.set()

    def pause(self) -> None:
        self._writable.clear()

    def resume(self) -> None:
        self._writable.set()

    @property
    def writable(self) -> bool:
        return self._writable.is_set()

    @property
    def unsent(self) -> int:
        """Bytes that wait for the peer to read."""
        return 0 if self._transport is None else self._transport.get_write_buffer_size()

    async def send(self, reply: Reply, offset: int = 0) -> None:
        """One reply; its data in pieces, between which others may be sent at level 1."""
        await self._turn()
        if reply.data is None:
            self._write(reply)
            self.flush_soon()
        elif self._conn.level:
            await self._send_frames(reply, offset)
        else:
            self._write(replace(reply, data=b""))
            self.flush()
            await self._send_bytes(memoryview(reply.data).cast("B"))

    async def _turn(self) -> None:
        """Until the peer has room. All who wait are woken at once, but the first one's frame may fill it again."""
        while not self._writable.is_set():
            await self._writable.wait()

    async def follow(self, events: AsyncIterator[Reply]) -> None:
        async for event in events:
            await self._turn()
            self._write(event)
            self.flush()

    async def _send_frames(self, reply: Reply, offset: int) -> None:
        """Frame by frame; between two of them everybody else has a turn. The hash is computed meanwhile."""
        data = memoryview(reply.data or b"").cast("B")
        digest = asyncio.create_task(asyncio.to_thread(lambda: hashlib.sha256(data).hexdigest()))
        last = offset + (len(data) - 1) // DATA_FRAME * DATA_FRAME
        if not data:
            await digest
        for frame in frames(reply, offset, sha256=digest.result):
            await self._turn()
            if self._transport is None:
                return
            self._write(frame)
            self.flush()
            await asyncio.sleep(0)
            if not frame.final and frame.fields["off"] == last:
                await digest

    async def _send_bytes(self, data: memoryview) -> None:
        for start in range(0, len(data), DATA_FRAME):
            await self._turn()
            if self._transport is None:
                return
            self._transport.write(data[start : start + DATA_FRAME])

    def _write(self, reply: Reply) -> None:
        if self._transport is not None:
            self._conn.send(reply)

    def flush_soon(self) -> None:
        """Once, however often it is asked for before the loop is free: replies leave together."""
        if not self._due:
            self._due = True
            asyncio.get_running_loop().call_soon(self.flush)

    def flush(self) -> None:
        """Writes what the connection wants sent: small pieces together, large ones as they are."""
        self._due = False
        if self._transport is None:
            return
        small: list[bytes | bytearray | memoryview] = []
        for piece in self._conn.data_to_send():
            if memoryview(piece).nbytes <= SMALL:
                small.append(piece)
                continue
            if small:
                self._transport.write(b"".join(small))
                small = []
            self._transport.write(piece)
        if small:
            self._transport.write(b"".join(small))
