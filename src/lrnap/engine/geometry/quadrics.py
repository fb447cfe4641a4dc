"""The round shapes of classic Lux as meshes: sphere, cylinder, cone, disk, hyperboloid, paraboloid, torus, lens.

Rules for this file: numbers in, `Mesh` out; no scene parameters. All stand about z. A point has the surface's own
normal and the u, v that classic Lux computes there: u runs with the angle about z, and a triangle's front is where
du x dv points, which is outwards.

Fineness follows from one bound: a chord strays from its arc by at most `tolerance` times the arc's radius.
"""

from __future__ import annotations

from collections.abc import Callable
from math import acos, ceil, hypot, inf, isfinite, pi, radians, sqrt

import numpy as np
import numpy.typing as npt

from lrnap.engine.geometry.mesh import Indices, Mesh, joined, normalized
from lrnap.errors import SceneError

TOLERANCE = 1 / 2000  # of the radius: a circle has 100 sides, and no silhouette shows them at 2,000 pixels across

Array = npt.NDArray[np.float64]
Triplet = tuple[float, float, float]


def sphere(
    name: str,
    radius: float = 1.0,
    zmin: float = -inf,
    zmax: float = inf,
    phimax: float = 360.0,
    tolerance: float = TOLERANCE,
) -> Mesh:
    """v runs from zmin (0) to zmax (1) with the angle, not with z."""
    _positive(name, radius=radius)
    low, high = sorted((min(max(zmin, -radius), radius), min(max(zmax, -radius), radius)))
    first, last = acos(low / radius), acos(high / radius)
    theta = np.linspace(first, last, _steps(abs(first - last), tolerance) + 1)
    ring, height = np.sin(theta), np.cos(theta)
    ring[np.isclose(ring, 0.0, atol=1e-12)] = 0.0
    return _revolved(name, phimax, tolerance, radius * ring, radius * height, ring, height)


def cylinder(
    name: str,
    radius: float = 1.0,
    zmin: float = -1.0,
    zmax: float = 1.0,
    phimax: float = 360.0,
    tolerance: float = TOLERANCE,
) -> Mesh:
    """Without caps. v runs from the lower end to the upper."""
    _positive(name, radius=radius)
    low, high = sorted((zmin, zmax))
    return _revolved(name, phimax, tolerance, *_pairs((radius, radius), (low, high), (1.0, 1.0), (0.0, 0.0)))


def cone(
    name: str,
    radius: float = 1.0,
    radius2: float = 0.0,
    height: float = 1.0,
    phimax: float = 360.0,
    tolerance: float = TOLERANCE,
) -> Mesh:
    """Without a base; the larger radius is at z = 0. v runs from there to the top."""
    wide, narrow = max(radius, radius2), max(min(radius, radius2), 0.0)
    _positive(name, radius=wide)
    slope = wide - narrow
    return _revolved(name, phimax, tolerance, *_pairs((wide, narrow), (0.0, height), (height, height), (slope, slope)))


def disk(
    name: str,
    height: float = 0.0,
    radius: float = 1.0,
    innerradius: float = 0.0,
    phimax: float = 360.0,
    tolerance: float = TOLERANCE,
) -> Mesh:
    """Its front looks along z. v runs from the rim (0) inwards."""
    _positive(name, radius=radius)
    return _revolved(
        name, phimax, tolerance, *_pairs((radius, max(innerradius, 0.0)), (height, height), (0.0, 0.0), (1.0, 1.0))
    )


def paraboloid(
    name: str,
    radius: float = 1.0,
    zmin: float = 0.0,
    zmax: float = 1.0,
    phimax: float = 360.0,
    tolerance: float = TOLERANCE,
) -> Mesh:
    """z = zmax (r / radius)^2. v runs with z from zmin to zmax; the rows lie evenly in r, where it bends most."""
    low, high = sorted((zmin, zmax))
    _positive(name, radius=radius, zmax=high)
    first = radius * sqrt(max(low, 0.0) / high)
    steps = ceil((radius - first) / radius / 2 * sqrt(high / (tolerance * max(radius, high))))
    ring = np.linspace(first, radius, max(steps, 1) + 1)
    z = high * np.square(ring / radius)
    v = np.clip((z - low) / (high - low), 0.0, 1.0) if high > low else np.zeros_like(z)
    slope = 2 * high / radius**2 * ring
    return _revolved(name, phimax, tolerance, ring, z, slope, -np.ones_like(z), v)


