"""Meshes whose points stand in the scene: mesh, trianglemesh, barytrianglemesh, loopsubdiv; and heightfields.

Rules for this file: parameters in, `Mesh` out. What has the wrong length is an error that says which length is right.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from lrnap.engine.geometry.mesh import Floats, Indices, Mesh, check_indices, split_quads
from lrnap.engine.geometry.quadrics import grid_triangles
from lrnap.errors import SceneError
from lrnap.limits import MAX_MESH_TRIANGLES
from lrnap.lux.params import ParamSet


def inline_mesh(params: ParamSet, name: str, at: object = None) -> Mesh:
    """The mesh of P, N, uv or st, C, A, triindices or indices, and quadindices, not yet subdivided."""
    points = params.points("P")
    if points is None or not len(points):
        raise SceneError(f"the mesh '{name}' has no points; give \"point P\"", at=at)
    count = len(points)
    uvs = _first(params, ("uv", "st"), 2, count, name, at)
    triangles = _faces(params, ("triindices", "indices"), 3, count, name, at)
    quads = _faces(params, ("quadindices",), 4, count, name, at)
    if triangles is None and quads is None:
        raise SceneError(f'the mesh \'{name}\' has no faces; give "integer triindices" or "integer quadindices"', at=at)
    parts = [] if triangles is None else [triangles]
    if quads is not None:
        parts.append(split_quads(points, quads, uvs))
    normals = params.points("N")
    if normals is not None and len(normals) != count:
        raise SceneError(f"the mesh '{name}' has {count} points but {len(normals)} normals; give one a point", at=at)
    return Mesh(
        name,
        points,
        np.concatenate(parts),
        normals=normals,
        uvs=uvs,
        colors=_colors(params, count, name, at),
        alphas=_flat(_first(params, ("A",), 1, count, name, at)),
    )


def heightfield(params: ParamSet, name: str, at: object = None) -> Mesh:
    """nu x nv heights Pz over the unit square, flat shaded; uv is where a point stands."""
    columns, rows, heights = params.int("nu", 0), params.int("nv", 0), params.floats("Pz")
    if min(columns, rows) < 2 or columns * rows > MAX_MESH_TRIANGLES:
        raise SceneError(f"the heightfield '{name}' has {columns} x {rows} points; give nu and nv of 2 or more", at=at)
    if len(heights) != columns * rows:
        raise SceneError(
            f"the heightfield '{name}' has {len(heights)} heights for {columns} x {rows} points; give nu * nv in Pz",
            at=at,
        )
    v, u = np.meshgrid(np.linspace(0, 1, rows), np.linspace(0, 1, columns), indexing="ij")
    uvs = np.stack([u, v], axis=-1).reshape(-1, 2).astype(np.float32)
    points = np.concatenate([uvs, heights[:, None]], axis=1).astype(np.float32)
    return Mesh(name, points, grid_triangles(rows, columns), uvs=uvs)


def _faces(
    params: ParamSet, names: tuple[str, ...], corners: int, count: int, owner: str, at: object
) -> Indices | None:
    """(m, corners) of the first of `names` that is given; the others count as read."""
    given = [(name, params.ints(name)) for name in names]
    name, indices = next(((name, values) for name, values in given if len(values)), (names[0], None))
    if indices is None:
        return None
    if len(indices) % corners:
        raise SceneError(
            f"the mesh '{owner}' has {len(indices)} numbers in \"integer {name}\", which is no multiple of {corners}",
            at=at,
        )
    faces = indices.reshape(-1, corners)
    check_indices(faces, count, f"the mesh '{owner}', {name}", at)
    return faces.astype(np.uint32)


def _first(params: ParamSet, names: tuple[str, ...], width: int, count: int, owner: str, at: object) -> Floats | None:
    """(n, width) of the first of `names` that is given; the others count as read."""
    given = [(name, params.floats(name)) for name in names]
    name, values = next(((name, values) for name, values in given if len(values)), (names[0], None))
    return None if values is None else _shaped(values, name, width, count, owner, at)


def _shaped(values: npt.NDArray[Any], name: str, width: int, count: int, owner: str, at: object) -> Floats:
    if values.size != count * width:
        raise SceneError(
            f"the mesh '{owner}' has {count} points but {values.size} numbers in {name}; give {width} a point", at=at
        )
    return np.ascontiguousarray(values, np.float32).reshape(count, width)


def _flat(values: Floats | None) -> Floats | None:
    return None if values is None else values[:, 0]


def _colors(params: ParamSet, count: int, owner: str, at: object) -> Floats | None:
    if params.has("C", "color"):
        triplets = params.points("C")
        return None if triplets is None else _shaped(triplets, "C", 3, count, owner, at)
    return _first(params, ("C",), 3, count, owner, at)
