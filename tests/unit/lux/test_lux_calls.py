"""The call table: complete, without doubles, and found under every spelling."""

from __future__ import annotations

import pytest

from lrnap.lux import calls
from lrnap.lux.call_spec import Where, row
from lrnap.lux.spelling import did_you_mean

STATEMENTS = """
    Accelerator AreaLightSource AttributeBegin AttributeEnd Camera ConcatTransform CoordinateSystem CoordSysTransform
    Exterior Film Identity Include Interior LightGroup LightSource LookAt MakeNamedMaterial MakeNamedVolume Material
    MotionBegin MotionEnd MotionInstance NamedMaterial ObjectBegin ObjectEnd ObjectInstance PixelFilter PortalInstance
    PortalShape Renderer ReverseOrientation Rotate Sampler Scale SearchPath Shape SurfaceIntegrator Texture Transform
    TransformBegin TransformEnd Translate Volume VolumeIntegrator WorldBegin WorldEnd
"""


def test_every_statement_of_scene_files_has_a_row():
    assert sorted(calls.STATEMENTS) == sorted(STATEMENTS.split())


def test_nothing_is_listed_twice():
    rows = [*calls.call_table_scene.ROWS, *calls.call_table_control.ROWS]
    for names in ([r.name for r in rows], [r.c for r in rows if r.c], [r.pylux for r in rows if r.pylux]):
        assert len(names) == len(set(names))


@pytest.mark.parametrize("name", ["Shape", "shape", "SHAPE", "luxShape", "LuxShape", "luxShapeV", "ShapeV"])
def test_a_call_is_found_under_all_its_names(name):
    assert calls.find(name) is calls.CALLS["Shape"]


def test_what_is_no_call_is_not_found():
    assert calls.find("Sphere") is None
    assert calls.find("lux") is None
    assert calls.find("IdentityV") is None  # only calls with parameters have an array form


def test_every_row_can_be_explained():
    for spec in calls.CALLS.values():
        assert spec.usage.startswith(spec.name)
        assert spec.doc and not spec.doc.endswith(".")
        assert spec.lxs is None or spec.group in ("scene", "transform")


def test_usage_shows_what_to_type():
    assert calls.CALLS["Rotate"].usage == "Rotate <angle> <ax> <ay> <az>"
    assert calls.CALLS["Shape"].usage == 'Shape "plugin" ["type name" value ...]'
    assert calls.CALLS["MotionBegin"].usage == "MotionBegin [times]"
    assert calls.CALLS["Parse"].usage == 'Parse "file" ("job")'


def test_a_mistyped_name_gets_a_suggestion():
    assert did_you_mean("Shap", calls.STATEMENTS) == ", did you mean 'Shape'?"
    assert did_you_mean("qqqqq", calls.STATEMENTS) == ""


def test_the_notation_of_rows_is_checked():
    with pytest.raises(ValueError, match="unknown kind"):
        row("X", "scene", Where.ANY, "a:strnig", "a slip of the pen")
