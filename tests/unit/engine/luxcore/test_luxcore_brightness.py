"""What is rendered is as bright as arithmetic says, by every engine that is used (LuxCore in a process of its own)."""

from __future__ import annotations

import math
import pickle
import subprocess
import sys

import numpy as np
import pytest

from lrnap.engine.luxcore import spectra

RENDER = """
import pickle, sys, time
import numpy as np
from lrnap.engine.luxcore.native import pyluxcore
from lrnap.engine.luxcore.renderer import properties_of, scene_of
pyluxcore.Init(lambda text: None)
translation, spp = pickle.load(sys.stdin.buffer)
config = translation.config | {"native.threads.count": [1], "film.imagepipelines.0.0.type": ["NOP"],
    "renderengine.seed": [1], "batch.haltspp": [spp]}
session = pyluxcore.RenderSession(pyluxcore.RenderConfig(properties_of(config), scene_of(translation)))
session.Start()
while not session.HasDone():
    time.sleep(0.01)
    session.UpdateStats()
session.Stop()
pixels = np.empty((config["film.height"][0], config["film.width"][0], 3), np.float32)
session.GetFilm().GetOutputFloat(pyluxcore.FilmOutputType.RGB, pixels, 0, False)
pyluxcore.SetLogHandler(None)
sys.stdout.buffer.write(b"PIXELS" + pickle.dumps(pixels[::-1].copy()))
"""
OPTIONS = 'PixelFilter "box" Sampler "sobol"'
FILM = 'Film "fleximage" "integer xresolution" [{w}] "integer yresolution" [{h}]'


@pytest.fixture
def rendered(translated):
    """`rendered(world, spp=..., w=..., h=..., **parts)`: the picture, (h, w, 3), in units of white light."""

    def run(world: str, *, spp: int, w: int = 16, h: int = 16, options: str = "", **parts: str) -> np.ndarray:
        translation = translated(world, film=FILM.format(w=w, h=h), options=f"{OPTIONS} {options}", **parts)
        sent = pickle.dumps((translation, spp))
        done = subprocess.run([sys.executable, "-c", RENDER], input=sent, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()[-2000:]
        return pickle.loads(done.stdout.split(b"PIXELS", 1)[1]).astype(np.float64) / spectra.L_UNIT

    return run


@pytest.mark.parametrize("integrator", ["path", "bidirectional"])
def test_a_closed_sphere_around_a_lamp_is_as_bright_as_its_bounces_add_up_to(rendered, integrator):
    lamp, wall, albedo = 0.3, 2.0, 0.5
    world = (
        f'AttributeBegin AreaLightSource "area" "float power" [0] Material "matte" "color Kd" [0 0 0]'
        f' Shape "sphere" "float radius" [{lamp}] AttributeEnd'
        f' Material "matte" "color Kd" [{albedo} {albedo} {albedo}]'
        f' ReverseOrientation Shape "sphere" "float radius" [{wall}]'
    )
    depths = {"path": '"integer maxdepth" [12]', "bidirectional": '"integer eyedepth" [12] "integer lightdepth" [12]'}
    picture = rendered(
        world,
        spp=150,
        options=f'SurfaceIntegrator "{integrator}" {depths[integrator]}',
        camera='LookAt 0 0 -1.5  0 0 -2  0 1 0 Camera "perspective" "float fov" [60]',
        lamp="",
    )
    seen = (lamp / wall) ** 2  # of the lamp from the wall, as a share of all directions weighed by their cosine
    assert picture.mean() == pytest.approx(albedo * seen / (1 - albedo * (1 - seen)), rel=0.02)


def test_maxdepth_is_the_number_of_bounces_from_eye_to_lamp(rendered):
    lamp, wall, albedo = 0.3, 2.0, 0.75
    world = (
        f'AttributeBegin AreaLightSource "area" "float power" [0] Material "matte" "color Kd" [0 0 0]'
        f' Shape "sphere" "float radius" [{lamp}] AttributeEnd'
        f' Material "matte" "color Kd" [{albedo} {albedo} {albedo}]'
        f' ReverseOrientation Shape "sphere" "float radius" [{wall}]'
    )
    picture = rendered(
        world,
        spp=60,
        options='SurfaceIntegrator "path" "integer maxdepth" [2]',
        camera='LookAt 0 0 -1.5  0 0 -2  0 1 0 Camera "perspective" "float fov" [60]',
        lamp="",
    )
    seen = (lamp / wall) ** 2
    assert picture.mean() == pytest.approx(albedo * seen * (1 + albedo * (1 - seen)), rel=0.03)


FLOOR = 'Material "matte" "color Kd" [1 1 1] Shape "disk" "float radius" [9]'
ABOVE = 'LookAt 0 -0.01 5  0 0 0  0 1 0 Camera "perspective" "float fov" [0.2]'
LAMPS = [
    ('LightSource "point" "point from" [0 0 2]', 1 / 4),
    ('LightSource "spot" "point from" [0 0 2] "point to" [0 0 0]', 1 / 4),
    ('LightSource "distant" "point from" [0 0 1] "point to" [0 0 0]', 1.0),
    (
        'LightSource "distant" "point from" [0 0 1] "point to" [0 0 0] "float theta" [20]',
        (1 + math.cos(math.radians(20))) / 2,
    ),
    ('LightSource "infinite"', math.pi),
]


@pytest.mark.parametrize(("lamp", "irradiance"), LAMPS)
def test_a_lamp_gives_the_irradiance_that_classic_lux_means(rendered, lamp, irradiance):
    picture = rendered(
        FLOOR, spp=64, w=8, h=8, options='SurfaceIntegrator "path" "integer maxdepth" [1]', lamp=lamp, camera=ABOVE
    )
    assert picture.mean() * math.pi == pytest.approx(irradiance, rel=0.02)


def test_the_picture_is_centred_on_what_the_camera_looks_at(rendered):
    square = 'AreaLightSource "area" "float power" [0] Shape "mesh" "integer triindices" [0 1 2 0 2 3]'
    world = f'{square} "point P" [-1 -1 0  1 -1 0  1 1 0  -1 1 0]'
    picture = rendered(world, spp=32, lamp="", camera='LookAt 0 0 5 0 0 0 0 1 0 Camera "perspective" "float fov" [45]')
    seen = picture.mean(axis=2) > 0
    assert seen.any()
    assert (seen == seen[::-1]).all()
    assert (seen == seen[:, ::-1]).all()
