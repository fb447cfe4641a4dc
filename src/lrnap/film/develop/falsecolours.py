"""False colours: a picture of how bright things are, each luminance in a colour of its own.

A luminance between `false_min` and `false_max` becomes a place from 0 to 1 on a scale of colours, straight or through
a curve that gives dark things more room; what lies outside has the colour of the end. Where `false_max` is not above
`false_min`, it is the highest luminance of the picture.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from lrnap.film.develop.colour import ROOM, luminance
from lrnap.film.develop.settings import Settings
from lrnap.film.snapshot import Block

Stop = tuple[float, float, float]

# The colours that a scale goes through, evenly spaced and with straight lines between. They are linear light.
SCALES: Mapping[str, tuple[Stop, ...]] = {
    "std": (
        (0, 0, 0.5),
        (0, 0, 1),
        (0, 0.5, 1),
        (0, 1, 1),
        (0.5, 1, 0.5),
        (1, 1, 0),
        (1, 0.5, 0),
        (1, 0, 0),
        (0.5, 0, 0),
    ),
    "lmk": ((0, 0, 0), (0, 0, 1), (0, 1, 0), (1, 0, 0), (1, 1, 0), (1, 1, 1)),
    "red": ((0, 0, 0), (1, 0, 0)),
    "white": ((0, 0, 0), (1, 1, 1)),
    "yellow": ((0, 0, 0), (1, 0.287245, 0)),
    "speos": ((0, 0, 0), (0, 0, 1), (0, 1, 1), (0, 1, 0), (1, 1, 0), (1, 0, 0), (1, 1, 1)),
}


def straight(places: Block) -> Block:
    return places


def log(places: Block) -> Block:
    """log10(1 + 9 place)"""
    places *= np.float32(9)
    np.log1p(places, out=places)
    places *= np.float32(1 / np.log(10))
    return places


def log3(places: Block) -> Block:
    """The cube root of `log`."""
    return np.cbrt(log(places), out=places)


METHODS: Mapping[str, Callable[[Block], Block]] = {"linear": straight, "log": log, "log3": log3}
BACK: Mapping[str, Callable[[float], float]] = {
    "linear": lambda place: place,
    "log": lambda place: (10**place - 1) / 9,
    "log3": lambda place: (10**place**3 - 1) / 9,
}


class Range(NamedTuple):
    """The luminances of the first and the last colour, and how those between are spread."""

    low: float
    high: float
    method: str

    def luminance(self, place: float) -> float:
        """Of a place from 0 to 1 on the scale."""
        return self.low + BACK[self.method](place) * (self.high - self.low)


def range_of(settings: Settings, highest: float) -> Range:
    """In a picture whose highest luminance is `highest`."""
    low = settings.false_min
    high = settings.false_max if settings.false_max > low else highest
    return Range(low, max(high, low), settings.false_method)


def colours_at(scale: str, places: npt.NDArray[np.floating]) -> Block:
    """The colours (3, n) at places of a scale."""
    stops = np.array(SCALES[scale], np.float64).T
    marks = np.linspace(0, 1, stops.shape[1])
    return np.stack([np.interp(places, marks, values) for values in stops]).astype(np.float32)


def paint(settings: Settings, highest: float) -> Callable[[Block], None]:
    """What colours a band (3, n) by its luminance, in a picture whose highest luminance is `highest`."""
    low, high, method = range_of(settings, highest)
    scale = 1 / (high - low) if high > low else 0.0
    curve = METHODS[method]

    def point(band: Block) -> None:
        places = luminance(band, ROOM.luminance)
        places -= np.float32(low)
        places *= np.float32(min(scale, 1e20))
        places = curve(np.clip(places, 0, 1, out=places))
        band[:] = colours_at(settings.false_colorscale, places)

    return point
