"""Files of lamps, hair, lenses and surfaces that cannot be what a scene means: place, cause and cure, never a crash."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lrnap.engine.geometry import hair
from lrnap.engine.geometry.mesh import check
from lrnap.engine.geometry.nurbs import nurbs
from lrnap.engine.luxcore import lens_file, photometry
from lrnap.errors import SceneError
from lrnap.lux.description import Entity
from lrnap.lux.params import ParamSet, from_token

LAMP = "IESNA:LM-63-1995\nTILT=NONE\n1 1000 1 {v} {h} {type} 2 0.1 0.1 0\n1 1 10\n{rest}\n"


def lamp(v: str = "0 45 90", h: str = "0", candela: str = "9 5 1", type: int = 1) -> bytes:
    counts = {"v": len(v.split()), "h": len(h.split())}
    return LAMP.format(**counts, type=type, rest=f"{v}\n{h}\n{candela}").encode()


@pytest.mark.parametrize(
    ("data", "cause"),
    [
        (b"", "no IES file"),
        (b"\x89PNG....", "no IES file"),
        (lamp()[:60], "ends before"),
        (lamp(candela="9 5"), "ends before"),
        (lamp(candela="9 five 1"), "'five'"),
        (lamp(candela="nan 1 1"), "not finite"),
        (lamp(candela="0 0 0"), "no light"),
        (lamp(v="0 90 45"), "do not increase"),
        (lamp(v="0", candela="1"), "1 vertical"),
        (lamp(h="45", candela="1 1 1"), "begin at 45"),
        (lamp(h="0 60", candela="1 1 1 1 1 1"), "end at 60"),
        (lamp(type=2), "type 2"),
        (lamp().replace(b" 3 1 1 ", b" 999999999 1 1 "), "999999999|1e"),
    ],
)
def test_a_lamp_that_is_none_says_why(data: bytes, cause: str) -> None:
    with pytest.raises(SceneError, match=cause) as caught:
        photometry.parse(data, "lamp.ies")
    assert caught.value.at == "lamp.ies"


def test_a_lamp_shines_where_its_file_says() -> None:
    found = photometry.parse(lamp(h="0 90", candela="9 5 1 3 5 7"), "lamp.ies")
    image = photometry.image(found, flipped=False)
    assert image.shape == (256, 512, 1)
    assert image[0].max() == pytest.approx(9, abs=0.2)
    assert (image[127, 0, 0], image[127, 127, 0]) == (pytest.approx(1, abs=0.1), pytest.approx(7, abs=0.1))
    assert image[140:].max() == 0
    assert photometry.image(found, flipped=True)[::-1] == pytest.approx(image)
    include = lamp().replace(b"TILT=NONE", b"TILT=INCLUDE\n1\n3\n0 45 90\n1 .9 .8")
    assert photometry.parse(include, "lamp.ies").candela.max() == 9


def strands(segments: list[int], points: int, arrays: int = 3, tail: bytes = b"") -> bytes:
    header = b"HAIR" + struct.pack("<4I5f", len(segments), points, arrays, 0, 0.1, 0, 1, 1, 1)
    places = np.arange(3 * points, dtype="<f4").reshape(points, 3) ** 1.5
    return header.ljust(128, b"\0") + np.array(segments, "<u2").tobytes() + places.tobytes() + tail


@pytest.mark.parametrize(
    ("data", "cause"),
    [
        (b"", "no hair file"),
        (b"HAIR", "no hair file"),
        (strands([2], 3)[:-1], "ends before"),
        (strands([2, 4], 3), "need 8 points"),
        (strands([], 3), "no strands"),
        (strands([2], 3, arrays=1), "no points"),
        (b"HAIR" + b"\xff" * 200, "ends before|no strands"),
        (strands([2], 3).replace(np.float32(1).tobytes(), np.float32("nan").tobytes()), "not finite|no"),
    ],
)
def test_hair_that_is_none_says_why(data: bytes, cause: str) -> None:
    with pytest.raises(SceneError, match=cause) as caught:
        hair.build(hair.parse(data, "a.hair"), "hair", hair.Style(), "a.hair")
    assert caught.value.at == "a.hair"


STYLES = st.builds(
    hair.Style,
    solid=st.booleans(),
    adaptive=st.booleans(),
    max_depth=st.integers(-1, 4),
    sides=st.integers(0, 6),
    cap_bottom=st.booleans(),
    cap_top=st.booleans(),
    eye=st.none() | st.just((0.0, 0.0, 9.0)),
)


@settings(max_examples=40)
@given(st.binary(max_size=400), st.integers(0, 200), STYLES)
def test_damaged_hair_is_a_mesh_or_an_error(junk: bytes, at: int, style: hair.Style) -> None:
    data = strands([2, 1, 3], 9)
    data = data[:at] + junk + data[at + len(junk) :]
    try:
        mesh = hair.build(hair.parse(data, "a.hair"), "hair", style, "a.hair")
        check(mesh)
    except SceneError as error:
        assert error.message


def surface(**changes: object) -> ParamSet:
    given: dict[str, object] = {
        "integer nu": 3,
        "integer nv": 2,
        "integer uorder": 3,
        "integer vorder": 2,
        "float uknots": [0, 0, 0, 1, 1, 1],
        "float vknots": [0, 0, 1, 1],
        "point P": [0, 0, 0, 1, 0, 1, 2, 0, 0, 0, 1, 0, 1, 1, 1, 2, 1, 0],
    }
    given |= {key.replace("_", " ", 1): value for key, value in changes.items()}
    params = tuple(from_token(token, value) for token, value in given.items() if value is not None)
    return ParamSet(Entity("shape", "nurbs", params))


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"integer_nu": 4}, "nu 4"),
        ({"integer_nu": -3}, "nu -3"),
        ({"point_P": None}, "no points"),
        ({"integer_uorder": 4}, "uorder 4"),
        ({"integer_vorder": 1}, "vorder 1"),
        ({"float_uknots": [0, 0, 1, 1]}, "4 uknots"),
        ({"float_uknots": [0, 0, 0, 1, 1, float("nan")]}, "decrease"),
        ({"float_uknots": [0, 0, 1, 0, 1, 1]}, "decrease"),
        ({"float_uknots": [0] * 6}, "from u0 0 to u1 0"),
        ({"float_v0": 0.5, "float_v1": 2.0}, "v1 2"),
        ({"point_P": [0, 0, float("inf"), *[0] * 15]}, "not a finite"),
        ({"point_P": [0] * 18}, "no area"),
        ({"point_P": None, "float_Pw": [0, 0, 0, 0] * 6}, "weight 0"),
    ],
)
def test_a_surface_that_is_none_says_why(changes: dict[str, object], cause: str) -> None:
    with pytest.raises(SceneError, match=cause):
        nurbs(surface(**changes), "s")


def test_a_surface_bends_as_finely_as_it_must() -> None:
    mesh = nurbs(surface(), "s")
    x, z = mesh.points[:, 0], mesh.points[:, 2]
    assert z == pytest.approx(2 * (x / 2) * (1 - x / 2), abs=1e-6)
    assert 16 <= len(np.unique(x)) <= 64
    assert len(np.unique(mesh.points[:, 1])) == 2


@pytest.mark.parametrize("text", ["", "nothing of use\n", "1 2 3 -4\n", "50 1 1.5 nan\n", "1 2 3 4\n" * 2000])
def test_a_lens_that_is_none_says_why(text: str) -> None:
    with pytest.raises(SceneError) as caught:
        lens_file.thin_lens(lens_file.parse(text, "lens.dat"), -1.0, 1.0, "lens.dat")
    assert caught.value.at == "lens.dat"


def test_a_thin_lens_obeys_the_lens_formula() -> None:
    surfaces = lens_file.parse("50 0 1.5 40\n-50 0 1 40\n0 0 0 40\n", "lens.dat")
    found = lens_file.thin_lens(surfaces, 75.0, 8.0, "lens.dat")
    assert (found.ahead, found.radius) == (pytest.approx(0), pytest.approx(4))
    assert (1 / found.focus, found.scale) == (pytest.approx(1 / 50 - 1 / 75), pytest.approx(1 / 75))
