"""Payloads: the bytes that follow a line, and the placeholder `{n;dtype=<f4;shape=100000,3}` that announces them.

With `;asset=<sha256>` the bytes are those of an asset that the server has, and nothing follows.
Rules for this file: an announced length is a claim, so nothing is allocated here from one. All arrays are
little-endian. This is the only module of the wire that compresses; a server does so only for authenticated peers.
"""

from __future__ import annotations

import hashlib
import math
import re
from dataclasses import dataclass, field, replace
from typing import TypeAlias, TypeGuard

import zstandard

from lrnap.errors import Code, WireError

Buffer: TypeAlias = bytes | bytearray | memoryview

MAX_NOWAIT = 64 << 10  # bytes that may be sent without waiting for R_CONT: less than a round trip of a fast LAN costs
MAX_DRAIN = 1 << 20  # bytes of a refused payload that are read and dropped; above that, closing is cheaper
DTYPES = {"|u1": 1, "|i1": 1, "<u2": 2, "<i2": 2, "<f2": 2, "<u4": 4, "<i4": 4, "<f4": 4, "<u8": 8, "<i8": 8, "<f8": 8}
MAX_WINDOW = 1 << 27  # zstd's own default bound: a decoder never needs more than 128 MiB beside its output
BITE = 1 << 10  # bytes decoded at once: 4 bytes of a block can say 128 KiB, so they give 32 MiB at most

