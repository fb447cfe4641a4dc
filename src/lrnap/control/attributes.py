"""The calls about queryable attributes and statistics; which there are stands in registry.py and statistics.py."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lrnap.control import registry, statistics
from lrnap.control.registry import Attribute, View
from lrnap.control.statistics import Look
from lrnap.errors import Code, LrnapError

if TYPE_CHECKING:
    from lrnap.control.console import Console

_WORDS = {"true": True, "false": False, "1": True, "0": False}


async def get_attributes(console: Console) -> str:
    return registry.xml(View(console))


async def has_object(console: Console, thing: str) -> bool:  # noqa: ARG001
    return thing in registry.OBJECTS


async def has_attribute(console: Console, thing: str, name: str) -> bool:  # noqa: ARG001
    return name in registry.OBJECTS.get(thing, {})


async def get_attribute_type(console: Console, thing: str, name: str) -> str:  # noqa: ARG001
    return registry.find(thing, name).kind


async def get_attribute_description(console: Console, thing: str, name: str) -> str:  # noqa: ARG001
    return registry.find(thing, name).doc


async def has_attribute_default_value(console: Console, thing: str, name: str) -> bool:  # noqa: ARG001
    return registry.find(thing, name).default is not None


# --- values -------------------------------------------------------------------------------------------------------


async def get_attribute(console: Console, thing: str, name: str) -> bool | int | float | str:
    """As the type that it has."""
    row = registry.find(thing, name)
    return _typed(row, row.get(View(console)))


async def get_string(console: Console, thing: str, name: str) -> str:
    row = registry.find(thing, name)
    return registry.shown(row, row.get(View(console)))


async def get_string_default(console: Console, thing: str, name: str) -> str:  # noqa: ARG001
    row = registry.find(thing, name)
    return registry.shown(row, _default(row))


async def get_number(console: Console, thing: str, name: str) -> float:
    row = registry.find(thing, name)
    return _number(row, row.get(View(console)))


async def get_number_default(console: Console, thing: str, name: str) -> float:  # noqa: ARG001
    row = registry.find(thing, name)
    return _number(row, _default(row))


async def get_int(console: Console, thing: str, name: str) -> int:
    return int(await get_number(console, thing, name))


async def get_int_default(console: Console, thing: str, name: str) -> int:
    return int(await get_number_default(console, thing, name))


async def get_bool(console: Console, thing: str, name: str) -> bool:
    return bool(await get_number(console, thing, name))


async def get_bool_default(console: Console, thing: str, name: str) -> bool:
    return bool(await get_number_default(console, thing, name))


async def set_attribute(console: Console, thing: str, name: str, value: str | float) -> None:
    """From a value of any type that says what the attribute's type can hold."""
    row = registry.find(thing, name)
    if row.set is None:
        raise LrnapError(Code.UNSUPPORTED, f"the attribute {name!r} of {thing!r} can only be read")
    await row.set(console, _given(row, value))


def _typed(row: Attribute, value: Any) -> bool | int | float | str:
    if row.kind == "string":
        return registry.shown(row, value)
    if row.kind == "bool":
        return bool(value)
    return int(value or 0) if row.kind == "int" else float(value or 0)


def _number(row: Attribute, value: Any) -> float:
    if row.kind == "string":
        raise LrnapError(
            Code.TYPE, f"the attribute {row.name!r} of {row.thing!r} is a text: ask with GetStringAttribute"
        )
    return float(value or 0)


def _default(row: Attribute) -> object:
    if row.default is None:
        raise LrnapError(Code.NOT_FOUND, f"the attribute {row.name!r} of {row.thing!r} has no default")
    return row.default


def _given(row: Attribute, value: Any) -> bool | int | float | str:
    if row.kind == "string":
        return value if isinstance(value, str) else f"{value:g}"
    try:
        number = float(_WORDS.get(value.lower(), value)) if isinstance(value, str) else float(value)
        if row.kind == "int" and number != int(number):
            raise ValueError
    except (ValueError, OverflowError):
        what = {"bool": "true or false", "int": "a whole number"}.get(row.kind, "a number")
        raise LrnapError(
            Code.TYPE, f"the attribute {row.name!r} of {row.thing!r} is {what}, not {str(value)[:60]!r}"
        ) from None
    return bool(number) if row.kind == "bool" else int(number) if row.kind == "int" else number


# --- statistics ---------------------------------------------------------------------------------------------------


async def statistic(console: Console, name: str) -> float:
    return statistics.statistic(name, _look(console))


async def printable_statistics(console: Console, total: bool) -> str:
    now = _look(console)
    return statistics.filled(statistics.template(now, total=total), now)


async def magnitude_reduce(console: Console, number: float) -> float:  # noqa: ARG001
    return statistics.magnitude(number)[0]


async def magnitude_prefix(console: Console, number: float) -> str:  # noqa: ARG001
    return statistics.magnitude(number)[1]


def _look(console: Console) -> Look:
    return Look(console.job.figures(), console.window.rate)
