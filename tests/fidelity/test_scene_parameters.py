"""Likewise of lights, shapes and cameras: each parameter that is called exact or equivalent changes the picture."""

from __future__ import annotations

import example_files
import numpy as np
import pytest
from test_parameters import assert_seen, honoured

import bench
from lrnap.engine.luxcore.translate import Translation
from lrnap.lux.plugins import PLUGINS, examples
from lrnap.lux.plugins.spec import Plugin

LAMP = 'LightSource "distant" "point from" [1 -1 3] "point to" [0 0 0]'
# A floor with something on it, to cast shadows and to be out of focus.
ROOM = 'Texture "w" "color" "checkerboard" "color tex1" [.9 .8 .2] "color tex2" [.1 .2 .6] "float uscale" [7]'
PLACED = f"Translate -4 -4 -1.2 Scale 9 9 1 {bench.SQUARE}"
FLOOR = f'{ROOM} AttributeBegin Material "matte" "texture Kd" ["w"] {PLACED} AttributeEnd'
PIPE = 'Shape "cylinder" "float radius" [.3] "float zmin" [-.2] "float zmax" [.5]'
POST = f"AttributeBegin Translate 0 0 -1 {PIPE} AttributeEnd"
EYE = "LookAt 3 -4 4  0 0 -.5  0 0 1 "
LENS = '"float lensradius" [.3] "float focaldistance" [3]'
DOWNWARDS = ("point", "spot", "distant", "projection")  # lights that shine along their z
MOVING = "MotionBegin [0 1] LookAt 3 -4 4 0 0 -.5 0 0 1 LookAt 3.5 -4 4 .5 0 -.5 0 0 1 MotionEnd "


def shown(plugin: Plugin, params: str) -> Translation:
    params = f"{examples.needed(plugin)} {params}"
    camera = f'{EYE} Camera "perspective" "float fov" [35]'
    statement = f'"{plugin.name}" {params}'
    if plugin.kind == "camera":
        lens = LENS if "focaldistance" not in params and "lensradius" not in params else ""
        lens = LENS.split('"float focal')[0] if '"float focaldistance"' in params else lens
        return bench.scene(f"{LAMP} {FLOOR} {POST}", camera=f"{MOVING} Camera {statement} {lens}", size=12, depth=2)
    if plugin.kind == "light":
        place = "Translate 0 0 3 Rotate 170 1 0 0" if plugin.name in DOWNWARDS else "Rotate 30 0 1 0"
        world = f"{examples.THINGS} AttributeBegin {place} LightSource {statement} AttributeEnd {FLOOR} {POST}"
    elif plugin.kind == "arealight":
        lamp = 'Translate 0 0 .8 Rotate 150 1 0 0 Shape "disk" "float radius" [.5]'
        world = f"{examples.THINGS} AttributeBegin AreaLightSource {statement} {lamp} AttributeEnd {FLOOR} {POST}"
    else:
        look = 'Texture "t" "color" "hitpointcolor" Texture "u" "color" "uv" Texture "m" "color" "mix"'
        look += ' "texture tex1" ["t"] "texture tex2" ["u"] Material "matte" "texture Kd" ["m"]'
        world = f"{examples.THINGS} {LAMP} {FLOOR} {look} Scale .7 .7 .7 Rotate 20 1 0 0 Shape {statement}"
    return bench.scene(world, camera=camera, size=12, depth=2)


@pytest.fixture(scope="module", autouse=True)
def files(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The files that the examples name."""
    bench.FILES.update(example_files.write(tmp_path_factory.mktemp("files")))


KINDS = ("light", "arealight", "shape", "camera")


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_called_honoured_is_seen(kind: str) -> None:
    scenes: dict[tuple[str, str], Translation] = {}
    pairs = []
    for plugin in PLUGINS[kind]:
        if plugin.name == "deferred":
            continue  # another shape with that one's parameters
        for parameter, _, given in honoured(plugin):
            if parameter.name == "endtransform":
                continue  # only of a camera that does not move otherwise: see below
            keys = []
            for params in (parameter.beside, f"{parameter.beside} {given}"):
                key = (plugin.name, params)
                if key not in scenes:
                    scenes[key] = shown(plugin, params)
                keys.append(key)
            pairs.append((f"{plugin.name}: {given}", *keys))
    assert_seen(scenes, pairs)


def test_a_camera_that_does_not_move_otherwise_goes_to_its_endtransform() -> None:
    there = "LookAt 3.5 -4 4 .5 0 -.5 0 0 1"
    system = f'TransformBegin {there} CoordinateSystem "end" TransformEnd'
    camera = 'Camera "perspective" "float fov" [35]'
    cameras = (f"{EYE} {camera}", f'{system} {EYE} {camera} "string endtransform" ["end"]', f"{MOVING} {camera}")
    scenes = [bench.scene(f"{LAMP} {FLOOR} {POST}", camera=text, size=12, depth=2) for text in cameras]
    still, moved, moving = bench.render(scenes, spp=4, exactly=True)
    assert np.array_equal(moved, moving)
    assert not np.array_equal(moved, still)
