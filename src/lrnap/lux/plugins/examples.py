"""Parameters as one would write them: each with a value away from its default, beside what it needs to matter.

Documentation shows these, and tests render them. They name things that `THINGS` defines, and files that whoever renders
them provides: an image, a metal's n and k, a lamp's directions, a table of a spectrum.
"""

from __future__ import annotations

from collections.abc import Iterator

from lrnap.lux.plugins.spec import Parameter, Plugin

THINGS = """
Texture "f" "float" "fbm"  Texture "c" "color" "checkerboard" "float uscale" [5] "float vscale" [3]
 Texture "r" "fresnel" "fresnelcolor"
MakeNamedMaterial "a" "string type" ["matte"]  MakeNamedMaterial "b" "string type" ["mirror"]
MakeNamedMaterial "c" "string type" ["metal2"]
"""
IMAGE, METAL, LAMP, SPECTRUM = "image.png", "metal.nk", "light.ies", "spectrum.txt"
VALUES = {"float": "[0.37]", "color": "[0.2 0.4 0.6]", "point": "[1 2 3]", "vector": "[1 2 3]", "normal": "[1 2 3]"}
_TEXTURES = {"fresnel": "r", "color|texture": "c", "texture": "f", "float|texture": "f"}


def needed(plugin: Plugin, variant: str = "") -> str:
    """Parameters that a plugin cannot do without, as LXS."""
    return filled(plugin.needs, variant)


def beside(parameter: Parameter, variant: str = "") -> str:
    """Parameters beside which alone this one has an effect, as LXS."""
    return filled(parameter.beside, variant)


def filled(text: str, variant: str) -> str:
    """A row's `needs` or `beside` for a texture of that variant."""
    value = {"color": "0.5 0.5 0.5", "float": "0.5"}.get(variant, "1.5")
    own = "color" if variant == "color" else "float"
    name = {"fresnel": "r", "color": "c"}.get(variant, "f")
    return text.replace("{v}", own).replace("{n}", value).replace("{t}", name)


def away(parameter: Parameter, variant: str = "") -> Iterator[str]:
    """The parameter as LXS with a value that is not its default, once for each type under which it may be given.

    `variant`: of the texture that it is a parameter of. Lists of any length have no value of their own (see `needed`),
    nor has a word of which there is only one.
    """
    for type in parameter.types:
        if not _possible(parameter, type, variant):
            continue
        own = parameter.example if type == parameter.types[0] else ""
        value = own or _value(parameter, type, variant)
        if value:
            yield f'"{type} {parameter.name}" {value}'


def _possible(parameter: Parameter, type: str, variant: str) -> bool:
    own = "color" if variant == "color" else "float"
    return not parameter.type.startswith("variant") or type in ("texture", own)


def _value(parameter: Parameter, type: str, variant: str) -> str:
    if type == "bool":
        return '["false"]' if parameter.default else '["true"]'
    if type == "texture":
        own = {"fresnel": "r", "color": "c"}.get(variant, "f")
        return f'["{own if parameter.type == "variant|texture" else _TEXTURES.get(parameter.type, "f")}"]'
    if type == "string":
        word = _word(parameter, variant)
        return f'["{word}"]' if word else ""
    number = f"[{2 if parameter.default == 1 else 1}]"
    return VALUES.get(type, number) if parameter.count == 1 else ""


def _word(parameter: Parameter, variant: str) -> str:
    if parameter.choices:
        return next((choice for choice in parameter.choices if choice != parameter.default), "")
    if parameter.file:
        return METAL if variant == "fresnel" else LAMP if parameter.name == "iesname" else IMAGE
    return "c" if parameter.names else "gold"
