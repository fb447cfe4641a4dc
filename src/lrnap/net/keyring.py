"""The tokens of a server, in `tokens.json`: one for each role, and those that were made for somebody by name.

    {"read": "read-...", "submit": "submit-...", "admin": "admin-...", "node": "node-...",
     "named": {"ana": {"role": "submit", "token": "...", "made": 1795392603.9, "by": "root"}},
     "revoked": {"bo": {"role": "read", "made": ..., "by": "root", "revoked": ..., "revoked_by": "root"}}}

A server that runs looks at the file every few seconds, so a token counts, or counts no more, soon after it was written.
"""

from __future__ import annotations

import hmac
import json
import re
import secrets
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lrnap.errors import Code, LrnapError
from lrnap.net.locks import locked
from lrnap.net.secret_file import write_secret
from lrnap.wire import Role

ROLES = (Role.READ, Role.SUBMIT, Role.ADMIN, Role.NODE)
TOKEN_BYTES = 24  # of chance: 192 bits
SHORTEST = 16  # characters of a token that somebody else made
NAMED, REVOKED = "named", "revoked"

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token gives, and to whom: one that is named as its role is nobody's in particular."""

    name: str
    role: Role
    token: str
    made: float = 0.0  # seconds since 1970; 0: with the server
    by: str = ""

    def __repr__(self) -> str:
        return f"Grant({self.name}, {self.role.name})"  # a token is in no log


class Keys:
    """What tokens give."""

    grants: Sequence[Grant] = ()

    def find(self, token: str) -> Grant | None:
        """Looks at all of them, so that time tells nothing."""
        found = None
        for grant in self.grants:
            if hmac.compare_digest(token.encode(), grant.token.encode()):
                found = grant
        return found


def keys_of(tokens: Mapping[str, Role]) -> Keys:
    keys = Keys()
    keys.grants = [Grant(_word(role), role, token) for token, role in tokens.items()]
    return keys


class Keyring(Keys):
    """The tokens of one file, as they are now."""

    def __init__(self, path: Path) -> None:
        """Raises OSError and ValueError."""
        self.path = path
        self._seen: tuple[int, int] | None = None
        self.grants = ()
        self.refresh()

    def refresh(self) -> tuple[list[Grant], list[Grant]]:
        """What is new, and what is gone, since the last look; what is gone, with the name of who revoked it. Raises
        OSError and ValueError for a file that cannot be read: then all is as before."""
        known = self.path.stat()
        if self._seen == (known.st_mtime_ns, known.st_ino):
            return [], []
        held = json.loads(self.path.read_text())
        grants = _grants(held, self.path.name)
        before, self.grants = self.grants, grants
        self._seen = known.st_mtime_ns, known.st_ino
        gone = [one for one in before if one not in grants]
        return [one for one in grants if one not in before], [_as_revoked(held, one) for one in gone]

    def of(self, role: Role) -> str:
        """The token that belongs to a role and to nobody by name."""
        return next(grant.token for grant in self.grants if grant.role is role and grant.name == _word(role))

    def named(self, name: str) -> Grant | None:
        return next((grant for grant in self.grants if grant.name == name), None)

    def all_of(self, role: Role) -> Sequence[str]:
        return [grant.token for grant in self.grants if grant.role is role]


# --- changing the file


def begin(path: Path, admin: str = "") -> None:
    """A file that is not there yet; `admin`: instead of a new token for that role."""
    if admin and len(admin) < SHORTEST:
        raise LrnapError(
            Code.ARGS, f"a token has {SHORTEST} characters or more; `lrnap token` shows it where the manager runs"
        )
    held = {_word(role): _new(role) for role in ROLES}
    _write(path, {**held, **({"admin": admin} if admin else {})})


def complete(path: Path) -> None:
    """A file of an older version gets the roles that it lacks."""
    with _changing(path) as held:
        for role in ROLES:
            held.setdefault(_word(role), _new(role))


