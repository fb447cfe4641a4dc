"""Classic Lux's films: read as they are, written as they were, and refused where they are not what they say."""

from __future__ import annotations

import gzip
import hashlib
import math
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from lrnap.errors import Code, LrnapError
from lrnap.film import flm
from lrnap.film.flm import BufferType, Flm, Group, Parameter, ParameterType
from lrnap.limits import MAX_FILM_SIDE, MAX_FLM_BUFFERS, MAX_FLM_PARAMETER_BYTES, MAX_LIGHT_GROUPS

CLASSIC_GZIP_HEAD = bytes.fromhex("1f8b08000000000002ff")


def some_flm(width: int = 3, height: int = 2, groups: int = 2, types: tuple[int, ...] = (0, 1), seed: int = 0) -> Flm:
    random = np.random.default_rng(seed)
    buffers = [
        tuple(random.random((height, width, 5), np.float32) for _ in types)  #
        for _ in range(groups)
    ]
    parameters = (
        Parameter(0, 4.0),
        Parameter(63, "film.crf", 0, ParameterType.STRING),
        Parameter(17, 2.2, 0, ParameterType.DOUBLE),
        *(Parameter(52, f"light {i}", i, ParameterType.STRING) for i in range(groups)),
    )
    return Flm(
        width,
        height,
        tuple(map(BufferType, types)),
        tuple(Group(12.0 + i, b) for i, b in enumerate(buffers)),
        parameters,
    )


def same(one: Flm, other: Flm) -> bool:
    """To the last bit, NaNs included."""
    return (
        (one.width, one.height, one.types, repr(one.parameters))
        == (other.width, other.height, other.types, repr(other.parameters))
        and [g.samples for g in one.groups] == [g.samples for g in other.groups]
        and [b.tobytes() for g in one.groups for b in g.buffers]
        == [b.tobytes() for g in other.groups for b in g.buffers]
    )


def unpacked(data: bytes) -> bytearray:
    return bytearray(gzip.decompress(data))


# --- a film that LuxRender wrote ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def reference(shared_scenes: Path) -> Path:
    return shared_scenes / "bumpmapping" / "reference.flm"


def test_a_film_of_luxrender_is_read_to_the_last_figure(reference: Path) -> None:
    assert hashlib.sha256(reference.read_bytes()).hexdigest().startswith("e31ce60e13ae")
    film = flm.read(reference)
    assert (film.width, film.height, film.types) == (640, 480, (BufferType.PER_PIXEL,))
    assert len(film.parameters) == 56
    assert film.parameters[-1] == Parameter(52, "default", 0, ParameterType.STRING)
    (group,) = film.groups
    assert group.samples == 40247385
    (buffer,) = group.buffers
    colour, alpha = buffer[..., :3] / buffer[..., 4:], buffer[..., 3] / buffer[..., 4]
    assert np.round(colour.reshape(-1, 3).mean(axis=0, dtype=np.float64), 4).tolist() == [46.2621, 47.742, 53.5305]
    assert round(float(alpha.mean(dtype=np.float64)), 6) == 0.605768
    assert round(float(colour[..., 1].max()), 5) == 140.61826


def test_a_film_of_luxrender_is_written_as_it_was(reference: Path) -> None:
    data = flm.encode(flm.read(reference))
    assert gzip.decompress(data) == gzip.decompress(reference.read_bytes())
    assert data[:10] == reference.read_bytes()[:10] == CLASSIC_GZIP_HEAD


# --- what is written is what is read ------------------------------------------------------------------------------

FLOATS = st.floats(width=32, allow_nan=False)
TEXT = st.binary(max_size=20).map(lambda data: data.decode(errors="surrogateescape"))
INDEX = st.integers(0, 2**32 - 1)
NUMBER = st.integers(-(2**31), 2**31 - 1)
PARAMETERS = st.one_of(
    st.builds(Parameter, NUMBER, FLOATS, INDEX, st.just(ParameterType.FLOAT)),
    st.builds(Parameter, NUMBER, st.floats(allow_nan=False), INDEX, st.just(ParameterType.DOUBLE)),
    st.builds(Parameter, NUMBER, TEXT, INDEX, st.just(ParameterType.STRING)),
)


@st.composite
def flms(draw: st.DrawFn) -> Flm:
    width, height = draw(st.integers(1, 4)), draw(st.integers(1, 3))
    types = tuple(draw(st.lists(st.sampled_from(BufferType), min_size=1, max_size=3)))
    bits = arrays.arrays(np.uint32, (height, width, 5))  # any float there is: infinities, NaNs, denormals
    buffers = st.tuples(*[bits.map(lambda a: a.view(np.float32)) for _ in types])
    groups = st.builds(Group, st.floats(0, allow_infinity=False), buffers)
    return Flm(
        width,
        height,
        types,
        tuple(draw(st.lists(groups, min_size=1, max_size=3))),
        tuple(draw(st.lists(PARAMETERS, max_size=5))),
    )


