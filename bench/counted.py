"""A way to a server on which bytes are counted."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from lrnap.net.address import Address

PIECE = 1 << 18


class Counted:
    """`url` leads to the server; `there` and `back` are the bytes that have gone either way."""

    def __init__(self, url: str) -> None:
        self.there = self.back = 0
        target = Address.parse(url)
        self._target = (target.host, target.port)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = Address("127.0.0.1", self._listening.getsockname()[1]).url
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listening.accept()
                far = socket.create_connection(self._target)
                for source, sink, way in ((near, far, "there"), (far, near, "back")):
                    threading.Thread(target=self._carry, args=(source, sink, way), daemon=True).start()

    def _carry(self, source: socket.socket, sink: socket.socket, way: str) -> None:
        with suppress(OSError):
            while data := source.recv(PIECE):
                setattr(self, way, getattr(self, way) + len(data))
                sink.sendall(data)
        with suppress(OSError):
            sink.shutdown(socket.SHUT_WR)


@contextmanager
def counted(url: str) -> Iterator[Counted]:
    way = Counted(url)
    try:
        yield way
    finally:
        way.close()
