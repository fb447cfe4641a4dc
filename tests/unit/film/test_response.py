"""Camera responses: their files, their curves, and what is wrong with the wrong ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from films import film_of, noise

from lrnap.errors import Code, LrnapError
from lrnap.film.develop import Settings, develop
from lrnap.film.develop.colour import ROOM
from lrnap.film.develop.response import load, parse
from lrnap.limits import MAX_RESPONSE_FILE

LIGHT = np.linspace(0, 1, 65)


def text_of(**curves: object) -> str:
    lines = []
    for name, values in curves.items():
        lines += [f"{name} graph something", "I = ", " ".join(map(str, LIGHT)), "B =", " ".join(map(str, values))]
    return "\r\n".join(lines) + "\r\n"


def s_curve(strength: float) -> np.ndarray:
    return LIGHT + strength * np.sin(2 * np.pi * LIGHT) / 10


def test_a_colour_film_has_a_curve_for_each_channel(tmp_path: Path) -> None:
    file = tmp_path / "film.crf"
    file.write_text(text_of(NiceRed=s_curve(-1), NiceGreen=LIGHT, NiceBlue=s_curve(1), OtherRed=LIGHT * 0))
    chosen = Settings.from_params({"cameraresponse": "film.crf"}, files={"film.crf": str(file)})
    assert chosen.cameraresponse == "film.crf"
    assert chosen.response is not None
    colours = noise(8, 9)
    plain = develop(film_of(colours), Settings(), display=False)[..., :3]
    picture = develop(film_of(colours), chosen, display=False)[..., :3]
    for channel, curve in enumerate(chosen.response.curves):
        expected = np.interp(plain[..., channel].astype(np.float64), curve.light, curve.brightness)
        np.testing.assert_allclose(picture[..., channel], np.clip(expected, 0, 1), rtol=1e-5, atol=1e-6)
    assert not np.allclose(picture[..., 0], picture[..., 2], atol=0.02)
    assert Settings.from_params(chosen.to_params(), files={"film.crf": str(file)}) == chosen


def test_a_file_may_break_its_lines_anywhere() -> None:
    assert parse("Pan\n graph negative film\nI=0 0.5\n1\n\nB = 0\n0.25 1") == parse(
        "Pan graph\nI =\n0 0.5 1\nB =\n0 0.25 1\n"
    )


@pytest.mark.parametrize("word", ["a", "a ", "graph ", "=", "I = ", "\n"])
def test_a_long_file_of_nonsense_is_read_once(word: str) -> None:
    with pytest.raises(LrnapError, match="no curve"):
        parse(word * (MAX_RESPONSE_FILE // len(word)))


def test_a_film_without_three_curves_is_black_and_white() -> None:
    response = parse(text_of(Pan=s_curve(0.5)))
    assert len(response.curves) == 1
    band = np.array([[0.2], [0.5], [0.1]], np.float32)
    y = float(ROOM.luminance @ band[:, 0])
    response.point(ROOM.luminance)(band)
    np.testing.assert_allclose(band[:, 0], np.interp(y, *response.curves[0]), rtol=1e-5)


@pytest.mark.parametrize("gamma", [1.0, 0.45, 2.0])
def test_the_gamma_of_a_curve_is_taken_out_of_it(gamma: float) -> None:
    curve = parse(text_of(Pure=LIGHT**gamma)).curves[0]
    np.testing.assert_allclose(curve.brightness, LIGHT, atol=1e-6)


def test_light_outside_of_a_curve_has_the_brightness_of_its_end() -> None:
    curve = parse(text_of(Pure=0.25 + LIGHT / 2)).curves[0]
    ends = curve(np.array([-1.0, 0.0, 1.0, 1e15]))
    assert ends[0] == ends[1]
    assert ends[2] == ends[3]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no curve"),
        ("\x00\xff binary", "no curve"),
        ("x graph\nI =\n0 1\nB =\n0\n", "2 numbers 'I' and 1 'B'"),
        ("x graph\nI =\n0 one\nB =\n0 1\n", "could not convert"),
        ("x graph\nI =\n1 0\nB =\n0 1\n", "does not increase"),
        ("x graph\nI =\n0 1\nB =\n0 nan\n", "leaves 0 to 1"),
        ("x graph\nI =\n0 1\nB =\n0 2\n", "leaves 0 to 1"),
    ],
)
def test_a_wrong_file_is_refused_with_what_one_looks_like(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "film.txt"
    file.write_text(text, encoding="latin-1")
    with pytest.raises(LrnapError, match=said) as caught:
        load(file)
    assert caught.value.at == str(file)


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "film.txt"
    file.write_bytes(b" " * (MAX_RESPONSE_FILE + 1))
    with pytest.raises(LrnapError, match="MAX_RESPONSE_FILE"):
        load(file)


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    file = tmp_path / "film.txt"
    file.write_text(text_of(A=s_curve(0.5)))
    first = load(file)
    file.write_text(text_of(A=s_curve(0.5), Longer=LIGHT).replace("A graph", "B graph dark") + " ")
    assert len(load(file).curves) == len(first.curves)
    file.write_text(text_of(ARed=LIGHT, AGreen=LIGHT, ABlue=LIGHT))
    assert len(load(file).curves) == 3


def test_only_files_of_the_scene_are_read(tmp_path: Path) -> None:
    file = tmp_path / "film.crf"
    file.write_text(text_of(A=LIGHT))
    with pytest.raises(LrnapError, match="no file of the scene") as caught:
        Settings.from_params({"cameraresponse": str(file)}, files={})
    assert caught.value.code is Code.NOT_FOUND
    assert Settings.from_params({"cameraresponse": str(file)}).response is None
