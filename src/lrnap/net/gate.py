"""Who may do what: the one gate that every request passes, under the name that the verb table gives it.

Whoever can connect to an address that only this machine reaches is admin there. Where addresses are encrypted, every
connection starts without any role and gets one from CTL_AUTH; beyond this machine, nobody listens unencrypted unless
told to with `--insecure`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from lrnap.errors import Code, LrnapError
from lrnap.limits import POST_AUTH, PRE_AUTH, WireLimits
from lrnap.net.address import DEFAULT_PORT, TLS_PORT, Address
from lrnap.net.keyring import Grant, Keys, keys_of
from lrnap.net.service import Session
from lrnap.wire import Role, Verb


class Gate:
    """Gives roles to sessions. `tokens`: what CTL_AUTH may bring, and what it gives; None: nothing is asked for.
    `look`: is called before a token is looked for, which may have been made just now."""

    def __init__(
        self, tokens: Keys | Mapping[str, Role] | None = None, look: Callable[[], None] = lambda: None
    ) -> None:
        self._keys = keys_of(tokens) if isinstance(tokens, Mapping) else tokens
        self._look = look

    @property
    def first_role(self) -> Role:
        """The role of a connection that has just come."""
        return Role.ADMIN if self._keys is None else Role.NONE

    def limits(self, role: Role) -> WireLimits:
        return PRE_AUTH if role is Role.NONE else POST_AUTH

    def authenticate(self, token: str) -> Grant | None:
        """What a token gives; None where none is asked for. Raises LrnapError (AUTH_FAILED), the same for every wrong
        token."""
        if self._keys is None:
            return None
        self._look()
        found = self._keys.find(token)
        if found is None:
            raise LrnapError(
                Code.AUTH_FAILED, "the token was refused; `lrnap token` on the server's machine shows a good one"
            )
        return found


def authorize(session: Session, verb: Verb) -> None:
    """Raises LrnapError unless the session's role includes the one that the verb needs."""
    if session.role >= verb.role or (session.role is Role.NODE and verb.joins):
        return
    if session.role is Role.NONE:
        raise LrnapError(Code.AUTH_REQUIRED, f"{verb.name} needs a token: send CTL_AUTH first")
    raise LrnapError(
        Code.DENIED, f"{verb.name} needs the role {verb.role.name.lower()}; yours is {session.role.name.lower()}"
    )


def listen_address(text: str, *, insecure: bool = False) -> Address:
    """Where to listen, from what a user wrote: beyond this machine encrypted, unless it is said otherwise twice.

    Raises LrnapError (ARGS) for what is no address, (DENIED) for one that others could reach unprotected.
    """
    address = Address.parse(text)
    if address.tls or address.loopback or insecure:
        return address
    if "://" not in text:
        return replace(address, tls=True, port=TLS_PORT if address.port == DEFAULT_PORT else address.port)
    raise LrnapError(
        Code.DENIED,
        f"{address} can be reached from other machines, and whoever reaches it could use this machine and read the "
        f"folders of --root. Listen on {replace(address, tls=True, port=TLS_PORT).url}, which is encrypted and asks "
        "for a token, or add --insecure if you trust everybody who can reach it",
    )
