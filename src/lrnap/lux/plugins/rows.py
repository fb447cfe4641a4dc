"""Short words for writing rows of the plugin tables: `real("fov", 90.0)` is a float parameter named "fov".

Rules for this file: each function makes one `Parameter`, and nothing else. A colour's default is always a triplet;
a single number given here stands for a grey.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from lrnap.lux.plugins.spec import Default, Parameter, Type

Triplet = tuple[float, float, float]


def _grey(value: float | Triplet | None) -> Default:
    return value if value is None or isinstance(value, tuple) else (value, value, value)


def real(
    name: str, default: float | tuple[float, ...] | None = None, *, count: int | None = 1, note: str = ""
) -> Parameter:
    return Parameter(name, "float", default, count=count, note=note)


def whole(name: str, default: int | None = None, *, count: int | None = 1, note: str = "") -> Parameter:
    return Parameter(name, "integer", default, count=count, note=note)


def flag(name: str, default: bool, *, note: str = "") -> Parameter:
    return Parameter(name, "bool", default, note=note)


def word(name: str, default: str | None = None, *choices: str, note: str = "") -> Parameter:
    """A string; with `choices`, one of these."""
    return Parameter(name, "string", default, choices=choices, note=note)


def file(name: str, default: str | None = None, *, bare: bool = False, note: str = "") -> Parameter:
    """A string that names a file which the scene needs; `bare`: or, without an extension, something built in."""
    return Parameter(name, "string", default, file=True, bare=bare, note=note)


def named(name: str, *, kind: Literal["material", "texture", "volume"] = "material", note: str = "") -> Parameter:
    """A string that names a thing defined earlier in the scene."""
    return Parameter(name, "string", names=kind, note=note)


def color(name: str, default: float | Triplet | None = None, *, note: str = "") -> Parameter:
    return Parameter(name, "color", _grey(default), note=note)


def triplet(
    type: Type, name: str, default: Triplet | None = None, *, count: int | None = 1, note: str = ""
) -> Parameter:
    """A point, vector or normal."""
    return Parameter(name, type, default, count=count, note=note)


def color_texture(name: str, default: float | Triplet | None, *, note: str = "") -> Parameter:
    return Parameter(name, "color|texture", _grey(default), note=note)


def float_texture(name: str, default: float | None, *, note: str = "") -> Parameter:
    return Parameter(name, "float|texture", default, note=note)


def texture(name: str, *, also: tuple[str, ...] = (), note: str = "") -> Parameter:
    """The name of a texture, and nothing else."""
    return Parameter(name, "texture", names="texture", also=also, note=note)


def fresnel(name: str, default: float) -> Parameter:
    return Parameter(name, "fresnel", default)


def variant(name: str, default: float | None = None, *, texture: bool = True) -> Parameter:
    """A value of the texture's own variant, and the name of such a texture unless `texture` is false."""
    return Parameter(name, "variant|texture" if texture else "variant", default)


def only_with(beside: str, *parameters: Parameter) -> tuple[Parameter, ...]:
    """Parameters that have an effect only beside others, given as LXS."""
    return tuple(replace(parameter, beside=f"{parameter.beside} {beside}".strip()) for parameter in parameters)


def as_in(example: str, parameter: Parameter) -> Parameter:
    """The parameter with a value, as LXS, that is away from its default and makes a difference."""
    return replace(parameter, example=example)


def old(type: Type, *names: str, also: tuple[str, ...] = (), note: str = "of older versions") -> tuple[Parameter, ...]:
    """Parameters that older versions had: legal, without effect."""
    return tuple(Parameter(name, type, note=note, also=also, obsolete=True, count=None) for name in names)
