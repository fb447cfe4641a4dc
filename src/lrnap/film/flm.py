"""Classic Lux's film files (.flm, version 0): bytes in, `Flm` out, and back without losing a bit.

A file is one gzip member. In it, little-endian: a head that says how large the film is, parameters by number (see
flm_parameters.py), and per light group the number of samples and one buffer per kind of buffer: five float32 a pixel,
weighted sums, row 0 at the top. A film of pylux, luxconsole or LuxBlend reads here, and one of ours reads there.

Nothing in a file is trusted: what the head announces is held against the bounds, and against what a file of this
length can unpack to, before room is made for it. What is left over, cut off or damaged is refused.
"""

from __future__ import annotations

import gzip
import io
import math
import os
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import IO, Any, TypeVar

import numpy as np

from lrnap.errors import Code, LrnapError
from lrnap.film.replace import replace_file
from lrnap.film.snapshot import Block
from lrnap.limits import (
    MAX_FILM_PIXELS,
    MAX_FILM_SIDE,
    MAX_FLM_BUFFERS,
    MAX_FLM_BYTES,
    MAX_FLM_PARAMETER_BYTES,
    MAX_LIGHT_GROUPS,
)

EXTENSION = ".flm"
CHANNELS = 5  # of a pixel: X, Y, Z, alpha, weight
_MAGIC = 0xCEBCD816
_VERSION = 0
_GZIP_HEAD = bytes.fromhex("1f8b08000000000002ff")  # no name, no time: equal films are equal files
_LEVEL = 4
_MOST_UNPACKED = 1032  # bytes that one byte of deflate can become
_PIECE = 1 << 20
_LUXCORE_MAGIC = 22  # LuxCore calls its own, different format .flm too; it begins with the length of a name


class BufferType(IntEnum):
    """What the sums of a buffer have to be divided by; see flm_convert.py."""

    PER_PIXEL = 0
    PER_SCREEN = 1
    PER_SCREEN_SCALED = 2
    RAW = 3


class ParameterType(IntEnum):
    FLOAT = 0
    STRING = 1
    DOUBLE = 2


_NUMBERS = {ParameterType.FLOAT: struct.Struct("<f"), ParameterType.DOUBLE: struct.Struct("<d")}


