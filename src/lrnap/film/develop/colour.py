"""Colour systems: what the numbers red, green and blue mean, and how classic Lux brings them into range.

LuxCore passes the colours of a scene through as numbers, and turns spectra (sun, sky, black bodies, metals) into
numbers with the primaries and white of the classic default, ROOM. Classic Lux went through spectra and XYZ, and came
back with the film's `colorspace_*`, by default ROOM too. So film colours are taken to be in ROOM: with the default
parameters they come out exactly as they went in, and a white wall under a neutral light stays neutral. Other
parameters ask for the difference from the default, through XYZ. There is no chromatic adaptation, as there was none:
what becomes neutral is the light whose chromaticity is `colorspace_white`, which makes it a white balance.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from lrnap.film.snapshot import Block

Chromaticity = tuple[float, float]  # CIE x, y
Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ColourSystem:
    """Three primaries and a white: (1, 1, 1) is the white, with luminance 1. Defaults: classic Lux's, SMPTE."""

    red: Chromaticity = (0.63, 0.34)
    green: Chromaticity = (0.31, 0.595)
    blue: Chromaticity = (0.155, 0.07)
    white: Chromaticity = (0.314275, 0.329411)

    @property
    def to_xyz(self) -> Matrix:
        """(3, 3), for column vectors. Raises ValueError if the primaries lie on a line."""
        primaries = np.array([_xyz(self.red), _xyz(self.green), _xyz(self.blue)]).T
        if abs(np.linalg.det(primaries)) < 1e-6:
            raise ValueError("the three primaries lie on a line")
        return primaries * np.linalg.solve(primaries, _xyz(self.white))

    @property
    def luminance(self) -> npt.NDArray[np.float32]:
        """What red, green and blue add to the luminance Y."""
        weights: npt.NDArray[np.float32] = self.to_xyz[1].astype(np.float32)
        return weights


def _xyz(xy: Chromaticity) -> Matrix:
    x, y = xy
    return np.array([x / y, 1.0, (1.0 - x - y) / y])


ROOM = ColourSystem()
COOLEST, HOTTEST = 1000.0, 20000.0  # kelvin of the black bodies that are known


def conversion(target: ColourSystem) -> Matrix | None:
    """What takes film colours to another system; None where there is nothing to do."""
    if target == ROOM:
        return None
    return np.linalg.solve(target.to_xyz, ROOM.to_xyz).astype(np.float64)


# The CIE 1931 observer as lobes (height, middle in nm, slopes below and above it), after Wyman, Sloan and Shirley.
_OBSERVER = (
    ((1.056, 599.8, 0.0264, 0.0323), (0.362, 442.0, 0.0624, 0.0374), (-0.065, 501.1, 0.0490, 0.0382)),
    ((0.821, 568.8, 0.0213, 0.0247), (0.286, 530.9, 0.0613, 0.0322)),
    ((1.217, 437.0, 0.0845, 0.0278), (0.681, 459.0, 0.0385, 0.0725)),
)


@lru_cache(maxsize=256)
def black_body(temperature: float) -> tuple[float, float, float]:
    """The film colour, of luminance 1, of what glows at so many kelvin (1000 to 20000), at the edge of the gamut
    where it is outside. Raises ValueError for another temperature."""
    if not COOLEST <= temperature <= HOTTEST:
        raise ValueError(f"a colour temperature is from {COOLEST:g} to {HOTTEST:g} kelvin, not {temperature:g}")
    wave = np.arange(360.0, 831.0, 1.0)
    planck = wave**-5 / np.expm1(1.438777e7 / (wave * temperature))
    xyz = np.array([planck @ sum(_lobe(wave, *lobe) for lobe in lobes) for lobes in _OBSERVER])
    colour = np.linalg.solve(ROOM.to_xyz, xyz / xyz[1])
    if colour.min() < 0:
        colour = 1 + (colour - 1) / (1 - colour.min())  # mixed with the grey of the same luminance
    red, green, blue = (float(c) for c in colour)
    return red, green, blue


def _lobe(wave: Matrix, height: float, middle: float, below: float, above: float) -> Matrix:
    away = (wave - middle) * np.where(wave < middle, below, above)
    return height * np.exp(-0.5 * away * away)


def luminance(band: Block, weights: npt.NDArray[np.float32]) -> Block:
    """Y of colours (3, ...)."""
    total: Block = band[0] * weights[0]
    total += band[1] * weights[1]
    total += band[2] * weights[2]
    return total


def sum_and_lit(band: Block, weights: npt.NDArray[np.float32]) -> tuple[float, int]:
    """Of colours (3, n): the sum of their luminances, and how many are not black."""
    y = luminance(band, weights)
    return float(y.sum()), int(np.count_nonzero(y))


def convert(band: Block, matrix: Matrix, weights: npt.NDArray[np.float32]) -> None:
    """In place: (3, n) colours to another system, and those outside its gamut moved to its edge.

    Such a colour is mixed with the grey of its luminance, as little as makes nothing negative.
    """
    band[:] = matrix.astype(np.float32) @ band
    lowest = band.min(axis=0)
    outside = np.flatnonzero(lowest < 0)
    if not outside.size:
        return
    colour, low = band[:, outside], lowest[outside]
    grey = np.maximum(luminance(colour, weights), 0)
    colour -= grey
    colour *= grey / (grey - low)
    colour += grey
    band[:, outside] = np.maximum(colour, 0)


def limit(band: Block, method: str, weights: npt.NDArray[np.float32]) -> None:
    """In place: (3, n) colours with a component above 1 brought into range by classic Lux's `ldr_clamp_method`.

    cut     each component by itself: bright colours change their hue
    darken  divided by the largest component: keeps hue and saturation, loses brightness
    lum     mixed with the grey of the same luminance; white where that is above 1
    hue     mixed with the grey 1/3: keeps the hue, tends to be saturated
    """
    if method == "cut":
        np.clip(band, np.float32(0), np.float32(1), out=band)  # faster than minimum
        return
    highest = band.max(axis=0)
    outside = np.flatnonzero(highest > 1)
    if not outside.size:
        return
    colour, high = band[:, outside], highest[outside]
    if method == "darken":
        colour /= high
    else:
        grey = np.full_like(high, 1 / 3) if method == "hue" else luminance(colour, weights)
        colour -= grey
        colour *= np.maximum(1 - grey, 0) / np.maximum(high - grey, np.float32(1e-20))
        colour += np.minimum(grey, np.float32(1))
    band[:, outside] = np.clip(colour, 0, 1)
