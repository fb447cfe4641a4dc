"""The rules of a scene: what is refused, where, and what is only warned of."""

from __future__ import annotations

import numpy as np
import pytest
from lux_scenes import calls_of, checked, world

from lrnap.errors import SceneError
from lrnap.lux.call import Call, Param
from lrnap.lux.checker import Checker
from lrnap.lux.reader import read

TRIANGLE = '"integer indices" [0 1 2] "point P" [0 0 0 1 0 0 0 1 0]'


def refused(calls: list[Call]) -> SceneError:
    with pytest.raises(SceneError) as caught:
        checked(calls).require_finished()
    return caught.value


@pytest.mark.parametrize(
    ("scene", "place", "message"),
    [
        ('Shape "sphere"', "1:1", "Shape must stand after WorldBegin"),
        ('WorldBegin Film "fleximage"', "1:12", "Film must stand before WorldBegin"),
        ("WorldBegin WorldBegin", "1:12", "WorldBegin may stand only once"),
        ("WorldEnd", "1:1", "WorldEnd must stand after WorldBegin"),
        ("WorldBegin WorldEnd Identity", "1:21", "nothing may follow"),
        ("WorldBegin AttributeEnd", "1:12", "AttributeEnd without AttributeBegin"),
        ("TransformEnd", "1:1", "TransformEnd without TransformBegin"),
        ("WorldBegin ObjectEnd", "1:12", "ObjectEnd without ObjectBegin"),
        ("MotionEnd", "1:1", "MotionEnd without MotionBegin"),
        (
            "WorldBegin\nAttributeBegin\nTransformBegin\nAttributeEnd",
            "4:1",
            "end it first, with TransformEnd (TransformBegin at scene.lxs:3:1)",
        ),
        ("WorldBegin\nAttributeBegin\nWorldEnd", "3:1", "with AttributeEnd (AttributeBegin at scene.lxs:2:1)"),
        ('WorldBegin ObjectBegin "a" ObjectBegin "b"', "1:28", "ObjectBegin inside an object"),
        ("MotionBegin [0 1] TransformBegin", "1:19", "may not stand in a motion"),
        ("MotionBegin [0 1] Identity MotionEnd", "1:28", "2 times, but 1 transforms"),
        ("MotionBegin [0 1] Identity Identity Identity", "1:37", "2 times and as many transforms already"),
        ("MotionBegin []", "1:1", "at least one time"),
        ("MotionBegin [1 1]", "1:1", "must grow"),
    ],
)
def test_order(scene, place, message):
    error = refused(calls_of(scene))
    assert error.at == f"scene.lxs:{place}"
    assert message in error.message


