"""Loop subdivision, pushed to the limit surface, as classic Lux does it for `nsubdivlevels`.

Rules for this file: numpy on whole meshes, never a Python loop over faces.

The surface follows places, not points: points that lie on one another are one corner of it, so a mesh that was cut
open along a texture seam stays closed. Texture coordinates, colours and alphas stay with the points and are halved
along edges; a seam stays where it is. An edge of one face is a boundary; so is one of three or more, which no smooth
surface has.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lrnap.engine.geometry.mesh import ATTRIBUTES, Floats, Mesh, face_normals, normalized, sum_at_points
from lrnap.errors import SceneError
from lrnap.limits import MAX_MESH_TRIANGLES

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

CORNERS = ((0, 1), (1, 2), (2, 0))  # edge k of a triangle runs between these corners


@dataclass(slots=True)
class _Edges:
    """The edges of a set of triangles over `count` vertices."""

    ends: Whole  # (e, 2), each once
    of_face: Whole  # (m, 3), edge k of each triangle
    faces: Whole  # (e,), how many triangles share it

    @property
    def interior(self) -> npt.NDArray[np.bool_]:
        interior: npt.NDArray[np.bool_] = self.faces == 2
        return interior


def subdivide(mesh: Mesh, levels: int, smooth: bool = True) -> Mesh:
    """The mesh after `levels` subdivisions, four triangles for each at each level.

    `smooth`: with the surface's normals, else flat. The mesh's own normals do not count. Triangles without area are
    dropped. Raises SceneError if the result would be larger than MAX_MESH_TRIANGLES.
    """
    if levels < 1:
        return mesh
    if levels > 16 or len(mesh.triangles) * 4**levels > MAX_MESH_TRIANGLES:
        raise SceneError(
            f"{levels} subdivision levels make the {len(mesh.triangles)} triangles of the mesh '{mesh.name}' more than "
            f"MAX_MESH_TRIANGLES, {MAX_MESH_TRIANGLES}; use a lower nsubdivlevels"
        )
    places, place_of = np.unique(mesh.points + 0.0, axis=0, return_inverse=True)
    place_of = place_of.reshape(-1).astype(np.int64)
    points = np.asarray(places, np.float64)
    wedges = mesh.triangles.astype(np.int64)  # corners as points of the mesh
    wedges = wedges[_has_three_places(place_of[wedges])]
    if not len(wedges):
        raise SceneError(f"the mesh '{mesh.name}' has no triangle with area; export it again")
    attributes = _attributes(mesh)

    for _ in range(levels):
        corners = place_of[wedges]
        edges, seams = _edges(corners, len(points)), _edges(wedges, len(place_of))
        new_places = np.empty(len(seams.ends), np.int64)
        new_places[seams.of_face] = len(points) + edges.of_face
        points = np.concatenate([_smoothed(points, edges, _loop_weight, 1 / 8), _middles(points, corners, edges)])
        attributes = np.concatenate([attributes, attributes[seams.ends].mean(axis=1)])
        wedges = _quartered(wedges, len(place_of) + seams.of_face)
        place_of = np.concatenate([place_of, new_places])

    corners = place_of[wedges]
    points = _smoothed(points, _edges(corners, len(points)), _limit_weight, 1 / 5)
    if attributes.shape[1] == 0:  # nothing differs across a seam: one point a place
        wedges, place_of, attributes = corners, np.arange(len(points)), np.zeros((len(points), 0))
    used = np.zeros(len(place_of), np.bool_)
    used[wedges] = True
    place_of, triangles = place_of[used], (np.cumsum(used) - 1)[wedges]
    normals = None
    if smooth:
        at_places = sum_at_points(face_normals(points, corners), corners, len(points))
        normals = normalized(at_places)[place_of]
    return Mesh(
        mesh.name,
        points[place_of].astype(np.float32),
        triangles.astype(np.uint32),
        normals=normals,
        **_taken_apart(mesh, attributes[used]),
    )


def diced(mesh: Mesh, steps: int) -> Mesh:
    """Each triangle cut into `steps` squared smaller ones, flat between its corners; normals are blended.

    What classic Lux's microdisplacement displaces.
    Raises SceneError if the result would be larger than MAX_MESH_TRIANGLES.
    """
    if steps < 1 or len(mesh.triangles) * steps**2 > MAX_MESH_TRIANGLES:
        raise SceneError(
            f"{steps} steps of microdisplacement make the {len(mesh.triangles)} triangles of the mesh '{mesh.name}' "
            f"more than MAX_MESH_TRIANGLES, {MAX_MESH_TRIANGLES}; use an nsubdivlevels from 1 on, and a lower one"
        )
    # Points (i, j) with i + j <= steps, where i and j count from the first corner towards the others.
    rows = [np.stack([np.full(steps + 1 - i, i), np.arange(steps + 1 - i)], axis=1) for i in range(steps + 1)]
    grid = np.concatenate(rows)
    first = np.cumsum([0, *(len(row) for row in rows)])
    index = {(int(i), int(j)): int(first[i] + j) for i, j in grid}
    cells = [(index[i, j], index[i + 1, j], index[i, j + 1]) for i, j in index if i + j < steps]
    cells += [(index[i + 1, j], index[i + 1, j + 1], index[i, j + 1]) for i, j in index if i + j < steps - 1]
    share = np.stack([steps - grid.sum(axis=1), grid[:, 0], grid[:, 1]], axis=1) / steps

    def blended(values: Floats) -> Floats:
        spread = np.einsum("pc,tc...->tp...", share, values[mesh.triangles].astype(np.float64))
        return np.asarray(spread.reshape(-1, *values.shape[1:]), np.float32)

    starts = np.arange(len(mesh.triangles))[:, None, None] * len(grid)
    attributes = {name: getattr(mesh, name) for name, *_ in ATTRIBUTES if getattr(mesh, name) is not None}
    made = Mesh(
        mesh.name,
        blended(mesh.points),
        (np.array(cells)[None] + starts).reshape(-1, 3).astype(np.uint32),
        **{name: blended(values) for name, values in attributes.items()},
    )
    made.normals = None if made.normals is None else normalized(made.normals)
    return _welded(made)


def _welded(mesh: Mesh) -> Mesh:
    """Points that are alike in all things become one."""
    attributes = {name: getattr(mesh, name) for name, *_ in ATTRIBUTES if getattr(mesh, name) is not None}
    alike = np.concatenate([values.reshape(len(mesh.points), -1) for values in (mesh.points, *attributes.values())], 1)
    _, kept, index = np.unique(alike + np.float32(0), axis=0, return_index=True, return_inverse=True)
    return Mesh(
        mesh.name,
        mesh.points[kept],
        index.reshape(-1)[mesh.triangles].astype(np.uint32),
        **{name: values[kept] for name, values in attributes.items()},
    )


def _edges(triangles: Whole, count: int) -> _Edges:
    pairs = np.sort(triangles[:, CORNERS].reshape(-1, 2), axis=1)
    keys, of_face, faces = np.unique(pairs[:, 0] * count + pairs[:, 1], return_inverse=True, return_counts=True)
    return _Edges(np.stack([keys // count, keys % count], axis=1), of_face.reshape(-1, 3), faces)


def _smoothed(points: Array, edges: _Edges, weight: Callable[[Array], Array], boundary_weight: float) -> Array:
    """Each vertex drawn to its neighbours; on a boundary, to its two neighbours there. Corners stay."""
    valence, ring = _neighbours(points, edges.ends)
    borders, border_ring = _neighbours(points, edges.ends[~edges.interior])
    own = weight(np.maximum(valence, 1))[:, None]
    result = np.where((borders == 0)[:, None], (1 - valence[:, None] * own) * points + own * ring, points)
    on_border = (borders == 2)[:, None]
    drawn: Array = np.where(on_border, (1 - 2 * boundary_weight) * points + boundary_weight * border_ring, result)
    return drawn


def _neighbours(points: Array, ends: Whole) -> tuple[Array, Array]:
    """How many of the edges meet at each vertex, and the sum of the vertices at their other ends."""
    here, there = ends.ravel(), ends[:, ::-1].ravel()
    sums = [np.bincount(here, points[there, axis], len(points)) for axis in range(3)]
    return np.bincount(here, minlength=len(points)).astype(np.float64), np.stack(sums, axis=1)


def _loop_weight(valence: Array) -> Array:
    return np.where(valence == 3, 3 / 16, 3 / (8 * valence))


def _limit_weight(valence: Array) -> Array:
    weight: Array = 1 / (valence + 3 / (8 * _loop_weight(valence)))
    return weight


def _middles(points: Array, corners: Whole, edges: _Edges) -> Array:
    """The new vertex of each edge: between its ends, and drawn to the far corners of its two triangles."""
    ends = points[edges.ends].sum(axis=1)
    across = points[np.roll(corners, 1, axis=1)]  # (m, 3, 3): what edge k does not touch
    of_face = edges.of_face.ravel()
    far = np.stack([np.bincount(of_face, across[..., axis].ravel(), len(ends)) for axis in range(3)], axis=1)
    middles: Array = np.where(edges.interior[:, None], 3 / 8 * ends + 1 / 8 * far, ends / 2)
    return middles


def _quartered(triangles: Whole, middles: Whole) -> Whole:
    """Four triangles for each, wound as it was; `middles` (m, 3) are the new vertices of its edges."""
    a, b, c = triangles.T
    ab, bc, ca = middles.T
    quarters = ((a, ab, ca), (b, bc, ab), (c, ca, bc), (ab, bc, ca))
    return np.stack([np.stack(quarter, axis=1) for quarter in quarters], axis=1).reshape(-1, 3)


def _has_three_places(corners: Whole) -> npt.NDArray[np.bool_]:
    a, b, c = corners.T
    different: npt.NDArray[np.bool_] = (a != b) & (b != c) & (c != a)
    return different


def _attributes(mesh: Mesh) -> Array:
    """(n, k): what is halved along edges, side by side."""
    count = len(mesh.points)
    given = [values for values in (mesh.uvs, mesh.colors, mesh.alphas) if values is not None]
    return np.concatenate(
        [np.zeros((count, 0)), *(values.reshape(count, -1).astype(np.float64) for values in given)], axis=1
    )


def _taken_apart(mesh: Mesh, attributes: Array) -> dict[str, Floats | None]:
    """The reverse of `_attributes`."""
    result: dict[str, Floats | None] = {}
    first = 0
    for name, width in (("uvs", 2), ("colors", 3), ("alphas", 1)):
        present = getattr(mesh, name) is not None
        values = np.ascontiguousarray(attributes[:, first : first + width], np.float32)
        result[name] = (values if width > 1 else values[:, 0]) if present else None
        first += width if present else 0
    return result
