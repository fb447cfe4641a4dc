"""`lrnap login`, `lrnap logout`, `lrnap token`: who may use which server."""

from __future__ import annotations

import asyncio
from pathlib import Path

from lrnap.cli import report
from lrnap.client.connection import Connection
from lrnap.errors import Code, LrnapError
from lrnap.net import known
from lrnap.net.address import Address
from lrnap.net.identity import forget_tokens, load_or_make
from lrnap.net.tls import parse_fingerprint
from lrnap.node.main import identity_folder
from lrnap.wire import Role


def login(url: str, token: str, fingerprint: str) -> int:
    """Remembers a server once it has shown its certificate and taken the token."""
    address = Address.parse(url)
    if not address.tls:
        raise LrnapError(Code.ARGS, f"{address.url} is not encrypted and asks for no token: only lrnaps:// has a login")
    credentials = known.Credentials(parse_fingerprint(fingerprint), token)
    before = known.find(address)
    known.remember(address, credentials)
    try:
        role = asyncio.run(_role(address))
    except BaseException:
        known.remember(address, before) if before is not None else known.forget(address)
        raise
    report.say(f"{address.url} is known from now on; your role there is {role}")
    return report.OK


async def _role(address: Address) -> str:
    async with Connection(address) as connection:
        await connection.open()
        return connection.role


def logout(url: str) -> int:
    address = Address.parse(url)
    if not known.forget(address):
        raise LrnapError(Code.NOT_FOUND, f"{address.url} was not known")
    report.say(f"{address.url} is forgotten")
    return report.OK


def token(data: Path | None, role: str, url: str | None, new: bool, join: bool = False) -> int:
    """Shows the line that logs another machine in to the servers of this one, or with `join` brings its nodes."""
    if role.upper() not in Role.__members__ or role.upper() == Role.NONE.name:
        raise LrnapError(Code.ARGS, f"there is no role {role[:40]!r}: read, submit or admin")
    folder = identity_folder((data or identity_folder(None).parent) / "manager" if join else data)
    if new:
        forget_tokens(folder)
    address = Address.parse(url) if url else Address("0.0.0.0", 1979, tls=True)
    made = load_or_make(folder)
    print(made.join(address) if join else made.login(address, Role[role.upper()]))
    if new:
        report.say("the old tokens are void as soon as the servers of this machine are started again")
    return report.OK
