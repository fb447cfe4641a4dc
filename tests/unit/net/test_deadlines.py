"""What a server asks the system's sockets, and what happens later, by name."""

from __future__ import annotations

import asyncio
import socket
from typing import Any, cast

from lrnap.net.deadlines import Timers, unread


class Transport:
    """Of which only the socket is asked."""

    def __init__(self, sock: socket.socket | None) -> None:
        self._sock = sock

    def get_extra_info(self, name: str) -> Any:
        return self._sock if name == "socket" else None


def waiting(sock: socket.socket | None) -> int:
    return unread(cast(asyncio.Transport, Transport(sock)))


def test_bytes_that_nobody_has_read_are_counted_and_a_closed_socket_has_none() -> None:
    here, there = socket.socketpair()
    with here, there:
        assert waiting(here) == 0
        there.sendall(b"CTL_PING\r\n")
        assert here.recv(1, socket.MSG_PEEK)  # it has arrived
        assert waiting(here) == 10
    assert waiting(here) == 0
    assert waiting(None) == 0


def test_a_timer_replaces_the_one_of_its_name_and_can_be_called_off() -> None:
    async def hear() -> list[str]:
        timers, heard = Timers(), list[str]()
        done = asyncio.Event()
        timers.set("line", 0, lambda: heard.append("never"))
        timers.set("line", 0, lambda: heard.append("line"))
        timers.set("other", 0, lambda: heard.append("other"))
        timers.cancel("other")
        timers.set("last", 0.01, done.set)
        assert "line" in timers and "other" not in timers
        await done.wait()
        timers.cancel_all()
        assert "last" not in timers
        return heard

    assert asyncio.run(hear()) == ["line"]
