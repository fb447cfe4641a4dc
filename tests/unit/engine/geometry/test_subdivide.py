"""Loop subdivision: masks, boundaries, seams, bounds."""

from __future__ import annotations

import numpy as np
import pytest

from lrnap.engine.geometry.mesh import Mesh, check, face_normals
from lrnap.engine.geometry.quadrics import grid_triangles, sphere
from lrnap.engine.geometry.subdivide import subdivide
from lrnap.errors import SceneError

OCTAHEDRON = Mesh(
    "octahedron",
    np.array([[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1]], np.float32),
    np.array(
        [[0, 2, 4], [2, 1, 4], [1, 3, 4], [3, 0, 4], [2, 0, 5], [1, 2, 5], [3, 1, 5], [0, 3, 5]],
        np.uint32,
    ),
)


def flat_grid(side: int) -> Mesh:
    v, u = np.meshgrid(np.linspace(0, 1, side), np.linspace(0, 1, side), indexing="ij")
    uvs = np.stack([u, v], axis=-1).reshape(-1, 2).astype(np.float32)
    points = np.concatenate([uvs, np.zeros((side * side, 1), np.float32)], axis=1)
    return Mesh("grid", points, grid_triangles(side, side), uvs=uvs)


@pytest.mark.parametrize("levels", [1, 2, 3])
def test_each_level_makes_four_triangles_of_one_and_keeps_a_closed_mesh_closed(levels: int) -> None:
    fine = subdivide(OCTAHEDRON, levels)
    check(fine)
    assert len(fine.triangles) == 8 * 4**levels
    assert len(fine.points) - len(fine.triangles) / 2 == 2  # Euler: V - E + F, with E = 3 F / 2


def test_an_octahedron_becomes_a_ball_that_looks_outwards() -> None:
    ball = subdivide(OCTAHEDRON, 3)
    distance = np.linalg.norm(ball.points, axis=1)
    assert distance.max() == 0.5  # by the masks: a corner of valence 4 ends half-way to its neighbours' middle
    assert distance.min() > 0.4
    assert ball.normals is not None
    assert np.einsum("ij,ij->i", ball.normals, ball.points).min() > 0.95 * distance.min()
    assert np.einsum("ij,ij->i", face_normals(ball.points, ball.triangles), ball.points[ball.triangles[:, 0]]).min() > 0


def test_levels_converge_to_one_limit_surface() -> None:
    """The vertices of a coarser level are pushed to the limit, so the finer level has points at the same places."""
    coarse, fine = subdivide(OCTAHEDRON, 1), subdivide(OCTAHEDRON, 3)
    distance = np.linalg.norm(coarse.points[:, None] - fine.points[None], axis=-1).min(axis=1)
    assert distance.max() < 1e-6


def test_a_plane_stays_a_plane_and_straight_borders_stay_straight() -> None:
    fine = subdivide(flat_grid(6), 2)
    assert (fine.points[:, 2] == 0).all()
    assert fine.points[:, :2].min() >= 0
    assert fine.points[:, :2].max() <= 1
    on_left = fine.points[np.isclose(fine.points[:, 0], 0)]
    assert len(on_left) > 8
    assert fine.normals is not None
    assert (fine.normals == [0, 0, 1]).all()


def test_uvs_colors_and_alphas_are_halved_along_edges() -> None:
    mesh = flat_grid(2)
    mesh.colors = np.eye(4, 3, dtype=np.float32)
    mesh.alphas = np.array([0, 1, 0, 1], np.float32)
    fine = subdivide(mesh, 1)
    check(fine)
    assert fine.uvs is not None
    assert {tuple(uv) for uv in fine.uvs.tolist()} == {(u, v) for u in (0, 0.5, 1) for v in (0, 0.5, 1)}
    assert fine.alphas is not None
    assert set(fine.alphas.tolist()) == {0, 0.5, 1}


def test_a_texture_seam_neither_opens_the_surface_nor_moves() -> None:
    cut_open = sphere("ball", tolerance=0.05)
    closed = sphere("ball", tolerance=0.05)
    closed.uvs = None
    with_seam, without = subdivide(cut_open, 2), subdivide(closed, 2)
    check(with_seam)
    assert {tuple(p) for p in with_seam.points.tolist()} == {tuple(p) for p in without.points.tolist()}
    assert len(with_seam.points) > len(without.points)
    assert with_seam.uvs is not None
    assert with_seam.uvs.max() == 1
    assert with_seam.normals is not None
    by_place: dict[tuple[float, ...], list[list[float]]] = {}
    for place, normal in zip(with_seam.points.tolist(), with_seam.normals.tolist(), strict=True):
        by_place.setdefault(tuple(place), []).append(normal)
    assert all(normal == normals[0] for normals in by_place.values() for normal in normals)


def test_an_edge_of_three_faces_is_a_crease_and_no_error() -> None:
    points = np.array([[0, 0, 0], [0, 0, 1], [1, 0, 0], [-1, 1, 0], [-1, -1, 0]], np.float32)
    book = Mesh("book", points, np.array([[0, 1, 2], [0, 1, 3], [0, 1, 4]], np.uint32))
    fine = subdivide(book, 2)
    check(fine)
    assert len(fine.triangles) == 3 * 16


def test_without_smoothing_the_mesh_is_flat_and_triangles_without_area_go() -> None:
    mesh = flat_grid(2)
    mesh.triangles = np.concatenate([mesh.triangles, [[0, 0, 1]]]).astype(np.uint32)
    fine = subdivide(mesh, 1, smooth=False)
    assert fine.normals is None
    assert len(fine.triangles) == 8


@pytest.mark.parametrize("levels", [13, 17, 2**30])
def test_a_result_that_is_too_large_is_refused_before_anything_is_made(levels: int) -> None:
    with pytest.raises(SceneError, match="use a lower nsubdivlevels"):
        subdivide(OCTAHEDRON, levels)


def test_no_levels_leave_the_mesh_as_it_is() -> None:
    assert subdivide(OCTAHEDRON, 0) is OCTAHEDRON
