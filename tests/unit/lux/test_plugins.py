"""The plugin tables: well formed, findable, and complete enough for the real scenes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from lrnap.lux import plugins
from lrnap.lux.plugins.spec import Parameter, Plugin
from lrnap.lux.spelling import suggest

ALL = [plugin for kind in plugins.KINDS for plugin in plugins.PLUGINS[kind]]
ROWS = [(plugin, row) for plugin in ALL for row in plugin.parameters]

NUMBERS_PER_VALUE = {"point": 3, "vector": 3, "normal": 3, "color": 3, "color|texture": 3}
PYTHON_TYPE: dict[str, type] = {
    "float": float,
    "float|texture": float,
    "fresnel": float,
    "variant": float,
    "variant|texture": float,
    "integer": int,
    "bool": bool,
    "string": str,
}


def label(value: object) -> str:
    return value.name if isinstance(value, Plugin | Parameter) else str(value)


@pytest.mark.parametrize("plugin", ALL, ids=label)
def test_a_plugin_stands_in_the_table_of_its_kind_with_each_parameter_once(plugin: Plugin) -> None:
    assert plugins.find(plugin.kind, plugin.name) is plugin
    repeated = [name for name, times in Counter(p.name for p in plugin.parameters).items() if times > 1]
    assert repeated == []
    assert bool(plugin.variants) == (plugin.kind == "texture")


@pytest.mark.parametrize("kind", plugins.KINDS)
def test_no_name_or_alias_of_a_kind_means_two_plugins(kind: str) -> None:
    spellings = [name for plugin in plugins.PLUGINS[kind] for name in (plugin.name, *plugin.aliases)]
    assert len(spellings) == len(set(spellings))
    assert plugins.spellings(kind) == tuple(spellings)
    assert set(plugins.names(kind)) <= set(spellings)


def test_defaults_have_the_declared_type_and_length_and_are_among_the_choices() -> None:
    for plugin, row in ROWS:
        where = f"{plugin.kind} {plugin.name} {row.name}"
        if row.default is None:
            continue
        length = NUMBERS_PER_VALUE.get(row.type, 1) * (row.count or 1)
        if isinstance(row.default, tuple):
            assert len(row.default) == length, where
            assert all(type(value) is float for value in row.default), where
        else:
            assert length == 1, where
            assert type(row.default) is PYTHON_TYPE[row.type], where
        assert not row.choices or row.default in row.choices, where


def test_files_names_and_choices_are_strings_and_the_name_of_the_picture_is_no_file_to_read() -> None:
    for plugin, row in ROWS:
        where = f"{plugin.kind} {plugin.name} {row.name}"
        assert not (row.file or row.choices) or row.type == "string", where
        assert not row.names or row.type in ("string", "texture"), where
    film = plugins.find("film", "fleximage")
    assert film is not None
    assert not film.by_name["filename"].file


@pytest.mark.parametrize(
    ("kind", "name", "parameter"),
    [
        ("texture", "imagemap", "filename"),
        ("texture", "tabulateddata", "filename"),
        ("light", "infinite", "mapname"),
        ("light", "projection", "mapname"),
        ("light", "point", "iesname"),
        ("arealight", "area", "iesname"),
        ("shape", "plymesh", "filename"),
        ("shape", "stlmesh", "filename"),
        ("shape", "hairfile", "filename"),
        ("material", "metal", "filename"),
        ("camera", "realistic", "specfile"),
        ("film", "fleximage", "cameraresponse"),
        ("film", "fleximage", "glarepupilfilename"),
    ],
)
def test_a_file_parameter_is_known_as_one_and_may_be_embedded(kind: str, name: str, parameter: str) -> None:
    plugin = plugins.find(kind, name)
    assert plugin is not None
    assert plugin.by_name[parameter].file
    embedded = plugins.parameter(plugin, "string", f"{parameter}_data")
    assert embedded is not None
    assert embedded.count is None


def test_a_colour_may_be_a_texture_but_not_a_float() -> None:
    matte = plugins.find("material", "matte")
    assert matte is not None
    assert plugins.parameter(matte, "color", "Kd") is plugins.parameter(matte, "texture", "Kd") is matte.by_name["Kd"]
    assert plugins.parameter(matte, "float", "Kd") is None
    assert plugins.parameter(matte, "color", "Kdd") is None
    assert plugins.defaults(matte)["Kd"] == (0.9, 0.9, 0.9)


def test_the_variant_of_a_texture_decides_the_type_of_its_values() -> None:
    mix = plugins.find("texture", "mix")
    assert mix is not None
    assert plugins.parameter(mix, "color", "tex1", "color")
    assert plugins.parameter(mix, "texture", "tex1", "color")
    assert plugins.parameter(mix, "color", "tex1", "float") is None
    assert plugins.parameter(mix, "float", "tex1", "color") is None
    assert plugins.parameter(mix, "float", "amount", "color")


def test_an_open_plugin_takes_a_numbered_series_and_others_do_not() -> None:
    band, mix = plugins.find("texture", "band"), plugins.find("texture", "mix")
    assert band is not None
    assert mix is not None
    seventh = plugins.parameter(band, "texture", "tex7")
    assert seventh is not None
    assert seventh.name == "tex7"
    assert plugins.row(band, "tex") is None
    assert plugins.row(mix, "tex7") is None


def test_aliases_find_the_same_plugin_and_unknown_names_nothing() -> None:
    assert plugins.find("film", "multiimage") is plugins.find("film", "fleximage")
    assert plugins.find("shape", "trianglemesh") is plugins.find("shape", "mesh")
    assert plugins.find("material", "Matte") is None
    with pytest.raises(KeyError):
        plugins.find("colour", "matte")


@pytest.mark.parametrize(
    ("wrong", "kind", "meant"),
    [("mate", "material", "matte"), ("plymehs", "shape", "plymesh"), ("Perspective", "camera", "perspective")],
)
def test_suggest_finds_what_was_meant(wrong: str, kind: str, meant: str) -> None:
    assert suggest(wrong, plugins.spellings(kind)) == meant


def test_suggest_takes_the_first_of_equals_and_stays_silent_when_nothing_is_alike() -> None:
    glossy = plugins.find("material", "glossy")
    assert glossy is not None
    assert suggest("roughnes", glossy.by_name) == "uroughness"
    assert suggest("xyzzy", glossy.by_name) is None
    assert suggest("", glossy.by_name) is None


# What real scenes use. A scanner of its own, so that a fault of the reader cannot hide one of the tables.

STATEMENT_KINDS = {
    "Accelerator": "accelerator",
    "AreaLightSource": "arealight",
    "Camera": "camera",
    "Film": "film",
    "LightSource": "light",
    "MakeNamedVolume": "volume",
    "Material": "material",
    "PixelFilter": "filter",
    "PortalShape": "shape",
    "Renderer": "renderer",
    "Sampler": "sampler",
    "Shape": "shape",
    "SurfaceIntegrator": "surfaceintegrator",
    "Texture": "texture",
    "Volume": "volumeregion",
    "VolumeIntegrator": "volumeintegrator",
}
TYPES = "float|integer|bool|string|point|vector|normal|color|texture"
STATEMENT = re.compile(r'^[ \t]*([A-Z]\w+)((?:[ \t]*"[^"\n]*")*)', re.MULTILINE)
PARAMETER = re.compile(rf'"({TYPES})\s+([^"]+)"\s*(?:\[\s*)?("[^"]*")?')


class Given(NamedTuple):
    where: str
    kind: str
    plugin: str
    variant: str | None
    type: str
    name: str
    text: str | None


def given(path: Path) -> Iterator[Given]:
    text = re.sub(r"#.*", "", path.read_text(errors="replace"))
    starts = list(STATEMENT.finditer(text))
    ends = [*(start.start() for start in starts), len(text)][1:]
    for start, end in zip(starts, ends, strict=True):
        statement = start[1]
        names = [name for name in re.findall(r'"([^"]*)"', start[2]) if not re.match(rf"({TYPES})\s", name)]
        found = [(m[1], m[2], m[3] and m[3][1:-1]) for m in PARAMETER.finditer(text, start.start(), end)]
        variant = names[1] if statement == "Texture" else None
        if statement == "MakeNamedMaterial":
            plugin = next((text for _, name, text in found if name == "type" and text), "matte")
            kind = "material"
            found = [one for one in found if one[1] != "type"]
        elif statement in STATEMENT_KINDS:
            kind, plugin = STATEMENT_KINDS[statement], names[-1]
        else:
            continue
        yield Given(str(path), kind, plugin, variant, "", "", None)
        for type, name, value in found:
            yield Given(str(path), kind, plugin, variant, type, name, value)


def test_the_tables_know_every_plugin_parameter_and_choice_of_the_real_scenes(shared_scenes: Path) -> None:
    unknown, seen = set(), 0
    for path in sorted(shared_scenes.rglob("*.lx[somv]")):
        for one in given(path):
            seen += 1
            plugin = plugins.find(one.kind, one.plugin)
            if plugin is None:
                unknown.add(f"{one.kind} {one.plugin}")
            elif one.name:
                row = plugins.parameter(plugin, one.type, one.name, one.variant)
                if row is None or (row.choices and one.text not in row.choices):
                    unknown.add(f"{one.where}: {one.kind} {one.plugin}: {one.type} {one.name} {one.text}")
    assert unknown == set()
    assert seen > 1000
