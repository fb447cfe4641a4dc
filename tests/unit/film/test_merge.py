"""A film is a counter keyed by run: order, repetition and delay of snapshots change nothing."""

from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lrnap.errors import LrnapError
from lrnap.film.merge import Film
from lrnap.film.snapshot import FilmLayout, Snapshot

LAYOUT = FilmLayout(3, 2, ("default", "key"), screen=True)


def whole_numbers(run: str, number: int, layout: FilmLayout = LAYOUT) -> Snapshot:
    """A snapshot that depends on run and number only; integers, so that sums are exact in any order."""
    random = np.random.default_rng([number, *run.encode()])
    block = random.integers(0, 1000, layout.floats).astype(np.float32)
    return Snapshot(run, 1, number, layout, block, samples=float(6 * number), screen_samples=float(number), seconds=1.0)


def same(a: Snapshot, b: Snapshot) -> bool:
    counts = [(s.samples, s.screen_samples, s.seconds, s.number) for s in (a, b)]
    return bool(np.array_equal(a.block, b.block)) and counts[0] == counts[1]


def film_of(*snapshots: Snapshot) -> Film:
    film = Film(LAYOUT)
    for snapshot in snapshots:
        film.add(snapshot)
    return film


some_snapshots = st.lists(st.builds(whole_numbers, st.sampled_from("abcd"), st.integers(1, 5)), max_size=8)


@given(some_snapshots, st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_order_and_repetition_change_nothing(snapshots: list[Snapshot], random) -> None:
    shuffled = snapshots + random.sample(snapshots, len(snapshots) // 2)
    random.shuffle(shuffled)
    assert same(film_of(*snapshots).merged(), film_of(*shuffled).merged())


@given(some_snapshots, some_snapshots, some_snapshots)
@settings(max_examples=40, deadline=None)
def test_a_film_of_films_is_the_film_of_all(a: list[Snapshot], b: list[Snapshot], c: list[Snapshot]) -> None:
    parts = [[replace(s, run=f"{name}{s.run}") for s in part] for name, part in zip("xyz", (a, b, c), strict=True)]
    left = film_of(film_of(*parts[0], *parts[1]).as_snapshot("left"), *parts[2])
    right = film_of(*parts[0], film_of(*parts[1], *parts[2]).as_snapshot("right"))
    flat = film_of(*parts[0], *parts[1], *parts[2])
    assert same(left.merged(), flat.merged())
    assert same(right.merged(), flat.merged())


@given(some_snapshots)
@settings(max_examples=40, deadline=None)
def test_the_newest_snapshot_of_each_run_counts(snapshots: list[Snapshot]) -> None:
    newest = {run: max(s.number for s in snapshots if s.run == run) for run in {s.run for s in snapshots}}
    expected = LAYOUT.new_block()
    for run, number in newest.items():
        expected += whole_numbers(run, number).block
    film = film_of(*snapshots)
    assert np.array_equal(film.merged().block, expected)
    assert film.runs == tuple(sorted(newest))
    assert film.samples == 6 * sum(newest.values())
    assert film.spp == sum(newest.values())
    assert film.merged().screen_samples == sum(newest.values())


def test_add_says_whether_it_changed_something() -> None:
    film = Film(LAYOUT)
    assert film.add(whole_numbers("a", 2))
    before = film.merged()
    assert not film.add(whole_numbers("a", 2))
    assert not film.add(whole_numbers("a", 1))
    assert film.merged() is before
    assert film.add(whole_numbers("a", 3))
    assert film.merged() is not before


def test_what_was_given_out_never_changes() -> None:
    film = film_of(whole_numbers("a", 1), whole_numbers("b", 1))
    merged = film.merged()
    copy = merged.block.copy()
    film.add(whole_numbers("a", 2))
    film.merged()
    assert np.array_equal(merged.block, copy)


def test_the_number_of_a_merged_film_grows_with_every_change() -> None:
    film = film_of(whole_numbers("a", 3))
    numbers = [film.merged().number]
    for newer in (whole_numbers("b", 1), whole_numbers("a", 4), whole_numbers("c", 1)):
        film.add(newer)
        numbers.append(film.merged().number)
    assert numbers == sorted(set(numbers))


def test_a_film_without_runs_is_black() -> None:
    merged = Film(LAYOUT).merged()
    assert not merged.block.any()
    assert merged.samples == merged.spp == 0


@pytest.mark.parametrize("runs", [0, 1, 2, 3])
def test_a_given_block_receives_the_sum(runs: int) -> None:
    film = film_of(*(whole_numbers(run, 1) for run in "abc"[:runs]))
    block = np.full(LAYOUT.floats, 7, np.float32)
    merged = film.merged(into=block)
    assert merged.block is block
    assert np.array_equal(block, film.merged().block)


def test_a_large_film_is_summed_in_bands_like_a_small_one() -> None:
    layout = FilmLayout(1024, 700)  # several bands for several threads
    a, b, c = (whole_numbers(run, 1, layout) for run in "abc")
    film = Film(layout)
    for snapshot in (c, a, b):
        film.add(snapshot)
    assert np.array_equal(film.merged().block, a.block + b.block + c.block)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("plane", ["weight", "alpha", "pixel", "screen"])
@pytest.mark.parametrize("runs", ["a", "ab"])
def test_pixels_that_are_not_finite_are_dropped_and_reported(value: float, plane: str, runs: str) -> None:
    broken = whole_numbers("a", 1)
    broken = replace(broken, block=broken.block.copy())
    values = getattr(broken.planes, plane)
    values[(..., 1, 2, 0) if values.ndim == 4 else (1, 2)] = value
    given = broken.block.copy()
    film = film_of(broken, *(whole_numbers(run, 1) for run in runs[1:]))
    merged = film.merged()
    assert film.dropped == {"a": 1}
    assert np.isfinite(merged.block).all()
    expected = whole_numbers("a", 1).block.copy()
    clean = LAYOUT.planes(expected)
    clean.weight[1, 2] = clean.alpha[1, 2] = 0
    clean.pixel[:, 1, 2] = clean.screen[:, 1, 2] = 0  # type: ignore[index]
    for run in runs[1:]:
        expected += whole_numbers(run, 1).block
    assert np.array_equal(merged.block, expected)
    assert np.array_equal(broken.block, given, equal_nan=True), "the snapshot itself is not touched"
    film.add(whole_numbers("a", 2))
    film.merged()
    assert film.dropped == {}


def test_what_was_dropped_of_an_older_epoch_is_not_told_of_the_new_one() -> None:
    broken = whole_numbers("a", 1)
    broken.planes.weight[0, 0] = np.nan
    film = film_of(broken)
    film.merged()
    assert film.dropped == {"a": 1}
    film.restart(1)
    assert film.dropped == {}


def test_opposite_infinities_of_two_runs_do_not_hide_each_other() -> None:
    plus, minus = (whole_numbers(run, 1) for run in "ab")
    plus, minus = replace(plus, block=plus.block.copy()), replace(minus, block=minus.block.copy())
    plus.planes.pixel[0, 0, 0, 0], minus.planes.pixel[0, 0, 0, 0] = np.inf, -np.inf
    film = film_of(plus, minus)
    assert np.isfinite(film.merged().block).all()
    assert film.dropped == {"a": 1, "b": 1}


def test_huge_but_finite_values_are_kept() -> None:
    huge = whole_numbers("a", 1)
    huge = replace(huge, block=np.full(LAYOUT.floats, 1e37, np.float32))
    film = film_of(huge, whole_numbers("b", 1))
    assert (film.merged().block >= 1e37).all()
    assert film.dropped == {}


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (FilmLayout(2, 3, ("default", "key"), True), "size 2x3 instead of 3x2"),
        (FilmLayout(3, 2, ("default",), True), "light groups default instead of default, key"),
        (FilmLayout(3, 2, ("key", "default"), True), "light groups key, default instead of default, key"),
        (FilmLayout(3, 2, ("default", "key"), False), "light-traced planes absent instead of present"),
    ],
)
def test_another_layout_is_refused_with_what_differs(other: FilmLayout, said: str) -> None:
    film = Film(LAYOUT)
    with pytest.raises(LrnapError, match=said):
        film.add(whole_numbers("a", 1, other))
    assert film.runs == ()


