"""Shapes, their places and their movement against arithmetic.

A shape that glows in all directions is as bright as the share of each pixel that it covers.
"""

from __future__ import annotations

import math
import struct

import numpy as np
import pytest

import bench

GLOW = 'AreaLightSource "area" "float power" [0] Material "matte" "color Kd" [0 0 0] '
# 4 x 4 around the origin, seen from above.
WIDE = 'LookAt 0 0 50  0 0 0  0 1 0  Camera "orthographic" "float screenwindow" [-2 2 -2 2]'
SIDE = 'LookAt 0 -50 0  0 0 0  0 0 1  Camera "orthographic" "float screenwindow" [-2 2 -2 2]'
R = math.sqrt(0.5)
CIRCLE = [(1, 0, 1), (1, 1, R), (0, 1, 1), (-1, 1, R), (-1, 0, 1), (-1, -1, R), (0, -1, 1), (1, -1, R), (1, 0, 1)]
TUBE = " ".join(f"{x * w:g} {y * w:g} {z * w:g} {w:g}" for z in (-1, 1) for x, y, w in CIRCLE)
NURBS = (
    'Shape "nurbs" "integer nu" [9] "integer nv" [2] "integer uorder" [3] "integer vorder" [2]'
    f' "float uknots" [0 0 0 .25 .25 .5 .5 .75 .75 1 1 1] "float vknots" [0 0 1 1] "float Pw" [{TUBE}]'
)
CUBE = (
    'Shape "mesh" "point P" [-1 -1 -1 1 -1 -1 1 1 -1 -1 1 -1 -1 -1 1 1 -1 1 1 1 1 -1 1 1]'
    ' "integer quadindices" [0 3 2 1 4 5 6 7 0 1 5 4 1 2 6 5 2 3 7 6 3 0 4 7]'
)
SQUARE = 'Shape "mesh" "point P" [-1 -1 0 1 -1 0 1 1 0 -1 1 0] "integer triindices" [0 1 2 0 2 3]'
OUTLINES = {  # camera, shape, and the area of its outline
    "sphere": (WIDE, 'Shape "sphere" "float radius" [1.5]', math.pi * 2.25),
    "a cut sphere from the side": (
        SIDE,
        'Shape "sphere" "float radius" [1] "float zmin" [0]',
        math.pi / 2,
    ),
    "cylinder": (SIDE, 'Shape "cylinder" "float radius" [1] "float zmin" [-1.5] "float zmax" [1]', 5.0),
    "cone": (SIDE, 'Shape "cone" "float radius" [1.5] "float height" [1.5]', 2.25),
    "a blunt cone": (SIDE, 'Shape "cone" "float radius" [1.5] "float radius2" [.5] "float height" [1]', 2.0),
    "disk": (WIDE, 'Shape "disk" "float radius" [1.5] "float innerradius" [.5] "float phimax" [180]', math.pi),
    "paraboloid": (SIDE, 'Shape "paraboloid" "float radius" [1] "float zmax" [1.5]', 2.0),
    "torus": (WIDE, 'Shape "torus" "float majorradius" [1.2] "float minorradius" [.4]', math.pi * (1.6**2 - 0.8**2)),
    "lens": (WIDE, 'Shape "lenscomponent" "float radius" [1.5] "float aperture" [2]', math.pi),
    "nurbs": (
        SIDE,
        NURBS,
        4.0,
    ),
    "a part of a nurbs": (
        SIDE,
        f'{NURBS} "float v1" [.25]',
        1.0,
    ),
    "heightfield": (WIDE, 'Shape "heightfield" "integer nu" [2] "integer nv" [3] "float Pz" [0 1 0 2 0 1]', 1.0),
    "hair as tubes": (SIDE, 'Shape "hairfile" "string filename" ["a.hair"] "string tesseltype" ["solid"]'
        ' "integer solid_sidecount" [40]', 0.5 * 2.0),
    "hair as ribbons": (
        WIDE,
        'Rotate 90 1 0 0 Shape "hairfile" "string filename" ["a.hair"] "point camerapos" [0 0 50]',
        0.5 * 2.0,
    ),
    "quads": (WIDE, CUBE, 4.0),
    "deferred": (WIDE, 'Shape "deferred" "string shapename" ["disk"] "float radius" [1]', math.pi),
    "scaled": (WIDE, 'Scale 1.5 .5 1 Rotate 30 0 0 1 Shape "disk"', math.pi * 0.75),
    "mirrored": (WIDE, f"Scale -1 1.5 1 {CUBE}", 6.0),
    "moved": (WIDE, f'Transform [0 1 0 0  -1 0 0 0  0 0 1 0  .5 0 0 1] Scale 1 .5 1 {SQUARE}', 2.0),
}  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def hair(tmp_path_factory: pytest.TempPathFactory) -> None:
    """One straight strand along z, two long and half thick."""
    path = tmp_path_factory.mktemp("hair") / "a.hair"
    points = np.array([[0, 0, -1], [0, 0, 0], [0, 0, 1]], "<f4")
    header = b"HAIR" + struct.pack("<4I5f", 1, 3, 2, 2, 0.5, 0, 1, 1, 1)
    path.write_bytes(header.ljust(128, b"\0") + points.tobytes())
    bench.FILES["a.hair"] = str(path)