def torus(
    name: str,
    majorradius: float = 1.0,
    minorradius: float = 0.25,
    thetamin: float = 0.0,
    thetamax: float = 360.0,
    phimax: float = 360.0,
    tolerance: float = TOLERANCE,
) -> Mesh:
    """v runs with the angle about the tube, from its outside upwards."""
    _positive(name, majorradius=majorradius, minorradius=minorradius)
    first, last = sorted((_angle(thetamin), _angle(thetamax)))
    theta = np.linspace(first, last, _steps(last - first, tolerance) + 1)
    ring = majorradius + minorradius * np.cos(theta)
    return _revolved(name, phimax, tolerance, ring, minorradius * np.sin(theta), np.cos(theta), np.sin(theta))


def lens(
    name: str,
    radius: float = 1.0,
    aperture: float = 1.0,
    zmin: float = -inf,
    zmax: float = inf,
    phimax: float = 360.0,
    tolerance: float = TOLERANCE,
) -> Mesh:
    """What of a sphere lies in a tube of diameter `aperture` about z: two bowls. The rest, as in classic Lux, only
    says how u and v run, not where the surface ends."""
    _positive(name, radius=radius, aperture=aperture, phimax=phimax)
    rim = sqrt(max(radius**2 - (aperture / 2) ** 2, 0.0))
    bowls = [sphere(name, radius, rim, radius, 360.0, tolerance), sphere(name, radius, -radius, -rim, 360.0, tolerance)]
    both = joined(bowls)
    low, high = (acos(min(max(z / radius, -1.0), 1.0)) for z in sorted((zmin, zmax)))
    theta = np.arccos(np.clip(both.points[:, 2].astype(np.float64) / radius, -1.0, 1.0))
    assert both.uvs is not None
    both.uvs[:, 0] *= 360.0 / phimax
    both.uvs[:, 1] = (theta - low) / ((high - low) or 1.0)
    return both


def hyperboloid(
    name: str,
    p1: Triplet = (0.0, 0.0, 0.0),
    p2: Triplet = (1.0, 1.0, 1.0),
    phimax: float = 360.0,
    tolerance: float = TOLERANCE,
) -> Mesh:
    """The segment from p1 (v = 0) to p2, turned about z. If p2 lies at z = 0 they change places, as in classic Lux."""
    if p2[2] == 0:
        p1, p2 = p2, p1
    start, along = np.array(p1, np.float64), np.subtract(p2, p1, dtype=np.float64)
    if not along.any():
        raise SceneError(f"the hyperboloid '{name}' has no size: p1 and p2 are the same point")
    twist = abs(np.arctan2(p2[1], p2[0]) - np.arctan2(p1[1], p1[0])) if hypot(*p1[:2]) and hypot(*p2[:2]) else 0.0
    v = np.linspace(0.0, 1.0, max(_steps(min(twist, 2 * pi - twist), tolerance), 8) + 1)[:, None]
    segment = start + v * along
    u = _columns(name, phimax, tolerance)
    cosine, sine = np.cos(u * _angle(phimax)), np.sin(u * _angle(phimax))
    turned = [_turn(values, cosine, sine) for values in (segment, np.broadcast_to(along, segment.shape))]
    points, dpdv = turned
    dpdu = np.stack([-points[..., 1], points[..., 0], np.zeros_like(points[..., 0])], axis=-1)
    normals = np.cross(dpdu, dpdv)
    for end, beside in ((0, 1), (-1, -2)):
        if not normals[end].any():  # on the axis nothing runs with u; the normal is that of the row beside
            normals[end] = normals[beside]
    return _grid(name, points, normals, u, v[:, 0])


# What they share.


