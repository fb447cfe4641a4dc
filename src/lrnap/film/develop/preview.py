"""A film seen from afar: every n-th pixel of it, for a look that has to be quick.

What is measured of it is of the pixels that are left, so a preview is exposed as the picture is, but for chance.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from lrnap.film.radiance import Accumulators
from lrnap.film.snapshot import Block, FilmLayout, Planes


@dataclass(frozen=True, slots=True)
class Thinned:
    """The film of every n-th row and column."""

    layout: FilmLayout
    planes: Planes
    screen_samples: float


def thinned(film: Accumulators, width: int, height: int) -> Accumulators:
    """The film with as many pixels as fit into (width, height), its shape kept; the film itself where it does fit."""
    layout, planes = film.layout, film.planes
    step = max(1, -(-layout.width // max(1, width)), -(-layout.height // max(1, height)))
    if step == 1:
        return film
    rows, columns = slice(step // 2, None, step), slice(step // 2, None, step)
    weight = np.ascontiguousarray(planes.weight[rows, columns])
    smaller = FilmLayout(weight.shape[1], weight.shape[0], layout.groups, layout.screen, layout.channels)
    channels: Mapping[str, Block] = {name: plane[rows, columns] for name, plane in planes.channels.items()}
    picked = Planes(
        weight,
        np.ascontiguousarray(planes.alpha[rows, columns]),
        np.ascontiguousarray(planes.pixel[:, rows, columns]),
        None if planes.screen is None else np.ascontiguousarray(planes.screen[:, rows, columns]),
        channels,
    )
    share = (smaller.width * smaller.height) / (layout.width * layout.height)
    return Thinned(smaller, picked, film.screen_samples * share)
