"""The graphics state resolved: what each shape and light ends up with."""

from __future__ import annotations

import numpy as np
import pytest
from lux_scenes import calls_of, world

from lrnap.errors import SceneError
from lrnap.lux.builder import describe
from lrnap.lux.placing import at_time
from lrnap.lux.reader import read


def at(matrix, *point):
    return (matrix @ [*point, 1])[:3].round(6).tolist()


def test_an_empty_world_has_the_classic_defaults():
    scene = describe(world(""))
    assert [scene.renderer.plugin, scene.sampler.plugin, scene.accelerator.plugin] == ["sampler", "random", "kdtree"]
    assert [scene.surface_integrator.plugin, scene.volume_integrator.plugin] == ["path", "emission"]
    assert [scene.filter.plugin, scene.film.plugin, scene.camera.plugin] == ["mitchell", "fleximage", "perspective"]
    assert scene.shapes == scene.lights == scene.light_groups == []


def test_options_are_kept_and_the_last_counts():
    scene = describe(calls_of('Sampler "metropolis" Sampler "sobol" PixelFilter "box" WorldBegin WorldEnd'))
    assert (scene.sampler.plugin, scene.filter.plugin) == ("sobol", "box")


def test_the_camera_stands_where_look_at_says():
    scene = describe(calls_of('LookAt 1 2 3  1 5 3  0 0 1 Camera "perspective" WorldBegin WorldEnd'))
    to_camera = scene.camera_transform.matrix
    assert at(to_camera, 1, 2, 3) == [0, 0, 0]
    assert at(to_camera, 1, 5, 3) == [0, 0, 3]  # ahead is z
    assert at(to_camera, 1, 2, 4) == [0, 1, 0]  # up is y
    assert at(to_camera, 2, 2, 3) == [1, 0, 0]  # right is x


def test_transforms_multiply_and_world_begin_forgets_them():
    scene = describe(
        calls_of(
            """Translate 9 9 9 WorldBegin
            Translate 1 0 0 Scale 2 2 2 Shape "sphere"
            Identity Rotate 90 0 0 1 Shape "sphere"
            Transform [1 0 0 0  0 1 0 0  0 0 1 0  4 5 6 1] Shape "sphere"
            ConcatTransform [2 0 0 0  0 2 0 0  0 0 2 0  0 0 0 1] Shape "sphere" WorldEnd"""
        )
    )
    placed = [at(shape.transform.matrix, 1, 0, 0) for shape in scene.shapes]
    assert placed == [[3, 0, 0], [0, 1, 0], [5, 5, 6], [6, 5, 6]]


def test_coordinate_systems_and_transform_blocks():
    scene = describe(
        calls_of(
            """Translate 0 0 5 Camera "perspective" WorldBegin
            TransformBegin Translate 1 0 0 CoordinateSystem "there" TransformEnd
            Shape "sphere"
            CoordSysTransform "there" Shape "sphere"
            CoordSysTransform "world" Shape "sphere"
            CoordSysTransform "camera" Shape "sphere" WorldEnd"""
        )
    )
    placed = [at(shape.transform.matrix, 0, 0, 0) for shape in scene.shapes]
    assert placed == [[0, 0, 0], [1, 0, 0], [0, 0, 0], [0, 0, -5]]


def test_motion():
    scene = describe(
        world(
            """ObjectBegin "o" Shape "sphere" ObjectEnd
            Translate 0 0 1
            MotionBegin [0 1] Identity Translate 4 0 0 MotionEnd
            MotionBegin [0.5 1] Identity Translate 0 8 0 MotionEnd
            ObjectInstance "o" """
        )
    )
    (instance,) = scene.instances
    assert instance.transform.moving
    assert {0, 0.5, 1} <= set(instance.transform.times)
    seen = [at(at_time(instance.transform, time), 0, 0, 0) for time in (0, 0.5, 0.75, 1)]
    assert seen == [[0, 0, 1], [2, 0, 1], [3, 4, 1], [4, 8, 1]]
    assert at(at_time(instance.transform, 2.0), 0, 0, 0) == [4, 8, 1]


def test_older_ways_to_say_a_motion():
    scene = describe(
        calls_of(
            """TransformBegin Translate 0 0 7 CoordinateSystem "end" TransformEnd
            Camera "perspective" "string endtransform" "end" "float shutterclose" [0.5]
            WorldBegin ObjectBegin "o" Shape "sphere" ObjectEnd
            TransformBegin Translate 1 0 0 CoordinateSystem "goal" TransformEnd
            MotionInstance "o" 0.25 0.75 "goal" WorldEnd"""
        )
    )
    assert scene.camera_transform.times == (0, 0.5)
    assert at(scene.camera_transform.matrices[1], 0, 0, 0) == [0, 0, 7]
    (instance,) = scene.instances
    assert instance.transform.times == (0.25, 0.75)
    assert at(instance.transform.matrices[1], 0, 0, 0) == [1, 0, 0]


