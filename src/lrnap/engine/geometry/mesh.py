"""The triangle mesh that an engine is given, and what must hold before native code sees it.

Rules for this file: numpy only, no files, no scene parameters. An engine that indexes past a mesh's points ends its
process, so every mesh passes `check` on its way there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from lrnap.errors import SceneError

Floats = npt.NDArray[np.float32]
Indices = npt.NDArray[np.uint32]


@dataclass(slots=True, eq=False)
class Mesh:
    """Triangles over shared points. What is optional has one entry a point.

    A triangle's front is the side from which its corners run counter-clockwise. Without normals it is flat shaded.
    """

    name: str
    points: Floats  # (n, 3)
    triangles: Indices  # (m, 3), indices into points
    normals: Floats | None = None  # (n, 3), unit length
    uvs: Floats | None = None  # (n, 2)
    colors: Floats | None = None  # (n, 3), linear RGB
    alphas: Floats | None = None  # (n,)


# Attributes that go along with the points: name, values a point, and the cure for a wrong one.
ATTRIBUTES = (
    ("normals", 3, 'leave them out, or recompute them ("bool smooth" ["true"])'),
    ("uvs", 2, "export the texture coordinates again"),
    ("colors", 3, "export the vertex colours again"),
    ("alphas", 1, "export the vertex alphas again"),
)


def check(mesh: Mesh, at: object = None) -> None:
    """Raise SceneError unless the mesh may be handed to native code: finite, not empty, every index inside."""
    count = len(mesh.points)
    if count == 0 or len(mesh.triangles) == 0:
        what = "points" if count == 0 else "faces"
        raise SceneError(f"the mesh '{mesh.name}' has no {what}; remove the shape, or export it again", at=at)
    _check_finite(mesh, "point", mesh.points, "export the mesh again", at)
    for attribute, width, cure in ATTRIBUTES:
        values = getattr(mesh, attribute)
        if values is None:
            continue
        if values.shape != ((count, width) if width > 1 else (count,)):
            raise SceneError(
                f"the mesh '{mesh.name}' has {count} points but {attribute} of shape {values.shape}; {cure}", at=at
            )
        _check_finite(mesh, attribute.removesuffix("s"), values, cure, at)
    check_indices(mesh.triangles, count, f"the mesh '{mesh.name}'", at)


def check_indices(faces: npt.NDArray[np.integer], count: int, owner: str, at: object = None) -> None:
    """Raise SceneError if a face (a row of `faces`) names a point that is not among `count`."""
    if faces.size == 0 or (int(faces.max()) < count and int(faces.min()) >= 0):
        return
    face = int(np.flatnonzero(((faces >= count) | (faces < 0)).any(axis=1))[0])
    worst = next(int(i) for i in faces[face] if not 0 <= i < count)
    raise SceneError(
        f"{owner}: face {face} names point {worst}, but there are points 0 to {count - 1} only; export the mesh again",
        at=at,
    )


def _check_finite(mesh: Mesh, what: str, values: Floats, cure: str, at: object) -> None:
    finite = np.isfinite(values)
    if not finite.all():
        first = int(np.flatnonzero(~finite.reshape(len(values), -1).all(axis=1))[0])
        raise SceneError(f"the mesh '{mesh.name}': {what} {first} is not a finite number; {cure}", at=at)


def smooth_normals(points: Floats, triangles: Indices) -> Floats:
    """(n, 3) unit normals: at each point the mean of its faces' unit normals, as classic Lux averages them.

    Faces without area count for nothing; a point of no other face gets (0, 0, 1).
    """
    return normalized(sum_at_points(face_normals(points, triangles), triangles, len(points)))


def face_normals(points: npt.NDArray[np.floating], triangles: npt.NDArray[np.integer]) -> npt.NDArray[np.float64]:
    """(m, 3) unit normals towards the front; zero for triangles without area."""
    a, b, c = (points[triangles[:, corner]].astype(np.float64) for corner in range(3))
    normals = np.cross(b - a, c - a)
    length = np.linalg.norm(normals, axis=1, keepdims=True)
    unit: npt.NDArray[np.float64] = np.divide(normals, length, out=np.zeros_like(normals), where=length > 0)
    return unit


def has_area(mesh: Mesh) -> bool:
    """Whether there is a triangle that can be seen; in most meshes one of the first is."""
    parts = (mesh.triangles[start : start + 1024] for start in range(0, len(mesh.triangles), 1024))
    return any(face_normals(mesh.points, part).any() for part in parts)


def sum_at_points(
    values: npt.NDArray[np.float64], triangles: npt.NDArray[np.integer], count: int
) -> npt.NDArray[np.float64]:
    """(count, k): at each point the sum of `values` (m, k) over the triangles that share it."""
    corners = triangles.ravel()
    spread = np.repeat(values, 3, axis=0)
    columns = [np.bincount(corners, spread[:, column], count) for column in range(values.shape[1])]
    return np.stack(columns, axis=1)


def normalized(vectors: npt.NDArray[np.floating]) -> Floats:
    """(n, 3) float32 of unit length; (0, 0, 1) where there was no direction."""
    vectors = np.asarray(vectors, np.float64)
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    usable = np.isfinite(length) & (length > 0)
    unit: npt.NDArray[np.float64] = np.divide(vectors, length, out=np.zeros_like(vectors), where=usable)
    unit[~usable[:, 0]] = (0.0, 0.0, 1.0)
    return unit.astype(np.float32)


def mend_normals(mesh: Mesh) -> int:
    """Give each point whose normal is no direction (zero, or not a number) a computed one; how many there were."""
    if mesh.normals is None:
        return 0
    with np.errstate(over="ignore", invalid="ignore"):
        length = np.linalg.norm(mesh.normals.astype(np.float64), axis=1)
        bad = ~(np.isfinite(length) & (length > 0))
        if bad.any():
            mesh.normals = np.where(bad[:, None], smooth_normals(mesh.points, mesh.triangles), mesh.normals)
    return int(bad.sum())


def split_quads(points: Floats, quads: Indices, uvs: Floats | None = None) -> Indices:
    """(2q, 3) triangles of (q, 4) quads, cut along the shorter diagonal; of equal ones, the shorter in uv."""
    first, second = _diagonals(points, quads)
    cut_first = first < second
    if uvs is not None:
        uv_first, uv_second = _diagonals(uvs, quads)
        cut_first |= (first == second) & (uv_first < uv_second)
    corners = np.where(cut_first[:, None], [[0, 1, 2, 0, 2, 3]], [[1, 2, 3, 1, 3, 0]])
    return np.take_along_axis(quads, corners, axis=1).reshape(-1, 3)


def _diagonals(values: Floats, quads: Indices) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    a, b, c, d = (values[quads[:, corner]].astype(np.float64) for corner in range(4))
    return np.square(a - c).sum(axis=1), np.square(b - d).sum(axis=1)


def transform_mesh(mesh: Mesh, matrix: npt.NDArray[np.float64]) -> Mesh:
    """The mesh under a 4x4 matrix (column-vector form). A mirroring one turns the triangles, so fronts stay fronts.

    Raises SceneError if the matrix flattens space, as normals have no direction then.
    """
    linear = np.asarray(matrix, np.float64)[:3, :3]
    determinant = float(np.linalg.det(linear))
    if determinant == 0 or not np.isfinite(determinant):
        raise SceneError(
            f"the transform of the mesh '{mesh.name}' cannot be inverted; give every axis a scale other than 0"
        )
    points = mesh.points.astype(np.float64) @ linear.T + np.asarray(matrix, np.float64)[:3, 3]
    normals = mesh.normals
    if normals is not None:
        normals = normalized(normals.astype(np.float64) @ np.linalg.inv(linear))
    triangles = mesh.triangles if determinant > 0 else turned(mesh.triangles)
    return replace(mesh, points=points.astype(np.float32), triangles=triangles, normals=normals)


def reverse_mesh(mesh: Mesh) -> Mesh:
    """The mesh inside out, as ReverseOrientation wants it."""
    normals = None if mesh.normals is None else -mesh.normals
    return replace(mesh, triangles=turned(mesh.triangles), normals=normals)


def taken_apart(mesh: Mesh) -> Mesh:
    """The mesh with points of its own for each triangle, so that each can be shaded flat."""
    index = mesh.triangles.ravel()
    attributes = {name: getattr(mesh, name)[index] for name, *_ in ATTRIBUTES if getattr(mesh, name) is not None}
    triangles = np.arange(len(index), dtype=np.uint32).reshape(-1, 3)
    return Mesh(mesh.name, mesh.points[index], triangles, **attributes)


def joined(meshes: Sequence[Mesh]) -> Mesh:
    """Meshes that have the same attributes as one, called like the first."""
    starts = np.cumsum([0, *(len(mesh.points) for mesh in meshes[:-1])])
    faces = [mesh.triangles + np.uint32(start) for mesh, start in zip(meshes, starts, strict=True)]
    attributes = {
        name: np.concatenate([getattr(mesh, name) for mesh in meshes])
        for name, *_ in ATTRIBUTES
        if getattr(meshes[0], name) is not None
    }
    return Mesh(meshes[0].name, np.concatenate([m.points for m in meshes]), np.concatenate(faces), **attributes)


def turned(triangles: Indices) -> Indices:
    return np.ascontiguousarray(triangles[:, [0, 2, 1]])
