"""Lights against arithmetic: how bright a white floor is under them, and where their light goes.

A matte floor of albedo one, lit directly only, is as bright as its irradiance over pi. Tolerances are a few times what
the samples scatter.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import OpenImageIO
import pytest

import bench
from lrnap.engine.luxcore import spectra, sphere_maps

FLOOR = 'Material "matte" "color Kd" [1 1 1] Scale 40 40 40 Translate -.5 -.5 0 ' + bench.SQUARE
AT = "AttributeBegin {} AttributeEnd "
DOWN = "Translate 0.5 0.5 2 Rotate 180 1 0 0 "  # a lamp above the middle whose z points down
SIZE = 8
X, Y = bench.points(SIZE)
SQUARED = (X - 0.5) ** 2 + (Y - 0.5) ** 2 + 4  # distance from the lamp
COSINE = 2 / np.sqrt(SQUARED)
WIDE = 'LookAt .5 .5 5  .5 .5 0  0 1 0  Camera "orthographic" "float screenwindow" [-4 4 -4 4]'  # below lamps that show
HIGH = "Translate .5 .5 8 Rotate 180 1 0 0 "
FAR2 = 64 * ((X - 0.5) ** 2 + (Y - 0.5) ** 2 + 1)  # what is seen there, from a lamp 8 above
SLANT = 8 / np.sqrt(FAR2)

DARK, LIT = (math.cos(math.radians(angle)) for angle in (12, 8))


def each(values: np.ndarray) -> np.ndarray:
    """The mean over each pixel."""
    return values.mean(axis=-1)


LAMPS = {
    "point": ('LightSource "point" "point from" [.5 .5 2]', each(COSINE / SQUARED)),
    "power of a point": (
        f'LightSource "point" "point from" [.5 .5 2] "float power" [10] "float efficacy" [{spectra.L_UNIT}]',
        each(10 / (4 * math.pi * spectra.luminance((1, 1, 1))) * COSINE / SQUARED),
    ),
    "spot": (
        'LightSource "spot" "point from" [.5 .5 2] "point to" [.5 .5 0] "float coneangle" [12]'
        ' "float conedeltaangle" [4]',
        each(
            np.clip(
                (COSINE - math.cos(math.radians(12))) / (math.cos(math.radians(8)) - math.cos(math.radians(12))), 0, 1
            )
            ** 4
            * COSINE
            / SQUARED
        ),
    ),
    "distant": ('LightSource "distant" "point from" [0 3 4] "point to" [0 0 0]', np.full((SIZE, SIZE), 0.8)),
    "wide distant": (
        'LightSource "distant" "point from" [0 3 4] "point to" [0 0 0] "float theta" [10]',
        np.full((SIZE, SIZE), 0.8 * (1 + math.cos(math.radians(10))) / 2),
    ),
    "infinite": ('LightSource "infinite" "color L" [.5 .5 .5]', np.full((SIZE, SIZE), math.pi / 2)),
    "a small disk": (
        f'{HIGH} AreaLightSource "area" "float power" [0] "float gain" [100] Shape "disk" "float radius" [.1]',
        each(100 * math.pi * 0.1**2 * SLANT**2 / FAR2),
    ),
    "power of a disk": (
        f'{HIGH} AreaLightSource "area" "float power" [2] "float efficacy" [{spectra.L_UNIT}]'
        ' Shape "disk" "float radius" [.1]',
        each(2 / spectra.luminance((1, 1, 1)) / math.pi * SLANT**2 / FAR2),
    ),
    "sphere": (
        'Translate .5 .5 8 AreaLightSource "area" "float power" [0] Shape "sphere" "float radius" [2]',
        each(math.pi * 4 * SLANT / FAR2),
    ),
    "a measured lamp": (
        f'{DOWN} LightSource "point" "string iesname" ["cosine.ies"]',
        each(4 * COSINE * COSINE / SQUARED),
    ),
    "a measured lamp upside down": (
        'Translate .5 .5 2 LightSource "point" "string iesname" ["cosine.ies"] "bool flipz" ["true"]',
        each(4 * COSINE * COSINE / SQUARED),
    ),
    "a measured surface": (
        f'{HIGH} AreaLightSource "area" "float power" [0] "float gain" [100] "string iesname" ["cosine.ies"]'
        ' Shape "disk" "float radius" [.1]',
        each(100 * math.pi * 0.1**2 * SLANT**2 / FAR2),
    ),
    "two lamps": (
        'LightGroup "key" LightSource "point" "point from" [.5 .5 2]'
        ' LightGroup "fill" LightSource "distant" "point from" [0 0 1] "point to" [0 0 0]',
        each(COSINE / SQUARED) + 1,
    ),
    "a moving lamp": (
        'MotionBegin [0 1] Translate .5 .5 2 Translate 2.5 .5 2 MotionEnd LightSource "point"',
        np.mean(
            [each(2 * ((x - X) ** 2 + (0.5 - Y) ** 2 + 4) ** -1.5) for x in 0.5 + 2 * (np.arange(200) + 0.5) / 200],
            axis=0,
        ),
    ),
}


@pytest.fixture(scope="module", autouse=True)
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lamps")
    angles = range(0, 91, 5)
    candela = " ".join(f"{math.cos(math.radians(angle)):.6f}" for angle in angles)
    header = f"IESNA:LM-63-1995\nTILT=NONE\n1 1000 2 {len(angles)} 1 1 2 0.1 0.1 0\n1 1 10\n"
    (folder / "cosine.ies").write_text(header + " ".join(map(str, angles)) + f"\n0\n{candela}\n")
    bench.FILES["cosine.ies"] = str(folder / "cosine.ies")
    for name, picture in {"cross.png": cross(), "ball.png": ball(), "slide.png": slide()}.items():
        buffer = OpenImageIO.ImageBuf(OpenImageIO.ImageSpec(picture.shape[1], picture.shape[0], 3, "uint8"))
        buffer.set_pixels(OpenImageIO.ROI(), np.ascontiguousarray(picture, np.float32))
        assert buffer.write(str(folder / name))
        bench.FILES[name] = str(folder / name)
    return folder


@pytest.fixture(scope="module")
def floors(files: Path) -> dict[str, bench.Picture]:
    scenes = [
        bench.scene(AT.format(lamp) + FLOOR, size=SIZE, depth=1, camera=WIDE if " 8 " in lamp else bench.ABOVE)
        for lamp, _ in LAMPS.values()
    ]
    return dict(zip(LAMPS, bench.render(scenes, spp=256), strict=True))


@pytest.mark.parametrize("lamp", LAMPS)
def test_a_floor_is_as_bright_as_arithmetic_says(floors: dict[str, bench.Picture], lamp: str) -> None:
    found, expected = floors[lamp].mean(axis=2) * math.pi, LAMPS[lamp][1]
    noise = 0.8 if lamp == "sphere" else 0.06  # of a pixel: half of what is drawn of a sphere looks away
    assert found.mean() == pytest.approx(expected.mean(), rel=0.03 if lamp == "sphere" else 0.02)
    assert found == pytest.approx(expected, rel=noise, abs=0.03 * expected.max())


@pytest.mark.parametrize("lamp", ["point", "distant", "a moving lamp"])
def test_a_ball_of_light_leaves_samples_to_other_lamps(lamp: str) -> None:
    """To the engine, a ball is ten thousand lamps, and one that moves is sixteen."""
    ball = (
        'Translate 3 .5 2 AreaLightSource "area" "float power" [0] "float gain" [1] Shape "sphere" "float radius" [.02]'
    )
    (floor,) = bench.render(
        [bench.scene(AT.format(ball) + AT.format(LAMPS[lamp][0]) + FLOOR, size=SIZE, depth=1)], spp=256
    )
    assert floor.mean(axis=2) * math.pi == pytest.approx(LAMPS[lamp][1], rel=0.4)


# ---- suns and skies --------------------------------------------------------------------------------------------------

SUN = (0.6, -0.3, 0.7)
WALLS = {"up": (0, 0, 1), "to the sun": SUN, "x": (1, 0, 0), "y": (0, 1, 0), "-y": (0, -1, 0)}


def wall(lamp: str) -> str:
    """A square that faces the camera, whatever that looks at."""
    return f'{AT.format(lamp)} CoordSysTransform "camera" Rotate 180 0 1 0 Translate 0 0 -5 {FLOOR}'


def towards(normal: tuple[float, float, float]) -> str:
    x, y, z = (5 * c / math.hypot(*normal) for c in normal)
    up = "0 1 0" if abs(z) > 4 else "0 0 1"
    return f'LookAt {x} {y} {z} 0 0 0 {up} Camera "orthographic" "float screenwindow" [-.5 .5 -.5 .5]'


@pytest.fixture(scope="module")
def walls() -> dict[tuple[str, str], float]:
    """Irradiance of walls under the sun alone and the sky alone."""
    sundir = " ".join(str(c) for c in SUN)
    lamps = {
        "sun": f'LightSource "sun" "vector sundir" [{sundir}]',
        "sky": f'LightSource "sky" "vector sundir" [{sundir}] "float turbidity" [3]',
    }
    keys = [(lamp, name) for lamp in lamps for name in WALLS]
    scenes = [bench.scene(wall(lamps[lamp]), camera=towards(WALLS[n]), size=4, depth=1) for lamp, n in keys]
    pictures = bench.render(scenes, spp=256)
    return {key: float(p.mean()) * math.pi * spectra.L_UNIT for key, p in zip(keys, pictures, strict=True)}


@pytest.mark.parametrize("name", WALLS)
def test_the_sun_shines_from_its_direction(walls: dict[tuple[str, str], float], name: str) -> None:
    cosine = max(np.dot(WALLS[name], SUN) / math.hypot(*WALLS[name]) / math.hypot(*SUN), 0.0)
    assert walls["sun", name] == pytest.approx(cosine * walls["sun", "to the sun"], rel=0.02, abs=1.0)


@pytest.mark.parametrize("name", WALLS)
def test_the_old_sky_is_as_bright_as_its_model_all_round(walls: dict[tuple[str, str], float], name: str) -> None:
    drawn, view = sphere_maps.sky(SUN, 3.0), sphere_maps.directions(*sphere_maps.SKY)
    seen = np.maximum(view @ np.divide(WALLS[name], math.hypot(*WALLS[name])), 0.0)
    rows, columns = sphere_maps.SKY
    solid = np.sin((np.arange(rows) + 0.5) * math.pi / rows)[:, None] * (math.pi / rows) * (2 * math.pi / columns)
    assert walls["sky", name] == pytest.approx(float((drawn.mean(axis=2) * seen * solid).sum()), rel=0.03)


def test_the_old_sky_is_brightest_at_the_sun_and_bluest_across() -> None:
    drawn, view = sphere_maps.sky(SUN, 2.5), sphere_maps.directions(*sphere_maps.SKY)
    above = view[..., 2] > 0.1
    brightest = view[np.unravel_index(np.where(above, drawn[..., 1], 0).argmax(), above.shape)]
    assert brightest @ np.divide(SUN, math.hypot(*SUN)) > 0.99
    blue = np.where(above, drawn[..., 2] / drawn.sum(axis=2), 0)
    across = view[np.unravel_index(blue.argmax(), above.shape)] @ np.divide(SUN, math.hypot(*SUN))
    assert abs(across) < 0.3


# ---- images of the surroundings, and projectors ----------------------------------------------------------------------

FACES = {"z": (1, 0), "y": (0, 1), "-x": (1, 1), "-y": (2, 1), "-z": (1, 2), "x": (1, 3)}  # column and row in a cross
COLORS = {"z": (0, 0, 1), "y": (0, 1, 0), "-x": (1, 0, 0), "-y": (1, 1, 0), "-z": (0.2, 0.2, 0.2), "x": (0, 1, 1)}
AXES = {"x": (1, 0, 0), "-x": (-1, 0, 0), "y": (0, 1, 0), "-y": (0, -1, 0), "z": (0, 0, 1), "-z": (0, 0, -1)}


def cross() -> np.ndarray:
    picture = np.zeros((64, 48, 3))
    for axis, (column, row) in FACES.items():
        picture[row * 16 : (row + 1) * 16, column * 16 : (column + 1) * 16] = COLORS[axis]
    return picture


def ball() -> np.ndarray:
    """A mirror ball's picture: red to its left, green to its right, blue above; black elsewhere."""
    y, x = np.mgrid[-1:1:64j, -1:1:64j]
    inside = np.hypot(x, y) < 0.8
    return np.stack([inside & (x < -np.abs(y)), inside & (x > np.abs(y)), inside & (y < -np.abs(x))], axis=-1).astype(
        float
    )


