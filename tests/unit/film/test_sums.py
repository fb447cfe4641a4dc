"""A sum in which one block is exchanged is as good as a fresh one, however often it was."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lrnap.film.merge import MERGED, UNSEEN, Film
from lrnap.film.snapshot import Block, FilmLayout, Snapshot
from lrnap.film.sums import WORTH, RunningSum, add_up

ALL = ("albedo", "normal", "geometry_normal", "position", "uv", "depth", "material_id", "object_id")
LAYOUT = FilmLayout(7, 5, ("sun", "sky"), screen=True)
WITH_CHANNELS = replace(LAYOUT, channels=ALL)
EPSILON = float(np.finfo(np.float32).eps)


def whole(random: np.random.Generator, layout: FilmLayout) -> Block:
    """Of whole numbers, so that each sum is exact. Ids are few, so that runs agree on many pixels."""
    block = random.integers(0, 100, layout.floats).astype(np.float32)
    planes = layout.planes(block)
    for name in {"material_id", "object_id"} & planes.channels.keys():
        votes = planes.channels[name]
        votes[..., 1] = random.integers(0, 5, votes.shape[:2])
        votes[..., 0] = random.integers(1, 3, votes.shape[:2]) * (votes[..., 1] > 0)
        votes[..., 3] = (votes[..., 1] > 0) & (random.random(votes.shape[:2]) < 0.2)
        votes[..., 2] = votes[..., 3] * 7
    if "depth" in planes.channels:
        planes.channels["depth"][:] = random.integers(0, 4, planes.channels["depth"].shape)
    return block


@given(st.integers(0, 2**32), st.integers(1, 6), st.integers(1, 20), st.booleans())
@settings(max_examples=60, deadline=None)
def test_after_any_exchanges_it_is_the_sum_of_what_is_there(seed: int, many: int, changes: int, looks: bool) -> None:
    random = np.random.default_rng(seed)
    blocks = [whole(random, WITH_CHANNELS) for _ in range(many)]
    running = RunningSum(WITH_CHANNELS, add_up(blocks, WITH_CHANNELS)[0])
    for _ in range(changes):
        new, which = whole(random, WITH_CHANNELS), int(random.integers(0, len(blocks) + 1))
        old = blocks[which] if which < len(blocks) else None
        blocks[which : which + 1] = [new]
        running.exchange(old, new, blocks)
        expected = add_up(blocks, WITH_CHANNELS)[0]
        assert np.array_equal(running.total, expected)
        if looks:
            running.give()


def test_a_thousand_exchanges_leave_it_within_the_rounding_of_a_fresh_sum() -> None:
    random = np.random.default_rng(5)
    many = 16
    blocks = [np.exp(random.normal(0, 4, LAYOUT.floats)).astype(np.float32) for _ in range(many)]
    running = RunningSum(LAYOUT, add_up(blocks, LAYOUT)[0])
    for change in range(1000):
        which = change * 7 % many
        new = blocks[which] + np.exp(random.normal(0, 4, LAYOUT.floats)).astype(np.float32)
        old, blocks[which] = blocks[which], new
        running.exchange(old, new, blocks)
    exact = np.sum([block.astype(np.float64) for block in blocks], axis=0)
    assert np.max(np.abs(running.total / exact - 1)) <= 2 * many * EPSILON / 2


def test_a_bright_value_that_goes_takes_nothing_with_it() -> None:
    faint, bright = (np.full(LAYOUT.floats, value, np.float32) for value in (1.25, 3e20))
    blocks = [faint, faint, bright]
    running = RunningSum(LAYOUT, add_up(blocks, LAYOUT)[0])
    blocks[2] = faint
    running.exchange(bright, faint, blocks)
    assert (running.total == 3 * 1.25).all()


def test_values_of_either_sign_that_nearly_vanish_are_summed_afresh() -> None:
    low, high, small = (np.full(LAYOUT.floats, value, np.float32) for value in (-1e12, 1e12, 0.5))
    blocks = [low, small, high]
    running = RunningSum(LAYOUT, add_up([low, small], LAYOUT)[0])
    running.exchange(None, high, blocks)
    blocks = [small, small, small]
    running.exchange(high, small, [low, small, small])
    running.exchange(low, small, blocks)
    assert (running.total == 1.5).all()


def test_what_was_given_stays_as_it_is() -> None:
    one, two = (np.full(LAYOUT.floats, value, np.float32) for value in (1, 2))
    running = RunningSum(LAYOUT, one)
    running.exchange(one, two, [two])
    assert (one == 1).all()
    given = running.give()
    running.exchange(None, one, [two, one])
    assert (given == 2).all()
    assert (running.total == 3).all()


# --- a film that keeps such a sum


def snapshot(run: str, number: int, layout: FilmLayout = LAYOUT) -> Snapshot:
    random = np.random.default_rng([number, *run.encode()])
    return Snapshot(run, 1, number, layout, whole(random, layout), samples=35.0 * number, seconds=float(number))


RUNS = [f"run{i:02}" for i in range(4 * WORTH)]


def film_of_many() -> Film:
    film = Film(LAYOUT)
    for run in RUNS:
        film.add(snapshot(run, 1))
    return film


def fresh(film: Film) -> Snapshot:
    again = Film(film.layout)
    again.restart(film.epoch)
    for part in film.newest:
        again.add(part)
    return again.merged()


def same(a: Snapshot, b: Snapshot) -> bool:
    counts = [(s.samples, s.screen_samples, s.seconds, s.number, s.epoch) for s in (a, b)]
    return bool(np.array_equal(a.block, b.block)) and counts[0] == counts[1]


steps = st.lists(
    st.tuples(st.sampled_from(["add", "add", "look", "settle", "rest", "fold"]), st.integers(0, len(RUNS) - 1)),
    max_size=30,
)


@given(steps)
@settings(max_examples=60, deadline=None)
def test_whoever_looks_whenever_sees_the_newest_of_every_run(taken: list[tuple[str, int]]) -> None:
    film, numbers = film_of_many(), dict.fromkeys(RUNS, 1)
    for what, which in taken:
        match what:
            case "add":
                numbers[RUNS[which]] += 1
                film.add(snapshot(RUNS[which], numbers[RUNS[which]]))
            case "look":
                assert same(film.merged(), fresh(film))
            case "settle":
                film.settle()
            case "rest":
                film.rest()
            case "fold":
                parts = [part for part in film.newest if part.run in (MERGED, RUNS[which])]
                both = Film(LAYOUT)
                for part in parts:
                    both.add(part)
                assert film.fold(parts, both.merged())
    assert same(film.merged(), fresh(film))


def test_a_fold_of_what_is_not_the_newest_any_more_changes_nothing() -> None:
    film = film_of_many()
    first = film.newest[0]
    film.add(snapshot(first.run, 2))
    before = film.newest
    assert not film.fold([first, before[1]], replace(first, run=MERGED))
    assert film.newest == before


def test_a_film_that_nobody_looks_at_is_not_summed() -> None:
    film = film_of_many()
    film.settle()
    assert film.held == 0
    film.merged()
    assert film.held == LAYOUT.floats * 4
    for number in range(2, UNSEEN + 4):
        for run in RUNS:
            film.add(snapshot(run, number))
            film.settle()
    assert film.held == 0
    assert same(film.merged(), fresh(film))


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_not_finite_never_reaches_a_sum_that_is_kept(value: float) -> None:
    film = film_of_many()
    film.merged()
    broken = snapshot(RUNS[3], 2)
    broken.planes.pixel[0, 2, 2, 1] = value
    film.add(broken)
    film.settle()
    assert film.dropped == {RUNS[3]: 1}
    assert np.isfinite(film.merged().block).all()
    assert same(film.merged(), fresh(film))
    film.add(snapshot(RUNS[3], 3))
    assert same(film.merged(), fresh(film))
    assert film.dropped == {}
