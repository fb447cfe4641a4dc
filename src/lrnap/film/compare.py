"""How much two pictures differ, in the figures that people use for it. Pure arithmetic on arrays (H, W, 3).

Two kinds of values: *shown* ones in [0, 1], encoded for a display, of which most figures are, and *light*, linear and
without end. The second picture is the reference: what is relative is relative to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib import import_module
from importlib.util import find_spec

import numpy as np
import numpy.typing as npt

from lrnap.errors import Code, LrnapError
from lrnap.film.develop.colour import ROOM

Values = npt.NDArray[np.float32]
Wide = npt.NDArray[np.float64]

DARK = 0.01  # part of the reference's mean that keeps black pixels from having infinite relative errors
WINDOW, SIGMA = 11, 1.5  # pixels of SSIM's window
STEADY = (0.01**2, 0.03**2)  # SSIM's constants, for values up to 1
FLIP = "flip_evaluator"


@dataclass(frozen=True, slots=True)
class Figures:
    """What METRICS says; None for what cannot be had here."""

    rmse: float
    relmse: float
    ssim: float
    flip: float | None


METRICS: Mapping[str, str] = {
    "rmse": "root mean square difference of what is shown, where 1 is white; 0: the same",
    "relmse": "mean square difference of the light, relative to the reference; 0: the same",
    "ssim": "structural similarity of what is shown; 1: the same",
    "flip": "FLIP, the difference that is seen when pictures are flipped between; 0: the same",
}
BETTER_UP = frozenset({"ssim"})


def figures(shown: Values, shown_reference: Values, light: Values, light_reference: Values) -> Figures:
    """All that METRICS lists. Raises LrnapError (TYPE) for pictures of different sizes."""
    check_sizes(shown, shown_reference)
    return Figures(
        rmse=rmse(shown, shown_reference),
        relmse=relative_mse(light, light_reference),
        ssim=ssim(shown, shown_reference),
        flip=flip(shown, shown_reference),
    )


def passes(found: Figures, metric: str, limit: float) -> bool:
    """Whether the pictures are as like as asked for. Raises LrnapError where the figure cannot be had."""
    value: float | None = asdict(found)[metric]
    if value is None:
        raise LrnapError(Code.UNSUPPORTED, f"{metric} needs the package flip-evaluator: pip install 'lrnap[compare]'")
    return value >= limit if metric in BETTER_UP else value <= limit


def check_sizes(picture: Values, reference: Values) -> None:
    if picture.shape != reference.shape:
        one, two = (f"{shape[1]}x{shape[0]}" for shape in (picture.shape, reference.shape))
        raise LrnapError(Code.TYPE, f"pictures of different sizes cannot be compared: {one} and {two}")


def rmse(picture: Values, reference: Values) -> float:
    return float(np.sqrt(np.mean(np.square(_wide(picture) - reference))))


def relative_mse(picture: Values, reference: Values) -> float:
    """The mean of (a - b)^2 / (b^2 + e^2), e being DARK of the mean of b."""
    below = _wide(reference)
    base = (DARK * float(below.mean())) ** 2
    above = np.square(_wide(picture) - reference)
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(np.mean(np.where(above > 0, above / (np.square(below) + base), 0)))


def ssim(picture: Values, reference: Values) -> float:
    """Mean structural similarity of the luminances (Wang et al. 2004), where the whole window is in the picture."""
    a, b = (_wide(values) @ ROOM.luminance.astype(np.float64) for values in (picture, reference))
    size = min(WINDOW, *a.shape)
    mean_a, mean_b = _blurred(a, size), _blurred(b, size)
    spread_a = _blurred(a * a, size) - mean_a**2
    spread_b = _blurred(b * b, size) - mean_b**2
    together = _blurred(a * b, size) - mean_a * mean_b
    bright, contrast = STEADY
    above = (2 * mean_a * mean_b + bright) * (2 * together + contrast)
    below = (mean_a**2 + mean_b**2 + bright) * (spread_a + spread_b + contrast)
    return float(np.mean(above / below))


def flip(picture: Values, reference: Values) -> float | None:
    """Mean LDR-FLIP at the usual distance; None without the package that knows it."""
    if find_spec(FLIP) is None:
        return None
    shown = (np.ascontiguousarray(np.clip(values, 0, 1), np.float32) for values in (reference, picture))
    _, mean, _ = import_module(FLIP).evaluate(*shown, "LDR", applyMagma=False)
    return float(mean)


def _blurred(values: Wide, size: int) -> Wide:
    """By a Gaussian window, where it is all within."""
    steps = np.arange(size) - (size - 1) / 2
    window = np.exp(-(steps**2) / (2 * SIGMA**2))
    window /= window.sum()
    rows = sum(w * values[i : values.shape[0] - size + 1 + i] for i, w in enumerate(window))
    result: Wide = np.asarray(
        sum(w * rows[:, i : values.shape[1] - size + 1 + i] for i, w in enumerate(window)), np.float64
    )
    return result


def _wide(values: Values) -> Wide:
    return np.asarray(values, np.float64)
