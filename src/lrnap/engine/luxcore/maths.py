"""Textures that compute: sums, products and the like of where a point lies, written as textures of the engine.

Classic Lux's mappings and formulas that the engine lacks are built of these. Every function returns the value of a
property: the name of a texture, which is made here, or numbers.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lrnap.engine.luxcore.draft import Draft, Fields, Value, matrix
from lrnap.lux.description import Matrix

REACH = 64.0  # how far from 0 the mesh's uv coordinates may lie; the engine's `uv` texture begins anew at whole numbers


def made(draft: Draft, fields: Fields) -> Value:
    """A texture with these properties, to be a part of another."""
    return [draft.texture(str(fields["type"][0]), fields)]


def node(draft: Draft, kind: str, **fields: Value) -> Value:
    """A texture of the engine with these properties."""
    return made(draft, {"type": [kind]} | fields)


def add(draft: Draft, a: Value, b: Value) -> Value:
    return node(draft, "add", texture1=a, texture2=b)


def subtract(draft: Draft, a: Value, b: Value) -> Value:
    return node(draft, "subtract", texture1=a, texture2=b)


def times(draft: Draft, a: Value, b: Value) -> Value:
    return node(draft, "scale", texture1=a, texture2=b)


def line(draft: Draft, value: Value, slope: float, offset: float) -> Value:
    """slope * value + offset."""
    scaled = value if slope == 1.0 else times(draft, value, [float(slope)])
    return scaled if offset == 0.0 else add(draft, scaled, [float(offset)])


def clamp(draft: Draft, value: Value, low: float, high: float) -> Value:
    return node(draft, "clamp", texture=value, min=[low], max=[high])


def mix(draft: Draft, first: Value, second: Value, amount: Value) -> Value:
    """All of the second where the amount is 1."""
    return node(draft, "mix", texture1=first, texture2=second, amount=amount)


def vector(draft: Draft, x: Value, y: Value, z: Value) -> Value:
    return node(draft, "makefloat3", texture1=x, texture2=y, texture3=z)


def part(draft: Draft, value: Value, channel: int) -> Value:
    """One of a vector's three numbers."""
    return node(draft, "splitfloat3", texture=value, channel=[channel])


def shared(draft: Draft, kind: str) -> Value:
    """A texture without properties, such as "position": one for the whole scene."""
    return [draft.once("computed", kind, lambda: draft.texture(kind, {"type": [kind]}))]


def along(draft: Draft, point: Value, row: Sequence[float]) -> Value:
    """The first three numbers of `row` times a point, plus the fourth."""
    product = node(draft, "dotproduct", texture1=point, texture2=[float(c) for c in row[:3]])
    return line(draft, product, 1.0, float(row[3]))


def uv(draft: Draft) -> tuple[Value, Value]:
    """The mesh's own coordinates."""
    fields: Fields = {"type": ["uv"], "mapping.type": ["uvmapping2d"]}
    fields |= {"mapping.uvscale": [1 / REACH] * 2, "mapping.uvdelta": [0.5, 0.5]}
    wrapped = [draft.once("computed", "uv", lambda: draft.texture("uv", fields))]

    def unwrapped(channel: int) -> Value:
        return [
            draft.once(
                "computed", "uv"[channel], lambda: line(draft, part(draft, wrapped, channel), REACH, -REACH / 2)[0]
            )
        ]

    return unwrapped(0), unwrapped(1)


def turn(draft: Draft, place: Matrix) -> Value:
    """The angle about the z axis of `place @ position`, from -pi to pi, as 0 to 1."""
    return made(draft, blend("radial", "globalmapping3d", place))


def blend(progression: str, mapping: str, place: Matrix) -> Fields:
    """A gradient from 0 to 1: "linear" from x = -1 to 1, "radial" from the angle -pi to pi about the z axis."""
    return {
        "type": ["blender_blend"],
        "progressiontype": [progression],
        "direction": ["horizontal"],
        "bright": [1.0],
        "contrast": [1.0],
        "mapping.type": [mapping],
        "mapping.transformation": matrix(place),
    }


def seen_at(draft: Draft, texture: Value, point: Value) -> Fields:
    """A texture as it is where the position is `point`."""
    return {"type": ["distort"], "texture": texture, "offset": subtract(draft, point, shared(draft, "position"))}


def seen_at_uv(draft: Draft, texture: Value, u: Value, v: Value) -> Fields:
    """A texture as it is where the mesh's coordinates are (u, v)."""
    own = uv(draft)
    offset = vector(draft, subtract(draft, u, own[0]), subtract(draft, v, own[1]), [0.0])
    return {"type": ["distort"], "texture": texture, "offset": offset}


IDENTITY: Matrix = np.eye(4)
