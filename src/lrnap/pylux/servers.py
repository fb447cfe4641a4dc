"""Nodes as pylux has them: those that render along, and RenderServer, which is one."""

from __future__ import annotations

import contextlib
import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from lrnap.client.background import Background
from lrnap.client.connection import connect
from lrnap.control.job import Server
from lrnap.errors import RemoteError
from lrnap.launch.local import LocalNode, local_node
from lrnap.net.address import DEFAULT_PORT, Address


@dataclass(frozen=True, slots=True)
class RenderingServerInfo:
    """A node that renders along. `name` is what removeServer takes; seconds since the last word of it."""

    serverIndex: int
    name: str
    port: int
    sid: str
    numberOfSamplesReceived: float
    secsSinceLastContact: int

    def __repr__(self) -> str:
        return f"<RenderingServerInfo {self.serverIndex}:{self.name}>"


def infos(servers: Sequence[Server]) -> tuple[RenderingServerInfo, ...]:
    return tuple(
        RenderingServerInfo(index, server.name, server.port, server.run, server.samples, int(server.since_contact))
        for index, server in enumerate(servers)
    )


class RenderServerState(IntEnum):
    UNSTARTED = 0
    READY = 1
    BUSY = 2
    STOPPED = 3


class RenderServer:
    """A node on this machine, for programs on this machine, in a process of its own. For other machines there is
    `lrnap node`, which encrypts and asks for a token: the password is kept for getServerPass alone."""

    def __init__(
        self,
        threadCount: int,
        serverPass: str,
        tcpPort: int = DEFAULT_PORT,
        writeFlmFile: bool = False,  # noqa: ARG002  # a film is in the memory of who renders
    ) -> None:
        self._threads = threadCount
        self._password = serverPass
        self._port = tcpPort
        self._node: LocalNode | None = None
        self._ending = contextlib.ExitStack()
        weakref.finalize(self, self._ending.close)  # it does not outlive the program, or whoever made it
        self._stopped = False

    def start(self) -> None:
        """Raises RemoteError with the reason if it does not come up."""
        if self._node is None:
            node = local_node(threads=max(0, self._threads), listen=f"127.0.0.1:{self._port}")
            self._node = self._ending.enter_context(node)
            self._port = Address.parse(self._node.url).port
            self._stopped = False

    def stop(self) -> None:
        self._stopped = self._stopped or self._node is not None
        self._ending.close()
        self._node = None

    def join(self) -> None:
        """Until it has ended."""
        node = self._node
        if node is not None:
            node.process.wait()

    def getServerPort(self) -> int:
        return self._port

    def getServerPass(self) -> str:
        return self._password

    def getServerState(self) -> RenderServerState:
        if self._node is None or self._node.process.poll() is not None:
            return RenderServerState.STOPPED if self._stopped or self._node else RenderServerState.UNSTARTED
        background = Background()
        try:
            state = background.call(_state(self._node.url))
        except RemoteError:
            return RenderServerState.STOPPED
        finally:
            background.close()
        return RenderServerState.BUSY if state in ("RENDERING", "PAUSED") else RenderServerState.READY


async def _state(url: str) -> str:
    connection = await connect(url)
    try:
        reply = await connection.request("CTL_STATUS")
        return str(reply.args[0])
    finally:
        await connection.close()
