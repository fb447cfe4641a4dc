"""A snapshot on its way between machines: the fields that describe it, and its block as it is in memory.

Nothing is converted: the bytes are the block's float32 values, little-endian, in the order of `FilmLayout.planes`.
Whoever receives them trusts nothing: every field is checked against the bounds, and the bytes against the fields.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from urllib.parse import quote, unquote

import numpy as np

from lrnap.errors import Code, LrnapError
from lrnap.film import names
from lrnap.film.channels import in_order
from lrnap.film.snapshot import FilmLayout, Snapshot
from lrnap.limits import MAX_FILM_PIXELS, MAX_FILM_SIDE, MAX_LIGHT_GROUPS, MAX_NAME

FORMAT = "ACCUM_FLOAT32"
_WIRE = np.dtype("<f4")
_COUNT = 2**63 - 1  # what fits the counters of any language


def describe(snapshot: Snapshot) -> dict[str, str]:
    """The fields of a reply that announces the block; `LENGTH` is its size in bytes.

    Light group names are percent-encoded and joined by commas, so that they are one word whatever they contain.
    """
    layout = snapshot.layout
    return {
        "FILM": FORMAT,
        "DIMX": str(layout.width),
        "DIMY": str(layout.height),
        "LENGTH": str(layout.floats * _WIRE.itemsize),
        "RUN": snapshot.run,
        "SEED": str(snapshot.seed),
        "NUMBER": str(snapshot.number),
        "EPOCH": str(snapshot.epoch),
        "SAMPLES": repr(float(snapshot.samples)),
        "SCREENSAMPLES": repr(float(snapshot.screen_samples)),
        "SECONDS": repr(float(snapshot.seconds)),
        "SCREEN": str(int(layout.screen)),
        "GROUPS": ",".join(quote(group, safe="") for group in layout.groups),
        **({"CHANNELS": ",".join(layout.channels)} if layout.channels else {}),
        **({"NAMES": names.packed(layout.names)} if layout.names else {}),
    }


def payload(snapshot: Snapshot) -> memoryview:
    """The bytes of the block, without copying them on little-endian machines."""
    return np.ascontiguousarray(snapshot.block, _WIRE).data.cast("B")


def layout_of(fields: Mapping[str, str]) -> FilmLayout:
    """The layout that fields describe, within bounds: ask this before making room for `LENGTH` bytes."""
    if fields.get("FILM") != FORMAT:
        raise _bad("FILM", fields.get("FILM"), f"be {FORMAT}")
    width = _whole(fields, "DIMX", 1, MAX_FILM_SIDE)
    height = _whole(fields, "DIMY", 1, MAX_FILM_SIDE)
    if width * height > MAX_FILM_PIXELS:
        raise _bad("DIMX x DIMY", f"{width} x {height}", f"be at most MAX_FILM_PIXELS = {MAX_FILM_PIXELS} pixels")
    words = _text(fields, "GROUPS").split(",")
    if len(words) > MAX_LIGHT_GROUPS:
        raise _bad("GROUPS", f"{len(words)} names", f"have at most MAX_LIGHT_GROUPS = {MAX_LIGHT_GROUPS} names")
    groups = tuple(unquote(word) for word in words)
    if len(set(groups)) != len(groups) or max(map(len, groups)) > MAX_NAME:
        raise _bad("GROUPS", fields["GROUPS"], f"have names that differ and are at most MAX_NAME = {MAX_NAME} long")
    called = names.unpacked(fields["NAMES"]) if "NAMES" in fields else {}
    layout = FilmLayout(width, height, groups, bool(_whole(fields, "SCREEN", 0, 1)), _channels(fields), called)
    length = layout.floats * _WIRE.itemsize
    if _whole(fields, "LENGTH", 0, _COUNT) != length:
        raise _bad("LENGTH", fields["LENGTH"], f"be {length} for this size, these light groups and channels")
    return layout


def from_parts(fields: Mapping[str, str], buffer: bytes | bytearray | memoryview) -> Snapshot:
    """The snapshot that fields and bytes make up; its block is the buffer, not a copy, and must be left alone.

    Raises LrnapError that names the field, what it holds, and what it must be. Unknown fields are passed over.
    """
    layout = layout_of(fields)
    size = memoryview(buffer).nbytes
    if size != layout.floats * _WIRE.itemsize:
        raise LrnapError(Code.FRAMING, f"a film of {fields['LENGTH']} bytes was announced, and {size} bytes came")
    run = _text(fields, "RUN")
    if not 0 < len(run) <= MAX_NAME:
        raise _bad("RUN", run, f"have 1 to MAX_NAME = {MAX_NAME} characters")
    block = np.frombuffer(buffer, _WIRE).astype(np.float32, copy=False)
    return Snapshot(
        run=run,
        seed=_whole(fields, "SEED", 0, _COUNT),
        number=_whole(fields, "NUMBER", 0, _COUNT),
        layout=layout,
        block=block,
        samples=_real(fields, "SAMPLES"),
        screen_samples=_real(fields, "SCREENSAMPLES"),
        seconds=_real(fields, "SECONDS"),
        epoch=_whole(fields, "EPOCH", 0, _COUNT),
    )


def _channels(fields: Mapping[str, str]) -> tuple[str, ...]:
    """None where the field is missing."""
    text = fields.get("CHANNELS", "")
    try:
        channels = in_order(text.split(","))
    except LrnapError as error:
        raise _bad("CHANNELS", text, f"have names that are known ({error.message})") from None
    if ",".join(channels) != text:
        raise _bad("CHANNELS", text, "name each channel once, in the order in which films hold them")
    return channels


def _text(fields: Mapping[str, str], name: str) -> str:
    if name not in fields:
        raise LrnapError(Code.ARGS, f"field {name} of a film is missing")
    return fields[name]


def _whole(fields: Mapping[str, str], name: str, low: int, high: int) -> int:
    text = _text(fields, name)
    if text.isascii() and text.isdigit() and len(text) < 20 and low <= int(text) <= high:
        return int(text)
    raise _bad(name, text, f"be a whole number from {low} to {high}")


def _real(fields: Mapping[str, str], name: str) -> float:
    text = _text(fields, name)
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value < math.inf:
        raise _bad(name, text, "be a number, finite and not negative")
    return value


def _bad(name: str, given: str | None, wanted: str) -> LrnapError:
    shown = repr(given if given is None or len(given) <= 80 else given[:77] + "...")
    return LrnapError(Code.TYPE, f"field {name} of a film must {wanted}, not {shown}")
