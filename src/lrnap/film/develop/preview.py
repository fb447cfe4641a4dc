"""A film seen from afar: every n-th pixel of it, for a look that has to be quick.

What is measured of it is of the pixels that are left, so a preview is exposed as the picture is, but for chance.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

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
    weight = _one(planes.weight[..., None], step)[..., 0]
    smaller = FilmLayout(weight.shape[1], weight.shape[0], layout.groups, layout.screen, layout.channels)
    picked = Planes(
        weight,
        _one(planes.alpha[..., None], step)[..., 0],
        _every(planes.pixel, step),
        None if planes.screen is None else _every(planes.screen, step),
        {name: _one(plane, step) for name, plane in planes.channels.items()},
    )
    share = (smaller.width * smaller.height) / (layout.width * layout.height)
    return Thinned(smaller, picked, film.screen_samples * share)


def _one(plane: Block, step: int) -> Block:
    picked: Block = _every(plane[None], step)[0]
    return picked


def _every(planes: Block, step: int) -> Block:
    """The middles of squares of `step` of planes (G, H, W, floats)."""
    top, left = (min(step, side) // 2 for side in planes.shape[1:3])  # what is thin keeps its middle
    picked: Block = np.empty(planes[:, top::step, left::step].shape, np.float32)
    sources, targets = _pixels(planes)[:, top::step, left::step], _pixels(picked)

    def one(rows: slice) -> None:
        targets[:, rows] = sources[:, rows]

    each(one, picked.shape[1], ROWS)
    return picked


def _pixels(planes: Block) -> npt.NDArray[np.generic]:
    """(G, H, W): each pixel as one thing, whatever it holds; so it takes a third less time to copy."""
    joined = planes.reshape(*planes.shape[:2], -1)
    return joined.view(np.dtype((np.void, planes.itemsize * planes.shape[3])))
