"""Who a server is and whom it lets in: its certificate and its tokens, made on the first start and kept in a folder.

    certificate.pem   what clients know by its fingerprint
    key.pem           its secret
    tokens.json       one token for each role; who shows it has the role

Only the user who runs the server may read the last two. Removing a file makes a new one at the next start, and with
it whoever knew the old one is a stranger.
"""

from __future__ import annotations

import contextlib
import datetime
import json
import os
import secrets
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lrnap.errors import Code, LrnapError
from lrnap.net import tls
from lrnap.net.address import Address
from lrnap.wire import Role

ROLES = (Role.READ, Role.SUBMIT, Role.ADMIN)
TOKEN_BYTES = 24  # of chance: 192 bits
YEARS = 30  # a certificate ends with its fingerprint being forgotten, not by a date that nobody remembers


@dataclass(frozen=True, slots=True)
class Identity:
    """See the module. `new`: it was made just now, and nobody knows it yet."""

    folder: Path
    fingerprint: str
    tokens: Mapping[str, Role]
    new: bool

    def context(self) -> ssl.SSLContext:
        return tls.server_context(self.folder / "certificate.pem", self.folder / "key.pem")

    def token(self, role: Role) -> str:
        return next(token for token, its in self.tokens.items() if its is role)

    def login(self, address: Address, role: Role = Role.ADMIN) -> str:
        """The line that a user of another machine types there."""
        return f"lrnap login {reachable(address).url} --token {self.token(role)} --fingerprint {self.fingerprint}"

    def join(self, address: Address) -> str:
        """The line that brings the nodes of another machine to the manager here; as long as it holds, it is a key."""
        proof = f"--token {self.token(Role.ADMIN)} --fingerprint {self.fingerprint}"
        return f"lrnap up --join {reachable(address).url} {proof}"


def load_or_make(folder: Path) -> Identity:
    """Raises LrnapError (UNAVAILABLE) that names the file and the cure, if it cannot be read or written."""
    certificate, key, tokens = (folder / name for name in ("certificate.pem", "key.pem", "tokens.json"))
    new = not (certificate.exists() and key.exists() and tokens.exists())
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not (certificate.exists() and key.exists()):
            _make_certificate(certificate, key)
        if not tokens.exists():
            write_secret(tokens, json.dumps({role.name.lower(): _new_token(role) for role in ROLES}, indent=1).encode())
        shown = ssl.PEM_cert_to_DER_cert(certificate.read_text())
        return Identity(folder, tls.fingerprint(shown), _read_tokens(tokens), new)
    except OSError as error:
        raise LrnapError(
            Code.UNAVAILABLE, f"{error.filename or folder}: {error.strerror or error}; the server keeps its key there"
        ) from None
    except ValueError as error:
        raise LrnapError(
            Code.UNAVAILABLE, f"{folder} holds no usable key and tokens ({error}): remove it, and new ones are made"
        ) from None


def forget_tokens(folder: Path) -> None:
    """New tokens at the next start: whoever has the old ones is locked out."""
    with contextlib.suppress(FileNotFoundError):
        (folder / "tokens.json").unlink()


def share_token(folder: Path, token: str) -> None:
    """From the next start on, whoever shows this token is admin there: that of the farm which the server joins."""
    if len(token) < 16:
        raise LrnapError(Code.ARGS, "a token has 16 characters or more; `lrnap token` shows it where the manager runs")
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        held = {"read": _new_token(Role.READ), "submit": _new_token(Role.SUBMIT), "admin": token}
        write_secret(folder / "tokens.json", json.dumps(held, indent=1).encode())
    except OSError as error:
        raise LrnapError(
            Code.UNAVAILABLE, f"{error.filename or folder}: {error.strerror or error}; the server keeps its token there"
        ) from None


def reachable(address: Address) -> Address:
    """An address that means this machine from elsewhere, too, for one that means all of its addresses."""
    if address.host in ("0.0.0.0", "::"):
        return Address(socket.gethostname(), address.port, address.tls)
    return address


def _new_token(role: Role) -> str:
    return f"{role.name.lower()}-{secrets.token_urlsafe(TOKEN_BYTES)}"


def _read_tokens(path: Path) -> Mapping[str, Role]:
    held = json.loads(path.read_text())
    if not isinstance(held, dict) or {*held} != {role.name.lower() for role in ROLES}:
        raise ValueError(
            f"{path.name} must hold one token for each of {', '.join(role.name.lower() for role in ROLES)}"
        )
    tokens = {str(token): Role[name.upper()] for name, token in held.items()}
    if len(tokens) != len(held) or not all(len(token) >= 16 for token in tokens):
        raise ValueError(f"the tokens in {path.name} must differ, and have 16 characters or more")
    return tokens


def _make_certificate(certificate: Path, key: Path) -> None:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    secret = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"lrnap on {socket.gethostname()}"[:64])])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(secret.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))  # clocks differ
        .not_valid_after(now + datetime.timedelta(days=365 * YEARS))
        .sign(secret, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    plain = serialization.NoEncryption()
    write_secret(key, secret.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
    write_secret(certificate, made.public_bytes(pem))


def write_secret(path: Path, data: bytes) -> None:
    """A file that only its owner may read, from its first byte on, and that is there whole or not at all."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