def add(path: Path, name: str, role: Role, by: str) -> Grant:
    """A token for somebody, a person or a machine. Raises LrnapError: ARGS for what is no name, EXISTS."""
    if not _NAME.fullmatch(name) or name in {_word(role) for role in ROLES}:
        raise LrnapError(
            Code.ARGS,
            f"{name[:40]!r} is no name for a token: letters, digits and . _ -, at most 63, and not the name of a role",
        )
    with _changing(path) as held:
        named = held.setdefault(NAMED, {})
        if name in named:
            raise LrnapError(Code.EXISTS, f"{name} has a token already, with the role {named[name]['role']}")
        made = {"role": _word(role), "token": _new(role), "made": round(time.time(), 3), "by": by}
        named[name] = made
        held.get(REVOKED, {}).pop(name, None)
    return _grant(name, made)


def revoke(path: Path, name: str, by: str) -> None:
    """Whoever has it is locked out. Raises LrnapError (NOT_FOUND)."""
    with _changing(path) as held:
        _revoke(held, name, by)


def renew(path: Path, by: str) -> None:
    """New tokens for all roles, and none for anybody by name."""
    with _changing(path) as held:
        for name in [*held.get(NAMED, {})]:
            _revoke(held, name, by)
        held.update({_word(role): _new(role) for role in ROLES})


def revoked(path: Path) -> Mapping[str, Mapping[str, Any]]:
    """Who had a token, and has none now."""
    held = json.loads(path.read_text())
    known: Mapping[str, Mapping[str, Any]] = held.get(REVOKED, {})
    return known


def _revoke(held: dict[str, Any], name: str, by: str) -> None:
    gone = held.get(NAMED, {}).pop(name, None)
    if gone is None:
        raise LrnapError(Code.NOT_FOUND, f"there is no token of {name[:40]!r}; `lrnap token --list` lists them")
    told = {key: value for key, value in gone.items() if key != "token"}
    held.setdefault(REVOKED, {})[name] = {**told, "revoked": round(time.time(), 3), "revoked_by": by}


@contextmanager
def _changing(path: Path) -> Iterator[dict[str, Any]]:
    """The content, written when it has changed; one after the other, whoever does it."""
    with locked(path.with_name(".tokens.lock")):
        held = json.loads(path.read_text())
        before = json.dumps(held)
        yield held
        if json.dumps(held) != before:
            _write(path, held)


def _write(path: Path, held: Mapping[str, Any]) -> None:
    write_secret(path, json.dumps(held, indent=1).encode())


# --- reading it


def _grants(held: object, name: str) -> tuple[Grant, ...]:
    """Raises ValueError."""
    roles = {_word(role) for role in ROLES}
    if not isinstance(held, dict) or not roles - {"node"} <= {*held} <= roles | {NAMED, REVOKED}:
        raise ValueError(f"{name} must hold one token for each of {', '.join(_word(role) for role in ROLES)}")
    named = held.get(NAMED, {})
    try:
        grants = (*_of_roles(held), *(_grant(who, entry) for who, entry in named.items()))
    except (KeyError, TypeError, AttributeError):
        raise ValueError(f"{name} holds named tokens that make no sense") from None
    tokens = {grant.token for grant in grants}
    if len(tokens) != len(grants) or not all(len(token) >= SHORTEST for token in tokens):
        raise ValueError(f"the tokens in {name} must differ, and have {SHORTEST} characters or more")
    return grants


def _as_revoked(held: Mapping[str, Any], grant: Grant) -> Grant:
    return replace(grant, by=str(held.get(REVOKED, {}).get(grant.name, {}).get("revoked_by", "")))


def _of_roles(held: Mapping[str, Any]) -> Iterable[Grant]:
    return (Grant(_word(role), role, str(held[_word(role)])) for role in ROLES if _word(role) in held)


def _grant(name: str, entry: Mapping[str, Any]) -> Grant:
    made, by = float(entry.get("made", 0.0)), str(entry.get("by", ""))
    return Grant(name, Role[str(entry["role"]).upper()], str(entry["token"]), made, by)


def _new(role: Role) -> str:
    return f"{_word(role)}-{secrets.token_urlsafe(TOKEN_BYTES)}"


def _word(role: Role) -> str:
    return role.name.lower()
