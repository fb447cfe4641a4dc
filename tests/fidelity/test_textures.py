"""Textures, pixel for pixel, against classic Lux's formulas in numpy.

A texture is shown as the light of a square, so a picture has no noise but that of where in its pixels it is sampled: 64
samples of a value that varies by 1 over a picture of 16 pixels are off by less than 0.02 / 8. Pixels that an edge runs
through are only held to the edge's height times its share of the samples' error.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import OpenImageIO
import pytest

import bench
from lrnap.engine.luxcore.lamp_spectra import LAMPS

Array = bench.Picture
X, Y = bench.points(16, 16)
Z = np.zeros_like(X)
SMOOTH = 0.003  # mean over the picture of the absolute error
SPP = 64

PLACE = "Translate 0.3 0.4 -0.5 Rotate 30 0 1 0 Scale 2 1 1"


def _place() -> Array:
    shift, turn = np.eye(4), np.eye(4)
    shift[:3, 3] = 0.3, 0.4, -0.5
    a = math.radians(30)
    turn[0, 0] = turn[2, 2] = math.cos(a)
    turn[0, 2], turn[2, 0] = math.sin(a), -math.sin(a)
    return shift @ turn @ np.diag([2.0, 1.0, 1.0, 1.0])


def moved(matrix: Array) -> tuple[Array, Array, Array]:
    """Points of the square, multiplied with a matrix."""
    x, y, z = (row[0] * X + row[1] * Y + row[2] * Z + row[3] for row in matrix[:3])
    return x, y, z


INTO = np.linalg.inv(_place())


def fraction(a: Array) -> Array:
    return a - np.floor(a)


def around(x: Array, y: Array) -> Array:
    """The angle about the z axis, 0 to 1."""
    return fraction(np.arctan2(y, x) / (2 * np.pi))


def spherical() -> tuple[Array, Array]:
    x, y, z = moved(INTO)
    return around(x, y) * 0.5 + 0.1, np.arccos(z / np.sqrt(x * x + y * y + z * z)) / np.pi * 0.8 + 0.05


def cylindrical() -> tuple[Array, Array]:
    x, y, z = moved(INTO)
    return around(x, y) * 0.5 + 0.1, 0.5 - 0.5 * z


MAPPINGS: dict[str, tuple[str, Callable[[], tuple[Array, Array]]]] = {
    "uv": (
        '"float uscale" [1.5] "float vscale" [-2] "float udelta" [0.2] "float vdelta" [0.3]',
        lambda: (1.5 * X + 0.2, 0.3 - 2 * Y),
    ),
    "planar": (
        '"string mapping" ["planar"] "vector v1" [0.3 0.5 1] "vector v2" [-0.4 0.2 0]'
        ' "float udelta" [0.1] "float vdelta" [0.7]',
        lambda: (0.1 + 0.3 * X + 0.5 * Y, 0.7 - 0.4 * X + 0.2 * Y),
    ),
    "spherical": (
        '"string mapping" ["spherical"] "float uscale" [0.5] "float vscale" [0.8]'
        ' "float udelta" [0.1] "float vdelta" [0.05]',
        spherical,
    ),
    "cylindrical": ('"string mapping" ["cylindrical"] "float uscale" [0.5] "float udelta" [0.1]', cylindrical),
}
CORNERS = '"color v00" [0.1 0 0] "color v10" [0.9 0 0] "color v01" [0 0.8 0] "color v11" [0.3 0.9 0.7]'


def bilerp(s: Array, t: Array) -> Array:
    s, t = fraction(s)[..., None], fraction(t)[..., None]
    v00, v10, v01, v11 = (np.array(c) for c in ((0.1, 0, 0), (0.9, 0, 0), (0, 0.8, 0), (0.3, 0.9, 0.7)))
    return (1 - s) * (1 - t) * v00 + (1 - s) * t * v01 + s * (1 - t) * v10 + s * t * v11


def checks(s: Array, t: Array, scale: float = 4.0) -> Array:
    even = (np.floor(s * scale) + np.floor(t * scale)) % 2 == 0
    return np.where(even[..., None], (0.9, 0.5, 0.1), (0.1, 0.2, 0.3))


def shown(expected: Array) -> Array:
    """What the pixels show of values at the points in them: their mean."""
    return (expected if expected.ndim == 4 else np.repeat(expected[..., None], 3, 3)).mean(axis=2)


def error(picture: Array, expected: Array) -> float:
    return float(np.abs(picture - shown(expected)).mean())


@pytest.mark.parametrize("mapping", MAPPINGS)
def test_flat_textures_see_the_coordinates_of_their_mapping(mapping: str) -> None:
    params, formula = MAPPINGS[mapping]
    s, t = formula()
    patterns = {
        "uv": np.stack([fraction(s), fraction(t), Z], axis=3),
        "bilerp": bilerp(s, t),
        "checkerboard": checks(s, t, 1.0),
        "uvmask": np.where((s >= 0) & (s <= 1) & (t >= 0) & (t <= 1), 0.8, 0.3),
    }
    own = {
        "uv": "",
        "bilerp": CORNERS,
        "checkerboard": '"color tex1" [0.9 0.5 0.1] "color tex2" [0.1 0.2 0.3]',
        "uvmask": '"float innertex" [0.8] "float outertex" [0.3]',
    }
    scenes = []
    for name, values in own.items():
        texture = f'Texture "t" "{"float" if name == "uvmask" else "color"}" "{name}" {values} {params}'
        scenes.append(bench.scene(f"TransformBegin {PLACE} {texture} TransformEnd {bench.GLOWING}"))
    for picture, (name, expected) in zip(bench.render(scenes, spp=SPP), patterns.items(), strict=True):
        assert error(picture, expected) < SMOOTH, name


def test_what_a_mapped_pattern_is_made_of_is_seen_where_it_is() -> None:
    world = (
        f'Texture "inner" "color" "bilerp" {CORNERS} Texture "t" "color" "checkerboard" "texture tex1" ["inner"]'
        ' "color tex2" [0.5 0.5 0.5] "string mapping" ["planar"] "vector v1" [3 0 0] "vector v2" [0 2 0]'
    )
    even = (np.floor(3 * X) + np.floor(2 * Y)) % 2 == 0
    expected = np.where(even[..., None], bilerp(X, Y), 0.5)
    assert error(bench.render([bench.scene(world + bench.GLOWING)], spp=SPP)[0], expected) < SMOOTH


def test_patterns_in_space_are_multiplied_with_the_transform_at_their_definition() -> None:
    options = '"vector scale" [0.5 2 1] "vector rotate" [0 0 90] "vector translate" [0.1 0.2 0.3]'
    cubes = '"checkerboard" "integer dimension" [3] "color tex1" [0.9 0.5 0.1] "color tex2" [0.1 0.2 0.3]'
    turn, shift = np.eye(4), np.eye(4)
    turn[:2, :2] = ((0, -1), (1, 0))
    shift[:3, 3] = -0.1, -0.2, -0.3
    own = np.diag([2, 0.5, 1, 1]) @ turn @ shift
    object_place = np.diag([0.5, 0.5, 1.0, 1.0])
    cases = {"global": _place() @ own, "local": _place() @ own @ np.linalg.inv(object_place), "uv": _place() @ own}
    scenes = []
    for coordinates in cases:
        texture = f'Texture "t" "color" {cubes} "string coordinates" ["{coordinates}"] {options}'
        placed = bench.GLOWING.replace("Shape", "Scale 0.5 0.5 1 Shape") if coordinates == "local" else bench.GLOWING
        scenes.append(bench.scene(f"TransformBegin {PLACE} {texture} TransformEnd {placed}"))
    for picture, (name, matrix) in zip(bench.render(scenes, spp=SPP), cases.items(), strict=True):
        x, y, z = moved(matrix)
        even = (np.floor(x) + np.floor(y) + np.floor(z)) % 2 == 0
        expected = np.where(even[..., None], (0.9, 0.5, 0.1), (0.1, 0.2, 0.3))
        if name == "local":  # the square covers a quarter of the picture
            picture, expected = picture[8:, :8], expected[8:, :8]
        assert error(picture, expected) < SMOOTH * 2, name


def test_normals_as_coordinates() -> None:
    """A plane that leans: its normal is the same everywhere, and so is the pattern."""
    normal = np.array([0.0, -math.sin(math.radians(40)), math.cos(math.radians(40))])
    leaning = bench.GLOWING.replace("Shape", "Rotate 40 1 0 0 Shape")
    expected = {"globalnormal": math.exp(-0.5 * -normal[1]), "localnormal": math.exp(-0.5 * 1.0)}
    up = {"globalnormal": "0 -1 0", "localnormal": "0 0 1"}
    scenes = [
        bench.scene(
            f'Texture "t" "float" "exponential" "float decay" [0.5] "vector updir" [{up[c]}]'
            f' "string coordinates" ["{c}"] {leaning}'
        )
        for c in expected
    ]
    for picture, (name, value) in zip(bench.render(scenes, spp=1), expected.items(), strict=True):
        assert picture[8:12].mean() == pytest.approx(value, abs=2e-3), name


def test_a_cloud_of_spheres_is_there_or_not() -> None:
    cloud = 'Texture "t" "float" "cloud" "vector translate" [0 0 -0.2] "integer spheres" [30] "float spheresize" [{}]'
    scenes = [bench.scene(f"{cloud.format(size)} {bench.GLOWING}") for size in (0.2, 0.4)]
    small, large = bench.render(scenes, spp=1, exactly=True)
    assert set(np.unique(small)) == set(np.unique(large)) == {0.0, 1.0}
    assert 0 < small.mean() < large.mean() < 1


def test_formulas() -> None:
    x, _, _ = moved(_place())
    third = np.clip(X * 0.8 + 0.1, 0, 1)
    ramp = '"bilerp" "float v00" [0.1] "float v10" [0.9] "float v01" [0.1] "float v11" [0.9]'
    two = f'Texture "a" "float" {ramp} Texture "b" "float" "bilerp" "float v10" [0] "float v11" [1] '
    cases = {
        '"exponential" "float decay" [1.5] "vector updir" [1 0 0] "point origin" [0.2 0 0]': np.exp(-1.5 * (x - 0.2)),
        '"add" "texture tex1" ["a"] "float tex2" [0.25]': third + 0.25,
        '"subtract" "float tex1" [2] "texture tex2" ["a"]': 2 - third,
        '"scale" "texture tex1" ["a"] "texture tex2" ["b"]': third * Y,
        '"mix" "texture tex1" ["a"] "texture tex2" ["b"] "float amount" [0.3]': 0.7 * third + 0.3 * Y,
        '"multimix" "float weights" [0.2 0.5 0.1] "texture tex1" ["a"] "texture tex2" ["b"] "float tex3" [2]': (
            0.2 * third + 0.5 * Y + 0.2
        ),
        '"band" "float offsets" [0.3 0.5 0.5 0.7] "float tex1" [1] "texture tex2" ["b"] "float tex3" [0.2]'
        ' "float tex4" [0.9] "texture amount" ["a"]': np.select(
            [third < 0.3, third < 0.5, third < 0.7],
            [Z + 1, 1 + (third - 0.3) / 0.2 * (Y - 1), 0.2 + (third - 0.5) / 0.2 * 0.7],
            0.9,
        ),
    }
    scenes = [
        bench.scene(f'{two} TransformBegin {PLACE} Texture "t" "float" {case} TransformEnd {bench.GLOWING}')
        for case in cases
    ]
    for picture, (case, expected) in zip(bench.render(scenes, spp=SPP), cases.items(), strict=True):
        limit = np.minimum(expected, 1.0) if "exponential" in case else expected
        assert error(picture, limit) < SMOOTH * 2, case


# ---- images --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Array]:
    """Sixteen pixels in floating point, known to scenes as "image.exr"; the first row at the top."""
    path: Path = tmp_path_factory.mktemp("images") / "image.exr"
    pixels = np.random.default_rng(2).random((4, 4, 3)).astype(np.float32)
    buffer = OpenImageIO.ImageBuf(OpenImageIO.ImageSpec(4, 4, 3, "float"))
    buffer.set_pixels(OpenImageIO.ROI(), pixels)
    assert buffer.write(str(path))
    bench.FILES["image.exr"] = str(path)
    yield pixels.astype(np.float64)
    bench.FILES.clear()


def looked_up(pixels: Array, s: Array, t: Array, wrap: str) -> Array:
    """Bilinear, pixels' values in their middles, t running down from the top as classic Lux has it."""
    height, width = pixels.shape[:2]
    column, row = s * width - 0.5, t * height - 0.5
    c, r = np.floor(column).astype(int), np.floor(row).astype(int)
    dc, dr = (column - c)[..., None], (row - r)[..., None]

    def at(c: Array, r: Array) -> Array:
        inside = ((c >= 0) & (c < width) & (r >= 0) & (r < height))[..., None]
        if wrap == "clamp":
            return pixels[np.clip(r, 0, height - 1), np.clip(c, 0, width - 1)]
        found = pixels[r % height, c % width]
        return found if wrap == "repeat" else np.where(inside, found, 0.0 if wrap == "black" else 1.0)

    top = at(c, r) * (1 - dc) + at(c + 1, r) * dc
    return top * (1 - dr) + (at(c, r + 1) * (1 - dc) + at(c + 1, r + 1) * dc) * dr


