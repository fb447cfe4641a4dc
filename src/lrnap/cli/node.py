"""`lrnap node`."""

from __future__ import annotations

from pathlib import Path

from lrnap.node.courtesy import Manners
from lrnap.node.main import run_node


def run(
    listen: list[str],
    threads: int,
    roots: list[Path],
    data: Path | None,
    insecure: bool,
    metrics: str | None,
    log_json: bool,
    engine: str,
    yield_load: float | None,
    yield_hours: str | None,
) -> int:
    manners = Manners.parse(yield_load, yield_hours)
    return run_node(
        listen, threads, roots, data, insecure, metrics=metrics, log_json=log_json, choice=engine, manners=manners
    )
