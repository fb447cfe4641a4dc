"""Light through each volume, against Beer's law; a lamp is seen straight through a box without surface.

What only absorbs has no noise at all; where light scatters in, the tolerance is that of its samples.
"""

from __future__ import annotations

import numpy as np
import pytest

import bench

A, S = np.array([0.5, 1.0, 2.0]), np.array([0.1, 0.2, 0.3])
DEPTH = 0.8
LAMP = (
    'AttributeBegin AreaLightSource "area" "color L" [1 1 1] "float power" [0] Translate 0 0 -1'
    f" {bench.SQUARE} AttributeEnd"
)
CORNERS = '"point p0" [-1 -1 0] "point p1" [2 2 0.8]'
CUBE = (
    'Material "null" Shape "mesh" "integer quadindices" [0 1 3 2  4 6 7 5  0 4 5 1  2 3 7 6  0 2 6 4  1 5 7 3]'
    ' "point P" [-1 -1 0  -1 -1 0.8  -1 2 0  -1 2 0.8  2 -1 0  2 -1 0.8  2 2 0  2 2 0.8]'
)
ABSORB = '"color sigma_a" [0.5 1 2]'
SCATTER = f'{ABSORB} "color sigma_s" [0.1 0.2 0.3]'


def through(*worlds: str, options: str = "") -> list[np.ndarray]:
    """What is left of white light, (3,) for each part of a scene."""
    scenes = [bench.scene(f"{LAMP} {world}", options=options, size=8) for world in worlds]
    return [picture.mean(axis=(0, 1)) for picture in bench.render(scenes, spp=64)]


def test_named_volumes_let_pass_what_beers_law_says() -> None:
    filled = f'Interior "v" {CUBE}'
    clear, clear_by_texture, even, uneven = through(
        f'MakeNamedVolume "v" "clear" "color absorption" [0.5 1 2] {filled}',
        'Texture "t" "color" "colordepth" "color Kt" [0.5 0.25 0.1] "float depth" [0.8]'
        f' MakeNamedVolume "v" "clear" "texture absorption" ["t"] {filled}',
        f'MakeNamedVolume "v" "homogeneous" {SCATTER} {filled}',
        f'MakeNamedVolume "v" "heterogeneous" {SCATTER} "float stepsize" [0.05] {filled}',
    )
    assert clear == pytest.approx(np.exp(-DEPTH * A), abs=1e-3)
    assert clear_by_texture == pytest.approx([0.5, 0.25, 0.1], abs=1e-3)
    assert even == pytest.approx(np.exp(-DEPTH * (A + S)), abs=1e-3)  # under the emission integrator, all of it is lost
    assert uneven == pytest.approx(np.exp(-DEPTH * (A + S)), abs=1e-3)


def test_a_volume_between_camera_and_lamp_is_that_of_the_world() -> None:
    world = f'{LAMP} MakeNamedVolume "v" "clear" "color absorption" [0.05 0.1 0.2] Exterior "v"'
    seen = bench.render([bench.scene(world, size=4)], spp=4)[0].mean(axis=(0, 1))
    assert seen == pytest.approx(np.exp(-6.0 * np.array([0.05, 0.1, 0.2])), abs=2e-3)


def test_light_scattered_in_is_seen_under_the_other_integrators() -> None:
    fog = f'MakeNamedVolume "v" "homogeneous" {SCATTER} Interior "v" {CUBE}'
    (lost,), (once,), (often,) = (
        through(fog, options=f'VolumeIntegrator "{name}"') for name in ("emission", "single", "multi")
    )
    assert (once > lost).all()
    assert (often > lost).all()


def test_a_fog_that_only_scatters_is_as_bright_as_what_is_around_it() -> None:
    """All light that a ray loses comes back from elsewhere: a furnace for volumes, 0.8 mean free paths deep.

    With Russian roulette after three bounces the engine gains 4 %, and 17 % in a fog three times as thick.
    """
    fog = f'LightSource "infinite" MakeNamedVolume "v" "homogeneous" "color sigma_s" [1 1 1] Interior "v" {CUBE}'
    scene = bench.scene(fog, options='VolumeIntegrator "multi"', depth=40)
    assert bench.render([scene], spp=200)[0].mean() == pytest.approx(1.0, abs=0.012)


def test_regions_are_boxes_of_fog() -> None:
    even, thinning, sideways, grid = through(
        f'Volume "homogeneous" {SCATTER} {CORNERS}',
        f'Volume "exponential" {ABSORB} "float a" [2] "float b" [3] "vector updir" [0 0 2] {CORNERS}',
        f'Volume "exponential" {ABSORB} "float a" [1] "float b" [1] "vector updir" [1 0 0] {CORNERS}',
        f'Volume "volumegrid" {ABSORB} "integer nz" [2] "float density" [0.2 1] {CORNERS}',
    )
    assert even == pytest.approx(np.exp(-DEPTH * (A + S)), abs=1e-3)
    assert thinning == pytest.approx(np.exp(-A * 2 * (1 - np.exp(-3 * DEPTH)) / 3), abs=2e-3)
    x = (np.arange(64) + 0.5) / 64
    assert sideways == pytest.approx(np.exp(-DEPTH * A[:, None] * np.exp(-(x + 1))).mean(axis=1), abs=2e-3)
    density = np.interp(np.linspace(0, 1, 1001) * 2 - 0.5, [0, 1], [0.2, 1]).mean()
    assert grid == pytest.approx(np.exp(-DEPTH * A * density), abs=2e-3)


def test_a_region_stands_where_its_transform_puts_it() -> None:
    moved, beside = through(
        f'TransformBegin Scale 1 1 0.5 Volume "homogeneous" {ABSORB} {CORNERS} TransformEnd',
        f'TransformBegin Translate 3.5 0 0 Volume "homogeneous" {ABSORB} {CORNERS} TransformEnd',
    )
    assert moved == pytest.approx(np.exp(-DEPTH / 2 * A), abs=1e-3)
    assert beside == pytest.approx([1, 1, 1], abs=1e-3)


def test_a_region_glows() -> None:
    world = f'Volume "homogeneous" "color Le" [0.5 1 2] {CORNERS}'
    picture = bench.render([bench.scene(world, size=4)], spp=4)[0]
    assert picture.mean(axis=(0, 1)) == pytest.approx(DEPTH * np.array([0.5, 1, 2]), rel=0.02)
