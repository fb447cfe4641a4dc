"""The kinds of settings: what a value of each may be, and how it is read from a parameter.

A kind is what `metadata` of a field holds: `read` makes the value of what was given, or raises ValueError, and
`allowed` says in words what may be given, for the refusal and for the documentation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import Field, field
from math import isfinite
from typing import Any

import numpy as np

from lrnap.errors import Code, LrnapError
from lrnap.film.develop.colour import COOLEST, HOTTEST, Chromaticity

_FLAGS = {"true": True, "false": False, "1": True, "0": False, "1.0": True, "0.0": False}


def number(default: float, low: float, high: float) -> float:
    return field(default=default, metadata=_kind(_number, f"a number from {low:g} to {high:g}", range=(low, high)))


def whole(default: int, low: int, high: int) -> int:
    return field(default=default, metadata=_kind(_whole, f"a whole number from {low} to {high}", range=(low, high)))


def flag(default: bool) -> bool:
    return field(default=default, metadata=_kind(_flag, "true or false"))


def choice(default: str, choices: tuple[str, ...]) -> str:
    return field(default=default, metadata=_kind(_choice, f"one of {', '.join(choices)}", choices=choices))


def file(what: str) -> str:
    """The name of a file of the scene; none by default."""
    return field(default="", metadata=_kind(_text, f"{what}, or nothing", file=True))


def word(what: str) -> str:
    """A name that only a file knows; none by default."""
    return field(default="", metadata=_kind(_text, f"{what}, or nothing"))


def chromaticity(default: Chromaticity) -> Chromaticity:
    low, high = 1e-4, 1.0
    allowed = f"two numbers, CIE x from 0 to {high:g} and y from {low:g} to {high:g}"
    return field(default=default, metadata=_kind(_chromaticity, allowed, range=(low, high)))


def triple(default: tuple[float, float, float], low: float, high: float) -> tuple[float, float, float]:
    allowed = f"three numbers from {low:g} to {high:g}"
    return field(default=default, metadata=_kind(_triple, allowed, range=(low, high)))


def temperature() -> float:
    """Kelvin; 0, the default, for none."""
    allowed = f"0 for none, or a number from {COOLEST:g} to {HOTTEST:g}"
    return field(default=0.0, metadata=_kind(_temperature, allowed, range=(COOLEST, HOTTEST)))


def read(row: Field[Any], value: Any, name: str | None = None) -> Any:
    """A field's value from a parameter's, which is called `name`, by default as the field is. Raises LrnapError that
    names the parameter and what may stand there."""
    try:
        return row.metadata["read"](row, value)
    except ValueError:
        given = single(value.tolist() if isinstance(value, np.ndarray) else value)
        message = f"Film parameter '{name or row.name}' must be {row.metadata['allowed']}, not {given!r}"
        raise LrnapError(Code.TYPE, message) from None


def single(value: Any) -> Any:
    """The one value of a parameter, which may come alone or as a sequence or array of one."""
    if isinstance(value, np.ndarray | list | tuple):
        if len(np.atleast_1d(np.asarray(value, dtype=object))) != 1:
            return value
        value = value[0] if np.ndim(value) else value
    if isinstance(value, str):
        return str(value)  # a word of the wire is text of a kind of its own
    return value.item() if isinstance(value, np.generic | np.ndarray) else value


def _kind(read: Any, allowed: str, **more: Any) -> dict[str, Any]:
    return {"read": read, "allowed": allowed, **more}


def _number(row: Field[Any], value: Any) -> float:
    given = single(value)
    low, high = row.metadata["range"]
    if isinstance(given, bool) or not isinstance(given, int | float) or not low <= given <= high:
        raise ValueError
    return _decimal(given)


def _whole(row: Field[Any], value: Any) -> int:
    given = _number(row, value)
    if given != int(given):
        raise ValueError
    return int(given)


def _flag(_: Field[Any], value: Any) -> bool:
    given = single(value)
    if not isinstance(given, bool | int | float | str) or str(given).lower() not in _FLAGS:
        raise ValueError
    return _FLAGS[str(given).lower()]


def _choice(row: Field[Any], value: Any) -> str:
    word = single(value)
    if not isinstance(word, str) or word not in row.metadata["choices"]:
        raise ValueError
    return word


def _text(_: Field[Any], value: Any) -> str:
    word = single(value)
    if not isinstance(word, str):
        raise ValueError
    return word


def _chromaticity(row: Field[Any], value: Any) -> Chromaticity:
    low, high = row.metadata["range"]
    x, y = _several(value, 2)
    if not (0 <= x <= high and low <= y <= high):
        raise ValueError
    return x, y


def _triple(row: Field[Any], value: Any) -> tuple[float, float, float]:
    low, high = row.metadata["range"]
    one, two, three = _several(value, 3)
    if not (low <= one <= high and low <= two <= high and low <= three <= high):
        raise ValueError
    return one, two, three


def _temperature(row: Field[Any], value: Any) -> float:
    given = single(value)
    return 0.0 if given == 0 and not isinstance(given, bool) else _number(row, value)


def _several(value: Any, count: int) -> list[float]:
    given = value.tolist() if isinstance(value, np.ndarray) else value
    if not isinstance(given, Sequence) or isinstance(given, str) or len(given) != count:
        raise ValueError
    if not all(isinstance(v, int | float) and isfinite(v) for v in given):
        raise ValueError
    return [_decimal(v) for v in given]


def _decimal(value: float) -> float:
    """The number that was written, where it came through float32: 0.34, not 0.3400000035762787."""
    return float(str(np.float32(value)))
