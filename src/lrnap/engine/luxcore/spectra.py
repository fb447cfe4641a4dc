"""Spectra to linear RGB: what light of a given spectrum looks like to the engine, which renders in RGB.

Classic Lux renders spectra, with radiance in absolute units (683 lm/W): a light of colour (1, 1, 1) is a white of
`L_UNIT` cd/m2. The film is to hold what classic Lux would hold, since a linear tonemapping depends on it; so every
light is scaled by `L_UNIT`, and all values here are in units of it.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

RGB = tuple[float, float, float]
Samples = npt.NDArray[np.float64]

# Luminance of the illuminant that classic Lux makes of (1, 1, 1): 683 lm/W times its 32-bin white (a D65 of peak 1)
# integrated over the CIE y curve.
L_UNIT = 67200.0
WAVELENGTHS = np.arange(380.0, 781.0)  # nm
_LUMENS = 683.0

XYZ_TO_RGB = np.array(
    [
        [3.2404542, -1.5371385, -0.4985314],
        [-0.9692660, 1.8760108, 0.0415560],
        [0.0556434, -0.2040259, 1.0572252],
    ]
)

# The CIE 1931 curves as sums of two-sided Gaussians (Wyman, Sloan, Shirley 2013): height, centre, left and right slope.
_CIE = (
    ((0.362, 442.0, 0.0624, 0.0374), (1.056, 599.8, 0.0264, 0.0323), (-0.065, 501.1, 0.0490, 0.0382)),
    ((0.821, 568.8, 0.0213, 0.0247), (0.286, 530.9, 0.0613, 0.0322)),
    ((1.217, 437.0, 0.0845, 0.0278), (0.681, 459.0, 0.0385, 0.0725)),
)


def _curve(lobes: tuple[tuple[float, float, float, float], ...]) -> Samples:
    total = np.zeros_like(WAVELENGTHS)
    for height, centre, left, right in lobes:
        t = (WAVELENGTHS - centre) * np.where(centre > WAVELENGTHS, left, right)
        total += height * np.exp(-0.5 * t * t)
    return total


_MATCHING = np.array([_curve(lobes) for lobes in _CIE])


def illuminant(values: Samples) -> RGB:
    """Linear RGB of light whose spectrum has these values at 380 ... 780 nm, in units of `L_UNIT`; never negative."""
    xyz = _LUMENS * (_MATCHING * values).sum(axis=1)
    r, g, b = np.maximum(XYZ_TO_RGB @ xyz, 0.0) / L_UNIT
    return float(r), float(g), float(b)


def irregular(wavelengths: Samples, values: Samples) -> RGB:
    """Light given at some wavelengths (nm, ascending), linear in between and dark outside."""
    return illuminant(np.interp(WAVELENGTHS, wavelengths, values, left=0.0, right=0.0))


def blackbody(temperature: float) -> RGB:
    """Light of a black body of that many kelvin, its peak in the visible range scaled to one as classic Lux does."""
    metres = WAVELENGTHS * 1e-9
    with np.errstate(over="ignore"):
        power = metres**-5 / np.expm1(1.4388e-2 / (metres * max(temperature, 1.0)))
    peak = power.max()
    return illuminant(power / peak) if peak > 0 else (0.0, 0.0, 0.0)


def gaussian(centre: float, width: float, energy: float) -> RGB:
    return illuminant(energy * np.exp(-0.5 * ((WAVELENGTHS - centre) / max(width, 1e-3)) ** 2))


def frequency(freq: float, phase: float, energy: float) -> RGB:
    """Light whose spectrum is a sine over the wavelength, between zero and `energy`."""
    return illuminant((np.sin(WAVELENGTHS * freq + phase) + 1.0) * 0.5 * energy)


def luminance(rgb: RGB) -> float:
    return 0.212671 * rgb[0] + 0.715160 * rgb[1] + 0.072169 * rgb[2]


def sellmeier(a: float, b: list[float], c: list[float], micrometres: float) -> float:
    """Index of refraction at a wavelength."""
    square = micrometres**2
    return float(np.sqrt(max(a + sum(bi * square / (square - ci) for bi, ci in zip(b, c, strict=True)), 1.0)))
