"""docs/reference says of each call, plugin and parameter what the tables say, and nothing is missing in them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lrnap.engine.luxcore import fidelity, reference
from lrnap.engine.luxcore.rows import Fidelity
from lrnap.lux.calls import CALLS
from lrnap.lux.plugins import PLUGINS
from lrnap.lux.plugins.meanings import MEANINGS, meaning
from lrnap.lux.plugins.purposes import PURPOSES

FOLDER = Path(__file__).resolve().parents[4] / "docs" / "reference"
PAGES = reference.pages()


@pytest.mark.parametrize("name", PAGES)
def test_the_pages_are_as_the_tables_are(name: str) -> None:
    assert (FOLDER / name).read_text(encoding="utf-8") == PAGES[name], "stale: run `make reference`"


def test_there_are_no_other_pages() -> None:
    assert {path.name for path in FOLDER.iterdir()} == set(PAGES)


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_somewhere(name: str) -> None:
    for file, _, anchor in (link.partition("#") for link in re.findall(r"\]\(([^)]+)\)", PAGES[name])):
        page = PAGES[name] if not file else PAGES.get(file) or (FOLDER / file).read_text(encoding="utf-8")
        assert not anchor or f"\n## {anchor}\n" in page


@pytest.mark.parametrize("kind", PLUGINS)
def test_each_plugin_and_parameter_is_there_with_meaning_and_fate(kind: str) -> None:
    assert set(PURPOSES[kind]) == {plugin.name for plugin in PLUGINS[kind]}
    for plugin in PLUGINS[kind]:
        whole = fidelity.whole(plugin)
        assert whole.how or whole.fidelity is Fidelity.EXACT
        for parameter in plugin.parameters:
            note = fidelity.note(plugin, parameter)
            assert meaning(plugin, parameter), (plugin.name, parameter.name)
            assert note.how or note.fidelity in (Fidelity.EXACT, Fidelity.EQUIVALENT), (plugin.name, parameter.name)


def test_no_meaning_is_of_something_that_is_not_there() -> None:
    owners = {owner for plugins in PLUGINS.values() for p in plugins for owner in (p.kind, p.name)}
    names = {row.name for plugins in PLUGINS.values() for p in plugins for row in p.parameters}
    for key in MEANINGS:
        owner, dot, name = key.partition(".")
        assert key in names or (owner in owners and dot and name in names), key


def test_each_call_is_there_once() -> None:
    page = PAGES[reference.CALLS_PAGE]
    for spec in CALLS.values():
        assert page.count(f"| `API_{spec.usage}` |") == 1