@given(flms())
def test_any_film_comes_back(film: Flm) -> None:
    assert same(flm.decode(flm.encode(film)), film)


def test_equal_films_are_equal_files(tmp_path: Path) -> None:
    flm.write(tmp_path / "a.flm", some_flm())
    assert same(flm.read(tmp_path / "a.flm"), some_flm())
    assert (tmp_path / "a.flm").read_bytes() == flm.encode(some_flm())


def test_the_layout_is_that_of_classic_lux() -> None:
    film = Flm(1, 2, (BufferType.PER_PIXEL,), (Group(7.0, (np.arange(10, dtype=np.float32).reshape(2, 1, 5),)),),
               (Parameter(17, 2.0), Parameter(52, "sun", 0, ParameterType.STRING)))  # fmt: skip
    data = flm.encode(film)
    assert data[:10] == CLASSIC_GZIP_HEAD
    assert gzip.decompress(data) == (
        struct.pack("<IiIIII", 0xCEBCD816, 0, 1, 2, 1, 1)
        + struct.pack("<iI", 0, 2)
        + struct.pack("<iIiIf", 0, 4, 17, 0, 2.0)
        + struct.pack("<iIiI3s", 1, 3, 52, 0, b"sun")
        + struct.pack("<d10f", 7.0, *range(10))
    )


def test_writing_replaces_at_once_and_leaves_nothing_beside(tmp_path: Path) -> None:
    path = tmp_path / "a.flm"
    path.write_bytes(b"older")
    flm.write(path, some_flm())
    flm.write(path, some_flm(seed=1))
    assert same(flm.read(path), some_flm(seed=1))
    assert [file.name for file in tmp_path.iterdir()] == ["a.flm"]


def test_writing_into_no_folder_says_so(tmp_path: Path) -> None:
    with pytest.raises(LrnapError, match="there is no folder"):
        flm.write(tmp_path / "no" / "a.flm", some_flm())


def test_buffers_must_fit_the_film() -> None:
    with pytest.raises(ValueError, match="2 float32 buffers"):
        Flm(2, 2, (BufferType.PER_PIXEL, BufferType.PER_SCREEN), (Group(1.0, (np.zeros((2, 2, 5), np.float32),)),))


# --- what is not a film is refused --------------------------------------------------------------------------------


def refused(data: bytes) -> str:
    with pytest.raises(LrnapError) as caught:
        flm.decode(data, "bad.flm")
    assert caught.value.at == "bad.flm"
    assert caught.value.code is Code.TYPE
    return caught.value.message


def changed(offset: int, form: str, *values: object) -> bytes:
    """A good film in which some bytes are others."""
    data = unpacked(flm.encode(some_flm()))
    struct.pack_into(form, data, offset, *values)
    return gzip.compress(data)


@pytest.mark.parametrize(
    ("offset", "form", "value", "says"),
    [
        (0, "<I", 0x12345678, "begins with 0x12345678"),
        (0, "<Q", 22, "LuxCore"),
        (4, "<i", 1, "version 1"),
        (8, "<I", 0, "width is 0"),
        (12, "<I", MAX_FILM_SIDE + 1, "MAX_FILM_SIDE"),
        (8, "<II", (MAX_FILM_SIDE, MAX_FILM_SIDE), "MAX_FILM_PIXELS"),
        (16, "<I", 0, "number of light groups is 0"),
        (16, "<I", MAX_LIGHT_GROUPS + 1, "MAX_LIGHT_GROUPS"),
        (20, "<I", MAX_FLM_BUFFERS + 1, "MAX_FLM_BUFFERS"),
        (8, "<IIII", (16384, 16384, 256, 16), "MAX_FLM_BYTES"),
        (8, "<II", (4096, 4096), "cannot hold 4096x4096 pixels"),
        (24, "<i", 4, "buffer of type 4"),
        (28, "<i", -1, "buffer of type -1"),
        (36, "<i", 3, "parameter of type 3"),
        (40, "<I", 5, "parameter 0 has 5 bytes instead of 4"),
        (60, "<I", 2**32 - 1, "MAX_FLM_PARAMETER_BYTES"),
        (32, "<I", 2**32 - 1, "parameter"),
    ],
)
def test_a_head_that_lies_is_refused(offset: int, form: str, value: int | tuple[int, ...], says: str) -> None:
    assert says in refused(changed(offset, form, *(value if isinstance(value, tuple) else (value,))))


