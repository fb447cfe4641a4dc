"""Sums become radiance by one division, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest
from films import film_of, noise

from lrnap.film.develop.colour import ROOM, sum_and_lit
from lrnap.film.radiance import BRIGHTEST, Light, mix, resolve, rgba, summing
from lrnap.film.snapshot import FilmLayout, Snapshot


def two_groups() -> Snapshot:
    layout = FilmLayout(3, 2, ("default", "key"), screen=True)
    random = np.random.default_rng(1)
    block = random.random(layout.floats, np.float32)
    planes = layout.planes(block)
    planes.weight[:] = [[1, 2, 3], [4, 5, 0]]
    planes.alpha[:] = planes.weight * 0.5
    return Snapshot("a", 1, 1, layout, block, samples=15, screen_samples=60)


def test_radiance_is_pixel_over_weight_plus_screen_over_light_paths() -> None:
    film = two_groups()
    colour, alpha = resolve(film)
    planes = film.planes
    for y, x in ((0, 0), (0, 1), (1, 1)):
        expected = planes.pixel[:, y, x] / planes.weight[y, x] + planes.screen[:, y, x] * 6 / 60  # type: ignore[index]
        np.testing.assert_allclose(colour[:, y, x], expected, rtol=1e-6)
        assert alpha[y, x] == np.float32(0.5)


def test_a_pixel_without_weight_has_only_what_light_paths_brought() -> None:
    film = two_groups()
    colour, alpha = resolve(film)
    np.testing.assert_allclose(colour[:, 1, 2], film.planes.screen[:, 1, 2] * 0.1, rtol=1e-6)  # type: ignore[index]
    assert alpha[1, 2] == 0


def test_without_light_paths_the_screen_planes_count_nothing() -> None:
    film = two_groups()
    dark = Snapshot("a", 1, 1, film.layout, film.block, samples=15, screen_samples=0)
    assert not resolve(dark)[0][:, 1, 2].any()


def test_mixing_sums_the_groups_by_their_light() -> None:
    film = two_groups()
    colour, alpha = resolve(film)
    lights = [Light(2, 1, 0.5), Light(0, 3, 1)]
    mixed = mix(film, lights)
    expected = sum(c * np.float32(light) for c, light in zip(colour, lights, strict=True))
    np.testing.assert_allclose(np.moveaxis(mixed[:3], 0, -1), expected, rtol=1e-6)
    np.testing.assert_allclose(mixed[3], alpha, rtol=1e-6)


def test_a_group_that_is_off_costs_nothing_even_where_it_is_broken() -> None:
    film = two_groups()
    film.planes.pixel[1] = np.nan
    off = mix(film, [Light(), Light(0, 0, 0)])
    assert (off[:3, 0] > 0).all()


def test_mixing_many_bands_is_like_mixing_one() -> None:
    colours = noise(300, 1000)
    np.testing.assert_allclose(np.moveaxis(mix(film_of(colours))[:3], 0, -1), colours, rtol=1e-6)


def test_broken_sums_become_clean_colours() -> None:
    film = film_of([[[np.nan, np.inf, -np.inf], [-1, 1e30, 1e-30], [1, 2, 3]]], alpha=7)
    assert mix(film)[:3, 0].T.tolist()[:2] == [[0, BRIGHTEST, 0], [0, BRIGHTEST, np.float32(1e-30)]]
    assert mix(film)[3].tolist() == [[1, 1, 1]]


def light_of(film: Snapshot, lights: list[Light]) -> tuple[float, int] | None:
    pixels = film.layout.width * film.layout.height
    return summing(film, lights, ROOM.luminance)(slice(0, pixels))


@pytest.mark.parametrize(
    "lights",
    [[Light(), Light()], [Light(2, 1, 0.5), Light(0, 3, 1)], [Light(0, 0, 0), Light(0, 0, 2)], [Light(0, 0, 0)] * 2],
)
def test_the_light_of_a_film_is_summed_without_mixing_it(lights: list[Light]) -> None:
    film = two_groups()
    film.planes.weight[1, 2] = 0.5
    film.planes.pixel[:, 0, 1] = 0  # only the lamps have reached it
    film.planes.pixel[:, 0, 2], film.planes.screen[:, 0, 2] = 0, 0  # type: ignore[index]
    film.planes.pixel[:, 1, 1], film.planes.screen[:, 1, 1] = (1, 0, 0), 0  # type: ignore[index]
    found = light_of(film, lights)
    assert found is not None
    total, lit = sum_and_lit(mix(film, lights)[:3].reshape(3, -1), ROOM.luminance)
    assert found == (pytest.approx(total, rel=1e-6), lit)


def test_the_light_of_many_pixels_is_summed_as_exactly_as_that_of_few() -> None:
    colours = noise(300, 1001) + np.float32(1)
    found = light_of(film_of(colours, weight=3), [Light()])
    exact = float((colours.astype(np.float64) @ ROOM.luminance).sum())
    assert found == (pytest.approx(exact, rel=1e-6), 300 * 1001)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -1.0, 1e30])
def test_what_must_be_cleaned_first_is_not_summed(bad: float) -> None:
    film = film_of(noise(4, 5))
    film.planes.pixel[0, 2, 2, 1] = bad
    assert light_of(film, [Light()]) is None


@pytest.mark.parametrize("weight", [0.0, -1.0, np.nan])
def test_nor_is_what_has_no_weight(weight: float) -> None:
    film = film_of(noise(4, 5))
    film.planes.weight[1, 1] = weight
    assert light_of(film, [Light()]) is None


def test_the_dump_is_interleaved_top_row_first() -> None:
    colours = np.zeros((2, 3, 3), np.float32)
    colours[0, 0] = 1, 2, 3
    dump = rgba(film_of(colours, alpha=0.25))
    assert (dump.dtype, dump.shape) == (np.float32, (2, 3, 4))
    assert dump.tobytes()[:16] == np.array([1, 2, 3, 0.25], "<f4").tobytes()


def test_the_half_dump_stays_finite() -> None:
    dump = rgba(film_of([[[1e9, 1, 0]]]), np.float16)
    assert dump.tolist() == [[[65504, 1, 0, 1]]]
