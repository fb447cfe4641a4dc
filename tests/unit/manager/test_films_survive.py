"""Films of frames while they are written, folded and looked at, and a manager that is killed between any two steps."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lrnap.errors import LrnapError
from lrnap.film.noise import Noise
from lrnap.film.replace import LEFTOVERS
from lrnap.film.snapshot import FilmLayout, Snapshot
from lrnap.manager import merging
from lrnap.manager.films import FilmStore, Kept
from lrnap.manager.merging import FOLD_AT, Films

KEY, FRAME, EPOCH = "k1", 3, 0
LAYOUT = FilmLayout(4, 3)
RUNS = [f"{KEY}.{FRAME}.{EPOCH}.{seed}" for seed in range(100, 106)]


def value(run: str, number: int) -> float:
    """What each pixel of a snapshot holds: whole, so that sums are exact, and another one for each."""
    return float(number * len(RUNS) + int(run.rpartition(".")[2]) % len(RUNS) + 1)


def snapshot(run: str, number: int, layout: FilmLayout = LAYOUT) -> Snapshot:
    block = np.full(layout.floats, value(run, number), np.float32)
    return Snapshot(run, 1, number, layout, block, samples=12 * value(run, number), seconds=1.0)


def films_in(folder: Path) -> Films:
    return Films(FilmStore(folder), bound=2)


# --- killed


class Killed(BaseException):
    """What nobody catches."""


@contextmanager
def dying(step: int, afterwards: bool) -> Iterator[None]:
    """The so-maniest thing that is done to the disk is the last, or the first that is not done; nothing happens there
    any more then, as no process is there that would do it."""
    done = 0

    def mortal(does: Callable[..., Any]) -> Callable[..., Any]:
        def act(*args: Any, **options: Any) -> Any:
            nonlocal done
            done += 1
            if done > step or (done == step and not afterwards):
                raise Killed
            answer = does(*args, **options)
            if done == step:
                raise Killed
            return answer

        return act

    with pytest.MonkeyPatch.context() as patch:
        for owner, name in ((os, "fsync"), (Path, "replace"), (Path, "unlink"), (Path, "mkdir")):
            patch.setattr(owner, name, mortal(getattr(owner, name)))
        yield


acts = st.one_of(
    st.tuples(st.just("put"), st.integers(0, len(RUNS) - 1), st.integers(0, 2)),
    st.tuples(st.just("over"), st.integers(1, len(RUNS)), st.just(0)),
    st.tuples(st.just("fold"), st.just(0), st.just(0)),
    st.tuples(st.just("look"), st.just(0), st.just(0)),
)
lives = st.lists(
    st.tuples(st.lists(acts, min_size=1, max_size=12), st.integers(1, 30), st.booleans()), min_size=1, max_size=4
)


@given(lives)
@settings(max_examples=80, deadline=None)
def test_a_manager_that_is_killed_between_any_two_steps_has_what_it_had_counted_and_nothing_twice(
    lives: list[tuple[list[tuple[str, int, int]], int, bool]],
) -> None:
    with TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        patch.setattr(merging, "FOLD_AT", 2)
        folder = Path(name) / "films"
        counted: dict[str, int] = {}  # what the core has heard
        tried: dict[str, int] = {}
        for taken, step, afterwards in lives:
            films = films_in(folder)
            try:
                with dying(step, afterwards):
                    films.store.tidy()
                    for act in taken:
                        perform(films, act, counted, tried)
            except Killed:
                pass
            check(folder, counted, tried)
            films_in(folder).store.tidy()
            check(folder, counted, tried)
            assert not [*folder.glob(f"*/*/{LEFTOVERS}")]


def perform(films: Films, act: tuple[str, int, int], counted: dict[str, int], tried: dict[str, int]) -> None:
    what, which, more = act
    match what:
        case "put":
            run = RUNS[which]
            number = counted.get(run, 0) + more
            tried[run] = max(number, tried.get(run, 0))
            if films.put(snapshot(run, number)):
                counted[run] = max(number, counted.get(run, 0))
        case "over":
            films.over(KEY, FRAME, EPOCH, RUNS[:which])
        case "fold":
            films.fold(KEY, FRAME, EPOCH)
        case "look":
            films.merged(KEY, FRAME, EPOCH)


def check(folder: Path, counted: dict[str, int], tried: dict[str, int]) -> None:
    """The disk has what was counted, at the least, and its film is the sum of what it says that it has."""
    store = FilmStore(folder)
    known = [*store.counted(KEY)]
    numbers = {one.run: one.count.number for one in known}
    assert len(numbers) == len(known), "a run counts twice"
    assert all(numbers.get(run, -1) >= number for run, number in counted.items())
    assert all(number <= tried[run] for run, number in numbers.items())
    assert all(one.count.samples == 12 * value(one.run, one.count.number) for one in known)
    merged = films_in(folder).merged(KEY, FRAME, EPOCH)
    total = sum(value(run, number) for run, number in numbers.items())
    if merged is None:
        assert not numbers
    else:
        assert merged.samples == 12 * total
        assert (merged.block == total).all()
    counted.update(numbers)  # as a manager does when it is started


# --- alive


def test_runs_that_are_over_become_one_film_while_the_others_go_on(tmp_path: Path) -> None:
    films = films_in(tmp_path)
    ended = [f"{KEY}.{FRAME}.{EPOCH}.{seed}" for seed in range(200, 200 + 5 * FOLD_AT)]
    assert films.put(snapshot(RUNS[0], 1))
    most = 0
    for many, run in enumerate(ended):
        assert films.put(snapshot(run, 1))
        films.over(KEY, FRAME, EPOCH, ended[:many])
        most = max(most, len([*tmp_path.glob("*/*/*.run")]))
    assert most <= FOLD_AT + 2
    assert not films.put(snapshot(ended[0], 2)), "a run that is folded counts no more"
    assert films.put(snapshot(RUNS[0], 2))
    merged = films.merged(KEY, FRAME, EPOCH)
    assert merged is not None
    total = value(RUNS[0], 2) + sum(value(run, 1) for run in ended)
    assert (merged.samples, merged.block[0]) == (12 * total, total)
    again = films_in(tmp_path).merged(KEY, FRAME, EPOCH)
    assert again is not None
    assert (again.samples, again.block[0]) == (12 * total, total)
    assert {known.run for known in films.store.counted(KEY)} == {RUNS[0], *ended}


def test_no_frame_waits_for_a_film_that_is_being_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    films = films_in(tmp_path)
    films.put(snapshot(RUNS[0], 1))
    writes, may = threading.Event(), threading.Event()
    fsync = os.fsync

    def slow(handle: int) -> None:
        if threading.current_thread() is slow_one:
            writes.set()
            assert may.wait(120)
        fsync(handle)

    monkeypatch.setattr(os, "fsync", slow)
    slow_one = threading.Thread(target=films.put, args=[snapshot(RUNS[1], 1)])
    slow_one.start()
    try:
        assert writes.wait(120)
        assert films.put(snapshot(RUNS[0], 2))
        assert films.put(snapshot(RUNS[1], 2)), "the same run's next one overtakes"
        merged = films.merged(KEY, FRAME, EPOCH)
        assert merged is not None
        assert merged.samples == 12 * (value(RUNS[0], 2) + value(RUNS[1], 2))
    finally:
        may.set()
        slow_one.join()
    merged = films.merged(KEY, FRAME, EPOCH)
    assert merged is not None
    assert merged.samples == 12 * (value(RUNS[0], 2) + value(RUNS[1], 2)), "what comes late changes nothing"
    assert not [*tmp_path.glob(f"*/*/{LEFTOVERS}")]


def test_a_film_that_comes_while_its_run_is_folded_does_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    films = films_in(tmp_path)
    for run in RUNS[:2]:
        films.put(snapshot(run, 1))
    write, answers = films.store.checkpoint, []

    def meanwhile(*args: Any) -> bool:
        answers.append(films.put(snapshot(RUNS[0], 2)))
        answers.append(films.put(snapshot(RUNS[2], 1)))
        return write(*args)

    monkeypatch.setattr(films.store, "checkpoint", meanwhile)
    films.fold(KEY, FRAME, EPOCH)
    assert answers == [False, True]
    merged = films.merged(KEY, FRAME, EPOCH)
    assert merged is not None
    assert merged.samples == 12 * (value(RUNS[0], 1) + value(RUNS[1], 1) + value(RUNS[2], 1))


def test_a_fold_that_the_disk_refuses_leaves_its_runs_as_they_were(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    films = films_in(tmp_path)
    for run in RUNS:
        films.put(snapshot(run, 1))
    with monkeypatch.context() as full:
        full.setattr(os, "fsync", lambda handle: (_ for _ in ()).throw(OSError(28, "No space left on device")))
        with pytest.raises(LrnapError, match="No space left"):
            films.fold(KEY, FRAME, EPOCH)
    assert films.put(snapshot(RUNS[0], 2))
    merged = films.fold(KEY, FRAME, EPOCH)
    assert merged is not None
    assert merged.samples == 12 * (value(RUNS[0], 2) + sum(value(run, 1) for run in RUNS[1:]))
    assert not [*tmp_path.glob("*/*/*.run")]


def test_a_film_whose_file_somebody_removed_is_not_lost_while_the_manager_has_it(tmp_path: Path) -> None:
    films = films_in(tmp_path)
    films.put(snapshot(RUNS[0], 1))
    next(tmp_path.glob("*/*/*.run")).unlink()
    merged = films.fold(KEY, FRAME, EPOCH)
    assert merged is not None
    assert merged.samples == 12 * value(RUNS[0], 1)
    assert [known.run for known in films.store.counted(KEY)] == [RUNS[0]]


def test_films_from_many_threads_are_all_counted(tmp_path: Path) -> None:
    films = films_in(tmp_path)
    numbers = range(1, 6)

    def feed(run: str) -> None:
        for number in numbers:
            assert films.put(snapshot(run, number))
            films.merged(KEY, FRAME, EPOCH)

    threads = [threading.Thread(target=feed, args=[run]) for run in RUNS]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    merged = films.merged(KEY, FRAME, EPOCH)
    assert merged is not None
    total = sum(value(run, numbers[-1]) for run in RUNS)
    assert (merged.samples, merged.block[0]) == (12 * total, total)


def test_sums_that_nobody_asks_for_any_more_leave_the_memory(tmp_path: Path) -> None:
    films = Films(FilmStore(tmp_path), bound=10, sums=2 * LAYOUT.floats * 4)
    for frame in range(5):
        for seed in range(2):
            films.put(snapshot(f"{KEY}.{frame}.0.{seed + 1}", 1))
        assert films.merged(KEY, frame, 0) is not None
    held = [film.held > 0 for frame in range(5) if (film := films.film(KEY, frame, 0)) is not None]
    assert held == [False, False, False, True, True]
    films.put(snapshot(f"{KEY}.7.0.1", 1))
    assert films.merged(KEY, 7, 0) is not None
    alone = films.film(KEY, 7, 0)
    assert alone is not None
    assert alone.held == 0, "the film of a single run is its file"


def test_the_noise_of_a_film_is_known_from_when_somebody_asks(tmp_path: Path) -> None:
    films, noise = films_in(tmp_path), Noise(LAYOUT)
    for run in RUNS[:3]:
        films.put(dotted(run, 3))
        noise.add(dotted(run, 3))
    first = films.level(KEY, FRAME, EPOCH)
    assert first == noise.level()
    assert first is not None
    assert first > 0
    films.put(dotted(RUNS[0], 9))
    noise.add(dotted(RUNS[0], 9))
    assert films.level(KEY, FRAME, EPOCH) == noise.level() != first
    assert films.level(KEY, FRAME + 1, EPOCH) is None


def dotted(run: str, number: int) -> Snapshot:
    """As `snapshot`, with samples enough to tell of noise, of which each run has its own."""
    film = snapshot(run, number)
    film.planes.weight[:] = 10 * number
    film.planes.pixel[:] *= np.random.default_rng(int(value(run, number))).random((4, 3)[::-1])[..., None]
    return film


def test_a_film_of_another_picture_is_refused_before_it_is_written(tmp_path: Path) -> None:
    films = films_in(tmp_path)
    films.put(snapshot(RUNS[0], 1))
    with pytest.raises(LrnapError, match="size 2x2 instead of 4x3"):
        films.put(snapshot(RUNS[1], 1, FilmLayout(2, 2)))
    assert len([*tmp_path.glob("*/*/*")]) == 1


def test_pixels_that_are_not_finite_never_reach_the_disk(tmp_path: Path) -> None:
    films = films_in(tmp_path)
    broken = snapshot(RUNS[0], 1)
    broken.planes.pixel[0, 1, 2, 0] = np.nan
    assert films.put(broken)
    kept: list[Kept] = [*films.store.load(KEY, FRAME, EPOCH)]
    assert np.isfinite(kept[0].snapshot.block).all()
    assert kept[0].snapshot.planes.weight[1, 2] == 0


def test_names_of_things_are_in_the_files_and_in_the_sum_of_folded_runs(tmp_path: Path) -> None:
    called = {"object_id": ("floor", "lamp")}
    layout = FilmLayout(4, 3, channels=("object_id",), names=called)
    films = films_in(tmp_path)
    ended = [f"{KEY}.{FRAME}.{EPOCH}.{seed}" for seed in range(200, 200 + 2 * FOLD_AT)]
    for many, run in enumerate(ended):
        assert films.put(snapshot(run, 1, layout if many % 2 else FilmLayout(4, 3, channels=("object_id",))))
        films.over(KEY, FRAME, EPOCH, ended[:many])
    for known in (films, films_in(tmp_path)):
        merged = known.merged(KEY, FRAME, EPOCH)
        assert merged is not None
        assert merged.layout.names == called


def test_what_is_forgotten_of_a_job_is_not_shown_any_more_and_newer_epochs_stay(tmp_path: Path) -> None:
    films = films_in(tmp_path)
    assert films.put(snapshot(RUNS[0], 1))
    assert films.merged(KEY, FRAME, EPOCH) is not None
    films.forget(KEY, before=EPOCH)
    assert films.merged(KEY, FRAME, EPOCH) is not None, "it is not of before"
    films.forget(KEY, before=EPOCH + 1)
    assert films.merged(KEY, FRAME, EPOCH) is None
    assert films.put(snapshot(RUNS[1], 1))
    films.forget(KEY, None)
    assert films.merged(KEY, FRAME, EPOCH) is None


@pytest.mark.parametrize("own", [RUNS[:3], RUNS[:1]])  # of a single run its file becomes the film
@pytest.mark.parametrize("others", [RUNS[:3], RUNS[:1], RUNS[1:5], RUNS[3:], None])
@pytest.mark.parametrize("moment", ["written", "in its place"])
def test_two_threads_that_fold_a_frame_at_once_count_all_and_nothing_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own: list[str], others: list[str] | None, moment: str
) -> None:
    films = films_in(tmp_path)
    for run in RUNS:
        films.put(snapshot(run, 1))
    checkpoint, reached, may = films.store.checkpoint, threading.Event(), threading.Event()

    def wait(who: threading.Thread) -> None:
        if threading.current_thread() is who and not reached.is_set():
            reached.set()
            assert may.wait(120)

    def slow(*args: Any) -> bool:
        *given, decide = args

        def slowly(put: Callable[[], Kept]) -> bool:
            if moment == "written":
                wait(first)
            return bool(decide(put))

        done = checkpoint(*given, slowly)
        if moment == "in its place":
            wait(first)  # the files of its runs are still there
        return done

    monkeypatch.setattr(films.store, "checkpoint", slow)
    first = threading.Thread(target=films.fold, args=[KEY, FRAME, EPOCH, own])
    first.start()
    try:
        assert reached.wait(120)
        films.fold(KEY, FRAME, EPOCH, others)
        assert not films.put(snapshot(own[0], 2)), "it is being folded"
    finally:
        may.set()
        first.join()
    total = sum(value(run, 1) for run in RUNS)
    for known in (films, films_in(tmp_path)):  # in memory, and on the disk
        merged = known.merged(KEY, FRAME, EPOCH)
        assert merged is not None
        assert (merged.samples, merged.block[0]) == (12 * total, total)
    assert sorted(known.run for known in films.store.counted(KEY)) == RUNS
    left = {path.stem for path in tmp_path.glob("*/*/*.run")}
    assert left == set(RUNS) - {*own, *(RUNS if others is None else others)}
