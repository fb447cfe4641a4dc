"""`lrnap film compare`, `noise`, `convert`, `view`, and films in EXR files."""

from __future__ import annotations

import json
import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from commands import commands_in

from lrnap.film import films, flm, images, output, resume
from lrnap.film.develop import Settings
from lrnap.film.flm_convert import from_snapshot
from lrnap.film.snapshot import FilmLayout, Snapshot

LAYOUT = FilmLayout(48, 32, ("key", "sky"))


@pytest.fixture
def lrnap(monkeypatch, capsys, folder):
    """The command in the folder of films."""
    return commands_in(folder, monkeypatch, capsys, "film")


def a_film(seed: int, spp: int = 16, layout: FilmLayout = LAYOUT) -> Snapshot:
    """A gradient with the noise of so many samples."""
    random = np.random.default_rng(seed)
    block = layout.new_block()
    planes = layout.planes(block)
    planes.weight[:] = planes.alpha[:] = spp
    light = np.linspace(0.1, 1, layout.width)[None, None, :, None]
    planes.pixel[:] = light * random.gamma(4 * spp, 1 / 4, planes.pixel.shape)
    return Snapshot(f"run{seed}", seed, 1, layout, block, samples=float(spp * layout.width * layout.height))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for seed in (1, 2, 3):
        flm.write(tmp_path / f"{seed}.flm", from_snapshot(a_film(seed)))
    output.save(tmp_path / "4.exr", a_film(4), weights=True)
    flm.write(tmp_path / "perfect.flm", from_snapshot(a_film(9, spp=100_000)))
    images.write(tmp_path / "grey.png", np.full((8, 8, 3), 0.5))
    images.write(tmp_path / "lighter.png", np.full((8, 8, 3), 0.6))
    return tmp_path


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


# --- pictures of other programs


def by_another(path: Path, names: str, values: list[float], kind: str = "float") -> None:
    """A picture of 6x4 pixels that all have these values, in channels of these names."""
    oiio = pytest.importorskip("OpenImageIO")
    spec = oiio.ImageSpec(6, 4, len(values), kind)
    spec.channelnames = tuple(names.split())
    written = oiio.ImageOutput.create(str(path))
    assert written.open(str(path), spec)
    written.write_image(np.tile(np.array(values, np.float32), (4, 6, 1)))
    written.close()


OTHERS = [
    ("Y", [0.25], (0.25, 0.25, 0.25)),
    ("Z", [0.25], (0.25, 0.25, 0.25)),
    ("A Y", [0.5, 0.25], (0.25, 0.25, 0.25)),
    ("B G R Z u", [0.1, 0.2, 0.3, 9, 9], (0.3, 0.2, 0.1)),
    ("Depth.Z Look.Combined.R Look.Combined.G Look.Combined.B", [9, 0.3, 0.2, 0.1], (0.3, 0.2, 0.1)),
]


@pytest.mark.parametrize(("names", "values", "colour"), OTHERS)
def test_every_picture_of_light_is_read_developed_converted_and_shown(lrnap, folder, names, values, colour):
    by_another(folder / "other.exr", names, values)
    np.testing.assert_allclose(images.read_colours(folder / "other.exr")[0, 0], colour, atol=1e-6)
    linear = ["--set", "tonemapkernel=maxwhite", "--set", "gamma=1", "--set", "ldr_clamp_method=darken"]
    assert lrnap("develop", "other.exr", "-o", "a.png", *linear).returncode == 0
    shown = images.read(folder / "a.png")[0, 0, :3]
    np.testing.assert_allclose(shown / shown.max(), np.array(colour) / max(colour), atol=0.01)
    assert lrnap("convert", "other.exr", "b.exr").returncode == 0
    np.testing.assert_allclose(images.read_colours(folder / "b.exr")[0, 0], colour, atol=1e-6)
    assert lrnap("view", "other.exr", "--terminal", "blocks", "--columns", "6").returncode == 0


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 3e38, -1.0])
def test_no_value_of_a_picture_is_too_odd(lrnap, folder, value):
    by_another(folder / "odd.exr", "R G B", [value, 0.5, 0.25])
    for arguments in (["develop", "odd.exr"], ["convert", "odd.exr", "odd.png"], ["view", "odd.exr"]):
        done = lrnap(*arguments)
        assert (done.returncode, done.stderr) == (0, "")
    assert np.isfinite(images.read(folder / "odd.png")).all()


