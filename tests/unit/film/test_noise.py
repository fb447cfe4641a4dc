"""The noise of a film, estimated from its parts: right on average, whatever the parts, and in whatever order."""

from __future__ import annotations

from dataclasses import replace
from itertools import accumulate

import numpy as np
import pytest

from lrnap.film import noise
from lrnap.film.develop import Settings, develop
from lrnap.film.merge import Film
from lrnap.film.noise import Display, Noise
from lrnap.film.snapshot import FilmLayout, Snapshot

LAYOUT = FilmLayout(40, 30)
TRUE = 0.2 + 0.6 * np.indices((30, 40)).sum(axis=0) / 70  # the picture that all films here converge to


def a_run(name: str, seed: int, sizes: list[int], layout: FilmLayout = LAYOUT, spread: float = 0.5) -> list[Snapshot]:
    """The snapshots of a run with parts of so many samples, which are independent."""
    random = np.random.default_rng(seed)
    made, sums = [], np.zeros((layout.height, layout.width, 3))
    for number, (size, count) in enumerate(zip(sizes, accumulate(sizes), strict=True), 1):
        shape = 1 / spread**2
        sums += TRUE[..., None] * random.gamma(size * shape, 1 / shape, sums.shape)
        block = layout.new_block()
        planes = layout.planes(block)
        planes.weight[:] = planes.alpha[:] = count
        planes.pixel[0] = sums
        made.append(Snapshot(name, seed, number, layout, block, samples=float(count * layout.width * layout.height)))
    return made


def noise_of(*snapshots: Snapshot) -> noise.Estimate:
    found = noise.estimate(snapshots)
    assert found is not None
    return found


def variance(spp: int, spread: float = 0.5) -> float:
    """Of the pictures above after so many samples, averaged over the pixels."""
    return float(np.mean((TRUE * spread) ** 2)) / spp


@pytest.mark.parametrize(
    ("runs", "sizes"),
    [(1, [8, 8, 8, 8]), (1, [2, 1, 50, 7]), (2, [30]), (4, [10, 20]), (3, [5, 40, 1, 9])],
)
def test_the_variance_is_right_on_average_however_the_film_came_to_be(runs, sizes):
    found = [
        noise_of(*(s for run in range(runs) for s in a_run(f"r{run}", 100 * trial + run, sizes))) for trial in range(8)
    ]
    assert found[0].known.all()
    assert found[0].spp == runs * sum(sizes)
    average = np.mean([one.variance.mean() for one in found])
    assert average == pytest.approx(variance(runs * sum(sizes)), rel=0.05)


def test_runs_of_different_length_count_by_their_weights():
    found = [
        noise_of(a_run("long", seed, [90])[0], a_run("short", seed + 50, [6])[0]).variance.mean() for seed in range(8)
    ]
    assert np.mean(found) == pytest.approx(variance(96), rel=0.05)


def test_an_engine_that_has_just_joined_does_not_decide():
    long, short = a_run("long", 1, [100] * 9), a_run("short", 2, [1], spread=3.0)
    found = noise_of(*long, *short)
    assert (found.runs, found.spp) == (2, 901)
    assert found.variance.mean() == pytest.approx(variance(901), rel=0.1)


def test_the_noise_is_the_error_of_the_developed_picture():
    """What `lrnap film compare` says of the picture and of one without noise."""
    snapshots = [s for run in range(3) for s in a_run(f"r{run}", run, [20, 20])]
    film = Film(LAYOUT)
    for snapshot in snapshots:
        film.add(snapshot)
    perfect = a_run("perfect", 1, [120], spread=1e-3)[0]
    shown, true = (develop(s, Settings())[..., :3] for s in (film.merged(), perfect))
    assert noise_of(*snapshots).value == pytest.approx(np.sqrt(np.mean((shown - true) ** 2)), rel=0.1)


def test_a_pixel_that_is_more_uncertain_has_the_larger_error():
    snapshots = [s for run in range(2) for s in a_run(f"r{run}", run, [10, 10, 10, 10, 10, 10])]
    for snapshot in snapshots:
        snapshot.planes.pixel[0, :15] = snapshot.planes.weight[0, 0] * 0.5  # the upper half has no noise at all
    error = noise_of(*snapshots).error.reshape(30, 40)
    assert error[:15].max() < 1e-3
    assert error[15:].min() > 1e-3


def test_the_spread_between_runs_says_how_large_the_error_is_where_there_are_several():
    """Within a run that fills its own gaps, parts differ by far more than whole runs do."""
    snapshots = []
    for seed in range(4):
        first, whole = a_run(f"r{seed}", seed, [16, 16])
        calm = a_run(whole.run, seed + 10, [32], spread=0.05)[0]
        snapshots += [first, replace(whole, block=calm.block)]
    found = noise_of(*snapshots)
    assert found.variance.mean() == pytest.approx(variance(128, 0.05), rel=0.1)


def test_a_duplicate_or_older_snapshot_changes_nothing():
    one, two = Noise(LAYOUT), Noise(LAYOUT)
    a, b = a_run("a", 1, [5, 5, 5]), a_run("b", 2, [5, 5, 5])
    for snapshot in (*a, *b):
        assert one.add(snapshot)
    for snapshot in (b[0], a[0], b[1], a[1], a[2], b[2]):  # the runs' turns do not matter
        assert two.add(snapshot)
    for snapshot in (a[2], b[0], a[1], a[0]):
        assert not two.add(snapshot)
    left, right = one.estimate(), two.estimate()
    assert left is not None
    assert right is not None
    assert np.array_equal(left.variance, right.variance)


