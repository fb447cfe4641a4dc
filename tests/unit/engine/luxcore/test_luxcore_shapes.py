"""Shapes and instances: shared meshes, placements, overrides, and what is left out."""

from __future__ import annotations

import numpy as np
import pytest

from lrnap.engine.geometry.mesh import face_normals
from lrnap.errors import SceneError

QUAD = 'Shape "mesh" "integer triindices" [0 1 2 0 2 3] "point P" [0 0 0 1 0 0 1 1 0 0 1 0]'
OBJECT = f'ObjectBegin "o" {QUAD} ObjectEnd'


def objects(translation) -> list[dict[str, list]]:
    prefix = "scene.objects."
    found: dict[str, dict[str, list]] = {}
    for key, value in translation.scene.items():
        if key.startswith(prefix):
            name, field = key.removeprefix(prefix).split(".", 1)
            found.setdefault(name, {})[field] = value
    return list(found.values())


def place(found: dict[str, list]) -> np.ndarray:
    return np.array(found["transformation"]).reshape(4, 4).T


def facing(translation, found: dict[str, list]) -> float:
    """z of the direction to which the first triangle shows its front in the world, as the engine reckons."""
    mesh = next(m for m in translation.meshes if m.name == found["shape"][0])
    matrix = place(found) if "transformation" in found else np.eye(4)
    points = (mesh.points @ matrix[:3, :3].T + matrix[:3, 3]).astype(np.float32)
    return float(face_normals(points, mesh.triangles)[0, 2])


def shading(translation, found: dict[str, list]) -> float:
    """z of the first point's normal in the world, as the engine reckons: it turns normals in a mirrored place."""
    mesh = next(m for m in translation.meshes if m.name == found["shape"][0])
    linear = place(found)[:3, :3] if "transformation" in found else np.eye(3)
    return float((mesh.normals @ np.linalg.inv(linear))[0, 2] * np.sign(np.linalg.det(linear)))


def test_equal_shapes_share_a_mesh_wherever_they_stand(translated):
    translation = translated(f"{QUAD} Translate 1 2 3 {QUAD}")
    first, second = objects(translation)
    assert len(translation.meshes) == 1
    assert first["shape"] == second["shape"]
    assert place(second)[:3, 3] == pytest.approx([1, 2, 3])


def test_instances_stand_where_their_objects_and_they_say(translated):
    world = f'ObjectBegin "o" Translate 1 0 0 {QUAD} ObjectEnd Scale 2 2 2 ObjectInstance "o"'
    (found,) = objects(translated(world))
    assert place(found) @ [0, 0, 0, 1] == pytest.approx([2, 0, 0, 1])


def test_instances_of_instances_are_flattened(translated):
    world = f'{OBJECT} ObjectBegin "p" Translate 1 0 0 ObjectInstance "o" ObjectEnd Translate 0 1 0 ObjectInstance "p"'
    (found,) = objects(translated(world))
    assert place(found)[:3, 3] == pytest.approx([1, 1, 0])


def test_an_instances_material_rules_over_its_shapes_own(translated):
    world = (
        f'ObjectBegin "o" Material "matte" {QUAD} ObjectEnd ObjectInstance "o"'
        ' MakeNamedMaterial "m" "string type" ["mirror"] NamedMaterial "m" ObjectInstance "o"'
    )
    first, second = objects(translated(world))
    assert first["material"] != second["material"] == ["mat_m"]


def test_an_instances_material_rules_over_objects_within_its_object(translated):
    world = (
        f'ObjectBegin "o" Material "matte" {QUAD} ObjectEnd ObjectBegin "p" ObjectInstance "o" ObjectEnd'
        ' MakeNamedMaterial "m" "string type" ["mirror"] NamedMaterial "m" ObjectInstance "p"'
    )
    assert objects(translated(world))[0]["material"] == ["mat_m"]


def test_lights_of_an_object_come_with_each_instance(translated):
    world = (
        f'ObjectBegin "o" LightSource "point" {QUAD} ObjectEnd'
        ' Translate 1 0 0 ObjectInstance "o" Translate 1 0 0 ObjectInstance "o"'
    )
    scene = translated(world, lamp="").scene
    places = [v[12:15] for k, v in scene.items() if k.startswith("scene.lights.") and k.endswith(".transformation")]
    assert places == [[1.0, 0.0, 0.0], [2.0, 0.0, 0.0]]


PLACES = [
    ("", 1),
    ("Scale -1 1 1", 1),
    ("Scale 1 1 -1", -1),
    ("Rotate 180 1 0 0", -1),
    ("ReverseOrientation", -1),
    ("ReverseOrientation Scale -1 1 1", -1),
]


@pytest.mark.parametrize(("before", "up"), PLACES)
def test_fronts_stay_fronts_in_mirrored_places_and_turn_when_reversed(translated, before, up):
    translation = translated(f"{before} {QUAD}")
    assert facing(translation, objects(translation)[0]) == pytest.approx(up)


@pytest.mark.parametrize(("before", "up"), PLACES)
def test_normals_are_on_the_side_of_the_front(translated, before, up):
    translation = translated(f'{before} {QUAD} "normal N" [0 0 1  0 0 1  0 0 1  0 0 1]')
    (found,) = objects(translation)
    assert facing(translation, found) == pytest.approx(up)
    assert shading(translation, found) == pytest.approx(up)