def slide() -> np.ndarray:
    picture = np.zeros((16, 32, 3))
    picture[:8, :16, 0] = picture[:8, 16:, 1] = picture[8:, :16, 2] = 1
    picture[8:, 16:] = 1
    return picture


FAR = "Translate 0 0 -900 Scale .01 .01 .01 " + bench.SQUARE


def look(axis: str) -> str:
    x, y, z = AXES[axis]
    up = "0 1 0" if z else "0 0 1"
    return f'LookAt 0 0 0 {x} {y} {z} {up} Camera "perspective" "float fov" [20]'


def test_a_vertical_cross_surrounds_the_scene_as_in_classic_lux() -> None:
    lamp = 'LightSource "infinite" "string mapname" ["cross.png"] "string mapping" ["vcross"]'
    pictures = bench.render([bench.scene(AT.format(lamp) + FAR, camera=look(axis), size=4) for axis in FACES], spp=4)
    for axis, picture in zip(FACES, pictures, strict=True):
        assert picture.mean(axis=(0, 1)) == pytest.approx(COLORS[axis], abs=0.01)


def test_a_mirror_ball_surrounds_the_scene_as_in_classic_lux() -> None:
    lamp = 'LightSource "infinite" "string mapname" ["ball.png"] "string mapping" ["angular"]'
    seen = {"y": (1, 0, 0), "-y": (0, 1, 0), "z": (0, 0, 1), "x": (0, 0, 0)}
    pictures = bench.render([bench.scene(AT.format(lamp) + FAR, camera=look(axis), size=4) for axis in seen], spp=4)
    for axis, picture in zip(seen, pictures, strict=True):
        assert picture.mean(axis=(0, 1)) == pytest.approx(seen[axis], abs=0.02)


