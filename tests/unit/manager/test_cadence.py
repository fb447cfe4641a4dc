"""How often films are fetched: told as the life of a run, on a clock that the test turns."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lrnap.engine.pace import TRANSFER_SHARE
from lrnap.manager.cadence import FRESH, HEARD, Cadence


@dataclass
class Life:
    """What became of a run's films. `films`: when each was asked for, had its turn, was sent, counted."""

    films: list[tuple[float, float, float, float]] = field(default_factory=list)

    @property
    def pauses(self) -> list[float]:
        return [later[1] - film[2] for film, later in zip(self.films, self.films[1:], strict=False)]

    @property
    def ages(self) -> list[float]:
        """How old the film of the picture is when the next one takes its place."""
        return [later[3] - film[1] for film, later in zip(self.films, self.films[1:], strict=False)]

    def share(self, first: int, last: int) -> float:
        """Of the time from one film on until another, that which went into sending."""
        films = self.films[first:last]
        return sum(sent - began for _, began, sent, _ in films) / (self.films[last][1] - films[0][1])


def live(sending: Callable[[], float], keeping: float = 0.0, waiting: float = 0.0, seconds: float = 120.0) -> Life:
    """A run whose first pass is done after a second."""
    cadence, life, now = Cadence(), Life(), 1.0
    assert cadence.next(now) <= now, "the first film is fetched at once"
    while now < seconds:
        asked, began = now, now + waiting
        sent = began + sending()
        life.films.append((asked, began, sent, sent + keeping))
        cadence.took(*life.films[-1])
        now = max(cadence.next(began), sent + keeping)
    return life


def test_films_come_soon_at_first_and_ever_more_seldom() -> None:
    pauses = live(lambda: 0.01).pauses
    assert pauses[0] == pytest.approx(1.0)
    assert pauses == pytest.approx(sorted(pauses))
    assert len([pause for pause in pauses if pause < 2]) <= 5
    assert pauses[-1] == pytest.approx(FRESH, abs=HEARD + 0.1)


@given(st.floats(0.0, 0.4), st.floats(0.0, 0.5), st.floats(0.0, 0.4))
@settings(max_examples=100, deadline=None)
def test_a_picture_is_at_most_five_seconds_old_where_a_tenth_of_the_time_allows_that(
    sending: float, keeping: float, waiting: float
) -> None:
    life = live(lambda: sending, keeping, waiting)
    tenth = sending / TRANSFER_SHARE  # from one film to the next
    assert max(life.ages) <= max(FRESH - HEARD, tenth + waiting + sending + keeping) + 1e-9
    if tenth + waiting + sending + keeping <= FRESH - HEARD:
        assert max(life.ages) <= FRESH - HEARD + 1e-9


@given(st.integers(0, 2**32), st.floats(0.001, 30.0))
@settings(max_examples=100, deadline=None)
def test_a_node_never_spends_more_than_a_tenth_of_its_time_on_films_whatever_they_take(seed: int, most: float) -> None:
    chance = random.Random(seed)
    life = live(lambda: chance.uniform(0, most), seconds=600.0)
    for last in range(1, len(life.films)):
        assert life.share(0, last) <= TRANSFER_SHARE + 1e-9
        assert life.share(last - 1, last) <= TRANSFER_SHARE + 1e-9


def test_whoever_asks_gets_no_film_sooner_than_that() -> None:
    cadence = Cadence()
    assert cadence.rested == -math.inf
    cadence.took(10.0, 10.5, 11.5, 12.0)
    assert cadence.rested == pytest.approx(20.5)
    assert cadence.next(rendered=1.0) == pytest.approx(20.5)
