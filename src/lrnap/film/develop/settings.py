"""What can be set in the darkroom: classic Lux's `Film` parameters by their own names, and the light groups' gains.

The fields of Settings are the table: name, type, default and range stand there once, and reading, checking and
writing derive from them. Parameters of the Film that are not about developing are passed over in silence; those that
are, but that no step honours yet, are named by `not_honoured`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import Field, dataclass, field, fields
from math import isfinite
from typing import Any

import numpy as np

from lrnap.errors import Code, LrnapError
from lrnap.film.develop.colour import ROOM, Chromaticity, ColourSystem
from lrnap.film.radiance import Light

KERNELS = ("reinhard", "linear", "contrast", "maxwhite", "autolinear")
CLAMP_METHODS = ("lum", "hue", "cut", "darken")

# Film parameters that develop a picture in classic Lux but not here, and the value that switches each off.
NOT_HONOURED: Mapping[str, object] = {
    "cameraresponse": "",
    "bloom_enabled": False,
    "vignetting_enabled": False,
    "abberation_enabled": False,
    "glare_enabled": False,
}


def _single(value: Any) -> Any:
    """The one value of a parameter, which may come alone or as a sequence or array of one."""
    if isinstance(value, np.ndarray | list | tuple):
        if len(np.atleast_1d(np.asarray(value, dtype=object))) != 1:
            return value
        value = value[0] if np.ndim(value) else value
    return value.item() if isinstance(value, np.generic | np.ndarray) else value


def _unavailable_kernel(value: Any) -> bool:
    return bool(_single(value) == "falsecolors")


def _read_number(row: Field[Any], value: Any) -> float:
    number = _single(value)
    low, high = row.metadata["range"]
    if isinstance(number, bool) or not isinstance(number, int | float) or not low <= number <= high:
        raise _refused(row, value, f"a number from {low:g} to {high:g}")
    return _decimal(number)


def _read_chromaticity(row: Field[Any], value: Any) -> Chromaticity:
    low, high = row.metadata["range"]
    pair = value.tolist() if isinstance(value, np.ndarray) else value
    if isinstance(pair, Sequence) and not isinstance(pair, str) and len(pair) == 2:
        x, y = pair
        if all(isinstance(v, int | float) and isfinite(v) for v in pair) and 0 <= x <= high and low <= y <= high:
            return _decimal(x), _decimal(y)
    raise _refused(row, value, f"two numbers, CIE x from 0 to {high:g} and y from {low:g} to {high:g}")


def _read_choice(row: Field[Any], value: Any) -> str:
    word = _single(value)
    if not isinstance(word, str) or word not in row.metadata["choices"]:
        raise _refused(row, value, f"one of {', '.join(row.metadata['choices'])}")
    return word


def _decimal(value: float) -> float:
    """The number that was written, where it came through float32: 0.34, not 0.3400000035762787."""
    return float(str(np.float32(value)))


def _refused(row: Field[Any], value: Any, wanted: str) -> LrnapError:
    given = value.tolist() if isinstance(value, np.ndarray) else value
    return LrnapError(Code.TYPE, f"Film parameter '{row.name}' must be {wanted}, not {given!r}")


def _number(default: float, low: float, high: float) -> float:
    return field(default=default, metadata={"read": _read_number, "range": (low, high)})


def _chromaticity(default: Chromaticity) -> Chromaticity:
    return field(default=default, metadata={"read": _read_chromaticity, "range": (1e-3, 1.0)})


def _choice(default: str, choices: tuple[str, ...]) -> str:
    return field(default=default, metadata={"read": _read_choice, "choices": choices})


@dataclass(frozen=True, slots=True)
class Gain:
    """How much of a light group is in the picture: off, or its colour times `scale` times `rgb`."""

    enabled: bool = True
    scale: float = 1.0
    rgb: tuple[float, float, float] = (1.0, 1.0, 1.0)

    @property
    def light(self) -> Light:
        return Light(*(self.scale * c for c in self.rgb)) if self.enabled else Light(0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Settings:
    """All of it, checked. The parameters' own documentation is classic Lux's; formulas stand in tonemap.py."""

    tonemapkernel: str = _choice("autolinear", KERNELS)
    reinhard_prescale: float = _number(1.0, 1e-6, 1e6)
    reinhard_postscale: float = _number(1.0, 0.0, 1e6)
    reinhard_burn: float = _number(6.0, 0.0, 1e6)
    linear_sensitivity: float = _number(50.0, 0.0, 1e6)
    linear_exposure: float = _number(1.0, 0.0, 1e6)
    linear_fstop: float = _number(2.8, 1e-3, 1e4)
    linear_gamma: float = _number(1.0, 0.0, 20.0)
    contrast_ywa: float = _number(1.0, 0.0, 1e12)
    gamma: float = _number(2.2, 0.05, 20.0)
    ldr_clamp_method: str = _choice("cut", CLAMP_METHODS)
    colorspace_red: tuple[float, float] = _chromaticity(ROOM.red)
    colorspace_green: tuple[float, float] = _chromaticity(ROOM.green)
    colorspace_blue: tuple[float, float] = _chromaticity(ROOM.blue)
    colorspace_white: tuple[float, float] = _chromaticity(ROOM.white)
    gains: tuple[tuple[str, Gain], ...] = ()  # by light group; those not named have Gain()

    @classmethod
    def from_params(cls, params: Mapping[str, Any], gains: Mapping[str, Gain] | None = None) -> Settings:
        """Settings from Film parameters by name, given as plain values or as sequences and arrays of one or two.

        Names that are not settings are passed over; kernels that are not available become the default (see
        `not_honoured`). Raises LrnapError that names the parameter, what is wrong, and what may stand there.
        """
        values: dict[str, Any] = {}
        for row in _rows():
            if row.name not in params:
                continue
            value = params[row.name]
            if row.name == "tonemapkernel" and _unavailable_kernel(value):
                continue
            values[row.name] = row.metadata["read"](row, value)
        settings = cls(**values, gains=tuple(sorted((gains or {}).items())))
        try:
            _ = settings.colour_system.to_xyz
        except ValueError as error:
            raise LrnapError(Code.TYPE, f"Film parameters 'colorspace_red', '_green' and '_blue': {error}") from None
        return settings

    def to_params(self) -> dict[str, str | float | tuple[float, float]]:
        """The Film parameters of these settings, all of them: `from_params(to_params())` gives the same settings."""
        return {row.name: getattr(self, row.name) for row in _rows()}

    @property
    def colour_system(self) -> ColourSystem:
        return ColourSystem(self.colorspace_red, self.colorspace_green, self.colorspace_blue, self.colorspace_white)

    def lights(self, groups: Iterable[str]) -> list[Light]:
        """The factors of light groups, in their order."""
        gains = dict(self.gains)
        return [gains.get(group, Gain()).light for group in groups]


def not_honoured(params: Mapping[str, Any]) -> tuple[str, ...]:
    """One sentence for each Film parameter that would change the picture in classic Lux and does not here."""
    found = [
        f"Film parameter '{name}' is not available yet: the picture is developed without it"
        for name, off in NOT_HONOURED.items()
        if name in params and _single(params[name]) not in (off, str(off).lower())
    ]
    if "tonemapkernel" in params and _unavailable_kernel(params["tonemapkernel"]):
        found.append(
            f"Film parameter 'tonemapkernel' {_single(params['tonemapkernel'])!r} is not available: "
            f"'{Settings.__dataclass_fields__['tonemapkernel'].default}' is used; there are {', '.join(KERNELS)}"
        )
    return tuple(found)


def _rows() -> list[Field[Any]]:
    return [row for row in fields(Settings) if row.metadata]