@pytest.fixture(scope="module")
def outlines(hair: None) -> dict[str, bench.Picture]:
    scenes = [bench.scene(GLOW + shape, camera=camera, size=16) for camera, shape, _ in OUTLINES.values()]
    return dict(zip(OUTLINES, bench.render(scenes, spp=64), strict=True))


@pytest.mark.parametrize("name", OUTLINES)
def test_a_glowing_shape_covers_the_area_of_its_outline(outlines: dict[str, bench.Picture], name: str) -> None:
    assert outlines[name].mean() * 16 == pytest.approx(OUTLINES[name][2], rel=0.02)


# ---- instances: the same picture as without --------------------------------------------------------------------------

LAMP = 'LightSource "distant" "point from" [2 -1 4] "point to" [0 0 0] LightSource "infinite" "color L" [.3 .3 .5] '
BALL = 'Material "matte" "color Kd" [.8 .4 .2] Shape "sphere" "float radius" [.4]'
NESTED = (
    f'ObjectBegin "ball" Translate .5 0 0 {BALL} ObjectEnd'
    f' ObjectBegin "pair" ObjectInstance "ball" Scale -1 2 1 ObjectInstance "ball" ObjectEnd'
    ' AttributeBegin Rotate 30 0 0 1 ObjectInstance "pair" AttributeEnd'
    ' AttributeBegin Translate 0 1.2 0 Scale .5 .5 .5 ObjectInstance "pair" AttributeEnd'
)
BAKED = "".join(
    f" AttributeBegin {outer} {inner} Translate .5 0 0 {BALL} AttributeEnd"
    for outer in ("Rotate 30 0 0 1", "Translate 0 1.2 0 Scale .5 .5 .5")
    for inner in ("", "Scale -1 2 1")
)


def test_nested_instances_look_as_if_their_shapes_stood_there() -> None:
    nested, baked = bench.render([bench.scene(LAMP + world, camera=WIDE, size=24) for world in (NESTED, BAKED)], spp=32)
    assert nested == pytest.approx(baked, abs=0.05)
    assert nested.mean() == pytest.approx(baked.mean(), rel=0.005)


# ---- displacement, and vertex colours --------------------------------------------------------------------------------

LIT = 'LightSource "point" "point from" [0 0 2] Material "matte" "color Kd" [1 1 1] '
NEAR = 'LookAt 0 0 1.5  0 0 0  0 1 0  Camera "orthographic" "float screenwindow" [-.1 .1 -.1 .1]'
HEIGHT = 'Texture "h" "float" "constant" "float value" [{}] '
RAISED = (
    SQUARE + ' "texture displacementmap" ["h"] "integer nsubdivlevels" [3] "float dmscale" [.4] "float dmoffset" [.1] '
)
HEIGHTS = {  # what stands before the square, and how high it is raised
    "loop": (HEIGHT.format(0.5) + RAISED, 0.3),
    "flat": (HEIGHT.format(0.5) + RAISED + '"bool dmnormalsmooth" ["false"]', 0.3),
    "scaled": (HEIGHT.format(0.5) + "Scale 3 3 3 " + RAISED, 0.3),
    "reversed": (HEIGHT.format(0.5) + "ReverseOrientation Rotate 180 1 0 0 " + RAISED, -0.3),
    "micro": (HEIGHT.format(0.5) + RAISED + '"string subdivscheme" ["microdisplacement"]', 0.3),
    "micro, too high": (HEIGHT.format(9) + RAISED + '"string subdivscheme" ["microdisplacement"]', 0.5),
    "not divided": (HEIGHT.format(0.5) + SQUARE + ' "texture displacementmap" ["h"]', 0.0),
}


def test_displacement_raises_a_surface_as_far_as_it_says() -> None:
    scenes = [bench.scene(LIT + world, camera=NEAR, size=4, depth=1) for world, _ in HEIGHTS.values()]
    for (name, (_, height)), picture in zip(HEIGHTS.items(), bench.render(scenes, spp=16), strict=True):
        assert picture.mean() * math.pi == pytest.approx((2 - height) ** -2, rel=0.02), name


