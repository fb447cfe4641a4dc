"""A running job's look is changed from a telnet: the pictures change, the samples never do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from nodes import SCENE, Served, Talk, serving

from lrnap.film.develop import Settings
from lrnap.film.develop.groups import ROWS
from lrnap.film.develop.settings import rows

GROUPS = SCENE.replace("LightSource", 'LightGroup "key"\nLightSource').replace(
    "Material", 'LightGroup "sky"\nLightSource "infinite"\nMaterial'
)


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Served]:
    with serving(tmp_path) as served:
        served.write("scene.lxs", GROUPS.replace('"fleximage"', '"fleximage" "float gamma" [1.5]'))
        served.engine.groups = ("key", "sky")
        yield served


@pytest.fixture
def talk(node: Served) -> Iterator[Talk]:
    with node.talk() as talk:
        assert talk.all('API_LuxParse "scene.lxs" "job"', "API_Render") == ["R_OK", "R_OK"]
        yield talk


def png(talk: Talk) -> bytes:
    return talk.data("API_DumpFilmBuffer format=png")


def light(talk: Talk) -> bytes:
    return talk.data("API_DumpFilmBuffer format=accum")


def test_everything_that_develops_can_be_asked_for_with_its_value(talk: Talk) -> None:
    shown = dict(line.partition(" ")[::2] for line in talk.text("CTL_GET"))
    assert {row.name for row in rows()} <= shown.keys()
    assert shown["gamma"] == "1.5"
    assert shown["reinhard_burn"] == str(Settings().reinhard_burn)
    assert {name for name in shown if name.startswith("lightgroup.")} >= {f"lightgroup.key.{row}" for row in ROWS}


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("tonemapkernel", "reinhard"),
        ("gamma", "1"),
        ("bloom_enabled", "true"),
        ("lightgroup.key.gain", "0.25"),
        ("lightgroup.key.rgb", "[1 0.5 0.25]"),
        ("lightgroup.key.enabled", "false"),
        ("lightgroup.key.temperature", "3200"),
    ],
)
def test_the_picture_changes_and_goes_back_and_no_sample_is_lost(talk: Talk, setting: str, value: str) -> None:
    talk.ask("CTL_STOP")
    if setting.startswith("lightgroup"):  # or the exposure makes up for it
        talk.ask("CTL_SET tonemapkernel linear")
        talk.ask("CTL_SET linear_sensitivity 3000")
    before, samples, was = png(talk), light(talk), talk.ask(f"CTL_GET {setting}")
    assert talk.ask(f"CTL_SET {setting} {value}") == "R_OK"
    assert png(talk) != before
    assert talk.ask(f"CTL_GET {setting}") != was
    assert light(talk) == samples
    assert talk.ask(f"CTL_SET {setting}") == "R_OK"
    assert talk.ask(f"CTL_GET {setting}") == was
    assert png(talk) == before


def test_while_it_renders_the_run_goes_on(node: Served, talk: Talk) -> None:
    talk.ask("CTL_SET gamma 1.1")
    talk.ask("CTL_SET lightgroup.sky.gain 3")
    talk.ask("CTL_SET develop")
    assert talk.ask("CTL_STATUS").startswith("R_STATUS RENDERING ")
    assert len(node.engine.runs) == 1
    assert not node.engine.runs[0].closed
    assert talk.ask("CTL_GET gamma") == "R_OK GAMMA = 1.5"


def test_all_goes_back_to_what_the_scene_says_at_once(talk: Talk) -> None:
    before = talk.text("CTL_GET")
    for line in ("gamma 1", "tonemapkernel reinhard", "lightgroup.key.gain 2", "colorspace_white [0.3 0.3]"):
        assert talk.ask(f"CTL_SET {line}") == "R_OK"
    assert talk.text("CTL_GET") != before
    assert talk.ask("CTL_SET develop") == "R_OK"
    assert talk.text("CTL_GET") == before


def test_a_halt_condition_goes_back_to_the_scenes_too(node: Served, talk: Talk) -> None:
    assert talk.all("CTL_SET haltspp 500", "CTL_SET haltspp", "CTL_GET haltspp") == ["R_OK", "R_OK", "R_OK HALTSPP = 0"]
    assert node.engine.runs[0].halt.spp is None


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("CTL_SET gamma 99", "'gamma' must be a number from 0.05 to 20"),
        ("CTL_SET bloom_radius -1", "'bloom_radius' must be a number from 0 to 1"),
        ("CTL_SET lightgroup.key.gain -1", "'lightgroup.key.gain' must be a number from 0"),
        ("CTL_SET lightgroup.key.temperature 20", "'lightgroup.key.temperature'"),
        ("CTL_SET lightgroup.kye.gain 1", "there is no light group 'kye', did you mean 'key'?"),
        ("CTL_SET lightgroup.key.gian 1", "there is no setting"),
        ("CTL_GET lightgroup.sun.gain", "there is no light group 'sun'"),
        ("CTL_SET develop 1", "there is no setting 'develop'"),
    ],
)
def test_what_cannot_be_is_refused_by_name_with_what_can(talk: Talk, line: str, says: str) -> None:
    before = talk.text("CTL_GET")
    answer = talk.ask(line)
    assert answer.startswith("R_ERROR")
    assert says in answer
    assert talk.text("CTL_GET") == before


def test_a_step_that_lacks_something_is_gone_without_and_the_log_says_of_what(node: Served, talk: Talk) -> None:
    node.write("scene.lxs", GROUPS.replace('"fleximage"', '"fleximage" "string cameraresponse" ["Portra_400NCCD"]'))
    talk.ask("CTL_STOP")
    assert talk.all('API_LuxParse "scene.lxs" "other"', "API_Render") == ["R_OK", "R_OK"]
    png(talk)
    assert sum("cameraresponse' 'Portra_400NCCD' is not available" in line for line in talk.text("CTL_LOG")) == 1
    assert talk.ask("CTL_SET glare_enabled true") == talk.ask("CTL_SET glare_map true") == "R_OK"
    png(talk)
    png(talk)
    said = [line for line in talk.text("CTL_LOG") if 'job "other": warning: ' in line]
    assert sum("there is no picture of a pupil or of lashes" in line for line in said) == 1
    assert f"WARNINGS {len(said)} " in talk.ask("CTL_STATUS") + " "


def test_a_film_without_the_channels_for_denoising_says_which(talk: Talk) -> None:
    pytest.importorskip("pyoidn")
    talk.ask("CTL_SET denoise_enabled true")
    png(talk)
    assert any("the film has no channel albedo and no normal" in line for line in talk.text("CTL_LOG"))
