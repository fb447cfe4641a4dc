"""The film of a job as it grows from the snapshots of its engines, and how noisy it is.

A snapshot counts at once or not at all, so nobody who stops waiting leaves it half counted. How noisy the film is with
it takes longer to know, and is found out for one snapshot after the other: the newest judgement stands.
"""

from __future__ import annotations

import asyncio

from lrnap.film.merge import Film
from lrnap.film.noise import Noise
from lrnap.film.resume import check_fits, fitted
from lrnap.film.snapshot import FilmLayout, Snapshot


class JobFilm:
    """`resumed`: a film of the scene to go on with; it counts as one more run, as soon as there is another."""

    def __init__(self, resumed: Snapshot | None = None) -> None:
        self.film: Film | None = None
        self.epoch = 0  # how often the scene was edited
        self.number = 0  # grows with the film
        self.noise: float | None = None  # see `film.noise`; None while nothing can be said of it
        self._resumed = resumed
        self._estimate: Noise | None = None
        self._judging = asyncio.Lock()

    @property
    def resumed(self) -> Snapshot | None:
        """The film that the job goes on with, once it counts."""
        return self._resumed if self.film is not None else None

    def expect(self, layout: FilmLayout) -> None:
        """What an engine's films will be. Raises LrnapError if the film to go on with is another picture's: before
        anything is rendered."""
        if self.film is None and self._resumed is not None:
            check_fits(self._resumed.layout, layout)

    def add(self, snapshot: Snapshot) -> bool:
        """Counts it; False if it is not newer than what is there. Raises LrnapError if it is of another picture, or the
        film to go on with is."""
        if self.film is None:
            self.film, self._estimate = self._begun(snapshot)
        newer = self.film.add(snapshot)
        self.number += newer
        return newer

    async def judge(self, snapshot: Snapshot) -> None:
        """How noisy the film is with one that was counted; and its sum is kept up, if somebody looks at it."""
        film, estimate = self.film, self._estimate
        assert film is not None  # it begins with the first that counts
        assert estimate is not None

        def judged() -> float | None:
            film.settle()
            estimate.add(snapshot)
            return estimate.level()

        async with self._judging:
            noise = await asyncio.to_thread(judged)
            if snapshot.epoch == self.epoch:
                self.noise = noise

    def begin(self, epoch: int) -> None:
        """From now on only snapshots of that epoch count."""
        self.epoch, self.noise, self._resumed = epoch, None, None
        if self.film is not None:
            self.film.restart(epoch)
        if self._estimate is not None:
            self._estimate.restart(epoch)
        self.number += 1

    def _begun(self, first: Snapshot) -> tuple[Film, Noise]:
        """Raises LrnapError if the film to go on with is another picture's."""
        film, estimate = Film(first.layout), Noise(first.layout)
        film.restart(self.epoch)
        if self._resumed is not None:
            self._resumed = fitted(self._resumed, first.layout, first.epoch)
            film.add(self._resumed)
            estimate.add(self._resumed)
        return film, estimate
