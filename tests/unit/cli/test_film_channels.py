"""`lrnap film` and films with channels, and films of every kind."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from commands import commands_in
from film_folder import LAYOUT, a_film, fill

from lrnap.film import films, flm, images, output, resume
from lrnap.film.develop import Settings
from lrnap.film.flm_convert import from_snapshot
from lrnap.film.snapshot import FilmLayout, Snapshot


@pytest.fixture
def lrnap(monkeypatch, capsys, folder):
    """The command in the folder of films."""
    return commands_in(folder, monkeypatch, capsys, "film")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return fill(tmp_path)


CHANNELLED = FilmLayout(12, 8, ("sky", "albedo", "Küche.1"), channels=("albedo", "normal", "depth", "object_id"))


def with_channels(seed: int = 1) -> Snapshot:
    """Half of it shows a red thing, called 3, seven metres away; a light group has the name of a channel."""
    film = a_film(seed, layout=CHANNELLED)
    held = film.planes.channels
    held["albedo"][..., 3] = held["normal"][..., 3] = 16
    held["albedo"][:, :6, 0] = held["normal"][:, :6, 2] = 16
    held["depth"][:, :6] = 7
    held["object_id"][:, :6, :2] = 3, 16
    return film


def test_a_film_in_an_exr_keeps_its_channels_and_light_groups(folder):
    path, film = folder / "all.exr", with_channels()
    output.save(path, film, weights=True, cryptomatte=True)
    found = films.load(path).film
    assert found.layout == CHANNELLED
    np.testing.assert_allclose(found.block, film.block, rtol=1e-5)


NAMED = replace(CHANNELLED, names={"object_id": ("floor", "lamp", "Küche/Tür")})


def test_merged_films_keep_the_names_of_things_and_all_that_was_seen_in_a_pixel(lrnap, folder):
    one, other = with_channels(), with_channels(2)
    other.planes.channels["object_id"][0, 0] = 2, 4, 0, 0
    output.save(folder / "a.exr", replace(one, layout=NAMED), weights=True)
    output.save(folder / "b.exr", other, weights=True)  # of a version that did not say names
    assert lrnap("merge", "b.exr", "a.exr", "-o", "sum.exr").returncode == 0
    assert lrnap("merge", "sum.exr", "b.exr", "-o", "more.exr").returncode == 0
    merged = films.load(folder / "more.exr").film
    assert merged.layout.names == NAMED.names
    assert merged.planes.channels["object_id"][0, 0].tolist() == [2, 32, 3, 16]


@pytest.mark.parametrize("command", [["merge", "-o", "sum.exr"], ["noise"]])
def test_two_copies_of_a_film_are_noticed_whatever_kind_of_file_they_are(lrnap, folder, command):
    assert lrnap("convert", "1.flm", "copy.exr").returncode == 0
    said = lrnap(*command, "1.flm", "2.flm", "3.flm").stderr
    assert said == ""
    said = lrnap(*command, "1.flm", "2.flm", "copy.exr").stderr
    assert said == "warning: copy.exr: it has the same samples as 1.flm. A copy makes a film look better than it is\n"


def test_info_says_which_channels_there_are_and_what_the_things_in_them_are_called(lrnap, folder):
    output.save(folder / "a.exr", replace(with_channels(), layout=NAMED), weights=True)
    said = lrnap("info", "a.exr").stdout
    assert "channel albedo\n" in said
    assert "channel object_id: 3 names\n" in said
    as_json = json.loads(lrnap("info", "a.exr", "--json").stdout)
    assert as_json["channels"] == list(CHANNELLED.channels)
    assert as_json["names"] == {"object_id": ["floor", "lamp", "Küche/Tür"]}


def test_films_whose_ids_mean_other_things_are_not_merged(lrnap, folder):
    others = replace(CHANNELLED, names={"object_id": ("floor", "lamp", "chair")})
    output.save(folder / "a.exr", replace(with_channels(), layout=NAMED), weights=True)
    output.save(folder / "b.exr", replace(with_channels(2), layout=others), weights=True)
    done = lrnap("merge", "a.exr", "b.exr", "-o", "sum.exr")
    assert "left out: b.exr" in done.stderr
    assert "of another scene: object 3 is 'chair' in one and 'Küche/Tür' in the other" in done.stderr


def test_such_a_film_is_denoised_with_them(lrnap, folder):
    output.save(folder / "all.exr", with_channels(), weights=True)
    plain, guided = (
        lrnap("develop", name, "-o", f"{name}.png", "--set", "denoise_enabled=true") for name in ("1.flm", "all.exr")
    )
    assert "the film has no channel albedo and no normal" in plain.stderr
    assert (guided.returncode, guided.stderr) == (0, "")


def test_films_with_channels_and_without_are_merged(lrnap, folder):
    without = FilmLayout(12, 8, CHANNELLED.groups)
    flm.write(folder / "plain.flm", from_snapshot(a_film(2, layout=without)))
    output.save(folder / "all.exr", with_channels(), weights=True)
    for first, second in (("all.exr", "plain.flm"), ("plain.flm", "all.exr")):
        assert lrnap("merge", first, second, "-o", "sum.exr").stdout.startswith("sum.exr: 2 of 2 films")
        merged = films.load(folder / "sum.exr").film
        assert merged.spp == pytest.approx(32)
        assert images.read_layers(folder / "sum.exr")["albedo"][0, 0] == pytest.approx([1, 0, 0])
        assert merged.layout.channels == CHANNELLED.channels


@pytest.mark.parametrize("name", ["4.exr", "1.flm"])
def test_every_kind_of_film_is_developed_as_it_says_or_as_one_likes(lrnap, folder, name):
    (folder / "films").mkdir()
    output.save(
        folder / "films" / name,
        a_film(4),
        Settings(tonemapkernel="maxwhite"),
        **({"weights": True} if "exr" in name else {}),
    )
    done = lrnap(
        "develop",
        "films",
        "-o",
        "{film}-{group}.png",
        "--groups",
        "--set",
        "gamma=1",
        "--set",
        "ldr_clamp_method=darken",
    )
    assert sorted(p.name for p in folder.glob("?-*.png")) == [f"{name[0]}-key.png", f"{name[0]}-sky.png"], done
    said = json.loads(images.read_metadata(folder / f"{name[0]}-sky.png")["settings"])
    assert (said["tonemapkernel"], said["gamma"], said["lightgroup.key.enabled"]) == ("maxwhite", 1, False)


def test_a_folder_is_developed_though_pictures_lie_beside_the_films(lrnap, folder):
    output.save(folder / "picture.exr", a_film(4))
    done = lrnap("develop", ".", "-o", "out/")
    assert done.returncode == 2  # there is no such folder
    (folder / "out").mkdir()
    done = lrnap("develop", ".", "-o", "out/")
    assert sorted(p.stem for p in (folder / "out").iterdir()) == ["1", "2", "3", "4", "perfect"]
    assert lrnap("develop", "picture.exr").stdout == "picture.png: 48x32, a picture\n"  # by its own name


def test_rendering_goes_on_from_a_film_in_an_exr(folder):
    film, look = resume.load(folder / "4.exr")
    assert (film.spp, look["gamma"]) == (16, 2.2)


def test_noise_of_films_of_different_sizes_is_refused(lrnap, folder):
    flm.write(folder / "small.flm", from_snapshot(a_film(1, layout=FilmLayout(8, 8, LAYOUT.groups))))
    done = lrnap("noise", "1.flm", "small.flm")
    assert (done.returncode, "8x8" in done.stderr) == (2, True)


def test_films_that_differ_in_their_kind_only_have_pictures_of_their_own(lrnap, folder):
    flm.write(folder / "4.flm", from_snapshot(a_film(4)))
    assert lrnap("develop", "4.flm", "4.exr", "1.flm").returncode == 0
    assert {p.name for p in folder.glob("[14]*.png")} == {"4.flm.png", "4.exr.png", "1.png"}
