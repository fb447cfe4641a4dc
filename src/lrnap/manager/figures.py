"""docs/watching.md has a table of every figure that servers show: `python -m lrnap.manager.figures` writes it anew
(`make reference`); a test says when it is stale."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lrnap.manager import metrics as of_managers
from lrnap.net.metrics import Figure
from lrnap.node import metrics as of_nodes

PREFIXES: Mapping[str, Sequence[Figure[Any]]] = {"lrnap_manager": of_managers.FIGURES, "lrnap_node": of_nodes.FIGURES}
BEGIN, END = "<!-- figures: made from the tables by `make reference` -->\n", "<!-- end -->"


def names() -> set[str]:
    """As Prometheus knows them."""
    return {f"{prefix}_{row.name}" for prefix, rows in PREFIXES.items() for row in rows}


def table() -> str:
    head = ["| figure | kind | by | what |", "|---|---|---|---|"]
    rows = [
        f"| `{prefix}_{row.name}` | {row.kind} | {row.label} | {row.doc} |"
        for prefix, figures in PREFIXES.items()
        for row in figures
    ]
    return "\n".join([*head, *rows])


def written(page: str) -> str:
    """The page with the table as it is now."""
    before, _, rest = page.partition(BEGIN)
    return f"{before}{BEGIN}\n{table()}\n\n{END}{rest.partition(END)[2]}"


if __name__ == "__main__":
    path = Path(sys.argv[1])
    path.write_text(written(path.read_text()))
