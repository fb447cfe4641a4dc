"""Rows as people read them."""

from __future__ import annotations

import sys

from rich.console import Console
from rich.table import Table

from bench.row import Row


def show(rows: list[Row]) -> None:
    table = Table("name", "value", "aim", "holds", "detail")
    for row in rows:
        table.add_row(
            row.name, f"{row.value:.3g}", row.aim_text, {True: "yes", False: "NO", None: ""}[row.holds], row.detail
        )
    Console(width=160 if not sys.stdout.isatty() else None).print(table)
