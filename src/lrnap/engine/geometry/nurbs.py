"""NURBS surfaces as meshes.

Rules for this file: parameters in, `Mesh` out. A point has the surface's own normal, and u and v are its parameters, as
in classic Lux. Each span between knots is cut into so many equal steps that no chord strays from the surface by more
than `TOLERANCE` times the size of the whole, as far as its middle shows.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt

from lrnap.engine.geometry.mesh import Mesh, normalized
from lrnap.engine.geometry.quadrics import grid_triangles
from lrnap.errors import SceneError
from lrnap.limits import MAX_MESH_TRIANGLES
from lrnap.lux.params import ParamSet

Array = npt.NDArray[np.float64]

TOLERANCE = 1 / 2000  # of half the longest side of its box
MOST_STEPS = 256  # of one span; finer ones are no rounder in 32 bits
MAX_ORDER = 32


def nurbs(params: ParamSet, name: str, at: object = None) -> Mesh:
    net = _control_points(params, name, at)
    u_order, u_knots = _direction(params, "u", net.shape[1], name, at)
    v_order, v_knots = _direction(params, "v", net.shape[0], name, at)
    spans = [
        _spans(params, axis, knots, order, count, name, at)
        for axis, knots, order, count in (("u", u_knots, u_order, net.shape[1]), ("v", v_knots, v_order, net.shape[0]))
    ]
    weights = np.abs(net[..., 3:]).min()
    if not weights > 0:
        raise SceneError(f"the surface '{name}' has a point of weight 0; give weights above 0 in Pw", at=at)
    u, v = (_steps(net, u_order, u_knots, spans[0], axis=1), _steps(net, v_order, v_knots, spans[1], axis=0))
    if len(u) * len(v) * 2 > MAX_MESH_TRIANGLES:
        raise SceneError(
            f"the surface '{name}' takes {len(u)} x {len(v)} points, more than MAX_MESH_TRIANGLES, "
            f"{MAX_MESH_TRIANGLES}, allows; divide it",
            at=at,
        )
    across, across_slope = _basis(u, u_order, u_knots, net.shape[1])
    along, along_slope = _basis(v, v_order, v_knots, net.shape[0])
    points, du, dv = (
        np.einsum("vj,ui,jic->vuc", a, b, net)
        for a, b in ((along, across), (along, across_slope), (along_slope, across))
    )
    place = points[..., :3] / points[..., 3:]
    normals = np.cross(*((slope[..., :3] - place * slope[..., 3:]) / points[..., 3:] for slope in (du, dv)))
    uvs = np.stack(np.broadcast_arrays(u[None, :], v[:, None]), axis=-1)
    flat = place.reshape(-1, 3)
    triangles = grid_triangles(len(v), len(u))
    a, b, c = (flat[triangles[:, corner]] for corner in range(3))
    triangles = triangles[np.cross(b - a, c - a).any(axis=1)]
    if not len(triangles):
        raise SceneError(f"the surface '{name}' has no area; give its points different places", at=at)
    with np.errstate(over="ignore"):  # what is too large for 32 bits is found by the mesh's check
        return Mesh(
            name,
            flat.astype(np.float32),
            triangles,
            normals=normalized(normals.reshape(-1, 3)),
            uvs=uvs.reshape(-1, 2).astype(np.float32),
        )


def _control_points(params: ParamSet, name: str, at: object) -> Array:
    """(nv, nu, 4): x, y, z times the weight, and the weight."""
    columns, rows = params.int("nu"), params.int("nv")
    plain, weighted = params.points("P"), params.floats("Pw")
    if plain is None and not weighted.size:
        raise SceneError(f'the surface \'{name}\' has no points; give "point P" or "float Pw"', at=at)
    if plain is not None:
        given = np.concatenate([plain, np.ones((len(plain), 1))], axis=1).astype(np.float64)
    else:
        given = weighted[: len(weighted) // 4 * 4].reshape(-1, 4).astype(np.float64)
    if min(columns, rows) < 2 or len(given) != columns * rows or (plain is None and weighted.size % 4):
        raise SceneError(
            f"the surface '{name}' has {len(given)} points for nu {columns} and nv {rows}; give nu * nv of them, and "
            "nu and nv of 2 or more",
            at=at,
        )
    if not np.isfinite(given).all():
        raise SceneError(f"a point of the surface '{name}' is not a finite number; export it again", at=at)
    return given.reshape(rows, columns, 4)


def _direction(params: ParamSet, axis: str, count: int, name: str, at: object) -> tuple[int, Array]:
    order, knots = params.int(f"{axis}order"), params.floats(f"{axis}knots").astype(np.float64)
    if not 2 <= order <= min(count, MAX_ORDER):
        raise SceneError(
            f"the surface '{name}' has {axis}order {order}; give 2 to {min(count, MAX_ORDER)}, as it has {count} "
            f"points along {axis}",
            at=at,
        )
    if len(knots) != count + order:
        raise SceneError(
            f"the surface '{name}' has {len(knots)} {axis}knots; give n{axis} + {axis}order = {count + order}", at=at
        )
    if not np.isfinite(knots).all() or (np.diff(knots) < 0).any():
        raise SceneError(f"the {axis}knots of the surface '{name}' decrease somewhere; sort them", at=at)
    return order, knots


def _spans(params: ParamSet, axis: str, knots: Array, order: int, count: int, name: str, at: object) -> Array:
    """Where the surface begins, has knots inside, and ends."""
    first, last = float(knots[order - 1]), float(knots[count])
    low = params.float(f"{axis}0") if params.has(f"{axis}0", "float") else first
    high = params.float(f"{axis}1") if params.has(f"{axis}1", "float") else last
    if not first <= low < high <= last:
        raise SceneError(
            f"the surface '{name}' goes from {axis}0 {low:g} to {axis}1 {high:g}; it is defined from {first:g} to "
            f"{last:g}",
            at=at,
        )
    inside = knots[(knots > low) & (knots < high)]
    return np.unique(np.concatenate([[low], inside, [high]]))


def _steps(net: Array, order: int, knots: Array, spans: Array, axis: int) -> Array:
    """The parameters at which a direction is cut: straight spans once, round ones as the tolerance asks."""
    count, rows = net.shape[axis], np.moveaxis(net, axis, 0)
    extent = net[..., :3] / net[..., 3:]
    allowed = TOLERANCE * max(float((extent.max(axis=(0, 1)) - extent.min(axis=(0, 1))).max()) / 2, 1e-30)
    parameters = [spans[:1]]
    for low, high in pairwise(spans.tolist()):
        steps = 1
        while steps < MOST_STEPS and order > 2:
            at = np.linspace(low, high, 2 * steps + 1)
            found = np.einsum("ti,i...->t...", _basis(at, order, knots, count)[0], rows)
            line = found[..., :3] / found[..., 3:]
            if np.linalg.norm(line[1::2] - (line[:-1:2] + line[2::2]) / 2, axis=-1).max() <= allowed:
                break
            steps *= 2
        parameters.append(np.linspace(low, high, steps + 1)[1:])
    return np.concatenate(parameters)


def _basis(t: Array, order: int, knots: Array, count: int) -> tuple[Array, Array]:
    """(len(t), count): the basis functions of that order at t, and their slopes (Cox and de Boor)."""
    span = np.clip(np.searchsorted(knots, t, side="right") - 1, order - 1, count - 1)
    while (empty := knots[span + 1] <= knots[span]).any():  # t at the very end of the last knots
        span = np.where(empty, span - 1, span)
    values = np.zeros((len(t), len(knots) - 1))
    values[np.arange(len(t)), span] = 1.0
    lower = values
    for degree in range(1, order):
        lower, size = values, len(knots) - 1 - degree
        left, right = knots[degree : degree + size] - knots[:size], knots[degree + 1 :][:size] - knots[1 : 1 + size]
        rising = _over(t[:, None] - knots[:size], left) * lower[:, :size]
        falling = _over(knots[degree + 1 :][:size] - t[:, None], right) * lower[:, 1 : 1 + size]
        values = rising + falling
    degree = order - 1
    left, right = knots[degree : degree + count] - knots[:count], knots[order : order + count] - knots[1 : 1 + count]
    slopes = degree * (_over(lower[:, :count], left) - _over(lower[:, 1 : 1 + count], right))
    return values[:, :count], slopes


def _over(values: Array, widths: Array) -> Array:
    """Divided, where there is no width zero."""
    widths = np.broadcast_to(widths, values.shape)
    return np.divide(values, widths, out=np.zeros_like(values), where=widths > 0)
