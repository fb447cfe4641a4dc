"""Reading PLY meshes: ascii and binary of either byte order, elements and properties in any order.

Rules for this file: a file is hostile until proven otherwise. Counts are held against the file's size before anything
is allocated, and whatever is wrong leaves as a SceneError that names the file and the place in it.

A file is a header and then element after element. Each element is read into columns (`elements.py`); then the columns
named x, y, z, nx ... of the vertices and the index list of the faces become a Mesh.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from lrnap.engine.geometry.mesh import Floats, Indices, Mesh, check_indices, split_quads
from lrnap.engine.geometry.mesh_file import file_bytes
from lrnap.engine.geometry.ply_elements import AsciiBody, BinaryBody, Columns, Element, Property
from lrnap.errors import SceneError
from lrnap.limits import MAX_MESH_HEADER

TYPES = {
    "char": "i1",
    "uchar": "u1",
    "short": "i2",
    "ushort": "u2",
    "int": "i4",
    "uint": "u4",
    "float": "f4",
    "double": "f8",
    "int8": "i1",
    "uint8": "u1",
    "int16": "i2",
    "uint16": "u2",
    "int32": "i4",
    "uint32": "u4",
    "float32": "f4",
    "float64": "f8",
}
FORMATS = {"ascii": "", "binary_little_endian": "<", "binary_big_endian": ">"}
INDEX_LISTS = ("vertex_indices", "vertex_index")
UV_NAMES = (("s", "t"), ("u", "v"), ("texture_u", "texture_v"), ("texture_s", "texture_t"))
COLOR_NAMES = (("red", "green", "blue"), ("r", "g", "b"), ("diffuse_red", "diffuse_green", "diffuse_blue"))
ALPHA_NAMES = (("alpha",), ("diffuse_alpha",))


@dataclass(frozen=True, slots=True)
class Header:
    order: str  # "" for ascii, else numpy's byte order character
    elements: tuple[Element, ...]
    size: int  # bytes up to the first of the body
    lines: int


def read(path: str | Path, name: str, shown: str | None = None) -> Mesh:
    """The mesh of a file. `shown` is what errors call the file, where that is not its path.

    Normals are as in the file, or None; faces of more than four corners are cut as fans. Raises SceneError.
    """
    shown = shown or str(path)
    return parse(file_bytes(path, shown), name, shown)


def parse(data: bytes, name: str, shown: str) -> Mesh:
    """The mesh of a file's content; see `read`."""
    header = _header(data, shown)
    body: AsciiBody | BinaryBody
    if header.order:
        body = BinaryBody(data, header.size, header.order, shown)
    else:
        body = AsciiBody(data, header.size, header.lines, shown)
    columns: dict[str, Columns] = {}
    for element in header.elements:
        missing = {"vertex", "face"} - columns.keys()
        if missing and element.count and element.properties:
            columns[element.name] = body.read(element, keep=element.name in missing)
    return _mesh(columns, name, shown)


# The header.


def _header(data: bytes, shown: str) -> Header:
    if not data.startswith((b"ply\n", b"ply\r")):
        raise SceneError("this is no PLY file: it does not begin with a line 'ply'", at=shown)
    end = data.find(b"end_header", 0, MAX_MESH_HEADER)
    if end < 0:
        raise SceneError(
            f"the PLY header has no 'end_header' in its first {MAX_MESH_HEADER} bytes; the file is cut off or damaged",
            at=shown,
        )
    lines = data[:end].decode("latin-1").splitlines()
    order: str | None = None
    elements: list[tuple[str, int, list[Property]]] = []
    for number, line in enumerate(lines, 1):
        words = line.split()
        at = f"{shown}:{number}"
        match words:
            case ["format", kind, _] if kind in FORMATS:
                order = FORMATS[kind]
            case ["element", element, count] if count.isascii() and count.isdigit() and len(count) < 16:
                elements.append((element, int(count), []))
            case ["property", "list", counts, items, prop] if elements:
                elements[-1][2].append(_property(prop, items, counts, at))
            case ["property", items, prop] if elements:
                elements[-1][2].append(_property(prop, items, None, at))
            case ["ply" | "comment" | "obj_info", *_] | []:
                pass
            case _:
                raise SceneError(f"the PLY header has a line that nobody understands: {line[:80]!r}", at=at)
    if order is None:
        raise SceneError(f"the PLY header names no format; one of {', '.join(FORMATS)} is needed", at=shown)
    size = end + len(b"end_header")
    size += 2 if data[size : size + 2] == b"\r\n" else 1
    made = tuple(Element(element, count, tuple(properties)) for element, count, properties in elements)
    return Header(order, made, size, len(lines) + 1)


