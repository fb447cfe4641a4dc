"""`lrnap film`: look into classic films, develop and merge them."""

from __future__ import annotations

import errno
import json
from pathlib import Path

import numpy as np
import pytest
from commands import commands_in

from lrnap.film import flm, flm_parameters, images
from lrnap.film.develop import GroupLook, Settings
from lrnap.film.flm import Flm, Parameter
from lrnap.film.flm_convert import from_snapshot
from lrnap.film.snapshot import FilmLayout, Snapshot


@pytest.fixture
def lrnap(monkeypatch, capsys, folder):
    """The command in the folder of films."""
    return commands_in(folder, monkeypatch, capsys)


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
    assert done.returncode == 0
    assert "b.flm: it has the same samples as a.flm" in done.stderr, "which these two have, and other parameters"
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


@pytest.fixture
def looks(folder) -> Path:
    (folder / "looks").mkdir()
    (folder / "looks" / "dark.toml").write_text('tonemapkernel = "linear"\nlinear_exposure = 0\n')
    (folder / "looks" / "sky.toml").write_text("[lightgroup.key]\nenabled = false\n")
    return folder / "looks"


@pytest.mark.parametrize("preset", ["looks", "looks/*.toml", "looks/[ds]*.toml"])
def test_each_preset_is_a_picture(lrnap, folder, looks, preset):
    done = lrnap("film", "develop", "a.flm", "--develop", preset)
    assert done.returncode == 0
    assert [line.partition(":")[0] for line in done.stdout.splitlines()] == ["a-dark.png", "a-sky.png"]
    assert images.read(folder / "a-dark.png").max() == images.read(folder / "a-sky.png").max() == 0


def test_a_folder_of_films_in_all_looks(lrnap, folder, looks):
    (folder / "bad.flm").unlink()
    (folder / "out").mkdir()
    assert lrnap("film", "develop", ".", "--develop", "looks", "-o", "out").returncode == 0
    assert sorted(path.name for path in (folder / "out").iterdir()) == [
        *("a-dark.png", "a-sky.png", "b-dark.png", "b-sky.png")
    ]
    assert lrnap("film", "develop", "a.flm", "b.flm", "-o", "out/{film}.jpg").returncode == 0
    assert (folder / "out" / "b.jpg").exists()


def test_each_light_group_by_itself(lrnap, folder):
    done = lrnap("film", "develop", "b.flm", "--groups", "-o", "{group}.png")
    assert done.returncode == 0
    assert images.read(folder / "key.png").max() > 0.3
    assert images.read(folder / "sky.png").max() == 0


def test_how_it_is_developed_can_be_saved_and_is_in_the_picture(lrnap, folder):
    changes = ["--set", "gamma=1.5", "--set", "lightgroup.sky.gain=2", "--set", "colorspace_preset=sRGB"]
    assert lrnap("film", "develop", "b.flm", *changes, "--save-preset", "my.toml").returncode == 0
    assert not (folder / "b.png").exists()
    for name, how in (("1", changes), ("2", ["--develop", "my.toml"]), ("3", ["--like", "1.png"])):
        assert lrnap("film", "develop", "b.flm", *how, "-o", f"{name}.png").returncode == 0
    assert (folder / "1.png").read_bytes() == (folder / "2.png").read_bytes() == (folder / "3.png").read_bytes()


def test_a_camera_is_estimated(lrnap, folder):
    done = lrnap("film", "develop", "b.flm", "--estimate")
    assert done.returncode == 0
    assert "linear_sensitivity = 200, linear_exposure = 10, linear_fstop = 5.6" in done.stdout


def test_a_view_of_opencolorio(lrnap, folder):
    pytest.importorskip("PyOpenColorIO")
    view = ["--ocio", "ocio://default", "--display", "sRGB - Display", "--view", "Un-tone-mapped"]
    assert lrnap("film", "develop", "a.flm", *view).returncode == 0
    done = lrnap("film", "develop", "a.flm", *view[:-1], "Filmic")
    assert done.returncode == 2
    assert "there is no view 'Filmic'; there are" in done.stderr


def test_a_film_that_wants_classic_noise_filters_is_denoised_and_says_so(lrnap, folder):
    film = flm.read(folder / "b.flm")
    on = tuple(Parameter(32, 1.0, 0, p.type) if p.number == 32 else p for p in film.parameters)
    flm.write(folder / "noisy.flm", Flm(film.width, film.height, film.types, film.groups, on))
    done = lrnap("film", "develop", "noisy.flm", "--save-preset", "noisy.toml")
    assert "instead of the noise filter Chiu's the film is denoised with denoise_strength = 0.5" in done.stderr
    assert "denoise_enabled = true" in (folder / "noisy.toml").read_text()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["a.flm", "b.flm", "-o", "same.png"], "two pictures would have this name: write {film} into -o"),
        (["a.flm", "--develop", "none.toml"], "there is no such preset"),
        (["a.flm", "--develop", "no*.toml"], "there is no preset"),
        (["a.flm", "b.flm", "--save-preset", "x.toml"], "--save-preset saves one look"),
        (["a.flm", "--like", "a.flm"], "cannot be read as a picture"),
        (["a.flm", "--set", "lightgroup.sun=2"], "--set takes NAME=VALUE"),
        (["looks"], "there is no film"),
    ],
)
def test_what_cannot_be_developed_is_said(lrnap, folder, arguments, says):
    (folder / "looks").mkdir()
    done = lrnap("film", "develop", *arguments)
    assert done.returncode == 2
    assert says in done.stderr


def test_of_many_films_one_that_is_damaged_is_named_and_left_out(lrnap, folder):
    done = lrnap("film", "develop", ".")
    assert (done.returncode, sorted(p.name for p in folder.glob("*.png"))) == (2, ["a.png", "b.png"])
    assert done.stderr.startswith("error: ")
    assert "bad.flm" in done.stderr


def test_names_that_would_be_taken_twice_are_refused_before_anything_is_written(lrnap, folder, looks):
    done = lrnap("film", "develop", "a.flm", "b.flm", "-o", "x-{look}.png", "--develop", "looks")
    assert (done.returncode, "two pictures would have this name" in done.stderr) == (2, True)
    assert not [*folder.glob("*.png")]


def test_a_full_disk_keeps_the_last_picture_and_is_exit_code_1(lrnap, folder, monkeypatch):
    (folder / "a.png").write_bytes(b"the last one")

    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("lrnap.film.replace.os.fsync", full)
    done = lrnap("film", "develop", "a.flm")
    assert (done.returncode, "No space left on device" in done.stderr) == (1, True)
    assert (folder / "a.png").read_bytes() == b"the last one"
    assert not [*folder.glob(".lrnap*")]
