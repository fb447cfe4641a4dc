"""Scenes in a few words, rendered small in one child process; pictures in units of white light.

Rules: a scene is text as a user would write it; nothing is fitted, so what comes out can be compared with arithmetic.
"""

from __future__ import annotations

import math
import pickle
import subprocess
import sys
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from lrnap.engine.luxcore import spectra
from lrnap.engine.luxcore.translate import Translation, translate
from lrnap.lux.builder import describe
from lrnap.lux.call import Call
from lrnap.lux.reader import read_bytes

Picture = npt.NDArray[np.float64]  # (rows, columns, 3), the first row at the top

_CHILD = """
import pickle, sys, time
import numpy as np
from lrnap.engine.luxcore.native import pyluxcore
from lrnap.engine.luxcore.renderer import properties_of, scene_of
pyluxcore.Init(lambda text: None)
pictures = []
for translation, until in pickle.load(sys.stdin.buffer):
    config = translation.config | {"native.threads.count": [1], "film.imagepipelines.0.0.type": ["NOP"],
        "renderengine.seed": [1]} | until
    try:
        session = pyluxcore.RenderSession(pyluxcore.RenderConfig(properties_of(config), scene_of(translation)))
        session.Start()
        while not session.HasDone():
            time.sleep(0.002)
            session.UpdateStats()
        session.Stop()
        pixels = np.empty((config["film.height"][0], config["film.width"][0], 3), np.float32)
        session.GetFilm().GetOutputFloat(pyluxcore.FilmOutputType.RGB, pixels, 0, False)
        window = translation.window
        pictures.append(window.part(pixels[::-1]) if window else pixels[::-1].copy())
    except RuntimeError as error:
        pictures.append(str(error))
pyluxcore.SetLogHandler(None)
sys.stdout.buffer.write(b"PICTURES" + pickle.dumps(pictures))
"""
# Looks down on the square from (0, 0) to (1, 1): the picture's columns run along x, its rows down along y.
ABOVE = 'LookAt 0.5 0.5 5  0.5 0.5 0  0 1 0  Camera "orthographic" "float screenwindow" [-0.5 0.5 -0.5 0.5]'
SQUARE = (
    'Shape "mesh" "integer triindices" [0 1 2 0 2 3] "point P" [0 0 0  1 0 0  1 1 0  0 1 0]'
    ' "float uv" [0 0  1 0  1 1  0 1]'
)
# The same as light of the colour of a texture "t".
GLOWING = f'AreaLightSource "area" "texture L" ["t"] "float power" [0] {SQUARE}'


def scene(
    world: str,
    *,
    options: str = "",
    camera: str = ABOVE,
    size: int = 16,
    depth: int = 8,
    before: tuple[Call, ...] = (),
) -> Translation:
    """The translation of a scene around a part of its world; see `render`. `before`: calls that no file can hold."""
    film = f'Film "fleximage" "integer xresolution" [{size}] "integer yresolution" [{size}]'
    integrator = f'SurfaceIntegrator "path" "integer maxdepth" [{depth}]'
    text = f'{film} PixelFilter "box" Sampler "sobol" {integrator} {options} {camera} WorldBegin {world} WorldEnd'
    return translate(describe([*before, *read_bytes(text.encode(), "test.lxs")]), FILES)


# Paths as ever, but tile by tile and each tile once.
TILES = {
    "renderengine.type": ["TILEPATHCPU"],
    "sampler.type": ["TILEPATHSAMPLER"],
    "tile.multipass.enable": [0],
}
FILES: dict[str, str] = {}  # names in scenes -> paths


def render(scenes: Sequence[Translation], *, spp: int = 16, exactly: bool = False) -> list[Picture]:
    """The pictures of scenes, each with `spp` samples or more in each pixel.

    `exactly`: not one more, so that a scene's picture is the same to the last bit however busy the machine is; `spp` is
    a square then.
    """
    until = {"batch.haltspp": [spp]} if not exactly else TILES | {"tilepath.sampling.aa.size": [math.isqrt(spp)]}
    sent = pickle.dumps([(translation, until) for translation in scenes])
    done = subprocess.run([sys.executable, "-c", _CHILD], input=sent, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    found = pickle.loads(done.stdout.split(b"PICTURES", 1)[1])
    refused = [answer for answer in found if isinstance(answer, str)]
    assert not refused, refused
    return [picture.astype(np.float64) / spectra.L_UNIT for picture in found]


def textures(definitions: Mapping[str, str], *, variant: str = "color", spp: int = 16) -> dict[str, Picture]:
    """What textures look like on the square, as light of their colour.

    `definitions`: by any name, what stands behind the variant in a Texture statement.
    """
    scenes = [scene(f'Texture "t" "{variant}" {definition} {GLOWING}') for definition in definitions.values()]
    return dict(zip(definitions, render(scenes, spp=spp), strict=True))


def points(size: int, per_pixel: int = 8) -> tuple[Picture, Picture]:
    """(x, y) of points spread evenly over the pixels of the square: each (rows, columns, per_pixel ** 2)."""
    steps = (np.arange(size * per_pixel) + 0.5) / (size * per_pixel)
    x, y = np.meshgrid(steps, steps[::-1])
    cut = (size, per_pixel, size, per_pixel)
    spread = [a.reshape(cut).swapaxes(1, 2).reshape(size, size, per_pixel**2) for a in (x, y)]
    return spread[0], spread[1]
