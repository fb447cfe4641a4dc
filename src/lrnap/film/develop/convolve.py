"""Light spread over a picture: every point of light replaced by a kernel, through Fourier transforms.

So the cost hardly depends on the size of the kernel. Transforms are in float64, because their errors are as large
everywhere as those of the brightest pixel. Beyond the borders of a picture it is dark.
"""

from __future__ import annotations

from collections.abc import Callable
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
    """A kernel made ready for pictures of one size. Kernels look the same from both sides, so what they do to waves is
    real."""

    transfer: Numbers
    size: tuple[int, int]  # of the picture with room for what the kernel reaches beyond it

    def __call__(
        self, light: Block, receive: Callable[[slice, Numbers], None], only: npt.NDArray[np.bool_] | None = None
    ) -> None:
        """Gives the kernel around every point of (H, W), or around those that `only` is true of, to `receive`, some
        rows at a time and from several threads; nothing where it does not reach."""
        height, width = light.shape
        waves = _along_rows(light, self.size, only)
        least = float(light.max(initial=0, where=True if only is None else only)) * ERROR

        def columns(span: slice) -> None:
            turned = np.fft.fft(np.ascontiguousarray(waves[:, span].T))
            turned *= self.transfer[:, span].T
            waves[:, span] = np.fft.ifft(turned).T

        each(columns, waves.shape[1], ROWS)

        def rows(span: slice) -> None:
            lines = np.fft.irfft(waves[span], self.size[1])[:, :width]
            lines[lines < least] = 0
            receive(span, lines)

        each(rows, height, ROWS)


def spread(kernel: Numbers, picture: tuple[int, int]) -> Spread:
    """By a kernel with its point in the middle, which reaches less far than a picture (height, width) does."""
    top, left = kernel.shape[0] // 2, kernel.shape[1] // 2
    size = _room(picture, top, left)
    waves = _along_rows(_turned(kernel, size[1], left), size)

    def columns(span: slice) -> None:
        waves[:, span] = np.fft.fft(np.ascontiguousarray(np.roll(waves[:, span], -top, axis=0).T)).T

    each(columns, waves.shape[1], ROWS)
    return Spread(waves.real.copy(), size)


def spread_apart(down: Numbers, across: Numbers, picture: tuple[int, int]) -> Spread:
    """By a kernel that is the product of one along columns and one along rows."""
    top, left = down.size // 2, across.size // 2
    size = _room(picture, top, left)
    columns = np.fft.fft(_turned(down, size[0], top)).real
    return Spread(np.outer(columns, np.fft.rfft(_turned(across, size[1], left)).real), size)


def _turned(kernel: Numbers, length: int, middle: int) -> Numbers:
    """Along its last axis with room behind it, and turned so that its middle comes first."""
    room = np.zeros((*kernel.shape[:-1], length))
    room[..., : kernel.shape[-1]] = kernel
    return np.roll(room, -middle, axis=-1)


def _room(picture: tuple[int, int], top: int, left: int) -> tuple[int, int]:
    return _quick_length(picture[0] + top), _quick_length(picture[1] + left)


def _along_rows(
    light: npt.NDArray[np.floating], size: tuple[int, int], only: npt.NDArray[np.bool_] | None = None
) -> npt.NDArray[np.complex128]:
    waves = np.zeros((size[0], size[1] // 2 + 1), np.complex128)

    def rows(span: slice) -> None:
        lines = light[span].astype(np.float64)
        if only is not None:
            lines *= only[span]
        waves[span] = np.fft.rfft(lines, size[1])

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
