"""merge_4k: what merging two 4K films costs beside adding up as many bytes with numpy.

Both sides write into memory that already exists, and they take turns. The merge is all that a master does when two
snapshots arrive: counting them, the sum, and the check for non-finite values.
"""

from __future__ import annotations

from dataclasses import replace
from statistics import median
from time import perf_counter

import numpy as np

from bench.row import Row
from lrnap.film.merge import Film
from lrnap.film.snapshot import FilmLayout, Snapshot

ROUNDS = 15


def rows() -> list[Row]:
    layout = FilmLayout(3840, 2160)
    first, second = (_snapshot(layout, run) for run in ("a", "b"))
    out, into = layout.new_block(), layout.new_block()
    film = Film(layout)
    adding, merging, ratios = [], [], []
    for number in range(1, ROUNDS + 2):
        begin = perf_counter()
        np.add(first.block, second.block, out=out)
        added = perf_counter()
        film.add(replace(first, number=number))
        film.add(replace(second, number=number))
        film.merged(into=into)
        done = perf_counter()
        if number == 1:  # the first touch of the memory is the system's time, not ours
            continue
        adding.append(added - begin)
        merging.append(done - added)
        ratios.append((added - begin) / (done - added))
    if not np.array_equal(out, into):
        raise RuntimeError("the merged film is not the sum of the two")
    size = layout.floats * 4 / 1e6
    detail = (
        f"two films of {size:.0f} MB: numpy add {median(adding) * 1e3:.0f} ms, merge {median(merging) * 1e3:.0f} ms "
        f"including the check for non-finite values; median of {ROUNDS} pairs"
    )
    return [Row("merge_4k", median(ratios), 0.7, detail)]


def _snapshot(layout: FilmLayout, run: str) -> Snapshot:
    random = np.random.default_rng(len(run))
    block = random.random(layout.floats, np.float32)
    return Snapshot(run=run, seed=1, number=0, layout=layout, block=block, samples=float(layout.width * layout.height))
