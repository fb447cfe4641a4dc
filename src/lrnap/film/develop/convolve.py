"""Light spread over a picture: every point of light replaced by a kernel, through Fourier transforms.

So the cost hardly depends on the size of the kernel. Transforms are in float64, because their errors are as large
everywhere as those of the brightest pixel. Beyond the borders of a picture it is dark.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from lrnap.film.bands import each
from lrnap.film.snapshot import Block

Numbers = npt.NDArray[np.float64]
ERROR = 1e-14  # of the brightest: what a transform may be wrong by, and black would no longer be black
ROWS = 32  # transformed at a time, and columns


class Spread(NamedTuple):
    """A kernel made ready for pictures of one size. `top`, `left`: the place of its middle."""

    transfer: npt.NDArray[np.complex128]
    size: tuple[int, int]  # of the picture with room for what the kernel reaches beyond it
    top: int
    left: int

    def __call__(self, light: Block) -> Numbers:
        """The kernel around every point of (H, W); nothing where it does not reach."""
        height, width = light.shape
        waves = _along_rows(light, self.size)
        least = float(light.max()) * ERROR

        def columns(span: slice) -> None:
            turned = np.fft.fft(np.ascontiguousarray(waves[:, span].T))
            turned *= self.transfer[:, span].T
            waves[:, span] = np.fft.ifft(turned).T

        each(columns, waves.shape[1], ROWS)
        result: Numbers = np.empty((height, width))

        def rows(span: slice) -> None:
            lines = np.fft.irfft(waves[span.start + self.top : span.stop + self.top], self.size[1])
            lines[lines < least] = 0
            result[span] = lines[:, self.left : self.left + width]

        each(rows, height, ROWS)
        return result


def spread(kernel: Numbers, picture: tuple[int, int]) -> Spread:
    """By a kernel with its point in the middle, which reaches less far than a picture (height, width) does."""
    top, left = kernel.shape[0] // 2, kernel.shape[1] // 2
    size = _room(picture, top, left)
    transfer = _along_rows(kernel, size)

    def columns(span: slice) -> None:
        transfer[:, span] = np.fft.fft(np.ascontiguousarray(transfer[:, span].T)).T

    each(columns, transfer.shape[1], ROWS)
    return Spread(transfer, size, top, left)


def spread_apart(down: Numbers, across: Numbers, picture: tuple[int, int]) -> Spread:
    """By a kernel that is the product of one along columns and one along rows."""
    top, left = down.size // 2, across.size // 2
    size = _room(picture, top, left)
    return Spread(np.outer(np.fft.fft(down, size[0]), np.fft.rfft(across, size[1])), size, top, left)


def _room(picture: tuple[int, int], top: int, left: int) -> tuple[int, int]:
    return _quick_length(picture[0] + top), _quick_length(picture[1] + left)


def _along_rows(light: npt.NDArray[np.floating], size: tuple[int, int]) -> npt.NDArray[np.complex128]:
    waves = np.zeros((size[0], size[1] // 2 + 1), np.complex128)

    def rows(span: slice) -> None:
        waves[span] = np.fft.rfft(light[span].astype(np.float64), size[1])

    each(rows, light.shape[0], ROWS)
    return waves


@lru_cache(maxsize=64)
def _quick_length(least: int) -> int:
    """The next number that is a product of 2, 3 and 5 only: transforms of such lengths are fast."""
    best = 1 << (least - 1).bit_length()
    five = 1
    while five < best:
        three = five
        while three < best:
            best = min(best, three << max(0, (-(-least // three) - 1).bit_length()))
            three *= 3
        five *= 5
    return best
