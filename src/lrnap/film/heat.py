"""Pictures of errors: one number a pixel, as a colour from black over blue, green and red to white."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lrnap.film.develop.falsecolours import SCALES
from lrnap.film.snapshot import Block

SCALE = "lmk"


def heat(values: npt.NDArray[np.floating], most: float) -> Block:
    """(H, W) from 0 to `most`, and beyond as that: (H, W, 3) in [0, 1] as a display takes it."""
    stops = np.asarray(SCALES[SCALE], np.float32)
    places = np.clip(np.nan_to_num(values / most) if most > 0 else np.zeros_like(values), 0, 1) * (len(stops) - 1)
    colours = [np.interp(places, np.arange(len(stops)), stops[:, channel]) for channel in range(3)]
    result: Block = np.stack(colours, axis=-1).astype(np.float32)
    return result


def top(values: npt.NDArray[np.floating]) -> float:
    """What is worth being white: all but the last thousandth lies below."""
    return float(np.quantile(values, 0.999)) if values.size else 0.0
