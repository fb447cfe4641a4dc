"""Picture files: right way up, complete or not there, with their facts inside."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from films import film_of, noise

from lrnap.errors import LrnapError
from lrnap.film import images, output
from lrnap.film.develop import Settings, develop
from lrnap.film.radiance import resolve, rgba
from lrnap.film.snapshot import FilmLayout, Snapshot

EXTENSIONS = [".png", ".exr", ".jpg", ".jpeg", ".tif", ".tiff", ".tga"]
LOSSLESS = [ext for ext in EXTENSIONS if not ext.startswith(".j")]


def corner(alpha: float = 1.0) -> np.ndarray:
    """24 x 16, black but for one bright area at the top left; large enough for JPEG's blocks."""
    picture = np.zeros((16, 24, 4), np.float32)
    picture[:8, :8, :3] = 1.0, 0.5, 0.25
    picture[:8, :8, 3] = alpha
    return picture


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("extension", EXTENSIONS)
def test_top_left_comes_back_top_left(tmp_path: Path, extension: str) -> None:
    path = tmp_path / f"picture{extension}"
    images.write(path, corner())
    back = images.read(path)
    assert back.shape[:2] == (16, 24)
    np.testing.assert_allclose(back[:8, :8, :3], np.broadcast_to([1.0, 0.5, 0.25], (8, 8, 3)), atol=0.02)
    assert np.abs(back[8:, :, :3]).max() < 0.02
    assert np.abs(back[:, 8:, :3]).max() < 0.02


@pytest.mark.parametrize("extension", LOSSLESS)
def test_alpha_is_stored_beside_the_colours_not_in_them(tmp_path: Path, extension: str) -> None:
    path = tmp_path / f"picture{extension}"
    images.write(path, corner(alpha=0.25), alpha=True)
    back = images.read(path)
    np.testing.assert_allclose(back[0, 0], [1.0, 0.5, 0.25, 0.25], atol=0.003)
    assert back[15, 23].tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize(("extension", "channels"), [(".png", 3), (".exr", 4), (".jpg", 3), (".tif", 3), (".tga", 3)])
def test_only_exr_has_alpha_unasked(tmp_path: Path, extension: str, channels: int) -> None:
    path = tmp_path / f"picture{extension}"
    images.write(path, corner())
    assert images.read(path).shape[2] == channels


@pytest.mark.parametrize(
    ("extension", "depth"), [(e, d) for k in images.KINDS.values() for e in k.extensions[:1] for d in k.depths]
)
def test_every_depth_holds_its_values(tmp_path: Path, extension: str, depth: str) -> None:
    path = tmp_path / f"picture{extension}"
    ramp = np.repeat(np.linspace(0, 1, 256, dtype=np.float32).reshape(16, 16, 1), 3, axis=2)
    images.write(path, ramp, depth=depth)
    error = {"8": 1 / 255, "16": 1 / 65535, "half": 1 / 2048, "float": 0}[depth]
    if extension == ".jpg":
        error = 0.03
    assert np.abs(images.read(path) - ramp).max() <= error * 1.01
    if depth == "16":
        assert len(np.unique(images.read(path))) == 256


def test_exr_keeps_light_beyond_white(tmp_path: Path) -> None:
    colours = noise(5, 6)
    for depth, most in (("float", 0.0), ("half", 1e-3)):
        path = tmp_path / f"{depth}.exr"
        images.write(path, colours * 100, depth=depth)
        np.testing.assert_allclose(images.read(path), colours * 100, rtol=most)


def test_exr_holds_the_sun_unless_told_otherwise(tmp_path: Path) -> None:
    radiance = noise(5, 6) * 1e8  # a light of L = 1 alone is 67,200: more than a half float holds
    images.write(tmp_path / "sun.exr", radiance)
    np.testing.assert_array_equal(images.read(tmp_path / "sun.exr"), radiance)


