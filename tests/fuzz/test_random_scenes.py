"""Random scenes end as a translation or as an error with its place; what was found otherwise stays mended.

The longer way, through the engine, is `make fuzz`.
"""

from __future__ import annotations

import re
from pathlib import Path
from random import Random

import example_files
import pytest
from fuzz import trial
from fuzz.scenes import Scenes
from hypothesis import given, settings
from hypothesis import strategies as st

from lrnap.errors import SceneError
from lrnap.lux.entities import KINDS
from lrnap.lux.plugins import PLUGINS


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return example_files.write(tmp_path_factory.mktemp("files"))


@settings(max_examples=150)
@given(number=st.integers(0, 1 << 32), wrong=st.sampled_from([0.0, 0.005, 0.05, 0.3]))
def test_a_scene_is_translated_or_refused_with_its_place(files: dict[str, str], number: int, wrong: float) -> None:
    trial.read(Scenes(Random(number), wrong).scene(), files)


def test_scenes_are_not_all_refused(files: dict[str, str]) -> None:
    found = [trial.read(Scenes(Random(number), 0.0).scene(), files) for number in range(40)]
    assert sum(not isinstance(one, SceneError) for one in found) > 10


def test_all_plugins_can_come() -> None:
    text = " ".join(Scenes(Random(number)).statement(name) for name in KINDS for number in range(500))
    missing = [plugin.name for kind in PLUGINS.values() for plugin in kind if f'"{plugin.name}"' not in text]
    assert not missing


WORLD = """LookAt 0 -4 1  0 0 1  0 0 1 Camera "perspective"
Film "fleximage" "integer xresolution" [8] "integer yresolution" [8]
WorldBegin
{}
WorldEnd
"""
SPHERE = 'Shape "sphere"'


@pytest.mark.parametrize(
    ("world", "cause"),
    [
        (f"Translate 3.4e38 0 0 {SPHERE}", "more than 1e\\+12 away"),
        (f"Scale 1e30 1 1 Scale 1e30 1 1 {SPHERE}", "more than 1e\\+12"),
        (f"Scale 1e-30 1e-30 1e-30 {SPHERE}", "flat or a point"),
        (f"Scale 1 1e-9 1 Rotate 45 1 0 0 {SPHERE}", "flat or a point"),
        (
            f'Translate 1e9 0 0 ObjectBegin "o" Translate 9e11 0 0 {SPHERE} ObjectEnd'
            ' Translate 9e11 0 0 ObjectInstance "o"',
            "more than 1e\\+12",
        ),
        (f"ConcatTransform [1 0 0 0.2  0 1 0 0  0 0 1 0  0 0 0 1] {SPHERE}", "distorts like a perspective"),
        (f"MotionBegin [0 1] Identity Scale -1 1 1 MotionEnd {SPHERE}", "inside out"),
        (
            f'ObjectBegin "o" {SPHERE} ObjectEnd TransformBegin Scale 1 1 -1 CoordinateSystem "there" TransformEnd'
            ' MotionInstance "o" 0 1 "there"',
            "inside out",
        ),
        ('LightSource "spot" "point from" [1 2 3] "point to" [1 2 3]', "two different points"),
        ('LightSource "distant" "point to" [0 0 0]', "two different points"),
        ("WorldBegin", "only once"),
        ('NamedMaterial "green"', "define it before"),
        ('Material "matte" "texture Kd" ["wood"]', "define it before"),
        (
            'Shape "mesh" "integer nsubdivlevels" [30] "point P" [0 0 0 1 0 0 0 1 0] "integer triindices" [0 1 2]',
            "use a lower nsubdivlevels",
        ),
        ('LightSource "distant" "color L" [-0.3 -0.1 -1]', "darker than 0"),
        ('LightSource "infinite" "float gain" [-0.65]', "darker than 0"),
        (f'AreaLightSource "area" "color L" [-1 1 1] {SPHERE}', "darker than 0"),
        (f'AreaLightSource "area" "float gain" [3e38] {SPHERE}', "brighter than"),
        ('LightSource "sky" "float bconst" [-1e5]', "no sky"),
    ],
)
def test_findings_are_refused_with_place_and_cure(world: str, cause: str) -> None:
    found = trial.read(WORLD.format(world), {})
    assert isinstance(found, SceneError)
    assert re.search(cause, found.message)
    assert found.at
    assert found.at.startswith(f"{trial.NAME}:4:")


@pytest.mark.parametrize("plugin", ["fbm", "wrinkled", "marble"])
def test_noise_of_more_sizes_than_can_be_seen_does_not_take_for_ever(plugin: str) -> None:
    texture = f'Texture "t" "color" "{plugin}" "integer octaves" [1000000000]'
    found = trial.read(WORLD.format(f'{texture} Material "matte" "texture Kd" ["t"] {SPHERE}'), {})
    assert not isinstance(found, SceneError)
    assert [value for key, value in found.scene.items() if key.endswith(".octaves")] == [[32]]


def test_the_runner_keeps_what_it_finds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from fuzz.__main__ import keep

    known: set[str] = set()
    for number in (7, 8):
        keep(tmp_path, number, "WorldBegin", {"what": f"KeyError: '{number}'", "where": "a.py:1"}, known)
    assert [path.name for path in tmp_path.iterdir()] == ["7.lxs"]
    assert (tmp_path / "7.lxs").read_text().endswith("WorldBegin")
    assert "KeyError" in capsys.readouterr().out
