"""From sums to radiance: the division that every picture begins with, and that no merge may ever do.

radiance = pixel / weight + screen * (W * H) / screen_samples, per light group; alpha = alpha / weight. A pixel without
weight has radiance and alpha 0. Row 0 is the top.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from lrnap.film.bands import Room, each
from lrnap.film.snapshot import Block, FilmLayout, Planes

LIGHTEST = 1e-12  # a weight by which sums can be divided and multiplied by any gain, and stay finite
PART = 2048  # pixels that are summed at a time
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

    def times(self, factor: float) -> Light:
        return Light(self.red * factor, self.green * factor, self.blue * factor)


Source = tuple[Light, Block]  # of a light group


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


def pouring(film: Accumulators, lights: Sequence[Light], *, soiled: bool = True) -> Callable[[slice, Block], None]:
    """What mixes some of the pixels, all of them in a row, into a band (4, n), as `mix` does; or only their colours,
    into a band (3, n). Without `soiled`, of a film that `summing` has found clean."""
    planes = film.planes
    weight, alpha = planes.weight.reshape(-1), planes.alpha.reshape(-1)
    sources, screens = _lit_groups(film, lights)
    scale = screen_scale(film)
    room = Room()

    def pour(span: slice, band: Block) -> None:
        inverse = room("inverse", span.stop - span.start)
        if soiled:
            inverse_weight(weight[span], inverse)
        else:
            np.divide(np.float32(1), weight[span], out=inverse)
        total, part = band[:3], None
        with np.errstate(invalid="ignore", over="ignore"):
            for light, pixel in sources:
                into = total if part is None else part
                share = inverse
                if light != Light():
                    factors = _factors(light)
                    share = np.multiply(inverse, factors, out=room("share", len(factors), len(inverse)))
                np.multiply(pixel[span].T, share, out=into)
                if part is not None:
                    total += part
                elif len(sources) > 1:
                    part = room("part", *total.shape)
            if not sources:
                total[:] = 0
            for light, screen in screens:
                total += screen[span].T * (_factors(light) * np.float32(scale))
            if len(band) > 3:
                np.multiply(alpha[span], inverse, out=band[3])
                clean(band[3], np.float32(1))
        if soiled:
            clean(total, BRIGHTEST)

    return pour


def summing(
    film: Accumulators, lights: Sequence[Light], weights: npt.NDArray[np.float32]
) -> Callable[[slice], tuple[float, int] | None]:
    """What tells of some pixels, all of them in a row, the sum of their luminances, of which `weights` are what each
    colour adds, and how many of them are lit: straight from the film, which takes half the time of mixing them. None
    where they have to be cleaned first."""
    weight = film.planes.weight.reshape(-1)
    sources, screens = _lit_groups(film, lights)
    scale = screen_scale(film)
    room = Room()

    def add_up(span: slice) -> tuple[float, int] | None:
        if not weight[span].min() > LIGHTEST:
            return None
        inverse = np.divide(np.float32(1), weight[span], out=room("inverse", span.stop - span.start))
        colour, all_lit = np.zeros(3), False
        dim: list[Block] = []
        for place, (light, group) in enumerate((*sources, *screens)):
            values = group[span]
            least = values.min()
            if not least >= 0:
                return None
            factor = inverse if place < len(sources) else np.full_like(inverse, scale)
            with np.errstate(invalid="ignore", over="ignore"):
                colour += _weighed(factor, values) * light
            all_lit = all_lit or bool(least > 0)
            dim.extend(values[:, channel] for channel in np.flatnonzero(light))
        if not colour.max() <= BRIGHTEST:  # else one of them may be brighter
            return None
        return float(colour @ weights), len(inverse) if all_lit else _lit(dim, len(inverse))

    return add_up


def _lit_groups(film: Accumulators, lights: Sequence[Light]) -> tuple[list[Source], list[Source]]:
    """The light groups that are on: their sums (pixels, 3) of light from the camera, and of light from the lamps."""
    planes = film.planes
    groups = [g for g, light in enumerate(lights) if any(light)]
    screens = [] if planes.screen is None else [(lights[g], planes.screen[g].reshape(-1, 3)) for g in groups]
    return [(lights[g], planes.pixel[g].reshape(-1, 3)) for g in groups], screens


def _lit(planes: Sequence[Block], count: int) -> int:
    """How many of so many places have something on one of the planes, which are not negative."""
    total = np.zeros(count, np.float32)
    for plane in planes:
        total += plane
    return int(np.count_nonzero(total))


def _factors(light: Light) -> Block:
    """(3, 1), or (1, 1) where they are all the same: that is less to multiply."""
    return np.array([light[:1] if light.red == light.green == light.blue else light], np.float32).T


def _weighed(factor: Block, values: Block) -> npt.NDArray[np.float64]:
    """The sum of factor (n) times values (n, 3). By parts that the linear algebra library does on one thread."""
    parts = len(factor) // PART
    whole = parts * PART
    inner = factor[:whole].reshape(parts, 1, PART) @ values[:whole].reshape(parts, PART, 3)
    total: npt.NDArray[np.float64] = inner.sum(axis=(0, 1), dtype=np.float64)
    return total + factor[whole:] @ values[whole:]


def clean(values: Block, most: np.float32) -> None:
    """In place: NaN and negative values become 0, larger ones `most`, whose square is finite."""
    if values.min(initial=0) >= 0 and values.max(initial=0) <= most:  # false for NaN; looking is cheaper than writing
        return
    np.clip(values, np.float32(0), most, out=values)  # a third of the time that fmax and fmin take; NaN stays
    if np.isnan(values.max(initial=0)):
        values[np.isnan(values)] = 0


def inverse_weight(weight: Block, out: Block | None = None) -> Block:
    """1 / weight, and 0 where there is none."""
    with np.errstate(divide="ignore", over="ignore"):
        inverse: Block = np.divide(np.float32(1), weight, out=out)
    if not weight.min(initial=1) > 0:
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
