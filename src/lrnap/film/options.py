"""How a film is written into a file: every option once, with the kinds of file that have it and what it may be.

`lrnap render --write depth=16`, `lrnap film develop --write`, `API_DumpFilmBuffer format=png depth=16`, `Job.save(path,
depth="16")` and a scene's `write_png_16bit` spell the same rows. What is not given is as the kind of file has it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from lrnap.errors import Code, LrnapError
from lrnap.film.channels import in_order

EXR_COMPRESSIONS = ("zip", "none", "rle", "zips", "piz", "pxr24", "b44", "b44a", "dwaa", "dwab")
LOOKING = ("png", "jpeg", "tiff", "tga")  # files of developed pictures


@dataclass(frozen=True, slots=True)
class Kind:
    """One row of what can be written."""

    extensions: tuple[str, ...]
    depths: tuple[str, ...]  # the first is the default
    linear: bool = False  # holds scene light, not an encoded picture
    alpha: bool | None = False  # the default; None: cannot hold it
    notes: int = 1 << 20  # bytes of metadata that fit
    compressions: tuple[str, ...] = ()  # the first is the default


KINDS: Mapping[str, Kind] = {
    "exr": Kind((".exr",), ("float", "half"), linear=True, alpha=True, compressions=EXR_COMPRESSIONS),
    "jpeg": Kind((".jpg", ".jpeg"), ("8",), alpha=None, notes=60_000),
    "png": Kind((".png",), ("8", "16")),
    "tga": Kind((".tga",), ("8",), notes=300, compressions=("none", "rle")),
    "tiff": Kind((".tif", ".tiff"), ("8", "16", "half", "float"), compressions=("zip", "none", "lzw", "packbits")),
}


@dataclass(frozen=True, slots=True)
class Options:
    """See ROWS. None: as the kind of file has it."""

    depth: str | None = None
    alpha: bool | None = None
    grey: bool | None = None
    premultiplied: bool | None = None
    compression: str | None = None
    quality: int | None = None
    tonemapped: bool | None = None
    clamped: bool | None = None
    groups: bool | None = None
    channels: tuple[str, ...] | None = None
    depth_range: str | None = None
    cryptomatte: bool | None = None
    weights: bool | None = None

    @classmethod
    def of(cls, kind: str, given: Mapping[str, Any]) -> Options:
        """Options by name; values may be text. Raises LrnapError for what there is not, or the kind cannot have."""
        options = cls()
        for name, value in given.items():
            if value is not None:
                options = replace(options, **{name: _checked(kind, name, value)})
        return options

    def given(self) -> dict[str, Any]:
        return {f.name: value for f in fields(self) if (value := getattr(self, f.name)) is not None}


@dataclass(frozen=True, slots=True)
class Row:
    """`kinds`: those that have it. `words`: what it may be; empty for yes or no, numbers and channels."""

    doc: str
    kinds: tuple[str, ...]
    words: tuple[str, ...] = ()
    most: int = 0


ROWS: Mapping[str, Row] = {
    "depth": Row("bits of a value", tuple(KINDS), ("8", "16", "half", "float")),
    "alpha": Row("with coverage", tuple(kind for kind, row in KINDS.items() if row.alpha is not None)),
    "grey": Row("luminance instead of colours", tuple(KINDS)),
    "premultiplied": Row("colours times coverage", ("exr", "tiff")),
    "compression": Row(
        "how it is packed",
        tuple(kind for kind, row in KINDS.items() if row.compressions),
        tuple(dict.fromkeys(word for row in KINDS.values() for word in row.compressions)),
    ),
    "quality": Row("1 to 100", ("jpeg",), most=100),
    "tonemapped": Row("as developed, but in linear light", ("exr",)),
    "clamped": Row("colours that cannot be shown are brought into range", ("exr", *LOOKING)),
    "groups": Row("each light group as a layer, where there are several", ("exr",)),
    "channels": Row("of the film's auxiliary ones, all if not given", ("exr",)),
    "depth_range": Row(
        "distances as they are, or 1 for the nearest and 0 for the farthest", ("exr",), ("none", "minmax")
    ),
    "cryptomatte": Row("the film's ids as Cryptomatte has them", ("exr",)),
    "weights": Row("each pixel's samples, so that the file is a film that can be merged", ("exr",)),
}
_FLAGS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def takes(kind: str, name: str) -> bool:
    return name in ROWS and kind in ROWS[name].kinds


def known_kind(kind: str) -> Kind:
    """Raises LrnapError for one there is not."""
    if kind not in KINDS:
        raise LrnapError(Code.ARGS, f"there is no picture format {kind!r}; there are {', '.join(KINDS)}")
    return KINDS[kind]


def _checked(kind: str, name: str, value: Any) -> Any:
    row = ROWS.get(name)
    if row is None:
        raise LrnapError(Code.ARGS, f"there is no option {name[:40]!r} of a file; there are {', '.join(ROWS)}")
    if name == "channels":
        value = in_order(value.split(",") if isinstance(value, str) else value)
    elif row.words:
        value = _word(kind, name, str(value))
    elif row.most:
        value = _number(name, value, row.most)
    else:
        value = _flag(name, value)
    if kind not in row.kinds and value not in (False, ()):
        others = " or ".join(other for other in row.kinds if other != "tga")
        raise LrnapError(Code.ARGS, f"{kind} cannot hold {name}; write {others} instead")
    return value


def _word(kind: str, name: str, value: str) -> str:
    of_kind = {"depth": KINDS[kind].depths, "compression": KINDS[kind].compressions}.get(name, ROWS[name].words)
    if value not in of_kind and kind in ROWS[name].kinds:
        raise LrnapError(Code.ARGS, f"{kind} has no {name} {value[:40]!r}; there is {', '.join(of_kind)}")
    return value


def _number(name: str, value: Any, most: int) -> int:
    text = str(value)
    if isinstance(value, bool) or not (text.isascii() and text.isdigit() and len(text) < 9 and 1 <= int(text) <= most):
        raise LrnapError(Code.ARGS, f"{name} must be a whole number from 1 to {most}, not {text[:40]!r}")
    return int(text)


def _flag(name: str, value: Any) -> bool:
    known = value if isinstance(value, bool) else _FLAGS.get(str(value).lower())
    if known is None:
        raise LrnapError(Code.ARGS, f"{name} must be true or false, not {str(value)[:40]!r}")
    return known
