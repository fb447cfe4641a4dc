"""The PLY reader: every layout that exporters write, and every fault as a SceneError."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lrnap.engine.geometry import ply
from lrnap.engine.geometry.mesh import Mesh, check
from lrnap.errors import Code, SceneError

ORDERS = {"binary_little_endian": "<", "binary_big_endian": ">"}
FORMATS = ["ascii", *ORDERS]
POSITIONS = [(0.0, 0.0, 0.0), (1.0, 0.0, 0.0), (1.0, 1.0, 0.0), (0.0, 2.0, 0.0), (-1.0, 1.0, 0.5)]


def write(kind: str, elements: list[tuple[str, list[str], list[list[object]]]]) -> bytes:
    """A PLY file of elements: name, property lines, rows; a row's lists are Python lists."""
    lines = ["ply", f"format {kind} 1.0", "comment made by a test"]
    for name, properties, rows in elements:
        lines += [f"element {name} {len(rows)}", *(f"property {p}" for p in properties)]
    head = "\n".join([*lines, "end_header", ""]).encode()
    return head + b"".join(_row(kind, properties, row) for _, properties, rows in elements for row in rows)


CODES = {"uchar": "B", "char": "b", "ushort": "H", "short": "h", "uint": "I", "int": "i", "float": "f", "double": "d"}


def _row(kind: str, properties: list[str], row: list[object]) -> bytes:
    binary, text = b"", []
    for declared, value in zip(properties, row, strict=True):
        words = declared.split()
        if words[0] == "list":
            assert isinstance(value, list)
            text += [len(value), *value]
            if kind in ORDERS:
                binary += struct.pack(f"{ORDERS[kind]}{CODES[words[1]]}", len(value))
                binary += struct.pack(f"{ORDERS[kind]}{len(value)}{CODES[words[2]]}", *value)
        else:
            text.append(value)
            if kind in ORDERS:
                binary += struct.pack(ORDERS[kind] + CODES[words[0]], value)
    return binary if kind in ORDERS else (" ".join(map(str, text)) + "\n").encode()


def simple(kind: str, faces: list[list[int]], index: str = "uint", count: str = "uchar") -> bytes:
    vertices: list[list[object]] = [list(position) for position in POSITIONS]
    rows: list[list[object]] = [[face] for face in faces]
    return write(
        kind,
        [
            ("vertex", ["float x", "float y", "float z"], vertices),
            ("face", [f"list {count} {index} vertex_indices"], rows),
        ],
    )


def faces_of(mesh: Mesh) -> set[frozenset[int]]:
    return {frozenset(triangle) for triangle in mesh.triangles.tolist()}


@pytest.mark.parametrize("kind", FORMATS)
def test_triangles_are_read_as_they_are(kind: str) -> None:
    mesh = ply.parse(simple(kind, [[0, 1, 2], [2, 3, 0]]), "m", "m.ply")
    check(mesh)
    assert mesh.points.dtype == np.float32
    assert mesh.points.tolist() == [list(p) for p in POSITIONS]
    assert mesh.triangles.dtype == np.uint32
    assert mesh.triangles.tolist() == [[0, 1, 2], [2, 3, 0]]
    assert mesh.normals is mesh.uvs is mesh.colors is mesh.alphas is None


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("index", ["uint", "int", "ushort", "uchar"])
@pytest.mark.parametrize("count", ["uchar", "ushort", "int"])
def test_mixed_faces_of_any_list_types(kind: str, index: str, count: str) -> None:
    mesh = ply.parse(simple(kind, [[0, 1, 2], [0, 1, 2, 3], [0, 4], [0, 1, 2, 3, 4]], index, count), "m", "m.ply")
    check(mesh)
    fan = {frozenset({0, 1, 2}), frozenset({0, 2, 3}), frozenset({0, 3, 4})}
    assert fan <= faces_of(mesh)
    assert len(mesh.triangles) == 1 + 2 + 3


@pytest.mark.parametrize("kind", FORMATS)
def test_properties_in_any_order_and_of_any_type_among_others(kind: str) -> None:
    data = write(
        kind,
        [
            ("camera", ["list uchar float lens", "double z"], [[[1.0, 2.0], 5.0], [[], 6.0]]),
            (
                "vertex",
                [
                    *("uchar red", "double z", "float t", "short x", "float s", "uchar green", "int y", "uchar blue"),
                    *("float nz", "float ny", "float nx", "uchar alpha", "int quality"),
                ],
                [[255, 0.5, 0.25, i, 0.75, 0, 7, 51, 1.0, 0.0, 0.0, 102, 9] for i in range(3)],
            ),
            (
                "face",
                ["uchar flags", "list uchar int vertex_index", "list uchar float texcoord"],
                [[1, [0, 1, 2], [0.5]]],
            ),
            ("edge", ["int a", "int b"], [[0, 1]]),
        ],
    )
    mesh = ply.parse(data, "m", "m.ply")
    check(mesh)
    assert mesh.points.tolist() == [[0, 7, 0.5], [1, 7, 0.5], [2, 7, 0.5]]
    assert mesh.normals is not None
    assert mesh.normals[0].tolist() == [0, 0, 1]
    assert mesh.uvs is not None
    assert mesh.uvs[0].tolist() == [0.75, 0.25]
    assert mesh.colors is not None
    assert mesh.colors[0] == pytest.approx((1, 0, 0.2))
    assert mesh.alphas == pytest.approx([0.4] * 3)


