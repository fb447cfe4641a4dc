"""Encryption of LRNAP: TLS from the first byte, for the one protocol, with a certificate that is known by its hash.

Certificates are made by each server for itself, so no authority vouches for them: a client that was given the
fingerprint knows the server, whatever its name or address. Names and dates in certificates are not looked at.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re
import ssl
from pathlib import Path

from lrnap.errors import Code, LrnapError

ALPN = "lrnap/1"  # a hello that does not ask for it came here by mistake, or is somebody's redirected HTTPS
HANDSHAKE_SECONDS = 10.0

_FINGERPRINT = re.compile(r"(?:sha256:)?((?:[0-9a-f]{2}:?){31}[0-9a-f]{2})", re.IGNORECASE)


def server_context(certificate: Path, key: Path) -> ssl.SSLContext:
    """Raises LrnapError (UNAVAILABLE) that names the files if they do not fit together."""
    context = _context(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as error:
        raise LrnapError(
            Code.UNAVAILABLE, f"{certificate} and {key} cannot be used ({error}): remove both, and new ones are made"
        ) from None
    return context


def client_context() -> ssl.SSLContext:
    """Takes any certificate: who uses it compares the fingerprint."""
    context = _context(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def speaks_lrnap(transport: asyncio.BaseTransport) -> bool:
    """Whether both sides of an encrypted connection mean this protocol; True where nothing is encrypted."""
    encrypted = transport.get_extra_info("ssl_object")
    return encrypted is None or encrypted.selected_alpn_protocol() == ALPN


def peer_fingerprint(transport: asyncio.BaseTransport) -> str:
    """Of the certificate that the server has shown."""
    shown = transport.get_extra_info("ssl_object").getpeercert(binary_form=True)
    return fingerprint(shown or b"")


def fingerprint(certificate: bytes) -> str:
    """`sha256:` and 64 hexadecimal digits, of a certificate in DER."""
    return f"sha256:{hashlib.sha256(certificate).hexdigest()}"


def parse_fingerprint(text: str) -> str:
    """As `fingerprint` writes it; colons between bytes, as other programs show them, are taken. Raises LrnapError."""
    match = _FINGERPRINT.fullmatch(text.strip())
    if match is None:
        raise LrnapError(
            Code.ARGS,
            f"{text[:80]!r} is no fingerprint: it is sha256: and 64 hexadecimal digits; "
            "`lrnap token` shows it where the server runs",
        )
    return f"sha256:{match[1].replace(':', '').lower()}"


def same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())


def _context(kind: int) -> ssl.SSLContext:
    context = ssl.SSLContext(kind)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
    context.set_alpn_protocols([ALPN])
    return context
