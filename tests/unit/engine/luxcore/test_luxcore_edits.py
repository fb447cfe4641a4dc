"""Edits in LuxCore: the picture after one is that of the edited scene, for each kind of edit, without new geometry."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from lrnap.engine.luxcore.difference import Known, difference, told, units

HERE = Path(__file__).parent


# ---- what the engine is told -----------------------------------------------------------------------------------------

SCENE = {
    "scene.camera.type": ["perspective"],
    "scene.camera.fieldofview": [45.0],
    "scene.textures.tex_t.value": [1.0],
    "scene.materials.mat_m.kd": ["tex_t"],
    "scene.objects.obj_a.shape": ["mesh_a"],
    "scene.objects.obj_b.shape": ["mesh_a"],
    "scene.lights.light_l.gain": [1.0],
}
CONFIG = {"renderengine.type": ["PATHCPU"]}


def known(scene=SCENE, images=None) -> Known:
    return Known(CONFIG, units(scene), images or {})


def changed(images=None, config=CONFIG, **values):
    scene = {**SCENE, **{f"scene.{key.replace('__', '.')}": value for key, value in values.items()}}
    return difference(known(), config, {k: v for k, v in scene.items() if v is not None}, images or {})


def test_things_are_told_as_a_whole_and_only_those_that_change():
    assert changed(camera__fieldofview=[30.0]).properties == {
        "scene.camera.type": ["perspective"],
        "scene.camera.fieldofview": [30.0],
    }
    assert changed().properties == {}
    assert not changed(textures__tex_t__value=[2.0]).whole


def test_objects_and_lights_that_are_there_no_more_are_deleted_and_nothing_else():
    values = {"objects__obj_b__shape": None, "lights__light_l__gain": None, "materials__mat_m__kd": None}
    change = changed(**values)
    assert change.gone == [("objects", "obj_b"), ("lights", "light_l")]
    after = told(known(), change)
    assert "scene.materials.mat_m" in after.things  # still in the engine
    assert "scene.objects.obj_b" not in after.things


def test_whatever_a_changed_volume_fills_is_told_again():
    filled = {
        "scene.volumes.vol_v.absorption": [1.0],
        **SCENE,
        "scene.materials.mat_v.volume.interior": ["vol_v"],
        "scene.lights.light_v.volume": ["vol_v"],
    }
    change = difference(known(filled), CONFIG, {**filled, "scene.volumes.vol_v.absorption": [2.0]}, {})
    assert [*units(change.properties)] == ["scene.volumes.vol_v", "scene.materials.mat_v", "scene.lights.light_v"]


def test_what_the_engine_looks_at_once_is_built_anew():
    assert changed(config={"renderengine.type": ["BIDIRCPU"]}).whole
    assert changed(shapes__mesh_d__source=["mesh_a"]).whole
    displaced = known({**SCENE, "scene.shapes.mesh_d.map": ["tex_t"]})
    assert difference(displaced, CONFIG, {**SCENE, "scene.textures.tex_t.value": [2.0]}, {}).whole
    assert not difference(displaced, CONFIG, {**SCENE, "scene.lights.light_l.gain": [2.0]}, {}).whole
    pixels = np.zeros((1, 1, 3), np.float32)
    assert changed(images={"img": pixels}).images.keys() == {"img"}
    assert difference(known(images={"img": pixels}), CONFIG, SCENE, {"img": pixels + 1}).whole


# ---- pictures --------------------------------------------------------------------------------------------------------

KINDS = (
    "camera",
    "zoom",
    "texture",
    "material",
    "emission",
    "light",
    "several_lights",
    "moved",
    "mirrored",
    "more",
    "fewer",
    "volume",
    "displaced",
    "refused",
    "broken",
    "bidirectional",
    "many",
)


@pytest.fixture(scope="module")
def results() -> dict[str, dict[str, float]]:
    """All kinds in one process: loading the engine takes longer than rendering."""
    program = [sys.executable, "luxcore_edits.py", *KINDS]
    done = subprocess.run(program, cwd=HERE, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("kind", KINDS)
def test_after_an_edit_the_picture_is_that_of_the_edited_scene(results, kind: str):
    found = results[kind]
    if kind in ("refused", "broken"):
        assert found["error"] < 0.1, found
    else:
        assert found["error"] < found["change"] / 2, found  # as large as the change, if the edit did not show
    assert found["meshes"] == (1 if kind == "mirrored" else 0)  # only what was never there is made
