"""The servers that a user has logged in to: for each address its fingerprint, and the token to show.

They are kept in `servers.json` in the user's configuration folder, readable by the user alone. `LRNAP_TOKEN` and
`LRNAP_FINGERPRINT` in the environment stand in for an address that is not in it: in containers there is no login.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from lrnap.errors import Code, LrnapError
from lrnap.net.address import Address
from lrnap.net.secret_file import write_secret
from lrnap.net.tls import parse_fingerprint


@dataclass(frozen=True, slots=True)
class Credentials:
    fingerprint: str
    token: str

    def __repr__(self) -> str:
        return f"Credentials({self.fingerprint})"  # a token is in no log


def find(address: Address) -> Credentials | None:
    """What is known of a server; None if nothing is. Raises LrnapError for a file that cannot be read."""
    known = _read().get(str(address))
    if known is not None:
        return known
    token, fingerprint = os.environ.get("LRNAP_TOKEN"), os.environ.get("LRNAP_FINGERPRINT")
    if token and fingerprint:
        return Credentials(parse_fingerprint(fingerprint), token)
    return None


def remember(address: Address, credentials: Credentials) -> None:
    _save({**_read(), str(address): credentials})


def forget(address: Address) -> bool:
    """Whether it was known."""
    known = _read()
    if known.pop(str(address), None) is None:
        return False
    _save(known)
    return True


def servers_file() -> Path:
    folder = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(folder, "lrnap", "servers.json")


def _read() -> dict[str, Credentials]:
    path = servers_file()
    try:
        held = json.loads(path.read_text())
        return {
            str(address): Credentials(parse_fingerprint(entry["fingerprint"]), str(entry["token"]))
            for address, entry in held.items()
        }
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise LrnapError(Code.UNAVAILABLE, f"cannot read {path}: {error.strerror or error}") from None
    except (ValueError, KeyError, TypeError, AttributeError, LrnapError):
        raise LrnapError(Code.UNAVAILABLE, f"{path} is damaged: remove it, and log in again") from None


def _save(known: dict[str, Credentials]) -> None:
    path = servers_file()
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_secret(path, json.dumps({address: asdict(entry) for address, entry in known.items()}, indent=1).encode())
    except OSError as error:
        raise LrnapError(Code.UNAVAILABLE, f"cannot write {path}: {error.strerror or error}") from None
