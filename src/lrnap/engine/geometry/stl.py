"""Reading STL meshes, binary and ascii. Every triangle has corners of its own, and the mesh is flat shaded."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from lrnap.engine.geometry.mesh import Floats, Mesh
from lrnap.engine.geometry.mesh_file import file_bytes
from lrnap.errors import SceneError

HEADER = 84  # bytes of a binary file before its first triangle: a title of 80, then the count
TRIANGLE = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])
NUMBER = rb"\s+([^\s]+)"
VERTEX = re.compile(rb"\bvertex" + NUMBER * 3, re.IGNORECASE)


def read(path: str | Path, name: str, shown: str | None = None) -> Mesh:
    """The mesh of a file; `shown` is what errors call the file, where that is not its path. Raises SceneError."""
    shown = shown or str(path)
    return parse(file_bytes(path, shown), name, shown)


def parse(data: bytes, name: str, shown: str) -> Mesh:
    """The mesh of a file's content. It is binary if its size is what its count of triangles says."""
    count = int.from_bytes(data[80:HEADER], "little") if len(data) >= HEADER else 0
    if count and len(data) == HEADER + count * TRIANGLE.itemsize:
        points = np.ascontiguousarray(
            np.frombuffer(data, TRIANGLE, count, HEADER)["corners"].reshape(-1, 3), np.float32
        )
    else:
        points = _ascii(data, shown)
    return Mesh(name, points, np.arange(len(points), dtype=np.uint32).reshape(-1, 3))


def recentered(mesh: Mesh) -> Mesh:
    """The mesh with the middle of its bounding box at the origin."""
    middle = (mesh.points.min(axis=0) + mesh.points.max(axis=0)) / 2
    mesh.points = mesh.points - middle
    return mesh


def _ascii(data: bytes, shown: str) -> Floats:
    if not data.lstrip()[:5].lower() == b"solid":
        raise SceneError(
            "this is no STL file: it does not begin with 'solid', and its size is not that of a binary one", at=shown
        )
    words = VERTEX.findall(data)
    if not words or len(words) % 3:
        raise SceneError(
            f"the STL file has {len(words)} vertices; give three a facet, or export the mesh again", at=shown
        )
    try:
        return np.array(words).astype(np.float64).astype(np.float32)
    except ValueError:
        raise SceneError(f"{_misread(words)} in the STL file is not a number; it is damaged", at=shown) from None


def _misread(words: list[tuple[bytes, ...]]) -> str:
    for vertex in words:
        for word in vertex:
            try:
                float(word)
            except ValueError:
                return repr(word[:40].decode("latin-1"))
    return "something"
