"""A wire between two programs that a test can cut, in either direction, and that can garble what it carries."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from time import sleep

from nodes import PATIENCE

from lrnap.net.address import Address

PIECE = 1 << 16  # bytes that are carried at once

Garble = Callable[[bytes], bytes | None]  # None: both ends lose the connection here


@dataclass
class Direction:
    """What happens to bytes that go one way. While it is cut they wait, as in a kernel that sends them again."""

    flows: threading.Event = field(default_factory=threading.Event)
    garble: Garble | None = None
    delay: Callable[[], float] | None = None  # seconds until a piece goes on

    def cut(self) -> None:
        self.flows.clear()

    def mend(self) -> None:
        self.flows.set()


class Proxy:
    """Listens for `target`; `there` is the way to it, `back` the way from it."""

    def __init__(self, target: Address) -> None:
        self.there, self.back = Direction(), Direction()
        self.there.mend()
        self.back.mend()
        self._target = (target.host, target.port)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept, name="proxy")]
        self._threads[0].start()

    @property
    def url(self) -> str:
        return Address("127.0.0.1", self._listening.getsockname()[1]).url

    def drop(self) -> None:
        """Every connection breaks; new ones can be made."""
        for end in [*self._open]:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listening.accept()
                try:
                    far = socket.create_connection(self._target, PATIENCE)
                except OSError:
                    near.close()
                    continue
                far.settimeout(None)
                self._open += [near, far]
                for source, sink, way in ((near, far, self.there), (far, near, self.back)):
                    thread = threading.Thread(target=self._carry, args=(source, sink, way), name="proxy")
                    self._threads.append(thread)
                    thread.start()

    def _carry(self, source: socket.socket, sink: socket.socket, way: Direction) -> None:
        with contextlib.suppress(OSError):
            while piece := source.recv(PIECE):
                way.flows.wait()
                if way.delay is not None:
                    sleep(way.delay())
                garbled = piece if way.garble is None else way.garble(piece)
                if garbled is None:
                    break
                sink.sendall(garbled)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._threads[0].join(PATIENCE)
        self.there.mend()
        self.back.mend()
        for end in self._open:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(PATIENCE)
            assert not thread.is_alive()
        for end in (*self._open, self._listening):
            end.close()


@contextlib.contextmanager
def proxy(target: Address) -> Iterator[Proxy]:
    between = Proxy(target)
    try:
        yield between
    finally:
        between.close()
