"""What lens and eye do to light: bloom, glare, vignetting and chromatic aberration. Formulas are classic Lux's.

Each changes a whole picture (3, H, W) in place, row 0 at the top. Places are measured from the middle of the picture
to the middles of its pixels, so that effects are as symmetric as the picture; a radius is a part of its longer side.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import repeat

import numpy as np

from lrnap.film.bands import SHORT, each
from lrnap.film.develop.aperture import WAVELENGTHS, pattern
from lrnap.film.develop.colour import ROOM, luminance
from lrnap.film.develop.convolve import Numbers, Spread, spread, spread_apart
from lrnap.film.develop.settings import Settings
from lrnap.film.snapshot import Block

FIRST_DARK_RING = 3.8317  # of the pattern that a round opening makes of a point of light: where bloom ends
BLOOM_SPREAD = 1.698022698724  # of the Gaussian that is nearest to the bright middle of that pattern
REACH = 4  # radii of glare, after which there is nothing left of a ray
WIDE = 1.42  # times the distance from the middle to a corner, 1 / sqrt(2), is about 1


def bloom(picture: Block, settings: Settings) -> None:
    """Mixed with itself blurred: as much of `bloom_weight` as is there. Light is spread and not made.

    Blurred is the mean of the pixels around, weighed by exp(-(distance / radius * FIRST_DARK_RING)^2 / BLOOM_SPREAD)
    along rows and along columns; at the borders, of those that there are.
    """
    _, height, width = picture.shape
    radius = int(settings.bloom_radius * max(height, width)) // 2
    if radius < 2 or not settings.bloom_weight:
        return
    down, across = (_bell(radius, min(radius, side) - 1) for side in (height, width))
    blur = spread_apart(down, across, (height, width))
    kept, beside, above = np.float32(1 - settings.bloom_weight), _within(across, width), _within(down, height)

    def mixed(channel: Block) -> Callable[[slice, Numbers], None]:
        def receive(rows: slice, blurred: Numbers) -> None:
            blurred *= settings.bloom_weight / np.outer(above[rows], beside)
            channel[rows] *= kept
            channel[rows] += blurred

        return receive

    for channel in picture:
        blur(channel, mixed(channel))


def _bell(radius: int, reach: int) -> Numbers:
    distance = np.arange(-reach, reach + 1) * (FIRST_DARK_RING / radius)
    return np.asarray(np.exp(-(distance**2) / BLOOM_SPREAD), np.float64)


def _within(weights: Numbers, side: int) -> Numbers:
    """Of each place on a side, the sum of the weights that fall on places of the side."""
    reach = weights.size // 2
    return np.convolve(np.ones(side), weights)[reach : reach + side]


def glare(picture: Block, settings: Settings) -> None:
    """Adds a star, or the pattern of `apertures`, around all that is bright: at least `glare_threshold` times as bright
    as the brightest pixel."""
    y = luminance(picture, ROOM.luminance)
    highest = float(y.max())
    length = settings.glare_radius * max(picture.shape[1:])
    if not (highest > 0 and length > 0 and settings.glare_amount):
        return
    bright = y >= np.float32(highest * settings.glare_threshold)
    del y

    def added(channel: Block) -> Callable[[slice, Numbers], None]:
        def receive(rows: slice, light: Numbers) -> None:
            light *= settings.glare_amount
            channel[rows] += light

        return receive

    size = picture.shape[1], picture.shape[2]
    for channel, kernel in zip(picture, _kernels(settings, length, size), strict=True):
        kernel(channel, added(channel), bright)


def _kernels(settings: Settings, length: float, size: tuple[int, int]) -> Iterator[Spread]:
    """What red, green and blue light is spread by."""
    if not settings.apertures:
        yield from repeat(spread(star(settings.glare_blades, length, size), size), 3)
        return
    reach = int(np.ceil(REACH * length))
    rows, columns = (slice(max(0, reach - side + 1), reach + side) for side in size)
    for wavelength in WAVELENGTHS:
        yield spread(pattern(settings.apertures, reach, wavelength)[rows, columns], size)


def star(blades: int, length: float, size: tuple[int, int]) -> Numbers:
    """The picture of a point: a line through it for each blade, a full turn divided by their number apart, and the
    first one level. Sum 1; the point is in the middle, and the rest reaches as far as a picture (height, width) needs.

    A line is exp(-(along / length)^2 - across^2), in pixels, up to four lengths.
    """
    reach = int(np.ceil(REACH * length))
    rows, columns = (np.arange(-min(reach, side - 1), min(reach, side - 1) + 1.0) for side in size)
    rays: Numbers = np.zeros((rows.size, columns.size))
    distinct = blades if blades % 2 else blades // 2  # opposite blades make one line
    angles = np.arange(distinct) * (2 * np.pi / blades)

    def one(span: slice) -> None:
        down = rows[span, None]
        for angle in angles:
            along = columns * np.cos(angle) + down * np.sin(angle)
            aside = down * np.cos(angle) - columns * np.sin(angle)
            rays[span] += np.exp(-((along / length) ** 2) - aside**2)

    each(one, rows.size, _rows(columns.size))
    rays /= rays.sum()
    return rays


def vignetting(picture: Block, settings: Settings) -> None:
    """Darkens from the middle to the corners by `vignetting_scale`; brightens where that is negative."""
    _, height, width = picture.shape

    def one(rows: slice) -> None:
        _, _, distance = _places(rows, height, width)
        weight = 1 - np.float32(settings.vignetting_scale * WIDE) * distance
        picture[:, rows] *= np.maximum(weight, 0, out=weight)

    each(one, height, _rows(width))


def aberration(picture: Block, settings: Settings) -> None:
    """Red and blue are drawn inwards, green outwards, the more the further from the middle.

    A pixel at `p` from the middle, as a part of width and height, shows what was at p (1 + amount |p|) in red and
    blue, at p (1 - amount |p|) in green. What comes from outside of the picture is that of its edge.
    """
    _, height, width = picture.shape
    amount = np.float32(settings.abberation_amount)
    before = picture.copy()

    def one(rows: slice) -> None:
        x, y, distance = _places(rows, height, width)
        for sign, channels in ((1, (0, 2)), (-1, (1,))):
            stretch = 1 + sign * amount * distance
            across = np.clip((x * stretch + np.float32(0.5)) * np.float32(width) - np.float32(0.5), 0, width - 1)
            down = np.clip((y * stretch + np.float32(0.5)) * np.float32(height) - np.float32(0.5), 0, height - 1)
            for channel in channels:
                picture[channel, rows] = _between(before[channel], across, down)

    each(one, height, _rows(width))


def _places(rows: slice, height: int, width: int) -> tuple[Block, Block, Block]:
    """Of pixels: x (W) and y (rows, 1) from the middle, as parts of width and height, and the distance (rows, W)."""
    x = ((np.arange(width) + 0.5) / width - 0.5).astype(np.float32)
    y = ((np.arange(rows.start, rows.stop) + 0.5) / height - 0.5).astype(np.float32)[:, None]
    return x, y, np.sqrt(x * x + y * y)


def _between(plane: Block, across: Block, down: Block) -> Block:
    """A plane's values at places between its pixels, by bilinear interpolation."""
    height, width = plane.shape
    left, top = across.astype(np.intp), down.astype(np.intp)
    across, down = across - left, down - top
    right = (left < width - 1).astype(np.intp)
    below = (top < height - 1) * np.intp(width)
    corner = top * width + left
    flat = plane.reshape(-1)
    upper = flat[corner] * (1 - across) + flat[corner + right] * across
    lower = flat[corner + below] * (1 - across) + flat[corner + below + right] * across
    result: Block = upper * (1 - down) + lower * down
    return result


def _rows(width: int) -> int:
    return max(1, SHORT // width)
