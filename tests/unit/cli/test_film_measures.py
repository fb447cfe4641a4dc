"""`lrnap film compare`, `noise`, `convert`, `view`, and films in EXR files."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy as np
import pytest
from commands import commands_in
from film_folder import LAYOUT, a_film, fill

from lrnap.film import films, images


@pytest.fixture
def lrnap(monkeypatch, capsys, folder):
    """The command in the folder of films."""
    return commands_in(folder, monkeypatch, capsys, "film")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return fill(tmp_path)


# --- compare


def test_compare_says_how_much_two_pictures_differ(lrnap):
    done = lrnap("compare", "lighter.png", "grey.png", "--json")
    said = json.loads(done.stdout)
    assert done.returncode == 0
    assert said["rmse"] == pytest.approx(0.1, abs=2 / 255)
    assert 0 < said["ssim"] < 1
    assert said["relmse"] > 0
    assert said["flip"] is None or 0 < said["flip"] < 1


def test_a_picture_is_like_itself(lrnap):
    said = json.loads(lrnap("compare", "1.flm", "1.flm", "--json").stdout)
    assert (said["rmse"], said["relmse"]) == (0, 0)
    assert said["ssim"] == pytest.approx(1)
    assert said["flip"] in (None, pytest.approx(0, abs=1e-6))


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--limit", "0.2"], 0),
        (["--limit", "0.05"], 1),
        (["--metric", "ssim", "--limit", "0.5"], 0),
        (["--metric", "ssim", "--limit", "0.9999"], 1),
    ],
)
def test_the_exit_code_says_whether_it_is_within_the_limit(lrnap, arguments, code):
    done = lrnap("compare", "lighter.png", "grey.png", *arguments)
    assert done.returncode == code
    assert ("not within" in done.stderr) is (code == 1)


def test_the_difference_is_a_picture(lrnap, folder):
    picture = np.zeros((8, 8, 3))
    picture[2, 3] = 1
    images.write(folder / "black.png", np.zeros((8, 8, 3)))
    images.write(folder / "dot.png", picture)
    assert lrnap("compare", "dot.png", "black.png", "-o", "difference.exr").returncode == 0
    assert np.array_equal(images.read(folder / "difference.exr")[..., :3], picture)
    assert lrnap("compare", "dot.png", "black.png", "-o", "difference.png").returncode == 0
    shown = images.read(folder / "difference.png")
    assert shown[2, 3].max() > 0
    assert shown.sum() == shown[2, 3].sum()


def test_a_film_and_its_picture_are_alike(lrnap):
    assert lrnap("develop", "1.flm", "-o", "1.png").returncode == 0
    assert lrnap("compare", "1.png", "1.flm", "--limit", "0.003").returncode == 0


# --- noise


def test_the_noise_that_is_estimated_is_the_error_that_there_is(lrnap):
    said = json.loads(lrnap("noise", "1.flm", "2.flm", "3.flm", "4.exr", "--json").stdout)
    assert (said["runs"], said["spp"]) == (4, 64)
    assert lrnap("merge", "1.flm", "2.flm", "3.flm", "4.exr", "-o", "all.exr").returncode == 0
    true = json.loads(lrnap("compare", "all.exr", "perfect.flm", "--json").stdout)["rmse"]
    assert said["noise"] == pytest.approx(true, rel=0.15)
    assert json.loads(lrnap("noise", "all.exr", "--json").stdout)["noise"] == pytest.approx(said["noise"], rel=1e-3)
    assert f"noise {said['noise']:.2g}" in lrnap("info", "all.exr").stdout


def test_the_error_of_each_pixel_is_a_picture(lrnap, folder):
    assert lrnap("noise", "1.flm", "2.flm", "-o", "noise.exr").returncode == 0
    error = images.read(folder / "noise.exr")
    assert error.shape[:2] == (32, 48)
    assert 0 < error.mean() < 0.2


def test_the_exit_code_says_whether_there_is_little_enough(lrnap):
    assert lrnap("noise", "1.flm", "2.flm", "--below", "0.5").returncode == 0
    done = lrnap("noise", "1.flm", "2.flm", "--below", "0.0001")
    assert done.returncode == 1
    assert "not below 0.0001" in done.stderr


def test_one_film_says_nothing_of_its_error(lrnap):
    done = lrnap("noise", "1.flm")
    assert done.returncode == 2
    assert "films of several runs" in done.stderr


# --- films in EXR files


def test_a_film_in_an_exr_is_what_it_was(folder):
    found, true = films.load(folder / "4.exr").film, a_film(4)
    assert found.layout.groups == ("key", "sky")
    assert found.spp == 16
    assert np.allclose(found.planes.pixel, true.planes.pixel, rtol=1e-6)
    assert np.array_equal(found.planes.alpha, true.planes.alpha)


def test_films_of_all_kinds_are_merged(lrnap, folder):
    done = lrnap("merge", "1.flm", "4.exr", "-o", "both.exr")
    assert (done.returncode, done.stdout) == (0, "both.exr: 2 of 2 films, 32.0 samples per pixel\n")
    both, true = films.load(folder / "both.exr").film, a_film(1).block + a_film(4).block
    assert np.allclose(both.planes.pixel, LAYOUT.planes(true).pixel, rtol=1e-4)
    assert lrnap("merge", "both.exr", "2.flm", "-o", "three.flm").stdout.endswith("48.0 samples per pixel\n")


def test_converting_goes_there_and_back(lrnap, folder):
    assert lrnap("convert", "1.flm", "1.exr").returncode == 0
    assert lrnap("convert", "1.exr", "back.flm").returncode == 0
    back, true = films.load(folder / "back.flm").film, films.load(folder / "1.flm").film
    assert np.allclose(back.planes.pixel, true.planes.pixel, rtol=1e-5)
    assert back.spp == true.spp


def test_a_picture_is_converted_to_another_kind(lrnap, folder):
    assert lrnap("convert", "grey.png", "grey.tif").returncode == 0
    assert np.array_equal(images.read(folder / "grey.tif"), images.read(folder / "grey.png"))


def test_a_picture_that_others_changed_is_no_film(lrnap, folder):
    layers = images.read_layers(folder / "4.exr")
    layers["weight"] = np.full_like(layers["weight"], np.nan)
    images.write(folder / "broken.exr", images.read(folder / "4.exr"), layers=layers)
    done = lrnap("info", "broken.exr")
    assert done.returncode == 2
    assert "broken.exr: its weights" in done.stderr


def test_a_file_that_says_it_is_enormous_is_refused_before_there_is_room_for_it(lrnap, folder):
    data = bytearray((folder / "4.exr").read_bytes())
    for window in (b"dataWindow\0box2i\0", b"displayWindow\0box2i\0"):
        at = data.index(window) + len(window) + 4
        data[at : at + 16] = struct.pack("<4i", 0, 0, 199_999, 199_999)
    (folder / "vast.exr").write_bytes(data)
    done = lrnap("info", "vast.exr")
    assert done.returncode == 2
    assert "vast.exr: " in done.stderr


def test_a_file_that_was_cut_off_is_named(lrnap, folder):
    (folder / "cut.exr").write_bytes((folder / "4.exr").read_bytes()[:-4000])
    for arguments in (["info", "cut.exr"], ["noise", "cut.exr", "1.flm"], ["view", "cut.exr"]):
        done = lrnap(*arguments)
        assert done.returncode == 2
        assert "cut.exr: " in done.stderr
    done = lrnap("merge", "cut.exr", "1.flm", "-o", "sum.exr")
    assert done.stdout == "sum.exr: 1 of 2 films, 16.0 samples per pixel\n"


# --- view


def test_a_picture_is_shown_in_the_terminal(lrnap):
    done = lrnap("view", "grey.png", "--terminal", "blocks", "--columns", "8")
    assert done.returncode == 0
    assert done.stdout.count("▀") == 32
    assert done.stdout.count("\n") == 4
    assert "38;2;128;128;128" in done.stdout or "38;2;127;127;127" in done.stdout


@pytest.mark.parametrize("name", ["1.flm", "4.exr"])
def test_films_are_shown_developed(lrnap, name):
    done = lrnap("view", name, "--terminal", "blocks", "--columns", "24")
    assert done.returncode == 0
    assert done.stdout.count("▀") == 24 * 8


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["compare", "grey.png", "1.flm"], "8x8 and 48x32"),
        (["compare", "grey.png", "no.png"], "no.png: there is no such file"),
        (["compare", "grey.png", "lighter.png", "--metric", "rsme"], "did you mean 'rmse'"),
        (["compare", "grey.png", "lighter.png", "-o", "x.doc"], "no picture format '.doc'"),
        (["noise", "1.flm", "grey.png"], "grey.png: a film's name ends in .flm"),
        (["convert", "grey.png", "grey.flm"], "grey.png: a film's name ends"),
        (["convert", "1.flm", "1.doc"], "'.doc'"),
        (["merge", "1.flm", "-o", "x.png"], "ends in .flm or .exr"),
        (["view", "no.png"], "no.png: there is no such file"),
        (["view", "grey.png", "--job", "a"], "--job is for a node"),
        (["view", "grey.png", "--terminal", "vt52"], "kitty, iterm, sixel, blocks"),
        (["view", "lrnap://127.0.0.1:1"], "127.0.0.1:1"),
    ],
)
def test_mistakes_are_named(lrnap, folder, arguments, says):
    before = sorted(folder.iterdir())
    done = lrnap(*arguments)
    assert done.returncode in (2, 3)
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert sorted(folder.iterdir()) == before
