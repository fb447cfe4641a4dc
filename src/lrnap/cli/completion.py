"""What may stand next in a line of LRNAP, from the tables of verbs, calls and plugins."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from lrnap.lux import calls, plugins
from lrnap.lux.call_spec import CallSpec
from lrnap.lux.entities import KINDS
from lrnap.wire import VERBS, find

MATERIAL_TYPE = "string type"


class Word(NamedTuple):
    text: str
    start: int  # where it begins, from the cursor back: 0 or negative
    meaning: str


def complete(line: str) -> Iterator[Word]:
    """The words that can complete `line`, which ends at the cursor."""
    verb, space, rest = line.lstrip().partition(" ")
    if not space:
        yield from _verbs(verb)
        return
    spec = calls.find(verb[4:]) if verb.upper().startswith("API_") else None
    if spec is not None and spec.group in ("scene", "transform"):
        yield from _call(spec, rest)
        return
    known = find(verb)
    last = rest.rpartition(" ")[2]
    if verb.upper() in ("HELP", "CTL_HELP"):
        yield from _verbs(last)
    elif known is not None:
        for option in known.options:
            if f"{option.name}=".startswith(last):
                yield Word(f"{option.name}=", -len(last), option.help)
        for argument in known.args:
            yield from (Word(c, -len(last), argument.name) for c in argument.choices if c.startswith(last))


def _verbs(typed: str) -> Iterator[Word]:
    wanted = typed.upper()
    for verb in VERBS.values():
        if verb.name.upper().startswith(wanted):
            yield Word(verb.name, -len(typed), verb.help)
    for spec in calls.CALLS.values():
        name = f"API_{spec.name}"
        if name.upper().startswith(wanted) and find(name) is not VERBS.get(name):
            yield Word(name, -len(typed), spec.doc)


def _call(spec: CallSpec, rest: str) -> Iterator[Word]:
    """The plugin of a call, then the parameters of that plugin."""
    if spec.name not in KINDS:
        return
    before, quote, typed = rest.rpartition('"')
    inside = bool(quote) and before.count('"') % 2 == 0
    if not inside:
        before, typed = rest, ""
    strings = before.split('"')[1::2]
    kind, place = KINDS[spec.name]
    if place == len(strings) or strings[-1:] == [MATERIAL_TYPE]:
        words = [(name, kind) for name in plugins.names(kind)]
    elif len(strings) >= len(spec.args):
        words = _parameters(kind, strings, place)
    else:
        return
    opening = "" if inside else '"'
    for word, meaning in words:
        if word.startswith(typed):
            yield Word(f'{opening}{word}"', -len(typed), meaning)


def _parameters(kind: str, strings: list[str], place: int | None) -> list[tuple[str, str]]:
    """The parameters of the plugin that the line names; a named material names it as a parameter."""
    if place is not None:
        name = strings[place]
    elif MATERIAL_TYPE in strings[:-1]:
        name = strings[strings.index(MATERIAL_TYPE) + 1]
    else:
        return [(MATERIAL_TYPE, "which material it is")]
    plugin = plugins.find(kind, name)
    rows = plugin.parameters if plugin is not None else ()
    return [(f"{row.types[0]} {row.name}", _default(row.default)) for row in rows if not row.obsolete]


def _default(value: object) -> str:
    return "" if value is None else f"default {value}"