@pytest.mark.parametrize("extension", EXTENSIONS)
def test_facts_come_back(tmp_path: Path, extension: str) -> None:
    path = tmp_path / f"picture{extension}"
    facts = {"spp": 128.5, "seconds": 60, "nodes": 2, "version": "0.1.0", "title": "Zoë's \\ lamp = \n'on'"}
    images.write(path, corner(), facts)
    assert images.read_metadata(path) == {key: str(value) for key, value in facts.items()}


def test_facts_that_do_not_fit_are_left_out_whole(tmp_path: Path) -> None:
    path = tmp_path / "picture.tga"
    images.write(path, corner(), {"spp": 1, "settings": "x" * 500, "nodes": 2})
    assert images.read_metadata(path) == {"spp": "1", "nodes": "2"}


def test_a_picture_without_facts_has_none(tmp_path: Path) -> None:
    images.write(tmp_path / "picture.png", corner())
    assert images.read_metadata(tmp_path / "picture.png") == {}


@pytest.mark.parametrize("kind", list(images.KINDS))
def test_encoding_gives_the_bytes_of_the_file(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"picture{images.KINDS[kind].extensions[0]}"
    path.write_bytes(images.encode(kind, corner(), {"spp": 3}))
    assert images.read_metadata(path) == {"spp": "3"}
    assert images.read(path)[0, 0, 0] > 0.9 > 0.1 > images.read(path)[15, 23, 0]


def test_writing_replaces_at_once_and_leaves_nothing_beside(tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    images.write(path, corner(), {"spp": 1})
    images.write(path, corner(), {"spp": 2})
    assert images.read_metadata(path) == {"spp": "2"}
    assert names_in(tmp_path) == ["picture.png"]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "latest.png").symlink_to(tmp_path / "deep" / "real.png")
    images.write(tmp_path / "latest.png", corner())
    assert (tmp_path / "latest.png").is_symlink()
    assert images.read(tmp_path / "deep" / "real.png").shape == (16, 24, 3)


@pytest.mark.parametrize("extension", [".png", ".exr", ".jpg", ".tif", ".tga"])
def test_a_full_disk_leaves_the_old_picture(tmp_path: Path, extension: str) -> None:
    path = tmp_path / f"picture{extension}"
    images.write(path, corner())
    before = path.read_bytes()
    program = """
import resource, sys
import numpy as np
from lrnap.errors import LrnapError
from lrnap.film import images
encode = images.encode
def encode_and_fill_the_disk(*args, **options):
    data = encode(*args, **options)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))
    return data
images.encode = encode_and_fill_the_disk
try:
    images.write(sys.argv[1], np.random.default_rng(0).random((400, 400, 3), np.float32))
except LrnapError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", program, path], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.startswith(f"{path}: cannot write the picture: "), done
    assert "the disk has room" in done.stdout
    assert path.read_bytes() == before
    assert names_in(tmp_path) == [path.name]


def test_no_older_picture_is_spoken_of_where_there_was_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, os.strerror(28))

    images.write(tmp_path / "old.png", corner())
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(LrnapError, match="an older picture of this name is still there"):
        images.write(tmp_path / "old.png", corner())
    with pytest.raises(LrnapError, match=r"the disk has room$"):
        images.write(tmp_path / "new.png", corner())
    assert names_in(tmp_path) == ["old.png"]


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(LrnapError, match=r"there is no folder .*nowhere: create it"):
        images.write(tmp_path / "nowhere" / "picture.png", corner())


def test_a_folder_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "picture.png").mkdir()
    with pytest.raises(LrnapError, match="this is a folder"):
        images.write(tmp_path / "picture.png", corner())


def test_a_name_too_long_for_the_disk_is_named(tmp_path: Path) -> None:
    with pytest.raises(LrnapError, match="cannot write the picture: File name too long"):
        images.write(tmp_path / f"{'x' * 300}.png", corner())
    assert names_in(tmp_path) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_to_is_named(tmp_path: Path) -> None:
    images.write(tmp_path / "picture.png", corner())
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(LrnapError, match="may be written to"):
            images.write(tmp_path / "picture.png", corner())
    finally:
        tmp_path.chmod(0o700)
    assert images.read(tmp_path / "picture.png").shape == (16, 24, 3)


@pytest.mark.parametrize("name", ["picture.foo", "picture", "picture.png.gz"])
def test_an_unknown_extension_is_answered_with_the_known_ones(tmp_path: Path, name: str) -> None:
    with pytest.raises(LrnapError, match=r"ends in one of \.exr \.jpg \.jpeg \.png \.tga \.tif \.tiff"):
        images.write(tmp_path / name, corner())
    assert names_in(tmp_path) == []


@pytest.mark.parametrize(
    ("name", "wish", "said"),
    [
        ("a.jpg", {"alpha": True}, "jpeg cannot hold alpha"),
        ("a.jpg", {"depth": "16"}, "jpeg has no depth '16'; there is 8"),
        ("a.png", {"depth": "half"}, "there is 8, 16"),
        ("a.png", {"layers": {"sun": np.zeros((16, 24, 3), np.float32)}}, "png cannot hold layers"),
        ("a.exr", {"layers": {"sun": np.zeros((2, 2, 3), np.float32)}}, "layer 'sun'"),
    ],
)
def test_what_a_kind_cannot_do_is_said(tmp_path: Path, name: str, wish: dict, said: str) -> None:
    with pytest.raises(LrnapError, match=said):
        images.write(tmp_path / name, corner(), **wish)


def test_reading_what_is_no_picture_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "text.png").write_text("not a picture")
    with pytest.raises(LrnapError, match="cannot be read as a picture"):
        images.read(tmp_path / "text.png")
    with pytest.raises(LrnapError, match="there is no such file"):
        images.read(tmp_path / "nothing.png")


def two_groups() -> Snapshot:
    layout = FilmLayout(4, 3, ("default", "key light"))
    block = np.random.default_rng(1).random(layout.floats, np.float32) * 9
    layout.planes(block).weight[:] = 3
    return Snapshot("a", 1, 1, layout, block, 36)


def test_a_film_saved_as_exr_is_its_radiance_with_groups_as_layers(tmp_path: Path) -> None:
    film = two_groups()
    output.save(tmp_path / "film.exr", film, depth="float")
    np.testing.assert_allclose(images.read(tmp_path / "film.exr"), rgba(film), rtol=1e-6)
    layers = images.read_layers(tmp_path / "film.exr")
    assert sorted(layers) == ["default", "key light"]
    for group, colours in zip(film.layout.groups, resolve(film)[0], strict=True):
        np.testing.assert_allclose(layers[group], colours, rtol=1e-6)


def test_broken_sums_do_not_get_into_files(tmp_path: Path) -> None:
    film = two_groups()
    film.planes.pixel[0, 1, 1] = np.nan
    film.planes.pixel[1, 2, 2] = np.inf
    output.save(tmp_path / "film.exr", film)
    for colours in (images.read(tmp_path / "film.exr"), *images.read_layers(tmp_path / "film.exr").values()):
        assert np.isfinite(colours).all()


def test_a_film_saved_as_tonemapped_exr_is_linear_light_in_range(tmp_path: Path) -> None:
    output.save(tmp_path / "film.exr", two_groups(), tonemapped=True, depth="float")
    np.testing.assert_allclose(images.read(tmp_path / "film.exr"), develop(two_groups(), display=False), rtol=1e-6)


def test_a_film_saved_as_png_is_developed_and_says_how(tmp_path: Path) -> None:
    film, chosen = film_of(noise()), Settings(tonemapkernel="reinhard")
    output.save(tmp_path / "film.png", film, chosen, {"spp": film.spp})
    expected = develop(film, chosen, dtype=np.uint8)[..., :3]
    assert np.array_equal(np.rint(images.read(tmp_path / "film.png") * 255), expected)
    facts = images.read_metadata(tmp_path / "film.png")
    assert facts["spp"] == "4.0"
    assert '"tonemapkernel": "reinhard"' in facts["settings"]
    assert output.encode("png", film, chosen, {"spp": film.spp}) == (tmp_path / "film.png").read_bytes()


def test_encoding_an_unknown_kind_is_an_error() -> None:
    with pytest.raises(LrnapError, match="there are exr, jpeg, png, tga, tiff"):
        output.encode("gif", two_groups())