def test_a_lost_runs_part_stays_while_others_go_on():
    here, lost = a_run("here", 1, [10, 100, 800]), a_run("lost", 2, [10])
    found = Noise(LAYOUT)
    found.add(lost[0])
    for snapshot in here:
        found.add(snapshot)
    now = found.estimate()
    assert now is not None
    assert (now.runs, now.spp) == (2, 920)


def test_nothing_is_said_before_there_is_something_to_compare():
    found = Noise(LAYOUT)
    assert found.estimate() is None
    first, second = a_run("a", 1, [8, 8])
    found.add(first)
    assert found.estimate() is None
    assert found.level() is None
    found.add(second)
    assert found.level() is not None


def test_an_edited_scene_begins_anew_and_what_is_late_of_the_old_one_is_passed_over():
    found = Noise(LAYOUT)
    old, new = a_run("a", 1, [8, 8, 8]), a_run("a", 2, [8, 8])
    found.add(old[0])
    found.add(old[1])
    assert found.add(replace(new[0], number=3, epoch=1))
    assert found.estimate() is None
    assert not found.add(replace(old[2], number=4))
    assert found.add(replace(new[1], number=5, epoch=1))
    known = found.estimate()
    assert known is not None
    assert known.spp == 16
    found.restart(2)
    assert found.estimate() is None


def test_the_noise_is_not_relied_on_before_the_first_samples_are_in():
    found = Noise(LAYOUT)
    for snapshot in a_run("a", 1, [4, 4, 4]):
        found.add(snapshot)
    assert found.estimate() is not None
    assert found.level() is None


def test_memory_does_not_grow_with_the_snapshots():
    found = Noise(LAYOUT)
    kept = []
    for snapshot in a_run("a", 1, [3] * 60):
        found.add(snapshot)
        (run,) = found._runs.values()
        kept.append(len(run.past))
    assert max(kept) <= 5
    assert min(kept[1:]) >= 1


def test_of_a_single_run_the_change_since_it_was_half_as_long_says_how_large_the_error_is():
    """A sequence that fills its own gaps: what it has after each step differs by more than is left to come."""
    half, whole = a_run("a", 1, [32, 32])
    restless = a_run("a", 2, [48], spread=2.0)[0]
    assert noise_of(half, replace(restless, number=2), replace(whole, number=3)).variance.mean() == pytest.approx(
        noise_of(half, whole).variance.mean(), rel=0.2
    )


def test_of_a_large_film_some_pixels_of_all_columns_are_looked_at():
    wide = FilmLayout(200, 30)
    columns = np.tile(np.arange(200), 30)
    found = Noise(wide, pixels=1000)
    seen = columns[found._look]
    assert 600 < len(seen) <= 1000
    assert len(set(seen)) == 200


def test_light_paths_count_too():
    """Radiance that comes from the lights alone, normalised by screen."""
    layout = FilmLayout(40, 30, screen=True)
    snapshots = []
    for seed, plain in enumerate(a_run(f"r{seed}", seed, [64])[0] for seed in range(4)):
        block = layout.new_block()
        planes = layout.planes(block)
        assert planes.screen is not None
        planes.screen[:] = plain.planes.pixel
        snapshots.append(Snapshot(plain.run, seed, 1, layout, block, samples=0.0, screen_samples=plain.samples))
    assert noise_of(*snapshots).variance.mean() == pytest.approx(variance(256), rel=0.1)


def test_broken_pixels_are_as_if_never_sampled():
    snapshots = [s for run in range(3) for s in a_run(f"r{run}", run, [10])]
    snapshots[0].planes.pixel[0, 3, 4] = np.nan
    snapshots[1].planes.pixel[0, 3, 5] = np.inf
    found = noise_of(*snapshots)
    assert np.isfinite(found.variance).all()
    assert np.isfinite(found.value)
    assert found.known.all()


def test_a_black_film_has_no_noise():
    snapshots = [s for run in range(2) for s in a_run(f"r{run}", run, [10])]
    for snapshot in snapshots:
        snapshot.planes.pixel[:] = 0
    assert noise_of(*snapshots).value == 0


def sparkling(name: str, seed: int, chance: float) -> Snapshot:
    """An even grey, on which one sample of so many is a hundred times as bright."""
    random, block, count = np.random.default_rng(seed), LAYOUT.new_block(), 16
    planes = LAYOUT.planes(block)
    planes.weight[:] = count
    sparks = random.poisson(chance * count, (*TRUE.shape, 1))
    planes.pixel[0] = count * (0.2 + 0.02 * random.standard_normal((*TRUE.shape, 3))) + 20 * sparks
    return Snapshot(name, seed, 1, LAYOUT, block, samples=float(count * TRUE.size))


@pytest.mark.parametrize("chance", [0.002, 0.005, 0.02])
def test_sparks_that_a_display_cuts_off_are_predicted_as_they_are_seen(chance: float) -> None:
    predicted, true = [], []
    for seed in range(0, 40, 2):
        found = noise_of(sparkling("a", seed, chance), sparkling("b", seed + 1, chance))
        truth = np.full_like(found.radiance, 0.2 + 20 * chance)
        shown = Display(truth)
        predicted.append(found.value**2)
        true.append(np.mean(np.square(shown(found.radiance) - shown(truth))))
    assert np.sqrt(np.mean(predicted) / np.mean(true)) == pytest.approx(1, abs=0.15)
