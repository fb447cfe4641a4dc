"""What people are told about calls and plugins, from the tables."""

from __future__ import annotations

import pytest

from lrnap.lux import manual, plugins
from lrnap.lux.calls import CALLS


def test_a_call_names_its_plugins():
    lines = manual.of_call(CALLS["LightSource"], "API_")
    assert lines[0].startswith('API_LightSource "')
    assert "infinite" in " ".join(lines)
    assert max(map(len, lines)) <= manual.WIDTH


def test_a_call_without_plugins_names_none():
    assert manual.plugins_of(CALLS["LookAt"]) == []


def test_a_plugin_shows_how_each_parameter_is_written_and_its_default():
    lines = manual.of_plugin("glass")
    assert lines[0] == 'material "glass", for Material or MakeNamedMaterial'
    assert any('"color Kr" or "texture Kr"' in line and line.endswith("default 1 1 1") for line in lines)


def test_a_name_of_several_kinds_shows_all_of_them():
    several = {name for kind in plugins.KINDS for name in plugins.names(kind) if kind != "texture"} & set(
        plugins.names("texture")
    )
    for name in several:
        assert len([line for line in manual.of_plugin(name) if line.startswith(tuple(plugins.KINDS))]) > 1


@pytest.mark.parametrize("kind", plugins.KINDS)
def test_every_plugin_can_be_explained(kind):
    for name in plugins.spellings(kind):
        assert any(line.startswith(f'{kind} "') for line in manual.of_plugin(name))


def test_nobody_knows_what_is_not_there():
    assert manual.of_plugin("spheer") == []
