"""What a render node shows to Prometheus."""

from __future__ import annotations

from collections import Counter

from lrnap.net.metrics import Figure
from lrnap.node.machine import cores
from lrnap.node.service import Node
from lrnap.wire import Status


def _jobs(node: Node) -> dict[str, float]:
    states = Counter(job.state for job in tuple(node.jobs))
    return {state.name.lower(): float(states[state]) for state in Status}


def _rendering(node: Node, field: str) -> float:
    """Of the run that holds the engine; 0 without one."""
    return sum(float(getattr(job.status, field)) for job in tuple(node.jobs) if job.active and job.status is not None)


def _samples(node: Node) -> float:
    return node.tally.samples + _rendering(node, "samples")


FIGURES: tuple[Figure[Node], ...] = (
    Figure("jobs", "Jobs by state.", _jobs, label="state"),
    Figure("samples_per_second", "Camera samples of the running job.", lambda n: _rendering(n, "samples_per_second")),
    Figure("samples_per_pixel", "Of the running job.", lambda n: _rendering(n, "spp")),
    Figure("threads", "Processors that render.", lambda n: _rendering(n, "threads")),
    Figure("processors", "Processors that there are.", lambda _: float(cores())),
    Figure("samples_total", "Camera samples, all jobs.", _samples, kind="counter"),
    Figure("runs_total", "Engine processes started.", lambda n: float(n.tally.runs), kind="counter"),
    Figure("runs_failed_total", "Engine processes that failed.", lambda n: float(n.tally.failed), kind="counter"),
    Figure("assets_bytes", "Files and large arrays of scenes that are kept.", lambda n: float(n.assets.bytes)),
    Figure(
        "assets_received_bytes_total", "Of those, what has come.", lambda n: float(n.assets.received), kind="counter"
    ),
    Figure("snapshots", "Snapshots kept for readers.", lambda n: float(len(n.snapshots.kept))),
)
