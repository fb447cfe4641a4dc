"""Named colour spaces and white points, and settings as the text of a preset (TOML).

A name stands for chromaticities: `colorspace_preset` for four of them, `whitepoint_preset` for one. Only what a name
stands for is kept. A preset file holds Film parameters by their names; a light group is a table of its own:

    tonemapkernel = "reinhard"
    gamma = 2.2

    [lightgroup.sun]
    gain = 0.5
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from typing import Any

from lrnap.errors import Code, LrnapError
from lrnap.film.develop.colour import ROOM, Chromaticity, ColourSystem
from lrnap.film.develop.fields import single
from lrnap.film.develop.groups import PREFIX

# As in the panel of classic Lux, from the standards that they are named after, and two of today.
COLOUR_SPACES: Mapping[str, ColourSystem] = {
    "SMPTE": ROOM,
    "sRGB": ColourSystem((0.64, 0.33), (0.30, 0.60), (0.15, 0.06), (0.3127, 0.3290)),  # and ITU-R BT.709
    "ROMM": ColourSystem((0.7347, 0.2653), (0.1596, 0.8404), (0.0366, 0.0001), (0.3457, 0.3585)),  # ISO 22028-2
    "Adobe98": ColourSystem((0.64, 0.33), (0.21, 0.71), (0.15, 0.06), (0.3127, 0.3290)),
    "Apple": ColourSystem((0.625, 0.34), (0.28, 0.595), (0.155, 0.07), (0.3127, 0.3290)),
    "NTSC53": ColourSystem((0.67, 0.33), (0.21, 0.71), (0.14, 0.08), (0.310, 0.316)),  # FCC 1953
    "NTSC79": ColourSystem((0.63, 0.34), (0.31, 0.595), (0.155, 0.07), (0.3127, 0.3290)),  # SMPTE C
    "PAL": ColourSystem((0.64, 0.33), (0.29, 0.60), (0.15, 0.06), (0.3127, 0.3290)),  # EBU 3213
    "CIE-E": ColourSystem((0.735, 0.265), (0.274, 0.717), (0.167, 0.009), (1 / 3, 1 / 3)),  # CIE 1931
    "Display-P3": ColourSystem((0.68, 0.32), (0.265, 0.69), (0.15, 0.06), (0.3127, 0.3290)),
    "Rec2020": ColourSystem((0.708, 0.292), (0.170, 0.797), (0.131, 0.046), (0.3127, 0.3290)),  # ITU-R BT.2020
}

# CIE 15, observer of 1931; 9300K as monitors have it.
WHITE_POINTS: Mapping[str, Chromaticity] = {
    "SMPTE": ROOM.white,
    "A": (0.44757, 0.40745),
    "B": (0.34842, 0.35161),
    "C": (0.31006, 0.31616),
    "D50": (0.34567, 0.35850),
    "D55": (0.33242, 0.34743),
    "D65": (0.31271, 0.32902),
    "D75": (0.29902, 0.31485),
    "E": (1 / 3, 1 / 3),
    "F2": (0.37208, 0.37529),
    "F7": (0.31292, 0.32933),
    "F11": (0.38052, 0.37713),
    "9300K": (0.28480, 0.29320),
}

NAMED: Mapping[str, Mapping[str, Mapping[str, Chromaticity]]] = {
    "colorspace_preset": {
        name: {f"colorspace_{part}": getattr(system, part) for part in ("red", "green", "blue", "white")}
        for name, system in COLOUR_SPACES.items()
    },
    "whitepoint_preset": {name: {"colorspace_white": white} for name, white in WHITE_POINTS.items()},
}


def expand(params: Mapping[str, Any]) -> dict[str, Any]:
    """Film parameters with what the named ones stand for; a white point's name counts more than a colour space's, and
    what is given in numbers more than either. Raises LrnapError that lists the names there are."""
    found: dict[str, Any] = {}
    for parameter, table in NAMED.items():
        if parameter in params:
            name = single(params[parameter])
            if not isinstance(name, str) or name not in table:
                raise LrnapError(
                    Code.TYPE, f"Film parameter '{parameter}' must be one of {', '.join(table)}, not {name!r}"
                )
            found |= table[name]
    return found | {name: value for name, value in params.items() if name not in NAMED}


def from_text(text: str) -> dict[str, Any]:
    """The parameters in a preset's text. Raises LrnapError with the line where it is no TOML."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise LrnapError(Code.TYPE, f"not a preset in TOML: {error}") from None
    except RecursionError:
        raise LrnapError(Code.TYPE, "not a preset: it has lists in lists, too many to read") from None
    groups = table.pop(PREFIX[:-1], {})
    if not isinstance(groups, dict) or not all(isinstance(look, dict) for look in groups.values()):
        raise LrnapError(Code.TYPE, "a light group of a preset is a table: [lightgroup.NAME]")
    return table | {f"{PREFIX}{group}.{name}": value for group, look in groups.items() for name, value in look.items()}


def to_text(params: Mapping[str, Any], comment: str = "") -> str:
    """A preset's text with these parameters (see `Settings.to_params`)."""
    lines = [f"# {line}" for line in comment.splitlines()]
    tables: dict[str, list[str]] = {}
    for name, value in params.items():
        if name.startswith(PREFIX):
            group, _, attribute = name[len(PREFIX) :].rpartition(".")
            tables.setdefault(group, []).append(f"{attribute} = {_written(value)}")
        else:
            lines.append(f"{name} = {_written(value)}")
    for group, rows in tables.items():
        lines += ["", f"[{PREFIX}{_written(group)}]", *rows]
    return "\n".join(lines) + "\n"


def _written(value: Any) -> str:
    """A value in TOML, whose strings, numbers and lists of numbers are JSON's but for DEL."""
    if isinstance(value, tuple | list):
        return f"[{', '.join(map(_written, value))}]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
