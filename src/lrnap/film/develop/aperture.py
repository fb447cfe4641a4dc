"""Glare through pictures of a pupil and of eyelashes: what such an opening makes of a point of light.

The pattern is the power spectrum of the opening, as in classic Lux and as light bends far from it. It grows with the
wavelength, which gives it its colours. An opening is a picture's luminance; lashes lie before the pupil.
"""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from lrnap.errors import Code, LrnapError
from lrnap.film.develop.colour import ROOM, luminance
from lrnap.limits import MAX_APERTURE_SIDE

Numbers = npt.NDArray[np.float64]
WAVELENGTHS = (611.0, 549.0, 464.0)  # nm, those of the primaries
OPENING = 4  # the opening is this part of the field that is transformed, so that the pattern is not undersampled


class Aperture(NamedTuple):
    """How much light passes at each place (rows, columns), from 0 to 1; the top row first."""

    passes: Numbers


def load(path: str | os.PathLike[str]) -> Aperture:
    """From a picture file. Raises LrnapError that names the file."""
    status = Path(path)
    changed = status.stat().st_mtime_ns if status.is_file() else 0
    return _load(os.fspath(path), changed)


@lru_cache(maxsize=4)
def _load(path: str, _changed: int) -> Aperture:
    from lrnap.film import images  # which itself needs the darkroom

    picture = images.read_colours(path)
    if max(picture.shape[:2]) > MAX_APERTURE_SIDE:
        size = f"{picture.shape[1]}x{picture.shape[0]}"
        raise LrnapError(
            Code.QUOTA,
            f"a picture of an aperture is at most MAX_APERTURE_SIDE = {MAX_APERTURE_SIDE} wide and high, not {size}",
            at=path,
        )
    return Aperture(np.clip(luminance(np.moveaxis(picture, -1, 0), ROOM.luminance), 0, 1).astype(np.float64))


def pattern(apertures: list[Aperture], reach: int, wavelength: float) -> Numbers:
    """What a point of light becomes, (2 * reach + 1) square with the point in the middle; its sum is 1."""
    side = 2 * reach + 1
    passes = np.ones((side, side))
    inner = max(1.0, side / OPENING * WAVELENGTHS[1] / wavelength)
    for aperture in apertures:
        passes *= _placed(aperture.passes, side, inner)
    if not passes.any():
        passes[reach, reach] = 1
    spectrum = np.abs(np.fft.fftshift(np.fft.fft2(passes))) ** 2
    window = np.hanning(side + 2)[1:-1]
    spectrum *= np.outer(window, window)
    result: Numbers = spectrum / spectrum.sum()
    return result


def _placed(passes: Numbers, side: int, inner: float) -> Numbers:
    """A picture, fitted into the middle `inner` of a square of `side`, by the mean of what falls on each place."""
    scale = inner / max(passes.shape)
    rows, columns = (_shares(length, side, scale) for length in passes.shape)
    return np.asarray(rows @ passes @ columns.T, np.float64)


def _shares(length: int, side: int, scale: float) -> Numbers:
    """(side, length): how much of each place of a square's side each pixel of a picture's covers."""
    start = side / 2 - length * scale / 2
    edges = start + scale * np.arange(length + 1)
    places = np.arange(side)[:, None]
    overlap = np.minimum(edges[1:], places + 1) - np.maximum(edges[:-1], places)
    return np.asarray(np.maximum(overlap, 0), np.float64)