@pytest.mark.parametrize("kind", FORMATS)
def test_faces_may_stand_before_vertices(kind: str) -> None:
    vertices: list[list[object]] = [list(p) for p in POSITIONS]
    data = write(
        kind,
        [
            ("face", ["list uchar uint vertex_indices"], [[[0, 1, 2]], [[0, 1, 2, 3]]]),
            ("vertex", ["float x", "float y", "float z"], vertices),
        ],
    )
    assert len(ply.parse(data, "m", "m.ply").triangles) == 3


def test_line_ends_of_every_system_are_read() -> None:
    text = simple("ascii", [[0, 1, 2]])
    for ending in (b"\r\n", b"\r"):
        assert len(ply.parse(text.replace(b"\n", ending), "m", "m.ply").triangles) == 1
    head, body = simple("binary_little_endian", [[0, 1, 2]]).split(b"end_header\n")
    dos = head.replace(b"\n", b"\r\n") + b"end_header\r\n" + body
    assert ply.parse(dos, "m", "m.ply").points[2].tolist() == [1, 1, 0]


LITTLE = "binary_little_endian"
NO_VERTICES = [("vertex", ["float x", "float y", "float z"], []), ("face", ["list uchar uint vertex_indices"], [])]
FAULTS = [
    (b"", "no PLY file"),
    (b"hello", "no PLY file"),
    (b"ply\nformat ascii 1.0\n", "no 'end_header'"),
    (b"ply\nend_header\n", "names no format"),
    (b"ply\nformat ascii 1.0\nproperty float x\nend_header\n", "that nobody understands"),
    (b"ply\nformat ascii 1.0\nelement vertex -3\nend_header\n", "that nobody understands"),
    (b"ply\nformat ascii 1.0\nelement vertex 3\nproperty quad x\nend_header\n", "unknown type 'quad'"),
    (b"ply\nformat ascii 1.0\nelement f 3\nproperty list float int x\nend_header\n", "must be an integer type"),
    (write("ascii", NO_VERTICES), "has no vertices"),
    (write(LITTLE, [("vertex", ["float x", "float y", "float z"], [[0, 0, 0]])]), "has no faces"),
    (
        write(LITTLE, [("vertex", ["float x"], [[0]]), ("face", ["list uchar uint vertex_indices"], [[[0]]])]),
        "lack x, y",
    ),
    (write("ascii", [("vertex", ["float x", "float x"], [[0, 0]])]), "property twice"),
    (write(LITTLE, [("vertex", ["float x", "float x"], [[0, 0]])]), "property twice"),
    (simple("ascii", [[0, 1, 5]]), "face 0 names point 5"),
    (simple(LITTLE, [[0, 1, 2], [0, 9, 1]]), "face 1 names point 9"),
    (simple(LITTLE, [[0, 1, -1]], "int"), "face 0 names point -1"),
    (simple("ascii", [[0, 1]]), "no face with three corners"),
    (simple("ascii", [[0, 1, 2]]).replace(b"3 0 1 2", b"3 0 1 1.5"), "no whole number"),
    (simple("ascii", [[0, 1, 2]]).replace(b"3 0 1 2", b"3 0 1 nan"), "no whole number"),
    (simple("ascii", [[0, 1, 2]]).replace(b"3 0 1 2", b"3 0 1 inf"), "no whole number"),
    (simple("ascii", [[0, 1, 2]]).replace(b"3 0 1 2", b"9 0 1 2"), "wrong list lengths"),
    (simple("ascii", [[0, 1, 2]]).replace(b"3 0 1 2", b"nan 0 1 2"), "wrong list lengths"),
    (simple("ascii", [[0, 1, 2]]).replace(b"3 0 1 2", b""), "before all 1 of the element 'face'"),
    (simple("ascii", [[0, 1, 2]])[:-44], "before all 5 of the element 'vertex'"),
    (simple("ascii", [[0, 1, 2]]).replace(b"-1.0 1.0", b"-1.0 one"), "'one' is not a number"),
    (simple(LITTLE, [[0, 1, 2]])[:-3], "before all 1 of the element 'face'"),
    (simple(LITTLE, [[0, 1, 2]])[:-30], "before all 5 of the element 'vertex'"),
    (simple(LITTLE, [[0, 1, 2], [0, 1, 2, 3]])[:-1], "before all 2 of the element 'face'"),
    (simple(LITTLE, [[0, 1, 2]], count="char").replace(b"\x03\0\0\0\0", b"\xff\0\0\0\0"), "-1 items"),
]


