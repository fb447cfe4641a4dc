"""`lrnap film`: look into classic films, develop and merge them."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from lrnap.cli.main import main
from lrnap.film import flm, flm_parameters, images
from lrnap.film.develop import GroupLook, Settings
from lrnap.film.flm import Flm, Parameter
from lrnap.film.flm_convert import from_snapshot
from lrnap.film.snapshot import FilmLayout, Snapshot


class Done(NamedTuple):
    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def lrnap(monkeypatch, capsys, folder):
    """The command in the folder of films, without the time that a process of its own takes."""

    def run(*arguments: str) -> Done:
        monkeypatch.chdir(folder)
        monkeypatch.setattr(sys, "argv", ["lrnap", *arguments])
        with pytest.raises(SystemExit) as exit:
            main()
        return Done(int(exit.value.code or 0), *capsys.readouterr())

    return run


def a_film(settings: Settings, width: int = 16, groups: tuple[str, ...] = ("key", "sky")) -> Flm:
    """The upper half is lit, with 4 samples per pixel."""
    layout = FilmLayout(width, 12, groups)
    block = layout.new_block()
    planes = layout.planes(block)
    planes.weight[:] = planes.alpha[:] = 4
    planes.pixel[0, :6] = 4 * 0.25
    return from_snapshot(Snapshot("a", 1, 1, layout, block, samples=4.0 * width * 12), settings)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    settings = Settings.from_params({"tonemapkernel": "maxwhite", "gamma": 1.0}, {"sky": GroupLook(enabled=False)})
    flm.write(tmp_path / "a.flm", a_film(settings))
    flm.write(tmp_path / "b.flm", a_film(Settings.from_params({"tonemapkernel": "reinhard"})))
    (tmp_path / "bad.flm").write_bytes((tmp_path / "a.flm").read_bytes()[:-20])
    return tmp_path


def test_info_says_what_is_in_a_film(lrnap, folder):
    done = lrnap("film", "info", "a.flm")
    assert done.returncode == 0
    assert done.stdout.startswith("a.flm: 16x12, 4.0 samples per pixel, buffers per pixel\n")
    assert "light group 'sky': 768 samples\n" in done.stdout
    assert "tonemapkernel = maxwhite\n" in done.stdout
    assert "colorspace_white = 0.314275 0.329411\n" in done.stdout


def test_info_for_programs(lrnap, folder):
    said = json.loads(lrnap("film", "info", "a.flm", "--json").stdout)
    assert (said["width"], said["height"], said["spp"], said["buffers"]) == (16, 12, 4.0, ["PER_PIXEL"])
    assert said["groups"] == [{"name": "key", "samples": 768.0}, {"name": "sky", "samples": 768.0}]
    assert said["film"]["gamma"] == 1.0


def test_a_film_is_developed_as_it_says(lrnap, folder):
    done = lrnap("film", "develop", "a.flm", "-o", "a.png", "-o", "a.exr")
    assert done.returncode == 0
    assert done.stdout == "a.png: 16x12, 4.0 samples per pixel\na.exr: 16x12, 4.0 samples per pixel\n"
    picture = images.read(folder / "a.png")
    assert picture[:6].min() == 1
    assert picture[6:].max() == 0
    assert np.allclose(images.read(folder / "a.exr")[:6, :, :3], 0.25, atol=1e-3)
    assert set(images.read_layers(folder / "a.exr")) == {"key", "sky"}


def test_without_a_name_the_picture_has_the_films(lrnap, folder):
    assert lrnap("film", "develop", "a.flm").returncode == 0
    assert (folder / "a.png").exists()


def test_what_is_set_counts_instead(lrnap, folder):
    changes = ["--set", "tonemapkernel=linear", "--set", "linear_exposure=0", "--set", "colorspace_white=0.3 0.3"]
    assert lrnap("film", "develop", "a.flm", *changes).returncode == 0
    assert images.read(folder / "a.png").max() == 0


def test_a_camera_response_is_a_file_that_you_name(lrnap, folder):
    (folder / "dark.crf").write_text("dark graph\nI =\n0 0.5 1\nB =\n0 0 0\n")
    assert lrnap("film", "develop", "a.flm", "--set", "cameraresponse=dark.crf").returncode == 0
    assert images.read(folder / "a.png").max() == 0
    done = lrnap("film", "develop", "a.flm", "--set", "cameraresponse=no.crf")
    assert done.returncode == 2
    assert "no.crf" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["develop", "a.flm", "--set", "gama=2"], "did you mean 'gamma'"),
        (["develop", "a.flm", "--set", "gamma"], "NAME=VALUE"),
        (["develop", "a.flm", "--set", "gamma=blue"], "'gamma' must be a number"),
        (["develop", "a.flm", "-o", "a.flm"], "no picture format '.flm'"),
        (["develop", "bad.flm"], "bad.flm: cannot be read as a film of classic Lux"),
        (["info", "no.flm"], "no.flm: there is no such file"),
        (["merge", "a.flm", "b.flm", "-o", "c.png"], "ends in .flm"),
        (["merge", "a.flm", "b.flm"], "--output"),
        (["merge", "bad.flm", "no.flm", "-o", "c.flm"], "none of the films can be used"),
    ],
)
def test_mistakes_are_named(lrnap, folder, arguments, says):
    before = sorted(folder.iterdir())
    done = lrnap("film", *arguments)
    assert done.returncode == 2
    assert says in done.stderr
    assert sorted(folder.iterdir()) == before


def test_a_wish_out_of_range_has_a_cure(lrnap, folder):
    film = a_film(Settings())
    flm.write(folder / "odd.flm", Flm(16, 12, film.types, film.groups, (Parameter(17, -1.0),)))
    done = lrnap("film", "develop", "odd.flm")
    assert done.returncode == 2
    assert "error: odd.flm: " in done.stderr
    assert "--set NAME=VALUE" in done.stderr
    assert lrnap("film", "develop", "odd.flm", "--set", "gamma=2.2").returncode == 0


def test_merging_adds_and_the_later_film_rules(lrnap, folder):
    done = lrnap("film", "merge", "a.flm", "b.flm", "-o", "c.flm")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "c.flm: 2 of 2 films, 8.0 samples per pixel\n"
    merged = flm.read(folder / "c.flm")
    assert [group.samples for group in merged.groups] == [1536, 1536]
    assert flm_parameters.film_params(merged.parameters)["tonemapkernel"] == "reinhard"


def test_merging_names_and_leaves_out_what_cannot_be_used(lrnap, folder):
    flm.write(folder / "small.flm", a_film(Settings(), width=8))
    done = lrnap("film", "merge", "bad.flm", "a.flm", "small.flm", "no.flm", "b.flm", "-o", "c.flm")
    assert done.returncode == 0
    assert done.stdout == "c.flm: 2 of 5 films, 8.0 samples per pixel\n"
    assert "left out: bad.flm: cannot be read" in done.stderr
    assert "left out: small.flm: it cannot be merged: its size is 8x12 instead of 16x12" in done.stderr
    assert "left out: no.flm: there is no such file" in done.stderr


def test_a_film_can_be_merged_into_itself(lrnap, folder):
    assert lrnap("film", "merge", "a.flm", "b.flm", "-o", "a.flm").returncode == 0
    assert flm.read(folder / "a.flm").groups[0].samples == 1536
