"""Scenes in a few words, their translations, and what LuxCore says to these (in a process of its own)."""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import OpenImageIO
import pytest

from lrnap.engine.luxcore.translate import Translation, translate
from lrnap.lux.builder import describe
from lrnap.lux.reader import read_bytes

# A quad that looks up, at z = 0.
QUAD = (
    'Shape "mesh" "integer triindices" [0 1 2 0 2 3] "point P" [-1 -1 0  1 -1 0  1 1 0  -1 1 0]'
    ' "float uv" [0 0 1 0 1 1 0 1]'
)
FILM = 'Film "fleximage" "integer xresolution" [16] "integer yresolution" [12]'
CAMERA = 'LookAt 0 -5 3  0 0 0  0 0 1 Camera "perspective" "float fov" [45]'

Translate = Callable[..., Translation]
Refusals = Callable[[list[Translation]], list[str]]


def scene(
    world: str = "", *, options: str = "", film: str = FILM, camera: str = CAMERA, lamp: str = 'LightSource "infinite"'
) -> str:
    """A whole scene around a part of its world; with light, and something to see if `world` shows nothing."""
    shown = world if "Shape" in world or "ObjectInstance" in world else f"{world}\n{QUAD}"
    return f"{options}\n{film}\n{camera}\nWorldBegin\n{lamp}\n{shown}\nWorldEnd\n"


@pytest.fixture(scope="session")
def translated() -> Translate:
    """`translated(world, files={...}, options=..., film=..., camera=..., lamp=...)`."""

    def run(world: str = "", *, files: Mapping[str, str] | None = None, **parts: str) -> Translation:
        return translate(describe(read_bytes(scene(world, **parts).encode(), "test.lxs")), files or {})

    return run


CHILD = """
import pickle, sys
from lrnap.engine.luxcore.native import pyluxcore
from lrnap.engine.luxcore.renderer import properties_of, scene_of
pyluxcore.Init(lambda text: None)
answers = []
for translation in pickle.load(sys.stdin.buffer):
    try:
        config = properties_of(translation.config | EXTRA)
        session = pyluxcore.RenderSession(pyluxcore.RenderConfig(config, scene_of(translation)))
        session.Start()
        session.Stop()
        answers.append("")
    except RuntimeError as error:
        answers.append(str(error))
pyluxcore.SetLogHandler(None)
sys.stdout.buffer.write(b"ANSWERS" + pickle.dumps(answers))
"""
EXTRA = {"native.threads.count": [1], "film.imagepipelines.0.0.type": ["NOP"], "renderengine.seed": [1]}


@pytest.fixture(scope="session")
def refusals() -> Refusals:
    """For each translation, why LuxCore will not start rendering it; empty if it will."""

    def run(translations: list[Translation]) -> list[str]:
        sent = pickle.dumps(translations)
        code = CHILD.replace("EXTRA", repr(EXTRA))
        done = subprocess.run([sys.executable, "-c", code], input=sent, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()[-2000:]
        answers = pickle.loads(done.stdout.split(b"ANSWERS", 1)[1])
        assert len(answers) == len(translations)
        return answers

    return run


@pytest.fixture(scope="session")
def image(tmp_path_factory: pytest.TempPathFactory) -> str:
    """An image file of 8 x 4 pixels, blue above red."""
    path = tmp_path_factory.mktemp("images") / "image.png"
    pixels = np.zeros((4, 8, 3), np.float32)
    pixels[:2, :, 2] = pixels[2:, :, 0] = 1.0
    buffer = OpenImageIO.ImageBuf(OpenImageIO.ImageSpec(8, 4, 3, "uint8"))
    buffer.set_pixels(OpenImageIO.ROI(), pixels)
    assert buffer.write(str(path))
    return str(path)


@pytest.fixture(scope="session")
def nk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A metal's n and k as a luxpop table (wavelengths in angstroms)."""
    path = tmp_path_factory.mktemp("metals") / "metal.nk"
    path.write_text("".join(f"{w} 0.2 3.5\n" for w in range(3800, 7801, 200)))
    return path


@pytest.fixture(scope="session")
def spectrum(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A spectrum as a table of wavelengths (nm) and values: yellow."""
    path = tmp_path_factory.mktemp("spectra") / "spectrum.txt"
    path.write_text("".join(f"{w} {float(w > 500)}\n" for w in range(380, 781, 20)))
    return path


@pytest.fixture(scope="session")
def ies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lamp that shines evenly into the lower half space."""
    path = tmp_path_factory.mktemp("lamps") / "light.ies"
    path.write_text("IESNA:LM-63-1995\nTILT=NONE\n1 1000 1 3 1 1 2 0.1 0.1 0\n1 1 10\n0 45 90\n0\n100 100 100\n")
    return path


@pytest.fixture(scope="session")
def lens(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lens of focal length 50, thin but for its stop."""
    path = tmp_path_factory.mktemp("lenses") / "lens.dat"
    path.write_text("# radius distance index aperture\n50 0.001 1.5 20\n-50 0.001 1 20\n0 0.001 0 5\n")
    return path
