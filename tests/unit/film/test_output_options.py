"""How a film is written: each option, read back from the file; and what a kind of file cannot have."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import OpenImageIO as oiio
import pytest

from lrnap.errors import LrnapError
from lrnap.film import images, output
from lrnap.film.channels import CHANNELS, shown
from lrnap.film.cryptomatte import murmur3
from lrnap.film.develop import Settings
from lrnap.film.develop.colour import ROOM
from lrnap.film.options import EXR_COMPRESSIONS, KINDS, ROWS, Options
from lrnap.film.radiance import rgba
from lrnap.film.snapshot import FilmLayout, Snapshot

LAYOUT = FilmLayout(16, 12, ("sun", "lamp"), channels=tuple(CHANNELS))


@pytest.fixture
def film() -> Snapshot:
    block = np.random.default_rng(1).random(LAYOUT.floats, np.float32) * 3
    planes = LAYOUT.planes(block)
    planes.weight[:] = 4
    planes.channels["depth"][:2] = 0
    planes.channels["object_id"][..., 0] = 70_001  # more than half floats can tell apart
    return Snapshot("a", 1, 1, LAYOUT, block, 4 * 16 * 12)


def spec_of(path: Path) -> oiio.ImageSpec:
    opened = oiio.ImageInput.open(str(path))
    spec = opened.spec()
    opened.close()
    return spec


def test_an_exr_holds_light_groups_and_all_channels(film: Snapshot, tmp_path: Path) -> None:
    output.save(tmp_path / "a.exr", film, depth="half")
    layers = images.read_layers(tmp_path / "a.exr")
    assert set(layers) == {"sun", "lamp", *CHANNELS}
    for name, held in film.planes.channels.items():
        exact = name in ("depth", "position", "material_id", "object_id")
        np.testing.assert_allclose(
            layers[name], shown(name, held), rtol=0 if exact else 2e-3, atol=0 if exact else 1e-3
        )
    np.testing.assert_allclose(images.read(tmp_path / "a.exr"), rgba(film), rtol=1e-3)
    spec = spec_of(tmp_path / "a.exr")
    formats = dict(zip(spec.channelnames, map(str, spec.channelformats), strict=True))
    assert formats["R"] == formats["sun.R"] == formats["albedo.R"] == "half"
    assert formats["Z"] == formats["object_id.ID"] == "float"


def test_channels_and_groups_can_be_chosen(film: Snapshot, tmp_path: Path) -> None:
    output.save(tmp_path / "a.exr", film, channels="normal,depth", groups=False, alpha=False)
    assert spec_of(tmp_path / "a.exr").channelnames == ("R", "G", "B", "Z", "normal.X", "normal.Y", "normal.Z")
    output.save(tmp_path / "a.exr", film, channels="", groups=False)
    assert set(spec_of(tmp_path / "a.exr").channelnames) == set("RGBA")


@pytest.mark.parametrize("name", EXR_COMPRESSIONS)
def test_every_compression_of_exr_reads_back(film: Snapshot, tmp_path: Path, name: str) -> None:
    output.save(tmp_path / "a.exr", film, compression=name, channels="", groups=False, depth="half")
    assert spec_of(tmp_path / "a.exr").get_string_attribute("compression").split(":")[0] == name
    lossy = name.startswith(("b44", "dwa"))
    np.testing.assert_allclose(images.read(tmp_path / "a.exr"), rgba(film), rtol=0.3 if lossy else 1e-3, atol=0.1)


def test_distances_can_be_ranged_as_classic_lux_does(film: Snapshot, tmp_path: Path) -> None:
    output.save(tmp_path / "a.exr", film, depth_range="minmax")
    near = images.read_layers(tmp_path / "a.exr")["depth"][..., 0]
    depth = shown("depth", film.planes.channels["depth"])[..., 0]
    assert near.ravel()[depth.argmin()] == near.max() == 1
    assert near.min() == 0 and not near[:2].any()


def test_depth_is_a_picture_of_its_own_where_there_are_no_layers(film: Snapshot, tmp_path: Path) -> None:
    (tmp_path / "z.png").write_bytes(output.encode_depth("png", film, depth="16"))
    assert str(spec_of(tmp_path / "z.png").format) == "uint16"
    assert images.read(tmp_path / "z.png").shape == (12, 16, 1)
    bare = Snapshot("a", 1, 1, FilmLayout(2, 2), FilmLayout(2, 2).new_block(), 0)
    with pytest.raises(LrnapError, match="holds no depth"):
        output.encode_depth("png", bare)


@pytest.mark.parametrize(
    ("kind", "options", "names"),
    [
        ("png", {}, "RGB"),
        ("png", {"alpha": True}, "RGBA"),
        ("png", {"grey": True}, "Y"),
        ("png", {"grey": True, "alpha": True}, "YA"),
        ("tga", {"alpha": True}, "RGBA"),
        ("tiff", {"alpha": True, "depth": "float"}, "RGBA"),
        ("exr", {"grey": True, "channels": "", "groups": False}, "YA"),
        ("jpeg", {"quality": "50"}, "RGB"),
    ],
)
def test_which_values_a_pixel_has(film: Snapshot, tmp_path: Path, kind: str, options: dict, names: str) -> None:
    path = tmp_path / f"a{KINDS[kind].extensions[0]}"
    output.save(path, film, **options)
    assert spec_of(path).nchannels == len(names)


def test_luminance_is_that_of_the_colours(film: Snapshot, tmp_path: Path) -> None:
    output.save(tmp_path / "a.exr", film, grey=True, alpha=False, channels="", groups=False)
    expected = rgba(film)[..., :3] @ ROOM.luminance
    np.testing.assert_allclose(images.read(tmp_path / "a.exr")[..., 0], expected, rtol=1e-5)


def test_premultiplied_colours_are_times_coverage(film: Snapshot, tmp_path: Path) -> None:
    output.save(tmp_path / "a.exr", film, premultiplied=True, channels="", groups=False)
    expected = rgba(film)
    expected[..., :3] *= expected[..., 3:]
    np.testing.assert_allclose(images.read(tmp_path / "a.exr"), expected, rtol=1e-6)


def test_what_cannot_be_shown_may_stay_in_an_exr_that_is_not_clamped(film: Snapshot, tmp_path: Path) -> None:
    look = Settings(tonemapkernel="linear", linear_exposure=100.0)
    output.save(tmp_path / "a.exr", film, look, tonemapped=True)
    output.save(tmp_path / "b.exr", film, look, tonemapped=True, clamped=False)
    assert images.read(tmp_path / "a.exr")[..., :3].max() <= 1 < images.read(tmp_path / "b.exr")[..., :3].max()


def test_a_png_that_is_not_clamped_has_each_colour_cut(film: Snapshot, tmp_path: Path) -> None:
    look = Settings(tonemapkernel="linear", linear_exposure=50.0, ldr_clamp_method="lum")
    cut = Settings(tonemapkernel="linear", linear_exposure=50.0, ldr_clamp_method="cut")
    output.save(tmp_path / "free.png", film, look, clamped=False)
    output.save(tmp_path / "cut.png", film, cut)
    output.save(tmp_path / "lum.png", film, look)
    assert np.array_equal(images.read(tmp_path / "free.png"), images.read(tmp_path / "cut.png"))
    assert not np.array_equal(images.read(tmp_path / "free.png"), images.read(tmp_path / "lum.png"))


def test_a_lower_quality_is_a_smaller_jpeg(film: Snapshot) -> None:
    assert len(output.encode("jpeg", film, quality=10)) < len(output.encode("jpeg", film, quality=95))


@pytest.mark.parametrize(
    ("kind", "options", "said"),
    [
        ("png", {"compression": "piz"}, "png cannot hold compression; write exr or tiff"),
        ("exr", {"compression": "lzw"}, "exr has no compression 'lzw'; there is zip, none, rle"),
        ("png", {"channels": "depth"}, "png cannot hold channels; write exr"),
        ("exr", {"channels": "dept"}, "no channel 'dept'"),
        ("jpeg", {"quality": "101"}, "quality must be a whole number from 1 to 100, not '101'"),
        ("jpeg", {"quality": True}, "whole number"),
        ("png", {"alpha": "maybe"}, "alpha must be true or false, not 'maybe'"),
        ("png", {"colour": 1}, "no option 'colour' of a file; there are depth"),
        ("exr", {"depth_range": "clip"}, "exr has no depth_range 'clip'; there is none, minmax"),
        ("flm", {"depth": "half"}, "a .flm has no depth"),
    ],
)
def test_what_cannot_be_is_refused_by_name(film: Snapshot, kind: str, options: dict, said: str) -> None:
    with pytest.raises(LrnapError, match=said):
        output.encode(kind, film, **options)


def test_options_say_what_was_given_and_can_be_given_again() -> None:
    chosen = Options.of("exr", {"depth": "half", "alpha": "no", "channels": "depth,albedo", "quality": None})
    assert chosen.given() == {"depth": "half", "alpha": False, "channels": ("albedo", "depth")}
    assert Options.of("exr", chosen.given()) == chosen
    assert set(ROWS) == set(Options.__dataclass_fields__)


def test_the_wire_has_every_option_and_kind() -> None:
    from lrnap.wire.scene_verbs import FILE_OPTIONS, FORMATS

    assert set(FILE_OPTIONS) == set(ROWS)
    assert set(KINDS) <= set(FORMATS)


def test_ids_are_also_written_as_cryptomatte_has_them(film: Snapshot, tmp_path: Path) -> None:
    ids = film.planes.channels["object_id"]
    ids[:] = (2, 3, 5, 1)
    ids[0, 0] = (0, 4, 0, 0)
    ids[0, 1] = (5, 4, 0, 0)
    output.save(tmp_path / "a.exr", film, cryptomatte=True, depth="half", channels="object_id")
    header = {a.name: a.value for a in spec_of(tmp_path / "a.exr").extra_attribs if a.name.startswith("cryptomatte/")}
    by_name = {header[key]: key.rpartition("/")[0] for key in header if key.endswith("/name")}
    assert set(by_name) == {"CryptoObject", "CryptoMaterial"}
    key = by_name["CryptoObject"]
    assert len(key) == len("cryptomatte/") + 7
    assert header[f"{key}/hash"] == "MurmurHash3_32"
    manifest = json.loads(header[f"{key}/manifest"])
    assert set(manifest) == {"object_2", "object_5"}
    opened = oiio.ImageBuf(str(tmp_path / "a.exr"))
    names = opened.spec().channelnames
    pixels = np.asarray(opened.get_pixels(oiio.FLOAT))[..., [names.index(f"CryptoObject00.{c}") for c in "RGBA"]]
    as_ids = np.ascontiguousarray(pixels).view(np.uint32)
    two, five = (int(manifest[name], 16) for name in ("object_2", "object_5"))
    assert as_ids[3, 3].tolist()[::2] == [two, five]
    assert pixels[3, 3, 1::2].tolist() == [0.75, 0.25]
    assert pixels[0, 0].tolist() == [0, 0, 0, 0]
    assert as_ids[0, 1, 0] == five and pixels[0, 1, 1] == 1


def test_cryptomatte_has_the_names_of_the_scene_and_numbers_for_those_that_it_does_not_know(tmp_path: Path) -> None:
    layout = FilmLayout(4, 1, channels=("material_id",), names={"material_id": ("gold", "Grünspan")})
    film = Snapshot("a", 1, 1, layout, np.ones(layout.floats, np.float32), 12)
    film.planes.channels["material_id"][0] = [(1, 2, 0, 0), (2, 2, 0, 0), (3, 2, 0, 0), (0.5, 2, 0, 0)]
    output.save(tmp_path / "a.exr", film, cryptomatte=True)
    header = {a.name.rpartition("/")[2]: a.value for a in spec_of(tmp_path / "a.exr").extra_attribs}
    manifest = json.loads(header["manifest"])
    assert set(manifest) == {"gold", "Grünspan", "material_3"}
    assert manifest["gold"] == f"{murmur3(b'gold'):08x}"
    assert manifest["Grünspan"] == f"{murmur3('Grünspan'.encode()):08x}"


@pytest.mark.parametrize(
    ("text", "value"), [("", 0), ("a", 0x3C2569B2), ("hello", 0x248BFA47), ("hello, world", 0x149BBB7F)]
)
def test_names_are_hashed_as_all_hash_them(text: str, value: int) -> None:
    assert murmur3(text.encode()) == value


@pytest.mark.parametrize("compression", ["dwaa", "b44a", "pxr24"])
def test_lossy_files_have_no_cryptomatte(film: Snapshot, compression: str) -> None:
    with pytest.raises(LrnapError, match=f"cryptomatte needs a compression that changes no number, not {compression}"):
        output.encode("exr", film, cryptomatte=True, compression=compression)


def test_films_without_ids_have_no_cryptomatte() -> None:
    bare = Snapshot("a", 1, 1, FilmLayout(2, 2), FilmLayout(2, 2).new_block(), 0)
    with pytest.raises(LrnapError, match="the film holds no ids"):
        output.encode("exr", bare, cryptomatte=True)


def test_a_light_group_that_is_called_as_a_channel_keeps_its_light(tmp_path: Path) -> None:
    layout = FilmLayout(4, 3, ("depth", "normal"), channels=("depth",))
    film = Snapshot("a", 1, 1, layout, np.random.default_rng(1).random(layout.floats, np.float32), 12)
    output.save(tmp_path / "a.exr", film)
    layers = images.read_layers(tmp_path / "a.exr")
    assert {name: values.shape[2] for name, values in layers.items()} == {
        "light depth": 3,
        "light normal": 3,
        "depth": 1,
    }
