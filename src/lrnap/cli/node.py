"""`lrnap node`."""

from __future__ import annotations

from pathlib import Path

from lrnap.node.main import run_node


def run(listen: list[str], threads: int, roots: list[Path], data: Path | None, insecure: bool) -> int:
    return run_node(listen=listen, threads=threads, roots=roots, data=data, insecure=insecure)
