"""What must hold for a mesh before native code sees it, and the arithmetic that all shapes share."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lrnap.engine.geometry.mesh import (
    Mesh,
    check,
    face_normals,
    mend_normals,
    reverse_mesh,
    smooth_normals,
    split_quads,
    transform_mesh,
)
from lrnap.errors import SceneError

CORNERS = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]], np.float32)
SQUARE = Mesh(
    "square",
    CORNERS,
    np.array([[0, 1, 2], [0, 2, 3]], np.uint32),
    normals=np.tile(np.array([0, 0, 1], np.float32), (4, 1)),
    uvs=CORNERS[:, :2].copy(),
)


def with_value(values: np.ndarray, index: tuple[int, int], value: float) -> np.ndarray:
    changed = values.copy()
    changed[index] = value
    return changed


def test_a_sound_mesh_passes() -> None:
    check(SQUARE)


@pytest.mark.parametrize(
    ("mesh", "cause"),
    [
        (replace(SQUARE, points=np.zeros((0, 3), np.float32)), "has no points"),
        (replace(SQUARE, triangles=np.zeros((0, 3), np.uint32)), "has no faces"),
        (replace(SQUARE, points=with_value(CORNERS, (2, 1), np.nan)), "point 2 is not a finite number"),
        (replace(SQUARE, points=with_value(CORNERS, (3, 0), np.inf)), "point 3 is not a finite number"),
        (replace(SQUARE, triangles=np.array([[0, 1, 2], [0, 2, 4]], np.uint32)), "face 1 names point 4"),
        (replace(SQUARE, triangles=np.array([[0, 1, 2**32 - 1]], np.uint32)), "face 0 names point 4294967295"),
        (replace(SQUARE, uvs=np.zeros((3, 2), np.float32)), "4 points but uvs of shape"),
        (replace(SQUARE, colors=np.zeros((4, 4), np.float32)), "4 points but colors of shape"),
        (replace(SQUARE, alphas=np.zeros((4, 1), np.float32)), "4 points but alphas of shape"),
        (replace(SQUARE, normals=with_value(CORNERS, (0, 0), np.nan)), "normal 0 is not a finite number"),
    ],
)
def test_an_unsound_mesh_is_refused_with_its_cause_and_place(mesh: Mesh, cause: str) -> None:
    with pytest.raises(SceneError, match=cause) as caught:
        check(mesh, "scene.lxs:4:1")
    assert caught.value.at == "scene.lxs:4:1"
    assert "square" in caught.value.message


def test_smooth_normals_are_the_mean_of_the_faces_and_forgive_faces_without_area() -> None:
    points = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [9, 9, 9]], np.float32)
    triangles = np.array([[0, 1, 2], [0, 3, 1], [0, 0, 1]], np.uint32)
    normals = smooth_normals(points, triangles)
    assert normals[2] == pytest.approx((0, 0, 1))
    assert normals[3] == pytest.approx((0, 1, 0))
    assert normals[0] == pytest.approx((0, 0.5**0.5, 0.5**0.5))
    assert normals[4] == pytest.approx((0, 0, 1))  # no face has it


def test_a_normal_without_direction_is_computed_from_the_faces() -> None:
    normals = np.array([[0, 0, 0], [np.nan, 0, 0], [0, 1, 0], [0, 0, 1]], np.float32)
    mesh = replace(SQUARE, normals=normals)
    assert mend_normals(mesh) == 2
    assert mesh.normals is not None
    assert mesh.normals.tolist() == [[0, 0, 1], [0, 0, 1], [0, 1, 0], [0, 0, 1]]
    assert mend_normals(mesh) == 0


def test_a_quad_is_cut_along_its_shorter_diagonal() -> None:
    quad = np.array([[0, 1, 2, 3]], np.uint32)
    wide = np.array([[-2, 0, 0], [0, -1, 0], [2, 0, 0], [0, 1, 0]], np.float32)
    assert {frozenset(t) for t in split_quads(wide, quad).tolist()} == {frozenset({1, 2, 3}), frozenset({1, 3, 0})}
    tall = np.array([[-1, 0, 0], [0, -2, 0], [1, 0, 0], [0, 2, 0]], np.float32)
    assert {frozenset(t) for t in split_quads(tall, quad).tolist()} == {frozenset({0, 1, 2}), frozenset({0, 2, 3})}


def test_of_equal_diagonals_the_shorter_in_uv_counts_and_the_front_stays() -> None:
    quad = np.array([[0, 1, 2, 3]], np.uint32)
    uvs = np.array([[0, 0], [3, 0], [1, 1], [0, 3]], np.float32)
    triangles = split_quads(CORNERS, quad, uvs)
    assert {frozenset(t) for t in triangles.tolist()} == {frozenset({0, 1, 2}), frozenset({0, 2, 3})}
    assert face_normals(CORNERS, triangles)[:, 2].tolist() == [1, 1]


def test_normals_go_with_the_inverse_transpose() -> None:
    slope = replace(SQUARE, points=CORNERS @ np.array([[1, 0, 1], [0, 1, 0], [0, 0, 1]], np.float32))
    slope.normals = smooth_normals(slope.points, slope.triangles)
    matrix = np.diag([4.0, 1.0, 1.0, 1.0])
    matrix[:3, 3] = (5, 6, 7)
    moved = transform_mesh(slope, matrix)
    assert moved.points[0].tolist() == [5, 6, 7]
    assert moved.normals == pytest.approx(smooth_normals(moved.points, moved.triangles), abs=1e-6)


def test_a_mirroring_transform_keeps_fronts_and_normals_together() -> None:
    moved = transform_mesh(SQUARE, np.diag([1.0, 1.0, -1.0, 1.0]))
    assert moved.normals is not None
    assert moved.normals[0].tolist() == [0, 0, -1]
    assert face_normals(moved.points, moved.triangles)[0].tolist() == [0, 0, -1]


def test_a_flattening_transform_is_refused() -> None:
    with pytest.raises(SceneError, match="cannot be inverted"):
        transform_mesh(SQUARE, np.diag([1.0, 0.0, 1.0, 1.0]))


def test_reversing_turns_fronts_and_normals() -> None:
    back = reverse_mesh(SQUARE)
    assert back.normals is not None
    assert back.normals[0].tolist() == [0, 0, -1]
    assert face_normals(back.points, back.triangles)[:, 2].tolist() == [-1, -1]
