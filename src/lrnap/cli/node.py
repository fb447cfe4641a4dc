"""`lrnap node`."""

from __future__ import annotations

from pathlib import Path

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
) -> int:
    return run_node(listen, threads, roots, data, insecure, metrics=metrics, log_json=log_json, choice=engine)
