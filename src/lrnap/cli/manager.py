"""`lrnap manager`."""

from __future__ import annotations

from pathlib import Path

from lrnap.manager.main import run_manager


def run(
    listen: list[str],
    roots: list[Path],
    db: str | None,
    data: Path | None,
    nodes: list[str],
    insecure: bool,
    metrics: str | None,
    log_json: bool,
) -> int:
    return run_manager(listen, roots, db, data, nodes, insecure, metrics=metrics, log_json=log_json)
