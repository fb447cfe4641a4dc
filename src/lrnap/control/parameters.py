"""The old-style film parameters: classic Lux's numbers and names, and what each is here.

The table of those that stand in .flm files is `film.flm_parameters`; MORE are those that never do. Parameters of light
groups take the group's position as index. A step that classic Lux has and the darkroom here has not keeps its default:
asking for anything else is E_UNSUPPORTED.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from lrnap.control import look
from lrnap.control.job import Figures, Steered
from lrnap.errors import Code, LrnapError
from lrnap.film.develop import Settings
from lrnap.film.develop.settings import FALSE_METHODS, FALSE_SCALES
from lrnap.film.flm_parameters import BLUE, ENABLE, FILM, GREEN, GROUP, NAME, RED, SCALE, TEMPERATURE, Row
from lrnap.lux.spelling import did_you_mean

if TYPE_CHECKING:
    from lrnap.control.console import Console

COMPONENTS = ("LUX_FILM", "0")
PREFIX = "LUX_FILM_"
COUNT, HISTOGRAM = 50, 31
MORE = (
    Row(HISTOGRAM, "HISTOGRAM_ENABLED", default=1.0),
    Row(COUNT, "LG_COUNT"),
    Row(58, "LG_SCALE_X"),
    Row(59, "LG_SCALE_Y"),
    Row(60, "LG_SCALE_Z"),
    Row(65, "TM_FALSE_METHOD", "false_method", words=FALSE_METHODS),
    Row(66, "TM_FALSE_COLORSCALE", "false_colorscale", words=FALSE_SCALES),
    Row(67, "TM_FALSE_MAX", "false_max"),
    Row(68, "TM_FALSE_MIN", "false_min"),
    Row(69, "TM_FALSE_MAXSAT"),
    Row(70, "TM_FALSE_MINSAT"),
    Row(71, "TM_FALSE_AVGLUM"),
    Row(72, "TM_FALSE_AVGEMI"),
)
ROWS: Mapping[int, Row] = {row.number: row for row in (*FILM, *GROUP, *MORE)}
BY_NAME: Mapping[str, Row] = {row.name: row for row in ROWS.values()}
OF_GROUP: Mapping[int, tuple[str, int | None]] = {  # the setting of a light group, and which of its values
    SCALE: ("gain", None),
    ENABLE: ("enabled", None),
    RED: ("rgb", 0),
    GREEN: ("rgb", 1),
    BLUE: ("rgb", 2),
    TEMPERATURE: ("temperature", None),
}
RESPONSE_ENABLED, RESPONSE = 62, "cameraresponse"
LAYERS_OFF: Mapping[int, str] = {19: "bloom_enabled", 27: "glare_enabled"}  # DELETE...LAYER
DEFAULTS: Mapping[str, object] = Settings().to_params()

Value = float | str


def find(component: str, parameter: str) -> Row:
    """The row of a number or a name, with or without its prefix. Raises LrnapError with a suggestion."""
    if component.upper() not in COMPONENTS:
        raise LrnapError(Code.ARGS, f"there is no component {component[:40]!r}: LUX_FILM (0) is the only one")
    name = parameter.upper().removeprefix(PREFIX)
    row = ROWS.get(int(name)) if name.isdecimal() and len(name) < 4 else BY_NAME.get(name)
    if row is None:
        raise LrnapError(
            Code.ARGS, f"there is no film parameter {parameter[:40]!r}{did_you_mean(name, BY_NAME)}; they are 0 to 75"
        )
    return row


def name_of_group(figures: Figures, index: int) -> str:
    if not figures.groups:
        raise LrnapError(Code.STATE, "light groups are known once there is a film: wait for the first samples")
    if not 0 <= index < len(figures.groups):
        raise LrnapError(
            Code.ARGS,
            f"there is no light group {index}: there are 0 to {len(figures.groups) - 1}, {', '.join(figures.groups)}",
        )
    return figures.groups[index]


# --- values -------------------------------------------------------------------------------------------------------


def current(job: Steered, row: Row, index: int = 0) -> Value:
    figures = job.figures()
    if row.number == COUNT:
        return float(len(figures.groups))
    if row.number == NAME:
        return name_of_group(figures, index)
    if row.number in OF_GROUP:
        attribute, place = OF_GROUP[row.number]
        group = look.settings(job).groups.get(name_of_group(figures, index))
        found = None if group is None else getattr(group, attribute)
        return default(row) if found is None else float(found if place is None else found[place])
    if row.number == RESPONSE_ENABLED:
        return float(bool(look.value(job, RESPONSE)))
    return _classic(row, look.value(job, row.film)) if row.film else default(row)


def default(row: Row) -> Value:
    return _classic(row, DEFAULTS[row.film]) if row.film in DEFAULTS else row.default


def _classic(row: Row, value: object) -> Value:
    """A setting as classic Lux numbers it."""
    if value is None:
        return row.default
    if row.words:
        return float(row.words.index(str(value))) if str(value) in row.words else 0.0
    if isinstance(value, tuple):
        value = value[row.place or 0]
    return value if isinstance(value, str) else float(value)  # type: ignore[arg-type]  # a number or a bool


async def change(job: Steered, row: Row, value: Value, index: int = 0) -> None:
    figures = job.figures()
    if row.number in (COUNT, NAME):
        raise LrnapError(Code.UNSUPPORTED, f"{row.name} cannot be set: light groups are the scene's")
    if row.number in OF_GROUP:
        attribute, place = OF_GROUP[row.number]
        group = name_of_group(figures, index)
        known = look.settings(job).groups.get(group)
        rgb = (1.0, 1.0, 1.0) if known is None else known.rgb
        new = value if place is None else tuple(value if i == place else old for i, old in enumerate(rgb))
        await look.change(job, f"lightgroup.{group}.{attribute}", bool(new) if row.number == ENABLE else new)
    elif row.number in LAYERS_OFF:
        if value:
            await look.change(job, LAYERS_OFF[row.number], False)
    elif row.number == RESPONSE_ENABLED:
        if not value:
            await look.change(job, RESPONSE, "")
    elif row.film:
        await look.change(job, row.film, _ours(job, row, value))
    elif value != row.default and row.number != HISTOGRAM:
        raise LrnapError(Code.UNSUPPORTED, f"{row.name} is not available: it stays {row.default:g}")


def _ours(job: Steered, row: Row, value: Value) -> object:
    """A number of classic Lux as the setting that it means."""
    if isinstance(value, str) is not isinstance(row.default, str):
        kind = "a text, with SetStringParameterValue" if isinstance(row.default, str) else "a number"
        raise LrnapError(Code.TYPE, f"{row.name} must be {kind}, not {value!r}")
    if row.words:
        number = float(value)
        if number != int(number) or not 0 <= number < len(row.words):
            known = ", ".join(f"{i} {word}" for i, word in enumerate(row.words))
            raise LrnapError(Code.ARGS, f"{row.name} must be one of {known}, not {number:g}")
        return row.words[int(number)]
    if row.flag:
        return bool(value)
    if row.place is not None:
        pair = look.value(job, row.film)
        return tuple(value if i == row.place else old for i, old in enumerate(pair))
    default = DEFAULTS.get(row.film)
    return int(value) if isinstance(default, int) and not isinstance(default, bool) else value


# --- the calls ----------------------------------------------------------------------------------------------------


async def set_value(console: Console, component: str, parameter: str, value: float, index: int = 0) -> None:
    await change(console.job, find(component, parameter), value, index)


async def get_value(console: Console, component: str, parameter: str, index: int = 0) -> float:
    return _number(row := find(component, parameter), current(console.job, row, index))


async def get_default_value(console: Console, component: str, parameter: str, index: int = 0) -> float:  # noqa: ARG001
    return _number(row := find(component, parameter), default(row))


async def set_string_value(console: Console, component: str, parameter: str, value: str, index: int = 0) -> None:
    await change(console.job, find(component, parameter), value, index)


async def get_string_value(console: Console, component: str, parameter: str, index: int = 0) -> str:
    return _text(row := find(component, parameter), current(console.job, row, index))


async def get_default_string_value(console: Console, component: str, parameter: str, index: int = 0) -> str:  # noqa: ARG001
    return _text(row := find(component, parameter), default(row))


def _number(row: Row, value: Value) -> float:
    if isinstance(value, str):
        raise LrnapError(Code.TYPE, f"{row.name} is a text: ask with GetStringParameterValue")
    return value


def _text(row: Row, value: Value) -> str:
    if not isinstance(value, str):
        raise LrnapError(Code.TYPE, f"{row.name} is a number: ask with GetParameterValue")
    return value
