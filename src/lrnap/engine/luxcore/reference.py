"""docs/reference: one page for each kind of plugin, one of all calls, made from the tables that do the work.

`python -m lrnap.engine.luxcore.reference` (`make reference`) writes them; a test says when they are stale.
Rules for this file: what is said of a call or a plugin stands in its table; here it only gets its form.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from lrnap.engine.luxcore import fidelity
from lrnap.engine.luxcore.rows import Note
from lrnap.lux.call_spec import CallSpec, Group
from lrnap.lux.calls import CALLS
from lrnap.lux.entities import KINDS
from lrnap.lux.manual import RETURNED, value_text
from lrnap.lux.plugins import PLUGINS
from lrnap.lux.plugins.meanings import meaning
from lrnap.lux.plugins.purposes import PURPOSES
from lrnap.lux.plugins.spec import Parameter, Plugin

MADE = "<!-- made from the tables by `make reference`: change those instead -->"
GROUPS: Mapping[Group, str] = {
    "scene": "Describing a scene",
    "transform": "Placing what follows",
    "engine": "Steering the engine",
    "film": "Pictures and films",
    "parameter": "Film parameters, the old way",
    "attribute": "Attributes and statistics",
    "network": "Nodes",
    "error": "Errors",
}
CALLS_PAGE = "calls.md"
COUNTS = {None: "any number", 1: ""}


def pages() -> dict[str, str]:
    """Every page by its file name."""
    plugin_pages = {f"{_file(kind)}.md": _page(_kind_page(kind)) for kind in PLUGINS}
    return {"README.md": _page(_index()), CALLS_PAGE: _page(_calls()), **plugin_pages}


def write(folder: Path) -> None:
    """Writes all pages, and removes those that are none any more."""
    folder.mkdir(parents=True, exist_ok=True)
    made = pages()
    for name, text in made.items():
        (folder / name).write_text(text, encoding="utf-8")
    for old in folder.glob("*.md"):
        if old.name not in made:
            old.unlink()


def _page(lines: Iterator[str]) -> str:
    return "\n\n".join([MADE, *lines]) + "\n"


def _file(kind: str) -> str:
    return fidelity.TITLES[kind].lower().replace(" ", "-")


def _index() -> Iterator[str]:
    yield "# Reference"
    yield (
        "Every statement of a scene file, every call of the Lux API, and every plugin with all its parameters, as the "
        "tables of this version have them."
    )
    rows = [f"| [Calls]({CALLS_PAGE}) | {len(CALLS)} | in scene files, in C, in pylux and on the wire |"]
    for kind, plugins in PLUGINS.items():
        count = sum(len(plugin.parameters) for plugin in plugins)
        calls = _listed(f"`{call}`" for call in _statements(kind))
        rows.append(f"| [{fidelity.TITLES[kind]}]({_file(kind)}.md) | {len(plugins)}, {count} parameters | {calls} |")
    yield "\n".join(["| page | entries | for |", "|---|---|---|", *rows])
    yield (
        "What reaches the engine how (*exact*, *equivalent*, *approximated*, *ignored*) is said of each plugin, and of "
        "each parameter that differs from its plugin. What the words mean, and what was measured, is on the page on "
        "[fidelity](../fidelity.md). The same is said at work: by `lrnap lxs check`, by the warnings of a render, and "
        "by `CTL_HELP` on the wire."
    )


# ---- calls


def _calls() -> Iterator[str]:
    yield "# Calls"
    yield (
        "A call has the same meaning as a statement of a scene file, as a method of `lrnap.Context`, and as a line on "
        "the wire. On the wire its name is the one below behind `API_`, and upper and lower case are one; `API_Lux...` "
        "and the array forms of C (`luxShapeV`) are the same call."
    )
    for group, title in GROUPS.items():
        rows = [_call(spec) for spec in CALLS.values() if spec.group == group]
        yield f"## {title}"
        yield "\n".join(
            ["| call | scene file | C | pylux | meaning | legal | returns |", "|---|---|---|---|---|---|---|", *rows]
        )


def _call(spec: CallSpec) -> str:
    names = (f"`{name}`" if name else "" for name in (spec.lxs, spec.c, spec.pylux))
    returned = RETURNED[spec.returns] if spec.returns else ""
    cells = (f"`API_{spec.usage}`", *names, spec.doc + _plugins_of(spec), spec.where.value, returned)
    return f"| {' | '.join(map(_cell, cells))} |"


def _plugins_of(spec: CallSpec) -> str:
    if spec.name not in KINDS:
        return ""
    kind = KINDS[spec.name][0]
    return f" ([{fidelity.TITLES[kind].lower()}]({_file(kind)}.md))"


# ---- plugins


def _kind_page(kind: str) -> Iterator[str]:
    yield f"# {fidelity.TITLES[kind]}"
    calls = _listed(f"`{call}`" for call in _statements(kind))
    yield f"For {calls}. See [all pages](README.md)."
    rows = [_summary(plugin) for plugin in PLUGINS[kind]]
    yield "\n".join(["| plugin | what it is | reaches the engine |", "|---|---|---|", *rows])
    for plugin in PLUGINS[kind]:
        yield from _plugin(plugin)


def _statements(kind: str) -> list[str]:
    return [call for call, (found, _) in KINDS.items() if found == kind]


def _summary(plugin: Plugin) -> str:
    anchor = plugin.name.replace(" ", "-")
    cells = (f"[`{plugin.name}`](#{anchor})", PURPOSES[plugin.kind][plugin.name], _reaches(fidelity.whole(plugin)))
    return f"| {' | '.join(map(_cell, cells))} |"


def _plugin(plugin: Plugin) -> Iterator[str]:
    yield f"## {plugin.name}"
    facts = [f"{_sentence(PURPOSES[plugin.kind][plugin.name])} {_sentence(_reaches(fidelity.whole(plugin)))}"]
    if plugin.note:
        facts.append(_sentence(plugin.note))
    if plugin.aliases:
        facts.append(f"Also called {_listed(f'`{name}`' for name in plugin.aliases)}.")
    if plugin.variants:
        facts.append(f"Variants: {_listed(plugin.variants)}.")
    if plugin.open:
        facts.append("Takes more parameters than are listed: a numbered series, or those of the shape that it names.")
    if not plugin.parameters:
        facts.append("It has no parameters.")
    yield " ".join(facts)
    rows = [_parameter(plugin, parameter) for parameter in plugin.parameters]
    if rows:
        yield "\n".join(
            ["| parameter | default | meaning | values | reaches the engine |", "|---|---|---|---|---|", *rows]
        )


def _parameter(plugin: Plugin, parameter: Parameter) -> str:
    spelled = " or ".join(f'`"{type} {parameter.name}"`' for type in parameter.types)
    default = "" if parameter.default is None else f"`{value_text(parameter.default)}`"
    cells = (
        spelled,
        default,
        meaning(plugin, parameter),
        _values(parameter),
        _reaches(fidelity.note(plugin, parameter)),
    )
    return f"| {' | '.join(map(_cell, cells))} |"


def _values(parameter: Parameter) -> str:
    parts = []
    if parameter.choices:
        parts.append(", ".join(f"`{choice}`" for choice in parameter.choices))
    if parameter.file:
        parts.append("a file, or something built in" if parameter.bare else "a file")
    if parameter.names:
        parts.append(f"the name of a {parameter.names}")
    if parameter.count != 1 and not parameter.obsolete:
        parts.append(COUNTS.get(parameter.count, f"{parameter.count} values"))
    if parameter.variant:
        parts.append(f"{parameter.variant} variant only")
    return "; ".join(parts)


def _reaches(note: Note) -> str:
    return f"{note.fidelity.value}: {note.how}" if note.how else note.fidelity.value


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _listed(words: Iterator[str] | tuple[str, ...]) -> str:
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else Path("docs/reference"))