def test_a_block_that_is_not_of_its_layout_is_refused() -> None:
    with pytest.raises(LrnapError, match="holds 5 float32 values where its layout needs 84"):
        Film(LAYOUT).add(replace(whole_numbers("a", 1), block=np.zeros(5, np.float32)))


def test_adding_and_merging_at_once_lose_nothing() -> None:
    film = Film(LAYOUT)
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            film.merged()

    looker = threading.Thread(target=look)
    looker.start()
    for number in range(1, 40):
        for run in "abc":
            film.add(whole_numbers(run, number))
    done.set()
    looker.join()
    assert same(film.merged(), film_of(*(whole_numbers(run, 39) for run in "abc")).merged())


epochs = st.lists(
    st.builds(
        lambda run, number, epoch: replace(whole_numbers(run, number + 10 * epoch), number=number, epoch=epoch),
        st.sampled_from("abc"),
        st.integers(1, 4),
        st.integers(0, 2),
    ),
    max_size=10,
)


@given(epochs, st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_only_the_newest_epoch_counts_in_whatever_order_snapshots_come(snapshots: list[Snapshot], random) -> None:
    newest = max((snapshot.epoch for snapshot in snapshots), default=0)
    shuffled = snapshots + random.sample(snapshots, len(snapshots) // 2)
    random.shuffle(shuffled)
    film = film_of(*shuffled)
    assert same(film.merged(), film_of(*(s for s in snapshots if s.epoch == newest)).merged())
    assert film.merged().epoch == newest


def test_a_film_that_is_restarted_forgets_and_takes_nothing_stale() -> None:
    old = whole_numbers("a", 5)
    film = film_of(old)
    assert film.merged().samples == old.samples
    film.restart(2)
    film.restart(1)  # too late
    assert (film.runs, film.samples, film.epoch) == ((), 0, 2)
    assert not film.add(replace(old, number=9))
    assert not film.add(replace(old, number=9, epoch=1))
    assert (film.merged().samples, film.merged().epoch) == (0, 2)
    new = replace(whole_numbers("a", 1), epoch=2)
    assert film.add(new)  # its number is smaller, its epoch newer
    assert same(film.merged(), film_of(new).merged())
    with pytest.raises(LrnapError):
        film.add(replace(whole_numbers("b", 1, FilmLayout(3, 2)), epoch=3))
    assert film.epoch == 2
