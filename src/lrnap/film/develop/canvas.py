"""The picture while it is developed: mixed from the film band by band, and kept only where a step needs all of it.

A band is a few thousand pixels, small enough for the processor's cache. As long as no step has to see its neighbours, a
band is mixed anew whenever it is looked at: that costs less than to write and read a picture of floats, whose first
touch alone takes longer than everything else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np

from lrnap.film.bands import each
from lrnap.film.radiance import Accumulators, Light, pouring
from lrnap.film.snapshot import Block

T = TypeVar("T")
Point = Callable[[Block], None]  # changes a band of colours (3, n) in place
CHEAP = 2  # light groups that are mixed twice rather than kept


class Canvas:
    """Red, green, blue and alpha of a film whose light groups look so. `pending`: what is still to be done to each band
    of the colours."""

    def __init__(self, film: Accumulators, lights: Sequence[Light]) -> None:
        self._pour = pouring(film, lights)
        self._size = film.layout.height, film.layout.width
        self._cheap = sum(any(light) for light in lights) * (1 if film.planes.screen is None else 2) <= CHEAP
        self._planes: Block | None = None
        self.pending: list[Point] = []

    @property
    def pixels(self) -> int:
        return self._size[0] * self._size[1]

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

    def finish(self, work: Callable[[slice, Block], None]) -> None:
        """Hands each band (4, n) to `work` with all done, for the last time."""
        self._over(work)
        self.pending.clear()

    def _over(self, work: Callable[[slice, Block], T], planes: int = 4) -> list[T]:
        kept = self._planes

        def one(span: slice) -> T:
            if kept is None:
                band = np.empty((planes, span.stop - span.start), np.float32)
                self._pour(span, band)
            else:
                band = kept[:, span]
            for point in self.pending:
                point(band[:3])
            return work(span, band)

        return each(one, self.pixels)
