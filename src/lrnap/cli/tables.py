"""Lists of the queue: a table for people, one JSON object a line for programs."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from lrnap.client.entries import Entry

Column = tuple[str, Callable[[Entry], str]]
COLOURS = {"ERROR": "red", "FAILED": "red", "LOST": "red", "FENCED": "red", "RENDERING": "green", "HERE": "green"}


def show(entries: Sequence[Entry], columns: Iterable[Column], *, as_json: bool, none: str) -> None:
    """On standard output. `none`: what is said of an empty list."""
    if as_json:
        for entry in entries:
            print(json.dumps(entry.as_json()), flush=True)
        return
    if not entries:
        print(none)
        return
    shown = [(title, [read(entry) for entry in entries]) for title, read in columns]
    used = [(title, cells) for title, cells in shown if any(cells)]
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for title, cells in used:
        numbers = all(cell[:1] in "0123456789-" for cell in cells)
        table.add_column(title, justify="right" if numbers else "left", overflow="fold")
    for row in zip(*(cells for _, cells in used), strict=True):
        table.add_row(*(Text(cell, style=COLOURS.get(cell, "")) for cell in row))
    console = Console()
    if console.is_terminal:
        console.print(table)
        return
    wide = Console(width=1000, file=io.StringIO())
    with wide.capture() as captured:
        wide.print(table)
    for line in captured.get().splitlines():
        print(line.rstrip())


def show_facts(name: str, facts: Mapping[str, object], *, as_json: bool) -> None:
    """Of one thing, in many lines."""
    if as_json:
        print(json.dumps(facts), flush=True)
        return
    print(name)
    width = max((len(key) for key in facts), default=0)
    for key, value in facts.items():
        print(f"  {key:<{width}}  {value}")


def when(entry: Entry, name: str) -> str:
    """A time of the day, with its date if that is another one."""
    seconds = entry.number(name)
    if not seconds:
        return ""
    then, now = time.localtime(seconds), time.localtime()
    return time.strftime("%H:%M:%S" if then[:3] == now[:3] else "%Y-%m-%d %H:%M", then)


def number(entry: Entry, name: str, digits: int = 1) -> str:
    """Empty where it is not known."""
    return f"{entry.number(name):.{digits}f}" if name in entry.fields else ""


def short_number(entry: Entry, name: str) -> str:
    from lrnap.cli.progress import short

    value = entry.number(name)
    return short(value) if value else ""
