"""Patterns: textures over (u, v) and in space that no file holds.

Where the engine does not do a pattern's mapping by itself, the pattern is drawn as a mask of zeros and ones, and what
it is made of is mixed by that mask: so it is seen where it is, and not where the mapping looks (see mappings.py).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np

from lrnap.engine.luxcore import maths
from lrnap.engine.luxcore.draft import Fidelity, Fields, Inputs, Row, Value, entity_error, plain
from lrnap.engine.luxcore.mappings import coordinates, flat, in_space, is_plain, moved, plain_uv
from lrnap.engine.luxcore.rows import Notes, approximated, ignored
from lrnap.limits import MAX_SPHERES
from lrnap.lux.description import Matrix

Build = Callable[[Inputs], Fields]
Place = Callable[[Fields], Fields]
FILTERED = "every sample is filtered by the picture itself"


# ---- over (u, v) ---------------------------------------------------------------------------------------------------


def _two(inputs: Inputs, engine_type: str, names: tuple[str, str], lux: tuple[str, str], place: Place | None) -> Fields:
    """A pattern of two textures; `place` maps what is made of constants, and is None where the engine maps itself."""
    first, second = (inputs.value(name) for name in lux)
    if place is None:
        return {"type": [engine_type], names[0]: first, names[1]: second}
    mask = maths.made(inputs.draft, place({"type": [engine_type], names[0]: [1.0], names[1]: [0.0]}))
    return {"type": ["mix"], "amount": mask, "texture1": second, "texture2": first}


def _checkerboard(inputs: Inputs) -> Fields:
    names, lux = ("texture1", "texture2"), ("tex1", "tex2")
    if inputs.params.int("dimension") == 2:
        inputs.params.ignore("coordinates", "scale", "rotate", "translate")
        return _flat_two(inputs, "checkerboard2d", names, lux)
    inputs.params.ignore("mapping", "uscale", "vscale", "udelta", "vdelta", "v1", "v2")
    own = is_plain(inputs)
    fields = _two(inputs, "checkerboard3d", names, lux, None if own else lambda f: in_space(inputs, f))
    return in_space(inputs, fields) if own else fields


def _flat_two(inputs: Inputs, engine_type: str, names: tuple[str, str], lux: tuple[str, str]) -> Fields:
    own = plain_uv(inputs)
    fields = _two(inputs, engine_type, names, lux, None if own else lambda f: moved(inputs, f))
    return flat(inputs, fields) if own else fields


def _dots(inputs: Inputs) -> Fields:
    return _flat_two(inputs, "dots", ("inside", "outside"), ("inside", "outside"))


def _uv(inputs: Inputs) -> Fields:
    if plain_uv(inputs):
        return flat(inputs, {"type": ["uv"]})
    return moved(inputs, {"type": ["uv"], "mapping.type": ["uvmapping2d"]})


def _bilerp(inputs: Inputs) -> Fields:
    """The engine's has no mapping."""
    fields = inputs.fields("bilerp", texture00="v00", texture01="v01", texture10="v10", texture11="v11")
    p = inputs.params
    unmoved = all(p.float(name) == usual for name, usual in UV_MAPPING.items())
    p.ignore("v1", "v2")
    return fields if plain_uv(inputs) and unmoved else moved(inputs, fields)


UV_MAPPING = {"uscale": 1.0, "vscale": 1.0, "udelta": 0.0, "vdelta": 0.0}


def _uvmask(inputs: Inputs) -> Fields:
    """The inner texture where s and t are from 0 to 1."""
    draft = inputs.draft
    outside: list[Value] = []
    for value in coordinates(inputs):
        outside.append(maths.node(draft, "lessthan", texture1=value, texture2=[0.0]))
        outside.append(maths.node(draft, "greaterthan", texture1=value, texture2=[1.0]))
    total = outside[0]
    for more in outside[1:]:
        total = maths.add(draft, total, more)
    fields = inputs.fields("mix", texture1="innertex", texture2="outertex")
    return fields | {"amount": maths.clamp(draft, total, 0.0, 1.0)}


# ---- in space ------------------------------------------------------------------------------------------------------

BONDS = {"chain link": "ketting"}


def _brick(inputs: Inputs) -> Fields:
    p, draft = inputs.params, inputs.draft
    numbers = ("brickwidth", "brickheight", "brickdepth", "mortarsize", "brickrun", "brickbevel")
    bond = p.string("brickbond")
    fields: Fields = {"type": ["brick"], "brickbond": [BONDS.get(bond, bond)]}
    fields |= {name: [p.float(name)] for name in numbers}
    parts = {name: inputs.value(name) for name in ("bricktex", "mortartex", "brickmodtex")}
    if is_plain(inputs):
        return in_space(inputs, fields | parts)
    mask = in_space(inputs, fields | {"bricktex": [1.0], "mortartex": [0.0], "brickmodtex": [1.0]})
    brick = maths.times(draft, parts["bricktex"], parts["brickmodtex"])
    return {
        "type": ["mix"],
        "amount": maths.made(draft, mask),
        "texture1": parts["mortartex"],
        "texture2": brick,
    }


MOST = {"octaves": 32}  # each is half as large as the one before: what comes after is nothing, and costs as much time


def _procedural(engine_type: str, *numbers: str) -> Build:
    """A pattern in space whose numbers have the same names in the engine."""

    def build(inputs: Inputs) -> Fields:
        fields: Fields = {"type": [engine_type]}
        given = {name: inputs.number(name) for name in numbers}
        return in_space(inputs, fields | {name: [min(n, MOST.get(name, n))] for name, n in given.items()})

    return build