@pytest.mark.parametrize(
    ("scene", "missing"),
    [
        ("", "WorldBegin and WorldEnd is missing"),
        ("WorldBegin", "WorldEnd is missing"),
        ("WorldBegin\nAttributeBegin", "AttributeEnd is missing (AttributeBegin at scene.lxs:2:1)"),
    ],
)
def test_a_scene_that_ends_too_early(scene, missing):
    assert missing in refused(calls_of(scene)).message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('Shape "shpere"', "unknown shape 'shpere', did you mean 'sphere'?"),
        ('MakeNamedMaterial "m" "string type" ["mate"]', "unknown material 'mate', did you mean 'matte'?"),
        ('Texture "t" "colour" "imagemap"', "unknown texture variant 'colour', did you mean 'color'?"),
        ('Texture "t" "float" "blackbody"', "is a color texture, not a float one"),
        ('Shape "sphere" "integer radius" [1]', 'should be "float radius"'),
        ('Shape "sphere" "float radius" [1 2]', "takes 1 value, not 2"),
        ('LightSource "point" "point from" [1 2 3 4 5 6]', "takes 1 value, not 2"),
        ('Material "matte" "texture Kd" ["wod"]', "unknown texture 'wod'"),
        ('NamedMaterial "m"', "unknown material 'm'"),
        ('MakeNamedMaterial "mix" "string type" ["mix"] "string namedmaterial1" ["a"]', "unknown material 'a'"),
        ('Interior "v"', "unknown volume 'v'"),
        ('ObjectInstance "o"', "unknown object 'o'"),
        ('ObjectBegin "o" ObjectInstance "o" ObjectEnd', "contains itself"),
        ('CoordSysTransform "c"', "unknown coordinate system 'c'"),
        ('ObjectBegin "o" ObjectEnd MotionInstance "o" 0 1 "c"', "unknown coordinate system 'c'"),
        ("Scale 1 0 1", "singular"),
        ("Rotate 10 0 0 0", "needs an axis"),
        ("LookAt 0 0 0 0 0 0 0 0 1", "two different points"),
        ("LookAt 0 0 0 0 0 1 0 0 1", "up direction"),
        ("Transform [1 1 1 0 1 1 1 0 1 1 1 0 0 0 0 1]", "singular"),
        ("Transform [1 0 0 0  0 1 0 0  0 0 1 0.5  0 0 0 1]", "distorts like a perspective"),
        ("Translate 1 2 1e999", "dz is not finite"),
        ('Shape "sphere" "float radius" [1e39]', 'number 1 of "float radius" is not finite'),
        (f'Shape "mesh" {TRIANGLE.replace("0 1 2", "0 1 3")}', "refers to vertex 3, but there are only 3"),
        (f'Shape "mesh" {TRIANGLE.replace("0 1 2", "0 -1 2")}', "refers to vertex -1"),
        (f'PortalShape "mesh" {TRIANGLE.replace("0 1 2", "0 1")}', "not a multiple of 3"),
        (f'Shape "mesh" {TRIANGLE} "integer quadindices" [0 1 2 3]', 'face 0 of "integer quadindices"'),
        (f'Shape "mesh" {TRIANGLE} "normal N" [0 0 1]', '3 vertices need 3 values of "N", not 1'),
        (f'Shape "mesh" {TRIANGLE} "float uv" [0 0 1]', '3 vertices need 6 values of "uv", not 3'),
        ('Shape "mesh" "point P" [0 0 0]', "has no faces"),
        ('Shape "mesh" "integer indices" [0 1 2]', "has no vertices"),
    ],
)
def test_what_a_world_may_not_hold(text, message):
    error = refused(world(text))
    assert message in error.message
    assert error.at.startswith("scene.lxs:2:")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('Film "fleximage" "integer xresolution" [0]', "must be 1 to"),
        ('Film "fleximage" "integer yresolution" [200000]', "must be 1 to"),
        ('Film "fleximage" "integer xresolution" [60000] "integer yresolution" [60000]', "too large"),
        ('Film "fleximage" "float cropwindow" [0.5 0.5 0 1]', "cropwindow"),
        ('Film "fleximage" "float cropwindow" [0 1]', "takes 4 values, not 2"),
        ('Camera "perspective" "float fov" [180]', "between 0 and 180"),
        ('Camera "perspective" "float screenwindow" [0 0 -1 1]', "left and right, bottom and top must differ"),
        ('Camera "fisheye"', "unknown camera 'fisheye'"),
    ],
)
def test_what_options_may_not_say(text, message):
    assert message in refused(calls_of(text)).message


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        ('Material "glossy" "float uroughnes" [.1]', "did you mean 'uroughness'?; it has no effect"),
        ('Shape "mesh" ' + TRIANGLE + ' "string tritype" ["wlad"]', "has no 'wlad', did you mean 'wald'?; the default"),
        ('Texture "t" "color" "imagemap" Texture "t" "color" "imagemap"', "'t' is defined again"),
        ('MakeNamedMaterial "m" MakeNamedMaterial "m"', "the material 'm' is defined again"),
        ('Texture "t" "float" "constant" Material "matte" "texture Kd" ["t"]', "needs a color texture; 't' is a float"),
    ],
)
def test_what_is_only_warned_of(text, warning):
    (found,) = checked(world(text)).warnings
    assert found.startswith("scene.lxs:2:")
    assert warning in found


def test_names_end_with_their_block_but_objects_last():
    scene = """
        AttributeBegin
          MakeNamedMaterial "inner"
          ObjectBegin "o" NamedMaterial "inner" ObjectEnd
          CoordinateSystem "here"
        AttributeEnd
        ObjectInstance "o" CoordSysTransform "here" CoordSysTransform "world"
    """
    assert checked(world(scene)).finished
    assert "unknown material 'inner'" in refused(world(scene + 'NamedMaterial "inner"')).message


def test_the_camera_is_a_coordinate_system():
    assert checked(calls_of('Camera "perspective" WorldBegin CoordSysTransform "camera" WorldEnd')).finished


def test_interior_and_exterior_can_be_cleared():
    assert checked(world('MakeNamedVolume "v" "clear" Interior "v" Interior "" Exterior ""')).finished


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (Call("Sphere"), "unknown call 'Sphere'"),
        (Call("Pause"), "no part of a scene"),
        (Call("Translate", (1.0, 2.0)), "takes 3 arguments, not 2"),
        (Call("Translate", (1.0, 2.0, "x")), "argument dz is wrong"),
        (Call("CoordinateSystem", (1.0,)), "argument name is wrong"),
        (Call("Transform", (np.zeros(4, np.float32),)), "argument matrix is wrong"),
        (Call("Transform", (np.zeros(16, np.float64),)), "argument matrix is wrong"),
        (Call("Identity", (), (Param("string", "x", ("y",)),)), "takes no parameters"),
    ],
)
def test_calls_that_no_reader_makes(call, message):
    with pytest.raises(SceneError, match=message):
        Checker().call(call)


def test_a_call_that_fails_changes_nothing():
    checker = checked(calls_of('WorldBegin MakeNamedMaterial "m" AttributeBegin'))
    for wrong in calls_of('Shape "x" AttributeBegin')[:1] + calls_of('MakeNamedMaterial "n" "string type" ["x"]'):
        with pytest.raises(SceneError):
            checker.call(wrong)
    for call in calls_of('NamedMaterial "m" AttributeEnd WorldEnd'):
        checker.call(call)
    assert checker.finished and checker.warnings == []


def test_all_shared_scenes_obey(shared_scenes):
    for scene in sorted(shared_scenes.rglob("*.lxs")):
        assert checked(list(read(scene))).finished, scene
