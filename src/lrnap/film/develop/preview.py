"""A film seen from afar: every n-th pixel of it, for a look that has to be quick.

What is measured of it is of the pixels that are left, so a preview is exposed as the picture is, but for chance.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lrnap.film.bands import each
from lrnap.film.radiance import Accumulators
from lrnap.film.snapshot import Block, FilmLayout, Planes

ROWS = 64  # copied at a time


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
    weight = _every(planes.weight, step)
    smaller = FilmLayout(weight.shape[1], weight.shape[0], layout.groups, layout.screen, layout.channels)
    picked = Planes(
        weight,
        _every(planes.alpha, step),
        _groups(planes.pixel, step),
        None if planes.screen is None else _groups(planes.screen, step),
        {name: _every(plane, step) for name, plane in planes.channels.items()},
    )
    share = (smaller.width * smaller.height) / (layout.width * layout.height)
    return Thinned(smaller, picked, film.screen_samples * share)


def _every(plane: Block, step: int) -> Block:
    """The middles of squares of `step` of a plane (H, W, ...)."""
    top, left = (min(step, side) // 2 for side in plane.shape[:2])  # what is thin keeps its middle
    view = plane[top::step, left::step]
    picked: Block = np.empty(view.shape, np.float32)

    def one(rows: slice) -> None:
        picked[rows] = view[rows]

    each(one, view.shape[0], ROWS)
    return picked


def _groups(planes: Block, step: int) -> Block:
    """Of each light group; one that is alone is not copied again."""
    picked = [_every(plane, step) for plane in planes]
    return picked[0][None] if len(picked) == 1 else np.stack(picked)
