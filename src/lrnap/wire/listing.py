"""Lines of a reply that people read and programs take apart: the same text for both.

    "ball" RENDERING id=17 spp=12.5 why="..."       one thing a line: what it is called and how it is, then fields
    state = RENDERING                                one thing in many lines: facts

Values are written as everywhere on the wire; what is None is left out. New fields may come at any time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from lrnap.wire.grammar import Option, Scalar, format_option, printable, quote, tokens

Field = Scalar | bool | None


@dataclass(frozen=True, slots=True)
class Listed:
    """A line that was read. Flags are the words true and false."""

    args: tuple[Scalar, ...]
    fields: Mapping[str, Scalar]


def line(*args: Scalar, **fields: Field) -> str:
    told = (format_option(name, _clean(value)) for name, value in fields.items() if value is not None)
    return " ".join([*(quote(_clean(arg)) for arg in args), *told])


def read_line(text: str) -> Listed:
    """Raises WireError for what is no such line."""
    args: list[Scalar] = []
    fields: dict[str, Scalar] = {}
    for item in tokens(text):
        if isinstance(item, Option):
            fields[item.key] = item.value
        elif isinstance(item, str | int | float):
            args.append(item)
    return Listed(tuple(args), fields)


def facts(fields: Mapping[str, Field]) -> list[str]:
    return [format_option(name, _clean(value), " = ") for name, value in fields.items() if value is not None]


def read_facts(lines: Iterable[str]) -> dict[str, Scalar]:
    """Raises WireError for what are no such lines."""
    found: dict[str, Scalar] = {}
    for text in lines:
        name, _, rest = text.partition(" = ")
        value = next(iter(read_line(rest).args), None)
        if value is not None:
            found[name.lower()] = value
    return found


def _clean(value: Scalar | bool) -> Scalar | bool:
    """A text without what no line can carry; a Word stays one."""
    return value if not isinstance(value, str) or value.isprintable() else printable(value)
