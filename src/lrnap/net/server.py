"""The server shell: listening sockets, and a `Link` for each connection."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
import ssl
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from lrnap.errors import Code, LrnapError
from lrnap.limits import NodeLimits
from lrnap.net.address import Address
from lrnap.net.deadlines import Deadlines
from lrnap.net.gate import Gate
from lrnap.net.identity import Identity
from lrnap.net.keyring import Grant
from lrnap.net.link import Link
from lrnap.net.service import Service
from lrnap.net.tls import HANDSHAKE_SECONDS

log = logging.getLogger("lrnap.net")

Granted = Callable[[Sequence[Grant], Sequence[Grant]], None]
BACKLOG = 128
TURNS_OF_ACCEPTING = 5  # of the loop, from accepting a connection to `connection_made`, and to spare
LOOK_SECONDS = 2.0  # between two looks at the tokens
GRACE = 1.0  # seconds for peers to take what was answered before the server closed


class Server:
    """Serves a service on any number of addresses: `listen`, then `close`.

    `gate`: of connections that are not encrypted. Those that are show the tokens of `identity`; `granted` is told
    which of these have come, and which are gone.
    """

    def __init__(
        self,
        service: Service,
        gate: Gate | None = None,
        *,
        identity: Identity | None = None,
        connections: int = NodeLimits().connections,
        deadlines: Deadlines | None = None,
        granted: Granted | None = None,
    ) -> None:
        self._service = service
        self._gate = gate or Gate()
        self._identity = identity
        self._connections = connections
        self._deadlines = deadlines or Deadlines()
        self._links: set[Link] = set()
        self._sockets: list[asyncio.Server] = []
        self._closing = False
        self._granted = granted
        self._looking: asyncio.Task[None] | None = None

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
        gate, context = self._protection(address)
        try:
            server = await loop.create_server(
                lambda: self._link(gate),
                address.host,
                address.port,
                backlog=BACKLOG,
                ssl=context,
                ssl_handshake_timeout=HANDSHAKE_SECONDS if context else None,
            )
        except OSError as failed:
            cure = "is another node or manager running there? Choose another port, or 0 for any free one"
            why = failed.strerror or failed
            if failed.errno and not isinstance(failed, socket.gaierror):  # else the loop says it in too many words
                why = os.strerror(failed.errno)
            raise LrnapError(Code.UNAVAILABLE, f"cannot listen on {address}: {why}; {cure}") from None
        self._sockets.append(server)
        return replace(address, port=server.sockets[0].getsockname()[1])

    def _protection(self, address: Address) -> tuple[Gate, ssl.SSLContext | None]:
        """What stands between an address and whoever connects to it."""
        if not address.tls:
            return self._gate, None
        if self._identity is None:
            raise LrnapError(Code.UNAVAILABLE, f"{address.url} needs a certificate, and this server has none")
        if self._looking is None:
            self._looking = asyncio.create_task(self._keep_looking(), name="tokens")
        return Gate(self._identity.keyring, self._look), self._identity.context()

    async def _keep_looking(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            self._look()

    def _look(self) -> None:
        """Tokens that were made or revoked since: whoever came in with one of the latter has to go."""
        assert self._identity is not None
        try:
            made, gone = self._identity.keyring.refresh()
        except (OSError, ValueError) as error:  # removed, or being edited by hand: those that were read count on
            log.debug("the tokens are as before: %s", error)
            return
        void = {grant.token for grant in gone}
        for link in [*self._links]:
            if link.grant is not None and link.grant.token in void:
                link.revoked()
        if self._granted is not None and (made or gone):
            self._granted(made, gone)

    def _link(self, gate: Gate) -> Link:
        full = None
        if self._closing:  # accepted, but not heard of before the others were closed
            full = LrnapError(Code.UNAVAILABLE, "this server is ending")
        elif len(self._links) >= self._connections:
            full = LrnapError(
                Code.UNAVAILABLE,
                f"{len(self._links)} connections are open (connections={self._connections}); try later",
            )
        return Link(self._service, gate, self._deadlines, self._links, full)

    @property
    def open_links(self) -> list[Link]:
        """The connections that are open."""
        return [*self._links]

    async def close(self) -> None:
        """Stops listening and ends all connections; idempotent."""
        self._closing = True
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.wait([self._looking])
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
