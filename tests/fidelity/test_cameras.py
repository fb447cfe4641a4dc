"""Cameras against arithmetic: which part of the world each pixel sees.

A glowing rectangle is seen in each pixel by the share of the pixel that it covers.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

import bench

GLOW = 'AreaLightSource "area" "float power" [0] Material "matte" "color Kd" [0 0 0] '
SIZE = 12
# A rectangle on the floor, of which no two sides are alike.
LEFT, RIGHT, BOTTOM, TOP = -0.5, 0.9, -0.3, 0.75
RECTANGLE = (
    f'Shape "mesh" "point P" [{LEFT} {BOTTOM} 0 {RIGHT} {BOTTOM} 0 {RIGHT} {TOP} 0 {LEFT} {TOP} 0]'
    ' "integer triindices" [0 1 2 0 2 3]'
)
DOWN = "LookAt 0 0 2  0 0 0  0 1 0 "
FOV = math.degrees(2 * math.atan(0.5))  # sees from -1 to 1, two away


def film(width: int, height: int, more: str = "") -> str:
    return f'Film "fleximage" "integer xresolution" [{width}] "integer yresolution" [{height}] {more}'


def covered(window: tuple[float, float, float, float], width: int = SIZE, height: int = SIZE) -> np.ndarray:
    """(height, width): how much of each pixel the rectangle covers where the picture shows left, right, bottom, top."""
    left, right, bottom, top = window

    def share(edges: np.ndarray, low: float, high: float) -> np.ndarray:
        first, last = np.minimum(edges[:-1], edges[1:]), np.maximum(edges[:-1], edges[1:])
        return np.clip(np.minimum(last, high) - np.maximum(first, low), 0, None) / (last - first)

    across = share(np.linspace(left, right, width + 1), LEFT, RIGHT)
    down = share(np.linspace(top, bottom, height + 1), BOTTOM, TOP)
    return down[:, None] * across[None, :]


PERSPECTIVE = f'Camera "perspective" "float fov" [{FOV}]'
CAMERAS = {  # options, camera, what is seen
    "perspective": ("", DOWN + PERSPECTIVE, covered((-1, 1, -1, 1))),
    "a wide picture": (film(18, 12), DOWN + PERSPECTIVE, covered((-1.5, 1.5, -1, 1), 18)),
    "a high picture": (film(12, 18), DOWN + PERSPECTIVE, covered((-1, 1, -1.5, 1.5), 12, 18)),
    "another aspect": ("", f'{DOWN}{PERSPECTIVE} "float frameaspectratio" [1.5]', covered((-1.5, 1.5, -1, 1))),
    "screenwindow": ("", f'{DOWN}{PERSPECTIVE} "float screenwindow" [-.2 .9 -.5 1.3]', covered((-0.2, 0.9, -0.5, 1.3))),
    "crop": (
        film(16, 16, '"float cropwindow" [.25 .75 .125 .5]'),
        DOWN + PERSPECTIVE,
        covered((-0.5, 0.5, 0, 0.75), 8, 6),
    ),
    "up is x": ("", f"LookAt 0 0 2  0 0 0  1 0 0 {PERSPECTIVE}", np.rot90(covered((-1, 1, -1, 1)), 1)),
    "mirrored": ("", f"Scale -1 1 1 {DOWN}{PERSPECTIVE}", covered((-1, 1, -1, 1))[:, ::-1]),
    "nearer": ("", f"LookAt .1 .2 1  .1 .2 0  0 1 0 {PERSPECTIVE}", covered((-0.4, 0.6, -0.3, 0.7))),
    "turned and placed": (
        "",
        f"Rotate 90 0 0 1 {DOWN} Translate .2 0 0 {PERSPECTIVE}",
        np.rot90(covered((-1.2, 0.8, -1, 1)), 1),
    ),
    "orthographic": ("", f'{DOWN}Camera "orthographic"', covered((-1, 1, -1, 1))),
    "orthographic, smaller": ("", f'Scale 2 2 2 {DOWN}Camera "orthographic"', covered((-0.5, 0.5, -0.5, 0.5))),
    "yon": ("", f'{DOWN}{PERSPECTIVE} "float yon" [1.9]', np.zeros((SIZE, SIZE))),
    "hither": ("", f'{DOWN}{PERSPECTIVE} "float hither" [2.5]', np.zeros((SIZE, SIZE))),
    "clippingplane": (
        "",
        f'{DOWN}{PERSPECTIVE} "float clippingplane" [0 0 .5 0 0 -1]',
        covered((-1, 1, -1, 1)),
    ),
    "sharp": (
        "",
        f'{DOWN}{PERSPECTIVE} "float lensradius" [.3] "float focaldistance" [2] "integer blades" [6]',
        covered((-1, 1, -1, 1)),
    ),
    "autofocus": (
        "",
        f'{DOWN}{PERSPECTIVE} "float lensradius" [.3] "bool autofocus" ["true"]',
        covered((-1, 1, -1, 1)),
    ),
    "a lens from a file": (
        "",
        # Of focal length 50, its film 100 behind: what is 100 before it is sharp, and as large as its image.
        'LookAt 0 0 100  0 0 0  0 1 0 Camera "realistic" "string specfile" ["lens.dat"] "float filmdistance" [100]'
        f' "float filmdiag" [{2 * math.sqrt(2)}] "float aperture_diameter" [8]',
        covered((-1, 1, -1, 1)),
    ),
}


@pytest.fixture(scope="module", autouse=True)
def lens(tmp_path_factory: pytest.TempPathFactory) -> None:
    path: Path = tmp_path_factory.mktemp("lens") / "lens.dat"
    path.write_text("a thin lens\n50 0 1.5 40\n-50 0 1 40\n0 0 0 40\n")
    bench.FILES["lens.dat"] = str(path)


@pytest.fixture(scope="module")
def pictures(lens: None) -> dict[str, bench.Picture]:
    scenes = [
        bench.scene(GLOW + RECTANGLE, camera=camera, options=options, size=SIZE)
        for options, camera, _ in CAMERAS.values()
    ]
    return dict(zip(CAMERAS, bench.render(scenes, spp=64), strict=True))


@pytest.mark.parametrize("name", CAMERAS)
def test_each_pixel_sees_its_part_of_the_world(pictures: dict[str, bench.Picture], name: str) -> None:
    found, expected = pictures[name].mean(axis=2), CAMERAS[name][2]
    assert found.shape == expected.shape
    assert found == pytest.approx(expected, abs=0.06)
    assert found.mean() == pytest.approx(expected.mean(), abs=0.005)


# ---- out of focus ----------------------------------------------------------------------------------------------------

SPOT = GLOW + 'Shape "disk" "float radius" [.1]'
LENS = (
    'LookAt 0 0 4  0 0 0  0 1 0 Camera "perspective" "float fov" [45] "float focaldistance" [2] "float lensradius" [{}]'
)


def second_moment(picture: bench.Picture, step: float) -> float:
    """Mean square of the way from the middle, as one that the lens sees at distance two."""
    size = len(picture)
    x, y = np.meshgrid(*[(np.arange(size) + 0.5 - size / 2) * step] * 2)
    light = picture.mean(axis=2)
    return float((light * (x**2 + y**2)).sum() / light.sum())


SQUARE = math.tan(math.pi / 4) / (math.pi / 4) / 2  # classic Lux's square is brighter in its corners than it should be
OPENINGS = {  # what is said of the blades, and the mean square of the way from the middle, of the radius one
    "": 1 / 2,
    '"integer blades" [4]': SQUARE / 2,
    '"integer blades" [60]': 1 / 2,
    '"integer blades" [60] "string distribution" ["exponential"] "integer power" [3]': (1 - math.exp(-3)) / 3,
    '"integer blades" [60] "string distribution" ["inverse exponential"] "integer power" [3]': 1
    - (1 - math.exp(-3)) / 3,
}


def test_a_point_out_of_focus_becomes_a_picture_of_the_opening() -> None:
    radius, size, width = 0.4, 32, 2 * 2 * math.tan(math.radians(45) / 2)
    scenes = [bench.scene(SPOT, camera=LENS.format(radius) + blades, size=size) for blades in OPENINGS]
    # What is twice as far as the sharp place is spread there over half the opening; the spot has a size, and pixels.
    blurred = (width / size) ** 2 / 6 + 0.05**2 / 2
    for (blades, share), picture in zip(OPENINGS.items(), bench.render(scenes, spp=256), strict=True):
        found = (second_moment(picture, width / size) - blurred) / (radius / 2) ** 2
        assert found == pytest.approx(share, abs=0.03), blades


@pytest.mark.parametrize("scale", [1, 2])
def test_an_orthographic_camera_has_a_lens(scale: int) -> None:
    """What is twice as far as the sharp place is spread over the whole opening, wherever the camera's units lead."""
    window = f'"float screenwindow" [{-scale} {scale} {-scale} {scale}]'
    lens = f'"float lensradius" [{0.4 * scale}] "float focaldistance" [{2 * scale}] "float hither" [{scale}] {window}'
    camera = f'Scale {scale} {scale} {scale} LookAt 0 0 4  0 0 0  0 1 0 Camera "orthographic" {lens}'
    before = 'AttributeBegin Translate 0 0 3.5 Shape "disk" "float radius" [1] AttributeEnd'  # nearer than it sees
    (picture,) = bench.render([bench.scene(f"{before} {SPOT}", camera=camera, size=32)], spp=256)
    found = (second_moment(picture, 2 / 32) - (2 / 32) ** 2 / 6 - 0.1**2 / 2) / 0.4**2
    assert found == pytest.approx(1 / 2, abs=0.03)