def test_a_moving_shape_moves(translated):
    (found,) = objects(translated(f"MotionBegin [0 1] Translate 0 0 0 Translate 1 0 0 MotionEnd {QUAD}"))
    assert (found["motion.0.time"], found["motion.1.time"]) == ([0.0], [1.0])
    assert found["motion.1.transformation"][12:15] == [1.0, 0.0, 0.0]


def test_portals_are_not_seen(translated):
    assert len(objects(translated(f"{QUAD} Portal{QUAD}"))) == 1


@pytest.mark.parametrize("spelled", ["texture", "string"])  # exporters write a string, as classic Lux reads one
def test_displacement_is_left_to_the_engine(translated, spelled):
    displaced = f'{QUAD} "integer nsubdivlevels" [2] "{spelled} displacementmap" ["d"] "float dmscale" [.2]'
    translation = translated(f'Texture "d" "float" "fbm" {displaced}')
    (found,) = objects(translation)
    prefix = f"scene.shapes.{found['shape'][0]}."
    assert translation.scene[f"{prefix}type"] == ["displacement"]
    assert translation.scene[f"{prefix}source"] == [translation.meshes[0].name]
    assert translation.scene[f"{prefix}scale"] == [pytest.approx(0.2)]
    assert not any("displacement" in warning for warning in translation.warnings)


def test_without_subdivision_nothing_is_displaced_which_is_said(translated):
    translation = translated(f'Texture "d" "float" "fbm" {QUAD} "texture displacementmap" ["d"]')
    assert objects(translation)[0]["shape"] == [translation.meshes[0].name]
    assert any("nsubdivlevels" in warning for warning in translation.warnings)


@pytest.mark.parametrize(("before", "sign"), [("", 1), ("ReverseOrientation", -1), ("Scale -1 1 1", 1)])
def test_displacement_counts_outwards_in_units_of_the_world(translated, before, sign):
    dull = '"integer nsubdivlevels" [1] "texture displacementmap" ["d"]'
    translation = translated(f'Texture "d" "float" "fbm" {before} Scale 2 2 2 {QUAD} {dull}')
    (found,) = objects(translation)
    assert "transformation" not in found or place(found) == pytest.approx(np.eye(4))
    assert np.abs(translation.meshes[0].points).max() == pytest.approx(2.0, abs=0.5)
    assert translation.scene[f"scene.shapes.{found['shape'][0]}.scale"] == [pytest.approx(sign * 0.1)]


def test_a_mesh_that_would_crash_the_engine_is_refused(translated):
    with pytest.raises(SceneError, match="7"):
        translated('Shape "mesh" "integer triindices" [0 1 7] "point P" [0 0 0 1 0 0 1 1 0]')


def test_real_scenes_are_translated_whole(shared_scenes, refusals):
    from lrnap.engine.luxcore.translate import translate
    from lrnap.lux.builder import describe
    from lrnap.lux.files import file_names, locate
    from lrnap.lux.reader import read

    translations = []
    for name in ("cornell_box/path.lxs", "cornell_box/bidir.lxs", "cornell_box/sppm.lxs", "bumpmapping/default.lxs"):
        calls = list(read(shared_scenes / name))
        folders = [(shared_scenes / name).parent]
        files = {spelled: str(locate(spelled, folders)) for call in calls for spelled in file_names(call)}
        translations.append(translate(describe(calls), files))
    assert set(refusals(translations)) == {""}
    assert {len(t.meshes) for t in translations[:3]} == {8}


def test_names_are_given_once_even_if_the_scene_has_the_numbered_ones(translated):
    asked = enumerate(["a", "a_2"] * 3)
    world = " ".join(f'{QUAD} "float dmscale" [{i}] "string name" ["{name}"]' for i, name in asked)
    names = [mesh.name for mesh in translated(world).meshes]
    assert len(set(names)) == 6
    assert names[:2] == ["mesh_a", "mesh_a_2"]


def test_how_a_mesh_would_be_displaced_is_told_only_where_it_is(translated):
    mesh = (
        'Texture "t" "float" "fbm" Shape "mesh" "integer triindices" [0 1 2] "point P" [0 0 0 1 0 0 0 1 0]'
        ' "bool dmsharpboundary" ["true"] "bool dmnormalsplit" ["true"] {}'
    )
    assert not [text for text in translated(mesh.format("")).warnings if "dm" in text]
    displaced = translated(mesh.format('"string displacementmap" ["t"] "integer nsubdivlevels" [1]')).warnings
    assert len([text for text in displaced if "dmsharpboundary" in text or "dmnormalsplit" in text]) == 2


def test_ids_have_the_names_that_the_scene_gives_shapes_objects_and_materials(translated):
    tree = f'ObjectBegin "tree" {QUAD} "string name" ["trunk"] {QUAD} "string name" ["leaves"] ObjectEnd'
    translation = translated(f"""
        MakeNamedMaterial "gold" "string type" ["metal"]
        {QUAD} "string name" ["Tür"] {QUAD} {OBJECT} {tree}
        AttributeBegin NamedMaterial "gold" ObjectInstance "o" Translate 2 0 0 ObjectInstance "o" AttributeEnd
        ObjectInstance "tree"
        Material "glossy" ObjectInstance "tree"
    """)
    assert translation.layout.names == {
        "object_id": ("Tür", "mesh", "o", "o_2", "tree/trunk", "tree/leaves", "tree/trunk_2", "tree/leaves_2"),
        "material_id": ("default", "gold", "glossy #1"),
    }
    numbers = [found["id"] for found in objects(translation)]
    assert numbers == [[number] for number in range(1, 9)], "as they stand in the list of names"
