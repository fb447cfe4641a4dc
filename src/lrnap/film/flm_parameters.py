"""The parameters of a .flm: what each number means, and how the darkroom's settings become parameters and back.

A row stands for one number, in the order in which classic Lux writes them. Where it is a parameter of the scene's Film,
`film` is that parameter's name. What nothing here has is written with classic Lux's default,
because its readers restore all of them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from lrnap.errors import Code, LrnapError
from lrnap.film.develop import GroupLook, Settings, not_honoured
from lrnap.film.develop.colour import COOLEST, HOTTEST
from lrnap.film.develop.denoise import from_classic
from lrnap.film.develop.presets import expand
from lrnap.film.develop.settings import FILES, names_file
from lrnap.film.develop.settings import Parameter as Given
from lrnap.film.flm import Parameter, ParameterType
from lrnap.limits import MAX_NAME

Value = float | str
KERNELS = ("reinhard", "linear", "contrast", "maxwhite", "autolinear", "falsecolors")
CLAMP_METHODS = ("lum", "hue", "cut", "darken")


@dataclass(frozen=True, slots=True)
class Row:
    number: int
    name: str  # in classic Lux's API, where LUX_FILM_ stands before it
    film: str = ""
    default: Value = 0.0  # where the settings have none
    place: int | None = None  # which one of two values
    words: Sequence[str] = ()  # what 0, 1 ... stand for
    flag: bool = False

    @property
    def type(self) -> ParameterType:
        return ParameterType.STRING if isinstance(self.default, str) else ParameterType.FLOAT


FILM = (
    Row(0, "TM_TONEMAPKERNEL", "tonemapkernel", words=KERNELS),
    Row(1, "TM_REINHARD_PRESCALE", "reinhard_prescale"),
    Row(2, "TM_REINHARD_POSTSCALE", "reinhard_postscale"),
    Row(3, "TM_REINHARD_BURN", "reinhard_burn"),
    Row(4, "TM_LINEAR_SENSITIVITY", "linear_sensitivity"),
    Row(5, "TM_LINEAR_EXPOSURE", "linear_exposure"),
    Row(6, "TM_LINEAR_FSTOP", "linear_fstop"),
    Row(7, "TM_LINEAR_GAMMA", "linear_gamma"),
    Row(8, "TM_CONTRAST_YWA", "contrast_ywa"),
    Row(64, "LDR_CLAMP_METHOD", "ldr_clamp_method", words=CLAMP_METHODS),
    Row(9, "TORGB_X_WHITE", "colorspace_white", place=0),
    Row(10, "TORGB_Y_WHITE", "colorspace_white", place=1),
    Row(11, "TORGB_X_RED", "colorspace_red", place=0),
    Row(12, "TORGB_Y_RED", "colorspace_red", place=1),
    Row(13, "TORGB_X_GREEN", "colorspace_green", place=0),
    Row(14, "TORGB_Y_GREEN", "colorspace_green", place=1),
    Row(15, "TORGB_X_BLUE", "colorspace_blue", place=0),
    Row(16, "TORGB_Y_BLUE", "colorspace_blue", place=1),
    Row(17, "TORGB_GAMMA", "gamma"),
    Row(62, "CAMERA_RESPONSE_ENABLED"),
    Row(63, "CAMERA_RESPONSE_FILE", "cameraresponse", default=""),
    Row(18, "UPDATEBLOOMLAYER", "bloom_enabled", flag=True),
    Row(19, "DELETEBLOOMLAYER"),
    Row(20, "BLOOMRADIUS", "bloom_radius", 0.07),
    Row(21, "BLOOMWEIGHT", "bloom_weight", 0.25),
    Row(22, "VIGNETTING_ENABLED", "vignetting_enabled", flag=True),
    Row(23, "VIGNETTING_SCALE", "vignetting_scale", 0.4),
    Row(24, "ABERRATION_ENABLED", "abberation_enabled", flag=True),
    Row(25, "ABERRATION_AMOUNT", "abberation_amount", 0.005),
    Row(26, "UPDATEGLARELAYER", "glare_enabled", flag=True),
    Row(27, "DELETEGLARELAYER"),
    Row(28, "GLARE_AMOUNT", "glare_amount", 0.03),
    Row(29, "GLARE_RADIUS", "glare_radius", 0.03),
    Row(30, "GLARE_BLADES", "glare_blades", 3.0),
    Row(61, "GLARE_THRESHOLD", "glare_threshold", 0.5),
    Row(73, "GLARE_MAP", "glare_map", flag=True),
    Row(74, "GLARE_PUPIL", "glarepupilfilename", default=""),
    Row(75, "GLARE_LASHES", "glarelashesfilename", default=""),
    Row(32, "NOISE_CHIU_ENABLED"),
    Row(33, "NOISE_CHIU_RADIUS", default=3.0),
    Row(34, "NOISE_CHIU_INCLUDECENTER"),
    Row(35, "NOISE_GREYC_ENABLED"),
    Row(36, "NOISE_GREYC_AMPLITUDE", default=60.0),
    Row(37, "NOISE_GREYC_NBITER", default=1.0),
    Row(38, "NOISE_GREYC_SHARPNESS", default=0.91),
    Row(39, "NOISE_GREYC_ANISOTROPY", default=0.3),
    Row(40, "NOISE_GREYC_ALPHA", default=0.8),
    Row(41, "NOISE_GREYC_SIGMA", default=1.1),
    Row(42, "NOISE_GREYC_FASTAPPROX", default=1.0),
    Row(43, "NOISE_GREYC_GAUSSPREC", default=2.0),
    Row(44, "NOISE_GREYC_DL", default=0.8),
    Row(45, "NOISE_GREYC_DA", default=30.0),
    Row(46, "NOISE_GREYC_INTERP"),
    Row(47, "NOISE_GREYC_TILE"),
    Row(48, "NOISE_GREYC_BTILE", default=4.0),
    Row(49, "NOISE_GREYC_THREADS", default=1.0),
)
SCALE, ENABLE, RED, GREEN, BLUE, TEMPERATURE, NAME = 53, 51, 54, 56, 55, 57, 52
GROUP = (
    Row(SCALE, "LG_SCALE", default=1.0),
    Row(ENABLE, "LG_ENABLE", default=1.0),
    Row(RED, "LG_SCALE_RED", default=1.0),
    Row(GREEN, "LG_SCALE_GREEN", default=1.0),
    Row(BLUE, "LG_SCALE_BLUE", default=1.0),
    Row(TEMPERATURE, "LG_TEMPERATURE"),
    Row(NAME, "LG_NAME", default=""),
)
_RESPONSE_ENABLED, _RESPONSE = 62, 63
_CHIU, _OF_CHIU = 32, (33,)  # on, radius
_GREYC, _OF_GREYC = 35, (36, 37)  # on, amplitude and number of iterations
_ROWS: Mapping[int, Row] = {row.number: row for row in (*FILM, *GROUP)}


def from_settings(settings: Settings, groups: Sequence[str]) -> tuple[Parameter, ...]:
    """All parameters that classic Lux writes, with these settings and light groups."""
    own = settings.to_params()
    rows = [_parameter(row, _value(row, own)) for row in FILM]
    for index, group in enumerate(groups):
        look = settings.groups.get(group, GroupLook())
        given: dict[int, Value] = {SCALE: look.gain, ENABLE: float(look.enabled), NAME: group}
        given[TEMPERATURE] = look.temperature
        given.update(zip((RED, GREEN, BLUE), look.rgb, strict=True))
        rows += [_parameter(row, given.get(row.number, row.default), index) for row in GROUP]
    return tuple(rows)


def _parameter(row: Row, value: Value, index: int = 0) -> Parameter:
    return Parameter(row.number, value, index, row.type)


def _value(row: Row, own: Mapping[str, Given]) -> Value:
    value = own.get(row.film, row.default)
    if row.number == _RESPONSE_ENABLED:
        return float(bool(own.get("cameraresponse")))
    if isinstance(value, tuple):
        assert row.place is not None
        return value[row.place]
    if row.words:
        return float(row.words.index(str(value)))
    return value if isinstance(value, str) else float(value)


def names(parameters: Iterable[Parameter], groups: int) -> tuple[str, ...]:
    """The names of the light groups; where a film names one not at all, or as another, classic Lux's stopgap.
    No two are the same."""
    given = {p.index: _text(p.value) for p in parameters if p.number == NAME}
    found: list[str] = []
    for index in range(groups):
        name = given.get(index, "")
        if not 0 < len(name) <= MAX_NAME or name in found:
            name = f"lightgroup #{index + 1}"
        while name in found:
            name += "'"
        found.append(name)
    return tuple(found)


def film_params(parameters: Iterable[Parameter]) -> dict[str, object]:
    """The parameters of the scene's Film that a film holds, by name, and as a scene would give them."""
    values = {p.number: p.value for p in parameters}
    if not values.get(_RESPONSE_ENABLED, 1.0):
        values.pop(_RESPONSE, None)
    found: dict[str, object] = {}
    for row in FILM:
        value = values.get(row.number)
        if value is None or not row.film:
            continue
        if row.place is not None:
            pair = found.setdefault(row.film, list(getattr(Settings(), row.film)))
            assert isinstance(pair, list)
            pair[row.place] = value if isinstance(value, str) else _decimal(value)
        elif row.words:
            found[row.film] = _word(row, value)
        elif row.flag:
            found[row.film] = bool(value)
        else:
            found[row.film] = _text(value) if isinstance(value, str) else _decimal(value)
    return {name: tuple(value) if isinstance(value, list) else value for name, value in found.items()}


