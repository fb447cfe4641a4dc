"""How to use a call or a plugin, in a few lines of text for a person: what CTL_HELP and Python's `help` say.

Rules for this file: everything is made from the tables; nothing about a call or a plugin is written here.
"""

from __future__ import annotations

import textwrap

from lrnap.lux import plugins
from lrnap.lux.call_spec import CallSpec
from lrnap.lux.entities import KINDS
from lrnap.lux.plugins.meanings import meaning
from lrnap.lux.plugins.spec import Parameter, Plugin

WIDTH = 100  # of a line in a terminal
RETURNED = {
    "string": "a text",
    "text": "lines of text",
    "number": "a number",
    "integer": "a whole number",
    "bool": "true or false",
    "numbers": "numbers, one a pixel",
    "bytes": "bytes",
    "value": "a value of the type that it has",
}


def of_call(spec: CallSpec, prefix: str = "") -> list[str]:
    """Usage, meaning and place of a call, and the plugins that it can name. `prefix` stands before the call's name."""
    gives = [f"  returns {RETURNED[spec.returns]}"] if spec.returns else []
    return [f"{prefix}{spec.usage}", f"  {spec.doc}", f"  legal {spec.where.value}", *gives, *plugins_of(spec)]


def plugins_of(spec: CallSpec) -> list[str]:
    """The names that a call takes as its plugin; nothing for a call that takes none."""
    if spec.name not in KINDS:
        return []
    kind, place = KINDS[spec.name]
    head = f"  {spec.args[place].name}: " if place is not None else '  "string type": '
    known = ", ".join(
        n for plugin in plugins.PLUGINS[kind] if not plugin.obsolete for n in (plugin.name, *plugin.aliases)
    )
    return textwrap.wrap(known, WIDTH, initial_indent=head, subsequent_indent="    ", break_long_words=False)


def of_plugin(name: str) -> list[str]:
    """What plugins of that name take, whatever their kind; nothing if there is none."""
    found = [plugin for kind in plugins.KINDS if (plugin := plugins.find(kind, name)) is not None]
    return [line for plugin in found for line in _plugin(plugin)]


def _plugin(plugin: Plugin) -> list[str]:
    calls = " or ".join(call for call, (kind, _) in KINDS.items() if kind == plugin.kind)
    rows = [row for row in plugin.parameters if not row.obsolete]
    spelled = [
        " or ".join(f'"{kind} {row.name}"' for kind in row.types[: len(row.types) - len(row.also)]) for row in rows
    ]
    width = max(map(len, spelled), default=0)
    head = f'{plugin.kind} "{plugin.name}", for {calls}{"" if rows else "; it has no parameters"}'
    return [
        head,
        *(f"  {text:<{width}}  {_about(plugin, row)}".rstrip() for text, row in zip(spelled, rows, strict=True)),
    ]


def _about(plugin: Plugin, row: Parameter) -> str:
    parts = []
    if row.default is not None:
        parts.append(f"default {value_text(row.default)}")
    if row.choices:
        parts.append(f"one of {', '.join(row.choices)}")
    if row.file:
        parts.append("a file")
    if row.names:
        parts.append(f"the name of a {row.names}")
    means = meaning(plugin, row)
    return "; ".join([means, *parts] if means else parts)


def value_text(value: object) -> str:
    """A default as a scene file has it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return " ".join(map(value_text, value))
    return f"{value:g}" if isinstance(value, float) else str(value)
