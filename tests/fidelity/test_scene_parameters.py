"""Likewise of lights, shapes and cameras: each parameter that is called exact or equivalent changes the picture."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import OpenImageIO
import pytest
from test_parameters import honoured

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
    folder: Path = tmp_path_factory.mktemp("files")
    image = OpenImageIO.ImageBuf(OpenImageIO.ImageSpec(16, 16, 3, "uint8"))
    image.set_pixels(OpenImageIO.ROI(), np.random.default_rng(1).random((16, 16, 3), np.float32))
    assert image.write(str(folder / "image.png"))
    (folder / "light.ies").write_text(
        "IESNA:LM-63-1995\nTILT=NONE\n1 1000 1 3 1 1 2 0.1 0.1 0\n1 1 10\n0 80 170\n0\n100 40 10\n"
    )
    (folder / "lens.dat").write_text("50 .01 1.5 20\n-50 .01 1 20\n0 .01 0 5\n")
    corners = [(0, 0, 0), (1, 0, 0), (1, 1, 0.3), (0, 1, 0), (0.5, 0.5, 1)]
    faces = [(0, 1, 4), (1, 2, 4), (2, 3, 4), (3, 0, 4)]
    header = "ply\nformat ascii 1.0\nelement vertex 5\n"
    header += "".join(f"property float {axis}\n" for axis in ("x", "y", "z", "nx", "ny", "nz"))
    header += "property uchar red\nproperty uchar green\nproperty uchar blue\n"
    header += "element face 4\nproperty list uchar int vertex_indices\nend_header\n"
    rows = "".join(f"{x} {y} {z} 0 0 1 {int(200 * x) + 20} {int(200 * y) + 20} 90\n" for x, y, z in corners)
    (folder / "mesh.ply").write_text(header + rows + "".join(f"3 {a} {b} {c}\n" for a, b, c in faces))
    solid = "".join(
        "facet\nouter loop\n" + "".join("vertex {} {} {}\n".format(*corners[i]) for i in face) + "endloop\nendfacet\n"
        for face in faces
    )
    (folder / "mesh.stl").write_text(f"solid it\n{solid}endsolid\n")
    strand = np.array([[0, 0, -1], [0.4, 0, -0.3], [0, 0.3, 0.4], [0.3, 0, 1]], "<f4")
    strands = b"HAIR" + struct.pack("<4I5f", 1, 4, 2, 3, 0.5, 0, 0.3, 0.6, 0.9)
    (folder / "strands.hair").write_bytes(strands.ljust(128, b"\0") + strand.tobytes())
    bench.FILES.update({path.name: str(path) for path in folder.iterdir()})


# Parameters that have to be given differently than their examples are, and where they are tried.
ELSEWHERE = {
    ("camera", "endtransform"): "tests/unit/lux/test_lux_builder.py",
    ("camera", "yon"): "test_cameras.py",
    ("camera", "autofocus"): "test_cameras.py",
    ("shape", "triindices"): "test_shapes.py",
    ("shape", "shapename"): "test_shapes.py",
}


@pytest.mark.parametrize("kind", ["light", "arealight", "shape", "camera"])
def test_what_is_called_honoured_is_seen(kind: str) -> None:
    scenes: dict[tuple[str, str], Translation] = {}
    pairs = []
    for plugin in PLUGINS[kind]:
        if plugin.name == "deferred":
            continue  # another shape with that one's parameters
        for parameter, _, given in honoured(plugin):
            if (kind, parameter.name) in ELSEWHERE:
                continue
            keys = []
            for params in (parameter.beside, f"{parameter.beside} {given}"):
                key = (plugin.name, params)
                if key not in scenes:
                    scenes[key] = shown(plugin, params)
                keys.append(key)
            pairs.append((f"{plugin.name}: {given}", *keys))
    pictures = dict(zip(scenes, bench.render(list(scenes.values()), spp=4), strict=True))
    assert pairs
    unseen = [name for name, before, after in pairs if np.array_equal(pictures[before], pictures[after])]
    assert not unseen, "\n".join(unseen)
