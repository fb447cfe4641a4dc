"""The histogram of a developed picture: how many pixels are how bright, on classic Lux's scale.

Positions are natural logarithms of brightness encoded with a gamma of 2.2, from 17.5 stops under to 7.5 stops over
white, so that ten stops around the middle have 40 % of the width. Black pixels are on no such scale and are counted by
themselves. The picture is that of before `limit`, so what is too bright can be seen.

The options are classic Lux's: one of the modes, added to LOG for logarithmic heights.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log

import numpy as np
import numpy.typing as npt

from lrnap.errors import Code, LrnapError
from lrnap.film.bands import each
from lrnap.film.develop.colour import luminance
from lrnap.film.snapshot import Block

RGB, RGB_ADD, RED, GREEN, BLUE, VALUE, LOG = 1, 2, 4, 8, 16, 32, 64
MODES = {"rgb": RGB, "rgb_add": RGB_ADD, "red": RED, "green": GREEN, "blue": BLUE, "value": VALUE}

DISPLAY_GAMMA = 2.2
ZONES = 10  # stops between the marks of white and black
TEN_STOPS = ZONES / DISPLAY_GAMMA * log(2)
LOWEST, HIGHEST = -1.75 * TEN_STOPS, 0.75 * TEN_STOPS
BUCKETS = 300
LEAST_WIDTH, LEAST_HEIGHT, MOST_SIDE = 50, 25, 8192  # pixels of a picture of it
BORDER, GUIDE = 3, 3
_BACKGROUND, _MARK = 64, 128

Counts = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Histogram:
    """`counts` (4, buckets): pixels of red, green, blue and luminance. `edges` (buckets + 1): stops over white where
    buckets begin and end; the first and the last hold all that is beyond, too. `black` (4): what is in no bucket."""

    counts: Counts
    edges: npt.NDArray[np.float64]
    black: Counts

    @property
    def zones(self) -> tuple[int, ...]:
        """The buckets of white and of one to ten stops under it."""
        places = np.searchsorted(self.edges, -np.arange(ZONES + 1.0), side="right") - 1
        return tuple(int(place) for place in np.clip(places, 0, self.counts.shape[1] - 1))


def histogram(colours: Block, weights: npt.NDArray[np.float32], buckets: int = BUCKETS) -> Histogram:
    """Of linear colours (3, H, W), not negative; `weights`: what each adds to the luminance."""
    flat = colours.reshape(3, -1)
    scale = buckets / (HIGHEST - LOWEST)

    def one(span: slice) -> tuple[Counts, Counts]:
        band = flat[:, span]
        counts, black = np.zeros((4, buckets), np.int64), np.zeros(4, np.int64)
        for row, values in enumerate((*band, luminance(band, weights))):
            lit = values[values > 0]
            places = np.log(lit)
            places *= np.float32(scale / DISPLAY_GAMMA)
            places -= np.float32(LOWEST * scale)
            np.clip(places, 0, buckets - 1, out=places)
            counts[row] = np.bincount(places.astype(np.intp), minlength=buckets)
            black[row] = values.size - lit.size
        return counts, black

    parts = each(one, flat.shape[1])
    stops = np.linspace(LOWEST, HIGHEST, buckets + 1) * (DISPLAY_GAMMA / log(2))
    counts, black = (np.sum([part[which] for part in parts], axis=0) for which in (0, 1))
    return Histogram(counts, stops, black)


def check(width: int, height: int, options: int) -> None:
    """Raises LrnapError that says which sizes and options there are."""
    if options & ~LOG not in MODES.values() or not 0 <= options < 2 * LOG:
        there = ", ".join(f"{value} ({name})" for name, value in MODES.items())
        raise LrnapError(Code.ARGS, f"options of a histogram are one of {there}, and {LOG} more for log; not {options}")
    if not (LEAST_WIDTH <= width <= MOST_SIDE and LEAST_HEIGHT <= height <= MOST_SIDE):
        raise LrnapError(
            Code.ARGS,
            f"a histogram is {LEAST_WIDTH} to {MOST_SIDE} pixels wide and {LEAST_HEIGHT} to {MOST_SIDE} high, "
            f"not {width} x {height}",
        )


def plot(found: Histogram, width: int, height: int, options: int) -> npt.NDArray[np.uint8]:
    """Its picture (height, width, 3), as classic Lux's getHistogramImage draws it: bars over a guide of brightness with
    a mark for each stop; white and black, ten stops apart, are lines. Sizes and options are those that `check` lets
    pass."""
    mode = options & ~LOG
    plot_width, plot_height = width - 2 * BORDER, height - 2 * BORDER - GUIDE - 1
    buckets = found.counts.shape[1]
    columns = np.arange(plot_width) * buckets // plot_width
    picture = np.zeros((height, width, 3), np.uint8)
    bars = picture[BORDER : BORDER + plot_height, BORDER : BORDER + plot_width]
    bars[:] = _BACKGROUND
    heights = np.log1p(found.counts) if options & LOG else found.counts.astype(np.float64)
    _draw(bars, heights[:, columns], mode, plot_height)
    guide = picture[BORDER + plot_height + 2 :][:GUIDE, BORDER : BORDER + plot_width]
    shades = np.clip(256 * 2 ** (found.edges[columns] / DISPLAY_GAMMA), 0, 255).astype(np.uint8)
    guide[:] = shades[None, :, None]
    lone = {RED: 0, GREEN: 1, BLUE: 2}.get(mode)
    if lone is not None:
        guide[..., [channel for channel in range(3) if channel != lone]] = 0
    _mark(bars, guide, [zone * plot_width // buckets for zone in found.zones])
    return picture


def _draw(bars: npt.NDArray[np.uint8], heights: npt.NDArray[np.float64], mode: int, most: int) -> None:
    from_bottom = np.arange(most, 0, -1)[:, None]

    def fill(channel: int, low: npt.NDArray[np.float64], high: npt.NDArray[np.float64]) -> None:
        bars[..., channel][(from_bottom > np.rint(low)) & (from_bottom <= np.rint(high))] = 255

    nothing = np.zeros(heights.shape[1])
    if mode in (RGB, RGB_ADD):
        colours = heights[:3] * (most / max((heights[:3].max() if mode == RGB else heights[:3].sum(axis=0).max()), 1))
        tops = np.cumsum(colours, axis=0) if mode == RGB_ADD else colours
        for channel in range(3):
            fill(channel, tops[channel - 1] if mode == RGB_ADD and channel else nothing, tops[channel])
    else:
        row = heights[{RED: 0, GREEN: 1, BLUE: 2, VALUE: 3}[mode]]
        for channel in range(3):
            fill(channel, nothing, row * (most / max(row.max(), 1)))


def _mark(bars: npt.NDArray[np.uint8], guide: npt.NDArray[np.uint8], places: list[int]) -> None:
    for zone, place in enumerate(places):
        guide[:, place] = _MARK if zone in (0, ZONES) else 0
    for place in (places[0], places[ZONES]):
        line = bars[:, place]
        line[(line == _BACKGROUND) | (line.min(axis=1, keepdims=True) == 255)] = _MARK
