"""How long a run has rendered, how fast, and when its engine is to be looked at next."""

from __future__ import annotations

import pytest

from lrnap.engine.stopwatch import FIRST, SELDOMEST, SOONEST, WINDOW, Stopwatch


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def watch(clock: Clock) -> Stopwatch:
    watch = Stopwatch(clock)
    watch.go()
    return watch


def rendered(watch: Stopwatch, clock: Clock, seconds: float, samples: float) -> None:
    clock.now += seconds
    watch.note(watch.samples + samples)


def test_pauses_do_not_count(watch: Stopwatch, clock: Clock) -> None:
    clock.now += 3
    watch.hold()
    clock.now += 50
    assert watch.seconds == 3
    watch.go()
    clock.now += 2
    assert watch.seconds == 5


def test_the_rate_is_that_of_late(watch: Stopwatch, clock: Clock) -> None:
    assert watch.rate == 0
    rendered(watch, clock, 1, 100)
    assert watch.rate == 100
    for _ in range(4):
        rendered(watch, clock, WINDOW / 2, 500 * WINDOW / 2)
    assert watch.rate == 500


def test_an_edit_begins_anew_without_a_pause(watch: Stopwatch, clock: Clock) -> None:
    rendered(watch, clock, 10, 1000)
    watch.reset()
    assert (watch.seconds, watch.samples, watch.rate) == (0, 0, 0)
    clock.now += 1
    assert watch.seconds == 1


def test_an_edit_of_what_is_paused_leaves_it_paused(watch: Stopwatch, clock: Clock) -> None:
    watch.hold()
    watch.reset()
    clock.now += 9
    assert watch.seconds == 0


def test_a_render_is_looked_at_ever_more_seldom(watch: Stopwatch, clock: Clock) -> None:
    waits = [watch.patience(None, None)]
    for _ in range(100):
        clock.now += 0.1
        waits.append(watch.patience(None, None))
    assert waits == sorted(waits)
    assert (waits[0], waits[-1]) == (SOONEST, SELDOMEST)


def test_the_end_is_looked_for_when_it_is_due(watch: Stopwatch, clock: Clock) -> None:
    assert watch.patience(None, 10) == FIRST
    rendered(watch, clock, 10, 1000)
    assert watch.patience(10.125, None) == 0.125
    assert watch.patience(None, 1020) == pytest.approx(0.2)
    assert watch.patience(None, 2000) == SELDOMEST
    assert 0 < watch.patience(5, 10) <= 0.001