def test_light_that_is_converted_to_what_a_display_shows_is_developed(lrnap, folder):
    by_another(folder / "light.exr", "R G B", [1000, 500, 250])
    assert lrnap("develop", "light.exr", "-o", "a.png").returncode == 0
    assert lrnap("convert", "light.exr", "b.png").returncode == 0
    assert np.array_equal(images.read(folder / "a.png"), images.read(folder / "b.png"))
    assert images.read(folder / "b.png").max() < 1


@pytest.mark.parametrize(
    ("name", "kind"), [("a.hdr", "float"), ("a.pfm", "float"), ("a.tif", "float"), ("a.tif", "half")]
)
def test_light_in_files_of_other_kinds_is_light(lrnap, folder, name, kind):
    by_another(folder / name, "R G B", [1000, 500, 250], kind)
    by_another(folder / "same.exr", "R G B", [1000, 500, 250])
    for arguments in (["develop", name, "-o", "a.png"], ["convert", name, "b.png"], ["view", name]):
        done = lrnap(*arguments)
        assert (done.returncode, done.stderr) == (0, "")
    assert images.read(folder / "a.png")[0, 0, :3] == pytest.approx(images.read(folder / "b.png")[0, 0, :3])
    assert lrnap("compare", name, "same.exr", "--metric", "relmse", "--limit", "1e-4").returncode == 0


@pytest.mark.parametrize(("name", "kind"), [("a.dpx", "uint16"), ("a.webp", "uint8"), ("a.bmp", "uint8")])
def test_what_a_display_shows_is_shown_and_compared_and_not_developed(lrnap, folder, name, kind):
    by_another(folder / name, "R G B", [0.5, 0.5, 0.5], kind)
    by_another(folder / "same.png", "R G B", [0.5, 0.5, 0.5], "uint8")
    assert lrnap("view", name, "--columns", "6").returncode == 0
    assert lrnap("convert", name, "b.png").returncode == 0
    assert lrnap("compare", name, "same.png", "--limit", "0.01").returncode == 0
    refused = lrnap("develop", name)
    assert refused.returncode == 2
    assert f"{name}: this is a finished picture" in refused.stderr


@pytest.mark.parametrize("name", ["a.tif", "a.png", "a.exr", "a.hdr"])
def test_a_file_that_is_cut_off_is_an_error_of_one_line(lrnap, folder, name):
    by_another(folder / "whole.tif", "R G B", [1000, 500, 250])
    (folder / name).write_bytes((folder / "whole.tif").read_bytes()[:250])
    for arguments in (
        ["develop", name, "-o", "x.png"],
        ["view", name],
        ["convert", name, "x.jpg"],
        ["compare", name, name],
    ):
        done = lrnap(*arguments)
        assert done.returncode == 2
        assert done.stderr.startswith(f"error: {name}: cannot be read as a picture: ")
        assert done.stderr.count("\n") == 1


def test_what_a_display_shows_is_no_light_under_another_name(lrnap, folder):
    (folder / "grey.exr").write_bytes((folder / "grey.png").read_bytes())
    assert "grey.exr: this is a finished picture" in lrnap("develop", "grey.exr").stderr
    assert lrnap("compare", "grey.exr", "grey.png", "--limit", "0").returncode == 0


def test_a_developed_picture_of_floats_is_no_light(lrnap, folder):
    assert lrnap("develop", "1.flm", "-o", "a.tif", "-o", "a.png", "--write", "tiff.depth=float").returncode == 0
    assert lrnap("compare", "a.tif", "a.png", "--limit", "0.01").returncode == 0
    assert "this is a finished picture" in lrnap("develop", "a.tif").stderr


def test_a_picture_cannot_be_merged_as_it_has_no_samples(lrnap, folder):
    by_another(folder / "other.exr", "R G B", [1, 1, 1])
    done = lrnap("merge", "other.exr", "-o", "sum.exr")
    assert done.returncode == 2
    assert "this is a picture, not a film" in done.stderr


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


# --- films with channels


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
