"""Over the whole plugin tables: no parameter is lost in silence, and LuxCore takes whatever the translation writes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from lrnap.engine.luxcore import area_lights, camera, film, lights, materials, sampling, textures, volumes
from lrnap.engine.luxcore.rows import Fidelity, Row
from lrnap.engine.luxcore.translate import Translation
from lrnap.lux.plugins import PLUGINS, examples
from lrnap.lux.plugins.spec import Plugin

ROWS: Mapping[str, Mapping[str, Row[Any]]] = {
    "material": materials.MATERIALS,
    "texture": textures.TEXTURES,
    "light": lights.LIGHTS,
    "arealight": {"area": area_lights.AREA_LIGHT},
    "volume": volumes.VOLUMES,
    "camera": camera.CAMERAS,
    "filter": film.FILTERS,
    "sampler": sampling.SAMPLERS,
    "surfaceintegrator": sampling.SURFACE_INTEGRATORS,
    "volumeintegrator": sampling.VOLUME_INTEGRATORS,
    "renderer": sampling.RENDERERS,
}

# Parameters that matter only beside others, where the tables do not say so yet.
BESIDE = {
    "opacity2": '"string namedmaterial3" ["a"]',
    "opacity3": '"string namedmaterial3" ["a"] "string namedmaterial4" ["b"]',
    "Kt": '"color Kr" [0.3 0.3 0.3]',
    "cauchyb": '"bool dispersion" ["true"]',
    "focaldistance": '"float lensradius" [0.3]',
}
LOWEST = "the lowest layer is opaque"
WITHOUT_EFFECT = "has no effect by itself"
UNTRIED = {
    ("material", "glass2", "dispersion"): "needs a volume; see the volumes' tests",
    **{("material", name, "bumpmapsampledistance"): WITHOUT_EFFECT for name in ("null", "doubleside", "scatter")},
    **{("material", p.name, "compo_override_alpha_value"): WITHOUT_EFFECT for p in PLUGINS["material"]},
    ("material", "layered", "namedmaterial3"): "tried beside opacity2",
    ("material", "layered", "namedmaterial4"): "tried beside opacity3",
    ("material", "layered", "opacity4"): LOWEST,
    ("material", "metal", "filename"): "a file; see the textures' tests",
    ("material", "roughglass", "dispersion"): "tried beside cauchyb",
    **{("texture", "densitygrid", name): "must fit the densities" for name in ("nx", "ny", "nz")},
    **{("camera", p.name, "endtransform"): "for cameras that do not move otherwise" for p in PLUGINS["camera"]},
    ("texture", "imagemap", "channel"): "of the float variant only; see the textures' tests",
}


def needed(plugin: Plugin, variant: str = "") -> str:
    return examples.needed(plugin, variant)


THINGS = examples.THINGS
USES = {
    "float": 'Material "matte" "texture bumpmap" ["t"]',
    "color": 'Material "matte" "texture Kd" ["t"]',
    "fresnel": 'Material "metal2" "texture fresnel" ["t"]',
}
STATEMENTS = {
    "material": 'Material "{name}" {params}',
    "light": 'LightSource "{name}" {params}',
    "arealight": 'AreaLightSource "{name}" {params}',
    "volume": 'MakeNamedVolume "v" "{name}" {params}\nInterior "v"\nMaterial "glass2"',
}
OPTIONS = {
    "camera": 'Camera "{name}" {params}',
    "filter": 'PixelFilter "{name}" {params}',
    "sampler": 'Sampler "{name}" {params}',
    "surfaceintegrator": 'SurfaceIntegrator "{name}" {params}',
    "volumeintegrator": 'VolumeIntegrator "{name}" {params}',
    "renderer": 'Renderer "{name}" {params}',
}


MOVING = "MotionBegin [0 1] LookAt 0 -5 3  0 0 0  0 0 1  LookAt 1 -5 3  1 0 0  0 0 1 MotionEnd"


class Try:
    """A plugin in a small scene."""

    def __init__(self, translated: Any, files: Mapping[str, str]) -> None:
        self.translated, self.files = translated, files

    def __call__(self, plugin: Plugin, params: str, variant: str = "") -> Translation:
        params = f"{needed(plugin, variant)} {params}"
        if plugin.kind == "texture":
            world = f'{THINGS}\nTexture "t" "{variant}" "{plugin.name}" {params}\n{USES[variant]}'
            return self.translated(world, files=self.files)
        statement = (STATEMENTS | OPTIONS)[plugin.kind].format(name=plugin.name, params=params)
        if plugin.kind == "camera":
            return self.translated(THINGS, files=self.files, camera=f"{MOVING} {statement}")
        if plugin.kind in OPTIONS:
            return self.translated(THINGS, files=self.files, options=statement)
        options = f'SurfaceIntegrator "{materials.ASKING}"' if plugin.kind == "material" else ""
        return self.translated(f"{THINGS}\n{statement}", files=self.files, options=options)


@pytest.fixture
def attempt(translated, image, nk, spectrum, ies, lens) -> Try:
    files = {"image.png": image, "metal.nk": nk, "spectrum.txt": spectrum, "light.ies": ies, "lens.dat": lens}
    return Try(translated, {name: str(path) for name, path in files.items()})


def variants(plugin: Plugin) -> tuple[str, ...]:
    return plugin.variants or ("",)


TABLE = [plugin for kind in ROWS for plugin in PLUGINS[kind] if plugin.name in ROWS[kind]]


@pytest.mark.parametrize("plugin", TABLE, ids=lambda plugin: f"{plugin.kind}-{plugin.name}")
def test_each_parameter_changes_the_translation_or_is_reported_or_known_to_be_harmless(plugin: Plugin, attempt: Try):
    row = ROWS[plugin.kind][plugin.name]
    for parameter in plugin.parameters:
        if parameter.obsolete or row.note(parameter.name).fidelity is Fidelity.IGNORED:
            continue
        if (plugin.kind, plugin.name, parameter.name) in UNTRIED:
            continue
        for variant in variants(plugin):
            if variant == "fresnel" and plugin.name not in (*textures.FRESNEL, "constant"):
                continue  # replaced as a whole, which is reported
            beside = (
                examples.beside(parameter, variant) or BESIDE.get(parameter.name, "")
                if '"string mapname"' not in needed(plugin)
                else ""
            )
            beside = beside if all(word in plugin.by_name for word in _names(beside)) else ""
            for given in examples.away(parameter, variant):
                if f' {parameter.name}"' in needed(plugin, variant) and parameter.file:
                    continue
                before, after = attempt(plugin, beside, variant), attempt(plugin, f"{beside} {given}", variant)
                reported = any(f"{parameter.name}" in w for w in set(after.warnings) - set(before.warnings))
                changed = (before.scene, before.config) != (after.scene, after.config)
                assert changed or reported, f"{plugin.kind} '{plugin.name}' ({variant}): {given} is lost in silence"


def _names(params: str) -> list[str]:
    """Names of the parameters in a parameter list."""
    return [token.split()[1] for token in params.split('"')[1::2] if " " in token]


def test_luxcore_takes_every_plugin_that_has_a_row(attempt: Try, refusals):
    tried = [(plugin, variant) for plugin in TABLE for variant in variants(plugin)]
    answers = refusals([attempt(plugin, "", variant) for plugin, variant in tried])
    refused = [f"{p.kind} '{p.name}' {v}: {a}" for (p, v), a in zip(tried, answers, strict=True) if a]
    assert not refused


def test_luxcore_takes_every_material_with_light_and_volumes(attempt: Try, translated, refusals):
    around = 'MakeNamedVolume "v" "clear"\nInterior "v"\nExterior "v"\nAreaLightSource "area"'
    worlds = [
        f'{THINGS}\n{around}\nMaterial "{p.name}" {needed(p)} "texture bumpmap" ["f"]'
        if "bumpmap" in p.by_name
        else f'{THINGS}\n{around}\nMaterial "{p.name}" {needed(p)}'
        for p in PLUGINS["material"]
    ]
    assert set(refusals([translated(world) for world in worlds])) == {""}


@pytest.mark.parametrize("plugin", TABLE, ids=lambda plugin: f"{plugin.kind}-{plugin.name}")
def test_nothing_refers_to_something_later(plugin: Plugin, attempt: Try):
    for variant in variants(plugin):
        seen: set[str] = set()
        properties = attempt(plugin, "", variant).scene
        things = {key.split(".")[2] for key in properties if key.startswith(("scene.textures.", "scene.materials."))}
        for key, value in properties.items():
            referred = {v for v in value if isinstance(v, str) and v in things and not key.endswith(".type")}
            assert referred <= seen, f"{key} = {value} comes before what it names"
            seen.add(key.split(".")[2])


@pytest.mark.parametrize("world", ['Material "matte" "color nonsense" [1 1 1]', 'Shape "sphere" "float nonsense" [1]'])
def test_what_nobody_knows_is_said_once_by_the_checker_alone(world, translated):
    assert not any("nonsense" in warning for warning in translated(world + ' Shape "disk"').warnings)


def test_a_scene_without_light_is_said_to_be_black(translated):
    assert any("black" in warning for warning in translated('Shape "sphere"', lamp="").warnings)
    assert not any("black" in warning for warning in translated('Shape "sphere"').warnings)
