"""What a manager shows to Prometheus. Reads what is in memory, between two steps or during one: counts, no lists."""

from __future__ import annotations

from collections import Counter

from lrnap.manager.jobs import JobState
from lrnap.manager.nodes import Presence, Standing
from lrnap.manager.runs import Run
from lrnap.manager.service import Manager
from lrnap.net.metrics import Figure


def _jobs(manager: Manager) -> dict[str, float]:
    known = manager.store.counts()
    return {state.name.lower(): float(known.get(state, 0)) for state in JobState}


def _nodes(manager: Manager) -> dict[str, float]:
    known = Counter(node.presence for node in [*manager.office.desk.core.world.nodes.values()])
    return {presence.name.lower(): float(known[presence]) for presence in Presence}


def _standing(manager: Manager) -> dict[str, float]:
    known = Counter(node.standing for node in [*manager.office.desk.core.world.nodes.values()])
    return {standing.name.lower(): float(known[standing]) for standing in Standing}


def _runs(manager: Manager) -> list[Run]:
    world = manager.office.desk.core.world
    return [run for name in [*world.run_on.values()] if (run := world.runs.get(name)) is not None]


FIGURES: tuple[Figure[Manager], ...] = (
    Figure("jobs", "Jobs by state, in the store.", _jobs, label="state"),
    Figure("nodes", "Nodes by presence.", _nodes, label="presence"),
    Figure("nodes_by_standing", "Nodes by what people and experience say of them.", _standing, label="standing"),
    Figure("runs", "Runs that hold a node.", lambda m: float(len(_runs(m)))),
    Figure("samples_per_second", "Camera samples, all runs.", lambda m: sum(run.rate for run in _runs(m))),
    Figure("threads", "Processors that render.", lambda m: float(sum(run.threads for run in _runs(m)))),
    Figure("assets_bytes", "Scenes, their files and large arrays.", lambda m: float(m.assets.bytes)),
    Figure(
        "assets_received_bytes_total", "Of those, what has come.", lambda m: float(m.assets.received), kind="counter"
    ),
    Figure("events_waiting", "Events that are not handled yet.", lambda m: float(m.office.waiting)),
    Figure("events_total", "Events handled.", lambda m: float(m.office.handled), kind="counter"),
    Figure("steps_total", "Steps stored.", lambda m: float(m.office.steps), kind="counter"),
)