def _property(name: str, items: str, counts: str | None, at: str) -> Property:
    for kind in (items, counts):
        if kind is not None and kind not in TYPES:
            raise SceneError(f"unknown type '{kind}' of the property '{name}'; PLY has {', '.join(TYPES)}", at=at)
    if counts is not None and TYPES[counts].startswith("f"):
        raise SceneError(f"the length of the list '{name}' is a {counts}; it must be an integer type", at=at)
    return Property(name, TYPES[items], TYPES[counts] if counts else None)


# From columns to a mesh.


def _mesh(columns: dict[str, Columns], name: str, shown: str) -> Mesh:
    vertices, faces = columns.get("vertex"), columns.get("face")
    if vertices is None:
        raise SceneError("the PLY file has no vertices; export the mesh again", at=shown)
    if faces is None:
        raise SceneError("the PLY file has no faces (triangle strips are not read); export it with faces", at=shown)
    points = _attribute(vertices, (("x", "y", "z"),))
    if points is None:
        raise SceneError("the PLY file's vertices lack x, y or z; export the mesh again", at=shown)
    uvs = _attribute(vertices, UV_NAMES)
    alphas = _attribute(vertices, ALPHA_NAMES, scaled=True)
    return Mesh(
        name,
        points,
        _triangles(faces, points, uvs, shown),
        normals=_attribute(vertices, (("nx", "ny", "nz"),)),
        uvs=uvs,
        colors=_attribute(vertices, COLOR_NAMES, scaled=True),
        alphas=None if alphas is None else alphas[:, 0],
    )


def _attribute(vertices: Columns, names: tuple[tuple[str, ...], ...], scaled: bool = False) -> Floats | None:
    """(n, k) of the first group of columns that is there. `scaled`: integers are fractions of their type's largest."""
    for group in names:
        if all(column in vertices.scalars for column in group):
            result = np.empty((vertices.count, len(group)), np.float32)
            for place, column in enumerate(group):
                values = vertices.scalars[column]
                limit = np.iinfo(vertices.types[column]).max if scaled and vertices.types[column][0] in "iu" else 1
                with np.errstate(over="ignore", invalid="ignore"):
                    result[:, place] = values if limit == 1 else values / limit
            return result
    return None


def _triangles(faces: Columns, points: Floats, uvs: Floats | None, shown: str) -> Indices:
    found = next((faces.lists[name] for name in INDEX_LISTS if name in faces.lists), None)
    if found is None:
        raise SceneError(f"the PLY file's faces have no list {' or '.join(INDEX_LISTS)}; export it again", at=shown)
    parts: list[Indices] = []
    for corners in np.unique(found.counts):
        if corners < 3:
            continue  # an edge or a point that is called a face
        polygons = found.of_length(int(corners))
        if not np.array_equal(polygons, np.trunc(polygons)) or np.isinf(polygons).any():
            raise SceneError("a face of the PLY file names a point by no whole number; export it again", at=shown)
        check_indices(polygons, len(points), f"faces of {corners} corners", shown)
        polygons = np.ascontiguousarray(polygons, np.uint32)
        parts.append(split_quads(points, polygons, uvs) if corners == 4 else _fan(polygons))
    if not parts:
        raise SceneError("the PLY file has no face with three corners or more; export the mesh again", at=shown)
    return np.concatenate(parts)


def _fan(polygons: Indices) -> Indices:
    """Triangles from the first corner of each polygon to each of its further sides."""
    fan: npt.NDArray[np.intp] = np.array([(0, i, i + 1) for i in range(1, polygons.shape[1] - 1)]).ravel()
    return polygons[:, fan].reshape(-1, 3)
