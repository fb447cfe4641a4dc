"""Where a server listens and a client connects: `HOST:PORT`, `[::1]:1978`, `lrnap://HOST:PORT`."""

from __future__ import annotations

import ipaddress
import re
import socket
from dataclasses import dataclass

from lrnap.errors import Code, LrnapError

DEFAULT_PORT = 1978
SCHEME = "lrnap"

_ADDRESS = re.compile(rf"(?:{SCHEME}://)?(?:\[([^\[\]/]+)\]|([^:\[\]/\s]*))(?::([0-9]{{1,5}}))?/?")


@dataclass(frozen=True, slots=True)
class Address:
    host: str
    port: int

    @classmethod
    def parse(cls, text: str, *, port: int = DEFAULT_PORT) -> Address:
        """The address of a text; `port` where it names none. An empty host is this machine (127.0.0.1)."""
        match = _ADDRESS.fullmatch(text.strip())
        if match is None or not text.strip() or int(match[3] or 0) > 65535:
            raise LrnapError(
                Code.ARGS, f"{text[:80]!r} is no address: write HOST:PORT, [IPV6]:PORT or {SCHEME}://HOST:PORT"
            )
        return cls(match[1] or match[2] or "127.0.0.1", port if match[3] is None else int(match[3]))

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def url(self) -> str:
        return f"{SCHEME}://{self}"

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach it."""
        return is_loopback(self.host)


def is_loopback(host: str) -> bool:
    """Of a name: whether everything it means is on this machine. An unknown name is not."""
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        pass
    try:
        found = {str(entry[4][0]) for entry in socket.getaddrinfo(host, None)}
    except OSError:
        return False
    return bool(found) and all(ipaddress.ip_address(ip.partition("%")[0]).is_loopback for ip in found)
