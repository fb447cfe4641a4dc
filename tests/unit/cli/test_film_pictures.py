"""`lrnap film` and pictures of other programs: what is light, and what is only to be looked at."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from commands import commands_in
from film_folder import fill

from lrnap.film import images


@pytest.fixture
def lrnap(monkeypatch, capsys, folder):
    """The command in the folder of films."""
    return commands_in(folder, monkeypatch, capsys, "film")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return fill(tmp_path)


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
