"""How a row of the call table is written down: the types of `calls.py`, and the notation of its rows."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Literal, get_args

Kind = Literal["string", "number", "integer", "bool", "numbers", "bytes", "text", "value"]
Group = Literal["scene", "transform", "engine", "film", "parameter", "attribute", "network", "error"]


class Where(Enum):
    """In which part of a scene a call is legal."""

    OPTIONS = "before WorldBegin"
    WORLD = "between WorldBegin and WorldEnd"
    SCENE = "anywhere in a scene, but not between MotionBegin and MotionEnd"
    TRANSFORM = "anywhere in a scene, also between MotionBegin and MotionEnd"
    ANY = "at any time"


@dataclass(frozen=True, slots=True)
class Arg:
    """One positional argument. A Call holds strings as str, numbers, integers and bools as float, and number lists
    as a (n,) float32 array, bytes as a (n,) uint8 array, which never stand in a scene file. A "value" is a
    string, a number or a bool, and held as str. "text" of several lines is only returned."""

    name: str
    kind: Kind
    count: int | None = None  # of "numbers": exactly so many; None: any number
    optional: bool = False  # may be left out, as may all that follow


@dataclass(frozen=True, slots=True)
class CallSpec:
    """One call. `lxs`, `c` and `pylux` are its names in scene files, in the C API and in pylux; None: not there."""

    name: str
    group: Group
    where: Where
    args: tuple[Arg, ...]
    doc: str
    lxs: str | None
    c: str | None
    pylux: str | None
    takes_params: bool = False
    returns: Kind | Literal[""] = ""

    @property
    def usage(self) -> str:
        """One line for HELP: the name with its arguments, e.g. `Rotate <angle> <ax> <ay> <az>`."""
        words = [self.name]
        for arg in self.args:
            quoted = f'"{arg.name}"'
            shape = {"string": quoted, "value": quoted, "numbers": f"[{arg.name}]"}.get(arg.kind, f"<{arg.name}>")
            words.append(f"({shape})" if arg.optional else shape)
        if self.takes_params:
            words.append('["type name" value ...]')
        return " ".join(words)


def row(
    name: str,
    group: Group,
    where: Where,
    args: str,
    doc: str,
    *,
    lxs: str | bool = False,
    c: str | bool = True,
    pylux: str | bool = True,
    params: bool = False,
    returns: Kind | Literal[""] = "",
) -> CallSpec:
    """A row in short notation.

    `args` is a list of words `name:kind`, with `kind` string by default, `numbers16` for 16 numbers and a `?` behind
    what may be left out. For `lxs`, `c`, `pylux`, True means the usual name (`Shape`, `luxShape`, `shape`).
    """
    return CallSpec(
        name,
        group,
        where,
        tuple(_arg(word) for word in args.split()),
        doc,
        lxs=_name(lxs, name),
        c=_name(c, f"lux{name}"),
        pylux=_name(pylux, name[0].lower() + name[1:]),
        takes_params=params,
        returns=returns,
    )


def _name(given: str | bool, usual: str) -> str | None:
    return given if isinstance(given, str) else usual if given else None


def _arg(word: str) -> Arg:
    name, _, kind = word.rstrip("?").partition(":")
    count = kind.removeprefix("numbers")
    if kind.startswith("numbers") and count:
        return Arg(name, "numbers", int(count))
    kind = kind or "string"
    if kind not in get_args(Kind):
        raise ValueError(f"call table: unknown kind of argument in {word!r}")
    return Arg(name, kind, optional=word.endswith("?"))  # type: ignore[arg-type]  # checked on the line above
