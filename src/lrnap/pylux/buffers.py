"""Pictures as pylux returns them: lists of numbers and buffers, of the film's whole size, whatever there is of it yet.

Top row first, but for what is made for Blender. Where nothing has been rendered colours are 0 and distances infinite;
a film with a crop window fills its part of the picture.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Frame:
    """`crop`: left, right, top, bottom of the part that is rendered, each 0 to 1."""

    width: int
    height: int
    crop: Sequence[float] = (0.0, 1.0, 0.0, 1.0)

    def whole(self, part: Pixels, channels: int, empty: float = 0.0, *, upwards: bool = False) -> Pixels:
        """(height, width, channels), with the part in its place. `upwards`: the bottom row is first in both."""
        full = np.full((self.height, self.width, channels), empty, part.dtype)
        part = part.reshape(*part.shape[:2], channels)
        left, top = math.ceil(self.width * self.crop[0]), math.ceil(self.height * self.crop[2])
        rows, columns = min(part.shape[0], self.height - top), min(part.shape[1], self.width - left)
        if rows > 0 and columns > 0:
            part = (part[::-1] if upwards else part)[:rows, :columns]
            full[top : top + rows, left : left + columns] = part
        return full[::-1] if upwards else full


def flat(pixels: Pixels) -> list[Any]:
    """All numbers in one list."""
    found: list[Any] = pixels.reshape(-1).tolist()
    return found


def buffer(pixels: Pixels) -> memoryview:
    """A read-only buffer of floats that is a sequence of them, too."""
    numbers = np.ascontiguousarray(pixels, np.float32).reshape(-1)
    numbers.flags.writeable = False
    return numbers.data


def rects(pixels: Pixels) -> list[list[float]]:
    """A list of the numbers of each pixel."""
    found: list[list[float]] = pixels.reshape(-1, pixels.shape[-1]).tolist()
    return found
