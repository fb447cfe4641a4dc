"""How long a server waits for a peer, and what it asks of and tells the system's own sockets."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass

from lrnap.limits import HELLO_SECONDS, KEEPALIVE_SECONDS, PAYLOAD_RATE, PAYLOAD_STALL_SECONDS


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Seconds: for the first line where a token is needed, for the token, and over which a payload must have `rate`,
    in bytes a second."""

    hello: float = HELLO_SECONDS
    auth: float = 6 * HELLO_SECONDS
    stall: float = PAYLOAD_STALL_SECONDS
    rate: float = PAYLOAD_RATE


class Timers:
    """What is to happen later, by name; a new one replaces the one of its name."""

    def __init__(self) -> None:
        self._handles: dict[str, asyncio.TimerHandle] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._handles

    def set(self, name: str, seconds: float, work: Callable[[], None]) -> None:
        self.cancel(name)
        self._handles[name] = asyncio.get_running_loop().call_later(seconds, work)

    def cancel(self, name: str) -> None:
        handle = self._handles.pop(name, None)
        if handle is not None:
            handle.cancel()

    def cancel_all(self) -> None:
        for name in [*self._handles]:
            self.cancel(name)


def tune(transport: asyncio.Transport) -> None:
    """Replies leave at once, and a peer that vanished without a word is noticed."""
    sock = transport.get_extra_info("socket")
    if sock is None or sock.family not in (socket.AF_INET, socket.AF_INET6):
        return
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in (("TCP_KEEPIDLE", KEEPALIVE_SECONDS), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 3)):
            if hasattr(socket, name):
                sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


def unread(transport: asyncio.Transport) -> int:
    """Bytes that have arrived and were not read yet."""
    import fcntl  # here, so that a system without them can load what has nothing to do with them
    import termios

    sock = transport.get_extra_info("socket")
    if sock is None or sock.fileno() < 0:
        return 0
    with contextlib.suppress(OSError):
        return int(struct.unpack("i", fcntl.ioctl(sock.fileno(), termios.FIONREAD, bytes(4)))[0])
    return 0
