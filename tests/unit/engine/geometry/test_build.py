"""From shapes of a scene to meshes: inline points, files, subdivision, and what cannot be."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lrnap.engine.geometry import Mesh, build_mesh, check, stl
from lrnap.engine.geometry.mesh import face_normals
from lrnap.errors import Code, SceneError
from lrnap.lux import plugins
from lrnap.lux.builder import describe
from lrnap.lux.call import Location
from lrnap.lux.description import Entity, Shape, Transform
from lrnap.lux.files import file_names, locate
from lrnap.lux.params import ParamSet, from_token
from lrnap.lux.reader import read

AT = Location("scene.lxs", 7, 1)
SQUARE = {"point P": [0, 0, 0, 1, 0, 0, 1, 1, 0, 0, 1, 0]}


def shape(plugin: str, given: Mapping[str, Any]) -> Shape:
    params = tuple(from_token(token, value) for token, value in given.items())
    return Shape(Entity("shape", plugin, params, AT), Transform((np.eye(4),)), None)


def build(
    plugin: str, given: Mapping[str, Any], files: Mapping[str, str] | None = None
) -> tuple[Mesh, list[str], tuple[str, ...]]:
    """The mesh, the warnings, and the parameters that nobody read."""
    one = shape(plugin, given)
    params = ParamSet(one.entity)
    mesh, warnings = build_mesh(one, params, files or {}, "it")
    return mesh, warnings, params.unread()


@pytest.mark.parametrize("plugin", ["mesh", "trianglemesh", "waldtrianglemesh", "barytrianglemesh", "loopsubdiv"])
def test_an_inline_mesh_has_what_its_parameters_say(plugin: str) -> None:
    mesh, warnings, unread = build(
        plugin,
        {
            **SQUARE,
            "integer indices": [0, 1, 2, 0, 2, 3],
            "normal N": [0, 0, 1] * 4,
            "float uv": [0, 0, 1, 0, 1, 1, 0, 1],
            "float C": [0.5] * 12,
            "float gamma": 2.0,
            "float A": [1, 0.5, 1, 1],
            "string name": "square",
            "string acceltype": "kdtree",
        },
    )
    assert mesh.triangles.tolist() == [[0, 1, 2], [0, 2, 3]]
    assert mesh.normals is not None
    assert mesh.normals.tolist() == [[0, 0, 1]] * 4
    assert mesh.uvs is not None
    assert mesh.uvs.tolist() == [[0, 0], [1, 0], [1, 1], [0, 1]]
    assert mesh.colors is not None
    assert mesh.colors.tolist() == [[0.25] * 3] * 4
    assert mesh.alphas is not None
    assert mesh.alphas.tolist() == [1, 0.5, 1, 1]
    assert warnings == []
    assert unread == ()


def test_without_normals_an_inline_mesh_is_flat() -> None:
    mesh, _, _ = build("trianglemesh", {**SQUARE, "integer triindices": [0, 1, 2]})
    assert mesh.normals is None


def test_triangles_and_quads_together_and_the_newer_name_rules() -> None:
    faces = {"integer triindices": [0, 1, 2], "integer indices": [3, 2, 1], "integer quadindices": [0, 1, 2, 3]}
    mesh, _, unread = build("mesh", {**SQUARE, **faces})
    assert len(mesh.triangles) == 3
    assert mesh.triangles[0].tolist() == [0, 1, 2]
    assert unread == ()


@pytest.mark.parametrize(
    ("given", "cause"),
    [
        ({"integer indices": [0, 1, 2]}, "has no points"),
        (SQUARE, "has no faces"),
        ({**SQUARE, "integer indices": [0, 1, 4]}, "names point 4"),
        ({**SQUARE, "integer indices": [0, 1, -1]}, "names point -1"),
        ({**SQUARE, "integer indices": [0, 1]}, "no multiple of 3"),
        ({**SQUARE, "integer quadindices": [0, 1, 2]}, "no multiple of 4"),
        ({**SQUARE, "integer indices": [0, 1, 2], "float uv": [0, 0]}, "4 points but 2 numbers in uv; give 2 a point"),
        ({**SQUARE, "integer indices": [0, 1, 2], "float C": [0, 0]}, "give 3 a point"),
        ({**SQUARE, "integer indices": [0, 1, 2], "normal N": [0, 0, 1]}, "1 normals; give one a point"),
        ({**SQUARE, "integer indices": [0, 1, 2], "integer nsubdivlevels": 14}, "use a lower nsubdivlevels"),
        ({"point P": [np.nan] * 9, "integer indices": [0, 1, 2]}, "point 0 is not a finite number"),
    ],
)
def test_a_wrong_inline_mesh_is_an_error_that_names_its_place(given: Mapping[str, Any], cause: str) -> None:
    with pytest.raises(SceneError, match=cause) as caught:
        build("trianglemesh", given)
    assert caught.value.message.count("'it'") == 1


def test_normals_without_direction_are_mended_with_a_warning() -> None:
    mesh, warnings, _ = build("mesh", {**SQUARE, "integer indices": [0, 1, 2, 0, 2, 3], "normal N": [0, 0, 0] * 4})
    assert mesh.normals is not None
    assert mesh.normals.tolist() == [[0, 0, 1]] * 4
    assert warnings == ["the shape 'it': 4 normals have no direction; they were computed from the faces"]


@pytest.mark.parametrize("levels", ["nsubdivlevels", "nlevels"])
def test_a_mesh_is_subdivided_and_smooth_unless_the_scene_says_otherwise(levels: str) -> None:
    given = {**SQUARE, "integer indices": [0, 1, 2, 0, 2, 3], f"integer {levels}": 2, "string subdivscheme": "loop"}
    mesh, warnings, unread = build("loopsubdiv", given)
    assert len(mesh.triangles) == 2 * 16
    assert mesh.normals is not None
    flat, _, _ = build("loopsubdiv", {**given, "bool dmnormalsmooth": False})
    assert flat.normals is None
    assert (warnings, unread) == ([], ())


def test_a_mesh_to_be_displaced_is_divided_and_has_normals() -> None:
    given = {**SQUARE, "integer indices": [0, 1, 2], "texture displacementmap": "bumps", "float dmscale": 2.0}
    mesh, warnings, unread = build("mesh", {**given, "integer nsubdivlevels": 2})
    assert (len(mesh.triangles), warnings, unread) == (16, [], ())
    assert mesh.normals is not None
    split, _, _ = build("mesh", {**given, "string subdivscheme": "microdisplacement", "integer nsubdivlevels": 5})
    assert len(split.triangles) == 25
    flat, _, _ = build("mesh", {**given, "integer nsubdivlevels": 2, "bool dmnormalsmooth": False})
    assert len(flat.points) == 3 * len(flat.triangles)


@pytest.mark.parametrize("given", [{"texture displacementmap": "bumps"}, {"string subdivscheme": "microdisplacement"}])
def test_what_displaces_nothing_is_said(given: dict[str, object]) -> None:
    mesh, warnings, unread = build("mesh", {**SQUARE, "integer indices": [0, 1, 2], **given})
    assert (len(mesh.triangles), unread) == (1, ())
    assert len(warnings) == 1
    assert "nsubdivlevels" in warnings[0]


def test_a_mesh_without_area_is_not_seen_which_is_said() -> None:
    flat = {"point P": [0, 0, 0, 1, 0, 0, 2, 0, 0, 3, 0, 0], "integer indices": [0, 1, 2, 1, 2, 3]}
    _, warnings, _ = build("mesh", flat)
    assert warnings == ["the shape 'it': none of its faces has an area: nothing of it is seen; export it again"]
    _, warnings, _ = build("mesh", {**flat, "point P": [0, 0, 0, 1, 0, 0, 2, 0, 0, 3, 1, 0]})
    assert warnings == []


def test_a_heightfield_stands_over_the_unit_square() -> None:
    mesh, _, unread = build("heightfield", {"integer nu": 3, "integer nv": 2, "float Pz": [0, 1, 2, 3, 4, 5]})
    assert mesh.points[1].tolist() == [0.5, 0, 1]
    assert mesh.points[5].tolist() == [1, 1, 5]
    assert mesh.uvs is not None
    assert (mesh.uvs == mesh.points[:, :2]).all()
    assert len(mesh.triangles) == 4
    assert (face_normals(mesh.points, mesh.triangles)[:, 2] > 0).all()
    assert unread == ()


@pytest.mark.parametrize(
    ("given", "cause"),
    [
        ({"float Pz": [0, 1]}, "0 x 0 points"),
        ({"integer nu": 2, "integer nv": 2, "float Pz": [0]}, "1 heights for 2 x 2 points"),
        ({"integer nu": 2**31 - 1, "integer nv": 2**31 - 1, "float Pz": [0]}, "points"),
    ],
)
def test_a_wrong_heightfield_is_an_error(given: Mapping[str, Any], cause: str) -> None:
    with pytest.raises(SceneError, match=cause) as caught:
        build("heightfield", given)
    assert caught.value.at == "scene.lxs:7:1"


def test_a_quadric_takes_its_sizes_from_the_scene() -> None:
    mesh, _, unread = build("sphere", {"float radius": 3.0, "float zmin": 0.0, "string name": "dome"})
    assert mesh.name == "it"
    assert mesh.points.max() == pytest.approx(3)
    assert mesh.points[:, 2].min() == pytest.approx(0, abs=1e-6)
    assert unread == ()
    line, _, _ = build("hyperboloid", {"point p1": [1, 0, 0], "point p2": [1, 0, 4]})
    assert line.points[:, 2].max() == 4


@pytest.mark.parametrize("plugin", ["sphere", "cylinder", "cone", "disk", "paraboloid", "torus", "hyperboloid"])
def test_every_quadric_has_a_mesh_with_the_defaults_of_its_table(plugin: str) -> None:
    bare, _, _ = build(plugin, {})
    found = plugins.find("shape", plugin)
    assert found is not None
    spelled_out = {f"{found.by_name[name].type} {name}": value for name, value in plugins.defaults(found).items()}
    explicit, _, unread = build(plugin, spelled_out)
    assert explicit.points == pytest.approx(bare.points, abs=1e-6)
    assert unread == ()


@settings(max_examples=100, deadline=None)
@given(
    plugin=st.sampled_from(["sphere", "cylinder", "cone", "disk", "paraboloid", "torus", "hyperboloid"]),
    sizes=st.dictionaries(
        st.sampled_from(["radius", "radius2", "zmin", "zmax", "phimax", "height", "innerradius", "minorradius"]),
        st.floats(width=32),
    ),
)
def test_any_sizes_give_a_sound_mesh_or_a_scene_error(plugin: str, sizes: dict[str, float]) -> None:
    try:
        mesh, _, _ = build(plugin, {f"float {name}": value for name, value in sizes.items()})
    except SceneError as error:
        assert error.at == "scene.lxs:7:1"
    else:
        check(mesh)


TRIANGLE = "\n".join(
    [
        "ply",
        "format ascii 1.0",
        "element vertex 3",
        *("property float x", "property float y", "property float z"),
        "element face 1",
        "property list uchar uint vertex_indices",
        "end_header",
        *("0 0 0", "1 0 0", "0 1 0", "3 0 1 2"),
    ]
)


def test_a_ply_file_without_normals_is_smooth_all_the_same(tmp_path: Path) -> None:
    path = tmp_path / "a.ply"
    path.write_text(TRIANGLE)
    mesh, _, unread = build("plymesh", {"string filename": "geo/a.ply"}, {"geo/a.ply": str(path)})
    assert mesh.normals is not None
    assert mesh.normals.tolist() == [[0, 0, 1]] * 3
    assert unread == ()


def test_smooth_overrides_the_normals_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.ply"
    text = TRIANGLE.replace("property float z", "property float z\n" + "\n".join(f"property float n{a}" for a in "xyz"))
    path.write_text(text.replace("0 0 0\n1 0 0\n0 1 0", "0 0 0 1 0 0\n1 0 0 1 0 0\n0 1 0 1 0 0"))
    files = {"a.ply": str(path)}
    kept, _, _ = build("plymesh", {"string filename": "a.ply"}, files)
    assert kept.normals is not None
    assert kept.normals.tolist() == [[1, 0, 0]] * 3
    smooth, _, _ = build("plymesh", {"string filename": "a.ply", "bool smooth": True}, files)
    assert smooth.normals is not None
    assert smooth.normals.tolist() == [[0, 0, 1]] * 3
    divided, _, _ = build("plymesh", {"string filename": "a.ply", "integer nsubdivlevels": 1}, files)
    assert len(divided.triangles) == 4


def test_a_fault_in_a_file_is_placed_in_the_file_and_a_missing_file_in_the_scene(tmp_path: Path) -> None:
    path = tmp_path / "a.ply"
    path.write_text(TRIANGLE.replace("3 0 1 2", "3 0 1 7"))
    with pytest.raises(SceneError, match="names point 7") as caught:
        build("plymesh", {"string filename": "geo/a.ply"}, {"geo/a.ply": str(path)})
    assert caught.value.at == "geo/a.ply"
    with pytest.raises(SceneError, match=r"'geo/b\.ply' of the shape 'it' was not found") as caught:
        build("plymesh", {"string filename": "geo/b.ply"})
    assert caught.value.at == "scene.lxs:7:1"
    assert caught.value.code is Code.NOT_FOUND
    with pytest.raises(SceneError, match="names no file"):
        build("plymesh", {})


def test_a_deferred_shape_is_the_shape_it_names() -> None:
    mesh, _, unread = build("deferred", {"string shapename": "sphere", "float radius": 2.0, "float shapebbox": [0] * 6})
    assert mesh.points.max() == pytest.approx(2)
    assert unread == ()


def test_an_unknown_shape_is_an_error_with_a_suggestion() -> None:
    with pytest.raises(SceneError, match="no shape plugin 'sphree', did you mean 'sphere'"):
        build("sphree", {})


def test_binary_and_ascii_stl_are_read_alike(tmp_path: Path) -> None:
    corners = [(0.0, 0.0, 0.0), (2.0, 0.0, 0.0), (0.0, 4.0, 0.0)]
    binary = bytes(80) + struct.pack("<I", 1) + struct.pack("<12fH", 0, 0, 1, *sum(corners, ()), 0)
    lines = "\n".join(f"vertex {x} {y} {z}" for x, y, z in corners)
    text = f"solid one\nfacet normal 0 0 1\nouter loop\n{lines}\nendloop\nendfacet\nendsolid"
    for content in (binary, text.encode()):
        path = tmp_path / "a.stl"
        path.write_bytes(content)
        mesh, _, unread = build("stlmesh", {"string filename": "a.stl"}, {"a.stl": str(path)})
        assert mesh.points.tolist() == [list(corner) for corner in corners]
        assert mesh.normals is None
        moved, _, _ = build("stlmesh", {"string filename": "a.stl", "bool recenter_mesh": True}, {"a.stl": str(path)})
        assert moved.points[0].tolist() == [-1, -2, 0]
        assert unread == ()


ALMOST_STL = st.text("solid vertx 0123456789.e-\n", max_size=99).map(lambda text: f"solid{text}".encode())


@settings(max_examples=100, deadline=None)
@given(data=st.binary(max_size=200) | ALMOST_STL)
def test_any_bytes_are_an_stl_mesh_or_a_scene_error(data: bytes) -> None:
    try:
        check(stl.parse(data, "m", "m.stl"))
    except SceneError as error:
        assert error.message


SCENES = [
    "cornell_box/path.lxs",
    "luxtime/luxtime.lxs",
    "bumpmapping/default.lxs",
    "allmaterials_08/allmaterials_08.lxs",
    "allmaterials_inline/allmaterials.lxs",
]


@pytest.mark.parametrize("scene", SCENES)
def test_every_shape_of_the_real_scenes_has_a_sound_mesh(shared_scenes: Path, scene: str) -> None:
    path = shared_scenes / scene
    calls = list(read(path))
    description = describe(calls)
    files = {name: str(locate(name, [path.parent])) for call in calls for name in file_names(call)}
    shapes = [*description.shapes, *(one for obj in description.objects.values() for one in obj.shapes)]
    assert shapes
    for one in shapes:
        params = ParamSet(one.entity)
        mesh, warnings = build_mesh(one, params, files, "it")
        check(mesh)
        assert all("normals have no direction" in warning for warning in warnings)  # some exporters wrote zeros
        assert params.unread() == ()
