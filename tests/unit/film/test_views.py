"""Views of OpenColorIO in the place of the last steps of developing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from films import film_of, noise

from lrnap.errors import LrnapError
from lrnap.film.develop import Settings, develop, notices
from lrnap.film.snapshot import FilmLayout

BUILT_IN = "ocio://cg-config-v2.1.0_aces-v1.3_ocio-v2.3"


def test_a_view_takes_the_place_of_the_last_steps() -> None:
    ocio = pytest.importorskip("PyOpenColorIO")
    exposure = {"tonemapkernel": "linear", "linear_fstop": 1.0, "linear_sensitivity": 10 / 0.65, "linear_gamma": 0.0}
    chosen = Settings.from_params(
        {**exposure, "ocio": BUILT_IN, "ocio_view": "Un-tone-mapped", "gamma": 9.0, "cameraresponse": "hable"}
    )
    colours = np.clip(noise(20, 30), 0, 0.9)
    picture = develop(film_of(colours), chosen)[..., :3]
    srgb = np.where(colours <= 0.0031308, 12.92 * colours, 1.055 * colours ** (1 / 2.4) - 0.055)
    np.testing.assert_allclose(picture, srgb, atol=1e-3)
    assert ocio.Config.CreateFromFile(BUILT_IN).getDefaultDisplay() == chosen.view.display
    assert np.isfinite(develop(film_of(noise() * np.float32(1e12)), chosen)).all()


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"ocio": "ocio://nowhere"}, "no OpenColorIO configuration"),
        ({"ocio": BUILT_IN, "ocio_display": "CRT"}, "no display 'CRT'; there are 'sRGB - Display'"),
        ({"ocio": BUILT_IN, "ocio_view": "Filmic"}, "no view 'Filmic'; there are 'ACES 1.0 - SDR Video'"),
    ],
)
def test_what_a_configuration_has_not_is_refused_with_what_it_has(params: dict[str, str], said: str) -> None:
    pytest.importorskip("PyOpenColorIO")
    with pytest.raises(LrnapError, match=said):
        Settings.from_params(params)


CONFIG = """ocio_profile_version: 2
roles: {default: lin_rec709, scene_linear: lin_rec709}
displays: {screen: [!<View> {name: lost, colorspace: table}]}
colorspaces:
  - !<ColorSpace> {name: lin_rec709}
  - !<ColorSpace> {name: table, from_scene_reference: !<FileTransform> {src: lost.cube}}
"""


def test_a_table_that_a_configuration_lacks_is_named(tmp_path: Path) -> None:
    pytest.importorskip("PyOpenColorIO")
    path = tmp_path / "config.ocio"
    path.write_text(CONFIG)
    with pytest.raises(LrnapError, match=r"view 'lost' cannot be made: .*lost\.cube"):
        Settings.from_params({"ocio": "a"}, files={"a": str(path)})
    with pytest.raises(LrnapError, match="no OpenColorIO configuration"):
        Settings.from_params({"ocio": "a"}, files={"a": str(tmp_path / "gone.ocio")})


WIDE = """ocio_profile_version: 2
roles: {default: wide, scene_linear: wide, aces_interchange: ACES2065-1}
displays: {screen: [!<View> {name: plain, colorspace: wide}]}
colorspaces:
  - !<ColorSpace> {name: ACES2065-1}
  - !<ColorSpace> {name: wide, to_scene_reference: !<BuiltinTransform> {style: ACEScg_to_ACES2065-1}}
"""
RED_IN_ACESCG = (0.6131, 0.0702, 0.0206)  # of sRGB's primaries


def in_view(tmp_path: Path, text: str, colour: tuple[float, float, float]) -> tuple[Settings, np.ndarray]:
    path = tmp_path / f"{len(text)}.ocio"
    path.write_text(text)
    exposure = {"tonemapkernel": "linear", "linear_fstop": 1.0, "linear_sensitivity": 10 / 0.65, "linear_gamma": 0.0}
    chosen = Settings.from_params({**exposure, "ocio": "a"}, files={"a": str(path)})
    return chosen, develop(film_of(np.full((2, 2, 3), colour)), chosen)[0, 0, :3]


def test_a_configuration_without_srgb_s_primaries_gets_its_own_linear_light(tmp_path: Path) -> None:
    pytest.importorskip("PyOpenColorIO")
    chosen, shown = in_view(tmp_path, WIDE, (1, 0, 0))
    assert shown == pytest.approx(RED_IN_ACESCG, abs=1e-3)
    assert notices(chosen, FilmLayout(2, 2)) == ()


def test_a_configuration_that_does_not_say_what_its_light_is_is_taken_at_its_word_aloud(tmp_path: Path) -> None:
    pytest.importorskip("PyOpenColorIO")
    text = CONFIG.replace("lin_rec709", "light").replace("colorspace: table", "colorspace: light")
    chosen, shown = in_view(tmp_path, text, (1, 0.5, 0))
    assert shown == pytest.approx((1, 0.5, 0), abs=1e-6)
    (said,) = notices(chosen, FilmLayout(2, 2))
    assert "'light', is taken to have the primaries of sRGB; call one of its colour spaces lin_rec709" in said


def test_a_configuration_without_any_linear_light_is_refused_with_a_cure(tmp_path: Path) -> None:
    pytest.importorskip("PyOpenColorIO")
    text = (
        CONFIG.replace("lin_rec709", "odd")
        .replace(", scene_linear: odd", "")
        .replace("colorspace: table", "colorspace: odd")
    )
    with pytest.raises(LrnapError, match=r"no colour space for linear light .* give it the role aces_interchange"):
        in_view(tmp_path, text, (1, 1, 1))
