"""Mappings: which (u, v) a flat texture sees at a point, and where in a pattern in space the point lies."""

from __future__ import annotations

import numpy as np

from lrnap.engine.luxcore.draft import Fields, Inputs, inverse, matrix
from lrnap.lux.description import Matrix


def mapping_2d(inputs: Inputs) -> Fields:
    """Which (u, v) a point has. The engine knows the mesh's own only."""
    p = inputs.params
    kind = p.string("mapping")
    if kind != "uv":
        inputs.warn(f"mapping '{kind}' is approximated: the mesh's own uv coordinates are used")
    return {
        "mapping.type": ["uvmapping2d"],
        "mapping.uvscale": [p.float("uscale"), p.float("vscale")],
        "mapping.uvdelta": [p.float("udelta"), p.float("vdelta")],
    }


COORDINATES = {
    "global": "globalmapping3d",
    "local": "localmapping3d",
    "uv": "uvmapping3d",
    "globalnormal": "globalmapping3d",
    "localnormal": "localmapping3d",
}


def mapping_3d(inputs: Inputs, *, scale: str = "scale") -> Fields:
    """Where in the pattern a point lies: world (or object, or uv) to texture."""
    p = inputs.params
    coordinates = p.string("coordinates")
    if coordinates.endswith("normal"):
        inputs.warn(f"coordinates '{coordinates}' are approximated by the position")
    place: Matrix = np.eye(4)
    if inputs.place is not None and coordinates.startswith("global"):
        place = inverse(inputs.place.matrix)
    if scale:
        place = place @ np.diag([*(1.0 / factor if factor else 1.0 for factor in p.vector(scale)), 1.0])
    for axis, angle in enumerate(p.vector("rotate")):
        place = place @ _rotation(axis, float(angle))
    shift = np.eye(4)
    shift[:3, 3] = -np.asarray(p.vector("translate"), np.float64)
    return {"mapping.type": [COORDINATES[coordinates]], "mapping.transformation": matrix(place @ shift)}


def _rotation(axis: int, degrees: float) -> Matrix:
    turn = np.eye(4)
    a, b = [i for i in range(3) if i != axis]
    if axis == 1:
        a, b = b, a
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    turn[a, a] = turn[b, b] = c
    turn[a, b], turn[b, a] = -s, s
    return turn
