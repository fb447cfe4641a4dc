"""Lens effects, false colours and colour temperatures against their formulas in float64, and their symmetries."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from films import film_of, noise
from hypothesis import given
from hypothesis import strategies as st

from lrnap.film.develop import GroupLook, Settings, develop, lens
from lrnap.film.develop.colour import ROOM, black_body
from lrnap.film.develop.falsecolours import SCALES, paint
from lrnap.film.develop.pipeline import steps
from lrnap.film.develop.settings import FALSE_METHODS, FALSE_SCALES
from lrnap.film.radiance import BRIGHTEST
from lrnap.film.snapshot import FilmLayout, Snapshot

Numbers = npt.NDArray[np.float64]
EVERYTHING = Settings(
    bloom_enabled=True,
    bloom_radius=0.5,
    glare_enabled=True,
    glare_amount=0.5,
    glare_threshold=0.0,
    vignetting_enabled=True,
    abberation_enabled=True,
    abberation_amount=0.1,
)
EFFECTS = {
    "bloom": (lens.bloom, Settings(bloom_radius=0.4, bloom_weight=0.6)),
    "glare": (lens.glare, Settings(glare_amount=0.7, glare_radius=0.05, glare_threshold=0.1)),
    "vignetting": (lens.vignetting, Settings(vignetting_scale=0.8)),
    "aberration": (lens.aberration, Settings(abberation_amount=0.2)),
}


def planes(height: int = 17, width: int = 24, seed: int = 0) -> npt.NDArray[np.float32]:
    return np.ascontiguousarray(noise(height, width, seed).transpose(2, 0, 1))


def changed(name: str, picture: npt.NDArray[np.float32], **other: object) -> npt.NDArray[np.float32]:
    effect, chosen = EFFECTS[name]
    result = picture.copy()
    effect(result, replace(chosen, **other))
    return result


def places(side: int) -> Numbers:
    return (np.arange(side) + 0.5) / side - 0.5


# ---- formulas, slowly and in float64 ---------------------------------------------------------------------------------


@pytest.mark.parametrize("radius", [0.2, 0.4, 1.0])
@pytest.mark.parametrize("size", [(17, 24), (40, 9)])
def test_bloom_is_the_mean_of_what_is_around(radius: float, size: tuple[int, int]) -> None:
    before = planes(*size).astype(np.float64)
    reach = int(radius * max(size)) // 2
    expected = before
    for axis, side in ((1, size[0]), (2, size[1])):
        apart = np.abs(np.subtract.outer(np.arange(side), np.arange(side)))
        weights = np.where(apart < reach, np.exp(-((3.8317 * apart / reach) ** 2) / 1.698022698724), 0)
        weights /= weights.sum(axis=1, keepdims=True)
        expected = np.moveaxis(np.tensordot(expected, weights, axes=(axis, 1)), -1, axis)
    expected = 0.4 * before + 0.6 * expected
    np.testing.assert_allclose(changed("bloom", planes(*size), bloom_radius=radius), expected, rtol=2e-6)


@pytest.mark.parametrize("blades", [3, 4, 7])
@pytest.mark.parametrize("size", [(17, 24), (40, 9)])
def test_glare_is_a_star_around_each_bright_pixel(blades: int, size: tuple[int, int]) -> None:
    before = planes(*size).astype(np.float64)
    height, width = size
    length = 0.05 * max(size)
    y = np.tensordot(ROOM.to_xyz[1], before, 1)
    bright = before * (y >= 0.1 * y.max())
    reach = int(np.ceil(4 * length))
    down, across = np.mgrid[1 - height : height, 1 - width : width]
    angles = np.arange(blades) * 2 * np.pi / blades
    star = sum(
        np.exp(
            -(((across * np.cos(a) + down * np.sin(a)) / length) ** 2) - (down * np.cos(a) - across * np.sin(a)) ** 2
        )
        for a in angles
    ) * ((np.abs(down) <= reach) & (np.abs(across) <= reach))
    star /= star.sum()
    expected = before.copy()
    for row in range(height):
        for column in range(width):
            part = star[height - 1 - row : 2 * height - 1 - row, width - 1 - column : 2 * width - 1 - column]
            expected += 0.7 * part * bright[:, row, column, None, None]
    np.testing.assert_allclose(changed("glare", planes(*size), glare_blades=blades), expected, rtol=2e-6)


@pytest.mark.parametrize("scale", [-1.0, 0.4, 1.0])
def test_vignetting_goes_from_the_middle_to_the_corners(scale: float) -> None:
    before = planes(31, 47)
    distance = np.hypot(places(47), places(31)[:, None])
    weight = np.maximum(1.42 * distance * (1 - scale) + (1 - 1.42 * distance), 0)
    after = changed("vignetting", before, vignetting_scale=scale)
    np.testing.assert_allclose(after, before * weight, rtol=1e-5, atol=1e-6)
    assert weight[15, 23] == pytest.approx(1)
    assert weight[0, 0] == pytest.approx(1 - scale, abs=0.05)


def test_aberration_scales_red_and_blue_one_way_and_green_the_other() -> None:
    before = planes(19, 30)
    x, y = places(30), places(19)[:, None]
    distance = np.hypot(x, y)
    after = changed("aberration", before)
    for channel, sign in enumerate((1, -1, 1)):
        across = np.clip((x * (1 + sign * 0.2 * distance) + 0.5) * 30 - 0.5, 0, 29)
        down = np.clip((y * (1 + sign * 0.2 * distance) + 0.5) * 19 - 0.5, 0, 18)
        left, top = np.minimum(across.astype(int), 28), np.minimum(down.astype(int), 17)
        part, share = across - left, down - top
        plane = before[channel].astype(np.float64)
        upper = plane[top, left] * (1 - part) + plane[top, left + 1] * part
        lower = plane[top + 1, left] * (1 - part) + plane[top + 1, left + 1] * part
        np.testing.assert_allclose(after[channel], upper * (1 - share) + lower * share, rtol=2e-4, atol=1e-4)


@pytest.mark.parametrize("method", FALSE_METHODS)
@pytest.mark.parametrize("scale", FALSE_SCALES)
def test_false_colours_go_along_their_scale(scale: str, method: str) -> None:
    chosen = Settings(false_colorscale=scale, false_method=method, false_min=0.5, false_max=4.0)
    luminances = np.array([0, 0.01, 0.6, 1, 2, 3.9, 4, 100, 1e15])
    band = np.ascontiguousarray(np.broadcast_to(luminances.astype(np.float32), (3, 9)))
    paint(chosen, 1e15)(band)
    place = np.clip((luminances - 0.5) / 3.5, 0, 1)
    place = place if method == "linear" else np.log10(1 + 9 * place)
    place = np.cbrt(place) if method == "log3" else place
    stops = np.array(SCALES[scale])
    for channel, stop in zip(band, stops.T, strict=True):
        np.testing.assert_allclose(channel, np.interp(place, np.linspace(0, 1, len(stop)), stop), atol=1e-5)
    assert tuple(band[:, 0]) == SCALES[scale][0]
    assert band[:, -1] == pytest.approx(SCALES[scale][-1])


def test_false_colours_of_a_picture_that_is_all_the_same() -> None:
    picture = develop(film_of(np.zeros((3, 4, 3))), Settings(tonemapkernel="falsecolors"), display=False)
    assert np.allclose(picture[..., :3], SCALES["std"][0])


@pytest.mark.parametrize(
    ("kelvin", "x", "y"),
    [(1000, 0.6528, 0.3444), (2856, 0.4476, 0.4074), (6504, 0.3135, 0.3236), (10000, 0.2807, 0.2883)],
)
def test_a_black_body_has_its_published_chromaticity(kelvin: float, x: float, y: float) -> None:
    colour = np.array(black_body(kelvin))
    assert float(ROOM.to_xyz[1] @ colour) == pytest.approx(1, rel=1e-6)
    if colour.min() > 0:  # not moved to the edge of the gamut
        xyz = ROOM.to_xyz @ colour
        assert xyz[:2] / xyz.sum() == pytest.approx((x, y), abs=0.003)


def test_a_light_group_has_a_colour_temperature() -> None:
    grey = film_of(np.full((1, 1, 3), 0.2))
    chosen = {"tonemapkernel": "maxwhite", "ldr_clamp_method": "darken"}
    neutral = develop(grey, Settings.from_params(chosen), display=False)[0, 0]
    warm, cold = (
        develop(grey, Settings.from_params(chosen, {"default": GroupLook(temperature=kelvin)}), display=False)[0, 0]
        for kelvin in (2500, 12000)
    )
    assert neutral[0] == neutral[2]
    assert warm[0] > warm[1] > warm[2]
    assert cold[0] < cold[1] < cold[2]
    with pytest.raises(ValueError, match="1000 to 20000 kelvin, not 5"):
        _ = GroupLook(temperature=5).light


# ---- symmetries and energy -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", EFFECTS)
@pytest.mark.parametrize("size", [(16, 24), (17, 25), (30, 11)])
def test_a_mirrored_picture_is_changed_to_the_mirror_picture(name: str, size: tuple[int, int]) -> None:
    picture = planes(*size)
    for mirror in (np.s_[:, ::-1], np.s_[:, :, ::-1]):
        flipped = changed(name, np.ascontiguousarray(picture[mirror]))
        np.testing.assert_allclose(flipped[mirror], changed(name, picture), rtol=1e-4, atol=2e-4)


@pytest.mark.parametrize("name", ["bloom", "aberration"])
def test_an_even_picture_stays_even(name: str) -> None:
    np.testing.assert_allclose(changed(name, np.full((3, 20, 33), 0.25, np.float32)), 0.25, rtol=1e-6)


def test_bloom_keeps_the_light_away_from_the_borders() -> None:
    picture = np.zeros((3, 64, 64), np.float32)
    picture[:, 30:34, 31:33] = planes(4, 2)
    before = picture.sum(axis=(1, 2), dtype=np.float64)
    after = changed("bloom", picture)
    np.testing.assert_allclose(after.sum(axis=(1, 2), dtype=np.float64), before, rtol=1e-6)
    assert after.max() < picture.max()


def test_glare_only_adds_and_no_more_than_its_amount() -> None:
    picture = np.zeros((3, 64, 64), np.float32)
    picture[:, 30, 31] = 5
    picture[:, 10, 10] = 0.01  # under the threshold
    added = changed("glare", picture).astype(np.float64) - picture
    assert (added >= 0).all()
    np.testing.assert_allclose(added.sum(axis=(1, 2)), 0.7 * 5, rtol=1e-5)
    assert added[0, 30, 31] == added[0].max()
    assert added[0, 30, 40] > 100 * added[0, 40, 31], "with three blades there is a level ray, and none that stands"
    assert added[0, 10, 10] < 1e-6


def test_a_bright_corner_does_not_come_round_to_the_other_side() -> None:
    picture = np.zeros((3, 40, 60), np.float32)
    picture[:, 0, 0] = 1e6
    for name in ("bloom", "glare"):
        assert changed(name, picture)[:, 30:, 50:].max() < 1e-3


def test_dark_parts_keep_their_values_beside_very_bright_ones() -> None:
    picture = np.full((3, 100, 100), 1e-3, np.float32)
    picture[:, 5, 5] = 1e6
    far = changed("bloom", picture)[:, 90:, 90:]
    np.testing.assert_allclose(far, 1e-3, rtol=1e-5)


# ---- as steps of developing ------------------------------------------------------------------------------------------


def test_steps_are_in_classic_lux_s_order_and_those_off_are_none() -> None:
    assert [step.name for step in steps(Settings())] == ["tonemap", "limit", "gamma"]
    chosen = replace(EVERYTHING, colorspace_white=(0.33, 0.34), outlierrejection_k=1)
    assert [step.name for step in steps(chosen)] == [
        *("outliers", "exposure", "bloom", "glare", "tonemap", "colour space"),
        *("aberration", "vignetting", "limit", "gamma"),
    ]


@pytest.mark.parametrize("kernel", ["autolinear", "reinhard", "contrast"])
def test_light_spread_over_black_does_not_change_the_exposure(kernel: str) -> None:
    colours = np.zeros((60, 60, 3), np.float32)
    colours[20:40, 20:40] = 200 * (1 + noise(20, 20) / 100)
    plain = develop(film_of(colours), Settings(tonemapkernel=kernel), display=False)
    for on in (Settings(bloom_enabled=True), Settings(glare_enabled=True)):
        lens_picture = develop(film_of(colours), replace(on, tonemapkernel=kernel), display=False)
        assert lens_picture[30, 30, 1] == pytest.approx(float(plain[30, 30, 1]), rel=0.1)


def test_where_nothing_reaches_black_stays_black() -> None:
    picture = np.zeros((3, 60, 60), np.float32)
    picture[:, 10, 10] = 1e4
    for name in ("bloom", "glare"):
        assert not changed(name, picture, bloom_radius=0.2)[:, 35:, 35:].any()


awkward = st.sampled_from([0.0, -1.0, np.nan, np.inf, -np.inf, 1e-45, 1e38, -1e38, float(BRIGHTEST), 1.0])


@given(
    st.lists(awkward, min_size=5 * 35, max_size=5 * 35),
    st.sampled_from([(7, 5), (5, 7), (35, 1), (1, 35)]),
    st.sampled_from(["autolinear", "reinhard", "falsecolors"]),
)
def test_whatever_the_film_holds_the_picture_is_in_range(
    values: list[float], size: tuple[int, int], kernel: str
) -> None:
    film = Snapshot("a", 1, 1, FilmLayout(*size), np.array(values, np.float32), samples=35)
    picture = develop(film, replace(EVERYTHING, tonemapkernel=kernel, outlierrejection_k=2))
    assert ((picture >= 0) & (picture <= 1)).all()


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (9, 1), (2, 2)])
def test_the_smallest_pictures_have_lens_effects(size: tuple[int, int]) -> None:
    picture = develop(film_of(np.ones((*size, 3))), EVERYTHING)
    assert np.isfinite(picture).all()
    assert picture.shape == (*size, 4)


def test_the_top_stays_on_top() -> None:
    colours = np.zeros((30, 20, 3), np.float32)
    colours[3, 4] = 1
    green = develop(film_of(colours), EVERYTHING)[..., 1]
    assert green[:15].sum() > 10 * green[15:].sum()
    assert green[:, :10].sum() > 10 * green[:, 10:].sum()
