"""Typed parameters: `"type name"` tokens, Param values from what people and files write, and reading them back.

Rules for this file: shapes and types only. Which parameters a plugin has is written in `lrnap.lux.plugins`.
"""

from __future__ import annotations

import builtins
from collections.abc import Iterable
from typing import Any

import numpy as np

from lrnap.errors import SceneError
from lrnap.lux import plugins
from lrnap.lux.call import FloatArray, IntArray, Location, Param, Value
from lrnap.lux.description import Entity
from lrnap.lux.plugins.spec import Default, Parameter
from lrnap.lux.spelling import did_you_mean

NUMBER_TYPES = ("float", "integer", "point", "vector", "normal", "color")
TRIPLET_TYPES = ("point", "vector", "normal", "color")
TEXT_TYPES = ("string", "texture")
TYPES = ("float", "integer", "bool", "point", "vector", "normal", "string", "texture", "color")
"""All parameter types, in the order in which classic Lux tries them as prefixes of a token."""

FOREIGN = {"rgb": "color", "spectrum": "color"}
"""Types of programs beside classic Lux that mean the same."""

_INT32 = np.iinfo(np.int32)

Triplet = tuple[float, float, float]


def parse_token(token: str, at: Location | None = None) -> tuple[str, str]:
    """Type and name of `"float fov"`. The space between them may be missing; the name is the rest, spaces included."""
    text = token.lstrip()
    for kind in (*TYPES, *FOREIGN):
        if text.startswith(kind):
            name = text[len(kind) :].lstrip()
            if not name:
                raise SceneError(f'the parameter "{token}" has no name; write "{kind} name"', at=at)
            return FOREIGN.get(kind, kind), name
    word = text.split(maxsplit=1)[0] if text else ""
    raise SceneError(
        f'unknown parameter type in "{token}"{did_you_mean(word, TYPES)}; a parameter is written "type name", '
        f"with one of the types {', '.join(TYPES)}",
        at=at,
    )


def make(kind: str, name: str, values: Any, at: Location | None = None) -> Param:
    """A Param of one value or any (nested) sequence or array of values; see `call.py` for the shapes that result.

    Raises SceneError for values that the type cannot hold; nothing is cut off or guessed.
    """
    if kind in TEXT_TYPES:
        return Param(kind, name, _texts(kind, name, values, at))
    if kind == "bool":
        return Param(kind, name, _bools(name, values, at))
    if kind not in NUMBER_TYPES:
        raise SceneError(f"unknown parameter type '{kind}'{did_you_mean(kind, TYPES)}", at=at)
    return Param(kind, name, _numbers(kind, name, values, at))


def from_token(token: str, values: Any, at: Location | None = None) -> Param:
    """`from_token("float fov", 35)`: what Context and the wire make of a token and its value."""
    kind, name = parse_token(token, at)
    return make(kind, name, values, at)


def _texts(kind: str, name: str, values: Any, at: Location | None) -> tuple[str, ...]:
    texts = (values,) if isinstance(values, str) else tuple(values) if isinstance(values, Iterable) else (values,)
    for text in texts:
        if not isinstance(text, str):
            raise SceneError(f'"{kind} {name}" needs text in quotes, not {text!r}', at=at)
    if kind == "texture" and len(texts) != 1:
        raise SceneError(f'"texture {name}" needs the name of exactly one texture, not {len(texts)}', at=at)
    return texts


def _bools(name: str, values: Any, at: Location | None) -> tuple[bool, ...]:
    given = (values,) if isinstance(values, str) or not isinstance(values, Iterable) else tuple(values)
    known = {"true": True, "false": False}
    result = []
    for value in given:
        if isinstance(value, bool | np.bool_):
            result.append(bool(value))
        elif isinstance(value, str) and value.lower() in known:
            result.append(known[value.lower()])
        else:
            raise SceneError(f'"bool {name}" is ["true"] or ["false"], not {_show(value)}', at=at)
    return tuple(result)


