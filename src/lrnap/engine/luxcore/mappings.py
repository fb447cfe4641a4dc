"""Mappings: which (s, t) a flat texture sees at a point, and where in a pattern in space the point lies.

The engine knows the mesh's own uv and the position. The other mappings are computed from these by textures (maths.py)
and handed to the pattern by the engine's `distort`, which shows a texture as it is elsewhere. What a pattern is made of
would be seen from there, too; so such a pattern must be made of constants.
"""

from __future__ import annotations

import numpy as np

from lrnap.engine.luxcore import maths
from lrnap.engine.luxcore.draft import Draft, Fields, Inputs, Value, inverse, matrix
from lrnap.lux.description import Matrix

LOCAL_REACH = 512.0  # how far from its origin a point of an object may lie for its normal to be found


# ---- flat ----------------------------------------------------------------------------------------------------------


def plain_uv(inputs: Inputs) -> bool:
    """Whether a flat texture sees the mesh's own uv, scaled and moved, which the engine can do by itself."""
    return inputs.params.string("mapping") == "uv"


def flat(inputs: Inputs, fields: Fields) -> Fields:
    """A texture over (u, v) that is made of constants, with its mapping."""
    if plain_uv(inputs):
        p = inputs.params
        inputs.params.ignore("v1", "v2")
        return fields | {
            "mapping.type": ["uvmapping2d"],
            "mapping.uvscale": [p.float("uscale"), p.float("vscale")],
            "mapping.uvdelta": [p.float("udelta"), p.float("vdelta")],
        }
    return moved(inputs, fields)


def moved(inputs: Inputs, fields: Fields) -> Fields:
    """A texture of the engine that knows only the mesh's own (u, v), shown at those of the mapping."""
    return maths.seen_at_uv(inputs.draft, maths.made(inputs.draft, fields), *coordinates(inputs))


def coordinates(inputs: Inputs) -> tuple[Value, Value]:
    """The (s, t) of a flat texture's mapping, as textures."""
    p, draft = inputs.params, inputs.draft
    kind = p.string("mapping")
    scale, delta = (p.float("uscale"), p.float("vscale")), (p.float("udelta"), p.float("vdelta"))
    p.ignore("v1", "v2", *(("vscale", "vdelta") if kind == "cylindrical" else ()))
    if kind == "uv":
        u, v = maths.uv(draft)
        return maths.line(draft, u, scale[0], delta[0]), maths.line(draft, v, scale[1], delta[1])
    position = maths.shared(draft, "position")
    if kind == "planar":
        p.ignore("uscale", "vscale")
        s, t = (maths.along(draft, position, (*p.vector(v), d)) for v, d in zip(("v1", "v2"), delta, strict=True))
        return s, t
    place = inverse(inputs.place.matrix) if inputs.place is not None else maths.IDENTITY
    round_the_axis = maths.turn(draft, np.diag([-1.0, -1.0, 1.0, 1.0]) @ place)  # 0 to 1 from x over y
    s = maths.line(draft, round_the_axis, scale[0], delta[0])
    if kind == "cylindrical":
        return s, maths.along(draft, position, [*(-0.5 * place[2, :3]), 0.5 - 0.5 * place[2, 3]])
    return s, maths.line(draft, _from_the_pole(draft, position, place), scale[1], delta[1])


def _from_the_pole(draft: Draft, position: Value, place: Matrix) -> Value:
    """The angle between the z axis and `place @ position`, in half turns."""
    x, y, z = (maths.along(draft, position, row) for row in place[:3])
    squares = maths.add(draft, maths.times(draft, x, x), maths.times(draft, y, y))
    distance = maths.node(draft, "power", base=squares, exponent=[0.5])
    angle = maths.seen_at(draft, maths.turn(draft, maths.IDENTITY), maths.vector(draft, z, distance, [0.0]))
    return maths.line(draft, maths.made(draft, angle), 2.0, -1.0)


# ---- in space ------------------------------------------------------------------------------------------------------

COORDINATES = {
    "global": "globalmapping3d",
    "local": "localmapping3d",
    "uv": "uvmapping3d",
    "globalnormal": "globalmapping3d",
    "localnormal": "globalmapping3d",
}


def in_space(inputs: Inputs, fields: Fields, *, first: Matrix = maths.IDENTITY) -> Fields:
    """A pattern in space that is made of constants, with its mapping: world (or object, uv, normal) to texture.

    `first`: what the texture's own points are multiplied with before the engine's pattern sees them.
    """
    coordinates = inputs.params.string("coordinates")
    place = _to_texture(inputs)
    if not coordinates.endswith("normal"):
        return fields | {"mapping.type": [COORDINATES[coordinates]], "mapping.transformation": matrix(first @ place)}
    straight = np.eye(4)
    straight[:3, :3] = inverse(place)[:3, :3].T  # normals turn as planes do
    fields |= {"mapping.type": ["globalmapping3d"], "mapping.transformation": matrix(first @ straight)}
    draft = inputs.draft
    normal = maths.shared(draft, "shadingnormal")
    if coordinates == "localnormal":
        normal = _in_object(draft, normal)
    return maths.seen_at(draft, maths.made(draft, fields), normal)


def is_plain(inputs: Inputs) -> bool:
    """Whether a pattern in space is mapped by the engine itself, so that what it is made of is seen where it is."""
    return not inputs.params.string("coordinates").endswith("normal")


def _to_texture(inputs: Inputs) -> Matrix:
    """What classic Lux multiplies points with: the transform at the texture's definition itself, not its inverse."""
    p = inputs.params
    place: Matrix = np.eye(4) if inputs.place is None else inputs.place.matrix
    place = place @ np.diag([*(1.0 / factor if factor else 1.0 for factor in p.vector("scale")), 1.0])
    for axis, angle in enumerate(p.vector("rotate")):
        place = place @ _rotation(axis, float(angle))
    shift = np.eye(4)
    shift[:3, 3] = -np.asarray(p.vector("translate"), np.float64)
    return place @ shift


def _in_object(draft: Draft, normal: Value) -> Value:
    """A normal in the object's own space: how its coordinates there change from the point along the normal."""
    point = maths.shared(draft, "position")
    ahead = maths.add(draft, point, normal)
    parts = []
    for axis in range(3):
        pick = np.zeros((4, 4))
        pick[0, axis] = 1.0 / LOCAL_REACH
        pick[1, (axis + 1) % 3] = pick[2, (axis + 2) % 3] = pick[3, 3] = 1.0
        here = maths.made(draft, maths.blend("linear", "localmapping3d", pick))
        there = maths.made(draft, maths.seen_at(draft, here, ahead))
        change = maths.subtract(draft, there, here)
        parts.append(maths.line(draft, change, 2.0 * LOCAL_REACH, 0.0))
    return maths.vector(draft, *parts)


def _rotation(axis: int, degrees: float) -> Matrix:
    turn = np.eye(4)
    a, b = [i for i in range(3) if i != axis]
    if axis == 1:
        a, b = b, a
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    turn[a, a] = turn[b, b] = c
    turn[a, b], turn[b, a] = -s, s
    return turn
