"""How plugins and their parameters are written down: the types of the plugin tables.

Rules for this file: types and look-ups only; the tables themselves are the sibling files, one per kind.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

# How a parameter may be given. A "color|texture" may come as `"color Kd" [r g b]` or `"texture Kd" ["name"]`
# (and, as classic Lux has it, a float where a colour is meant or the other way round is another parameter).
Type = Literal[
    "float",
    "integer",
    "bool",
    "string",
    "point",
    "vector",
    "normal",
    "color",
    "texture",
    "color|texture",
    "float|texture",
    "fresnel",  # "float" or "texture" of the fresnel variant
    "variant",  # of a texture plugin: a float or a colour, as the texture itself is one
    "variant|texture",  # likewise, or the name of a texture of that variant
]
# The LXS types under which a parameter of each table type may be given.
SPELLINGS: Mapping[str, tuple[str, ...]] = {
    "color|texture": ("color", "texture"),
    "float|texture": ("float", "texture"),
    "fresnel": ("float", "texture"),
    "variant": ("float", "color"),
    "variant|texture": ("float", "color", "texture"),
}
Default = float | int | bool | str | tuple[float, ...] | None  # None: absent means something of its own


@dataclass(frozen=True, slots=True)
class Parameter:
    """One row: name, type, default, and what the value may be."""

    name: str
    type: Type
    default: Default = None
    count: int | None = 1  # number of values (triplets for point, vector, normal, color); None: any number
    choices: tuple[str, ...] = ()
    file: bool = False  # the value is the name of a file that the scene needs
    bare: bool = False  # ... unless the name has no extension: then it is that of something built in
    names: Literal["", "material", "texture", "volume"] = ""  # the string names a named thing of the scene
    note: str = ""
    also: tuple[str, ...] = ()  # further LXS types under which older scenes give it
    obsolete: bool = False  # of older versions only: legal, and without effect
    example: str = ""  # a value away from the default, as LXS: for documentation and tests; "": any of its type
    beside: str = ""  # parameters without which this one has no effect, as LXS
    variant: str = ""  # of a texture: the only variant in which it has one

    @property
    def types(self) -> tuple[str, ...]:
        """The LXS types under which this parameter may be given, the usual one first."""
        return SPELLINGS.get(self.type, (self.type,)) + self.also


@dataclass(frozen=True, slots=True)
class Plugin:
    kind: str  # "material", "texture", "light", "arealight", "shape", "camera", "film", "sampler", ...
    name: str
    parameters: tuple[Parameter, ...]
    aliases: tuple[str, ...] = ()
    variants: tuple[str, ...] = ()  # textures: of "float", "color", "fresnel"
    open: bool = False  # more parameters than the table lists are legal (numbered series: tex1 ... texN)
    note: str = ""
    obsolete: bool = False  # of older versions only: legal, and rendered as a substitute
    needs: str = ""  # parameters it cannot do without, as LXS; {v}, {n}, {t}: its variant's type, a value, a texture
    by_name: Mapping[str, Parameter] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_name", {p.name: p for p in self.parameters})
