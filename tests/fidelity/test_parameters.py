"""Each parameter that the tables call exact or equivalent changes the picture when it leaves its default.

So none can be read and dropped, here or in the engine: pictures with exactly as many samples are the same to the last
bit. Where a scene does not show a parameter, its row in the tables says beside what it has an effect.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import example_files
import numpy as np
import pytest

import bench
from lrnap.engine.luxcore import fidelity
from lrnap.engine.luxcore.rows import Fidelity
from lrnap.engine.luxcore.translate import Translation
from lrnap.lux.plugins import PLUGINS, examples
from lrnap.lux.plugins.spec import Parameter, Plugin

# Seen aslant: a square over a bright chequered floor, under a small lamp and a dim sky.
ASLANT = 'LookAt 0.5 -1.5 2.5  0.5 0.5 0  0 0 1  Camera "perspective" "float fov" [30]'
ROOM = f"""
LightSource "infinite" "color L" [0.3 0.35 0.4]
Texture "floor" "color" "checkerboard" "color tex1" [1 0.8 0.2] "color tex2" [0 0.1 0.3]
  "float uscale" [9] "float vscale" [7]
AttributeBegin AreaLightSource "area" "texture L" ["floor"] "float power" [0]
Translate -2 -2 -1 Scale 5 5 1 {bench.SQUARE} AttributeEnd
AttributeBegin AreaLightSource "area" "color L" [20 18 15] "float power" [0]
Translate 0.2 1.5 2 Rotate 180 1 0 0 Scale 0.4 0.4 1 {bench.SQUARE} AttributeEnd
"""
# The square itself, not where it stands in its own space.
PLACED = f"Translate 0.1 0.2 0.05 Rotate 20 0 0 1 Scale 0.9 0.8 1 {bench.SQUARE}"
TURNED = f"AttributeBegin Translate 0.6 0.1 0.4 Rotate 200 1 0 0 Scale 0.5 0.5 1 {bench.SQUARE} AttributeEnd"
COLOURED = 'Shape "plymesh" "string filename" ["mesh.ply"]'  # its vertices have colours
CUBE = (
    'Translate 0.1 0.1 -0.6 Scale 0.8 0.8 0.7 Shape "mesh"'
    ' "integer quadindices" [0 1 3 2  4 6 7 5  0 4 5 1  2 3 7 6  0 2 6 4  1 5 7 3]'
    ' "point P" [0 0 0  0 0 1  0 1 0  0 1 1  1 0 0  1 0 1  1 1 0  1 1 1]'
)
DISPERSING = (
    'Texture "n" "fresnel" "cauchy" "float cauchyb" [0.02] MakeNamedVolume "w" "clear" "texture fresnel" ["n"]'
    ' Interior "w"'
)
KINDS = ("material", "texture", "volume", "volumeregion")


def world(plugin: Plugin, params: str, variant: str) -> str:
    """A part of a scene that shows a plugin with these parameters."""
    params = f"{examples.needed(plugin, variant)} {params}"
    if plugin.kind == "material":
        return f'{ROOM} {examples.THINGS} {DISPERSING} Material "{plugin.name}" {params} {PLACED} {TURNED}'
    if plugin.kind == "volume":
        volume = f'MakeNamedVolume "v" "{plugin.name}" {params} Interior "v"'
        return f'{ROOM} {examples.THINGS} {volume} Material "glass2" {CUBE}'
    if plugin.kind == "volumeregion":
        return f'{ROOM} Volume "{plugin.name}" "color sigma_a" [0.5 0.6 0.7] {params}'
    texture = f'{examples.THINGS} Texture "t" "{variant}" "{plugin.name}" {params}'
    if variant == "fresnel":
        return f'{ROOM} {texture} Material "metal2" "texture fresnel" ["t"] {PLACED}'
    if plugin.name == "normalmap":
        return f'{ROOM} {texture} Material "matte" "texture bumpmap" ["t"] {PLACED}'
    if plugin.name == "subtract":  # there is no light below zero
        white = {"color": "[1 1 1]"}.get(variant, "[1]")
        texture += f' Texture "t" "{variant}" "add" "texture tex1" ["t"] "{variant} tex2" {white}'
    shape = COLOURED if plugin.name.startswith("hitpoint") else PLACED
    return f'{texture} AreaLightSource "area" "texture L" ["t"] "float power" [0] {shape}'


def honoured(plugin: Plugin) -> Iterator[tuple[Parameter, str, str]]:
    """Parameters that must matter, each with the variant and the LXS of one that is away from its default."""
    for parameter in plugin.parameters:
        if fidelity.note(plugin, parameter).fidelity in (Fidelity.APPROXIMATED, Fidelity.IGNORED):
            continue
        if f' {parameter.name}"' in plugin.needs:
            continue  # these must fit one another
        variants = (parameter.variant,) if parameter.variant else plugin.variants or ("",)
        for variant in variants if parameter.type.startswith("variant") else variants[:1]:
            for given in examples.away(parameter, variant):
                yield parameter, variant, given


def shown(plugin: Plugin, params: str, variant: str) -> Translation:
    camera = bench.ABOVE if plugin.kind == "texture" and variant != "fresnel" else ASLANT
    integrator = 'VolumeIntegrator "multi"' if plugin.kind.startswith("volume") else ""
    return bench.scene(world(plugin, params, variant), camera=camera, options=integrator, size=8, depth=6)


SAID = ("is not honoured: the engine takes one number", "of L is approximated by white")


def reported(before: Translation, after: Translation) -> bool:
    """Whether one of the two warns of what the other does not: a texture where the engine takes one value."""
    return any(said in warning for warning in set(after.warnings) - set(before.warnings) for said in SAID)


def assert_seen(scenes: Mapping[Any, Translation], pairs: Sequence[tuple[str, Any, Any]]) -> None:
    """Each pair, under its name, of scenes whose pictures differ, unless the second one's warnings say why not."""
    pictures = dict(zip(scenes, bench.render(list(scenes.values()), spp=4, exactly=True), strict=True))
    assert pairs
    unseen = [
        name
        for name, before, after in pairs
        if np.array_equal(pictures[before], pictures[after]) and not reported(scenes[before], scenes[after])
    ]
    assert not unseen, "\n".join(unseen)


@pytest.fixture(scope="module", autouse=True)
def files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The files that the examples name."""
    bench.FILES.update(example_files.write(tmp_path_factory.mktemp("files")))
    yield
    bench.FILES.clear()


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_called_honoured_is_seen(kind: str) -> None:
    scenes: dict[tuple[str, str, str], Translation] = {}
    pairs = []
    for plugin in PLUGINS[kind]:
        for parameter, variant, given in honoured(plugin):
            keys = []
            beside = examples.beside(parameter, variant)
            for params in (beside, f"{beside} {given}"):
                key = (plugin.name, variant, params)
                if key not in scenes:
                    scenes[key] = shown(plugin, params, variant)
                keys.append(key)
            pairs.append((f"{plugin.name} ({variant}): {given}", *keys))
    assert_seen(scenes, pairs)
