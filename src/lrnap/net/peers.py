"""Whose program is at the other end of a connection within this machine."""

from __future__ import annotations

import contextlib
import ipaddress
import sys
from collections.abc import Iterator
from pathlib import Path

TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
NOBODYS = "0"  # the inode of a socket that is closed, whose user is not known any more


def user_of(peer: str, here: str) -> str:
    """The user whose socket has this address, `127.0.0.1:50123`, and leads to that one of ours; empty where the system
    does not tell."""
    try:
        ends, others = {*_ends(peer)}, {*_ends(here)}
    except ValueError:
        return ""
    for table in TABLES:
        with contextlib.suppress(OSError):
            for line in table.read_text().splitlines()[1:]:
                fields = line.split()
                if len(fields) > 9 and fields[1] in ends and fields[2] in others and fields[9] != NOBODYS:
                    return _name(int(fields[7]))
    return ""


def _ends(address: str) -> Iterator[str]:
    host, _, port = address.rpartition(":")
    return (f"{spelt}:{int(port):04X}" for spelt in _spellings(host))


def _spellings(host: str) -> Iterator[str]:
    """As the kernel writes an address: words of 32 bits, each as the processor has it. Raises ValueError."""
    address = ipaddress.ip_address(host.partition("%")[0])
    yield _words(address.packed)
    if isinstance(address, ipaddress.IPv4Address):
        yield _words(ipaddress.IPv6Address(f"::ffff:{address}").packed)


def _words(packed: bytes) -> str:
    return "".join(f"{int.from_bytes(packed[i : i + 4], sys.byteorder):08X}" for i in range(0, len(packed), 4))


def _name(uid: int) -> str:
    try:
        import pwd

        return pwd.getpwuid(uid).pw_name
    except (ImportError, KeyError):
        return str(uid)
