"""What stands behind a server: a render node or a manager. The server knows sockets, the service knows jobs.

server:   one `Visit` for each connection; takes requests off the wire, authorises them, keeps their order
service:  `Visit.answer(request)` gives the reply, or raises LrnapError, which becomes R_ERROR
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Protocol

from lrnap.errors import LrnapError
from lrnap.net import peers
from lrnap.wire import Reply, Request, Role, Scalar


@dataclass(slots=True, eq=False)
class Session:
    """What is known of a connection. `role` and `level` change when CTL_AUTH and CTL_HELLO are answered."""

    peer: str  # "127.0.0.1:50123", for the log
    here: str = field(default="", kw_only=True)  # our end of it, spelt likewise
    local: bool  # the peer is on this machine
    role: Role
    name: str = ""  # of the token that it has shown
    level: int = 0
    refusals: int = 0  # tokens that were wrong
    pressing: bool = False  # set by a visit when a call failed; cleared once nothing more is waiting to be answered
    closed: asyncio.Event = field(default_factory=asyncio.Event)  # set once the peer is gone
    _user: str | None = None

    @property
    def who(self) -> str:
        """Whoever this is, for what is kept of who did what: `ana@10.0.0.7`. The name is that of the token; of a peer
        on this machine that needs none its user's, where the system tells."""
        host = self.peer.rpartition(":")[0] or self.peer
        if self._user is None:
            self._user = (
                self.name or (peers.user_of(self.peer, self.here) if self.local else "") or self.role.name.lower()
            )
        return f"{self._user}@{host}"


@dataclass(frozen=True, slots=True)
class Transfer:
    """A reply whose data are only a part of the whole: they begin at `offset` of it."""

    reply: Reply
    offset: int


@dataclass(frozen=True, slots=True)
class Follow:
    """A reply, and events that are sent after it for as long as they come or the connection lives."""

    reply: Reply
    events: AsyncIterator[Reply]


Answer = Reply | Transfer | Follow


class Visit(Protocol):
    """One connection's stay at a service: what belongs to the connection alone, such as an unfinished scene."""

    def offer(self, request: Request) -> None:
        """Raises LrnapError if the payloads of a request would be received in vain. Must not wait."""

    def missed(self, verb: str, error: LrnapError) -> None:
        """A line of that verb was refused before it became a request. Must not wait."""

    async def answer(self, request: Request) -> Answer:
        """The reply to a request that is authorised. Its tag is set by the server. Any exception that is not an
        LrnapError is a defect: the peer gets E_INTERNAL, the log gets the details, and the visit goes on."""

    def close(self) -> None:
        """The connection is over. No `answer` is running."""


class Service(Protocol):
    def visit(self, session: Session) -> Visit: ...
    def facts(self) -> dict[str, Scalar]:
        """What the reply to CTL_HELLO says about this server, beside version and limits."""
