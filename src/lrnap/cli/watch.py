"""`lrnap job JOB watch`: a job of a manager, followed to its end.

On a terminal one picture of it that changes, with a line for each frame that is being rendered; elsewhere a line when
something changes, and every few seconds how far it is.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from typing import Protocol

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.text import Text

from lrnap.cli import report
from lrnap.cli.progress import short
from lrnap.client.entries import JobStatus
from lrnap.client.submitted import SubmittedJob

PLAIN_SECONDS = 5.0  # between lines that say nothing but how far it is
FRAMES_SHOWN = 12
BAR = 40  # characters


class Display(Protocol):
    def show(self, status: JobStatus) -> None: ...
    def close(self) -> None: ...


def watch(job: SubmittedJob, *, as_json: bool) -> int:
    """Until it is over. Ctrl-C ends the watching, and the job goes on."""
    console = Console(stderr=True)
    display: Display = Json() if as_json else Picture(console) if console.is_terminal else Lines()
    status = None
    try:
        for status in job:
            display.show(status)
    except KeyboardInterrupt:
        report.say(f"job {job.name} goes on; `lrnap job {job.name} stop` ends it")
        return report.INTERRUPTED
    finally:
        display.close()
    if status is not None and not as_json:
        print(f"{job.name} {status.state}", flush=True)
    return report.OK


class Json:
    def show(self, status: JobStatus) -> None:
        print(json.dumps(status.as_json()), flush=True)

    def close(self) -> None:
        pass


class Lines:
    """`clock`: seconds that never jump."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._told: object = None
        self._said = 0.0

    def show(self, status: JobStatus) -> None:
        new = (status.state, status.done, status.nodes, status.why, status.error)
        now = self._clock()
        if new == self._told and now - self._said < PLAIN_SECONDS:
            return
        self._told, self._said = new, now
        frames = ", ".join(frame_lines(status))
        print(summary(status) + (f" ({frames})" if frames else ""), file=sys.stderr, flush=True)

    def close(self) -> None:
        pass


class Picture:
    def __init__(self, console: Console) -> None:
        self._live = Live(console=console, transient=True)
        self._live.start()

    def show(self, status: JobStatus) -> None:
        parts: list[Text | ProgressBar] = [Text(summary(status))]
        if status.fraction is not None and not status.over:
            parts.append(ProgressBar(total=1.0, completed=status.fraction, width=BAR))
        self._live.update(Group(*parts, *(Text(f"  {line}") for line in frame_lines(status))))

    def close(self) -> None:
        self._live.stop()


def summary(status: JobStatus) -> str:
    """A job in a line."""
    parts = [f"{status.name}: {status.state.lower()}"]
    if status.frames > 1:
        parts.append(f"{status.done} of {status.frames} frames done")
    elif status.spp:
        parts.append(f"{status.spp:.1f}{_goal(status)} spp")
    if status.fraction is not None and not status.over:
        parts.append(f"{int(100 * status.fraction)} %")  # 100 is for what is done
    if status.nodes:
        parts.append(f"{status.nodes} node{'s' * (status.nodes != 1)}")
    if status.rate:
        parts.append(f"{short(status.rate)} samples/s")
    return ", ".join(parts + [why for why in (status.why, status.error) if why])


def frame_lines(status: JobStatus) -> Iterator[str]:
    """Of the frames that are being rendered."""
    at_work = [*status.at_work.items()]
    for number, spp in at_work[:FRAMES_SHOWN]:
        yield f"frame {number}: {spp:.1f}{_goal(status)} spp"
    if len(at_work) > FRAMES_SHOWN:
        yield f"and {len(at_work) - FRAMES_SHOWN} more"


def _goal(status: JobStatus) -> str:
    goal = status.number("haltspp")
    return f" of {goal:.10g}" if goal else ""
