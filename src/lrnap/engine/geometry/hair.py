"""Hair files (Cem Yuksel's HAIR format) as meshes: ribbons, tubes, or spheres for files of particles.

Rules for this file: bytes and numbers in, `Mesh` out; numpy over all strands of a length at once. Little-endian. What
the header promises is compared with what is there before anything is made of it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from lrnap.engine.geometry.mesh import Mesh, smooth_normals
from lrnap.engine.geometry.mesh_file import file_bytes
from lrnap.engine.geometry.quadrics import sphere
from lrnap.errors import SceneError
from lrnap.limits import MAX_MESH_TRIANGLES

Array = npt.NDArray[np.float64]

HEADER = np.dtype(
    [
        ("signature", "S4"),
        *((name, "<u4") for name in ("strands", "points", "arrays", "segments")),
        *((name, "<f4") for name in ("thickness", "transparency")),
        ("color", "<f4", 3),
        ("info", "S88"),
    ]
)
# The arrays behind the header, in their order: bit that says they are there, numbers a point.
ARRAYS = {"points": (2, 3), "thickness": (4, 1), "transparency": (8, 1), "colors": (16, 3), "uvs": (32, 2)}
SEGMENTS = 1  # the bit of the array before these: 16 bits a strand
PARALLEL = 0.95  # cosine from which on a strand's direction says nothing of how to turn it
PARTICLE_TOLERANCE = 1 / 50  # of a particle's radius: there are many, and they are small


@dataclass(slots=True)
class Style:
    """How strands become triangles; the parameters of the shape."""

    solid: bool = False  # tubes, not ribbons
    adaptive: bool = False  # as smooth curves through the points
    max_depth: int = 8  # halvings of a curve at most
    error: float = 0.1  # distance from a curve over the length of its chord
    sides: int = 3
    cap_bottom: bool = False
    cap_top: bool = False
    eye: tuple[float, float, float] | None = None  # what ribbons face, in the file's space


@dataclass(slots=True)
class Hair:
    """Strands behind one another; `segments` of a strand are one fewer than its points. No segments: particles."""

    segments: npt.NDArray[np.int64]  # (strands,)
    points: Array  # (n, 3)
    radius: Array  # (n,)
    colors: Array  # (n, 3)
    alphas: Array  # (n,)
    uvs: Array | None  # (n, 2)


def read(path: str | Path, name: str, style: Style, shown: str) -> Mesh:
    """The mesh of a file, which errors call `shown`. Raises SceneError."""
    return build(parse(file_bytes(path, shown, what="hair file"), shown), name, style, shown)


def parse(data: bytes, shown: str) -> Hair:
    if len(data) < HEADER.itemsize or data[:4] != b"HAIR":
        raise SceneError("this is no hair file: it does not begin with HAIR and a header of 128 bytes", at=shown)
    header = np.frombuffer(data, HEADER, 1)[0]
    strands, count, arrays = int(header["strands"]), int(header["points"]), int(header["arrays"])
    if not strands or not count or not arrays & ARRAYS["points"][0]:
        raise SceneError("the hair file has no strands or no points; export it again", at=shown)
    start = HEADER.itemsize
    segments = np.full(strands, int(header["segments"]), np.int64) if strands <= len(data) else np.zeros(0, np.int64)
    if arrays & SEGMENTS:
        segments = _array(data, "<u2", start, strands, shown).astype(np.int64)
        start += 2 * strands
    found: dict[str, Array] = {}
    for name, (bit, width) in ARRAYS.items():
        if arrays & bit:
            found[name] = _array(data, "<f4", start, count * width, shown).astype(np.float64).reshape(count, width)
            start += 4 * count * width
            if not np.isfinite(found[name]).all():
                raise SceneError(f"a number among the {name} of the hair file is not finite; export it again", at=shown)
    needed = int(segments.sum()) + int((segments > 0).sum()) if segments.any() else strands
    if len(segments) != strands or needed > count:
        raise SceneError(
            f"the strands of the hair file need {needed} points, but it has {count}; export it again", at=shown
        )
    thickness = found["thickness"][:, 0] if "thickness" in found else np.full(count, float(header["thickness"]))
    clear = found["transparency"][:, 0] if "transparency" in found else np.full(count, float(header["transparency"]))
    colors = found.get("colors", np.broadcast_to(header["color"].astype(np.float64), (count, 3)))
    return Hair(segments, found["points"], thickness / 2, colors, 1 - clear, found.get("uvs"))


def _array(data: bytes, kind: str, start: int, count: int, shown: str) -> npt.NDArray[np.generic]:
    if start + count * np.dtype(kind).itemsize > len(data):
        raise SceneError("the hair file ends before its last array; get it again", at=shown)
    return np.frombuffer(data, kind, count, start)


def build(hair: Hair, name: str, style: Style, shown: str) -> Mesh:
    parts = [*(_strands(hair, style, shown) if hair.segments.any() else _particles(hair, shown))]
    points, triangles, values = [], [], []
    offset = 0
    for part in parts:
        points.append(part.points)
        triangles.append(part.triangles + offset)
        values.append(part.values)
        offset += len(part.points)
    if not sum(len(part) for part in triangles):
        raise SceneError("the hair file has no strand of two points; export it again", at=shown)
    stored, faces = np.concatenate(points).astype(np.float32), np.concatenate(triangles).astype(np.uint32)
    attributes = np.concatenate(values).astype(np.float32)
    colors, alphas = attributes[:, 2:5], attributes[:, 5]
    return Mesh(
        name,
        stored,
        faces,
        normals=smooth_normals(stored, faces),
        uvs=attributes[:, :2].copy(),
        colors=colors.copy() if (colors != 1).any() else None,
        alphas=alphas.copy() if (alphas != 1).any() else None,
    )


@dataclass(slots=True)
class _Part:
    points: Array  # (n, 3)
    triangles: npt.NDArray[np.int64]  # (m, 3)
    values: Array  # (n, 6): uv, colour, alpha


def _particles(hair: Hair, shown: str) -> Iterator[_Part]:
    ball = sphere("", 1.0, tolerance=PARTICLE_TOLERANCE)
    count = len(hair.segments)
    if count * len(ball.triangles) > MAX_MESH_TRIANGLES:
        raise _too_many(shown)
    assert ball.uvs is not None
    points = hair.points[:count, None] + hair.radius[:count, None, None] * ball.points
    faces = ball.triangles.astype(np.int64) + (np.arange(count) * len(ball.points))[:, None, None]
    values = np.ones((count, len(ball.points), 6))
    values[..., :2] = ball.uvs
    yield _Part(points.reshape(-1, 3), faces.reshape(-1, 3), values.reshape(-1, 6))


def _strands(hair: Hair, style: Style, shown: str) -> Iterator[_Part]:
    """All strands of one length at a time."""
    firsts = np.cumsum(hair.segments + (hair.segments > 0)) - hair.segments - (hair.segments > 0)
    made = 0
    for length in np.unique(hair.segments[hair.segments > 0]).tolist():
        index = firsts[hair.segments == length][:, None] + np.arange(length + 1)
        if hair.uvs is None:
            uvs = np.stack(np.broadcast_arrays(0.0, np.arange(length + 1) / length), axis=-1)
            uvs = np.broadcast_to(uvs, (*index.shape, 2))
        else:
            uvs = hair.uvs[index]
        radius, alphas = hair.radius[index][..., None], hair.alphas[index][..., None]
        curves = np.concatenate([hair.points[index], radius, uvs, hair.colors[index], alphas], axis=-1)
        for drawn in _curves(curves, style) if style.adaptive else [curves]:
            made += 2 * len(drawn) * drawn.shape[1] * (style.sides if style.solid else 1)
            if made > MAX_MESH_TRIANGLES:
                raise _too_many(shown)
            yield _tubes(drawn, style) if style.solid else _ribbons(drawn, style)


def _too_many(shown: str) -> SceneError:
    return SceneError(
        f"the hair file makes more than MAX_MESH_TRIANGLES, {MAX_MESH_TRIANGLES}, triangles; give it fewer strands, or "
        "a lower adaptive_maxdepth",
        at=shown,
    )


def _curves(strands: Array, style: Style) -> Iterator[Array]:
    """The strands as smooth curves, each cut evenly and as often as its bend asks: groups of those cut alike."""
    left = strands
    for depth in range(min(max(style.max_depth, 0), 10) + 1):
        pieces = 2**depth
        fine = _catmull_rom(left, 2 * pieces)
        points = fine[..., :3]
        chord = points[:, 2::2] - points[:, :-1:2]
        length = np.maximum(np.linalg.norm(chord, axis=-1), 1e-30)
        away = np.linalg.norm(np.cross(chord, points[:, 1::2] - points[:, :-1:2]), axis=-1) / length
        thick = np.abs(fine[:, 1::2, 3] - (fine[:, :-1:2, 3] + fine[:, 2::2, 3]) / 2)
        done = ((away / length <= style.error) & (thick <= style.error)).all(axis=1)
        if depth == min(max(style.max_depth, 0), 10):
            done[:] = True
        if done.any():
            yield fine[done][:, ::2]
        left = left[~done]
        if not len(left):
            return


def _catmull_rom(strands: Array, pieces: int) -> Array:
    """(k, pieces + 1, c): the curves through the points, evenly in the number of the point."""
    count = strands.shape[1]
    if count == 2:
        t = np.linspace(0, 1, pieces + 1)[:, None]
        return np.asarray(strands[:, :1] * (1 - t) + strands[:, 1:] * t)
    at = np.linspace(0, count - 1, pieces + 1)
    first = np.minimum(at.astype(np.int64), count - 2)
    t = (at - first)[:, None]
    a, b, c, d = (strands[:, np.clip(first + shift, 0, count - 1)] for shift in (-1, 0, 1, 2))
    cubed, squared = t**3, t**2
    curve = b * (2 * cubed - 3 * squared + 1) + c * (3 * squared - 2 * cubed)
    curve = curve + (c - a) / 2 * (cubed - 2 * squared + t) + (d - b) / 2 * (cubed - squared)
    curve[..., 4:] = np.clip(curve[..., 4:], 0.0, 1.0)
    curve[..., 3] = np.maximum(curve[..., 3], 0.0)
    return np.asarray(curve, np.float64)


def _frames(points: Array, eye: tuple[float, float, float] | None) -> tuple[Array, Array]:
    """(k, n, 3) twice: across each point of each strand, turned along with it and never about it."""
    ahead = np.diff(points, axis=1, append=points[:, -1:])
    ahead[:, -1] = ahead[:, -2]
    ahead /= np.maximum(np.linalg.norm(ahead, axis=-1, keepdims=True), 1e-30)
    up = np.tile([1.0, 0.0, 0.0], (len(points), 1)) if eye is None else np.asarray(eye) - points[:, 0]
    up = up / np.maximum(np.linalg.norm(up, axis=-1, keepdims=True), 1e-30)
    for other in ((0.0, 1.0, 0.0), (0.0, 0.0, 1.0)):
        useless = np.abs((ahead[:, 0] * up).sum(axis=-1)) > PARALLEL
        up = np.where(useless[:, None], other, up)
    across = np.cross(up, ahead[:, 0])
    across /= np.maximum(np.linalg.norm(across, axis=-1, keepdims=True), 1e-30)
    sides = np.empty_like(points)
    sides[:, 0] = across
    for i in range(1, points.shape[1]):
        across = _turned(across, ahead[:, i - 1], ahead[:, i])
        sides[:, i] = (sides[:, i - 1] + across) / 2  # half way between two pieces, as classic Lux has it
    return sides, np.cross(ahead, sides)


def _turned(vectors: Array, before: Array, after: Array) -> Array:
    """The shortest turn from one direction to the other."""
    axis, cosine = np.cross(before, after), (before * after).sum(axis=-1, keepdims=True)
    along = (axis * vectors).sum(axis=-1, keepdims=True) / np.maximum(1 + cosine, 1e-6)
    return np.asarray(vectors * cosine + np.cross(axis, vectors) + axis * along)


def _ribbons(strands: Array, style: Style) -> _Part:
    points, radius = strands[..., :3], strands[..., 3:4]
    across, _ = _frames(points, style.eye)
    rims = np.stack([points + radius * across, points - radius * across], axis=2)
    return _Part(rims.reshape(-1, 3), _skin(len(strands), strands.shape[1], 2, closed=False), _values(strands, 2))


def _tubes(strands: Array, style: Style) -> _Part:
    points, radius = strands[..., :3], strands[..., 3:4]
    x, y = _frames(points, style.eye)
    count, sides = strands.shape[1], max(style.sides, 3)
    angle = np.arange(sides) * 2 * math.pi / sides
    rings = points[:, :, None] + radius[:, :, None] * (
        np.cos(angle)[:, None] * x[:, :, None] + np.sin(angle)[:, None] * y[:, :, None]
    )
    part = _Part(rings.reshape(-1, 3), _skin(len(strands), count, sides, closed=True), _values(strands, sides))
    for wanted, at, turn in ((style.cap_bottom, 0, -1), (style.cap_top, count - 1, 1)):
        if wanted:
            part = _capped(part, strands, at, sides, turn)
    return part


def _capped(part: _Part, strands: Array, at: int, sides: int, turn: int) -> _Part:
    """A fan over the ends of all tubes, with points of its own."""
    count = strands.shape[1]
    rings = (np.arange(len(strands)) * count + at)[:, None] * sides + np.arange(sides)
    fan = np.concatenate([part.points[rings], strands[:, at, None, :3]], axis=1)
    values = np.broadcast_to(strands[:, at, None, 4:], (len(strands), sides + 1, 6))
    start = len(part.points) + np.arange(len(strands))[:, None] * (sides + 1)
    here, there = start + np.arange(sides), start + (np.arange(sides) + 1) % sides
    corners = [here, there, np.broadcast_to(start + sides, here.shape)]
    faces = np.stack(corners[::turn], axis=-1).reshape(-1, 3)
    return _Part(
        np.concatenate([part.points, fan.reshape(-1, 3)]),
        np.concatenate([part.triangles, faces]),
        np.concatenate([part.values, values.reshape(-1, 6)]),
    )


def _values(strands: Array, width: int) -> Array:
    return np.repeat(strands[..., 4:].reshape(-1, 6), width, axis=0)


def _skin(strands: int, count: int, width: int, *, closed: bool) -> npt.NDArray[np.int64]:
    """Two triangles between each pair of neighbours along and across, fronts outwards."""
    across = width if closed else width - 1
    ring = (np.arange(strands)[:, None] * count + np.arange(count - 1)).reshape(-1, 1) * width
    here, there = ring + np.arange(across), ring + (np.arange(across) + 1) % width
    quads = np.stack([here, there, here + width, there, there + width, here + width], axis=-1)
    return np.asarray(quads.reshape(-1, 3), np.int64)
