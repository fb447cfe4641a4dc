"""The tonemap kernels: how much light becomes how bright a picture. Formulas and constants are classic Lux's.

A kernel gets the settings and what was measured of the whole, merged picture, and answers with what to do to each
band of colours. Measuring a part (one node's film, a tile, a group) would make parts of different brightness.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import exp
from typing import NamedTuple

import numpy as np

from lrnap.film.bands import each
from lrnap.film.develop import falsecolours
from lrnap.film.develop.canvas import MOST, Canvas, Gain, Point
from lrnap.film.develop.colour import ROOM, luminance
from lrnap.film.develop.settings import Settings
from lrnap.film.snapshot import Block

Part = tuple[float, int, float, float]  # of one band: sum, number and sum of logarithms of what is lit, and the most
Look = Callable[[Callable[[Block], Part]], list[Part]]

MIDDLE_GREY = 118.0 / 255.0  # the code value that classic Lux exposes for
CALIBRATION = 0.65 / 10  # of the linear kernel: what a second at f/1 and ISO 1 gives
KEY = 0.1  # Reinhard's a: where the mean brightness goes
DARKEST = 1e-6  # what darker luminances count as where logarithms are taken


class Measure(NamedTuple):
    """Luminance of a whole picture. Black pixels are mostly what no light reaches, so they have no part in means."""

    mean: float  # over the pixels that are not black; 0 for a black picture
    log_mean: float  # exp(mean(log(Y))) over the pixels that are not black; 1 for a black picture
    highest: float


def measure(picture: Block, *, logs: bool = True) -> Measure:
    """Of colours (3, ...), which must be finite and not negative. Without `logs`, which take most of the time, the
    `log_mean` is 1."""
    colours = picture.reshape(3, -1)
    return measure_bands(lambda work: each(lambda span: work(colours[:, span]), colours.shape[1]), logs=logs)


def measure_bands(look: Look, *, logs: bool = True) -> Measure:
    """As `measure`, of what `look` hands to its argument, band by band."""
    weights = ROOM.luminance

    def one(band: Block) -> Part:
        y = luminance(band, weights)
        total, count, highest = float(y.sum()), int(np.count_nonzero(y > 0)), float(y.max())
        if not logs:
            return total, count, 0.0, highest
        lit = y > 0
        np.maximum(y, np.float32(DARKEST), out=y)
        np.log(y, out=y)
        y *= lit
        return total, count, float(y.sum()), highest

    parts = look(one)
    lit = max(1, sum(part[1] for part in parts))
    return Measure(
        mean=sum(part[0] for part in parts) / lit,
        log_mean=exp(sum(part[2] for part in parts) / lit),
        highest=max(part[3] for part in parts),
    )


def measured(canvas: Canvas, kernel: str) -> Measure:
    """As much of a picture's light as the kernel needs; the rest is as of a black picture."""
    if kernel in BLIND:
        return UNMEASURED
    if kernel not in NEED_MEAN:
        return measure_bands(canvas.look, logs=kernel in NEED_LOGS)
    totals, counts = zip(*canvas.sums(ROOM.luminance), strict=True)
    return UNMEASURED._replace(mean=sum(totals) / max(1, sum(counts)))


def _times(factor: float) -> Point:
    return Gain(min(factor, MOST))


def linear(settings: Settings, _: Measure) -> Point:
    """A camera: sensitivity (ISO), exposure (seconds), f-stop and the film's gamma."""
    exposure = settings.linear_exposure / settings.linear_fstop**2 * settings.linear_sensitivity
    return _times(exposure * CALIBRATION * MIDDLE_GREY**settings.linear_gamma)


def autolinear(settings: Settings, light: Measure) -> Point:
    """The mean of what is lit becomes middle grey, a third of a stop up."""
    return _times(1.25 / light.mean * MIDDLE_GREY**settings.gamma if light.mean > 0 else 1.0)


def maxwhite(_: Settings, light: Measure) -> Point:
    """The brightest pixel becomes white."""
    return _times(1 / light.highest if light.highest > 0 else 1.0)


def contrast(settings: Settings, light: Measure) -> Point:
    """Ward's contrast scale: just visible differences of the scene are just visible on a display of luminance ywa."""
    seen = (1.219 + settings.contrast_ywa**0.4) / (1.219 + light.log_mean**0.4)
    return _times(seen**2.5 / 100)


def reinhard(settings: Settings, light: Measure) -> Point:
    """With y = KEY Y / log_mean / prescale: colour * KEY / log_mean * postscale * (1 + y / burn^2) / (1 + y)."""
    scale = KEY / light.log_mean
    white = 1 / settings.reinhard_burn**2 if settings.reinhard_burn > 1e-2 else 1e5
    post = np.float32(scale * settings.reinhard_postscale)
    weights = ROOM.luminance * np.float32(scale / settings.reinhard_prescale)

    def point(band: Block) -> None:
        y = luminance(band, weights)
        factor = y * np.float32(white)
        factor += 1
        y += 1
        factor /= y
        factor *= post
        band *= factor

    return point


def falsecolors(settings: Settings, light: Measure) -> Point:
    """Luminance as colour: what else is in the picture is lost."""
    return falsecolours.paint(settings, light.highest)


BLIND = frozenset({"linear"})  # kernels that need no measure
NEED_MEAN = frozenset({"autolinear"})  # and nothing else, which is quicker to have
NEED_LOGS = frozenset({"reinhard", "contrast"})  # of the luminances that are measured
OF_MEANS = NEED_MEAN | NEED_LOGS
UNMEASURED = Measure(0.0, 1.0, 0.0)
KERNEL: Mapping[str, Callable[[Settings, Measure], Point]] = {
    "reinhard": reinhard,
    "linear": linear,
    "contrast": contrast,
    "maxwhite": maxwhite,
    "autolinear": autolinear,
    "falsecolors": falsecolors,
}