def settings(
    parameters: Sequence[Parameter],
    groups: Sequence[str],
    changed: Mapping[str, object] | None = None,
    files: Mapping[str, str] | None = None,
) -> tuple[Settings, tuple[str, ...]]:
    """How a film wants to be developed, and a sentence for each wish that is not honoured. `changed`: Film parameters
    that count instead of those in the film; only files that they name are read, by default where they are named, or
    where `files` says that they lie.

    Raises LrnapError that names the parameter, what it is, and what it may be.
    """
    own, chosen = film_params(parameters), expand(changed or {})
    notes = [*_filters(parameters, own), *_left_out(own, chosen), *not_honoured({**own, **chosen})]
    looks = {}
    for index, group in enumerate(groups):
        look = _look(parameters, index)
        if look.temperature and not COOLEST <= look.temperature <= HOTTEST:
            notes.append(
                f"light group {group!r} has a temperature of {look.temperature:g} K, which is not available: it is "
                f"developed without; there are {COOLEST:g} to {HOTTEST:g} K"
            )
            look = replace(look, temperature=0.0)
        looks[group] = look
    return Settings.from_params({**own, **chosen}, looks, _files(chosen, files)), tuple(notes)


def changed_settings(
    own: Mapping[str, object], changed: Mapping[str, object] | None = None, files: Mapping[str, str] | None = None
) -> tuple[Settings, tuple[str, ...]]:
    """The same for a film of ours, which says itself how it is developed by the names of Film's parameters."""
    kept, chosen = dict(own), expand(changed or {})
    notes = (*_left_out(kept, chosen), *not_honoured({**kept, **chosen}))
    return Settings.from_params({**kept, **chosen}, files=_files(chosen, files)), notes


