"""What can be set in the darkroom: classic Lux's `Film` parameters by their own names, and how light groups look.

The fields of Settings are the table: name, type, default and range stand there once, and reading, checking, writing
and documentation derive from them. Parameters of the Film that are not about developing are passed over in silence;
those that are, but that no step honours, are named by `not_honoured`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import Field, dataclass, field, fields
from typing import Any

from lrnap.errors import Code, LrnapError
from lrnap.film.develop import groups as group_looks
from lrnap.film.develop.colour import ROOM, ColourSystem
from lrnap.film.develop.fields import choice, chromaticity, file, flag, is_on, number, read, single, whole
from lrnap.film.develop.groups import GroupLook
from lrnap.film.develop.response import Response, is_file, load
from lrnap.film.radiance import Light

Parameter = bool | int | str | float | tuple[float, ...]
KERNELS = ("reinhard", "linear", "contrast", "maxwhite", "autolinear", "falsecolors")
CLAMP_METHODS = ("lum", "hue", "cut", "darken")
FALSE_METHODS = ("linear", "log", "log3")
FALSE_SCALES = ("std", "lmk", "red", "white", "yellow", "speos")

# Parameters of glare that change a picture in classic Lux but not here, and the value that switches each off.
GLARE_MAPS: Mapping[str, object] = {"glare_map": False, "glarepupilfilename": "", "glarelashesfilename": ""}


@dataclass(frozen=True, slots=True)
class Settings:
    """All of it, checked. What each means stands in docs/develop.md; formulas stand with the steps."""

    tonemapkernel: str = choice("autolinear", KERNELS)
    reinhard_prescale: float = number(1.0, 1e-6, 1e6)
    reinhard_postscale: float = number(1.0, 0.0, 1e6)
    reinhard_burn: float = number(6.0, 0.0, 1e6)
    linear_sensitivity: float = number(50.0, 0.0, 1e6)
    linear_exposure: float = number(1.0, 0.0, 1e6)
    linear_fstop: float = number(2.8, 1e-3, 1e4)
    linear_gamma: float = number(1.0, 0.0, 20.0)
    contrast_ywa: float = number(1.0, 0.0, 1e12)
    false_method: str = choice("linear", FALSE_METHODS)
    false_colorscale: str = choice("std", FALSE_SCALES)
    false_max: float = number(0.0, 0.0, 1e12)
    false_min: float = number(0.0, 0.0, 1e12)
    gamma: float = number(2.2, 0.05, 20.0)
    ldr_clamp_method: str = choice("cut", CLAMP_METHODS)
    colorspace_red: tuple[float, float] = chromaticity(ROOM.red)
    colorspace_green: tuple[float, float] = chromaticity(ROOM.green)
    colorspace_blue: tuple[float, float] = chromaticity(ROOM.blue)
    colorspace_white: tuple[float, float] = chromaticity(ROOM.white)
    cameraresponse: str = file("a .crf or .txt file of the scene with a camera's response")
    bloom_enabled: bool = flag(False)
    bloom_radius: float = number(0.07, 0.0, 1.0)
    bloom_weight: float = number(0.25, 0.0, 1.0)
    glare_enabled: bool = flag(False)
    glare_amount: float = number(0.03, 0.0, 1.0)
    glare_radius: float = number(0.03, 0.0, 0.2)
    glare_blades: int = whole(3, 3, 100)
    glare_threshold: float = number(0.5, 0.0, 1.0)
    vignetting_enabled: bool = flag(False)
    vignetting_scale: float = number(0.4, -1.0, 1.0)
    abberation_enabled: bool = flag(False)
    abberation_amount: float = number(0.005, 0.0, 1.0)
    response: Response | None = None  # what the file `cameraresponse` holds
    groups: Mapping[str, GroupLook] = field(default_factory=dict, hash=False)  # by name; others look as rendered

    @classmethod
    def from_params(
        cls,
        params: Mapping[str, Any],
        groups: Mapping[str, GroupLook] | None = None,
        files: Mapping[str, str] | None = None,
    ) -> Settings:
        """Settings from Film parameters by name, given as plain values or as sequences and arrays of one to
        three; those of light groups are spelled `lightgroup.<name>.gain`, and change what `groups` says of theirs.

        `files`: where the files lie that parameters may name, by name; without it none is read. Names that are not
        settings are passed over, and so is what is not available (see `not_honoured`). Raises LrnapError that names
        the parameter, what is wrong, and what may stand there.
        """
        values = {row.name: read(row, params[row.name]) for row in rows() if row.name in params}
        name = values.get("cameraresponse", "")
        if files is None or not is_file(name):
            values.pop("cameraresponse", None)
        elif name not in files:
            raise LrnapError(
                Code.NOT_FOUND, f"Film parameter 'cameraresponse' names {name!r}, which is no file of the scene"
            )
        else:
            values["response"] = load(files[name])
        settings = cls(**values, groups=group_looks.from_params(params, groups or {}))
        try:
            _ = settings.colour_system.to_xyz
        except ValueError as error:
            raise LrnapError(Code.TYPE, f"Film parameters 'colorspace_red', '_green' and '_blue': {error}") from None
        return settings

    def to_params(self) -> dict[str, Parameter]:
        """The Film parameters of these settings, all of them: `from_params(to_params())`, given the same files, gives
        the same settings."""
        return {row.name: getattr(self, row.name) for row in rows()} | group_looks.to_params(self.groups)

    @property
    def colour_system(self) -> ColourSystem:
        return ColourSystem(self.colorspace_red, self.colorspace_green, self.colorspace_blue, self.colorspace_white)

    def lights(self, groups: Iterable[str]) -> list[Light]:
        """The factors of light groups, in their order."""
        return [self.groups.get(group, GroupLook()).light for group in groups]


def not_honoured(params: Mapping[str, Any]) -> tuple[str, ...]:
    """One sentence for each Film parameter that would change the picture in classic Lux and does not here."""
    found = []
    if is_on(params.get("glare_enabled", False)):
        found = [
            f"Film parameter '{name}' is not available: glare has the shape of a star with 'glare_blades'"
            for name, off in GLARE_MAPS.items()
            if name in params and single(params[name]) not in (off, str(off).lower())
        ]
    film = single(params.get("cameraresponse", ""))
    if isinstance(film, str) and film and not is_file(film):
        found.append(
            f"Film parameter 'cameraresponse' {film!r} is not available: built-in films are not here, and the picture "
            "is developed without; give a .crf or .txt file with graphs 'I =' and 'B ='"
        )
    return tuple(found)


def rows() -> tuple[Field[Any], ...]:
    """The settings that are Film parameters, in the order of the table above."""
    return tuple(row for row in fields(Settings) if row.metadata)


def spelled(name: str) -> str | None:
    """A parameter's own spelling: names are told apart without regard to case, but for that of a light group. None if
    nothing of the darkroom is called so."""
    lower = name.lower()
    if lower.startswith(group_looks.PREFIX):
        group, dot, attribute = name[len(group_looks.PREFIX) :].rpartition(".")
        known = f"{group_looks.PREFIX}{group}{dot}{attribute.lower()}"
        return known if group_looks.split(known) else None
    return lower if any(lower == row.name for row in rows()) else None
