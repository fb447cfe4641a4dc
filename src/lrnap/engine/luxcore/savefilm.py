"""Reads the exact accumulators of a LuxCore film out of the file that `Film.SaveFilm` writes.

LuxCore hands out pictures, not sums, and where samples have weights (metropolis) or are traced from the lights, the
sums cannot be computed back. Its film file has them: a gzip stream of a Boost binary archive, made by this very
process a moment ago, so neither its version nor its byte order can surprise. What is read of it, in order:

- per light group the radiance normalised per pixel: width, height (u32), number of floats (u64), then sum of
  weight x RGB and sum of weights for each pixel; absent if nothing is traced from the camera
- per light group the radiance normalised per screen, RGB alone; absent if nothing is traced from the lights
- alpha: sum of weight x alpha and sum of weights
- other channels, skipped
- the film's width, height, region, number of pixels ... and, per thread, the counts of all samples, of those from
  the camera, and of those from the lights

Rows are bottom-up there, and top-down in our blocks.
"""

from __future__ import annotations

import gzip
import io
import re
import struct
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np
import numpy.typing as npt

from lrnap.errors import EngineError
from lrnap.film.snapshot import FilmLayout, Planes

_GAP = 512  # bytes of archive bookkeeping before a channel, at most; it is under 100 in fact
_TAIL = 1 << 16  # bytes of the end of the archive in which the counts are looked for at once
_ALPHA = 2
_PIXEL = 4
_SCREEN = 3

Array = npt.NDArray[np.float32]


class Counts(NamedTuple):
    """Samples of a film: all, those from the camera, those from the lights."""

    total: float
    camera: float
    light: float


def read(path: Path, layout: FilmLayout, planes: Planes) -> Counts:
    """Fills the planes, and says how many samples they hold. EngineError if the file is not what it should be."""
    with gzip.open(path) as file:
        archive = _Archive(file, layout)  # type: ignore[arg-type]
        pixel: list[Array] = []
        screen: list[Array] = []
        channel = archive.channel()
        while channel.shape[2] != _ALPHA:
            (pixel if channel.shape[2] == _PIXEL else screen).append(channel)
            channel = archive.channel()
        counts = archive.counts()
    alpha = channel
    # The engine skips non-finite samples group by group, so the weights of groups may differ by those.
    weight = np.max([group[..., 3] for group in pixel], axis=0) if pixel else alpha[..., 1]
    planes.weight[:] = weight if pixel else 0
    planes.alpha[:] = _rescaled(alpha[..., :1], alpha[..., 1], weight)[..., 0] if pixel else alpha[..., 0]
    for group, target in zip(pixel, planes.pixel, strict=False):
        target[:] = _rescaled(group[..., :3], group[..., 3], weight)
    if planes.screen is not None:
        for group, target in zip(screen, planes.screen, strict=False):
            target[:] = group
    return counts


def _rescaled(sums: Array, own: Array, weight: Array) -> Array:
    """Sums over `own` weights as sums of the same mean over `weight`."""
    if np.array_equal(own, weight):
        return sums
    factor = np.divide(weight, own, out=np.zeros_like(weight), where=own > 0)
    return sums * factor[..., None]


class _Archive:
    """The uncompressed archive, read forward once."""

    def __init__(self, file: BinaryIO, layout: FilmLayout) -> None:
        self._file = file
        self._width, self._height = layout.width, layout.height
        self._size = struct.pack("<II", layout.width, layout.height)
        self._pending = b""

    def channel(self) -> Array:
        """The next channel of the film's size, (H, W, floats per pixel) with row 0 at the top."""
        pixels = self._width * self._height
        head = self._read(_GAP)
        found = [(head.find(self._size + struct.pack("<Q", pixels * n)), n) for n in (_PIXEL, _SCREEN, _ALPHA)]
        at, floats = min(((at, n) for at, n in found if at >= 0), default=(-1, 0))
        if at < 0:
            raise _unknown("a channel is missing")
        self._pending = head[at + 16 :] + self._pending
        values = np.empty(pixels * floats, np.float32)
        self._fill(values.data.cast("B"))
        return values.reshape(self._height, self._width, floats)[::-1]

    def counts(self) -> Counts:
        """From the archive's end: the film's size again, its region and number of pixels, then bookkeeping."""
        film = re.compile(
            re.escape(self._size) + rb".{16}" + re.escape(struct.pack("<I", self._width * self._height)), re.S
        )
        window = b""
        while more := self._read(_TAIL):
            window = window[-_GAP:] + more
            match = film.search(window)
            if match:
                return _counts(io.BytesIO(window[match.end() :] + self._read(_TAIL)))
        raise _unknown("the sample counts are missing")

    def _read(self, size: int) -> bytes:
        data = self._pending[:size]
        self._pending = self._pending[size:]
        return data + self._file.read(size - len(data))

    def _fill(self, view: memoryview) -> None:
        while view:
            data = self._read(min(len(view), 1 << 20))
            if not data:
                raise _unknown("it ends too early")
            view[: len(data)] = data
            view = view[len(data) :]


def _counts(file: BinaryIO) -> Counts:
    _numbers(file, "I", 1)  # number of light groups
    for _ in range(2):  # material ids with a mask, and with a film of their own
        _numbers(file, "I", _numbers(file, "Q", 1)[0])
    _numbers(file, "d", 3)  # times and convergence
    _numbers(file, "B", 5)  # class of the counts
    (threads,) = _numbers(file, "I", 1)
    sums = []
    for _ in range(3):
        (count,) = _numbers(file, "Q", 1)
        if count != threads:
            raise _unknown("the sample counts do not fit")
        sums.append(sum(_numbers(file, "d", count)))
    return Counts(*sums)


def _numbers(file: BinaryIO, kind: str, count: int) -> tuple[Any, ...]:
    form = f"<{count}{kind}"
    size = struct.calcsize(form)
    data = file.read(size) if size <= 2 * _TAIL else b""
    if len(data) < size:
        raise _unknown("it ends among the sample counts")
    return struct.unpack(form, data)


def _unknown(what: str) -> EngineError:
    return EngineError(f"the engine's film file has an unknown form: {what}")
