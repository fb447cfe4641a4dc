"""How a render shows itself: a live table on a terminal, plain lines elsewhere, or JSON for programs.

All of it goes to standard error, but for the last line of standard output, which is the picture's path; with `--json`
standard output has one object a line, the last of which holds the path.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Protocol, Self

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from lrnap.client.progress import MemberStatus, Progress
from lrnap.engine.protocol import Halt, RunState

PLAIN_SECONDS = 5.0  # between lines that say nothing but how far it is
GUESS_SECONDS = 2.0  # of rendering, before how long it will take can be said


class Display(Protocol):
    def __enter__(self) -> Self: ...
    def __exit__(self, *exc: object) -> None: ...
    def begin(self, scene: str, halt: Halt) -> None: ...
    def show(self, progress: Progress) -> None: ...
    def wrote(self, progress: Progress, pictures: Sequence[Path]) -> None: ...
    def end(self, progress: Progress, pictures: Sequence[Path]) -> None: ...


def display_for(*, json: bool) -> Display:
    if json:
        return JsonLines()
    return LiveTable() if sys.stderr.isatty() else PlainLines()


class PlainLines:
    """For logs and pipes: a line for each state of each engine, each picture, and every few seconds."""

    def __init__(self) -> None:
        self._states: dict[str, str] = {}
        self._said = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        pass

    def begin(self, scene: str, halt: Halt) -> None:
        self._say(f"rendering {scene} {until(halt)}")

    def show(self, progress: Progress) -> None:
        for number, member in enumerate(progress.members, 1):
            state = state_of(member)
            if self._states.get(member.run) != state:
                self._states[member.run] = state
                self._say(f"  {number} {member.engine}: {state}")
        if time.monotonic() - self._said > PLAIN_SECONDS and progress.samples:
            self._say(f"  {summary(progress)}")

    def wrote(self, progress: Progress, pictures: Sequence[Path]) -> None:
        self._say(f"  {summary(progress)}; wrote {', '.join(map(str, pictures))}")

    def end(self, progress: Progress, pictures: Sequence[Path]) -> None:
        self._say(f"{progress.state.value.lower()}: {summary(progress)}")
        print(pictures[0], flush=True)

    def _say(self, line: str) -> None:
        self._said = time.monotonic()
        print(line, file=sys.stderr, flush=True)


class LiveTable:
    """For a terminal: the job in one line with a bar, and each engine in one line of a table."""

    def __init__(self) -> None:
        self._console = Console(stderr=True)
        self._live = Live(console=self._console, refresh_per_second=8, transient=True)
        self._note = ""

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._live.stop()

    def begin(self, scene: str, halt: Halt) -> None:
        self._console.print(f"Rendering [bold]{scene}[/] {until(halt)}. Ctrl-C stops and keeps the picture.")

    def show(self, progress: Progress) -> None:
        self._live.update(self._render(progress))

    def wrote(self, progress: Progress, pictures: Sequence[Path]) -> None:
        self._note = f"{', '.join(map(str, pictures))} written at {progress.spp:.1f} spp"

    def end(self, progress: Progress, pictures: Sequence[Path]) -> None:
        self._console.print(self._table(progress))
        self._console.print(f"{progress.state.value.capitalize()}: {summary(progress)}")
        print(pictures[0], flush=True)

    def _render(self, progress: Progress) -> Group:
        head = Table.grid(padding=(0, 1))
        text = ", ".join(part for part in (summary(progress), left(progress)) if part)
        width = min(30, max(10, self._console.width - len(text) - 1))
        bar = ProgressBar(total=1.0, completed=progress.fraction or 0.0, width=width, pulse=progress.fraction is None)
        head.add_row(bar, Text(text))
        problems = [Text(f"{m.engine} is lost: {m.problem}", style="red") for m in progress.members if m.problem]
        return Group(head, self._table(progress), *problems, Text(self._note, style="dim"))

    def _table(self, progress: Progress) -> Table:
        table = Table(box=None, padding=(0, 2, 0, 0))
        table.add_column("engine")  # what gives way on a narrow terminal
        table.add_column("state", no_wrap=True)
        for name in ("threads", "spp", "samples/s", "seconds"):
            table.add_column(name, justify="right", no_wrap=True)
        for member in progress.members:
            status, style = member.status, "red" if member.problem else ""
            table.add_row(
                Text(member.engine, no_wrap=True, overflow="ellipsis"),
                Text("lost" if member.problem else state_of(member), style=style),
                str(status.threads or ""),
                f"{status.spp:.1f}",
                short(status.samples_per_second),
                f"{status.seconds:.0f}",
            )
        return table


class JsonLines:
    """For programs."""

    def __init__(self) -> None:
        self._said = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        pass

    def begin(self, scene: str, halt: Halt) -> None:
        self._say({"event": "begin", "scene": scene, "halt": asdict(halt)})

    def show(self, progress: Progress) -> None:
        if time.monotonic() - self._said >= 1.0:
            self._say({"event": "progress", **as_json(progress)})

    def wrote(self, progress: Progress, pictures: Sequence[Path]) -> None:
        self._say({"event": "picture", "spp": progress.spp, "pictures": [str(p) for p in pictures]})

    def end(self, progress: Progress, pictures: Sequence[Path]) -> None:
        self._say({"event": "end", **as_json(progress), "picture": str(pictures[0])})

    def _say(self, facts: dict[str, object]) -> None:
        self._said = time.monotonic()
        print(json.dumps(facts), flush=True)


def as_json(progress: Progress) -> dict[str, object]:
    return {
        "state": progress.state.value,
        "spp": progress.spp,
        "samples": progress.samples,
        "samples_per_second": progress.samples_per_second,
        "seconds": progress.seconds,
        "noise": progress.noise,
        "engines": [
            {
                "engine": m.engine,
                "seed": m.seed,
                "state": m.status.state.value,
                "spp": m.status.spp,
                "problem": m.problem,
            }
            for m in progress.members
        ],
    }


def state_of(member: MemberStatus) -> str:
    return f"lost: {member.problem}" if member.problem else member.status.state.value.lower()


def summary(progress: Progress) -> str:
    engines = sum(not m.problem for m in progress.members)
    parts = [f"{progress.spp:.1f} spp", f"{progress.seconds:.1f} s", f"{engines} engine{'s' * (engines != 1)}"]
    if progress.state is RunState.RENDERING:
        parts.insert(1, f"{short(progress.samples_per_second)} samples/s")
    if progress.noise is not None:
        parts.insert(1, f"noise {progress.noise:.2g}")
    return ", ".join(parts)


def left(progress: Progress) -> str:
    """How long it will take at the pace so far; nothing while that is anybody's guess."""
    if progress.state is not RunState.RENDERING or not progress.fraction or progress.seconds < GUESS_SECONDS:
        return ""
    seconds = progress.seconds * (1 / progress.fraction - 1)
    for size, unit in ((3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"about {seconds / size:.0f} {unit} left"
    return f"about {seconds:.0f} s left"


def until(halt: Halt) -> str:
    ends = []
    if halt.spp:
        ends.append(f"{halt.spp:g} samples per pixel")
    if halt.seconds:
        ends.append(f"{halt.seconds:g} s")
    if halt.noise:
        ends.append(f"a noise of {halt.noise:g}")
    return f"until {' or '.join(ends)}" if ends else "until Ctrl-C"


def short(number: float) -> str:
    """1234567 as 1.2M."""
    for factor, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= factor:
            return f"{number / factor:.1f}{letter}"
    return f"{number:.0f}"
