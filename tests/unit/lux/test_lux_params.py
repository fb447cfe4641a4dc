"""Typed parameters: making them from what people write, and reading them with defaults."""

from __future__ import annotations

import numpy as np
import pytest

from lrnap.errors import SceneError
from lrnap.lux.call import Location
from lrnap.lux.description import Entity
from lrnap.lux.params import ParamSet, from_token, make


@pytest.mark.parametrize(
    ("token", "value", "dtype", "shape"),
    [
        ("float fov", 35, np.float32, (1,)),
        ("float fov", [35, 36.5], np.float32, (2,)),
        ("float fov", np.arange(4.0).reshape(2, 2), np.float32, (4,)),
        ("integer n", 7, np.int32, (1,)),
        ("integer n", np.arange(3, dtype=np.uint8), np.int32, (3,)),
        ("integer n", [2.0], np.int32, (1,)),
        ("point P", [1, 2, 3], np.float32, (1, 3)),
        ("point P", [(1, 2, 3), (4, 5, 6)], np.float32, (2, 3)),
        ("normal N", [], np.float32, (0, 3)),
        ("color Kd", np.asfortranarray(np.ones((2, 3))), np.float32, (2, 3)),
    ],
)
def test_numbers_in_all_shapes(token, value, dtype, shape):
    param = from_token(token, value)
    assert (param.value.dtype, param.value.shape) == (dtype, shape)
    assert param.value.flags.c_contiguous


def test_an_array_of_the_right_type_is_not_copied():
    array = np.ones(10, np.float32)
    assert np.shares_memory(make("float", "x", array).value, array)


@pytest.mark.parametrize(
    ("token", "value", "expected"),
    [
        ("bool b", True, (True,)),
        ("bool b", "FALSE", (False,)),
        ("bool b", [True, "false"], (True, False)),
        ("bool b", np.array([True]), (True,)),
        ("string s", "x", ("x",)),
        ("string s", ["x", "y"], ("x", "y")),
        ("texture t", "x", ("x",)),
    ],
)
def test_bools_and_texts(token, value, expected):
    assert from_token(token, value).value == expected


@pytest.mark.parametrize(
    ("token", "value", "message"),
    [
        ("float x", "abc", 'needs numbers, not "abc"'),
        ("float x", [[1, 2], [3]], "plain list"),
        ("float x", [True], "needs numbers"),
        ("float x", None, "needs numbers"),
        ("point P", [1, 2], "not a multiple of 3"),
        ("integer n", [1, 2.5], "not 2.5"),
        ("integer n", [float("nan")], "whole numbers"),
        ("integer n", 1 << 31, "32 bits"),
        ("bool b", 1, '["true"] or ["false"]'),
        ("string s", [1], "text in quotes"),
        ("string s", 1, "text in quotes"),
        ("texture t", ["a", "b"], "exactly one"),
        ("xyz x", 1, "unknown parameter type"),
    ],
)
def test_values_that_the_type_cannot_hold(token, value, message):
    with pytest.raises(SceneError) as caught:
        make(*token.split(), value, at=Location("s.lxs", 1, 2))
    assert message in caught.value.message
    assert caught.value.at == "s.lxs:1:2"


def params_of(kind: str, plugin: str, **values: object) -> ParamSet:
    """`float_fov=35` is `"float fov" [35]`."""
    return ParamSet(Entity(kind, plugin, tuple(make(*key.split("_", 1), value) for key, value in values.items())))


def test_what_is_not_given_has_the_default_of_the_table():
    camera = params_of("camera", "perspective", float_fov=35)
    assert camera.float("fov") == 35
    assert camera.float("lensradius") == 0
    assert camera.float("lensradius", 2) == 2
    assert camera.has("fov") and camera.has("fov", "float")
    assert not camera.has("fov", "integer") and not camera.has("lensradius")


def test_all_kinds_of_values():
    film = params_of("film", "fleximage", integer_xresolution=64, bool_write_png=False, float_cropwindow=[0, 1, 0, 0.5])
    assert film.int("xresolution") == 64
    assert film.bool("write_png") is False
    assert film.floats("cropwindow").tolist() == [0, 1, 0, 0.5]
    assert film.floats("colorspace_red").tolist() == pytest.approx([0.63, 0.34])
    assert film.string("tonemapkernel") == "autolinear"

    matte = params_of("material", "matte", color_Kd=[0.1, 0.2, 0.3], texture_sigma="rough")
    assert matte.color("Kd") == pytest.approx((0.1, 0.2, 0.3))
    assert matte.texture("Kd") is None
    assert matte.texture("sigma") == "rough"
    assert params_of("material", "matte").color("Kd") == pytest.approx((0.9, 0.9, 0.9))

    light = params_of("light", "spot", point_from=[1, 2, 3])
    assert light.point("from") == (1, 2, 3)
    assert light.point("to") == (0, 0, 1)
    assert params_of("light", "sun", vector_sundir=[0, 1, 0]).vector("sundir") == (0, 1, 0)

    mesh = params_of("shape", "mesh", integer_triindices=[0, 1, 2], point_P=[[0, 0, 0]] * 3)
    assert mesh.ints("triindices").tolist() == [0, 1, 2]
    assert mesh.ints("quadindices").size == 0
    assert mesh.points("P").shape == (3, 3)
    assert mesh.points("N") is None
    assert params_of("renderer", "luxcore", string_config=["a", "b"]).strings("config") == ("a", "b")
    assert params_of("renderer", "luxcore").strings("config") == ()


def test_the_last_of_a_repeated_parameter_counts_and_types_are_apart():
    camera = Entity(
        "camera", "perspective", (make("float", "fov", 1), make("float", "fov", 2), make("integer", "fov", 3))
    )
    assert ParamSet(camera).float("fov") == 2


def test_an_unknown_choice_is_as_if_not_given():
    assert params_of("film", "fleximage", string_tonemapkernel="reinhardt").string("tonemapkernel") == "autolinear"


def test_an_empty_list_is_as_if_not_given():
    assert params_of("camera", "perspective", float_fov=[]).float("fov") == 90


def test_what_nobody_asked_for_is_known():
    camera = params_of("camera", "perspective", float_fov=35, float_yon=10, string_name="x")
    camera.float("fov")
    camera.ignore("name")
    assert camera.unread() == ("float yon",)


def test_asking_for_what_has_no_default_is_a_mistake_of_the_program():
    for ask in (ParamSet.float, ParamSet.string, ParamSet.color):
        with pytest.raises(KeyError, match="no default"):
            ask(params_of("shape", "sphere"), "nonsense")


def test_an_unknown_plugin_has_no_defaults():
    assert params_of("shape", "teapot", float_size=2).float("size") == 2
