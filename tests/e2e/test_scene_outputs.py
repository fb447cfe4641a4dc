"""`lrnap render` writes what a scene's Film names, as it says: the files are read back."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import OpenImageIO as oiio
import pytest

from lrnap.film import flm, images

SCENE = """
LookAt 0 -4 1  0 0 0  0 0 1
Camera "perspective" "float fov" [40]
Film "fleximage" "integer xresolution" [32] "integer yresolution" [24] "string filename" ["ball"]
    "integer haltspp" [4] "string tonemapkernel" ["linear"] "float linear_exposure" [1] {film}
WorldBegin
LightSource "infinite" "color L" [20 30 50]
{world}
Material "matte" "color Kd" [0.7 0.7 0.7]
Shape "sphere" "float radius" [1]
WorldEnd
"""


def render(
    folder: Path, film: str, *arguments: str, code: int = 0, world: str = ""
) -> subprocess.CompletedProcess[str]:
    (folder / "scene.lxs").write_text(SCENE.format(film=film, world=world))
    command = [sys.executable, "-m", "lrnap", "render", "scene.lxs", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return done


def spec_of(path: Path) -> oiio.ImageSpec:
    opened = oiio.ImageInput.open(str(path))
    assert opened is not None, path
    spec = opened.spec()
    opened.close()
    return spec


def files(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} - {"scene.lxs"}


def test_everything_that_a_film_can_write(tmp_path: Path) -> None:
    done = render(
        tmp_path,
        '"string write_png_channels" ["RGBA"] "bool write_png_16bit" ["true"] "bool write_png_ZBuf" ["true"]'
        '"bool write_exr" ["true"] "string write_exr_channels" ["RGBA"] "bool write_exr_ZBuf" ["true"]'
        '"bool write_exr_applyimaging" ["false"] "string write_exr_compressiontype" ["ZIP (lossless)"]'
        '"bool write_tga" ["true"] "string write_tga_channels" ["Y"] "bool write_resume_flm" ["true"]',
    )
    assert done.stdout == "ball.png\n"
    assert files(tmp_path) == {"ball.png", "ball-depth.png", "ball.exr", "ball.tga", "ball.flm"}
    png = spec_of(tmp_path / "ball.png")
    assert (png.nchannels, str(png.format)) == (4, "uint16")
    exr = spec_of(tmp_path / "ball.exr")
    assert exr.channelnames == ("R", "G", "B", "A", "Z")
    assert [str(kind) for kind in exr.channelformats] == ["half"] * 4 + ["float"]
    assert exr.get_string_attribute("compression") == "zip"
    assert images.read(tmp_path / "ball.exr")[..., :3].max() > 1  # radiance: not as developed
    depth = images.read_layers(tmp_path / "ball.exr")["depth"][..., 0]
    assert depth[12, 16] == pytest.approx(3.12, abs=0.05)  # from 4.12 away to a ball of radius 1
    assert np.isinf(depth[0, 0])
    near = images.read(tmp_path / "ball-depth.png")[..., 0]
    assert near[0, 0] == 0 and near.max() == 1
    assert spec_of(tmp_path / "ball.tga").nchannels in (1, 3)
    assert flm.read(tmp_path / "ball.flm").width == 32


def test_an_exr_as_developed_holds_premultiplied_colours_if_the_film_says_so(tmp_path: Path) -> None:
    render(
        tmp_path,
        '"bool write_png" ["false"] "bool write_exr" ["true"] "bool premultiplyalpha" ["true"]'
        '"bool write_exr_halftype" ["false"] "string write_exr_compressiontype" ["None"]',
    )
    assert files(tmp_path) == {"ball.exr"}
    assert spec_of(tmp_path / "ball.exr").get_string_attribute("compression") == "none"
    picture = images.read(tmp_path / "ball.exr")
    assert picture.shape[2] == 4
    assert picture[..., :3].max() <= 1
    assert not picture[0, 0].any()  # the sky there is not in the way of another


def _spp(path: Path) -> float:
    film = flm.read(path)
    return film.groups[0].samples / (film.width * film.height)


def test_a_film_is_gone_on_with_and_a_restart_puts_it_aside(tmp_path: Path) -> None:
    film = '"bool write_resume_flm" ["true"]'
    render(tmp_path, film)
    had = _spp(tmp_path / "ball.flm")
    assert had >= 4  # a busy machine may stop later
    done = render(tmp_path, film, "--spp", str(had + 16))
    assert "going on from ball.flm, which has" in done.stderr
    whole = _spp(tmp_path / "ball.flm")
    assert whole >= had + 15.9
    done = render(tmp_path, f'{film} "bool restart_resume_flm" ["true"]')
    assert "kept as ball.flm1" in done.stderr
    assert "going on from" not in done.stderr
    assert _spp(tmp_path / "ball.flm1") == whole
    render(tmp_path, "", "--resume", "ball.flm1", "-o", "both.flm", "--spp", str(whole + 16))
    assert _spp(tmp_path / "both.flm") >= whole + 15.9


def test_a_film_of_another_picture_is_refused_and_stays(tmp_path: Path) -> None:
    film = '"bool write_resume_flm" ["true"]'
    render(tmp_path, film)
    before = (tmp_path / "ball.flm").read_bytes()
    done = render(tmp_path, f'{film} "integer xresolution" [30]', code=2)
    assert "size 32x24 instead of 30x24" in done.stderr
    assert (tmp_path / "ball.flm").read_bytes() == before
    (tmp_path / "ball.flm").write_bytes(before[:500])
    done = render(tmp_path, film, code=2)
    assert "ball.flm: cannot be read as a film" in done.stderr
    assert (tmp_path / "ball.flm").read_bytes() == before[:500]


def test_options_of_the_command_line_win(tmp_path: Path) -> None:
    options = (
        "--write",
        "png.depth=16",
        "--write",
        "alpha=true",
        "--write",
        "compression=dwaa",
        "--channels",
        "normal",
    )
    render(tmp_path, '"bool write_tga" ["true"]', "-o", "a.png", "-o", "b.exr", "-o", "c.jpg", *options)
    assert files(tmp_path) == {"a.png", "b.exr", "c.jpg"}
    png, exr = spec_of(tmp_path / "a.png"), spec_of(tmp_path / "b.exr")
    assert (png.nchannels, str(png.format)) == (4, "uint16")
    assert exr.channelnames == ("R", "G", "B", "A", "normal.X", "normal.Y", "normal.Z")
    assert exr.get_string_attribute("compression").startswith("dwaa")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("-o", "a.jpg", "--write", "alpha=true"), "none of the files can have alpha; exr and png"),
        (("-o", "a.png", "--write", "depth=half"), "png has no depth 'half'; there is 8, 16"),
        (("-o", "a.png", "--write", "depth"), "as in --write depth=16"),
        (("-o", "a.png", "--write", "exr.depth=half"), "none of the files is exr"),
        (("-o", "a.png", "--write", "colour=1"), "no option 'colour' of a file; there are depth"),
        (("--write", "depth=16"), "without -o the scene's Film says it"),
        (("-o", "a.exr", "--channels", "dept"), "no channel 'dept'; there are albedo"),
        (("-o", "a.exr", "--interval", "0"), "--interval must be above zero"),
        (("-o", "a.exr", "--resume", "gone.flm"), "gone.flm: there is no such file"),
    ],
)
def test_what_cannot_be_written_is_said_before_anything_is_rendered(tmp_path: Path, arguments, said: str) -> None:
    assert said in render(tmp_path, "", *arguments, code=2).stderr
    assert files(tmp_path) == set()


def test_a_full_disk_leaves_the_last_good_picture_and_says_so(tmp_path: Path) -> None:
    render(tmp_path, "")
    before = (tmp_path / "ball.png").read_bytes()
    program = """
import lrnap.film.replace as replace, os, sys
def full(descriptor):
    raise OSError(28, os.strerror(28))
replace.os.fsync = full
from lrnap.__main__ import main
main()
"""
    (tmp_path / "full.py").write_text(program)
    command = [sys.executable, "full.py", "render", "scene.lxs"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 1
    assert "cannot write the picture: No space left on device" in done.stderr
    assert "an older picture of this name is still there" in done.stderr
    assert (tmp_path / "ball.png").read_bytes() == before
    assert files(tmp_path) == {"ball.png", "full.py"}
