"""Edits: what they may say, and that an edited scene is the scene as if it had been written so from the start."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, is_dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lrnap.errors import Code, LrnapError, SceneError
from lrnap.lux.builder import describe
from lrnap.lux.edited import apply
from lrnap.lux.editing import Edit, changes_of, edited
from lrnap.lux.reader import read_bytes
from lrnap.lux.scene import Scene


@dataclass(frozen=True)
class Written:
    """A scene in parts, so that the same part can stand in the scene from the start or come by an edit."""

    camera: str = "LookAt 0 -5 2  0 0 0  0 0 1"
    fov: int = 40
    film: str = ""
    colours: dict[str, int] = field(default_factory=lambda: {"red": 1, "blue": 2})  # of textures
    materials: dict[str, str] = field(default_factory=lambda: {"floor": "red", "ball": "blue"})  # -> texture
    lights: dict[str, tuple[int, ...]] = field(default_factory=lambda: {"key": (1, 2), "fill": (3,)})  # gains
    lamp: int = 4  # gain of the area light of the group fill
    places: dict[str, tuple[int, ...]] = field(default_factory=lambda: {"a": (0, 1), "b": (2,)})

    def scene(self) -> Scene:
        parts = [
            self.camera,
            self._camera(),
            f'Film "fleximage" "integer xresolution" [64] "integer yresolution" [48] {self.film}',
            "WorldBegin",
            *(self._texture(name) for name in self.colours),
            *(self._material(name) for name in self.materials),
            *(self._object(name) for name in self.places),
            *(self._light(group, gain) for group, gains in sorted(self.lights.items()) for gain in gains),
            "AttributeBegin",
            'LightGroup "fill"',
            self._lamp(),
            'Shape "disk" "float radius" [2]',
            "AttributeEnd",
            'NamedMaterial "floor"',
            'Shape "disk" "float radius" [9]',
            'NamedMaterial "ball"',
            *(self._place(name, x) for name, places in sorted(self.places.items()) for x in places),
            "WorldEnd",
        ]
        return Scene("scene", tuple(read_bytes("\n".join(parts).encode(), "scene.lxs")))

    def edit_from(self, old: Written) -> list[str]:
        """The statements that make `old` this."""
        parts = []
        if self.camera != old.camera:
            parts.append(self.camera)
        if self.fov != old.fov:
            parts.append(self._camera())
        if self.film != old.film:
            parts.append(f'Film "fleximage" {self.film}')
        parts += [self._material(name) for name in self.materials if self.materials[name] != old.materials.get(name)]
        parts += [self._texture(name) for name in self.colours if self.colours[name] != old.colours.get(name)]
        for group in self.lights:
            if self.lights[group] != old.lights[group]:
                parts += [self._light(group, gain) for gain in self.lights[group]]
        if self.lamp != old.lamp:
            parts.append(f'AttributeBegin LightGroup "fill" {self._lamp()} AttributeEnd')
        for name in self.places:
            if self.places[name] != old.places[name]:
                parts += [self._place(name, x) for x in self.places[name]]
        return parts

    def _camera(self) -> str:
        return f'Camera "perspective" "float fov" [{self.fov}]'

    def _texture(self, name: str) -> str:
        return f'Texture "{name}" "color" "constant" "color value" [{self.colours[name]} 0 0]'

    def _material(self, name: str) -> str:
        return f'MakeNamedMaterial "{name}" "string type" ["matte"] "texture Kd" ["{self.materials[name]}"]'

    def _lamp(self) -> str:
        return f'AreaLightSource "area" "float gain" [{self.lamp}]'

    def _object(self, name: str) -> str:
        return f'ObjectBegin "{name}" Shape "sphere" ObjectEnd'

    def _light(self, group: str, gain: int) -> str:
        light = f'LightSource "point" "float gain" [{gain}]'
        return f'AttributeBegin LightGroup "{group}" Translate {gain} 0 3 {light} AttributeEnd'

    def _place(self, name: str, x: int) -> str:
        return f'AttributeBegin Translate {x} 0 0 ObjectInstance "{name}" AttributeEnd'


def calls(text: str):
    return tuple(read_bytes(text.encode(), "edit.lxs"))


def nowhere(name: str = "") -> Path:
    raise LrnapError(Code.NOT_FOUND, f"no file {name}")


def edit_of(scene: Scene, text: str) -> Scene:
    edit = Edit(scene, nowhere, nowhere)
    for call in calls(text):
        edit.call(call)
    return edit.scene()


def description(scene: Scene):
    return apply(describe(scene.calls), changes_of(scene.edits))


def plain(value):
    """Something that compares by content, without places."""
    if isinstance(value, np.ndarray):
        return value.tolist()
    if is_dataclass(value):
        return {f.name: plain(getattr(value, f.name)) for f in fields(value) if f.name != "at"}
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list | tuple) else value


def names(*values: str):
    return st.sampled_from(values)


numbers = st.integers(1, 6)
some = st.lists(numbers, min_size=1, max_size=3, unique=True).map(tuple)
worlds = st.builds(
    Written,
    camera=names("LookAt 0 -5 2  0 0 0  0 0 1", "Scale -1 1 1 LookAt 3 3 3  0 0 0  0 0 1"),
    fov=numbers,
    film=names('"float gamma" [2]', '"float gamma" [1.5]'),
    colours=st.fixed_dictionaries({"red": numbers, "blue": numbers}, optional={"green": numbers}),
    materials=st.fixed_dictionaries(
        {"floor": names("red", "blue"), "ball": names("red", "blue")}, optional={"new": names("red", "blue")}
    ),
    lights=st.fixed_dictionaries({"key": some, "fill": some}),
    lamp=numbers,
    places=st.fixed_dictionaries({"a": some, "b": some}),
)


@settings(max_examples=25, deadline=None)
@given(worlds, worlds, worlds)
def test_an_edited_scene_is_the_scene_written_so_from_the_start(first: Written, second: Written, third: Written):
    goal = replace(
        second, colours={**first.colours, **second.colours}, materials={**first.materials, **second.materials}
    )
    once = edit_of(first.scene(), "\n".join(goal.edit_from(first)))
    assert plain(description(once)) == plain(description(goal.scene()))
    last = replace(third, colours={**goal.colours, **third.colours}, materials={**goal.materials, **third.materials})
    twice = edit_of(once, "\n".join(last.edit_from(goal)))  # edits of edits
    assert plain(description(twice)) == plain(description(last.scene()))


@settings(max_examples=20, deadline=None)
@given(worlds, worlds)
def test_an_edit_as_changes_and_back_says_the_same_and_does_not_grow(old: Written, new: Written):
    new = replace(new, colours={**old.colours, **new.colours}, materials={**old.materials, **new.materials})
    edit = calls("\n".join(new.edit_from(old)))
    changes = changes_of(edit)
    again = changes_of(changes.calls())
    assert again == changes
    assert changes.then(changes) == changes
    assert len(changes.then(again).calls()) == len(changes.calls())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('Shape "sphere"', "edit.lxs:1:1: Shape: geometry cannot change while rendering"),
        ('ObjectBegin "c"', "objects cannot be made"),
        ('Material "matte"', "change the material itself, with MakeNamedMaterial"),
        ('Sampler "random"', "describe and render the scene anew"),
        ('CoordSysTransform "camera"', "write the transform itself"),
        ("WorldEnd", "API_EditEnd"),
        ('Film "fleximage" "integer xresolution" [32]', "size cannot change"),
        ('Film "fleximage" "integer haltspp" [32]', "CTL_SET"),
        ('LightGroup "kez" LightSource "point"', "did you mean 'key'"),
        ('LightSource "point"', 'no light group \'default\'.*"fill", "key"'),
        ('LightGroup "key" AreaLightSource "area"', "no shape gives light"),
        ('ObjectInstance "c"', "unknown object 'c'"),
        ('MakeNamedMaterial "floor" "string type" ["mate"]', "did you mean 'matte'"),
        ('MakeNamedMaterial "floor" "texture Kd" ["gren"]', "unknown texture 'gren'"),
        ('AttributeBegin Camera "perspective"', "may not stand in a block"),
        ("AttributeEnd", "AttributeEnd without AttributeBegin"),
        ("AttributeBegin", "the edit ends while a block is open: AttributeBegin at edit.lxs:1:1"),
        ("Include", ""),
    ],
)
def test_what_an_edit_may_not_say_is_refused_with_place_and_cure(text: str, message: str):
    if text == "Include":
        text, message = 'Texture "x" "color" "imagemap" "string filename" ["gone.png"]', "gone.png"
    with pytest.raises(SceneError, match=message):
        edit_of(Written().scene(), text)


def test_the_camera_moves_by_look_at_alone_and_keeps_its_place_without_a_transform():
    scene = Written().scene()
    moved = description(edit_of(scene, 'LookAt 9 9 9  0 0 0  0 0 1  Translate 5 0 0  ObjectInstance "b"'))
    assert moved.camera == description(scene).camera
    assert not np.allclose(moved.camera_transform.matrix, description(scene).camera_transform.matrix)
    assert moved.instances[-1].transform.matrix[0, 3] == 5  # LookAt is the camera's alone
    zoomed = description(edit_of(scene, 'Camera "perspective" "float fov" [20]'))
    assert np.array_equal(zoomed.camera_transform.matrix, description(scene).camera_transform.matrix)
    turned = description(edit_of(scene, 'LookAt 9 9 9  0 0 0  0 0 1  Translate 0 0 1  Camera "perspective"'))
    assert turned.camera_transform.matrix[2, 3] == pytest.approx(moved.camera_transform.matrix[2, 3] - 1, abs=9)


def test_placements_keep_what_theirs_said_of_material():
    scene = Written().scene()
    place = 'AttributeBegin Translate {} 0 0 ObjectInstance "a" AttributeEnd '
    new = description(edit_of(scene, "".join(place.format(x) for x in (7, 8, 9))))
    mine = [i for i in new.instances if i.object == "a"]
    assert [i.transform.matrix[0, 3] for i in mine] == [7, 8, 9]
    assert {i.material for i in mine} == {"ball"}
    assert [i.object for i in new.instances] == ["a", "a", "a", "b"]
    fewer = description(edit_of(scene, place.format(7)))
    assert [i.object for i in fewer.instances] == ["a", "b"]


def test_all_definitions_of_a_name_are_replaced():
    text = """WorldBegin MakeNamedMaterial "m" NamedMaterial "m" Shape "sphere"
    MakeNamedMaterial "m" "string type" ["mirror"] NamedMaterial "m" Shape "sphere" WorldEnd"""
    scene = Scene("twice", calls(text))
    new = description(edit_of(scene, 'MakeNamedMaterial "m" "string type" ["glass"]'))
    assert {entity.plugin for entity in new.materials.values()} == {"glass"}
    assert [shape.material for shape in new.shapes] == ["m", "m#2"]


def test_a_texture_keeps_its_place_unless_it_is_given_another():
    text = """WorldBegin Translate 1 2 3 Texture "t" "float" "fbm" Shape "sphere" WorldEnd"""
    scene = Scene("placed", calls(text))
    same = description(edit_of(scene, 'Texture "t" "float" "wrinkled"')).textures["t"]
    assert (same.entity.plugin, same.transform.matrix[0, 3]) == ("wrinkled", 1)
    there = description(edit_of(scene, 'Translate 9 0 0 Texture "t" "float" "wrinkled"')).textures["t"]
    assert there.transform.matrix[0, 3] == 9


def test_a_texture_of_another_variant_is_another_thing():
    scene = Scene("variants", calls('WorldBegin Texture "t" "float" "constant" Shape "sphere" WorldEnd'))
    new = edit_of(
        scene,
        """Texture "t" "color" "constant" "color value" [1 0 0]
    MakeNamedMaterial "m" "string type" ["matte"] "texture Kd" ["t"]""",
    )
    found = description(new)
    assert {(t.variant, key) for key, t in found.textures.items()} == {("float", "t"), ("color", "t#2")}
    assert found.materials["m"].params[0].value == ("t#2",)


def test_a_scene_that_was_edited_says_so_of_its_film_and_files():
    scene = replace(Written().scene(), files={"a.png": "/a.png"})
    new = edited(scene, calls('Film "fleximage" "float gamma" [2]'), {"b.png": "/b.png"})
    assert [p.name for p in new.film.params] == ["xresolution", "yresolution", "gamma"]
    assert new.files == {"a.png": "/a.png", "b.png": "/b.png"}
    assert changes_of(new.edits).develops_only
    assert not changes_of(calls("LookAt 1 1 1 0 0 0 0 0 1")).develops_only
    assert not changes_of(()).develops_only


def test_a_light_of_an_edit_stands_in_the_volume_of_the_one_that_it_replaces():
    text = """WorldBegin MakeNamedVolume "fog" "homogeneous" MakeNamedVolume "air" "clear"
    LightGroup "key" Exterior "fog" LightSource "point" Exterior "" LightSource "point"
    LightGroup "fill" Exterior "air" LightSource "point" Shape "sphere" WorldEnd"""
    scene = Scene("volumes", calls(text))
    lit = 'LightGroup "key" LightSource "point" LightSource "point" LightSource "point"'
    new = description(edit_of(scene, lit))
    assert [(light.group, light.exterior) for light in new.lights] == [
        ("key", "fog"),
        ("key", None),
        ("key", None),  # there was no third one: as the last
        ("fill", "air"),
    ]
