"""merge_incremental: taking one changed snapshot of 64 runs into a picture that somebody watches, beside adding up the
bytes of one film with numpy; and how that grows with the runs.

A round is what a master does with it: count the snapshot, take it into the sum, hand out the merged film. Processor
time of all threads, since what others do on the machine is no cost of ours; both sides take turns. `afresh` is the same
with nothing kept, `put` the whole of `manager.merging.Films.put`, which writes the snapshot to the disk before.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import median
from time import process_time

import numpy as np

from bench.row import Row
from lrnap.film.merge import Film
from lrnap.film.snapshot import FilmLayout, Snapshot
from lrnap.manager.films import FilmStore
from lrnap.manager.merging import Films

RUNS = (1, 4, 16, 64, 256)
SHOWN = 64  # whose figure is the row's
ROUNDS = 15
LAYOUT = FilmLayout(960, 540)
BLOCKS = 64  # that differ; runs beyond share them, so that the memory does not decide
FLAT = 1.5  # times as much for 256 runs as for 16: a constant, and what others do to the processor's cache


def rows() -> list[Row]:
    random = np.random.default_rng(1)
    blocks = [random.random(LAYOUT.floats, np.float32) for _ in range(min(BLOCKS, max(RUNS)))]
    found = {many: _of(many, blocks) for many in RUNS}
    detail = "; ".join(
        f"{name} of " + ", ".join(f"{many}: {costs[which]:.2f}" for many, costs in found.items())
        for which, name in enumerate(("exchanged", "afresh"))
    )
    puts = {many: _put(many, blocks) for many in (1, 16, SHOWN)}
    detail += "; put of " + ", ".join(f"{many}: {cost:.2f}" for many, cost in puts.items())
    growth = found[max(RUNS)][0] / found[16][0]
    return [
        Row("merge_incremental", found[SHOWN][0], None, f"x a numpy add of {LAYOUT.floats * 4 / 1e6:.0f} MB; {detail}"),
        Row("merge_incremental_growth", growth, (0.0, FLAT), f"cost with {max(RUNS)} runs / with 16"),
    ]


def _of(many: int, blocks: list[np.ndarray]) -> tuple[float, float]:
    """What a changed snapshot of so many runs costs, in adds: a film that keeps its sum, and one that does not."""
    kept, other = Film(LAYOUT), Film(LAYOUT)
    runs = [_snapshot(i, blocks) for i in range(many)]
    for film in (kept, other):
        for run in runs:
            film.add(run)
        film.merged()
    adds, exchanges, sums = [], [], []
    into, out = LAYOUT.new_block(), LAYOUT.new_block()
    for number in range(1, ROUNDS + 2):
        newer = replace(runs[number % many], number=number, block=blocks[number % len(blocks)])
        adds.append(_cost(lambda: np.add(blocks[0], blocks[-1], out=out)))
        exchanges.append(_cost(lambda newer=newer: (kept.add(newer), kept.settle(), kept.merged())))  # type: ignore[misc]
        other.rest()
        sums.append(_cost(lambda newer=newer: (other.add(newer), other.merged(into))))  # type: ignore[misc]
    expected = np.sum([part.block for part in kept.newest], axis=0, dtype=np.float64)
    if not np.allclose(kept.merged().block, expected, rtol=1e-5):
        raise RuntimeError("the merged film is not the sum of its runs")
    plain = median(adds[1:])
    return median(exchanges[1:]) / plain, median(sums[1:]) / plain


def _put(many: int, blocks: list[np.ndarray]) -> float:
    """The same in a manager, with its file."""
    adds, puts = [], []
    out = LAYOUT.new_block()
    with tempfile.TemporaryDirectory(prefix="lrnap-bench-") as name:
        films = Films(FilmStore(Path(name)), bound=4)
        runs = [_snapshot(i, blocks) for i in range(many)]
        for run in runs:
            films.put(run)
        for number in range(1, ROUNDS + 2):
            films.merged("k", 1, 0)
            newer = replace(runs[number % many], number=number, block=blocks[number % len(blocks)])
            adds.append(_cost(lambda: np.add(blocks[0], blocks[-1], out=out)))
            puts.append(_cost(lambda newer=newer: films.put(newer)))  # type: ignore[misc]
    return median(puts[1:]) / median(adds[1:])


def _cost(work: Callable[[], object]) -> float:
    began = process_time()
    work()
    return process_time() - began


def _snapshot(i: int, blocks: list[np.ndarray]) -> Snapshot:
    pixels = float(LAYOUT.width * LAYOUT.height)
    return Snapshot(f"k.1.0.{i + 1}", 1, 0, LAYOUT, blocks[i % len(blocks)], samples=pixels)
