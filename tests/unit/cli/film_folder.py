"""Films and pictures in a folder, for tests of commands on films."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from lrnap.film import flm, images, output
from lrnap.film.flm_convert import from_snapshot
from lrnap.film.snapshot import FilmLayout, Snapshot

LAYOUT = FilmLayout(48, 32, ("key", "sky"))


def a_film(seed: int, spp: int = 16, layout: FilmLayout = LAYOUT) -> Snapshot:
    """A gradient with the noise of so many samples."""
    random = np.random.default_rng(seed)
    block = layout.new_block()
    planes = layout.planes(block)
    planes.weight[:] = planes.alpha[:] = spp
    light = np.linspace(0.1, 1, layout.width)[None, None, :, None]
    planes.pixel[:] = light * random.gamma(4 * spp, 1 / 4, planes.pixel.shape)
    return Snapshot(f"run{seed}", seed, 1, layout, block, samples=float(spp * layout.width * layout.height))


def fill(folder: Path) -> Path:
    """Three films in files of their own, one in an EXR, one without noise, two grey pictures."""
    for seed in (1, 2, 3):
        flm.write(folder / f"{seed}.flm", from_snapshot(a_film(seed)))
    output.save(folder / "4.exr", a_film(4), weights=True)
    flm.write(folder / "perfect.flm", from_snapshot(a_film(9, spp=100_000)))
    images.write(folder / "grey.png", np.full((8, 8, 3), 0.5))
    images.write(folder / "lighter.png", np.full((8, 8, 3), 0.6))
    return folder
