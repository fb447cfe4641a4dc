"""Edits a scene while LuxCore renders it, and renders the edited scene afresh: prints how the pictures compare.

A program of its own, because LuxCore must not be loaded into the process of the tests. Arguments: kinds of edits.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from lrnap.engine.luxcore import renderer as module
from lrnap.engine.luxcore.difference import Difference
from lrnap.engine.luxcore.renderer import LuxCoreRenderer
from lrnap.engine.protocol import RunOptions
from lrnap.errors import LrnapError
from lrnap.lux.builder import describe
from lrnap.lux.edited import apply
from lrnap.lux.editing import changes_of
from lrnap.lux.reader import read_bytes

SPP = 100
SCENE = """
LookAt 0 -6 3  0 0 0.7  0 0 1
Camera "perspective" "float fov" [32]
Film "fleximage" "integer xresolution" [32] "integer yresolution" [24]
Sampler "lowdiscrepancy"
SurfaceIntegrator "{integrator}" "integer maxdepth" [5] {depths}
PixelFilter "box"
WorldBegin
Texture "red" "color" "constant" "color value" [.7 .1 .1]
Texture "hills" "float" "scale" "texture tex1" ["one"] "float tex2" [.3]
MakeNamedVolume "fog" "clear" "color absorption" [.1 .1 .1]
MakeNamedMaterial "floor" "string type" ["matte"] "color Kd" [.5 .5 .5]
MakeNamedMaterial "ball" "string type" ["matte"] "texture Kd" ["red"]
LightGroup "key"
LightSource "point" "point from" [2 -2 4] "color L" [.02 .02 .02]
LightGroup "lamp"
AttributeBegin
  Translate -2 0 3  Rotate 180 1 0 0
  AreaLightSource "area" "color L" [.02 .02 .02]
  Shape "disk" "float radius" [.5]
AttributeEnd
AttributeBegin NamedMaterial "floor" Shape "disk" "float radius" [6] AttributeEnd
ObjectBegin "ball"
  NamedMaterial "ball"
  {inside}
  {shape}
