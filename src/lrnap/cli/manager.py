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
    webhooks: list[str],
    mail: list[str],
    smtp: str | None,
    take_over: bool,
    keep_history: float,
    keep_wishes: float,
) -> int:
    return run_manager(
        listen,
        roots,
        db,
        data,
        nodes,
        insecure,
        metrics,
        log_json,
        webhooks,
        mail,
        smtp,
        take_over,
        keep_history,
        keep_wishes,
    )
