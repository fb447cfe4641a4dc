"""Films of files are added one at a time: the sum and its error are those of all, and only the sum is held."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from lrnap.film import films, flm, noise, output
from lrnap.film.films import FilmFile
from lrnap.film.flm_convert import from_snapshot
from lrnap.film.independent import Independent
from lrnap.film.merge import Film
from lrnap.film.snapshot import FilmLayout, Snapshot


def a_film(seed: int, size: tuple[int, int] = (40, 30), *, spp: float = 16, screen: bool = False) -> Snapshot:
    layout = FilmLayout(*size, ("key", "sky"), screen=screen)
    random = np.random.default_rng(seed)
    block = layout.new_block()
    planes = layout.planes(block)
    planes.weight[:] = spp
    planes.alpha[:] = spp
    planes.pixel[:] = spp * random.gamma(2, 0.5, planes.pixel.shape)
    if planes.screen is not None:
        planes.screen[:] = spp * random.gamma(1, 0.1, planes.pixel.shape)
    samples = spp * layout.width * layout.height
    return Snapshot(f"film {seed}", seed, 1, layout, block, samples, samples if screen else 0)


@pytest.mark.parametrize("screen", [False, True])
def test_the_error_of_films_seen_once_is_that_of_films_that_are_kept(screen: bool) -> None:
    given = [a_film(seed, spp=4 + seed, screen=screen) for seed in range(5)]
    given[1].planes.weight[3:9] = 0  # where it has not been yet
    given[2].planes.pixel[0, 12, 12] = np.nan
    seen = Independent(given[0].layout)
    for film in given:
        seen.add(film)
    found, expected = seen.estimate(), noise.estimate(given)
    assert found is not None and expected is not None
    assert (found.runs, found.spp) == (expected.runs, pytest.approx(expected.spp))
    assert np.array_equal(found.known, expected.known)
    np.testing.assert_allclose(found.variance, expected.variance, rtol=1e-3, atol=1e-7)
    assert found.value == pytest.approx(expected.value, rel=1e-4)


def test_one_film_and_films_without_samples_tell_nothing() -> None:
    seen = Independent(a_film(1).layout)
    seen.add(a_film(1))
    assert seen.estimate() is None
    seen.add(a_film(2, spp=0))
    assert seen.estimate() is None


def test_the_sum_of_films_one_at_a_time_is_that_of_all() -> None:
    given = [a_film(seed) for seed in range(12)]
    total = films.Sum(FilmFile(Path("0.exr"), given[0], {}))
    for film in given[1:]:
        total.add(FilmFile(Path("n.exr"), film, {"gamma": 1.0}))
    whole = Film(given[0].layout)
    for film in given:
        whole.add(film)
    assert (total.count, total.last.look) == (12, {"gamma": 1.0})
    np.testing.assert_allclose(total.film.block, whole.merged().block, rtol=1e-5)
    assert total.film.samples == whole.merged().samples


def test_films_that_are_merged_are_not_held(tmp_path: Path) -> None:
    for number in range(10):
        flm.write(tmp_path / f"{number}.flm", from_snapshot(a_film(number, (120, 80))))

    def peak_of_merging(count: int) -> int:
        tracemalloc.start()
        inputs = [tmp_path / f"{number}.flm" for number in range(count)]
        total = films.Sum(films.load(inputs[0]))
        for file in inputs[1:]:
            total.add(films.load(file))
        output.save(tmp_path / "sum.exr", total.film, noise=total.noise, weights=True)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    assert peak_of_merging(10) < 1.2 * peak_of_merging(3)
    layout, found = films.noise_of(films.load(tmp_path / f"{number}.flm") for number in range(10))
    assert (layout.width, found and found.runs) == (120, 10)
