"""What must hold of a mesh inside a scene file. A face index without a vertex would kill the engine."""

from __future__ import annotations

import numpy as np

from lrnap.errors import SceneError
from lrnap.lux.call import Call, IntArray, Value

FACES = {"indices": 3, "triindices": 3, "quadindices": 4}
PER_VERTEX = {"N": 1, "uv": 2, "st": 2, "C": 3, "A": 1}  # values of each vertex; normals count as one
MESHES = ("mesh", "trianglemesh", "barytrianglemesh", "waldtrianglemesh", "loopsubdiv")


def check_mesh(call: Call) -> None:
    """Raises SceneError for a mesh without vertices, with faces beyond them, or with lists of unequal length."""
    plugin = str(call.args[0])
    if plugin not in MESHES:
        return
    given: dict[str, Value] = {p.name: p.value for p in call.params if isinstance(p.value, np.ndarray)}
    if not any(name in given for name in FACES):
        raise SceneError(f'{call.name} "{plugin}" has no faces; give "integer indices"')
    points = given.get("P")
    if points is None or not len(points):
        raise SceneError(f'{call.name} "{plugin}" has no vertices; give "point P"')
    for name, corners in FACES.items():
        if name in given:
            _check_faces(call.name, name, np.asarray(given[name], np.int32), corners, len(points))
    for name, values in PER_VERTEX.items():
        if name in given:
            array = np.asarray(given[name])
            width = 1 if array.ndim == 2 else values  # (n, 3) triplets, or a flat list
            if len(array) != width * len(points):
                raise SceneError(
                    f'{call.name}: {len(points)} vertices need {width * len(points)} values of "{name}", '
                    f"not {len(array)}"
                )


def _check_faces(what: str, name: str, indices: IntArray, corners: int, vertices: int) -> None:
    if len(indices) % corners:
        raise SceneError(f'{what}: "integer {name}" has {len(indices)} indices, which is not a multiple of {corners}')
    if not len(indices):
        return
    wrong = np.flatnonzero((indices < 0) | (indices >= vertices))
    if wrong.size:
        index, face = int(indices[wrong[0]]), int(wrong[0]) // corners
        raise SceneError(
            f'{what}: face {face} of "integer {name}" refers to vertex {index}, but there are only {vertices} '
            f"(0 to {vertices - 1})"
        )
