"""The picture while it is developed: mixed from the film band by band, and kept only where a step needs all of it.

As long as no step has to see a pixel's neighbours, a band is mixed anew whenever it is looked at: that costs less than
to write and read a picture of floats, whose first touch alone takes longer than everything else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from lrnap.film.bands import LONG, Room, each
from lrnap.film.develop.colour import sum_and_lit
from lrnap.film.radiance import Accumulators, Light, pouring, summing
from lrnap.film.snapshot import Block

T = TypeVar("T")
Point = Callable[[Block], None]  # changes a band of colours (3, n) in place
CHEAP = 2  # light groups that are mixed twice rather than kept
MOST = 1e20  # the largest factor: of the brightest colour it still makes a finite one


@dataclass(frozen=True, slots=True)
class Gain:
    """The step that makes all colours so many times as bright."""

    factor: float

    def __call__(self, band: Block) -> None:
        band *= np.float32(self.factor)


class Canvas:
    """Red, green, blue and alpha of a film whose light groups look so. `pending`: what is still to be done to each band
    of the colours."""

    def __init__(self, film: Accumulators, lights: Sequence[Light]) -> None:
        self._film = film
        self._lights = list(lights)
        self._soiled = True
        self._pour = pouring(film, lights)
        self._size = film.layout.height, film.layout.width
        self._cheap = sum(any(light) for light in lights) * (1 if film.planes.screen is None else 2) <= CHEAP
        self._planes: Block | None = None
        self.pending: list[Point] = []

    @property
    def pixels(self) -> int:
        return self._size[0] * self._size[1]

    def then(self, point: Point) -> None:
        """One step more for each band."""
        if isinstance(point, Gain) and self._planes is None and not self.pending:
            self._lights = [light.times(point.factor) for light in self._lights]
            huge = max(map(max, self._lights), default=0) > MOST
            self._pour = pouring(self._film, self._lights, soiled=self._soiled or huge)
        else:
            self.pending.append(point)

    def whole(self) -> Block:
        """The colours (3, H, W), which may be changed, with all done that was pending."""
        if self._planes is None:
            planes = np.empty((4, self.pixels), np.float32)
            self._over(lambda span, band: np.copyto(planes[:, span], band))
            self._planes = planes
        elif self.pending:
            self._over(lambda *_: None)
        self.pending.clear()
        return self._planes[:3].reshape(3, *self._size)

    def look(self, work: Callable[[Block], T]) -> list[T]:
        """What `work` gives for each band of the colours (3, n), which it must not change."""
        if self.pending or not self._cheap:
            self.whole()
        return self._over(lambda _, band: work(band[:3]), planes=3)

    def sums(self, weights: npt.NDArray[np.float32]) -> list[tuple[float, int]]:
        """Of each band the sum of luminances, of which `weights` are what each colour adds, and how many are lit."""
        if self._planes is not None or self.pending:
            return self.look(lambda band: sum_and_lit(band, weights))
        parts = each(summing(self._film, self._lights, weights), self.pixels, LONG)
        found = [part for part in parts if part is not None]
        if len(found) < len(parts):
            return self.look(lambda band: sum_and_lit(band, weights))
        self._soiled = False
        return found

    def finish(self, work: Callable[[slice, Block], None]) -> None:
        """Hands each band (4, n) to `work` with all done, for the last time."""
        self._over(work)
        self.pending.clear()

    def _over(self, work: Callable[[slice, Block], T], planes: int = 4) -> list[T]:
        kept, room = self._planes, Room()

        def one(span: slice) -> T:
            if kept is None:
                band = room("band", planes, span.stop - span.start)
                self._pour(span, band)
            else:
                band = kept[:, span]
            for point in self.pending:
                point(band[:3])
            return work(span, band)

        return each(one, self.pixels)
