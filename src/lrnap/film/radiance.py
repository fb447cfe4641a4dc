"""From sums to radiance: the division that every picture begins with, and that no merge may ever do.

radiance = pixel / weight + screen * (W * H) / screen_samples, per light group; alpha = alpha / weight. A pixel without
weight has radiance and alpha 0. Row 0 is the top.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from lrnap.film.bands import each
from lrnap.film.snapshot import Block, FilmLayout, Planes

BRIGHTEST = np.float32(1e15)  # what infinite and huge values become: its square is finite, and no display shows it


class Accumulators(Protocol):
    """What a picture is made of; a Snapshot, of one run or merged, is one."""

    @property
    def layout(self) -> FilmLayout: ...
    @property
    def planes(self) -> Planes: ...
    @property
    def screen_samples(self) -> float: ...


class Light(NamedTuple):
    """One light group's part in a picture: its colour is multiplied by this."""

    red: float = 1.0
    green: float = 1.0
    blue: float = 1.0


def resolve(film: Accumulators) -> tuple[Block, Block]:
    """Per light group the linear radiance (G, H, W, 3), and the coverage (H, W). Values are as they come, unclamped."""
    planes = film.planes
    inverse = inverse_weight(planes.weight)
    with np.errstate(over="ignore", invalid="ignore"):
        colour: Block = planes.pixel * inverse[..., None]
        if planes.screen is not None:
            colour += planes.screen * screen_scale(film)
        return colour, planes.alpha * inverse


def mix(film: Accumulators, lights: Sequence[Light] | None = None) -> Block:
    """The light groups, each times its light (default: all 1), summed into planes (4, H, W): red, green, blue, alpha.

    Colours are clean for what follows: no NaN, nothing negative, nothing above BRIGHTEST. Alpha is within [0, 1].
    """
    layout = film.layout
    count = layout.width * layout.height
    pour = pouring(film, [Light()] * len(layout.groups) if lights is None else lights)
    result = np.empty((4, count), np.float32)
    each(lambda span: pour(span, result[:, span]), count)
    return result.reshape(4, layout.height, layout.width)


def pouring(film: Accumulators, lights: Sequence[Light]) -> Callable[[slice, Block], None]:
    """What mixes some of the pixels, all of them in a row, into a band (4, n), as `mix` does; or only their colours,
    into a band (3, n)."""
    planes = film.planes
    weight, alpha = planes.weight.reshape(-1), planes.alpha.reshape(-1)
    groups = [g for g, light in enumerate(lights) if any(light)]
    sources = [(lights[g], planes.pixel[g].reshape(-1, 3)) for g in groups]
    screens = [] if planes.screen is None else [(lights[g], planes.screen[g].reshape(-1, 3)) for g in groups]
    scale = screen_scale(film)

    def pour(span: slice, band: Block) -> None:
        inverse = inverse_weight(weight[span])
        part = np.empty_like(inverse)
        with np.errstate(invalid="ignore", over="ignore"):
            for channel in range(3):
                total = band[channel]
                if not sources:
                    total[:] = 0
                for place, (light, pixel) in enumerate(sources):
                    into = part if place else total
                    np.multiply(pixel[span, channel], inverse, out=into)
                    if light[channel] != 1:
                        into *= np.float32(light[channel])
                    if place:
                        total += part
                for light, screen in screens:
                    np.multiply(screen[span, channel], np.float32(scale * light[channel]), out=part)
                    total += part
            if len(band) > 3:
                np.multiply(alpha[span], inverse, out=band[3])
                clean(band[3], np.float32(1))
        clean(band[:3], BRIGHTEST)

    return pour


def clean(values: Block, most: np.float32) -> None:
    """In place: NaN and negative values become 0, larger ones `most`, whose square is finite."""
    np.clip(values, np.float32(0), most, out=values)  # a third of the time that fmax and fmin take; NaN stays
    if np.isnan(values.max(initial=0)):
        values[np.isnan(values)] = 0


def inverse_weight(weight: Block) -> Block:
    """1 / weight, and 0 where there is none."""
    with np.errstate(divide="ignore", over="ignore"):
        inverse: Block = np.float32(1) / weight
    inverse[~(weight > 0)] = 0
    return inverse


def screen_scale(film: Accumulators) -> float:
    """Radiance per unit of the screen planes; 0 while no light path was traced."""
    if not film.screen_samples > 0:
        return 0.0
    return film.layout.width * film.layout.height / film.screen_samples


def rgba(
    film: Accumulators, dtype: npt.DTypeLike = np.float32, lights: Sequence[Light] | None = None
) -> npt.NDArray[np.floating]:
    """The film as the wire dumps it and EXR files hold it: linear radiance and coverage, (H, W, 4), top row first.

    All light groups are summed, by default as they were rendered. `dtype` is float32 or float16 (values over its
    range become its largest). The colours are not multiplied by alpha beyond what rendering did.
    """
    planes = mix(film, lights)
    if np.dtype(dtype) == np.float16:
        np.minimum(planes, np.float32(np.finfo(np.float16).max), out=planes)
    result: npt.NDArray[np.floating] = np.empty((*planes.shape[1:], 4), dtype)
    for channel in range(4):
        result[..., channel] = planes[channel]
    return result