def _files(chosen: Mapping[str, object], files: Mapping[str, str] | None) -> Mapping[str, str]:
    if files is not None:
        return files
    return {str(chosen[name]): str(chosen[name]) for name in FILES if names_file(name, chosen.get(name))}


def _filters(parameters: Sequence[Parameter], own: dict[str, object]) -> list[str]:
    """Classic Lux's noise filters, where they are on, as denoising: changes `own`, and says so."""
    given = {row.number: row.default for row in FILM} | {p.number: p.value for p in parameters}
    values = {number: _number(number, given[number]) for number in (_CHIU, *_OF_CHIU, _GREYC, *_OF_GREYC)}
    chiu = values[_OF_CHIU[0]] if values[_CHIU] else None
    greyc = (values[_OF_GREYC[0]], values[_OF_GREYC[1]]) if values[_GREYC] else None
    if chiu is None and greyc is None:
        return []
    strength = from_classic(chiu, greyc)
    own.update(denoise_enabled=True, denoise_strength=strength)
    filters = " and ".join(name for name, on in (("Chiu's", chiu), ("GREYCstoration", greyc)) if on is not None)
    return [f"instead of the noise filter {filters} the film is denoised with denoise_strength = {strength:g}"]


def _left_out(own: dict[str, object], chosen: Mapping[str, object]) -> list[str]:
    """Files that a film names, which are not in it: taken out of `own`, and said where they would have mattered."""
    notes = []
    for name in (name for name in FILES if names_file(name, own.get(name))):
        named = own.pop(name)
        asked = {**own, **chosen}
        if name not in chosen and (name == "cameraresponse" or (asked.get("glare_enabled") and asked.get("glare_map"))):
            notes.append(f"{name} names {named!r}, which is a file, and not in the film: it is developed without")
    return notes


def _look(parameters: Sequence[Parameter], index: int) -> GroupLook:
    given = {row.number: row.default for row in GROUP}
    given.update((p.number, p.value) for p in parameters if p.index == index and p.number in given)
    scale, enabled, red, green, blue, kelvin = (
        _number(number, given[number]) for number in (SCALE, ENABLE, RED, GREEN, BLUE, TEMPERATURE)
    )
    return GroupLook(scale, (red, green, blue), max(kelvin, 0.0), bool(enabled))


def _word(row: Row, value: Value) -> str:
    number = _number(row.number, value)
    if number == int(number) and 0 <= number < len(row.words):
        return row.words[int(number)]
    raise _bad(row.number, value, ", ".join(f"{i} ({word})" for i, word in enumerate(row.words)))


def _number(number: int, value: Value) -> float:
    if isinstance(value, str) or not math.isfinite(value):
        raise _bad(number, value, "a finite number")
    return value


def _decimal(value: float) -> float:
    """The number that was meant, where it came through float32: 0.34, not 0.3400000035762787."""
    return float(str(np.float32(value)))


def _bad(number: int, value: Value, wanted: str) -> LrnapError:
    name = _ROWS[number].name
    return LrnapError(Code.TYPE, f"the film's parameter {number} ({name}) must be {wanted}, not {value!r}")


def _text(value: Value) -> str:
    """Up to the first NUL, as C reads it; bytes that are not UTF-8 become marks."""
    return str(value).partition("\0")[0].encode(errors="surrogateescape").decode(errors="replace")
