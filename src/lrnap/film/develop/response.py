"""Camera response: how bright a film or sensor turns out where so much light fell on it, read from a text file.

The files are those of the Columbia database of response functions: for each curve a line `name graph ...`, a line
`I =` and the amounts of light, from 0 to 1, and a line `B =` and the brightness of each. A name that ends in Red, Green
or Blue is that channel's; a file without all three is black and white, with its first curve, of the luminance.

The curves were measured on encoded pictures. As in classic Lux the best fitting B = I ** gamma is taken out of them,
because the picture gets its own gamma later: what remains is contrast and colour.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from lrnap.errors import Code, LrnapError
from lrnap.film.develop.colour import luminance
from lrnap.film.snapshot import Block
from lrnap.limits import MAX_RESPONSE_FILE

Numbers = npt.NDArray[np.float64]
_FORMAT = (
    "a camera response is text: for each curve a line '<name>Red graph', a line 'I =', a line of increasing numbers, "
    "a line 'B =' and as many numbers from 0 to 1"
)
_CHANNEL = re.compile(r"(.*?)(Red|Green|Blue)?")


class Curve(NamedTuple):
    """Brightness at amounts of light that increase; constant before the first and after the last, linear between."""

    light: tuple[float, ...]
    brightness: tuple[float, ...]

    def __call__(self, values: npt.NDArray[np.floating]) -> Numbers:
        result: Numbers = np.interp(values, self.light, self.brightness)
        return result


class Response(NamedTuple):
    """Three curves, of red, green and blue, or one of the luminance. Brightness is linear, its gamma taken out."""

    curves: tuple[Curve, ...]

    def point(self, weights: npt.NDArray[np.float32]) -> Callable[[Block], None]:
        """What it does to a band of colours, whose luminance has these weights."""

        def colour(band: Block) -> None:
            for channel, curve in zip(band, self.curves, strict=True):
                channel[:] = curve(channel)

        def monochrome(band: Block) -> None:
            band[:] = self.curves[0](luminance(band, weights))

        return colour if len(self.curves) == 3 else monochrome


def is_file(name: str) -> bool:
    """Whether the name of a camera response is a file's: without an extension it is that of a film built into classic
    Lux."""
    return "." in name.replace("\\", "/").rpartition("/")[2]


def load(path: str | os.PathLike[str]) -> Response:
    """Read from a file. Raises LrnapError that names the file and what one looks like."""
    try:
        status = Path(path).stat()
        if status.st_size > MAX_RESPONSE_FILE:
            raise LrnapError(Code.TOO_LONG, f"this has over MAX_RESPONSE_FILE = {MAX_RESPONSE_FILE} bytes; {_FORMAT}")
        return _load(os.fspath(path), status.st_mtime_ns, status.st_size)
    except OSError as error:
        raise LrnapError(Code.NOT_FOUND, f"cannot be read: {error.strerror}", at=os.fspath(path)) from None
    except LrnapError as error:
        error.at = os.fspath(path)
        raise


@lru_cache(maxsize=8)
def _load(path: str, _modified: int, size: int) -> Response:
    with Path(path).open("rb") as opened:
        return parse(opened.read(size).decode("latin-1"))


def parse(text: str) -> Response:
    """From a file's text: the curves of the first camera in it. Raises LrnapError."""
    found: dict[str, tuple[Numbers, Numbers]] = {}
    camera = None
    for name, light, brightness in _written(text.replace("=", " = ").split()):
        match = _CHANNEL.fullmatch(name)
        assert match is not None  # it matches everything
        if camera is None:
            camera = match[1]
        if match[1] == camera:
            found.setdefault(match[2] or "Red", _graph(name, light, brightness))
    if not found:
        raise LrnapError(Code.TYPE, f"there is no curve in it: {_FORMAT}")
    colours = [found[channel] for channel in ("Red", "Green", "Blue") if channel in found]
    graphs = colours if len(colours) == 3 else colours[:1]
    gamma = _fitted_gamma(graphs)
    return Response(tuple(Curve(tuple(i.tolist()), tuple((b ** (1 / gamma)).tolist())) for i, b in graphs))


def _written(words: list[str]) -> Iterator[tuple[str, list[str], list[str]]]:
    """The name of each curve, and the words that stand where its numbers of light and brightness should."""
    starts = [at for at, word in enumerate(words) if word == "graph" and at]
    for start, following in pairwise([*starts, len(words) + 1]):
        part = words[start + 1 : following - 1]
        after = {part[at - 1]: at + 1 for at, word in enumerate(part) if word == "=" and at}
        if "I" in after and "B" in after:
            yield words[start - 1], part[after["I"] : after["B"] - 2], part[after["B"] :]


def _graph(name: str, light: list[str], brightness: list[str]) -> tuple[Numbers, Numbers]:
    try:
        i, b = (np.array([float(word) for word in numbers]) for numbers in (light, brightness))
    except ValueError as error:
        raise LrnapError(Code.TYPE, f"the curve {name[:80]!r}: {str(error)[:120]}") from None
    if i.size != b.size or i.size < 2:
        raise LrnapError(Code.TYPE, f"the curve {name[:80]!r} has {i.size} numbers 'I' and {b.size} 'B': {_FORMAT}")
    if not (np.isfinite(i).all() and (np.diff(i) >= 0).all() and ((b >= 0) & (b <= 1)).all()):
        raise LrnapError(
            Code.TYPE, f"the curve {name[:80]!r} does not increase in 'I', or leaves 0 to 1 in 'B': {_FORMAT}"
        )
    return i, b


def _fitted_gamma(graphs: list[tuple[Numbers, Numbers]]) -> float:
    """The exponent with the least squares of B - I ** exponent over the curves' mean, by Newton's steps."""
    light = np.unique(np.concatenate([i for i, _ in graphs]))
    light = light[(light > 1e-12) & (light < 1)]
    brightness = np.mean([np.interp(light, i, b) for i, b in graphs], axis=0)
    gamma = 1.0
    logs = np.log(light)
    for _ in range(100 if light.size else 0):
        power = np.exp(gamma * logs)
        slope = logs * power
        step = float(slope @ (brightness - power)) / max(float(slope @ slope), 1e-300)
        gamma = min(max(gamma + step, 0.05), 20.0)
        if abs(step) < 1e-9:
            break
    return gamma