def test_the_lamps_by_name_are_as_the_engine_has_them() -> None:
    found = bench.textures({name: f'"lampspectrum" "string name" ["{name}"]' for name in LAMPS}, spp=1)
    for name, color in LAMPS.items():
        assert found[name].mean(axis=(0, 1)) == pytest.approx(color, rel=1e-3, abs=1e-4), name


CONSTANT = {  # what stands behind the variant, and its colour
    "lamp": ('"lampspectrum" "string name" ["Incandescent2"]', LAMPS["Incandescent2"]),
    "multimix": (
        '"multimix" "float weights" [2 0.5 3] "texture tex1" ["half"] "color tex2" [0.2 0.4 0.6]',
        (1.1, 1.2, 1.3),
    ),
    "band": (
        '"band" "float offsets" [0 0.5 1] "color tex1" [9 9 9] "color tex2" [0.2 0.4 0.6] "texture tex3" ["half"]'
        ' "float amount" [0.75]',
        (0.35, 0.45, 0.55),
    ),
}


def test_lamps_without_surface_have_the_colour_of_a_texture_that_is_the_same_everywhere() -> None:
    """The same light as a surface of that texture gives, in the same colour, far away."""
    half = 'Texture "half" "color" "constant" "color value" [0.5 0.5 0.5]'
    floor = f'Material "matte" "color Kd" [1 1 1] {bench.SQUARE}'
    lamp = 'LightSource "distant" "point from" [0 0 1] "point to" [0 0 0] "texture L" ["t"]'
    scenes = [
        bench.scene(f'{half} Texture "t" "color" {definition} {shown}', size=2)
        for definition, _ in CONSTANT.values()
        for shown in (f"{lamp} {floor}", bench.GLOWING)
    ]
    assert not [warning for scene in scenes for warning in scene.warnings if "white" in warning]
    colors = [picture.mean(axis=(0, 1)) for picture in bench.render(scenes, spp=4)]
    for (_, expected), lit, glowing in zip(CONSTANT.values(), colors[::2], colors[1::2], strict=True):
        assert lit * math.pi == pytest.approx(expected, rel=0.01)
        assert glowing == pytest.approx(expected, rel=0.01)


def test_images_are_looked_up_gained_decoded_and_wrapped(image: Array) -> None:
    mapping = '"float uscale" [1.5] "float vscale" [1.5] "float udelta" [-0.25] "float vdelta" [-0.25]'
    s, t = 1.5 * X - 0.25, 1.5 * Y - 0.25
    cases = {f'"string wrap" ["{w}"]': looked_up(image, s, t, w) for w in ("repeat", "black", "white", "clamp")}
    cases['"float gain" [1.5]'] = 1.5 * looked_up(image, s, t, "repeat")
    cases['"float gain" [1.5] "float gamma" [2.2]'] = looked_up((1.5 * image) ** 2.2, s, t, "repeat")
    textures = {case: f'"imagemap" "string filename" ["image.exr"] {mapping} {case}' for case in cases}
    for case, picture in bench.textures(textures, spp=SPP).items():
        assert error(picture, cases[case]) < SMOOTH * 2, case
