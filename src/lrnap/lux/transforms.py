"""The matrices of the transform calls. Column vectors, 4x4 float64: `world = M @ local`.

Raises SceneError for what has no inverse; a scene holds no such transform.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from lrnap import limits
from lrnap.errors import SceneError
from lrnap.lux.call import Call
from lrnap.lux.description import Matrix

FLATTEST = 1e-7  # volume between the axes of a place, each as long as 1: less has no inverse in 32 bits


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
        matrix = _affine(call.name, np.asarray(call.args[0], np.float64).reshape(4, 4).T)
    else:
        numbers = [float(arg) for arg in call.args if isinstance(arg, int | float)]
        matrix = _MAKERS[call.name](*numbers)
    if not np.isfinite(matrix).all():
        raise SceneError(f"{call.name} needs finite numbers")
    if not _invertible(matrix):
        raise SceneError(f"the matrix of {call.name} is singular: it flattens space and has no inverse")
    return matrix


def _affine(name: str, matrix: Matrix) -> Matrix:
    """The matrix with 0 0 0 1 as its last row, as which an engine reads it."""
    if not np.isfinite(matrix).all():
        raise SceneError(f"{name} needs finite numbers")
    scaled: Matrix = matrix / matrix[3, 3] if matrix[3, 3] else matrix
    if np.abs(scaled[3] - (0.0, 0.0, 0.0, 1.0)).max() > 1e-6:
        raise SceneError(
            f"the matrix of {name} distorts like a perspective: its numbers 4, 8, 12 and 16 must be 0 0 0 1; "
            "write it column by column"
        )
    return scaled


def check_place(matrix: Matrix, what: str, at: object = None) -> None:
    """Raises SceneError for a place that cannot be told to an engine, which counts in 32 bits: too far, or too flat.

    `what`: who puts something there. In plain numbers, as every transform call of a scene comes here.
    """
    columns: list[list[float]] = matrix[:3, :].T.tolist()
    sizes = [math.hypot(*column) for column in columns]  # of the three axes, and the way from the origin
    if not all(size <= limits.MAX_COORDINATE for size in sizes):
        raise SceneError(
            f"{what}: with all transforms together, this is more than {limits.MAX_COORDINATE:g} away or as large: "
            "use smaller numbers",
            at=at,
        )
    if min(sizes[:3]) < 1 / limits.MAX_COORDINATE or _volume(matrix, sizes) < FLATTEST:
        raise SceneError(
            f"{what}: with all transforms together, this is flat or a point: use scales that are less extreme", at=at
        )


def _volume(matrix: Matrix, lengths: list[float]) -> float:
    """Volume between the three axes of a matrix, each taken as long as 1."""
    columns: list[list[float]] = matrix[:3, :3].T.tolist()
    a, b, c = ([number / length for number in column] for column, length in zip(columns, lengths, strict=False))
    return abs(
        a[0] * (b[1] * c[2] - b[2] * c[1]) + a[1] * (b[2] * c[0] - b[0] * c[2]) + a[2] * (b[0] * c[1] - b[1] * c[0])
    )


def _invertible(matrix: Matrix) -> bool:
    """Whether a matrix has an inverse, whatever its scale: 1e-6 in all directions is small but not flat.

    In plain numbers: every transform call of a scene comes here, and for nine numbers numpy takes ten times as long.
    """
    columns: list[list[float]] = matrix[:3, :3].T.tolist()
    lengths = [math.hypot(*column) for column in columns]
    if not all(lengths) or not matrix[3, 3]:
        return False
    return _volume(matrix, lengths) > 1e-12


_MAKERS: dict[str, Callable[..., Matrix]] = {
    "Translate": translate,
    "Scale": scale,
    "Rotate": rotate,
    "LookAt": look_at,
}
MATRIX_CALLS = frozenset(("Identity", "Transform", "ConcatTransform", *_MAKERS))
"""The transform calls that say a matrix by themselves."""
