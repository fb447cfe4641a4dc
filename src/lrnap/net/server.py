"""The server shell: listening sockets, and a `Link` for each connection."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable

from lrnap.errors import Code, LrnapError
from lrnap.limits import NodeLimits
from lrnap.net.address import Address
from lrnap.net.deadlines import Deadlines
from lrnap.net.gate import Gate
from lrnap.net.link import Link
from lrnap.net.service import Service

BACKLOG = 128
TURNS_OF_ACCEPTING = 5  # of the loop, from accepting a connection to `connection_made`, and to spare
GRACE = 1.0  # seconds for peers to take what was answered before the server closed


class Server:
    """Serves a service on any number of addresses: `listen`, then `close`."""

    def __init__(
        self,
        service: Service,
        gate: Gate | None = None,
        *,
        connections: int = NodeLimits().connections,
        deadlines: Deadlines | None = None,
    ) -> None:
        self._service = service
        self._gate = gate or Gate()
        self._connections = connections
        self._deadlines = deadlines or Deadlines()
        self._links: set[Link] = set()
        self._sockets: list[asyncio.Server] = []
        self._closing = False

    async def listen(self, addresses: Iterable[Address]) -> list[Address]:
        """Listens on all of them or on none; the addresses with the real port where 0 was asked for.

        Raises LrnapError (UNAVAILABLE) that names the address and what would help.
        """
        bound = []
        try:
            for address in addresses:
                bound.append(await self._listen(address))
        except BaseException:
            await self.close()
            raise
        return bound

    async def _listen(self, address: Address) -> Address:
        loop = asyncio.get_running_loop()
        try:
            server = await loop.create_server(self._link, address.host, address.port, backlog=BACKLOG)
        except OSError as failed:
            cure = "is another node running there? Choose another port, or 0 for any free one"
            raise LrnapError(
                Code.UNAVAILABLE, f"cannot listen on {address}: {failed.strerror or failed}; {cure}"
            ) from None
        self._sockets.append(server)
        return Address(address.host, server.sockets[0].getsockname()[1])

    def _link(self) -> Link:
        full = None
        if self._closing:  # accepted, but not heard of before the others were closed
            full = LrnapError(Code.UNAVAILABLE, "this server is ending")
        elif len(self._links) >= self._connections:
            full = LrnapError(
                Code.UNAVAILABLE,
                f"{len(self._links)} connections are open (connections={self._connections}); try later",
            )
        return Link(self._service, self._gate, self._deadlines, self._links, full)

    @property
    def open_links(self) -> list[Link]:
        """The connections that are open."""
        return [*self._links]

    async def close(self) -> None:
        """Stops listening and ends all connections; idempotent."""
        self._closing = True
        sockets, self._sockets = self._sockets, []
        for server in sockets:
            server.close()
        for _ in range(TURNS_OF_ACCEPTING):
            for link in [*self._links]:
                link.close()
            await asyncio.sleep(0)
        deadline = asyncio.get_running_loop().time() + GRACE
        while self._links:
            if asyncio.get_running_loop().time() > deadline:
                for link in [*self._links]:
                    link.abort()
            await asyncio.sleep(0.005)
        for server in sockets:
            with contextlib.suppress(OSError):
                await server.wait_closed()
