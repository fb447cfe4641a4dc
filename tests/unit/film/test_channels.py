"""Auxiliary channels: they merge in any order, and a picture shows means, the nearest depth, the most frequent id."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lrnap.errors import LrnapError
from lrnap.film import accum
from lrnap.film.channels import CHANNELS, SLOTS, from_shown, in_order, shown
from lrnap.film.merge import Film
from lrnap.film.snapshot import FilmLayout, Snapshot

LAYOUT = FilmLayout(3, 2, ("default", "key"), screen=True, channels=tuple(CHANNELS))


def seen(run: str, number: int, ids: int = SLOTS, layout: FilmLayout = LAYOUT) -> Snapshot:
    """What a run has seen: whole numbers, so that sums are exact in any order; nothing was hit in some pixels."""
    random = np.random.default_rng([number, *run.encode()])
    block = random.integers(0, 1000, layout.floats).astype(np.float32)
    planes = layout.planes(block)
    for name in layout.channels:
        if CHANNELS[name].kind.value == "votes":
            planes.channels[name][:] = 0
            planes.channels[name][..., 0] = random.integers(0, ids, (layout.height, layout.width))
            planes.channels[name][..., 1] = planes.weight
    if "depth" in layout.channels:
        planes.channels["depth"][random.random((layout.height, layout.width)) < 0.3] = 0
    return Snapshot(run, 1, number, layout, block, samples=float(number))


def film_of(*snapshots: Snapshot, layout: FilmLayout = LAYOUT) -> Film:
    film = Film(layout)
    for snapshot in snapshots:
        film.add(snapshot)
    return film


some_runs = st.lists(st.builds(seen, st.sampled_from("abcd"), st.integers(1, 4), st.just(5)), max_size=7)
few_ids = st.lists(st.builds(seen, st.sampled_from("abcd"), st.integers(1, 4)), max_size=5)


@given(some_runs, st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_order_and_repetition_change_nothing(snapshots: list[Snapshot], random) -> None:
    shuffled = snapshots + random.sample(snapshots, len(snapshots) // 2)
    random.shuffle(shuffled)
    assert np.array_equal(film_of(*snapshots).merged().block, film_of(*shuffled).merged().block)


@given(few_ids, few_ids, few_ids)
@settings(max_examples=30, deadline=None)
def test_a_film_of_films_is_the_film_of_all(a: list[Snapshot], b: list[Snapshot], c: list[Snapshot]) -> None:
    parts = [[replace(s, run=f"{name}{s.run}") for s in part] for name, part in zip("xyz", (a, b, c), strict=True)]
    left = film_of(film_of(*parts[0], *parts[1]).as_snapshot("left"), *parts[2])
    right = film_of(*parts[0], film_of(*parts[1], *parts[2]).as_snapshot("right"))
    flat = film_of(*parts[0], *parts[1], *parts[2])
    assert np.array_equal(left.merged().block, flat.merged().block)
    assert np.array_equal(right.merged().block, flat.merged().block)


def one_pixel(run: str, weight: float, **channels: object) -> Snapshot:
    layout = FilmLayout(1, 1, channels=in_order(channels))
    block = layout.new_block()
    planes = layout.planes(block)
    planes.weight[:] = weight
    for name, value in channels.items():
        planes.channels[name][0, 0] = value
    return Snapshot(run, 1, 1, layout, block, samples=weight)


def merged(*snapshots: Snapshot) -> dict[str, list[float]]:
    film = film_of(*snapshots, layout=snapshots[0].layout).merged()
    return {name: shown(name, film.planes.channels[name]).ravel().tolist() for name in film.layout.channels}


def test_depth_is_that_of_the_nearest_thing_any_run_has_seen() -> None:
    assert merged(one_pixel("a", 4, depth=7.0), one_pixel("b", 4, depth=3.5), one_pixel("c", 4, depth=0)) == {
        "depth": [3.5]
    }
    assert merged(one_pixel("a", 4, depth=0.0)) == {"depth": [float("inf")]}


def test_an_id_is_that_of_most_samples_over_all_runs() -> None:
    votes = [(1, 10, 0, 0), (2, 6, 0, 0), (2, 6, 0, 0), (3, 1, 0, 0)]
    parts = [one_pixel(str(i), vote[1], object_id=vote) for i, vote in enumerate(votes)]
    assert merged(*parts) == {"object_id": [2]}
    film = film_of(*parts, layout=parts[0].layout).merged()
    assert film.planes.channels["object_id"].ravel().tolist() == [2, 12, 1, 10]


def test_of_two_ids_with_equal_votes_the_lesser_wins_whoever_comes_first() -> None:
    a, b = one_pixel("a", 5, object_id=(9, 5, 0, 0)), one_pixel("b", 5, object_id=(4, 5, 0, 0))
    assert merged(a, b) == merged(b, a) == {"object_id": [4]}


def test_means_have_a_weight_of_their_own_so_that_runs_without_the_channel_do_not_count() -> None:
    a = one_pixel("a", 1, albedo=(0.5, 0, 1, 1), position=(1, 2, 3, 1))
    b = one_pixel("b", 3, albedo=(0, 0, 3, 3), position=(0, 0, 0, 0))
    assert merged(a, b) == {"albedo": [0.125, 0, 1], "position": [1, 2, 3]}


def test_a_pixel_with_a_channel_that_is_not_finite_was_never_sampled() -> None:
    bad = one_pixel("a", 4, depth=float("nan"), albedo=(1, 1, 1, 4))
    film = film_of(bad, layout=bad.layout)
    assert not film.merged().block.any()
    assert film.dropped == {"a": 1}


def test_channels_travel_with_the_film_and_are_named_in_order() -> None:
    snapshot = seen("a", 1)
    fields = accum.describe(snapshot)
    assert fields["CHANNELS"] == ",".join(CHANNELS)
    back = accum.from_parts(fields, accum.payload(snapshot))
    assert back.layout == LAYOUT
    assert np.array_equal(back.block, snapshot.block)


@pytest.mark.parametrize("names", ["depht", "depth,albedo", "depth,depth", "depth,", "," * 100_000])
def test_a_film_with_other_names_of_channels_is_refused(names: str) -> None:
    fields = accum.describe(seen("a", 1)) | {"CHANNELS": names}
    with pytest.raises(LrnapError, match="CHANNELS"):
        accum.layout_of(fields)


def test_films_of_other_channels_do_not_merge() -> None:
    film = film_of(one_pixel("a", 1, depth=1), layout=FilmLayout(1, 1, channels=("depth",)))
    with pytest.raises(LrnapError, match="channels none instead of depth"):
        film.add(one_pixel("b", 1))


def test_an_unknown_channel_is_named_with_those_there_are() -> None:
    assert in_order(["object_id", " albedo", "", "albedo"]) == ("albedo", "object_id")
    with pytest.raises(LrnapError, match="no channel 'z'; there are albedo, normal"):
        in_order(["z"])


def test_channels_of_a_picture_become_those_of_a_film_that_shows_it_so() -> None:
    picture = {
        "albedo": (0.5, 0.25, 1),
        "position": (-1, 2, 3),
        "uv": (0.5, 4),
        "depth": (3.5,),
        "material_id": (2,),
        "object_id": (0,),
    }
    for name, values in picture.items():
        given = np.array([[values]], np.float32)
        film = from_shown(name, given, np.array([[8]], np.float32))
        assert film.shape == (1, 1, CHANNELS[name].floats), name
        assert np.array_equal(shown(name, film), given), name
    votes = from_shown("material_id", np.array([[[2]]], np.float32), np.array([[8]], np.float32))
    assert votes.ravel().tolist() == [2, 8, 0, 0]
    nothing = from_shown("depth", np.array([[[np.inf]]], np.float32), np.array([[8]], np.float32))
    assert nothing.ravel().tolist() == [0]