def test_endless_parameters_are_refused() -> None:
    head = struct.pack("<IiIIIIiI", 0xCEBCD816, 0, 1, 1, 1, 1, 0, 2**32 - 1)
    empty_strings = struct.pack("<iIiI", 1, 0, 52, 0) * (MAX_FLM_PARAMETER_BYTES // 16 + 1)
    assert "MAX_FLM_PARAMETER_BYTES" in refused(gzip.compress(head + empty_strings, 1))


@pytest.mark.parametrize("samples", [math.nan, math.inf, -1.0])
def test_impossible_numbers_of_samples_are_refused(samples: float) -> None:
    film = some_flm(groups=1)
    data = unpacked(flm.encode(film))
    place = len(data) - 2 * 3 * 5 * 4 * 2 - 8
    assert struct.unpack_from("<d", data, place) == (12.0,)
    struct.pack_into("<d", data, place, samples)
    assert "samples" in refused(gzip.compress(data))


def test_a_film_that_was_cut_off_is_refused() -> None:
    """Whether the packed file or what is in it ends early, and wherever."""
    data = flm.encode(some_flm())
    inner = bytes(unpacked(data))
    for size in range(len(data)):
        assert "fresh copy" in refused(data[:size])
    for size in range(0, len(inner), 7):
        assert "fresh copy" in refused(gzip.compress(inner[:size]))


def test_what_follows_a_film_is_refused() -> None:
    data = flm.encode(some_flm())
    assert "more follows" in refused(gzip.compress(unpacked(data) + b"x"))
    assert "more follows" in refused(data + data)
    assert "fresh copy" in refused(data + b"garbage")


def test_a_flipped_bit_is_noticed() -> None:
    data = bytearray(flm.encode(some_flm()))
    data[-6] ^= 1  # in the checksum
    assert "damaged" in refused(bytes(data))


@given(st.binary(max_size=200))
def test_no_bytes_do_harm(data: bytes) -> None:
    refused(data)
    refused(gzip.compress(data))
    refused(gzip.compress(struct.pack("<Ii", 0xCEBCD816, 0) + data))


@given(st.data())
def test_no_damage_does_harm(data: st.DataObject) -> None:
    """Any byte of a good film may be any other: it is refused, or read as some film."""
    inner = unpacked(flm.encode(some_flm(1, 1)))
    for _ in range(3):
        inner[data.draw(st.integers(0, len(inner) - 1))] = data.draw(st.integers(0, 255))
    try:
        film = flm.decode(gzip.compress(inner))
    except LrnapError:
        return
    assert flm.encode(film)


@pytest.mark.parametrize(("name", "says"), [("no.flm", "there is no such file"), ("", "cannot be read")])
def test_files_that_cannot_be_read_are_named(tmp_path: Path, name: str, says: str) -> None:
    with pytest.raises(LrnapError, match=says) as caught:
        flm.read(tmp_path / name)
    assert caught.value.at == str(tmp_path / name)


# --- merging ------------------------------------------------------------------------------------------------------


def test_merging_adds_sums_and_samples() -> None:
    one, other = some_flm(), some_flm(seed=1)
    merged = flm.merge(one, other)
    for a, b, c in zip(one.groups, other.groups, merged.groups, strict=True):
        assert c.samples == a.samples + b.samples
        assert all(np.array_equal(z, x + y) for x, y, z in zip(a.buffers, b.buffers, c.buffers, strict=True))


def test_merging_keeps_parameters_but_for_what_the_later_film_sets() -> None:
    one = Flm(
        1, 1, (BufferType.RAW,), (Group(1, (np.ones((1, 1, 5), np.float32),)),), (Parameter(0, 4.0), Parameter(17, 2.2))
    )
    other = Flm(1, 1, one.types, one.groups, (Parameter(17, 1.8), Parameter(53, 2.0)))
    assert flm.merge(one, other).parameters == (Parameter(0, 4.0), Parameter(17, 1.8), Parameter(53, 2.0))


@pytest.mark.parametrize(
    ("other", "says"),
    [
        (some_flm(4), "its size is 4x2 instead of 3x2"),
        (some_flm(groups=1), "its number of light groups is 1 instead of 2"),
        (some_flm(types=(0,)), "its buffers are per pixel instead of per pixel, per screen"),
        (some_flm(types=(0, 2)), "per screen scaled"),
    ],
)
def test_only_films_of_one_scene_merge(other: Flm, says: str) -> None:
    with pytest.raises(LrnapError, match=says):
        flm.merge(some_flm(), other)
