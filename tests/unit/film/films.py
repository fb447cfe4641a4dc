"""Small films for tests."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lrnap.film.snapshot import FilmLayout, Snapshot


def film_of(
    colours: npt.ArrayLike, alpha: float = 1.0, weight: float = 4.0, run: str = "a", number: int = 1
) -> Snapshot:
    """A snapshot of one light group whose radiance is `colours` (H, W, 3)."""
    radiance = np.asarray(colours, np.float32)
    layout = FilmLayout(radiance.shape[1], radiance.shape[0])
    block = layout.new_block()
    planes = layout.planes(block)
    planes.weight[:] = weight
    planes.alpha[:] = weight * alpha
    planes.pixel[0] = radiance * np.float32(weight)
    return Snapshot(run, 1, number, layout, block, samples=weight * layout.width * layout.height, seconds=2.0)


def noise(height: int = 9, width: int = 7, seed: int = 0) -> npt.NDArray[np.float32]:
    """Radiance over several orders of magnitude, with a black pixel."""
    random = np.random.default_rng(seed)
    colours = np.exp(random.normal(0, 2, (height, width, 3))).astype(np.float32)
    colours[0, 0] = 0
    return colours
