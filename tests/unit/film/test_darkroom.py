"""What goes beyond classic Lux's kernels and lenses: cleaning, pupils, films, legends, previews."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from films import film_of, noise

from lrnap.errors import LrnapError
from lrnap.film import images, output
from lrnap.film.develop import (
    GroupLook,
    Settings,
    brightness,
    denoise,
    develop,
    estimate_linear,
    films,
    histogram_image,
    histogram_of,
    legend,
    notices,
    outliers,
    thinned,
)
from lrnap.film.develop.aperture import Aperture, pattern
from lrnap.film.develop.falsecolours import Range
from lrnap.film.develop.histogram import BLUE, GREEN, LOG, MODES, RED, RGB, VALUE
from lrnap.film.develop.letters import written
from lrnap.film.snapshot import FilmLayout, Snapshot

# ---- outliers --------------------------------------------------------------------------------------------------------


def spotted(*spots: tuple[int, int]) -> np.ndarray:
    picture = np.full((3, 9, 11), 0.5, np.float32)
    for spot in spots:
        picture[:, *spot] = [100, 50, 25]
    return picture


def cleaned(picture: np.ndarray, k: int) -> np.ndarray:
    picture = picture.copy()
    outliers.reject(picture, Settings(outlierrejection_k=k))
    return picture


@pytest.mark.parametrize("spot", [(4, 5), (0, 0), (8, 10), (0, 7)])
def test_a_firefly_becomes_as_bright_as_its_neighbours_may_be(spot: tuple[int, int]) -> None:
    after = cleaned(spotted(spot), 1)
    y = np.array([0.21590708, 0.69818307, 0.08590985]) @ after[:, *spot]
    assert y == pytest.approx(outliers.FAR * 0.5, rel=1e-5)
    np.testing.assert_allclose(after[:, *spot] / after[0][spot], [1, 0.5, 0.25], rtol=1e-5)  # of the same colour
    after[:, *spot] = 0.5
    assert (after == 0.5).all()


def test_k_is_how_many_neighbours_bear_a_pixel_out() -> None:
    pair = spotted((4, 5), (4, 6))
    assert np.array_equal(cleaned(pair, 1), pair)
    assert cleaned(pair, 2).max() < 5
    assert np.array_equal(cleaned(pair, 1000), cleaned(pair, 8))


# ---- denoising -------------------------------------------------------------------------------------------------------

needs_oidn = pytest.mark.skipif(not denoise.available(), reason="there is no Open Image Denoise here")


@pytest.mark.parametrize("off", [0, -1])
def test_outliers_stay_where_a_scene_says_that_none_are_rejected(off: int) -> None:
    film = film_of(np.moveaxis(spotted((4, 5)), 0, 2))
    settings = Settings.from_params({"outlierrejection_k": off, "tonemapkernel": "maxwhite"})
    assert np.array_equal(develop(film, settings), develop(film, Settings(tonemapkernel="maxwhite")))


def with_guides(colours: np.ndarray) -> Snapshot:
    height, width, _ = colours.shape
    layout = FilmLayout(width, height, channels=("albedo", "normal"))
    block = layout.new_block()
    planes = layout.planes(block)
    planes.weight[:] = planes.alpha[:] = 4
    planes.pixel[0] = 4 * colours
    planes.channels["albedo"][..., :3] = 2 * np.indices((height, width)).sum(axis=0)[..., None] % 4
    planes.channels["normal"][..., 2] = 4
    for channel in planes.channels.values():
        channel[..., 3] = 4
    return Snapshot("a", 1, 1, layout, block, samples=4.0 * width * height)


@needs_oidn
@pytest.mark.parametrize("guided", [False, True])
def test_denoising_brings_a_noisy_wall_near_to_the_wall(guided: bool) -> None:
    random = np.random.default_rng(3)
    noisy = (0.4 * random.gamma(2, 0.5, (64, 80, 3))).astype(np.float32)
    film = with_guides(noisy) if guided else film_of(noisy)
    flat = Settings(tonemapkernel="linear", linear_fstop=1, linear_sensitivity=10 / 0.65, linear_gamma=0)
    before = develop(film, flat, display=False)[..., :3]
    errors = [
        float(np.std(develop(film, replace(flat, denoise_enabled=True, denoise_strength=s), display=False)[..., :3]))
        for s in (0.0, 0.5, 1.0)
    ]
    assert errors[0] == pytest.approx(float(np.std(before)), rel=1e-6)
    assert errors[0] > 1.5 * errors[1] > 2 * errors[2]


@needs_oidn
@pytest.mark.parametrize("value", [0.0, 1e-30, 1e15, np.inf, np.nan, -1.0])
def test_denoising_whatever_the_film_holds(value: float) -> None:
    colours = noise(20, 30)
    colours[5:8, 5:8] = value
    picture = develop(film_of(colours), Settings(denoise_enabled=True))
    assert ((picture >= 0) & (picture <= 1)).all()


def test_what_a_film_lacks_is_said_and_gone_without() -> None:
    chosen = Settings(denoise_enabled=True, glare_enabled=True, glare_map=True, groups={"moon": GroupLook(gain=2.0)})
    said = notices(chosen, FilmLayout(4, 3))
    if denoise.available():
        assert "no channel albedo and no normal" in said[0]
    assert "no picture of a pupil" in said[1]
    assert "no light group 'moon'; it has 'default'" in said[2]
    assert notices(replace(chosen, groups={}, glare_map=False), FilmLayout(4, 3, channels=("albedo", "normal"))) == (
        () if denoise.available() else said[:1]
    )


@pytest.mark.parametrize("kernel", ["autolinear", "reinhard", "contrast"])
def test_faint_light_that_denoising_brings_to_black_leaves_the_exposure(
    kernel: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def bring(picture: np.ndarray, *_: object) -> None:
        picture += np.float32(1e-4)

    monkeypatch.setattr(denoise, "available", lambda: True)
    monkeypatch.setattr(denoise, "denoise", bring)
    colours = np.zeros((20, 20, 3))
    colours[:, :8] = 1
    plain = Settings(tonemapkernel=kernel, outlierrejection_k=1)
    before, after = (develop(film_of(colours), replace(plain, denoise_enabled=on)) for on in (False, True))
    np.testing.assert_allclose(after[:, :8], before[:, :8], atol=1e-3)


def test_without_open_image_denoise_the_picture_is_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(denoise, "available", lambda: False)
    chosen = Settings(denoise_enabled=True)
    assert "lrnap[darkroom]" in notices(chosen, FilmLayout(4, 3))[0]
    assert np.array_equal(develop(film_of(noise()), chosen), develop(film_of(noise())))


@pytest.mark.parametrize(
    ("chiu", "greyc", "strength"),
    [(3.0, None, 0.5), (9.0, None, 1.0), (None, (60.0, 1.0), 1.0), (None, (30.0, 1.0), 0.5), (3.0, (15.0, 1.0), 0.5)],
)
def test_classic_noise_filters_have_a_strength(chiu: float | None, greyc: tuple | None, strength: float) -> None:
    assert denoise.from_classic(chiu, greyc) == pytest.approx(strength)


# ---- pupils ----------------------------------------------------------------------------------------------------------


def test_the_pattern_of_a_slit_is_the_square_of_a_sinc_and_lies_across_it() -> None:
    slit = np.zeros((64, 64))
    slit[:, 28:36] = 1  # upright, 64 high and 8 wide
    reach = 64
    found = pattern([Aperture(slit)], reach, 549.0)
    assert found.sum() == pytest.approx(1)
    assert found.shape == (129, 129)
    assert found[reach, reach] == found.max()
    assert found[reach, reach + 4] > 100 * found[reach + 4, reach]
    side, width = 129, 129 / 4 / 8  # the opening is a quarter of the field, and an eighth of that wide
    f = np.arange(-5, 6)
    window = np.hanning(side + 2)[1:-1][reach - 5 : reach + 6]
    expected = (np.sinc(f * width / side) ** 2) * window
    np.testing.assert_allclose(found[reach, reach - 5 : reach + 6] / found.max(), expected / expected.max(), atol=0.02)


def test_red_light_is_bent_further_than_blue() -> None:
    disc = (np.hypot(*np.mgrid[-20:21, -20:21]) < 18).astype(float)
    y, x = np.mgrid[-40:41, -40:41]
    red, blue = (pattern([Aperture(disc)], 40, wavelength) for wavelength in (611.0, 464.0))
    assert (red * np.hypot(x, y)).sum() > 1.05 * (blue * np.hypot(x, y)).sum()


def test_glare_through_pictures_adds_no_more_than_its_amount(tmp_path: Path) -> None:
    pupil = np.repeat((np.hypot(*np.mgrid[-16:17, -16:17]) < 14)[..., None], 3, axis=2).astype(np.float32)
    lashes = np.ones((33, 33, 3), np.float32)
    lashes[:16, ::4] = 0
    images.write(tmp_path / "pupil.png", pupil)
    images.write(tmp_path / "lashes.png", lashes)
    given_params = {
        "glare_enabled": True,
        "glare_map": True,
        "glarepupilfilename": "pupil.png",
        "glarelashesfilename": "lashes.png",
        "glare_amount": 0.5,
        "glare_radius": 0.05,
        "tonemapkernel": "linear",
        "linear_fstop": 1.0,
        "linear_sensitivity": 10 / 0.65,
        "linear_gamma": 0.0,
    }
    files = {name: str(tmp_path / name) for name in ("pupil.png", "lashes.png")}
    colours = np.zeros((81, 101, 3), np.float32)
    colours[40, 50] = 0.5
    chosen = Settings.from_params(given_params, files=files)
    seen = np.asarray(develop(film_of(colours), chosen, display=False), np.float64)[..., :3]
    np.testing.assert_allclose((seen - colours).sum(axis=(0, 1)), 0.25, rtol=1e-3)
    star = develop(film_of(colours), replace(chosen, glare_map=False), display=False)[..., :3]
    assert not np.allclose(star, seen, atol=1e-3)
    with pytest.raises(LrnapError, match=r"'glarepupilfilename' names 'pupil\.png', which is no file of the scene"):
        Settings.from_params(given_params, files={})


# ---- films that are built in -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", films.FORMULAS)
def test_a_film_follows_its_formula(name: str) -> None:
    light = np.concatenate([[0.0], np.geomspace(1e-4, films.BRIGHTEST, 400)])
    curve = films.built_in(name).curves[0]
    expected = np.clip(films.FORMULAS[name](light), 0, 1)
    np.testing.assert_allclose(curve(light), expected, atol=2e-4)
    assert expected[0] == pytest.approx(0, abs=1e-12)
    assert (np.diff(expected) >= 0).all()
    assert 0.7 < expected[-1] <= 1


@pytest.mark.parametrize(
    ("name", "light", "brightness"),
    [
        ("exponential", 1, 1 - 1 / math.e),
        ("naka_rushton", 0.5, 0.5),  # half at the light that it is used to
        ("hejl", 1.004, (6.7 / 7.96) ** 2.2),
        ("hable", 5.6, 1),  # its white
        ("aces", 1, 2.54 / 3.16),
        ("cineon", 1, (590 / 928) ** 2.2),  # white has the code value 685
        ("print", 0.18, 0.5),  # grey is half
        ("print", 1.8, 1 / (1 + 0.1**1.6)),
    ],
)
def test_a_film_has_the_brightness_that_its_source_says(name: str, light: float, brightness: float) -> None:
    assert films.FORMULAS[name](np.array([light])) == pytest.approx([brightness], rel=1e-6)


def test_a_film_in_black_and_white_has_no_colour() -> None:
    picture = develop(film_of(noise()), Settings.from_params({"cameraresponse": "aces_bw"}))
    assert np.ptp(picture[..., :3], axis=-1).max() == 0
    assert len(films.built_in("aces_bw").curves) == 1
    assert Settings.from_params({"cameraresponse": "aces"}).response == films.built_in("aces")


# ---- what a film says ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scale", [1e-6, 0.01, 1.0, 30.0, 1e4])
def test_the_estimated_camera_exposes_as_autolinear_does(scale: float) -> None:
    film = film_of(noise(40, 50) * np.float32(scale))
    chosen = estimate_linear(film, Settings(gamma=2.0))
    assert chosen.tonemapkernel == "linear"
    factor = chosen.linear_exposure / chosen.linear_fstop**2 * chosen.linear_sensitivity * 0.065
    wanted = 1.25 / brightness(film).mean
    if 1e-3 < scale < 1e4:
        assert 0.45 < factor / wanted <= 1.0001  # the next shorter shutter
    assert estimate_linear(film_of(np.zeros((3, 3, 3)))).tonemapkernel == "linear"


def test_a_histogram_counts_every_pixel_once() -> None:
    colours = noise(60, 50)
    found = histogram_of(film_of(colours), Settings(tonemapkernel="maxwhite"), 100)
    assert found.counts.shape == (4, 100)
    assert (found.counts.sum(axis=1) + found.black == 3000).all()
    assert (found.black == 1).all()
    lit = colours.reshape(-1, 3)[1:]
    stops = np.log2(lit[:, 0] / (lit @ np.array([0.21590708, 0.69818307, 0.08590985])).max())
    expected, _ = np.histogram(np.clip(stops, -17.4, 7.4), found.edges)
    assert np.abs(expected - found.counts[0]).sum() <= 6  # rounding, at the edges
    assert found.edges[-1] == pytest.approx(7.5)
    assert found.edges[0] == pytest.approx(-17.5)


@pytest.mark.parametrize("mode", MODES.values())
@pytest.mark.parametrize("log", [0, LOG])
def test_a_histogram_has_a_picture_for_each_mode(mode: int, log: int) -> None:
    picture = histogram_image(film_of(noise(40, 40)), None, 320, 120, mode + log)
    assert picture.shape == (120, 320, 3)
    assert picture.dtype == np.uint8
    bars = picture[3:110, 3:-3]
    lone = {RED: 0, GREEN: 1, BLUE: 2, VALUE: 0, RGB: 0}.get(mode, 0)
    assert (bars[..., lone] == 255).any()
    assert (bars == 64).any()
    assert (bars == 128).any()
    guide = picture[115:118, 3:-3].mean(axis=(0, 1))  # from black to full, in the colour that is counted
    coloured = [lone] if mode in (RED, GREEN, BLUE) else [0, 1, 2]
    assert [channel for channel in range(3) if guide[channel] > 50] == coloured


@pytest.mark.parametrize(
    ("width", "height", "options"), [(49, 100, 1), (100, 24, 1), (9000, 100, 1), (100, 100, 3), (100, 100, 128)]
)
def test_a_histogram_that_there_is_not_is_refused(width: int, height: int, options: int) -> None:
    with pytest.raises(LrnapError, match=r"50 to 8192 pixels wide|one of 1 \(rgb\)"):
        histogram_image(film_of(noise()), None, width, height, options)


def test_the_legend_has_the_ends_of_the_scale_and_their_luminances() -> None:
    picture = np.zeros((3, 300, 400), np.float32)
    chosen = Settings(tonemapkernel="falsecolors", false_colorscale="red", false_legend=True)
    legend.draw(picture, chosen, Range(0.0, 88.0, "log"))
    corner = picture[:, 140:, :60]
    assert (picture[:, :130] == 0).all()
    assert (picture[:, :, 60:] == 0).all()
    assert corner[0].max() == pytest.approx(1)
    label = written("88")
    rows, columns = label.shape
    inked = corner[1] == legend.INK
    assert any(
        np.array_equal(inked[y : y + rows, x : x + columns], label) for y in range(20) for x in range(60 - columns)
    )


def test_a_picture_too_small_for_a_legend_has_none() -> None:
    chosen = Settings(tonemapkernel="falsecolors", false_legend=True)
    film = film_of(noise(30, 90))
    assert np.array_equal(develop(film, chosen), develop(film, replace(chosen, false_legend=False)))


# ---- previews --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("width", "height", "size"), [(100, 100, (50, 40)), (25, 100, (25, 20)), (7, 7, (6, 5))])
def test_a_preview_fits_and_shows_the_same(width: int, height: int, size: tuple[int, int]) -> None:
    y, x = np.mgrid[0:40, 0:50]
    film = film_of(np.stack([1 + x / 50, 1 + y / 40, np.ones_like(x)], axis=-1))
    small = thinned(film, width, height)
    assert (small.layout.width, small.layout.height) == size
    step = max(-(-50 // width), -(-40 // height))
    whole, preview = develop(film), develop(small)
    middle = np.asarray(whole)[step // 2 :: step, step // 2 :: step]
    np.testing.assert_allclose(preview, middle, atol=0.02)
    assert (small is film) == (size == (50, 40))


def test_a_preview_keeps_groups_light_paths_and_channels() -> None:
    layout = FilmLayout(8, 6, ("a", "b"), screen=True, channels=("albedo",))
    block = np.random.default_rng(1).random(layout.floats, np.float32)
    film = Snapshot("a", 1, 1, layout, block, samples=48, screen_samples=96.0)
    small = thinned(film, 4, 4)
    assert small.layout == FilmLayout(4, 3, ("a", "b"), True, ("albedo",))
    assert small.planes.screen is not None
    assert np.array_equal(small.planes.screen, film.planes.screen[:, 1::2, 1::2])
    assert small.layout.width * small.layout.height / small.screen_samples == 48 / 96
    assert develop(small).shape == (3, 4, 4)


@pytest.mark.parametrize("shape", [(1, 400), (400, 1), (3, 400)])
def test_a_preview_of_what_is_thin_shows_it(shape: tuple[int, int]) -> None:
    film = film_of(np.full((*shape, 3), 0.5, np.float32))
    picture = develop(thinned(film, 20, 20), Settings(tonemapkernel="maxwhite"))
    assert picture.shape[:2] == tuple(max(1, side // 20) for side in shape)
    assert np.all(picture == 1)


HOSTILE = np.array([np.nan, np.inf, -np.inf, -1e30, 3e38, 1e-40, 0], np.float32)


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (24, 17)])
def test_no_film_is_too_odd_to_be_written(shape: tuple[int, int]) -> None:
    channels = ("albedo", "normal", "depth", "object_id")
    layout = FilmLayout(shape[1], shape[0], ("a", "b"), screen=True, channels=channels)
    random = np.random.default_rng(1)
    block = random.gamma(1, 1, layout.floats).astype(np.float32)
    block[random.integers(0, block.size, 20)] = random.choice(HOSTILE, 20)
    film = Snapshot("a", 1, 1, layout, block, 100.0, 100.0)
    settings = Settings(bloom_enabled=True, glare_enabled=True, outlierrejection_k=1, abberation_enabled=True)
    for kind in ("png", "jpeg", "tga", "tiff", "exr", "flm"):
        assert output.encode(kind, film, settings)
    assert output.encode("exr", film, settings, weights=True, cryptomatte=True, tonemapped=True)
