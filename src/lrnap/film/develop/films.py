"""Camera responses from published formulas: the films that are built in.

Each is a curve from light to brightness, both linear, that goes on above 1: what is bright is compressed instead of
being cut off. With `_bw` behind its name a film is black and white.

    exponential     1 - exp(-x)                                   the law of a first-order photochemical reaction
    naka_rushton    x^n / (x^n + s^n), n = 0.9, s = 0.5            Naka and Rushton 1966, photoreceptors
    hejl            x (6.2 x + 0.5) / (x (6.2 x + 1.7) + 0.06)     Hejl and Burgess-Dawson 2010, with x - 0.004;
                                                                   fitted to Kodak's curves, its gamma of 2.2 taken out
    hable           f(2 x) / f(11.2), f with Hable's constants     Hable 2010, "Filmic tonemapping operators"
    aces            x (2.51 x + 0.03) / (x (2.43 x + 0.59) + 0.14) Narkowicz 2015, fitted to the ACES reference
    cineon          1023 code values of 0.002 density each         Kodak 1995, "Conversion of 10-bit log film data"
    print           S-curve of a paper: 1 / (1 + (0.18 / x)^1.6)   Hurter and Driffield 1890, slope 1.6, grey at 0.18

Brightness is scaled so that 0 stays 0; light above BRIGHTEST is as bright as BRIGHTEST.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from lrnap.film.develop.response import Curve, Response

Numbers = npt.NDArray[np.float64]
BRIGHTEST = 64.0
POINTS = 1024  # of a sampled curve; linear between them it is off by less than 1e-5
BLACK_AND_WHITE = "_bw"


def exponential(x: Numbers) -> Numbers:
    return np.asarray(-np.expm1(-x), np.float64)


def naka_rushton(x: Numbers) -> Numbers:
    power: Numbers = x**0.9
    return np.asarray(power / (power + 0.5**0.9), np.float64)


def hejl(x: Numbers) -> Numbers:
    above = np.maximum(x - 0.004, 0)
    return np.asarray((above * (6.2 * above + 0.5) / (above * (6.2 * above + 1.7) + 0.06)) ** 2.2, np.float64)


def hable(x: Numbers) -> Numbers:
    def curve(light: Numbers) -> Numbers:
        a, b, c, d, e, f = 0.15, 0.50, 0.10, 0.20, 0.02, 0.30
        return (light * (a * light + c * b) + d * e) / (light * (a * light + b) + d * f) - e / f

    return np.asarray(curve(2 * x) / curve(np.array(11.2)), np.float64)


def aces(x: Numbers) -> Numbers:
    return x * (2.51 * x + 0.03) / (x * (2.43 * x + 0.59) + 0.14)


def cineon(x: Numbers) -> Numbers:
    """The code value of a negative of gamma 0.6 with white at 685 and black at 95, as a part of the largest."""
    black = 10 ** ((95 - 685) * 0.002 / 0.6)
    code = 685 + 0.6 / 0.002 * np.log10(np.maximum(x * (1 - black) + black, 1e-12))
    return np.asarray(((np.clip(code, 95, 1023) - 95) / (1023 - 95)) ** 2.2, np.float64)


def print_paper(x: Numbers) -> Numbers:
    power: Numbers = x**1.6
    return np.asarray(power / (power + 0.18**1.6), np.float64)


FORMULAS: Mapping[str, Callable[[Numbers], Numbers]] = {
    "exponential": exponential,
    "naka_rushton": naka_rushton,
    "hejl": hejl,
    "hable": hable,
    "aces": aces,
    "cineon": cineon,
    "print": print_paper,
}
NAMES = (*FORMULAS, *(f"{name}{BLACK_AND_WHITE}" for name in FORMULAS))


@lru_cache(maxsize=len(NAMES))
def built_in(name: str) -> Response:
    """The response of a film that is built in, one of NAMES."""
    light = BRIGHTEST * np.linspace(0, 1, POINTS) ** 4  # most points where it is dark
    brightness = np.clip(FORMULAS[name.removesuffix(BLACK_AND_WHITE)](light), 0, 1)
    curve = Curve(tuple(light.tolist()), tuple(brightness.tolist()))
    return Response((curve,) if name.endswith(BLACK_AND_WHITE) else (curve, curve, curve))
