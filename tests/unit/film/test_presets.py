"""How a film is developed, by names: colour spaces, white points, presets in files, the looks of the examples."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from films import film_of, noise
from hypothesis import given, settings
from hypothesis import strategies as st

from lrnap.errors import LrnapError
from lrnap.film import images
from lrnap.film.develop import Settings, develop, presets
from lrnap.film.preset_file import of_picture, read, write


@pytest.mark.parametrize("name", presets.COLOUR_SPACES)
def test_a_named_colour_space_is_its_chromaticities(name: str) -> None:
    chosen = Settings.from_params({"colorspace_preset": name})
    for part in ("red", "green", "blue", "white"):
        given_xy = getattr(presets.COLOUR_SPACES[name], part)
        assert getattr(chosen, f"colorspace_{part}") == pytest.approx(given_xy, abs=1e-6)
    assert (develop(film_of(noise()), chosen) >= 0).all()


def test_a_white_point_counts_more_than_a_space_and_numbers_more_than_names() -> None:
    both = {"colorspace_preset": "sRGB", "whitepoint_preset": "D50"}
    assert Settings.from_params(both).colorspace_white == (0.34567, 0.3585)
    assert Settings.from_params({**both, "colorspace_white": [0.3, 0.3]}).colorspace_white == (0.3, 0.3)
    with pytest.raises(LrnapError, match=r"'whitepoint_preset' must be one of SMPTE, A, B.* not 'D66'"):
        Settings.from_params({"whitepoint_preset": "D66"})


CHOSEN = {
    "tonemapkernel": "reinhard",
    "gamma": 1.8,
    "bloom_enabled": True,
    "colorspace_white": [0.3, 0.31],
    "cameraresponse": "hable",
    'lightgroup.the "sun".gain': 0.5,
    "lightgroup.a.b.rgb": [1, 0.5, 0.25],
}


def test_settings_are_saved_as_a_preset_and_read_again(tmp_path: Path) -> None:
    chosen = Settings.from_params(CHOSEN)
    write(tmp_path / "look.toml", chosen)
    found = read(tmp_path / "look.toml")
    assert Settings.from_params(found.params) == chosen
    assert found.params == {
        name: list(value) if isinstance(value, tuple) else value for name, value in chosen.to_params().items()
    }


@given(st.text(min_size=1, max_size=20).filter(lambda name: name.encode("utf-8", "ignore").decode() == name))
@settings(max_examples=60, deadline=None)
def test_a_light_group_of_any_name_is_in_a_preset(name: str) -> None:
    params = {f"lightgroup.{name}.gain": 2.0}
    assert presets.from_text(presets.to_text(params)) == params


def test_a_picture_says_how_it_was_developed(tmp_path: Path) -> None:
    chosen = Settings.from_params(CHOSEN)
    images.write(tmp_path / "a.png", develop(film_of(noise()), chosen), {"settings": json.dumps(chosen.to_params())})
    assert Settings.from_params(of_picture(tmp_path / "a.png").params) == chosen
    images.write(tmp_path / "b.png", develop(film_of(noise())))
    with pytest.raises(LrnapError, match=r"b\.png: the picture does not say how it was developed"):
        of_picture(tmp_path / "b.png")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("gamma = ", "not a preset in TOML: Invalid value"),
        ("gamma = " + "[" * 20000, "not a preset: it has lists in lists"),
        ("gama = 2.2", "no parameter 'gama' of developing; did you mean 'gamma'"),
        ("gamma = 99", "'gamma' must be a number from 0.05 to 20, not 99"),
        ("lightgroup = 5", "a light group of a preset is a table"),
        ("[lightgroup.sun]\nglow = 1", "no parameter 'lightgroup.sun.glow'"),
        ("[lightgroup.sun]\ngain = -1", "'lightgroup.sun.gain' must be a number from 0"),
    ],
)
def test_a_wrong_preset_is_refused_with_its_name(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "wrong.toml").write_text(text)
    with pytest.raises(LrnapError, match=said) as refused:
        read(tmp_path / "wrong.toml")
    assert "wrong.toml" in str(refused.value)


@pytest.mark.parametrize("content", [None, b"\xff\xfe", b"#" * (2 << 20)], ids=["none", "not text", "too long"])
def test_what_is_no_preset_is_refused(content: bytes | None, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "odd.toml").write_bytes(content)
    with pytest.raises(LrnapError, match=r"odd\.toml"):
        read(tmp_path / "odd.toml")


LOOKS = sorted((Path(__file__).resolve().parents[3] / "examples" / "looks").glob("*.toml"))


def test_there_are_ten_looks() -> None:
    assert len(LOOKS) == 10


@pytest.mark.parametrize("look", LOOKS, ids=lambda path: path.stem)
def test_a_look_of_the_examples_differs_from_a_film_as_it_is(look: Path) -> None:
    if "ocio" in look.read_text():
        pytest.importorskip("PyOpenColorIO")
    chosen = Settings.from_params(read(look).params)
    film = film_of(100 * noise(70, 80))
    assert (chosen == Settings()) == look.stem.endswith("plain")
    assert np.isfinite(develop(film, chosen)).all()
