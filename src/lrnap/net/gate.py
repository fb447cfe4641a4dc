"""Who may do what: the one gate that every request passes, under the name that the verb table gives it.

Today whoever can connect from this machine is admin, and beyond this machine nobody listens unless told to with
`--insecure`. With a token, every connection starts without any role and gets one from CTL_AUTH.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable

from lrnap.errors import Code, LrnapError
from lrnap.limits import POST_AUTH, PRE_AUTH, WireLimits
from lrnap.net.address import Address
from lrnap.net.service import Session
from lrnap.wire import Role, Verb


class Gate:
    """Gives roles to sessions. `token`: what CTL_AUTH must bring; None: nothing is asked for."""

    def __init__(self, token: str | None = None) -> None:
        self._token = token

    @property
    def first_role(self) -> Role:
        """The role of a connection that has just come."""
        return Role.ADMIN if self._token is None else Role.NONE

    def limits(self, role: Role) -> WireLimits:
        return PRE_AUTH if role is Role.NONE else POST_AUTH

    def authenticate(self, token: str) -> Role:
        """The role that a token gives. Raises LrnapError (AUTH_FAILED), the same for every wrong token."""
        if self._token is not None and not hmac.compare_digest(token.encode(), self._token.encode()):
            raise LrnapError(Code.AUTH_FAILED, "the token was refused")
        return Role.ADMIN


def authorize(session: Session, verb: Verb) -> None:
    """Raises LrnapError unless the session's role includes the one that the verb needs."""
    if session.role >= verb.role:
        return
    if session.role is Role.NONE:
        raise LrnapError(Code.AUTH_REQUIRED, f"{verb.name} needs a token: send CTL_AUTH first")
    raise LrnapError(
        Code.DENIED, f"{verb.name} needs the role {verb.role.name.lower()}; yours is {session.role.name.lower()}"
    )


def check_listen(addresses: Iterable[Address], *, insecure: bool) -> None:
    """Raises LrnapError (DENIED) for an address that others can reach, unless that is wanted without any protection."""
    for address in addresses:
        if not insecure and not address.loopback:
            raise LrnapError(
                Code.DENIED,
                f"{address} can be reached from other machines, and whoever reaches it could use this machine and "
                "read the folders of --root: there are no tokens and no encryption yet. Listen on 127.0.0.1 and come "
                "through an SSH tunnel (ssh -L 1978:127.0.0.1:1978 HOST), or add --insecure if you trust everybody who "
                "can reach it",
            )
