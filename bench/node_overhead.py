"""node_overhead: samples per second through a node / those of bare pyluxcore in one process, same scene, all cores.

The node is used as a user would: a client sends the scene, follows the statistics and fetches films to merge while it
renders. Both take turns, because the machine's speed drifts; the median of the pairs' ratios counts.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from statistics import median

import lrnap
from bench.row import Row
from bench.scenes import BEADS
from lrnap.launch.local import local_node

SECONDS = 20.0
PAIRS = 3


def rows() -> list[Row]:
    bare, through = [], []
    with local_node(threads=os.cpu_count() or 1) as node:
        for _ in range(PAIRS):
            bare.append(_bare())
            through.append(_through(node.url))
    detail = (
        f"bead dish, {PAIRS} pairs of {SECONDS:.0f} s on {os.cpu_count()} cores: bare {median(bare):.3g}, "
        f"through a node {median(through):.3g} samples/s"
    )
    return [Row("node_overhead", median(t / b for t, b in zip(through, bare, strict=True)), 0.98, detail)]


def _bare() -> float:
    command = [sys.executable, "-m", "bench.bare", str(BEADS), str(SECONDS)]
    done = subprocess.run(
        command, cwd=Path(__file__).parents[1], capture_output=True, text=True, check=True, start_new_session=True
    )
    return float(done.stdout.splitlines()[-1])


def _through(url: str) -> float:
    with lrnap.Context(url) as lux:
        lux.parse(BEADS)
        job = lux.render(seconds=SECONDS)
        job.wait()
        return job.samples / job.progress.seconds
