"""Bytes on their way in: lines from a small buffer, payloads straight into their own.

Rules for this file: memory grows as bytes arrive, never as they are announced; a byte is looked at once.
"""

from __future__ import annotations

from lrnap.wire.payload import Buffer

CHUNK = 64 << 10  # bytes of one read while lines come
FIRST = 1 << 20  # bytes a payload's buffer starts with; it doubles as it fills, by STEP at most
STEP = 64 << 20


class Sink:
    """The buffer of one payload of known length: the caller's own, or one that grows as bytes arrive."""

    def __init__(self, length: int, into: memoryview | None = None) -> None:
        if into is not None and into.nbytes != length:
            raise ValueError(f"a buffer of {length} bytes is needed, not of {into.nbytes}")
        self.length = length
        self.got = 0
        self._into = into.cast("B") if into is not None and into.format != "B" else into
        self._own = bytearray()

    @property
    def missing(self) -> int:
        return self.length - self.got

    def room(self) -> memoryview:
        """A writable view for the next bytes. Grows the buffer here and not in `advance`: an event loop may still
        hold the former view while it reports what it read into it."""
        if self._into is not None:
            return self._into[self.got :]
        if self.got == len(self._own):
            grown = min(self.length, max(FIRST, self.got + min(self.got, STEP)))
            self._own += bytes(grown - self.got)
        return memoryview(self._own)[self.got :]

    def advance(self, count: int) -> None:
        self.got += count

    def write(self, data: memoryview) -> None:
        """Copies `data`, of at most `missing` bytes."""
        while data:
            with self.room() as room:
                count = min(len(room), len(data))
                room[:count] = data[:count]
            self.advance(count)
            data = data[count:]

    def data(self) -> memoryview:
        return self._into if self._into is not None else memoryview(self._own)


class Inbox:
    """Received bytes that are not yet part of an event."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self.searched = 0  # no LF before this offset
        self._chunk = bytearray(CHUNK)
        self._view: memoryview | None = None
        self._sink: Sink | None = None
        self.ended = False

    def __len__(self) -> int:
        return len(self._bytes)

    def first(self) -> int | None:
        return self._bytes[0] if self._bytes else None

    def get_buffer(self, sink: Sink | None) -> memoryview:
        """Where to receive: into `sink` if it is what comes next, else into a chunk of our own."""
        if self._view is not None:
            self._view.release()
        self._sink = sink if sink is not None and sink.missing and not self._bytes else None
        self._view = self._sink.room() if self._sink is not None else memoryview(self._chunk)
        return self._view

    def updated(self, count: int) -> None:
        if self._sink is not None:
            self._sink.advance(count)
        else:
            with memoryview(self._chunk) as chunk:
                self._bytes += chunk[:count]

    def receive(self, data: Buffer, sink: Sink | None) -> None:
        view = memoryview(data).cast("B")
        if self._view is not None:
            self._view.release()
            self._view = None
        if sink is not None and sink.missing and not self._bytes:
            count = min(sink.missing, len(view))
            sink.write(view[:count])
            view = view[count:]
        self._bytes += view

    def fill(self, sink: Sink) -> None:
        """Moves what is here already into `sink`."""
        count = min(sink.missing, len(self._bytes))
        if count:
            with memoryview(self._bytes) as view:
                sink.write(view[:count])
            self.drop(count)

    def line(self, limit: int) -> bytes | None:
        """The next line with its LF, taken out; None if it is not complete. `over(limit)` tells whether it is waited
        for in vain."""
        end = self._bytes.find(b"\n", self.searched, limit + 2)
        if end < 0:
            self.searched = min(len(self._bytes), limit + 2)
            return None
        return self.take(end + 1)

    def over(self, limit: int) -> bool:
        """Whether the line that `line` did not find is longer than `limit` bytes and CRLF."""
        return len(self._bytes) >= limit + 2

    def skip_line(self) -> bool:
        """Drops up to and with the next LF; whether there was one."""
        end = self._bytes.find(b"\n")
        self.drop(len(self._bytes) if end < 0 else end + 1)
        return end >= 0

    def take(self, count: int) -> bytes:
        taken = bytes(self._bytes[:count])
        self.drop(count)
        return taken

    def drop(self, count: int) -> int:
        """Drops up to `count` bytes; how many it were."""
        count = min(count, len(self._bytes))
        del self._bytes[:count]  # takes no time: a bytearray moves its start
        self.searched = 0
        return count

    def peek(self, count: int) -> bytes:
        return bytes(self._bytes[:count])