_LENGTH = re.compile(r"0|[1-9][0-9]{0,11}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Payload:
    """One payload: its description and, once it is there, its bytes (`data`, as they travel: see `content`)."""

    length: int
    now: bool = False  # {n+}: the bytes follow at once, without waiting for R_CONT
    dtype: str | None = None
    shape: tuple[int, ...] | None = None
    enc: str | None = None  # "zstd" or None
    ulen: int | None = None  # bytes after decoding; given if and only if `enc` is
    sha256: str | None = None  # of the decoded bytes
    asset: str | None = None  # SHA-256 of the asset whose bytes these are; then none follow the line
    data: Buffer | None = field(default=None, repr=False, compare=False)

    def __str__(self) -> str:
        attributes = {
            "dtype": self.dtype,
            "shape": None if self.shape is None else ",".join(map(str, self.shape)),
            "enc": self.enc,
            "ulen": self.ulen,
            "sha256": self.sha256,
            "asset": self.asset,
        }
        given = "".join(f";{key}={value}" for key, value in attributes.items() if value is not None)
        return f"{{{self.length}{'+' if self.now else ''}{given}}}"

    @classmethod
    def of(
        cls,
        data: Buffer,
        *,
        dtype: str | None = None,
        shape: tuple[int, ...] | None = None,
        compress: bool = False,
        sha256: bool = False,
    ) -> Payload:
        """The payload that carries `data`; compressed only where that makes it smaller."""
        size = memoryview(data).nbytes
        digest = hashlib.sha256(data).hexdigest() if sha256 else None
        plain = cls(size, dtype=dtype, shape=shape, sha256=digest, data=data)
        _check(plain)
        packed = pack(data) if compress else data
        if memoryview(packed).nbytes >= size:
            return plain
        return replace(plain, length=len(packed), enc="zstd", ulen=size, data=packed)

    @property
    def size(self) -> int:
        """Bytes after decoding."""
        return self.length if self.ulen is None else self.ulen

    def content(self) -> Buffer:
        """The decoded bytes, checked against `ulen` and `sha256`. Work for a thread, if it is large."""
        if self.data is None and self.asset is not None:
            raise WireError(Code.ARGS, "asset= is for the arrays of a scene")
        if self.data is None:
            raise WireError(Code.FRAMING, "the payload has not arrived")
        content = self.data if self.enc is None else expand(self.data, self.size)
        if self.sha256 is not None and hashlib.sha256(content).hexdigest() != self.sha256:
            raise WireError(Code.HASH, f"the payload does not have the announced sha256 {self.sha256}")
        return content


def follows(value: object) -> TypeGuard[Payload]:
    """Whether an argument is a payload whose bytes follow its line."""
    return isinstance(value, Payload) and value.asset is None


def pack(data: Buffer) -> bytes:
    return zstandard.ZstdCompressor(level=1).compress(data)


def expand(data: Buffer, ulen: int) -> bytes:
    """`data` decoded, which must give exactly `ulen` bytes; more are never produced."""
    decoder = zstandard.ZstdDecompressor(max_window_size=MAX_WINDOW).decompressobj()
    view, parts, got = memoryview(data).cast("B"), [], 0
    try:
        for start in range(0, len(view), BITE):
            part = decoder.decompress(view[start : start + BITE])
            parts.append(part)
            got += len(part)
            if got > ulen:
                break
    except zstandard.ZstdError:
        raise WireError(Code.HASH, "the payload is not a zstd frame") from None
    if got != ulen or not decoder.eof or decoder.unused_data:
        raise WireError(Code.HASH, f"the payload does not decode to the announced {ulen} bytes (ulen)")
    return b"".join(parts)


def parse_length(text: str, what: str = "a length") -> int:
    """1 to 12 decimal digits without sign or leading zero."""
    if not _LENGTH.fullmatch(text):
        shown = text if len(text) <= 20 else text[:20] + "..."
        raise WireError(Code.FRAMING, f"{what} is 1 to 12 decimal digits, not {shown!r}", fatal=True)
    return int(text)


def parse_payload(text: str) -> Payload:
    """The payload that `{text}` announces. Errors are fatal: where the next line begins cannot be known."""
    length, *attributes = text.split(";")
    now = length.endswith("+")
    found: dict[str, str] = {}
    for attribute in attributes:
        key, equals, value = attribute.partition("=")
        if not equals or not value or key in found:
            raise WireError(Code.FRAMING, f"{attribute[:40]!r} in a payload is not key=value", fatal=True)
        found[key] = value
    result = Payload(
        parse_length(length.removesuffix("+"), "the length of a payload"),
        now,
        found.pop("dtype", None),
        tuple(parse_length(side, "a side of a shape") for side in found.pop("shape").split(","))
        if "shape" in found
        else None,
        found.pop("enc", None),
        parse_length(found.pop("ulen"), "ulen") if "ulen" in found else None,
        found.pop("sha256", None),
        found.pop("asset", None),
    )
    if found:
        raise WireError(Code.FRAMING, f"a payload has no {next(iter(found))[:40]!r}", fatal=True)
    _check(result)
    return result


def _check(payload: Payload) -> None:
    problem = None
    if payload.dtype is not None and payload.dtype not in DTYPES:
        problem = f"dtype is one of {' '.join(DTYPES)}, not {payload.dtype[:20]!r}"
    elif payload.shape is not None and (payload.dtype is None or len(payload.shape) > 4):
        problem = "a shape has 1 to 4 sides and needs a dtype"
    elif payload.enc not in (None, "zstd"):
        problem = f"enc is zstd, not {payload.enc[:20]!r}"
    elif (payload.enc is None) != (payload.ulen is None):
        problem = "enc and ulen go together"
    elif not all(_SHA256.fullmatch(digest) for digest in (payload.sha256, payload.asset) if digest is not None):
        problem = "sha256 and asset are 64 hexadecimal digits in lower case"
    elif payload.asset is not None and (payload.now or payload.enc or payload.sha256):
        problem = "what is an asset has only dtype and shape beside, for nothing follows"
    elif payload.dtype is not None:
        item = DTYPES[payload.dtype]
        count = payload.size // item if payload.shape is None else math.prod(payload.shape)
        if count * item != payload.size:
            problem = f"{payload.size} bytes do not hold {count} x {payload.dtype}"
    if problem:
        raise WireError(Code.FRAMING, f"payload: {problem}", fatal=True)
