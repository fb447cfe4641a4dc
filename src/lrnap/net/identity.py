"""Who a server is and whom it lets in: its certificate and its tokens, made on the first start and kept in a folder.

    certificate.pem   what clients know by its fingerprint
    key.pem           its secret
    tokens.json       who shows a token that is in it has its role: see `lrnap.net.keyring`

Only the user who runs the server may read the last two. Removing a file makes a new one at the next start, and with
it whoever knew the old one is a stranger.
"""

from __future__ import annotations

import datetime
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lrnap.errors import Code, LrnapError
from lrnap.net import keyring, locks, tls
from lrnap.net.address import Address
from lrnap.net.keyring import Keyring
from lrnap.net.secret_file import write_secret
from lrnap.wire import Role

YEARS = 30  # a certificate ends with its fingerprint being forgotten, not by a date that nobody remembers


@dataclass(frozen=True, slots=True)
class Identity:
    """See the module. `new`: it was made just now, and nobody knows it yet."""

    folder: Path
    fingerprint: str
    keyring: Keyring
    new: bool

    @property
    def tokens(self) -> Mapping[str, Role]:
        return {grant.token: grant.role for grant in self.keyring.grants}

    def context(self) -> ssl.SSLContext:
        return tls.server_context(self.folder / "certificate.pem", self.folder / "key.pem")

    def token(self, role: Role) -> str:
        """That which belongs to nobody by name."""
        return self.keyring.of(role)

    def login(self, address: Address, role: Role = Role.ADMIN, token: str = "") -> str:
        """The line that a user of another machine types there."""
        proof = f"--token {token or self.token(role)} --fingerprint {self.fingerprint}"
        return f"lrnap login {reachable(address).url} {proof}"

    def join(self, address: Address, token: str = "") -> str:
        """The line that brings the nodes of another machine to the manager here, and lets it do nothing else."""
        proof = f"--token {token or self.token(Role.NODE)} --fingerprint {self.fingerprint}"
        return f"lrnap up --join {reachable(address).url} {proof}"


def load_or_make(folder: Path) -> Identity:
    """Raises LrnapError: UNAVAILABLE, with file and cure, if it cannot be read or written; UNSUPPORTED where no server
    can be."""
    locks.needed()
    certificate, key, tokens = (folder / name for name in ("certificate.pem", "key.pem", "tokens.json"))
    new = not (certificate.exists() and key.exists() and tokens.exists())
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not (certificate.exists() and key.exists()):
            _make_certificate(certificate, key)
        if not tokens.exists():
            keyring.begin(tokens)
        keys = Keyring(tokens)
        if not keys.all_of(Role.NODE):
            keyring.complete(tokens)
            keys.refresh()
        shown = ssl.PEM_cert_to_DER_cert(certificate.read_text())
        return Identity(folder, tls.fingerprint(shown), keys, new)
    except OSError as error:
        raise LrnapError(
            Code.UNAVAILABLE, f"{error.filename or folder}: {error.strerror or error}; the server keeps its key there"
        ) from None
    except ValueError as error:
        raise LrnapError(
            Code.UNAVAILABLE, f"{folder} holds no usable key and tokens ({error}): remove it, and new ones are made"
        ) from None


def share_token(folder: Path, token: str) -> None:
    """From the next start on, whoever shows this token is admin there: that of the farm which the server waits for."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        keyring.begin(folder / "tokens.json", token)
    except OSError as error:
        raise LrnapError(
            Code.UNAVAILABLE, f"{error.filename or folder}: {error.strerror or error}; the server keeps its token there"
        ) from None


def reachable(address: Address) -> Address:
    """An address that means this machine from elsewhere, too, for one that means all of its addresses."""
    if address.host in ("0.0.0.0", "::"):
        return Address(socket.gethostname(), address.port, address.tls)
    return address


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