ObjectEnd
AttributeBegin Translate -1 0 .7 ObjectInstance "ball" AttributeEnd
AttributeBegin Translate 1 0 .7 ObjectInstance "ball" AttributeEnd
WorldEnd
"""
OCTAHEDRON = """Shape "mesh" "integer triindices" [0 2 4 2 1 4 1 3 4 3 0 4 2 0 5 1 2 5 3 1 5 0 3 5]
  "point P" [.7 0 0 -.7 0 0 0 .7 0 0 -.7 0 0 0 .7 0 0 -.7] "normal N" [1 0 0 -1 0 0 0 1 0 0 -1 0 0 0 1 0 0 -1]
  "integer nsubdivlevels" [1] "texture displacementmap" ["hills"] "float dmscale" [1]"""
FAILING = ("refused", "broken")
PLACE = 'AttributeBegin {} ObjectInstance "ball" AttributeEnd '
EDITS = {
    "camera": ["LookAt 4 -4 5  0 0 0.7  0 0 1"],
    "zoom": ['Camera "perspective" "float fov" [20]'],
    "texture": ['Texture "red" "color" "checkerboard" "color tex1" [0 1 0] "color tex2" [0 0 1] "float uscale" [4]'],
    "material": ['MakeNamedMaterial "ball" "string type" ["mirror"]'],
    "emission": ['LightGroup "lamp" AreaLightSource "area" "color L" [0 90 200]'],
    "light": ['LightGroup "key" LightSource "distant" "point from" [3 3 9] "point to" [0 0 0] "color L" [.9 .3 0]'],
    "several_lights": [
        'LightGroup "key" LightSource "infinite" "color L" [1 2 3] LightSource "point" "point from" [0 0 2]'
        ' "color L" [9 9 0] LightSource "spot" "point from" [0 0 5] "point to" [0 0 0] "color L" [90 0 0]',
        'LightGroup "key" LightSource "point" "point from" [-2 -2 4] "color L" [0 .5 .5]',
    ],
    "moved": [PLACE.format("Translate 0 0 2") + PLACE.format("Translate 2 -2 .7 Scale 1.5 1.5 1.5")],
    "mirrored": [PLACE.format("Translate 0 -1 1 Scale -1 1 1.5") + PLACE.format("Translate 1 0 .7")],
    "more": ["".join(PLACE.format(f"Translate {x} -1 .7 Scale .5 .5 .5") for x in range(-2, 3))],
    "fewer": [PLACE.format("Translate 0 -1 .7")],
    "volume": ['MakeNamedVolume "fog" "clear" "color absorption" [9 5 .1] "float fresnel" [1]'],
    "displaced": ['Texture "hills" "float" "constant" "float value" [.8]'],
    "refused": ['LightGroup "key" LightSource "infinite" "string mapname" ["gone.png"]'],
    "broken": ['MakeNamedMaterial "floor" "string type" ["mirror"]'],  # see try_kind
    "bidirectional": ['LightGroup "key" LightSource "point" "point from" [-2 -2 4] "color L" [0 .5 2]'],
    "many": [
        "LookAt 4 -4 5  0 0 0.7  0 0 1",
        'MakeNamedMaterial "new" "string type" ["mirror"] MakeNamedMaterial "floor" "string type" ["mix"]'
        ' "string namedmaterial1" ["new"] "string namedmaterial2" ["ball"]',
        'LightGroup "key" LightSource "sky2" LightGroup "lamp" AreaLightSource "area" "color L" [60 30 0]',
        PLACE.format("Translate 0 0 2") + 'Texture "red" "color" "constant" "color value" [.1 .1 .9]',
    ],
}


def scene(kind: str):
    inside = 'Interior "fog"' if kind == "volume" else ""
    displaced = kind == "displaced"
    bidirectional = kind == "bidirectional"
    text = SCENE.format(
        integrator="bidirectional" if bidirectional else "path",
        depths='"integer eyedepth" [5] "integer lightdepth" [5]' if bidirectional else "",
        inside=inside,
        shape=OCTAHEDRON if displaced else 'Shape "sphere" "float radius" [.7]',
    )
    text = text.replace('"integer maxdepth" [5]', "") if bidirectional else text
    if kind == "volume":
        text = text.replace('"string type" ["matte"] "texture Kd" ["red"]', '"string type" ["glass2"]')
    one = 'Texture "one" "float" "constant" "float value" [1]\n'
    return describe(read_bytes(text.replace("WorldBegin\n", "WorldBegin\n" + one).encode(), "scene.lxs"))


def render(renderer: LuxCoreRenderer, spp: int = SPP) -> np.ndarray:
    """The picture at so many samples."""
    layout = renderer._layout
    deadline = time.monotonic() + 120
    while renderer.stats().samples < spp * layout.width * layout.height and time.monotonic() < deadline:
        time.sleep(0.005)
    block = layout.new_block()
    with TemporaryDirectory() as folder:
        counts = renderer.read_film(block, Path(folder))
    planes = layout.planes(block)
    rgb = (planes.pixel / np.maximum(planes.weight, 1e-20)[..., None]).sum(axis=0)
    if planes.screen is not None:
        rgb += planes.screen.sum(axis=0) * (layout.width * layout.height / max(counts.screen_samples, 1))
    return rgb


def started(description, seed: int) -> LuxCoreRenderer:
    renderer = LuxCoreRenderer(log=lambda text: None)
    renderer.build(description, {}, RunOptions("r", seed, threads=2))
    renderer.start()
    return renderer


def compare(a: np.ndarray, b: np.ndarray) -> float:
    """How much brighter or darker a block of 8 x 8 pixels is in a colour, root mean square, in units of the mean; the
    least alike tenth left out, where a lamp or a caustic is."""
    blocks = [image.reshape(3, 8, 4, 8, 3).mean(axis=(1, 3)) for image in (a, b)]
    difference = np.sort(np.abs(blocks[0] - blocks[1]).ravel())
    return float(np.sqrt((difference[: int(0.9 * difference.size)] ** 2).mean()) / blocks[1].mean())


def spoilt(change: Difference) -> Difference:
    change.properties["scene.materials.mat_broken.type"] = ["no such material"]
    return change


def try_kind(kind: str) -> dict[str, float]:
    description = scene(kind)
    renderer = started(description, 1)
    before = render(renderer)
    made = []
    define = module.define
    module.define = lambda scene, images, meshes: (made.append(len(meshes)), define(scene, images, meshes))
    compare_with_known = module.difference
    if kind == "broken":  # what the engine refuses when half of the edit is done
        module.difference = lambda *things: spoilt(compare_with_known(*things))
    for text in EDITS[kind]:
        new = apply(description, changes_of(read_bytes(text.encode(), "edit.lxs")))
        try:
            renderer.edit(new, {})
        except LrnapError:
            assert kind in FAILING
            continue
        assert kind not in FAILING
        assert renderer._samples() < 10 * SPP * 32 * 24
        description = new
    module.define, module.difference = define, compare_with_known
    after = render(renderer)
    renderer.stop()
    fresh = render(started(description, 2))
    return {
        "error": compare(after, fresh),
        "change": compare(before, fresh),
        "meshes": 0 if kind == "displaced" else sum(made) if kind not in FAILING else 0,
    }


if __name__ == "__main__":
    results = {kind: try_kind(kind) for kind in sys.argv[1:]}
    print(json.dumps(results), flush=True)
    os._exit(0)