def test_a_projectors_light_has_its_colour() -> None:
    lamps = [f'{DOWN} LightSource "projection" {colour}' for colour in ("", '"color L" [.2 .4 .6]')]
    scenes = [bench.scene(AT.format(lamp) + FLOOR, size=4, depth=1) for lamp in lamps]
    white, coloured = (picture.mean(axis=(0, 1)) for picture in bench.render(scenes, spp=4, exactly=True))
    assert coloured == pytest.approx(white * (0.2, 0.4, 0.6), rel=1e-4)


def test_a_projector_throws_its_slide_evenly_on_a_plane() -> None:
    half = 0.25  # of the slide's shorter side on the floor, two away
    fov = math.degrees(2 * math.atan(half / 2))
    lamp = f'{DOWN} LightSource "projection" "string mapname" ["slide.png"] "float fov" [{fov}]'
    (picture,) = bench.render([bench.scene(AT.format(lamp) + FLOOR, size=8, depth=1)], spp=256)
    irradiance = picture * math.pi * (4 * (half / 2) ** 2 / 2) * 4  # window, distance squared
    # Lying on its back the projector's x runs along the floor's x, its y against it; an image begins at its -y.
    lit = irradiance[2:6]
    assert lit[:2, :4].mean(axis=(0, 1)) == pytest.approx((1, 0, 0), abs=0.06)
    assert lit[:2, 4:].mean(axis=(0, 1)) == pytest.approx((0, 1, 0), abs=0.06)
    assert lit[2:, :4].mean(axis=(0, 1)) == pytest.approx((0, 0, 1), abs=0.06)
    assert lit[2:, 4:].mean(axis=(0, 1)) == pytest.approx((1, 1, 1), abs=0.06)
    assert irradiance[[0, 1, 6, 7]].max() < 0.05
