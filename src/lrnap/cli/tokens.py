"""`lrnap token`: who may use the servers of this machine. It works on their files, so whoever may read these may do it;
a server that runs sees within seconds what has changed."""

from __future__ import annotations

import getpass
import json
from dataclasses import dataclass
from pathlib import Path

from lrnap.cli import report, tables
from lrnap.client.entries import Entry
from lrnap.errors import Code, LrnapError
from lrnap.net import keyring
from lrnap.net.address import Address
from lrnap.net.identity import Identity, load_or_make
from lrnap.node.main import identity_folder
from lrnap.wire import Role, Scalar

TOKENS: tuple[tables.Column, ...] = (
    ("token of", lambda e: e.name),
    ("role", lambda e: e.text("role")),
    ("state", lambda e: e.state),
    ("made", lambda e: tables.when(e, "made")),
    ("by", lambda e: e.text("by")),
    ("revoked", lambda e: tables.when(e, "revoked")),
    ("by whom", lambda e: e.text("revoked_by")),
)


@dataclass(frozen=True, slots=True)
class Wishes:
    """The command line, as typed. `of`: node or manager; `join`: the line for `lrnap up --join`."""

    data: Path | None = None
    of: str | None = None
    role: str | None = None
    name: str | None = None
    url: str | None = None
    join: bool = False
    list: bool = False
    new: bool = False
    revoke: str | None = None
    json: bool = False


def run(wishes: Wishes) -> int:
    _check(wishes)
    folder = _folder(wishes)
    identity = load_or_make(folder)
    path = folder / "tokens.json"
    if wishes.list:
        return _list(identity, wishes.json)
    if wishes.revoke is not None:
        keyring.revoke(path, wishes.revoke, _who())
        report.say(f"the token of {wishes.revoke} is void: servers that run see it within seconds")
        return report.OK
    if wishes.new:
        keyring.renew(path, _who())
        identity = load_or_make(folder)
        report.say("all old tokens are void: servers that run see it within seconds")
    return _show(identity, wishes)


def _show(identity: Identity, wishes: Wishes) -> int:
    """The line that another machine types; the token is made for a name that has none yet."""
    role = Role.NODE if wishes.join else Role[(wishes.role or "submit").upper()]
    token = ""
    if wishes.name is not None:
        grant = identity.keyring.named(wishes.name)
        if grant is None:
            grant = keyring.add(identity.folder / "tokens.json", wishes.name, role, _who())
        elif grant.role is not role and (wishes.role or wishes.join or grant.role is Role.NODE):
            raise LrnapError(
                Code.EXISTS,
                f"{wishes.name} has a token with the role {grant.role.name.lower()}: revoke it first, with "
                f"`lrnap token --revoke {wishes.name}`",
            )
        role, token = grant.role, grant.token
    address = Address.parse(wishes.url) if wishes.url else Address("0.0.0.0", 1979, tls=True)
    line = identity.join(address, token) if role is Role.NODE else identity.login(address, role, token)
    print(json.dumps({"role": role.name.lower(), "name": wishes.name, "line": line}) if wishes.json else line)
    return report.OK


def _list(identity: Identity, as_json: bool) -> int:
    """Without the tokens themselves."""
    entries = [
        _entry(grant.name, "valid", role=grant.role.name.lower(), made=grant.made, by=grant.by)
        for grant in identity.keyring.grants
    ]
    gone = keyring.revoked(identity.folder / "tokens.json")
    entries += [_entry(name, "revoked", **told) for name, told in gone.items()]
    tables.show(entries, TOKENS, as_json=as_json, none="there are no tokens")
    return report.OK


def _entry(name: str, state: str, **fields: Scalar) -> Entry:
    return Entry(name, state, {key: value for key, value in fields.items() if value})


def _folder(wishes: Wishes) -> Path:
    """Of the server that is meant: the manager if there is one, else the node; with `--data`, whoever has that."""
    alone = identity_folder(wishes.data)
    farm = (wishes.data or identity_folder(None).parent) / "manager" / "identity"
    managed, lonely = ((folder / "tokens.json").exists() for folder in (farm, alone))
    if wishes.data is not None and lonely and not managed:
        return alone
    if wishes.of is None and not wishes.join and managed and lonely:
        report.say("this is of the manager here; add --of node for the node")
    of = wishes.of or ("manager" if wishes.join or managed else "node")
    return farm if of == "manager" else alone


def _check(wishes: Wishes) -> None:
    role = wishes.role or ""
    roles = [one.name.lower() for one in keyring.ROLES]
    one = [word for word, said in (("--list", wishes.list), ("--new", wishes.new), ("--revoke", wishes.revoke)) if said]
    for wrong, message in (
        (role and role.lower() not in roles, f"there is no role {role[:40]!r}; there are {', '.join(roles)}"),
        (wishes.of not in (None, "node", "manager"), "--of is node or manager"),
        (len(one) > 1, f"{' and '.join(one)} are different things: say one"),
        (wishes.join and wishes.role not in (None, "node"), "--join is the role node: leave out --role"),
        (wishes.name and (wishes.list or wishes.revoke), f"{one[0] if one else ''} takes no --name"),
    ):
        if wrong:
            raise LrnapError(Code.ARGS, message)


def _who() -> str:
    try:
        return f"{getpass.getuser()}@127.0.0.1"
    except (KeyError, OSError):
        return "admin@127.0.0.1"
