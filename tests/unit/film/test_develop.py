"""Every step of the darkroom against its formula in float64, and pictures that hold no surprises."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from films import film_of, noise
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lrnap.errors import LrnapError
from lrnap.film.develop import GroupLook, Settings, develop, not_honoured, quantise, spelled, to_8bit
from lrnap.film.develop.colour import ROOM, ColourSystem, conversion, limit
from lrnap.film.develop.falsecolours import SCALES
from lrnap.film.develop.settings import CLAMP_METHODS, KERNELS
from lrnap.film.snapshot import FilmLayout, Snapshot

Y = np.array([0.21590708, 0.69818307, 0.08590985])  # luminance of classic Lux's default primaries
MIDDLE = 118 / 255
Colours = npt.NDArray[np.float64]


def log_mean(y: Colours) -> float:
    return float(np.exp(np.log(np.maximum(y[y > 0], 1e-6)).mean()))


def linear(c: Colours, s: Settings) -> Colours:
    return c * s.linear_exposure / s.linear_fstop**2 * s.linear_sensitivity * 0.65 / 10 * MIDDLE**s.linear_gamma


def autolinear(c: Colours, s: Settings) -> Colours:
    y = c @ Y
    return c * 1.25 / y[y > 0].mean() * MIDDLE**s.gamma


def maxwhite(c: Colours, s: Settings) -> Colours:
    return c / (c @ Y).max()


def contrast(c: Colours, s: Settings) -> Colours:
    seen = log_mean(c @ Y)
    return c * ((1.219 + s.contrast_ywa**0.4) / (1.219 + seen**0.4)) ** 2.5 / 100


def reinhard(c: Colours, s: Settings) -> Colours:
    scale = 0.1 / log_mean(c @ Y)
    y = (c @ Y)[..., None] * scale / s.reinhard_prescale
    return c * scale * s.reinhard_postscale * (1 + y / s.reinhard_burn**2) / (1 + y)


def falsecolors(c: Colours, s: Settings) -> Colours:
    y = c @ Y
    high = s.false_max if s.false_max > s.false_min else y.max()
    place = np.clip((y - s.false_min) / (high - s.false_min), 0, 1)
    if s.false_method != "linear":
        place = np.log10(1 + 9 * place)
    if s.false_method == "log3":
        place = place ** (1 / 3)
    stops = np.array(SCALES[s.false_colorscale])
    return np.stack([np.interp(place, np.linspace(0, 1, len(stops)), stop) for stop in stops.T], axis=-1)


FORMULAS = {f.__name__: f for f in (linear, autolinear, maxwhite, contrast, reinhard, falsecolors)}
OTHERS = {
    "linear_sensitivity": 320.0,
    "linear_exposure": 0.02,
    "linear_fstop": 4.0,
    "linear_gamma": 1.8,
    "contrast_ywa": 300.0,
    "reinhard_prescale": 0.7,
    "reinhard_postscale": 1.2,
    "reinhard_burn": 3.0,
    "gamma": 1.6,
    "false_method": "log",
    "false_colorscale": "lmk",
    "false_max": 20.0,
}


def test_there_is_a_formula_for_every_kernel() -> None:
    assert set(FORMULAS) == set(KERNELS)


@pytest.mark.parametrize("others", [{}, OTHERS], ids=["defaults", "others"])
@pytest.mark.parametrize("kernel", KERNELS)
def test_a_kernel_follows_its_formula(kernel: str, others: dict[str, float]) -> None:
    chosen = Settings.from_params({"tonemapkernel": kernel, **others})
    colours = noise(40, 1000)
    expected = np.clip(FORMULAS[kernel](colours.astype(np.float64), chosen), 0, 1)
    film = film_of(colours, alpha=0.5)
    tonemapped = develop(film, chosen, display=False)
    np.testing.assert_allclose(tonemapped[..., :3], expected, rtol=2e-5, atol=1e-6)
    picture = develop(film, chosen)
    np.testing.assert_allclose(picture[..., :3], expected ** (1 / chosen.gamma), rtol=2e-5, atol=1e-5)
    assert (picture[..., 3] == 0.5).all()


def test_a_colour_system_has_its_primaries_and_its_white() -> None:
    matrix = ROOM.to_xyz
    chromaticities = (matrix / matrix.sum(axis=0))[:2].T
    np.testing.assert_allclose(chromaticities, [ROOM.red, ROOM.green, ROOM.blue], rtol=1e-12)
    white = matrix @ [1, 1, 1]
    np.testing.assert_allclose(white[:2] / white.sum(), ROOM.white, rtol=1e-12)
    assert white[1] == pytest.approx(1)
    np.testing.assert_allclose(ROOM.luminance, Y, atol=1e-7)


@pytest.mark.parametrize("kernel", KERNELS)
def test_black_around_a_picture_does_not_change_its_brightness(kernel: str) -> None:
    colours = noise(8, 8)
    framed = np.zeros((24, 24, 3), np.float32)
    framed[8:16, 8:16] = colours
    chosen = Settings(tonemapkernel=kernel)
    np.testing.assert_allclose(
        develop(film_of(framed), chosen)[8:16, 8:16], develop(film_of(colours), chosen), rtol=1e-5
    )


def test_the_kernel_measures_the_whole_film_not_a_part() -> None:
    colours = noise(10, 10)
    whole = develop(film_of(colours))
    part = develop(film_of(colours[:5]))
    assert not np.allclose(whole[:5], part)


@pytest.mark.parametrize(
    ("method", "given_colour", "expected"),
    [
        ("cut", (2.0, 0.5, 0.25), (1.0, 0.5, 0.25)),
        ("darken", (2.0, 0.5, 0.25), (1.0, 0.25, 0.125)),
        ("hue", (2.0, 0.5, 0.0), (1.0, 0.4, 0.2)),  # from (1/3, 1/3, 1/3) two fifths of the way
        ("lum", (3.0, 3.0, 3.0), (1.0, 1.0, 1.0)),
        ("lum", (9.0, 3.0, 0.0), (1.0, 1.0, 1.0)),  # luminance above 1
        ("hue", (0.9, 1.0, 0.0), (0.9, 1.0, 0.0)),  # in range already
        ("lum", (0.9, 1.0, 0.0), (0.9, 1.0, 0.0)),
        ("darken", (0.9, 1.0, 0.0), (0.9, 1.0, 0.0)),
    ],
)
def test_colours_out_of_range_are_brought_in(method: str, given_colour: tuple, expected: tuple) -> None:
    band = np.array([given_colour], np.float32).T.copy()
    limit(band, method, ROOM.luminance)
    np.testing.assert_allclose(band[:, 0], expected, rtol=1e-6)


def test_lum_keeps_the_luminance() -> None:
    band = np.array([[1.5, 0.2, 0.1]], np.float32).T.copy()
    limit(band, "lum", ROOM.luminance)
    assert band.max() == pytest.approx(1)
    assert float(ROOM.luminance @ band[:, 0]) == pytest.approx(float(Y @ [1.5, 0.2, 0.1]), rel=1e-5)


def test_by_default_a_white_wall_is_neutral_and_colours_pass_unchanged() -> None:
    assert conversion(Settings().colour_system) is None
    wall = develop(film_of(np.full((2, 2, 3), 0.3)))[0, 0]
    assert wall[0] == wall[1] == wall[2]


def test_the_defaults_as_scenes_write_them_are_the_defaults() -> None:
    written = {
        "colorspace_white": np.array([0.314275, 0.329411], np.float32),
        "colorspace_red": np.array([0.63, 0.34], np.float32),
        "colorspace_green": np.array([0.31, 0.595], np.float32),
        "colorspace_blue": np.array([0.155, 0.07], np.float32),
        "gamma": np.array([2.2], np.float32),
        "tonemapkernel": ("autolinear",),
        "ldr_clamp_method": ("cut",),
    }
    assert Settings.from_params(written) == Settings()


def test_the_white_point_becomes_neutral() -> None:
    daylight = ColourSystem(white=(0.35, 0.36))
    matrix = conversion(daylight)
    assert matrix is not None
    light = np.linalg.solve(ROOM.to_xyz, [0.35 / 0.36, 1, 0.29 / 0.36])  # that chromaticity, as a film colour
    np.testing.assert_allclose(matrix @ light, [1, 1, 1], rtol=1e-9)


def test_other_primaries_convert_through_xyz_and_stay_in_gamut() -> None:
    srgb = ColourSystem((0.64, 0.33), (0.3, 0.6), (0.15, 0.06), (0.314275, 0.329411))
    chosen = Settings(
        tonemapkernel="maxwhite",
        colorspace_red=srgb.red,
        colorspace_green=srgb.green,
        colorspace_blue=srgb.blue,
        gamma=1.0,
    )
    inside, wide = [0.3, 0.4, 0.5], [0.0, 0.0, 0.9]
    white = [1.0, 1.0, 1.0]
    picture = develop(film_of([[inside, wide, white]]), chosen)[0, :, :3]
    matrix = np.linalg.inv(srgb.to_xyz) @ ROOM.to_xyz
    np.testing.assert_allclose(picture[0], matrix @ inside, rtol=1e-4)
    np.testing.assert_allclose(picture[2], white, rtol=1e-5)
    narrow = replace(chosen, colorspace_red=(0.5, 0.34), colorspace_green=(0.31, 0.5), colorspace_blue=(0.2, 0.15))
    assert (develop(film_of([[wide, white]]), narrow) >= 0).all()


def test_light_groups_have_gains() -> None:
    layout = FilmLayout(1, 1, ("sun", "lamp", "sky"))
    block = layout.new_block()
    planes = layout.planes(block)
    planes.weight[:] = planes.alpha[:] = 1
    planes.pixel[:, 0, 0] = [[0.1, 0.1, 0.1], [0.2, 0.2, 0.2], [0.5, 0.5, 0.5]]
    film = Snapshot("a", 1, 1, layout, block, 1)
    gains = {"sun": GroupLook(gain=2, rgb=(1, 0.5, 0)), "sky": GroupLook(enabled=False)}
    exposure = {"tonemapkernel": "linear", "linear_fstop": 1.0, "linear_sensitivity": 10 / 0.65, "linear_gamma": 0.0}
    picture = develop(film, Settings.from_params(exposure, gains), display=False)
    np.testing.assert_allclose(picture[0, 0], [0.4, 0.3, 0.2, 1], rtol=1e-5)


awkward = st.sampled_from([0.0, -1.0, np.nan, np.inf, -np.inf, 1e-45, 1e38, -1e38, 1e-20, 1.0, 5.0])
films = hnp.arrays(np.float32, (2 * 3 * 5,), elements=awkward | st.floats(0, 100, width=32))


@given(films, st.sampled_from(KERNELS), st.sampled_from(CLAMP_METHODS), st.booleans())
@settings(max_examples=150, deadline=None)
def test_whatever_the_film_holds_the_picture_is_in_range(block, kernel: str, method: str, wide: bool) -> None:
    film = Snapshot("a", 1, 1, FilmLayout(3, 2), block, samples=6)
    chosen = Settings(tonemapkernel=kernel, ldr_clamp_method=method)
    if wide:
        chosen = replace(chosen, colorspace_white=(0.3127, 0.329), colorspace_green=(0.3, 0.5))
    for picture in (develop(film, chosen), develop(film, chosen, display=False)):
        assert ((picture >= 0) & (picture <= 1)).all()
    assert (develop(film, chosen, dtype=np.uint8) <= 255).all()


def test_a_film_is_not_changed_by_developing_it() -> None:
    film = film_of(noise())
    before = film.block.copy()
    develop(film)
    assert np.array_equal(film.block, before)


@pytest.mark.parametrize("kernel", [kernel for kernel in KERNELS if kernel != "falsecolors"])
def test_a_black_film_is_a_black_picture(kernel: str) -> None:
    picture = develop(film_of(np.zeros((3, 2, 3))), Settings(tonemapkernel=kernel))
    assert not picture[..., :3].any()


def test_the_top_row_stays_on_top_in_every_depth() -> None:
    colours = np.zeros((3, 4, 3), np.float32)
    colours[0, 0] = 1
    for dtype, full in ((np.float32, 1.0), (np.uint8, 255), (np.uint16, 65535)):
        picture = develop(film_of(colours), Settings(tonemapkernel="maxwhite"), dtype=dtype)
        assert picture.dtype == dtype
        assert picture[0, 0].tolist() == [full] * 4
        assert picture[..., 0].sum() == full


@pytest.mark.parametrize("kernel", KERNELS)
def test_integers_are_the_quantised_picture(kernel: str) -> None:
    film, chosen = film_of(noise(50, 1200), alpha=0.3), Settings(tonemapkernel=kernel)
    picture = develop(film, chosen)
    assert np.array_equal(develop(film, chosen, dtype=np.uint8), to_8bit(picture))
    assert np.array_equal(develop(film, chosen, dtype=np.uint16), quantise(picture, np.uint16))


def test_quantising_is_classic_lux_s() -> None:
    values = np.array([[0, 0.5, 1 / 256, 0.99, 1, 2, -1, np.nan, np.inf]], np.float32)
    assert to_8bit(values).tolist() == [[0, 128, 1, 253, 255, 255, 0, 0, 255]]
    assert quantise(values, np.uint16).tolist() == [[0, 32768, 256, 64880, 65535, 65535, 0, 0, 65535]]
    assert np.isnan(values[0, 7]), "the picture itself is not touched"


def test_settings_survive_as_parameters_and_as_json() -> None:
    chosen = Settings.from_params({"tonemapkernel": "reinhard", "colorspace_white": [0.33, 0.34], **OTHERS})
    assert Settings.from_params(chosen.to_params()) == chosen
    assert Settings.from_params(json.loads(json.dumps(chosen.to_params()))) == chosen


@pytest.mark.parametrize("value", [True, "true", "TRUE", 1, 1.0, (True,), ["true"], np.array([True])])
def test_a_flag_is_given_in_many_ways(value: object) -> None:
    assert Settings.from_params({"bloom_enabled": value}).bloom_enabled is True


def test_parameters_of_the_film_that_are_not_settings_are_passed_over() -> None:
    assert Settings.from_params({"xresolution": 800, "filename": "x", "write_png": True}) == Settings()


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("gamma", 0, "'gamma' must be a number from 0.05 to 20, not 0"),
        ("gamma", [2.2, 1.0], "'gamma' must be a number"),
        ("gamma", np.array([np.nan], np.float32), "'gamma' must be a number"),
        ("gamma", True, "'gamma' must be a number"),
        ("gamma", "bright", "not 'bright'"),
        ("linear_fstop", 0.0, "'linear_fstop' must be a number from 0.001"),
        ("tonemapkernel", "reinhart", "one of reinhard, linear, contrast, maxwhite, autolinear"),
        ("bloom_enabled", "perhaps", "'bloom_enabled' must be true or false, not 'perhaps'"),
        ("bloom_radius", 1.5, "a number from 0 to 1, not 1.5"),
        ("glare_blades", 2, "a whole number from 3 to 100, not 2"),
        ("glare_blades", 3.5, "a whole number from 3 to 100, not 3.5"),
        ("vignetting_scale", -2, "a number from -1 to 1"),
        ("cameraresponse", 5, "a .crf or .txt file"),
        ("ldr_clamp_method", 2, "one of lum, hue, cut, darken"),
        ("colorspace_white", [0.3], "two numbers, CIE x"),
        ("colorspace_white", [0.3, 0.0], "y from 0.0001 to 1"),
        ("colorspace_red", (0.31, 0.595), "lie on a line"),
    ],
)
def test_a_wrong_value_is_refused_with_what_may_stand_there(name: str, value: object, said: str) -> None:
    with pytest.raises(LrnapError, match=said):
        Settings.from_params({name: value})


def test_what_is_not_honoured_is_said() -> None:
    given_params = {
        "bloom_enabled": (True,),
        "cameraresponse": ("Portra_400NCCD",),
        "glare_enabled": "true",
        "glarepupilfilename": ("pupil.png",),
        "tonemapkernel": ("falsecolors",),
        "gamma": 2.2,
    }
    (said,) = not_honoured(given_params)
    assert "'Portra_400NCCD' is not available" in said
    assert "there are exponential, naka_rushton" in said
    assert Settings.from_params(given_params).cameraresponse == ""
    assert not_honoured(Settings().to_params()) == ()
    assert not_honoured({"cameraresponse": "hable_bw"}) == ()


def test_text_of_any_kind_is_text() -> None:
    class Word(str):
        __slots__ = ()

        def __repr__(self) -> str:
            return "Word"

    chosen = Settings.from_params({"tonemapkernel": Word("linear"), "cameraresponse": Word("hable")})
    assert type(chosen.tonemapkernel) is type(chosen.cameraresponse) is str
    with pytest.raises(LrnapError, match="not 'bright'"):
        Settings.from_params({"gamma": Word("bright")})


def test_light_groups_are_parameters_by_their_names() -> None:
    given_params = {
        "lightgroup.sun.gain": [2.0],
        "lightgroup.sun.rgb": np.array([1, 0.5, 0], np.float32),
        "lightgroup.lamp.left.temperature": 2700,
        "lightgroup.sky.enabled": "false",
        "lightgroup.fill.gain": 1.0,
    }
    chosen = Settings.from_params(given_params)
    assert chosen.groups == {
        "sun": GroupLook(gain=2.0, rgb=(1.0, 0.5, 0.0)),
        "lamp.left": GroupLook(temperature=2700.0),
        "sky": GroupLook(enabled=False),
    }
    assert Settings.from_params(json.loads(json.dumps(chosen.to_params()))) == chosen
    dimmed = Settings.from_params({"lightgroup.sun.gain": 0.5}, chosen.groups)
    assert dimmed.groups["sun"] == GroupLook(gain=0.5, rgb=(1.0, 0.5, 0.0))


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("lightgroup.sun.gain", -1, "'lightgroup.sun.gain' must be a number from 0 to 1e\\+12, not -1"),
        ("lightgroup.sun.rgb", [1, 2], "'lightgroup.sun.rgb' must be three numbers"),
        ("lightgroup.sun.temperature", 50, "0 for none, or a number from 1000 to 20000, not 50"),
        ("lightgroup.sun.enabled", "maybe", "true or false"),
        ("lightgroup.sun.colour", 1, "a light group has lightgroup.<name>.gain"),
        ("lightgroup..gain", 1, "a light group has"),
    ],
)
def test_a_wrong_value_of_a_light_group_is_refused(name: str, value: object, said: str) -> None:
    with pytest.raises(LrnapError, match=said):
        Settings.from_params({name: value})


@pytest.mark.parametrize(
    ("name", "own"),
    [
        ("Gamma", "gamma"),
        ("lightgroup.Sun.GAIN", "lightgroup.Sun.gain"),
        ("LightGroup.a.b.rgb", "lightgroup.a.b.rgb"),
        ("lightgroup.sun", None),
        ("response", None),
        ("groups", None),
    ],
)
def test_a_parameter_has_a_spelling_of_its_own(name: str, own: str | None) -> None:
    assert spelled(name) == own