@dataclass(frozen=True, slots=True)
class Parameter:
    """`number` as in classic Lux's API; `index`: the light group, where it is about one."""

    number: int
    value: float | str
    index: int = 0
    type: ParameterType = ParameterType.FLOAT


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """One light group: how many samples were taken, and a buffer (H, W, 5) per type of the film."""

    samples: float
    buffers: tuple[Block, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Flm:
    """A whole file. Two can be merged if `differences` finds none."""

    width: int
    height: int
    types: tuple[BufferType, ...]
    groups: tuple[Group, ...]
    parameters: tuple[Parameter, ...] = ()

    def __post_init__(self) -> None:
        shape = (self.height, self.width, CHANNELS)
        for group in self.groups:
            fit = [buffer.shape == shape and buffer.dtype == np.float32 for buffer in group.buffers]
            if len(fit) != len(self.types) or not all(fit):
                raise ValueError(f"each light group needs {len(self.types)} float32 buffers of {shape}")


# --- reading ------------------------------------------------------------------------------------------------------


def read(path: str | os.PathLike[str]) -> Flm:
    """A film from a file. Raises LrnapError that names the file, the cause and the cure."""
    at = os.fspath(path)
    try:
        with Path(path).open("rb") as file:
            return _read(file, at)
    except FileNotFoundError:
        raise LrnapError(Code.NOT_FOUND, "there is no such file", at=at) from None
    except OSError as error:
        code = Code.DENIED if isinstance(error, PermissionError) else Code.INTERNAL
        raise LrnapError(code, f"cannot be read: {error.strerror or error}", at=at) from error


def decode(data: bytes | bytearray | memoryview, name: str = "film") -> Flm:
    """A film from the bytes of a file; `name` is what errors call it."""
    return _read(io.BytesIO(data), name)


class _Source:
    """What a file unpacks to, as much as is asked for."""

    def __init__(self, file: IO[bytes], at: str) -> None:
        self.at = at
        self.packed = file.seek(0, os.SEEK_END)
        file.seek(0)
        self._stream = gzip.GzipFile(fileobj=file, mode="rb")
        self._taken = 0

    def bad(self, cause: str) -> LrnapError:
        return LrnapError(Code.TYPE, f"cannot be read as a film of classic Lux: {cause}", at=self.at)

    def fill(self, room: memoryview) -> None:
        while room.nbytes:
            size = self._some(room[:_PIECE])
            if not size:
                raise self._cut_off()
            self._taken += size
            room = room[size:]

    def take(self, size: int) -> bytes:
        data = bytearray(size)
        self.fill(memoryview(data))
        return bytes(data)

    def unpack(self, form: str) -> tuple[Any, ...]:
        return struct.unpack(form, self.take(struct.calcsize(form)))

    def end(self) -> None:
        """Also checks the sum that gzip keeps of everything."""
        if self._some(memoryview(bytearray(1))):
            raise self.bad("more follows after its last pixel. Another program may have changed it; take a fresh copy")

    def _some(self, room: memoryview) -> int:
        try:
            return self._stream.readinto(room)
        except EOFError:
            raise self._cut_off() from None
        except (gzip.BadGzipFile, zlib.error, struct.error) as error:
            cause = "it is not packed with gzip" if not self._taken else f"it is damaged ({error})"
            raise self.bad(f"{cause}. Check that this is the right file, or take a fresh copy") from None

    def _cut_off(self) -> LrnapError:
        return self.bad("it ends before its last pixel: it was cut off, take a fresh copy")


def _read(file: IO[bytes], at: str) -> Flm:
    source = _Source(file, at)
    _check_magic(source)
    width, height, groups, configs = source.unpack("<IIII")
    _check_bounds(source, width, height, groups, configs)
    types = tuple(_known(source, BufferType, number, "buffer") for number in source.unpack(f"<{configs}i"))
    parameters = _read_parameters(source)
    try:
        read_groups = tuple(_read_group(source, (height, width, CHANNELS), configs) for _ in range(groups))
    except MemoryError:
        raise LrnapError(
            Code.INTERNAL, f"there is not enough memory for a film of {width}x{height} pixels", at=at
        ) from None
    source.end()
    return Flm(width, height, types, read_groups, parameters)


def _check_magic(source: _Source) -> None:
    magic, version = source.unpack("<Ii")
    if magic == _LUXCORE_MAGIC:
        raise source.bad("it is one of LuxCore, which uses the same extension. Save a picture with LuxCore instead")
    if magic != _MAGIC:
        raise source.bad(f"it begins with {magic:#010x} instead of {_MAGIC:#010x}. Check that this is the right file")
    if version != _VERSION:
        raise source.bad(f"it has version {version}, and only {_VERSION} is known. Save it with LuxRender 0.8 to 1.x")


def _check_bounds(source: _Source, width: int, height: int, groups: int, configs: int) -> None:
    for what, given, bound, most in (
        ("width", width, "MAX_FILM_SIDE", MAX_FILM_SIDE),
        ("height", height, "MAX_FILM_SIDE", MAX_FILM_SIDE),
        ("number of pixels", width * height, "MAX_FILM_PIXELS", MAX_FILM_PIXELS),
        ("number of light groups", groups, "MAX_LIGHT_GROUPS", MAX_LIGHT_GROUPS),
        ("number of buffers per light group", configs, "MAX_FLM_BUFFERS", MAX_FLM_BUFFERS),
        ("size in bytes", _buffer_bytes(width, height) * groups * configs, "MAX_FLM_BYTES", MAX_FLM_BYTES),
    ):
        if not 0 < given <= most:
            raise source.bad(f"its {what} is {given}, and may be 1 to {bound} = {most}. It is damaged, or not a film")
    if _buffer_bytes(width, height) * groups * configs > source.packed * _MOST_UNPACKED:
        raise source.bad(
            f"its {source.packed} bytes cannot hold {width}x{height} pixels of {groups} light groups. "
            "It was cut off; take a fresh copy"
        )


def _buffer_bytes(width: int, height: int) -> int:
    return width * height * CHANNELS * 4


E = TypeVar("E", bound=IntEnum)


def _known(source: _Source, kind: type[E], number: int, what: str) -> E:
    try:
        return kind(number)
    except ValueError:
        raise source.bad(f"it has a {what} of type {number}; there are 0 to {max(kind)}. It is damaged") from None


def _read_parameters(source: _Source) -> tuple[Parameter, ...]:
    (count,) = source.unpack("<I")
    room = MAX_FLM_PARAMETER_BYTES
    parameters = []
    for _ in range(count):
        number_of_type, size, number, index = source.unpack("<iIiI")
        kind = _known(source, ParameterType, number_of_type, "parameter")
        room -= 16 + size
        if room < 0:
            raise source.bad(
                f"its parameters take over MAX_FLM_PARAMETER_BYTES = {MAX_FLM_PARAMETER_BYTES} bytes. It is damaged"
            )
        packed = _NUMBERS.get(kind)
        if packed is None:
            value: float | str = source.take(size).decode(errors="surrogateescape")
        elif size == packed.size:
            (value,) = packed.unpack(source.take(size))
        else:
            raise source.bad(f"its parameter {number} has {size} bytes instead of {packed.size}. It is damaged")
        parameters.append(Parameter(number, value, index, kind))
    return tuple(parameters)


def _read_group(source: _Source, shape: tuple[int, int, int], configs: int) -> Group:
    (samples,) = source.unpack("<d")
    if not 0 <= samples < math.inf:
        raise source.bad(f"it claims {samples} samples. It is damaged; take a fresh copy")
    buffers = []
    for _ in range(configs):
        buffer = np.empty(shape, "<f4")
        source.fill(buffer.data.cast("B"))
        buffers.append(buffer.astype(np.float32, copy=False))
    return Group(samples, tuple(buffers))


# --- writing ------------------------------------------------------------------------------------------------------


def write(path: str | os.PathLike[str], flm: Flm) -> None:
    """A film into a file, replacing an older one at once; see `replace_file` for errors."""
    replace_file(path, _packed(flm), "film")


def encode(flm: Flm) -> bytes:
    """The bytes that `write` puts into a file."""
    return b"".join(_packed(flm))


def _packed(flm: Flm) -> Iterator[bytes]:
    """A gzip member whose head is that of classic Lux, which Python's gzip would fill in otherwise."""
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    checksum = length = 0
    yield _GZIP_HEAD
    for part in _parts(flm):
        checksum = zlib.crc32(part, checksum)
        length += part.nbytes
        yield packer.compress(part)
    yield packer.flush()
    yield struct.pack("<II", checksum, length & 0xFFFFFFFF)


def _parts(flm: Flm) -> Iterator[memoryview]:
    head = [
        struct.pack("<IiIIII", _MAGIC, _VERSION, flm.width, flm.height, len(flm.groups), len(flm.types)),
        struct.pack(f"<{len(flm.types)}i", *flm.types),
        struct.pack("<I", len(flm.parameters)),
        *map(_packed_parameter, flm.parameters),
    ]
    yield memoryview(b"".join(head))
    for group in flm.groups:
        yield memoryview(struct.pack("<d", group.samples))
        for buffer in group.buffers:
            data = np.ascontiguousarray(buffer, "<f4").data.cast("B")
            for start in range(0, data.nbytes, _PIECE):
                yield data[start : start + _PIECE]


def _packed_parameter(parameter: Parameter) -> bytes:
    kind, value = parameter.type, parameter.value
    data = value.encode(errors="surrogateescape") if isinstance(value, str) else _NUMBERS[kind].pack(value)
    return struct.pack("<iIiI", kind, len(data), parameter.number, parameter.index) + data


# --- merging ------------------------------------------------------------------------------------------------------


def differences(flm: Flm, other: Flm) -> str:
    """Why two films cannot be merged; empty if they can."""
    return "; ".join(
        f"its {what} {theirs} instead of {ours}"
        for what, theirs, ours in (
            ("size is", f"{other.width}x{other.height}", f"{flm.width}x{flm.height}"),
            ("number of light groups is", len(other.groups), len(flm.groups)),
            ("buffers are", shown_types(other), shown_types(flm)),
        )
        if theirs != ours
    )


def merge(flm: Flm, other: Flm) -> Flm:
    """The film of the samples of both, as classic Lux merges: sums are added, and what `other` sets is set.

    Raises LrnapError that says in what they differ.
    """
    if found := differences(flm, other):
        raise LrnapError(
            Code.STATE, f"it cannot be merged: {found}. Only films of the same scene with the same settings can"
        )
    with np.errstate(over="ignore", invalid="ignore"):
        groups = tuple(
            Group(a.samples + b.samples, tuple(x + y for x, y in zip(a.buffers, b.buffers, strict=True)))
            for a, b in zip(flm.groups, other.groups, strict=True)
        )
    parameters = {(p.number, p.index): p for p in (*flm.parameters, *other.parameters)}
    return Flm(flm.width, flm.height, flm.types, groups, tuple(parameters.values()))


def shown_types(flm: Flm) -> str:
    return ", ".join(kind.name.lower().replace("_", " ") for kind in flm.types)