@pytest.mark.parametrize(("data", "cause"), FAULTS)
def test_every_fault_is_an_error_that_names_file_and_cause(data: bytes, cause: str) -> None:
    with pytest.raises(SceneError, match=cause) as caught:
        ply.parse(data, "m", "geometry/m.ply")
    assert caught.value.at is not None
    assert caught.value.at.startswith("geometry/m.ply")


def test_the_place_of_a_fault_is_its_line_or_byte() -> None:
    with pytest.raises(SceneError) as caught:
        ply.parse(simple("ascii", [[0, 1, 2]]).replace(b"1.0 1.0 0.0", b"1.0 1.0 zero"), "m", "m.ply")
    assert caught.value.at == "m.ply:13"
    with pytest.raises(SceneError) as caught:
        ply.parse(b"ply\nformat ascii 1.0\nelement\nend_header\n", "m", "m.ply")
    assert caught.value.at == "m.ply:3"
    data = simple(LITTLE, [[0, 1, 2]])
    with pytest.raises(SceneError) as caught:
        ply.parse(data[:-1], "m", "m.ply")
    assert caught.value.at == f"m.ply, byte {len(data) - 13}"


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("element", ["vertex", "face", "hostile"])
def test_a_count_that_the_file_cannot_hold_is_refused_at_once(kind: str, element: str) -> None:
    data = simple(kind, [[0, 1, 2]])
    if element == "hostile":
        data = data.replace(
            b"element vertex", b"element hostile 999999999999\nproperty list uchar int a\nelement vertex"
        )
    else:
        data = data.replace(b"element " + element.encode() + b" ", b"element " + element.encode() + b" 99999999999")
    with pytest.raises(SceneError, match="before all"):
        ply.parse(data, "m", "m.ply")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SceneError, match="cannot read the mesh file: No such file") as caught:
        ply.read(tmp_path / "none.ply", "m", "geometry/none.ply")
    assert caught.value.at == "geometry/none.ply"
    assert caught.value.code is Code.NOT_FOUND


SEEDS = [simple(kind, [[0, 1, 2], [0, 1, 2, 3], [0, 1, 2, 3, 4]]) for kind in FORMATS]
SEEDS += [simple(kind, [[0, 1, 2], [2, 3, 0]], "int", "int") for kind in FORMATS]


@settings(max_examples=300, deadline=None)
@given(seed=st.sampled_from(SEEDS), edits=st.lists(st.tuples(st.integers(0, 400), st.binary(max_size=6)), max_size=6))
@example(seed=SEEDS[0], edits=[])
def test_a_damaged_file_gives_a_mesh_that_can_be_checked_or_a_scene_error(
    seed: bytes, edits: list[tuple[int, bytes]]
) -> None:
    data = bytearray(seed)
    for place, replacement in edits:
        data[place : place + len(replacement)] = replacement
    try:
        mesh = ply.parse(bytes(data), "m", "m.ply")
        check(mesh)
    except SceneError:
        return
    assert int(mesh.triangles.max()) < len(mesh.points)


@settings(max_examples=100, deadline=None)
@given(body=st.binary(max_size=200), kind=st.sampled_from(FORMATS), list_first=st.booleans())
def test_any_bytes_after_a_sound_header_leave_as_a_mesh_or_a_scene_error(
    body: bytes, kind: str, list_first: bool
) -> None:
    face = "element face 3\nproperty list char int vertex_indices\nproperty list uchar double w"
    vertex = "element vertex 4\nproperty float x\nproperty float y\nproperty double z"
    parts = [face, vertex] if list_first else [vertex, face]
    head = "\n".join(["ply", f"format {kind} 1.0", *parts, "end_header", ""])
    try:
        check(ply.parse(head.encode() + body, "m", "m.ply"))
    except SceneError as error:
        assert error.message


def test_the_meshes_of_the_real_scenes_are_sound(shared_scenes: Path) -> None:
    paths = sorted(shared_scenes.rglob("*.ply"))
    assert paths
    for path in paths:
        mesh = ply.read(path, path.stem)
        check(mesh)
        assert len(mesh.triangles) > 1