def _numbers(kind: str, name: str, values: Any, at: Location | None) -> FloatArray | IntArray:
    try:
        array = np.asarray(values)
    except ValueError:
        raise SceneError(f'"{kind} {name}" needs a plain list of numbers', at=at) from None
    if array.size == 0:
        array = np.zeros(0, np.float32)
    if array.dtype.kind not in "iuf":
        raise SceneError(f'"{kind} {name}" needs numbers, not {_show(array.flat[0])}', at=at)
    if kind == "integer":
        return _integers(name, array.ravel(), at)
    if array.dtype != np.float32 or array.ndim != 1 or not array.flags.c_contiguous:
        with np.errstate(over="ignore"):
            array = np.ascontiguousarray(array, np.float32).reshape(-1)
    if kind == "float":
        return array
    if array.size % 3:
        raise SceneError(
            f'"{kind} {name}" has {array.size} numbers, which is not a multiple of 3: a {kind} is three numbers',
            at=at,
        )
    return array.reshape(-1, 3)


def _integers(name: str, array: Any, at: Location | None) -> IntArray:
    if array.dtype == np.int32:
        return np.ascontiguousarray(array)
    if array.dtype.kind == "f":
        wrong = np.flatnonzero(~(array == np.floor(array)))  # also true for what is not a number
        if wrong.size:
            raise SceneError(f'"integer {name}" needs whole numbers, not {array[wrong[0]]:g}', at=at)
    wrong = np.flatnonzero((array < _INT32.min) | (array > _INT32.max))
    if wrong.size:
        raise SceneError(f'"integer {name}": {array[wrong[0]]:g} does not fit into 32 bits', at=at)
    return np.ascontiguousarray(array, np.int32)