def test_the_environment_camera_sees_all_round() -> None:
    """Six squares far away; rows run from up to down, columns from behind by the left."""
    camera = 'LookAt 0 0 0  0 1 0  0 0 1 Camera "environment"'
    ahead = 'Shape "mesh" "point P" [-1 0 -1 1 0 -1 1 0 1 -1 0 1] "integer triindices" [0 1 2 0 2 3]'
    places = {
        "ahead": "Translate 0 9 0",
        "right": "Rotate -90 0 0 1 Translate 0 9 0",
        "up": "Rotate 80 1 0 0 Translate 0 9 0",
    }
    scenes = [bench.scene(f"{GLOW} {place} {ahead}", camera=camera, options=film(32, 16)) for place in places.values()]
    middles = []
    for picture in bench.render(scenes, spp=64):
        light = picture.mean(axis=2)
        rows, columns = np.mgrid[0.5:16.5, 0.5:32.5]
        middles.append(((light * columns).sum() / light.sum(), (light * rows).sum() / light.sum()))
    assert middles[0] == pytest.approx((16, 8), abs=0.1)
    assert middles[1] == pytest.approx((24, 8), abs=0.1)
    assert middles[2][1] < 2


def test_the_environment_camera_sees_the_rows_of_its_crop() -> None:
    """A belt of light from 60 to 120 degrees below the zenith, in all of the picture and in parts of it."""
    belt = 'Shape "sphere" "float radius" [5] "float zmin" [-2.5] "float zmax" [2.5]'
    parts = {  # crop -> left, right, top, bottom in pixels
        "[0 1 0 1]": (0, 32, 0, 18),
        "[0.25 0.5 0.5 1]": (8, 16, 9, 18),
        "[0.5 1 0 0.3333]": (16, 32, 0, 6),
        "[0 0.1 0.95 1]": (0, 4, 18, 18),
    }
    camera = 'LookAt 0 0 0  0 1 0  0 0 1 Camera "environment"'
    scenes = [
        bench.scene(f"ReverseOrientation {GLOW} {belt}", camera=camera, options=film(32, 18, f'"float cropwindow" {c}'))
        for c in parts
    ]
    edges = np.arange(19) * 10.0  # degrees
    expected = np.clip(np.minimum(edges[1:], 120) - np.maximum(edges[:-1], 60), 0, None) / 10
    for picture, (left, right, top, bottom) in zip(bench.render(scenes, spp=64), parts.values(), strict=True):
        rows = expected[top : max(bottom, top + 1)] if top < 18 else expected[17:]
        assert picture.shape == (len(rows), right - left, 3)
        assert picture.mean(axis=2) == pytest.approx(np.repeat(rows[:, None], right - left, axis=1), abs=0.05)