def _revolved(
    name: str,
    phimax: float,
    tolerance: float,
    ring: Array,
    z: Array,
    out: Array,
    up: Array,
    v: Array | None = None,
) -> Mesh:
    """A profile turned about z. Of each of its points: distance from the axis, height, and the normal's two parts."""
    u = _columns(name, phimax, tolerance)
    cosine, sine = np.cos(u * _angle(phimax)), np.sin(u * _angle(phimax))
    if phimax >= 360:
        cosine[-1], sine[-1] = 1.0, 0.0  # the seam closes exactly
    points = np.stack(
        [ring[:, None] * cosine, ring[:, None] * sine, np.broadcast_to(z[:, None], (len(z), len(u)))], axis=-1
    )
    normals = np.stack(
        [out[:, None] * cosine, out[:, None] * sine, np.broadcast_to(up[:, None], (len(up), len(u)))], axis=-1
    )
    return _grid(name, points, normals, u, np.linspace(0.0, 1.0, len(z)) if v is None else v)


def _grid(name: str, points: Array, normals: Array, u: Array, v: Array) -> Mesh:
    """A mesh of rows (v) of columns (u), without the triangles that have no area, as at a pole."""
    if not np.isfinite(points).all():
        raise SceneError(f"the shape '{name}' has a size that is not a finite number")
    flat = points.reshape(-1, 3)
    triangles = grid_triangles(len(v), len(u))
    a, b, c = (flat[triangles[:, corner]] for corner in range(3))
    triangles = triangles[np.cross(b - a, c - a).any(axis=1)]
    if not len(triangles):
        raise SceneError(f"the shape '{name}' has no surface; give its ends different places")
    uvs = np.stack(np.broadcast_arrays(u[None, :], v[:, None]), axis=-1).reshape(-1, 2)
    with np.errstate(over="ignore"):  # what is too large for float32 is found by the mesh's check
        stored = flat.astype(np.float32)
    return Mesh(name, stored, triangles, normals=normalized(normals.reshape(-1, 3)), uvs=uvs.astype(np.float32))


def grid_triangles(rows: int, columns: int) -> Indices:
    """(2 (rows - 1) (columns - 1), 3): two triangles a cell, points counted along the rows."""
    corner = (np.arange(rows - 1)[:, None] * columns + np.arange(columns - 1)).reshape(-1, 1)
    cell = np.array([[0, 1, columns + 1, 0, columns + 1, columns]])
    triangles: Indices = (corner + cell).reshape(-1, 3).astype(np.uint32)
    return triangles


def _turn(values: Array, cosine: Array, sine: Array) -> Array:
    x, y, z = (values[:, axis, None] for axis in range(3))
    height = np.broadcast_to(z, (len(values), len(cosine)))
    return np.stack([x * cosine - y * sine, x * sine + y * cosine, height], axis=-1)


def _columns(name: str, phimax: float, tolerance: float) -> Array:
    """u of each column."""
    angle = _angle(phimax)
    if not angle > 0:
        raise SceneError(f"the shape '{name}' has phimax {phimax:g}; give degrees above 0, up to 360")
    return np.linspace(0.0, 1.0, _steps(angle, tolerance) + 1)


def _steps(angle: float, tolerance: float) -> int:
    """Into how many chords an arc must be cut."""
    return max(ceil(angle / (2 * acos(1 - tolerance)) - 1e-9), 1)


def _angle(degrees: float) -> float:
    return radians(min(max(degrees, 0.0), 360.0))


def _pairs(*pairs: tuple[float, float]) -> tuple[Array, ...]:
    return tuple(np.array(pair, np.float64) for pair in pairs)


def _positive(name: str, **sizes: float) -> None:
    for what, size in sizes.items():
        if not (isfinite(size) and size > 0):
            raise SceneError(f"the shape '{name}' has {what} {size:g}; give a finite number above 0")


QUADRICS: dict[str, Callable[..., Mesh]] = {
    "sphere": sphere,
    "cylinder": cylinder,
    "cone": cone,
    "disk": disk,
    "paraboloid": paraboloid,
    "torus": torus,
    "hyperboloid": hyperboloid,
    "lenscomponent": lens,
}
