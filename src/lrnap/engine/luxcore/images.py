"""Images as arrays, for what the engine cannot do with a file by itself."""

from __future__ import annotations

import numpy as np
import OpenImageIO

from lrnap.engine.luxcore.draft import Image


def pixels(path: str, gamma: float = 1.0) -> Image:
    """(height, width, 3) of an image that `Inputs.image` has checked, never negative, its gamma taken out."""
    values = np.asarray(OpenImageIO.ImageBuf(path).get_pixels(OpenImageIO.FLOAT), np.float32)
    values = values.reshape(*values.shape[:2], -1)
    rgb = values[..., :3] if values.shape[2] >= 3 else np.repeat(values[..., :1], 3, axis=2)
    clean: Image = np.maximum(np.nan_to_num(rgb, posinf=0.0), 0.0)
    return clean if gamma == 1.0 else np.power(clean, np.float32(gamma))
