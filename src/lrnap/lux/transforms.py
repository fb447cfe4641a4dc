"""The matrices of the transform calls. Column vectors, 4x4 float64: `world = M @ local`.

Raises SceneError for what has no inverse; a scene holds no such transform.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from lrnap.errors import SceneError
from lrnap.lux.call import Call
from lrnap.lux.description import Matrix


def identity() -> Matrix:
    return np.eye(4)


def translate(dx: float, dy: float, dz: float) -> Matrix:
    matrix = np.eye(4)
    matrix[:3, 3] = dx, dy, dz
    return matrix


def scale(sx: float, sy: float, sz: float) -> Matrix:
    return np.diag([sx, sy, sz, 1.0])


def rotate(angle: float, ax: float, ay: float, az: float) -> Matrix:
    """A turn by `angle` degrees about an axis through the origin, counter-clockwise seen from its tip."""
    length = math.sqrt(ax * ax + ay * ay + az * az)
    if not length:
        raise SceneError("Rotate needs an axis, not 0 0 0")
    x, y, z = ax / length, ay / length, az / length
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    turn = math.radians(angle)
    matrix = np.eye(4)
    matrix[:3, :3] += math.sin(turn) * cross + (1 - math.cos(turn)) * cross @ cross
    return matrix


def look_at(
    ex: float, ey: float, ez: float, lx: float, ly: float, lz: float, ux: float, uy: float, uz: float
) -> Matrix:
    """World (right-handed, as Lux has it) to a camera at e that looks at l: x to the right, y up, z ahead."""
    eye = np.array([ex, ey, ez])
    ahead = _unit(np.array([lx, ly, lz]) - eye)
    right = _unit(np.cross(ahead, _unit(np.array([ux, uy, uz]))))
    if not right.any():
        raise SceneError("LookAt needs two different points and an up direction that is not the viewing direction")
    camera_to_world = np.eye(4)
    camera_to_world[:3, 0] = right
    camera_to_world[:3, 1] = np.cross(right, ahead)
    camera_to_world[:3, 2] = ahead
    camera_to_world[:3, 3] = eye
    return inverse(camera_to_world)


def inverse(matrix: Matrix) -> Matrix:
    return np.asarray(np.linalg.inv(matrix), np.float64)


def _unit(vector: Matrix) -> Matrix:
    length = float(np.linalg.norm(vector))
    return np.asarray(vector / length if length > 1e-12 else np.zeros(3), np.float64)


def of_call(call: Call) -> Matrix:
    """The matrix that a transform call multiplies (Translate ... ConcatTransform) or sets (Transform, Identity)."""
    if call.name == "Identity":
        return identity()
    if call.name in ("Transform", "ConcatTransform"):
        matrix = np.asarray(call.args[0], np.float64).reshape(4, 4).T
    else:
        numbers = [float(arg) for arg in call.args if isinstance(arg, int | float)]
        matrix = _MAKERS[call.name](*numbers)
    if not np.isfinite(matrix).all():
        raise SceneError(f"{call.name} needs finite numbers")
    if not _invertible(matrix):
        raise SceneError(f"the matrix of {call.name} is singular: it flattens space and has no inverse")
    return matrix


def _invertible(matrix: Matrix) -> bool:
    """Whether a matrix has an inverse, whatever its scale: 1e-6 in all directions is small but not flat.

    In plain numbers: every transform call of a scene comes here, and for nine numbers numpy takes ten times as long.
    """
    columns: list[list[float]] = matrix[:3, :3].T.tolist()
    lengths = [math.hypot(*column) for column in columns]
    if not all(lengths) or not matrix[3, 3]:
        return False
    a, b, c = ([number / length for number in column] for column, length in zip(columns, lengths, strict=True))
    volume = (
        a[0] * (b[1] * c[2] - b[2] * c[1]) + a[1] * (b[2] * c[0] - b[0] * c[2]) + a[2] * (b[0] * c[1] - b[1] * c[0])
    )
    return abs(volume) > 1e-12


_MAKERS: dict[str, Callable[..., Matrix]] = {
    "Translate": translate,
    "Scale": scale,
    "Rotate": rotate,
    "LookAt": look_at,
}
MATRIX_CALLS = frozenset(("Identity", "Transform", "ConcatTransform", *_MAKERS))
"""The transform calls that say a matrix by themselves."""