def test_attribute_blocks_give_everything_back():
    scene = describe(
        world(
            """MakeNamedMaterial "m" "string type" ["mirror"] NamedMaterial "m" LightGroup "sun"
            AttributeBegin
              Material "matte" ReverseOrientation AreaLightSource "area" LightGroup "lamp" Translate 1 0 0
              Shape "sphere"
            AttributeEnd
            Shape "sphere" """
        )
    )
    inside, outside = scene.shapes
    assert (inside.material, inside.reverse, inside.area_light.group) == ("#1", True, "lamp")
    assert (outside.material, outside.reverse, outside.area_light) == ("m", False, None)
    assert at(outside.transform.matrix, 0, 0, 0) == [0, 0, 0]
    assert scene.light_groups == ["sun", "lamp"]
    assert scene.materials["m"].plugin == "mirror"
    assert scene.materials["m"].params == ()  # the type is the plugin's name, and no parameter


def test_the_default_light_group_comes_first():
    scene = describe(world('AttributeBegin LightGroup "a" LightSource "sky" AttributeEnd LightSource "sun"'))
    assert scene.light_groups == ["default", "a"]
    assert [light.group for light in scene.lights] == ["a", "default"]


def test_volumes_and_portals():
    scene = describe(
        world(
            """MakeNamedVolume "air" "clear" MakeNamedVolume "water" "clear"
            Interior "water" Exterior "air" Shape "sphere" LightSource "sky" PortalShape "disk"
            Interior "" Shape "sphere" Volume "homogeneous" """
        )
    )
    first, portal, second = scene.shapes
    assert (first.interior, first.exterior, first.portal) == ("water", "air", False)
    assert portal.portal and portal.area_light is None
    assert (second.interior, second.exterior) == (None, "air")
    assert scene.lights[0].exterior == "air"
    assert scene.camera_volume == "air"
    assert [region.entity.plugin for region in scene.volume_regions] == ["homogeneous"]


def test_objects_hold_what_stands_between_their_begin_and_end():
    scene = describe(
        world(
            """ObjectBegin "leaf" Translate 1 0 0 Shape "sphere" LightSource "point" ObjectEnd
            ObjectBegin "tree" ObjectInstance "leaf" ObjectEnd
            Material "mirror" ObjectInstance "tree" PortalInstance "leaf" """
        )
    )
    assert scene.shapes == scene.lights == []
    assert [len(scene.objects["leaf"].shapes), len(scene.objects["leaf"].lights)] == [1, 1]
    assert [instance.object for instance in scene.objects["tree"].instances] == ["leaf"]
    tree, portal = scene.instances
    assert (tree.object, tree.material, tree.portal) == ("tree", "#1", False)
    assert portal.portal


def test_a_name_means_what_it_meant_where_it_stood():
    warnings: list[str] = []
    scene = describe(
        world(
            """Texture "t" "color" "constant" "color value" [1 0 0]
            MakeNamedMaterial "m" "texture Kd" ["t"] NamedMaterial "m" Shape "sphere"
            Texture "t" "color" "scale" "texture tex1" ["t"]
            Texture "t" "float" "constant"
            MakeNamedMaterial "m" "texture Kd" ["t"] "texture sigma" ["t"] NamedMaterial "m" Shape "sphere" """
        ),
        on_warning=warnings.append,
    )
    assert [shape.material for shape in scene.shapes] == ["m", "m#2"]
    values = {key: [param.value[0] for param in entity.params] for key, entity in scene.materials.items()}
    assert values == {"m": ["t"], "m#2": ["t#2", "t#3"]}
    assert scene.textures["t#2"].entity.params[0].value == ("t",)  # the one that it replaces
    assert [texture.variant for texture in scene.textures.values()] == ["color", "color", "float"]
    assert len(warnings) == 2


def test_textures_know_where_they_lie():
    scene = describe(world('Translate 1 2 3 Texture "t" "float" "fbm"'))
    assert at(scene.textures["t"].transform.matrix, 0, 0, 0) == [1, 2, 3]


def test_what_steers_a_classic_engine_describes_nothing():
    from lrnap.lux.call import Call

    calls = [Call("DisableRandomMode"), Call("EnableDebugMode"), *world("")]
    assert describe(calls).shapes == []


def test_the_last_epsilon_counts():
    from lrnap.lux.call import Call

    assert describe(world("")).epsilon == (-1, -1)
    calls = [Call("SetEpsilon", (0.1, 0.2)), Call("SetEpsilon", (-1.0, 0.5)), *world("")]
    assert describe(calls).epsilon == (-1, 0.5)
    with pytest.raises(SceneError, match=r"SetEpsilon: 0\.5 is more than 0\.1; give the smaller first"):
        describe([Call("SetEpsilon", (0.5, 0.1)), *world("")])


def test_a_broken_scene_is_refused():
    with pytest.raises(SceneError, match="WorldEnd is missing"):
        describe(calls_of("WorldBegin"))


def test_shared_scenes_are_described(shared_scenes):
    for path in sorted(shared_scenes.rglob("*.lxs")):
        scene = describe(read(path))
        assert scene.shapes
        used = {shape.material for shape in scene.shapes} - {None}
        assert used <= set(scene.materials)
        assert all(np.isfinite(shape.transform.matrix).all() for shape in scene.shapes)
