"""The kinds of settings: what a value of each may be, and how it is read from a Film's parameter.

A kind is what `metadata` of a field of Settings holds: `read` makes the value of what was given, or refuses it, and
`allowed` says in words what may be given, for the refusal and for the documentation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import Field, field
from math import isfinite
from typing import Any

import numpy as np

from lrnap.errors import Code, LrnapError
from lrnap.film.develop.colour import Chromaticity

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
    return field(default="", metadata=_kind(_text, f"{what}, or nothing"))


def chromaticity(default: Chromaticity) -> Chromaticity:
    low, high = 1e-3, 1.0
    allowed = f"two numbers, CIE x from 0 to {high:g} and y from {low:g} to {high:g}"
    return field(default=default, metadata=_kind(_chromaticity, allowed, range=(low, high)))


def read(row: Field[Any], value: Any) -> Any:
    """A field's value from a parameter's. Raises LrnapError that names the parameter and what may stand there."""
    return row.metadata["read"](row, value)


def single(value: Any) -> Any:
    """The one value of a parameter, which may come alone or as a sequence or array of one."""
    if isinstance(value, np.ndarray | list | tuple):
        if len(np.atleast_1d(np.asarray(value, dtype=object))) != 1:
            return value
        value = value[0] if np.ndim(value) else value
    return value.item() if isinstance(value, np.generic | np.ndarray) else value


def is_on(value: Any) -> bool:
    """Whether a flag is given as true; False for what is no flag."""
    return _FLAGS.get(str(single(value)).lower(), False)


def _kind(read: Any, allowed: str, **more: Any) -> dict[str, Any]:
    return {"read": read, "allowed": allowed, **more}


def _number(row: Field[Any], value: Any) -> float:
    given = single(value)
    low, high = row.metadata["range"]
    if isinstance(given, bool) or not isinstance(given, int | float) or not low <= given <= high:
        raise _refused(row, value)
    return _decimal(given)


def _whole(row: Field[Any], value: Any) -> int:
    given = _number(row, value)
    if given != int(given):
        raise _refused(row, value)
    return int(given)


def _flag(row: Field[Any], value: Any) -> bool:
    given = single(value)
    if not isinstance(given, bool | int | float | str) or str(given).lower() not in _FLAGS:
        raise _refused(row, value)
    return _FLAGS[str(given).lower()]


def _choice(row: Field[Any], value: Any) -> str:
    word = single(value)
    if not isinstance(word, str) or word not in row.metadata["choices"]:
        raise _refused(row, value)
    return word


def _text(row: Field[Any], value: Any) -> str:
    word = single(value)
    if not isinstance(word, str):
        raise _refused(row, value)
    return word


def _chromaticity(row: Field[Any], value: Any) -> Chromaticity:
    low, high = row.metadata["range"]
    pair = value.tolist() if isinstance(value, np.ndarray) else value
    if isinstance(pair, Sequence) and not isinstance(pair, str) and len(pair) == 2:
        x, y = pair
        if all(isinstance(v, int | float) and isfinite(v) for v in pair) and 0 <= x <= high and low <= y <= high:
            return _decimal(x), _decimal(y)
    raise _refused(row, value)


def _decimal(value: float) -> float:
    """The number that was written, where it came through float32: 0.34, not 0.3400000035762787."""
    return float(str(np.float32(value)))


def _refused(row: Field[Any], value: Any) -> LrnapError:
    given = value.tolist() if isinstance(value, np.ndarray) else value
    return LrnapError(Code.TYPE, f"Film parameter '{row.name}' must be {row.metadata['allowed']}, not {given!r}")