# The engine hands a cloud's numbers to one another: what it calls its noiseoffset is the variability, and so on.
CLOUD: Mapping[str, str] = {  # the engine's name of each number -> classic Lux's
    **{name: name for name in ("radius", "noisescale", "turbulence", "sharpness", "octaves", "omega", "spheresize")},
    **{"noiseoffset": "variability", "variability": "noiseoffset", "baseflatness": "spheres"},
}
# ... and its `spheres`, a whole number, is how flat the base is.
NO_FLAT_BASE = approximated("not honoured: the base of the engine's clouds is not flat at all", "baseflatness")


def cloud(inputs: Inputs) -> Fields:
    """The cloud in its own space, without a mapping."""
    inputs.params.ignore("baseflatness")
    spheres = inputs.params.int("spheres")
    if not 0 <= spheres <= MAX_SPHERES:
        raise entity_error(inputs.entity, f"it is made of {spheres} spheres: give from 0 to {MAX_SPHERES}")
    given = {engine: inputs.number(lux) for engine, lux in CLOUD.items()}
    return {"type": ["cloud"]} | {name: [min(n, MOST.get(name, n))] for name, n in given.items()}


def _cloud(inputs: Inputs) -> Fields:
    return in_space(inputs, cloud(inputs))


def _marble(inputs: Inputs) -> Fields:
    p = inputs.params
    fields: Fields = {"type": ["marble"], "octaves": [min(p.int("octaves"), MOST["octaves"])]}
    return in_space(inputs, fields | {name: [p.float(name)] for name in ("roughness", "scale", "variation")})


def _densitygrid(inputs: Inputs) -> Fields:
    return in_space(inputs, density_grid(inputs, inputs.params.string("wrap")))


def density_grid(inputs: Inputs, wrap: str) -> Fields:
    """The densities of a texture or a region. Raises SceneError unless there is one for each cell."""
    p = inputs.params
    size = {name: p.int(name) for name in ("nx", "ny", "nz")}
    density = plain(p.floats("density"))
    if min(size.values()) < 1 or len(density) != math.prod(size.values()):
        shape = " x ".join(map(str, size.values()))
        raise entity_error(inputs.entity, f"{len(density)} densities are given for a grid of {shape}")
    return {"type": ["densitygrid"], "wrap": [wrap], "data": density, **{name: [n] for name, n in size.items()}}


DEEPEST = 32.0  # exponents below which the exponential is taken as zero: e ** -32 is 1e-14


def _exponential(inputs: Inputs) -> Fields:
    """exp(-decay * height), at most 1: the exponent is a linear gradient from -DEEPEST to 0 in the pattern's space."""
    p, draft = inputs.params, inputs.draft
    up, origin = np.asarray(p.vector("updir")), np.asarray(p.point("origin"))
    slope = -p.float("decay") * up
    if not slope.any():
        return {"type": ["constfloat1"], "value": [1.0]}
    # The gradient is (1 + x) / 2, kept within 0 and 1; it is to be 1 + exponent / DEEPEST.
    height = np.eye(4)
    height[0] = [*(2.0 * slope / DEEPEST), 1.0 - 2.0 * float(slope @ origin) / DEEPEST]
    height[1:3] = _others(height[0, :3])
    gradient = maths.made(draft, in_space(inputs, maths.blend("linear", "", np.eye(4)), first=height))
    exponent = maths.line(draft, gradient, DEEPEST, -DEEPEST)
    return {"type": ["power"], "base": [math.e], "exponent": exponent}


def _others(row: Matrix) -> Matrix:
    """Two rows that make a matrix with `row` one that can be inverted."""
    return np.delete(np.eye(4)[:3], int(np.argmax(np.abs(row))), axis=0)


PALETTE = 31  # colours of the harlequin


def _harlequin(inputs: Inputs) -> Fields:
    """Colours of Halton's sequence, by the engine's number of the object."""
    draft = inputs.draft
    number = maths.node(draft, "modulo", texture=maths.shared(draft, "objectid"), modulo=[float(PALETTE)])
    fields: Fields = {"type": ["band"], "interpolation": ["none"]}
    fields["amount"] = maths.line(draft, number, 1.0 / PALETTE, 0.5 / PALETTE)
    for i in range(PALETTE):
        fields[f"offset{i}"] = [i / PALETTE]
        fields[f"value{i}"] = [_radical_inverse(3 * i + 1, base) for base in (2, 3, 5)]
    return fields


def _radical_inverse(number: int, base: int) -> float:
    """The number's digits in that base, mirrored at the point."""
    inverse, weight = 0.0, 1.0
    while number:
        number, digit = divmod(number, base)
        weight /= base
        inverse += digit * weight
    return inverse


def _exact(build: Build, notes: Notes | None = None) -> Row[Build]:
    return Row(build, Fidelity.EXACT, parameters=notes or {})


PATTERNS: Mapping[str, Row[Build]] = {
    "bilerp": _exact(_bilerp),
    "checkerboard": _exact(_checkerboard, ignored(FILTERED, "aamode")),
    "dots": _exact(_dots),
    "uv": _exact(_uv),
    "uvmask": Row(_uvmask, Fidelity.EQUIVALENT, "a mix by comparisons of s and t"),
    "harlequin": Row(_harlequin, Fidelity.APPROXIMATED, "a colour for each object, not for each of its triangles"),
    "windy": _exact(_procedural("windy")),
    "fbm": _exact(_procedural("fbm", "octaves", "roughness")),
    "wrinkled": _exact(_procedural("wrinkled", "octaves", "roughness")),
    "marble": _exact(_marble),
    "brick": _exact(_brick, approximated("not honoured: the engine's bricks have no bevel", "brickbevel")),
    "cloud": _exact(_cloud, NO_FLAT_BASE),
    "densitygrid": _exact(_densitygrid),
    "exponential": Row(_exponential, Fidelity.EQUIVALENT, "a power of a linear gradient"),
}