def test_vertex_colours_and_alphas_are_blended_over_a_face() -> None:
    corners = '"float C" [0 0 0  1 0 0  1 1 0  0 1 0]'
    shown = 'Texture "c" "color" "hitpointcolor" AreaLightSource "area" "texture L" ["c"] "float power" [0] '
    view = 'LookAt 0 0 5  0 0 0  0 1 0  Camera "orthographic" "float screenwindow" [-1 1 -1 1]'
    plain, bright = bench.render(
        [bench.scene(shown + f"{SQUARE} {corners} {gamma}", camera=view, size=4) for gamma in ("", '"float gamma" [2]')]
    )
    steps = (np.arange(4) + 0.5) / 4
    assert plain[..., 0] == pytest.approx(np.broadcast_to(steps, (4, 4)), abs=0.03)
    assert plain[..., 1] == pytest.approx(np.broadcast_to(steps[::-1, None], (4, 4)), abs=0.03)
    assert bright.mean() == pytest.approx(plain.mean(), rel=0.02)  # corners are 0 and 1, whatever their gamma


# ---- movement --------------------------------------------------------------------------------------------------------

SLIDE = "MotionBegin [0 1] Translate -1 0 0 Translate 1 0 0 MotionEnd "
BAR = 'Scale .25 4 1 Shape "mesh" "point P" [-1 -1 0 1 -1 0 1 1 0 -1 1 0] "integer triindices" [0 1 2 0 2 3]'


def seen(positions: np.ndarray) -> np.ndarray:
    """Share of the time that a bar half wide, at these positions, covers points of 16 columns from -2 to 2."""
    x = -2 + 4 * (np.arange(16 * 16) + 0.5) / 256
    covered = (np.abs(x[:, None] - positions[None]) < 0.25).mean(axis=1)
    return covered.reshape(16, 16).mean(axis=1)


def bell(open_: float = 0.0, close: float = 1.0) -> np.ndarray:
    """Times of a gaussian shutter of two standard deviations, by drawing them; its ends are added to the middle."""
    drawn = np.random.default_rng(1).standard_normal(200_000)
    drawn = np.where(np.abs(drawn) > 2, 0.0, drawn)
    return open_ + (close - open_) * (drawn / 4 + 0.5)


TIMES = (np.arange(4000) + 0.5) / 4000
MOVES = {
    "even": ("", SLIDE + BAR, seen(2 * TIMES - 1)),
    "half open": ('"float shutteropen" [.25] "float shutterclose" [.75]', SLIDE + BAR, seen(TIMES - 0.5)),
    "gaussian": ('"string shutterdistribution" ["gaussian"]', SLIDE + BAR, seen(2 * bell() - 1)),
    "motion instance": (
        "",
        f'ObjectBegin "bar" {GLOW}{BAR} ObjectEnd TransformBegin Translate 1 0 0 CoordinateSystem "goal" TransformEnd'
        ' Translate -1 0 0 MotionInstance "bar" 0 1 "goal"',
        seen(2 * TIMES - 1),
    ),
    "one movement in another": (
        "",
        f"MotionBegin [0 1] Translate -1 0 0 Translate 0 0 0 MotionEnd"
        f" MotionBegin [0 1] Translate 0 0 0 Translate 1 0 0 MotionEnd {BAR}",
        seen(2 * TIMES - 1),
    ),
    "the camera": ("", BAR, seen(1 - 2 * TIMES)),
}


@pytest.fixture(scope="module")
def moves() -> dict[str, bench.Picture]:
    scenes = []
    for name, (shutter, world, _) in MOVES.items():
        motion = "MotionBegin [0 1] LookAt -1 0 50 -1 0 0 0 1 0 LookAt 1 0 50 1 0 0 0 1 0 MotionEnd"
        camera = WIDE.replace("LookAt 0 0 50  0 0 0  0 1 0", motion) if name == "the camera" else WIDE
        scenes.append(bench.scene(GLOW + world, camera=f"{camera} {shutter}", size=16))
    return dict(zip(MOVES, bench.render(scenes, spp=64), strict=True))


@pytest.mark.parametrize("name", MOVES)
def test_what_moves_is_blurred_as_wide_as_it_moves(moves: dict[str, bench.Picture], name: str) -> None:
    columns = moves[name].mean(axis=(0, 2))
    assert columns == pytest.approx(MOVES[name][2], abs=0.02)
