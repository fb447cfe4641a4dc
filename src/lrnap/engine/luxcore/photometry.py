"""Lamps measured by their makers: IES files (IESNA LM-63), as how bright each direction is.

Rules for this file: bytes in, arrays out. A file that cannot be what the scene means is an error with its cure; the
engine's own reader would take half of a file for a whole one.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from lrnap.engine.geometry.mesh_file import file_bytes
from lrnap.errors import SceneError
from lrnap.limits import MAX_IES_ANGLES

Array = npt.NDArray[np.float64]

SIZE = (256, 512)  # rows and columns of the image, as in classic Lux
_HEADER = 13  # numbers before the angles: lamps, lumens, multiplier, counts, type, units, sizes, ballast, watts
EDGE = 1e-3  # degrees over which the light ends where the measurements do


@dataclass(frozen=True, slots=True)
class Lamp:
    """Candela (horizontal, vertical) at angles in degrees: vertical from straight below, horizontal all round."""

    vertical: Array
    horizontal: Array
    candela: Array


def read(path: str | Path, shown: str) -> Lamp:
    """The lamp of a file, which errors call `shown`. Raises SceneError."""
    return parse(file_bytes(path, shown, what="IES file"), shown)


def parse(data: bytes, shown: str) -> Lamp:
    lines = data.decode("latin-1").splitlines()
    tilt = next((i for i, line in enumerate(lines) if line.strip().upper().startswith("TILT")), None)
    if tilt is None or not any("IESNA" in line.upper() for line in lines[:1]):
        raise SceneError("this is no IES file: it does not begin with IESNA and has no TILT line", at=shown)
    numbers = _numbers(" ".join(lines[tilt + 1 :]).replace(",", " ").split(), shown)
    if lines[tilt].upper().replace(" ", "").endswith("TILT=INCLUDE"):
        # How the lamp dims when it is tilted, which no light in a scene is; the numbers are passed over.
        numbers = numbers[2 + 2 * int(numbers[1]) :] if len(numbers) > 1 and numbers[1] >= 0 else numbers[:0]
    if len(numbers) < _HEADER:
        raise _short(shown)
    multiplier, ballast = numbers[2], numbers[10] * numbers[11]
    count, rings = (int(min(max(n, 0), MAX_IES_ANGLES + 1)) for n in numbers[3:5])
    if not 2 <= count <= MAX_IES_ANGLES or not 1 <= rings <= MAX_IES_ANGLES:
        raise SceneError(
            f"the IES file has {numbers[3]:g} vertical and {numbers[4]:g} horizontal angles; 2 and 1 are the least, "
            f"MAX_IES_ANGLES, {MAX_IES_ANGLES}, the most; export it again",
            at=shown,
        )
    if numbers[5] != 1:
        raise SceneError(f"the IES file is of type {numbers[5]:g}; only type 1 (C) is known, so convert it", at=shown)
    angles = numbers[_HEADER:]
    if len(angles) < count + rings + count * rings:
        raise _short(shown)
    vertical, horizontal = angles[:count], angles[count : count + rings]
    candela = angles[count + rings :][: count * rings].reshape(rings, count) * multiplier * ballast
    for what, given in (("vertical", vertical), ("horizontal", horizontal)):
        if (np.diff(given) <= 0).any():
            raise SceneError(f"the {what} angles of the IES file do not increase; export it again", at=shown)
    if not candela.max() > 0:
        raise SceneError("the IES file gives no light in any direction; export it again", at=shown)
    return Lamp(*_all_round(vertical, horizontal, np.maximum(candela, 0.0), shown))


def _numbers(words: list[str], shown: str) -> Array:
    try:
        numbers = np.array(words, np.float64)
    except ValueError:
        wrong = next(word for word in words if not _number(word))
        raise SceneError(f"'{wrong[:40]}' in the IES file is not a number; it is damaged", at=shown) from None
    if not np.isfinite(numbers).all():
        raise SceneError("a number of the IES file is not finite; it is damaged", at=shown)
    return numbers


def _number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def _short(shown: str) -> SceneError:
    return SceneError("the IES file ends before its last number; get it again", at=shown)


def _all_round(vertical: Array, horizontal: Array, candela: Array, shown: str) -> tuple[Array, Array, Array]:
    """Dark where there are no measurements, and what symmetry leaves out filled in, as classic Lux does."""
    if vertical[0] < 0:
        vertical = vertical + 90.0
    if vertical[0] > 0:
        vertical, candela = _dark(vertical, candela, [0.0, max(vertical[0] - EDGE, 0.0)], first=True)
    if vertical[-1] < 180:
        vertical, candela = _dark(vertical, candela, [min(vertical[-1] + EDGE, 180.0), 180.0], first=False)
    if horizontal[0] != 0:
        raise SceneError(
            f"the horizontal angles of the IES file begin at {horizontal[0]:g} degrees, not 0; export it again",
            at=shown,
        )
    if len(horizontal) == 1:
        return vertical, np.array([0.0, 360.0]), np.repeat(candela, 2, axis=0)
    for mirror in (90.0, 180.0):
        if horizontal[-1] == mirror:
            horizontal = np.concatenate([horizontal, 2 * mirror - horizontal[-2::-1]])
            candela = np.concatenate([candela, candela[-2::-1]])
    if horizontal[-1] != 360:
        if not np.isclose(360 - horizontal[-1], horizontal[-1] - horizontal[-2]):
            raise SceneError(
                f"the horizontal angles of the IES file end at {horizontal[-1]:g} degrees, not at 90, 180 or 360; "
                "export it again",
                at=shown,
            )
        horizontal, candela = np.append(horizontal, 360.0), np.concatenate([candela, candela[:1]])
    return vertical, horizontal, candela


def _dark(vertical: Array, candela: Array, angles: list[float], *, first: bool) -> tuple[Array, Array]:
    angles = sorted(set(angles) - set(vertical.tolist()))
    nothing = np.zeros((len(candela), len(angles)))
    if first:
        return np.concatenate([angles, vertical]), np.concatenate([nothing, candela], axis=1)
    return np.concatenate([vertical, angles]), np.concatenate([candela, nothing], axis=1)


def image(lamp: Lamp, *, flipped: bool, size: tuple[int, int] = SIZE) -> npt.NDArray[np.float32]:
    """(rows, columns, 1) of how bright each direction is, in candela; see `sphere_maps` for which one a pixel means.

    Straight below is the first row, as classic Lux has it; `flipped`: the last.
    """
    rows, columns = size
    theta, phi = (np.arange(rows) + 0.5) * 180 / rows, (np.arange(columns) + 0.5) * 360 / columns
    rings = np.stack([np.interp(theta, lamp.vertical, ring) for ring in lamp.candela])
    after = np.clip(np.searchsorted(lamp.horizontal, phi), 1, len(lamp.horizontal) - 1)
    share = (phi - lamp.horizontal[after - 1]) / (lamp.horizontal[after] - lamp.horizontal[after - 1])
    blended = rings[after - 1].T * (1 - share) + rings[after].T * share
    return np.asarray(blended[::-1] if flipped else blended, np.float32)[..., None]
