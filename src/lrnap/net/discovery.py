"""Finding nodes in the local network by multicast DNS (`_lrnap._tcp.local.`), and knowing one's own among them.

Anybody in the network can announce anything. So a node that was given a farm's token announces with its address and
fingerprint a proof, which nobody can make without the token, nor move to another address or certificate:

    HMAC-SHA256(token, "lrnap-node|" salt "|" url "|" fingerprint)

The token itself is not told. `LRNAP_MDNS=off` in the environment turns it all off, `LRNAP_MDNS=192.168.1.5` keeps it to
the network interfaces with these addresses.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import ipaddress
import os
import secrets
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lrnap.errors import Code, LrnapError
from lrnap.net.address import Address
from lrnap.net.tls import parse_fingerprint

if TYPE_CHECKING:
    from zeroconf.asyncio import AsyncZeroconf

SERVICE = "_lrnap._tcp.local."
ANSWER_MS = 3000  # for a machine to say more than its name
LONGEST_NAME = 60  # characters; DNS has room for 63 bytes


@dataclass(frozen=True, slots=True)
class Announcement:
    """What a node says of itself. Nothing of it is believed before `holds`."""

    name: str
    url: str
    fingerprint: str
    salt: str = ""
    proof: str = ""

    @classmethod
    def make(cls, url: str, fingerprint: str, token: str) -> Announcement:
        salt = secrets.token_hex(8)
        name = f"{socket.gethostname()[: LONGEST_NAME - 8]} {salt[:6]}"
        return cls(name, url, fingerprint, salt, _proof(token, salt, url, fingerprint))

    def holds(self, token: str) -> bool:
        """Whether the node was given this token, and this is its address and certificate."""
        return hmac.compare_digest(self.proof, _proof(token, self.salt, self.url, self.fingerprint))


def wanted() -> bool:
    return os.environ.get("LRNAP_MDNS", "").lower() != "off"


@contextlib.asynccontextmanager
async def announced(announcements: Sequence[Announcement]) -> AsyncIterator[None]:
    """Announces as long as it lasts. Raises LrnapError (UNAVAILABLE) where multicast does not work."""
    from zeroconf.asyncio import AsyncServiceInfo

    async with _multicast() as zeroconf:
        for one in announcements:
            address = Address.parse(one.url)
            info = AsyncServiceInfo(
                SERVICE,
                f"{one.name}.{SERVICE}",
                addresses=_packed(address.host),
                port=address.port,
                properties={
                    "url": one.url,
                    "fingerprint": one.fingerprint,
                    "salt": one.salt,
                    "proof": one.proof,
                },
                server=f"lrnap-{one.salt}.local.",
            )
            await (await zeroconf.async_register_service(info))
        try:
            yield
        finally:
            await zeroconf.async_unregister_all_services()


async def browse(found: Callable[[Announcement], None]) -> None:
    """Tells of each node in the network, and again when it changes, until it is cancelled. Raises as `announced`."""
    from zeroconf import ServiceStateChange
    from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo

    names: asyncio.Queue[str] = asyncio.Queue()

    def changed(name: str, state_change: ServiceStateChange, **_: Any) -> None:
        if state_change is not ServiceStateChange.Removed:
            names.put_nowait(name)

    async with _multicast() as zeroconf:
        browser = AsyncServiceBrowser(zeroconf.zeroconf, SERVICE, handlers=[changed])
        try:
            while True:
                info = AsyncServiceInfo(SERVICE, await names.get())
                if await info.async_request(zeroconf.zeroconf, ANSWER_MS):
                    with contextlib.suppress(LrnapError, ValueError):  # what makes no sense is nobody's node
                        found(_read(info.name, info.decoded_properties))
        finally:
            await browser.async_cancel()


async def search(seconds: float) -> list[Announcement]:
    """The nodes that answer within that time, each once."""
    heard: dict[str, Announcement] = {}
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await browse(lambda one: heard.update({one.url: one}))
    return [*heard.values()]


@contextlib.asynccontextmanager
async def _multicast() -> AsyncIterator[AsyncZeroconf]:
    try:
        from zeroconf import InterfaceChoice
        from zeroconf.asyncio import AsyncZeroconf
    except ImportError:
        raise LrnapError(Code.UNSUPPORTED, "nodes are found with zeroconf: pip install zeroconf") from None
    chosen = [part for part in os.environ.get("LRNAP_MDNS", "").split(",") if part]
    try:
        zeroconf = AsyncZeroconf(interfaces=chosen or InterfaceChoice.All)
    except (OSError, RuntimeError, ValueError) as error:
        raise LrnapError(
            Code.UNAVAILABLE, f"there is no multicast here ({error}): name each node by its address"
        ) from None
    try:
        yield zeroconf
    finally:
        await zeroconf.async_close()


def _read(name: str, properties: dict[str, str | None]) -> Announcement:
    """Raises LrnapError or ValueError for what no node would say."""
    told = {key: properties.get(key) or "" for key in ("url", "fingerprint", "salt", "proof")}
    shown = name.removesuffix(f".{SERVICE}")[:LONGEST_NAME]
    if not all(text.isascii() and text.isprintable() for text in (*told.values(), shown)):
        raise ValueError("what is announced is plain text")
    address = Address.parse(told["url"])
    if not address.tls:
        raise ValueError("only encrypted nodes are found")
    return Announcement(shown, address.url, parse_fingerprint(told["fingerprint"]), told["salt"], told["proof"])


def _proof(token: str, salt: str, url: str, fingerprint: str) -> str:
    return hmac.new(token.encode(), f"lrnap-node|{salt}|{url}|{fingerprint}".encode(), hashlib.sha256).hexdigest()


def _packed(host: str) -> list[bytes]:
    try:
        return [ipaddress.ip_address(host).packed]
    except ValueError:
        return []