def _show(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else f"{value}"


class ParamSet:
    """Typed reading of an entity's parameters, with the defaults of its plugin's table.

    Each type is a namespace of its own (`float fov` is not `integer fov`) and the last of a repeated parameter counts,
    as in classic Lux. What was read is remembered, so that `unread` can name what nobody honoured.

    A value is looked for in the scene, then in `default`, then in the table; if there is none either, KeyError says
    that the caller should have asked `has` first, or the table lacks a row.
    """

    def __init__(self, entity: Entity) -> None:
        self.entity = entity
        self._given: dict[tuple[str, str], Value] = {(p.type, p.name): p.value for p in entity.params}
        self._read: set[tuple[str, str]] = set()
        plugin = plugins.find(entity.kind, entity.plugin)
        self._rows: dict[str, Parameter] = dict(plugin.by_name) if plugin else {}

    def has(self, name: str, *types: str) -> builtins.bool:
        """Whether the scene gives a parameter of this name, of any type or of one of `types`."""
        return any((kind, name) in self._given for kind in types or TYPES)

    def unread(self) -> tuple[str, ...]:
        """`"type name"` of the given parameters that no one has read, in the order of the scene."""
        return tuple(f"{kind} {name}" for kind, name in self._given if (kind, name) not in self._read)

    def given(self) -> tuple[str, ...]:
        """`"type name"` of all given parameters, in the order of the scene."""
        return tuple(f"{kind} {name}" for kind, name in self._given)

    def usual(self, given: str) -> builtins.bool:
        """Whether the parameter given as `"type name"` has the value that it has by default."""
        kind, name = given.split(" ", 1)
        default, value = self._default(name), self._given[kind, name]
        if default is None or kind == "texture":
            return False
        usual = np.asarray(default).ravel()
        actual = np.asarray(value).ravel()
        same_kind = (usual.dtype.kind in "US") == (actual.dtype.kind in "US")
        return same_kind and np.array_equal(actual, usual.astype(actual.dtype))

    def ignore(self, *names: str) -> None:
        """Count parameters as read that need no honouring, such as the name of a shape."""
        self._read.update(key for key in self._given if key[1] in names)

    # One value. A list gives its first, as in classic Lux.

    def float(self, name: str, default: builtins.float | None = None) -> builtins.float:
        return float(self._first("float", name, default))

    def int(self, name: str, default: builtins.int | None = None) -> builtins.int:
        return int(self._first("integer", name, default))

    def bool(self, name: str, default: builtins.bool | None = None) -> builtins.bool:
        return bool(self._first("bool", name, default))

    def string(self, name: str, default: str | None = None) -> str:
        """A text; one that is no choice of the table counts as not given, as in classic Lux."""
        value = self._value("string", name)
        row = self._rows.get(name)
        if value is not None and not (row and row.choices and value[0] not in row.choices):
            return str(value[0])
        chosen = default if default is not None else self._default(name)
        if chosen is None:
            raise KeyError(self._no_default("string", name))
        return str(chosen)

    def texture(self, name: str) -> str | None:
        """The name of the texture given for a parameter, or None: then it is a plain value."""
        value, row = self._value("texture", name), self._rows.get(name)
        if value is None and row is not None and row.type == "texture" and "string" in row.also:
            value = self._value("string", name)
        return str(value[0]) if value is not None else None

    def color(self, name: str, default: Triplet | None = None) -> Triplet:
        return self._triplet("color", name, default)

    def point(self, name: str, default: Triplet | None = None) -> Triplet:
        return self._triplet("point", name, default)

    def vector(self, name: str, default: Triplet | None = None) -> Triplet:
        return self._triplet("vector", name, default)

    # Lists.

    def floats(self, name: str) -> FloatArray:
        """(n,) float32; the table's default, or empty."""
        return np.asarray(self._list("float", name), np.float32).reshape(-1)

    def ints(self, name: str) -> IntArray:
        """(n,) int32; the table's default, or empty."""
        return np.asarray(self._list("integer", name), np.int32).reshape(-1)

    def strings(self, name: str) -> tuple[str, ...]:
        value = self._list("string", name)
        return (value,) if isinstance(value, str) else tuple(value)

    def points(self, name: str) -> FloatArray | None:
        """(n, 3) float32 of a point, vector, normal or color parameter, or None if it is not given."""
        for kind in TRIPLET_TYPES:
            value = self._value(kind, name)
            if value is not None:
                return np.asarray(value, np.float32)
        return None

    def _value(self, kind: str, name: str) -> Any:
        self._read.add((kind, name))
        value = self._given.get((kind, name))
        return value if value is not None and len(value) else None

    def _default(self, name: str) -> Default:
        row = self._rows.get(name)
        return row.default if row else None

    def _no_default(self, kind: str, name: str) -> str:
        return f"{self.entity.kind} '{self.entity.plugin}': no default for '{kind} {name}'"

    def _first(self, kind: str, name: str, default: Any) -> Any:
        value = self._value(kind, name)
        if value is not None:
            return value[0]
        chosen = default if default is not None else self._default(name)
        if isinstance(chosen, tuple):
            chosen = chosen[0]
        if chosen is None:
            raise KeyError(self._no_default(kind, name))
        return chosen

    def _triplet(self, kind: str, name: str, default: Any) -> Triplet:
        value = self._value(kind, name)
        if value is not None:
            x, y, z = value[0]
            return float(x), float(y), float(z)
        chosen = default if default is not None else self._default(name)
        if isinstance(chosen, int | float):
            return float(chosen), float(chosen), float(chosen)
        if not isinstance(chosen, tuple) or len(chosen) != 3:
            raise KeyError(self._no_default(kind, name))
        return float(chosen[0]), float(chosen[1]), float(chosen[2])

    def _list(self, kind: str, name: str) -> Any:
        value = self._value(kind, name)
        if value is not None:
            return value
        chosen = self._default(name)
        return () if chosen is None else chosen
