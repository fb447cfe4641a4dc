"""The error of films that are independent of each other, each of which is seen once: as `noise.Noise` tells it of runs
of which it has one snapshot each, without keeping any of them.

With the weights W_i and means M_i of the films seen so far, what is kept is the sum of W_i, the mean M of all, and the
sum of W_i (M_i - M)^2, which a new film makes larger by W_i (M_i - M_before) (M_i - M_after).
"""

from __future__ import annotations

import numpy as np

from lrnap.film.noise import Estimate, Noise
from lrnap.film.radiance import inverse_weight
from lrnap.film.snapshot import FilmLayout, Snapshot


class Independent:
    """For films of one layout, channels aside."""

    def __init__(self, layout: FilmLayout) -> None:
        pixels = layout.width * layout.height
        self._resolve = Noise(layout, None).resolve
        self._weight = np.zeros(pixels, np.float32)
        self._mean = np.zeros((pixels, 3), np.float32)
        self._squares = np.zeros((pixels, 3), np.float32)
        self._seen = np.zeros(pixels, np.float32)  # how many films have something there
        self._spp = 0.0
        self._films = 0

    def add(self, film: Snapshot) -> None:
        """A film without samples counts for nothing."""
        look = self._resolve(film)
        if not look.spp > 0:
            return
        self._weight += look.weight
        away = look.radiance - self._mean
        self._mean += (look.weight * inverse_weight(self._weight))[:, None] * away
        self._squares += look.weight[:, None] * away * (look.radiance - self._mean)
        self._seen += look.weight > 0
        self._spp += look.spp
        self._films += 1

    def estimate(self) -> Estimate | None:
        """None while there is nothing to compare, or less than a half of the pixels have anything."""
        known = (self._seen > 1) & (self._weight > 0)
        if 2 * np.count_nonzero(known) < known.size:
            return None
        scale = inverse_weight(np.maximum(self._seen - 1, 0)) * inverse_weight(self._weight)
        variance = np.maximum(self._squares * scale[:, None], 0)
        return Estimate(self._mean, variance, known, self._spp, self._films)
