"""What can be set in the darkroom: classic Lux's `Film` parameters by their own names, some of today, and how light
groups look.

The fields of Settings are the table: name, type, default and range stand there once, and reading, checking, writing
and documentation derive from them. Parameters of the Film that are not about developing are passed over in silence;
those that are, but that no step honours, are named by `not_honoured`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import Field, dataclass, field, fields
from typing import Any

from lrnap.errors import Code, LrnapError
from lrnap.film.develop import aperture, films, presets, view
from lrnap.film.develop import groups as group_looks
from lrnap.film.develop.aperture import Aperture
from lrnap.film.develop.colour import ROOM, ColourSystem
from lrnap.film.develop.fields import choice, chromaticity, file, flag, number, read, single, whole, word
from lrnap.film.develop.groups import GroupLook
from lrnap.film.develop.response import Response, is_file, load
from lrnap.film.develop.view import View
from lrnap.film.radiance import Light

Parameter = bool | int | str | float | tuple[float, ...]
KERNELS = ("reinhard", "linear", "contrast", "maxwhite", "autolinear", "falsecolors")
CLAMP_METHODS = ("lum", "hue", "cut", "darken")
FALSE_METHODS = ("linear", "log", "log3")
FALSE_SCALES = ("std", "lmk", "red", "white", "yellow", "speos")


@dataclass(frozen=True, slots=True)
class Settings:
    """All of it, checked. What each means stands in docs/develop.md; formulas stand with the steps."""

    outlierrejection_k: int = whole(0, -1, 1000)  # below 1 it is off, as in classic Lux
    denoise_enabled: bool = flag(False)
    denoise_strength: float = number(1.0, 0.0, 1.0)
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
    false_legend: bool = flag(False)
    gamma: float = number(2.2, 0.05, 20.0)
    ldr_clamp_method: str = choice("cut", CLAMP_METHODS)
    colorspace_red: tuple[float, float] = chromaticity(ROOM.red)
    colorspace_green: tuple[float, float] = chromaticity(ROOM.green)
    colorspace_blue: tuple[float, float] = chromaticity(ROOM.blue)
    colorspace_white: tuple[float, float] = chromaticity(ROOM.white)
    cameraresponse: str = file("a film that is built in, a .crf or .txt file of the scene with a camera's response")
    bloom_enabled: bool = flag(False)
    bloom_radius: float = number(0.07, 0.0, 1.0)
    bloom_weight: float = number(0.25, 0.0, 1.0)
    glare_enabled: bool = flag(False)
    glare_amount: float = number(0.03, 0.0, 1.0)
    glare_radius: float = number(0.03, 0.0, 0.2)
    glare_blades: int = whole(3, 3, 100)
    glare_threshold: float = number(0.5, 0.0, 1.0)
    glare_map: bool = flag(False)
    glarepupilfilename: str = file("a picture file of the scene")
    glarelashesfilename: str = file("a picture file of the scene")
    vignetting_enabled: bool = flag(False)
    vignetting_scale: float = number(0.4, -1.0, 1.0)
    abberation_enabled: bool = flag(False)
    abberation_amount: float = number(0.005, 0.0, 1.0)
    ocio: str = file("an OpenColorIO configuration: a file of the scene, or a built-in one such as ocio://default")
    ocio_display: str = word("the name of one of its displays")
    ocio_view: str = word("the name of one of the display's views")
    response: Response | None = None  # what the file or film `cameraresponse` holds
    pupil: Aperture | None = field(default=None, compare=False)  # what the file `glarepupilfilename` holds
    lashes: Aperture | None = field(default=None, compare=False)
    view: View | None = field(default=None, compare=False)  # what `ocio` makes of its display and view
    groups: Mapping[str, GroupLook] = field(default_factory=dict, hash=False)  # by name; others look as rendered

    @classmethod
    def from_params(
        cls,
        params: Mapping[str, Any],
        groups: Mapping[str, GroupLook] | None = None,
        files: Mapping[str, str] | None = None,
    ) -> Settings:
        """Settings from Film parameters by name, given as plain values or as sequences and arrays of one to three.

        Those of light groups are spelled `lightgroup.<name>.gain`, and change what `groups` says of theirs.
        `colorspace_preset` and `whitepoint_preset` stand for chromaticities. `files`: where the files lie that
        parameters may name, by name; without it none is read. Names that are not settings are passed over, and so is
        what is not available (see `not_honoured`). Raises LrnapError that names the parameter, what is wrong, and what
        may stand there.
        """
        params = presets.expand(params)
        values = {row.name: read(row, params[row.name]) for row in rows() if row.name in params}
        loaded = _loaded(values, files)
        settings = cls(**values, **loaded, groups=group_looks.from_params(params, groups or {}))
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

    @property
    def apertures(self) -> list[Aperture]:
        """What glare is seen through, where it is to be; none for a star."""
        return [one for one in (self.pupil, self.lashes) if one is not None] if self.glare_map else []

    def lights(self, groups: Iterable[str]) -> list[Light]:
        """The factors of light groups, in their order."""
        return [self.groups.get(group, GroupLook()).light for group in groups]


# What the files are that parameters name: the field that holds what was read, and how it is read.
LOADERS: Mapping[str, tuple[str, Callable[[str], Any]]] = {
    "cameraresponse": ("response", load),
    "glarepupilfilename": ("pupil", aperture.load),
    "glarelashesfilename": ("lashes", aperture.load),
}
OCIO = "ocio"
FILES = (*LOADERS, OCIO)


def names_file(parameter: str, value: Any) -> bool:
    """Whether this value of one of FILES is a file's name; else it is that of something built in, or nothing."""
    name = single(value)
    if not isinstance(name, str) or not name:
        return False
    return is_file(name) if parameter == "cameraresponse" else not name.startswith(view.BUILT_IN)


def _loaded(values: dict[str, Any], files: Mapping[str, str] | None) -> dict[str, Any]:
    """What the files hold that are named; from `values` goes what cannot be had."""
    found: dict[str, Any] = {}
    for parameter in FILES:
        name = values.get(parameter, "")
        if not names_file(parameter, name):
            continue
        if files is None:
            del values[parameter]
        elif name not in files:
            raise LrnapError(
                Code.NOT_FOUND, f"Film parameter '{parameter}' names {name!r}, which is no file of the scene"
            )
        elif parameter in LOADERS:
            into, loader = LOADERS[parameter]
            found[into] = loader(files[name])
    film = values.get("cameraresponse", "")
    if film in films.NAMES:
        found["response"] = films.built_in(film)
    elif film and not is_file(film):
        del values["cameraresponse"]
    config = values.get(OCIO, "")
    if config:
        place = files[config] if files is not None and config in files else config
        found["view"] = view.load(place, values.get("ocio_display", ""), values.get("ocio_view", ""))
    return found


def not_honoured(params: Mapping[str, Any]) -> tuple[str, ...]:
    """One sentence for each Film parameter that would change the picture in classic Lux and does not here."""
    film = single(params.get("cameraresponse", ""))
    if not isinstance(film, str) or not film or is_file(film) or film in films.NAMES:
        return ()
    return (
        f"Film parameter 'cameraresponse' {film!r} is not available, and the picture is developed without: there are "
        f"{', '.join(films.FORMULAS)}, the same in black and white ({next(iter(films.FORMULAS))}"
        f"{films.BLACK_AND_WHITE} ...), and .crf or .txt files with graphs 'I =' and 'B ='",
    )


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
    return lower if lower in presets.NAMED or any(lower == row.name for row in rows()) else None
