"""Where a server listens and a client connects: `HOST:PORT`, `[::1]:1978`, `lrnap://HOST:PORT`, `lrnaps://HOST:PORT`.

`lrnaps` is encrypted from the first byte, on a port of its own.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from dataclasses import dataclass

from lrnap.errors import Code, LrnapError

DEFAULT_PORT = 1978
TLS_PORT = 1979
SCHEME, TLS_SCHEME = "lrnap", "lrnaps"

_ADDRESS = re.compile(r"(?:(lrnaps?)://)?(?:\[([^\[\]/]+)\]|([^:\[\]/\s]*))(?::([0-9]{1,5}))?/?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Address:
    host: str
    port: int
    tls: bool = False

    @classmethod
    def parse(cls, text: str) -> Address:
        """The address of a text, with the port of its scheme where it names none. An empty host is 127.0.0.1."""
        match = _ADDRESS.fullmatch(text.strip())
        if match is None or not text.strip() or int(match[4] or 0) > 65535:
            raise LrnapError(
                Code.ARGS,
                f"{text[:80]!r} is no address: write HOST:PORT, [IPV6]:PORT, {SCHEME}://HOST:PORT or, encrypted, "
                f"{TLS_SCHEME}://HOST:PORT",
            )
        tls = (match[1] or "").lower() == TLS_SCHEME
        port = TLS_PORT if tls else DEFAULT_PORT
        return cls(match[2] or match[3] or "127.0.0.1", port if match[4] is None else int(match[4]), tls)

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def url(self) -> str:
        return f"{TLS_SCHEME if self.tls else SCHEME}://{self}"

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
