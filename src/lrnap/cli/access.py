"""`lrnap login`, `lrnap logout`: the servers that this user knows."""

from __future__ import annotations

import asyncio

from lrnap.cli import report
from lrnap.client.connection import Connection
from lrnap.errors import Code, LrnapError
from lrnap.net import known
from lrnap.net.address import Address
from lrnap.net.tls import parse_fingerprint


def login(url: str, token: str, fingerprint: str) -> str:
    """Remembers a server once it has shown its certificate and taken the token; the role there."""
    address = Address.parse(url)
    if not address.tls:
        raise LrnapError(Code.ARGS, f"{address.url} is not encrypted and asks for no token: only lrnaps:// has a login")
    credentials = known.Credentials(parse_fingerprint(fingerprint), token)
    before = known.find(address)
    known.remember(address, credentials)
    try:
        role = asyncio.run(role_at(address))
    except BaseException:
        known.remember(address, before) if before is not None else known.forget(address)
        raise
    report.say(f"{address.url} is known from now on; your role there is {role}")
    return role


async def role_at(address: Address) -> str:
    """What we may do there; empty where no token is asked for."""
    async with Connection(address) as connection:
        await connection.open()
        return connection.role


def logout(url: str) -> int:
    address = Address.parse(url)
    if not known.forget(address):
        raise LrnapError(Code.NOT_FOUND, f"{address.url} was not known")
    report.say(f"{address.url} is forgotten")
    return report.OK
