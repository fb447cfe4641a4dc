"""Functions of the direction as latitude-longitude images, which is the one shape that the engine's lights take.

Rules for this file: arrays in, arrays out; no scene and no engine. Row 0 is +z, columns run with the angle about z from
+x by +y; a pixel stands for the direction through its middle.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt

from lrnap.engine.luxcore.spectra import XYZ_TO_RGB

Array = npt.NDArray[np.float64]
Pixels = npt.NDArray[np.float32]  # (height, width, channels)

SKY = (512, 1024)  # rows and columns of a sky: 0.35 degrees each, and the model is smooth but at the horizon
WIDEST = 4096  # columns of a map that is projected anew; 100 MB as the engine keeps it


def directions(rows: int, columns: int) -> Array:
    """(rows, columns, 3) unit vectors."""
    theta, phi = ((np.arange(count) + 0.5) * turn / count for count, turn in ((rows, math.pi), (columns, 2 * math.pi)))
    ring = np.sin(theta)[:, None]
    return np.stack(
        [ring * np.cos(phi), ring * np.sin(phi), np.broadcast_to(np.cos(theta)[:, None], (rows, columns))], axis=-1
    )


# ---- images of the surroundings in other projections ---------------------------------------------------------------


def _angular(w: Array) -> tuple[Array, Array]:
    """A mirror ball as seen along +x: the middle is -x, the rim +x."""
    x, y, z = w[..., 0], w[..., 1], w[..., 2]
    away = np.arccos(np.clip(-x, -1.0, 1.0)) / (2 * math.pi)
    across = np.hypot(y, z)
    factor = np.divide(away, across, out=np.zeros_like(away), where=across > 1e-9)
    return 0.5 - y * factor, 0.5 - z * factor


def _vertical_cross(w: Array) -> tuple[Array, Array]:
    """Six faces of a cube in three columns and four rows: +z; +y, -x, -y; -z; +x upside down."""
    axis = np.abs(w).argmax(axis=-1)
    x, y, z = w[..., 0], w[..., 1], w[..., 2]
    faces = (  # where it is seen; across and down on the face; column and row of the face
        ((axis == 0) & (x > 0), -y, z, 1, 3),
        ((axis == 0) & (x <= 0), -y, -z, 1, 1),
        ((axis == 1) & (y > 0), -x, -z, 0, 1),
        ((axis == 1) & (y <= 0), x, -z, 2, 1),
        ((axis == 2) & (z > 0), -y, -x, 1, 0),
        ((axis == 2) & (z <= 0), -y, x, 1, 2),
    )
    s, t = np.zeros_like(x), np.zeros_like(x)
    longest = np.abs(w).max(axis=-1)
    for seen, across, down, column, row in faces:
        s = np.where(seen, ((across / longest + 1) / 2 + column) / 3, s)
        t = np.where(seen, ((down / longest + 1) / 2 + row) / 4, t)
    return s, t


Projection = Callable[[Array], tuple[Array, Array]]
# Where a direction is seen in the image (0 to 1 from its left and top), and how many rows the same image has unrolled.
PROJECTIONS: Mapping[str, tuple[Projection, Callable[[int, int], int]]] = {
    "angular": (_angular, lambda height, _width: height),
    "vcross": (_vertical_cross, lambda height, _width: height // 2),
}


def unrolled(image: Pixels, mapping: str) -> Pixels:
    """The image of the surroundings that `mapping` has in another projection."""
    projection, count = PROJECTIONS[mapping]
    rows = max(2, min(count(image.shape[0], image.shape[1]), WIDEST // 2))
    bands = (directions(rows, 2 * rows)[start : start + 64] for start in range(0, rows, 64))
    return np.concatenate([looked_up(image, *projection(band)) for band in bands])


def looked_up(image: Pixels, s: Array, t: Array) -> Pixels:
    """The image at places from 0 to 1 from its left and top, blended between pixels and never beyond its border."""
    height, width = image.shape[:2]
    x, y = np.clip(s * width - 0.5, 0, width - 1), np.clip(t * height - 0.5, 0, height - 1)
    left, top = np.floor(x).astype(np.int64), np.floor(y).astype(np.int64)
    right, below = np.minimum(left + 1, width - 1), np.minimum(top + 1, height - 1)
    across, down = (x - left)[..., None].astype(np.float32), (y - top)[..., None].astype(np.float32)
    upper = image[top, left] * (1 - across) + image[top, right] * across
    lower = image[below, left] * (1 - across) + image[below, right] * across
    blended: Pixels = upper * (1 - down) + lower * down
    return blended


def square_slide(slide: Pixels, width: float, height: float) -> Pixels:
    """A picture in the middle of a black square, for a projector whose light falls on a plane evenly.

    `width` and `height`: half the picture's, at distance one from the projector.
    """
    side = max(width, height)
    count = min(max(slide.shape[0], slide.shape[1], 256), WIDEST // 2)
    across = (2 * (np.arange(count) + 0.5) / count - 1) * side
    x, y = across[None, :], across[:, None]
    inside = (np.abs(x) <= width) & (np.abs(y) <= height)
    s, t = np.broadcast_arrays((x / width + 1) / 2, (y / height + 1) / 2)
    bright = np.where(inside, (1 + x**2 + y**2) ** 1.5, 0.0).astype(np.float32)
    return np.asarray(looked_up(slide, s, t) * bright[..., None], np.float32)


# ---- the sky of classic Lux: Preetham, Shirley, Smits 1999 -----------------------------------------------------------

# Of Y, x and y: Perez's five coefficients as slope and offset in the turbidity; as classic Lux has them.
_PEREZ = np.array(
    [
        [[0.1787, -1.4630], [-0.3554, 0.4275], [-0.0227, 5.3251], [0.1206, -2.5771], [-0.0670, 0.3703]],
        [[-0.0193, -0.2592], [-0.0665, 0.0008], [-0.0004, 0.2125], [-0.0641, -0.8989], [-0.0033, 0.0452]],
        [[-0.0167, -0.2608], [-0.0950, 0.0092], [-0.0079, 0.2102], [-0.0441, -1.6537], [-0.0109, 0.0529]],
    ]
)
# Of x and y at the zenith: rows for turbidity squared, turbidity and one; columns for the sun's angle cubed to one.
_ZENITH = np.array(
    [
        [
            [0.00166, -0.00375, 0.00209, 0.0],
            [-0.02903, 0.06377, -0.03202, 0.00394],
            [0.11693, -0.21196, 0.06052, 0.25886],
        ],
        [
            [0.00275, -0.00610, 0.00317, 0.0],
            [-0.04214, 0.08970, -0.04153, 0.00516],
            [0.15346, -0.26756, 0.06670, 0.26688],
        ],
    ]
)
HORIZON = math.pi / 2 - 0.001  # below, the sky is that of the horizon


def sky(
    sun: tuple[float, float, float],
    turbidity: float,
    factors: tuple[float, ...] = (1.0,) * 5,
    size: tuple[int, int] = SKY,
) -> Pixels:
    """Radiance as linear RGB in cd/m2. `sun`: towards it, z is up; `factors` multiply Perez's five coefficients.

    Not finite where no sky can have these numbers.
    """
    with np.errstate(all="ignore"):
        return _sky(sun, turbidity, factors, size)


def _sky(
    sun: tuple[float, float, float], turbidity: float, factors: tuple[float, ...], size: tuple[int, int]
) -> Pixels:
    towards = np.asarray(sun, np.float64) / np.linalg.norm(sun)
    sun_angle = math.acos(float(np.clip(towards[2], -1.0, 1.0)))
    view = directions(*size)
    angle = np.minimum(np.arccos(np.clip(view[..., 2], -1.0, 1.0)), HORIZON)
    to_sun = np.arccos(np.clip(view @ towards, -1.0, 1.0))
    luminance, x, y = (
        at_zenith * _perez(row, angle, to_sun) / _perez(row, np.zeros(1), np.array([sun_angle]))
        for at_zenith, row in zip(
            _zenith(turbidity, sun_angle),
            (_PEREZ @ [turbidity, 1.0]) * np.asarray(factors, np.float64),
            strict=True,
        )
    )
    big_y = np.maximum(luminance, 0.0)
    small_y = np.maximum(y, 1e-6)
    xyz = np.stack([x / small_y * big_y, big_y, (1 - x - y) / small_y * big_y], axis=-1)
    return np.asarray(np.maximum(xyz @ XYZ_TO_RGB.T, 0.0), np.float32)


def _zenith(turbidity: float, sun_angle: float) -> tuple[float, float, float]:
    """Luminance (cd/m2) and chromaticity above."""
    chi = (4 / 9 - turbidity / 120) * (math.pi - 2 * sun_angle)
    luminance = 1000 * ((4.0453 * turbidity - 4.9710) * math.tan(chi) - 0.2155 * turbidity + 2.4192)
    x, y = np.array([turbidity**2, turbidity, 1.0]) @ _ZENITH @ [sun_angle**3, sun_angle**2, sun_angle, 1.0]
    return luminance, float(x), float(y)


def _perez(c: Array, angle: Array, to_sun: Array) -> Array:
    """Brightness of the sky at an angle from the zenith and one from the sun, up to a factor."""
    of_angle = 1 + c[0] * np.exp(c[1] / np.cos(angle))
    return np.asarray(of_angle * (1 + c[2] * np.exp(c[3] * to_sun) + c[4] * np.cos(to_sun) ** 2), np.float64)
