"""Tessellated quadrics: their area against the formula, their normals, and the corners of their uv."""

from __future__ import annotations

from math import cos, hypot, pi, radians, sqrt

import numpy as np
import pytest

from lrnap.engine.geometry.mesh import Mesh, check, face_normals
from lrnap.engine.geometry.quadrics import QUADRICS, TOLERANCE, cone, hyperboloid, paraboloid, sphere, torus
from lrnap.errors import SceneError


def area(mesh: Mesh) -> float:
    a, b, c = (mesh.points[mesh.triangles[:, corner]].astype(np.float64) for corner in range(3))
    return float(np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2)


AREAS = [
    ("sphere", {}, 4 * pi),
    ("sphere", {"radius": 3.0, "zmin": -1.0, "zmax": 2.0, "phimax": 90.0}, radians(90) * 3 * 3),
    ("cylinder", {}, 4 * pi),
    ("cylinder", {"radius": 2.0, "zmin": 1.0, "zmax": 0.0, "phimax": 180.0}, pi * 2),
    ("cone", {}, pi * sqrt(2)),
    ("cone", {"radius": 1.0, "radius2": 3.0, "height": 2.0}, pi * 4 * hypot(2, 2)),
    ("disk", {"height": 5.0, "radius": 2.0, "innerradius": 1.0, "phimax": 90.0}, pi / 4 * 3),
    ("paraboloid", {}, pi / 6 * (5**1.5 - 1)),
    ("torus", {}, 4 * pi * pi * 0.25),
    ("hyperboloid", {"p1": (1.0, 0.0, -1.0), "p2": (1.0, 0.0, 1.0)}, 4 * pi),  # a cylinder
]


@pytest.mark.parametrize(("name", "sizes", "expected"), AREAS)
def test_the_area_is_that_of_the_formula_within_the_bound(name: str, sizes: dict[str, float], expected: float) -> None:
    mesh = QUADRICS[name]("x", **sizes)
    check(mesh)
    assert area(mesh) <= expected * (1 + 1e-6)
    assert area(mesh) == pytest.approx(expected, rel=4 * TOLERANCE)


@pytest.mark.parametrize("name", QUADRICS)
def test_normals_look_to_the_front_and_uv_fills_the_unit_square(name: str) -> None:
    mesh = QUADRICS[name]("x")
    assert mesh.normals is not None
    assert mesh.uvs is not None
    at_corners = mesh.normals[mesh.triangles]
    agreement = np.einsum("fj,fcj->fc", face_normals(mesh.points, mesh.triangles), at_corners)
    assert agreement.min() > 0.99
    assert np.linalg.norm(mesh.normals, axis=1) == pytest.approx(1, abs=1e-6)
    assert mesh.uvs.min(axis=0).tolist() == [0, 0]
    assert mesh.uvs.max(axis=0).tolist() == [1, 1]


def test_a_sphere_looks_outwards_and_v_runs_upwards_with_the_angle() -> None:
    mesh = sphere("x", radius=2.0)
    assert mesh.normals == pytest.approx(mesh.points / 2, abs=1e-6)
    assert mesh.uvs is not None
    assert mesh.points[:, 2] == pytest.approx(-2 * np.cos(mesh.uvs[:, 1] * pi), abs=1e-5)
    quarter = mesh.points[(mesh.uvs[:, 0] == 0.25) & (mesh.uvs[:, 1] == 0.5)]
    assert quarter[0] == pytest.approx((0, 2, 0), abs=1e-6)


@pytest.mark.parametrize("tolerance", [0.1, 0.01, 0.001])
def test_no_chord_strays_further_than_the_tolerance(tolerance: float) -> None:
    mesh = sphere("x", radius=5.0, tolerance=tolerance)
    starts, ends = mesh.points[mesh.triangles], mesh.points[np.roll(mesh.triangles, 1, axis=1)]
    along_meridian = np.isclose(starts[..., 1], 0, atol=1e-6) & np.isclose(ends[..., 1], 0, atol=1e-6)
    sagitta = 5.0 - np.linalg.norm((starts + ends)[along_meridian] / 2, axis=1)
    assert 0 < sagitta.max() <= 5.0 * tolerance + 1e-5


def test_the_tube_of_a_torus_starts_outside_and_runs_upwards() -> None:
    mesh = torus("x", majorradius=2.0, minorradius=0.5, thetamax=90.0)
    assert mesh.uvs is not None
    start = mesh.points[(mesh.uvs == 0).all(axis=1)][0]
    end = mesh.points[(mesh.uvs[:, 0] == 0) & (mesh.uvs[:, 1] == 1)][0]
    assert start == pytest.approx((2.5, 0, 0))
    assert end == pytest.approx((2.0, 0, 0.5))


def test_a_frustum_has_its_wider_end_at_the_bottom() -> None:
    mesh = cone("x", radius=1.0, radius2=2.0, height=3.0)
    distance = np.hypot(mesh.points[:, 0], mesh.points[:, 1])
    assert distance[mesh.points[:, 2] == 0] == pytest.approx(2)
    assert distance[mesh.points[:, 2] == 3] == pytest.approx(1)


def test_a_paraboloid_cut_below_starts_on_its_own_curve() -> None:
    mesh = paraboloid("x", radius=2.0, zmin=1.0, zmax=4.0)
    assert mesh.points[:, 2].min() == 1.0
    assert np.hypot(mesh.points[:, 0], mesh.points[:, 1]) == pytest.approx(np.sqrt(mesh.points[:, 2]), abs=1e-5)


def test_a_hyperboloid_of_skew_lines_has_a_waist() -> None:
    angle = radians(120)
    mesh = hyperboloid("x", p1=(1.0, 0.0, -1.0), p2=(cos(angle), np.sin(angle), 1.0))
    distance = np.hypot(mesh.points[:, 0], mesh.points[:, 1])
    assert distance.max() == pytest.approx(1)
    assert distance.min() == pytest.approx(cos(angle / 2), abs=0.01)


def test_a_closed_sphere_has_no_gap_at_its_seam() -> None:
    mesh = sphere("x", tolerance=0.01)
    assert mesh.uvs is not None
    first, last = mesh.points[mesh.uvs[:, 0] == 0], mesh.points[mesh.uvs[:, 0] == 1]
    assert (first == last).all()


@pytest.mark.parametrize(
    ("name", "sizes", "cause"),
    [
        ("sphere", {"radius": 0.0}, "radius 0; give a finite number above 0"),
        ("sphere", {"radius": -1.0}, "radius -1"),
        ("sphere", {"zmin": 2.0, "zmax": 3.0}, "no surface"),
        ("sphere", {"phimax": 0.0}, "phimax 0"),
        ("cylinder", {"zmin": 1.0, "zmax": 1.0}, "no surface"),
        ("cone", {"radius": float("nan")}, "radius nan"),
        ("disk", {"radius": 1.0, "innerradius": 1.0}, "no surface"),
        ("paraboloid", {"zmax": -1.0}, "above 0"),
        ("torus", {"minorradius": 0.0}, "minorradius 0"),
        ("torus", {"thetamax": 0.0}, "no surface"),
        ("hyperboloid", {"p1": (1.0, 1.0, 1.0)}, "the same point"),
    ],
)
def test_a_shape_without_size_is_an_error_that_says_why(name: str, sizes: dict[str, float], cause: str) -> None:
    with pytest.raises(SceneError, match=cause):
        QUADRICS[name]("thing", **sizes)
