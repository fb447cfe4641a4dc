"""What a scene's Film writes: each parameter of classic Lux as the options of a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from lrnap import client
from lrnap.client.written import of_scene, own_film
from lrnap.errors import LrnapError
from lrnap.film import output
from lrnap.film.options import Options, takes
from lrnap.film.snapshot import FilmLayout, Snapshot
from lrnap.lux.params import ParamSet
from lrnap.lux.plugins import find
from lrnap.lux.reader import read_bytes
from lrnap.lux.scene import Scene


def scene(film: str) -> Scene:
    text = f'Film "fleximage" {film} WorldBegin WorldEnd'
    return Scene("s", tuple(read_bytes(text.encode(), "s.lxs")))


def written(film: str, folder: Path, channels=()):
    return of_scene(scene(film), folder, channels)


def only(film: str, folder: Path):
    (one,) = written(film, folder).outputs
    return one


PNG = '"bool write_png" ["false"]'
EXR = f'{PNG} "bool write_exr" ["true"]'
TGA = f'{PNG} "bool write_tga" ["true"]'


@pytest.mark.parametrize(
    ("film", "options"),
    [
        ("", {"depth": "8", "grey": False, "alpha": False, "clamped": True}),
        ('"string write_png_channels" ["RGBA"]', {"alpha": True, "grey": False}),
        ('"string write_png_channels" ["YA"]', {"alpha": True, "grey": True}),
        ('"string write_png_channels" ["Y"]', {"alpha": False, "grey": True}),
        ('"bool write_png_16bit" ["true"]', {"depth": "16"}),
        ('"bool write_png_gamutclamp" ["false"]', {"clamped": False}),
        ('"bool premultiplyalpha" ["true"]', {"alpha": True}),
        (EXR, {"depth": "half", "compression": "piz", "tonemapped": True, "clamped": True, "channels": ()}),
        (f'{EXR} "bool write_exr_halftype" ["false"]', {"depth": "float"}),
        (f'{EXR} "bool write_exr_applyimaging" ["false"]', {"tonemapped": False}),
        (f'{EXR} "bool write_exr_gamutclamp" ["false"]', {"clamped": False}),
        (f'{EXR} "string write_exr_channels" ["YA"]', {"grey": True, "alpha": True}),
        (f'{EXR} "string write_exr_compressiontype" ["RLE (lossless)"]', {"compression": "rle"}),
        (f'{EXR} "string write_exr_compressiontype" ["ZIP (lossless)"]', {"compression": "zip"}),
        (f'{EXR} "string write_exr_compressiontype" ["Pxr24 (lossy)"]', {"compression": "pxr24"}),
        (f'{EXR} "string write_exr_compressiontype" ["None"]', {"compression": "none"}),
        (f'{EXR} "bool write_exr_ZBuf" ["true"]', {"channels": ("depth",), "depth_range": "none"}),
        (f'{EXR} "string write_exr_zbuf_normalizationtype" ["Min/Max"]', {"depth_range": "minmax"}),
        (f'{EXR} "string write_exr_zbuf_normalizationtype" ["Camera Start/End clip"]', {"depth_range": "none"}),
        (f'{EXR} "bool premultiplyalpha" ["true"]', {"premultiplied": True, "alpha": True}),
        (
            f'{EXR} "bool premultiplyalpha" ["true"] "bool write_exr_straightcolors" ["true"]',
            {"premultiplied": False, "alpha": True},
        ),
        (TGA, {"alpha": False, "clamped": True}),
        (f'{TGA} "string write_tga_channels" ["RGBA"]', {"alpha": True}),
        (f'{TGA} "string write_tga_channels" ["Y"]', {"grey": True}),
        (f'{TGA} "bool write_tga_gamutclamp" ["false"]', {"clamped": False}),
    ],
)
def test_each_parameter_is_an_option_of_its_file(film: str, options: dict, tmp_path: Path) -> None:
    one = only(film, tmp_path)
    assert one.path.stem == "luxout"
    assert {name: one.options[name] for name in options} == options
    kind = one.path.suffix[1:]
    assert all(takes(kind, name) for name in one.options)
    assert Options.of(kind, one.options)


HARMLESS = {
    "write_flm_direct",  # how classic Lux saved memory
    "write_png_zbuf_normalizationtype",  # distances that are not ranged cannot be shown
    "write_tga_zbuf_normalizationtype",
}


def test_every_write_parameter_of_the_film_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[ParamSet] = []
    monkeypatch.setattr(client.written, "ParamSet", lambda entity: seen.append(ParamSet(entity)) or seen[0])
    rows = [p for p in find("film", "fleximage").parameters if p.name.startswith(("write_", "restart_", "premultiply"))]
    given = (f'"{p.types[0]} {p.name}" ["{"true" if p.types[0] == "bool" else "None"}"]' for p in rows)
    written(" ".join(given), tmp_path)
    assert {name.split()[1] for name in seen[0].unread()} == HARMLESS


def test_depth_is_a_picture_beside_one_that_cannot_hold_it(tmp_path: Path) -> None:
    depth = '"bool write_png_ZBuf" ["true"] "bool write_tga" ["true"] "bool write_tga_ZBuf" ["true"]'
    outputs = written(depth + '"bool write_png_16bit" ["true"]', tmp_path).outputs
    assert [one.path.name for one in outputs] == ["luxout.png", "luxout-depth.png", "luxout.tga", "luxout-depth.tga"]
    assert [one.depth for one in outputs] == [False, True, False, True]
    assert outputs[1].options["depth"] == "16"


def test_films_and_intervals(tmp_path: Path) -> None:
    plain = written("", tmp_path)
    assert (plain.interval, plain.film_interval, plain.resume, plain.restart) == (None, None, None, False)
    asked = '"bool write_resume_flm" ["true"] "integer writeinterval" [20] "integer flmwriteinterval" [600]'
    film = written(asked, tmp_path)
    assert (film.interval, film.film_interval) == (20, 600)
    assert film.resume == tmp_path / "luxout.flm"
    assert film.outputs[-1].film
    assert written(asked + '"bool restart_resume_flm" ["true"]', tmp_path).restart


def test_asked_channels_are_in_the_exr(tmp_path: Path) -> None:
    (one,) = written(f'{EXR} "bool write_exr_ZBuf" ["true"]', tmp_path, ("normal", "depth")).outputs
    assert one.options["channels"] == ("depth", "normal")


@pytest.mark.parametrize(
    ("filename", "expected", "elsewhere"),
    [
        ("final", "final.png", False),
        ("final.png", "final.png", False),
        ("shot.0001", "shot.0001.png", False),
        ("renders/final", "renders/final.png", False),
        ("renders\\\\final", "renders/final.png", False),
        ("missing/final", "final.png", True),
        ("/etc/final", "final.png", True),
        ("../final", "final.png", True),
        ("renders/../../final", "final.png", True),
        ("C:\\\\pictures\\\\final", "final.png", True),
        ("link/final", "final.png", True),
        ("", "luxout.png", False),
        ("..", "luxout.png", True),
        (".hidden", "hidden.png", False),
    ],
)
def test_files_are_written_here_or_below(filename: str, expected: str, elsewhere: bool, tmp_path: Path) -> None:
    folder = tmp_path / "here"
    (folder / "renders").mkdir(parents=True)
    (folder / "link").symlink_to(tmp_path)
    found = written(f'"string filename" ["{filename}"]', folder)
    assert found.outputs[0].path == folder / expected
    assert bool(found.notes) is elsewhere


def test_a_scene_that_writes_nothing_is_written_as_png_and_says_so(tmp_path: Path) -> None:
    found = written(PNG, tmp_path)
    assert [one.path.name for one in found.outputs] == ["luxout.png"]
    assert "writes no picture" in found.notes[0]


def test_a_scene_goes_on_with_its_own_film_if_it_says_so_and_it_is_there(tmp_path: Path) -> None:
    says = '"bool write_resume_flm" ["true"]'
    assert own_film(scene(says), tmp_path) is None
    layout = FilmLayout(3, 2)
    block = layout.new_block() + 5
    output.save(tmp_path / "luxout.flm", Snapshot("a", 7, 1, layout, block, 30.0))
    film = own_film(scene(says), tmp_path)
    assert film is not None and film.samples == 30
    assert film.run.startswith("resumed-luxout.flm")
    assert film.run != own_film(scene(says), tmp_path).run
    assert own_film(scene(""), tmp_path) is None
    assert own_film(scene(f'{says} "bool restart_resume_flm" ["true"]'), tmp_path) is None
    (tmp_path / "luxout.flm").write_bytes(b"no film")
    with pytest.raises(LrnapError, match=r"luxout\.flm: cannot be read as a film"):
        own_film(scene(says), tmp_path)
