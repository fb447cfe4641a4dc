"""A node on somebody's machine: while the machine is wanted for other things, rendering waits. Paused, never ended.

    load    others want the processors: other programs than render engines use more than this share of them
    hours   the machine belongs to its user between two times of day
    word    CTL_SET yield on | off | auto: whatever load and hours say

It comes back only once it was quiet for a while. A job that somebody resumes meanwhile is left alone.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lrnap.errors import Code, LrnapError
from lrnap.wire import Status

if TYPE_CHECKING:
    from lrnap.node.jobs import Job
    from lrnap.node.service import Node

LOOK_SECONDS = 5.0  # between two looks: a user waits no longer than that
QUIET_SECONDS = 60.0  # without a reason before rendering goes on: programs come in bursts
ENGINE = "lrnap.engine.child"  # in the command line of those who render, for this node or another
WORDS = ("auto", "on", "off")

_HOURS = re.compile(r"([01]?\d|2[0-4]):([0-5]\d)-([01]?\d|2[0-4]):([0-5]\d)")


@dataclass(frozen=True, slots=True)
class Manners:
    """When to yield. `load`: share of all processors, 0 to 1. `hours`: minutes of the day from and to, maybe over
    midnight."""

    load: float | None = None
    hours: tuple[int, int] | None = None

    @classmethod
    def parse(cls, load: float | None, hours: str | None) -> Manners:
        """Raises LrnapError (ARGS) for what is no share and no hours."""
        if load is not None and not 0 < load <= 1:
            raise LrnapError(Code.ARGS, f"--yield-load is a share of the processors, above 0 to 1, not {load:g}")
        return cls(load, None if hours is None else _minutes(hours))

    @property
    def none(self) -> bool:
        return self.load is None and self.hours is None

    def why(self, minute: int, others: float) -> str:
        """The reason to yield at a minute of the day, while others use that share of the processors; empty: none."""
        if self.hours is not None:
            begin, end = self.hours
            if begin <= minute < end if begin < end else not end <= minute < begin:
                return f"until {end // 60:02}:{end % 60:02} the machine is its user's"
        if self.load is not None and others > self.load:
            return f"other programs use {others:.0%} of the processors"
        return ""


@dataclass(slots=True, eq=False)
class Courtesy:
    """The state of it: `why` is empty while the node may render."""

    manners: Manners = Manners()
    word: str = "auto"
    why: str = ""
    _quiet_since: float | None = None
    _paused: set[Job] = field(default_factory=set)  # by courtesy; who else pauses a job resumes it

    def say(self, word: str) -> None:
        """What CTL_SET yield says; it shows at the next look. Raises LrnapError for another word."""
        if word.lower() not in WORDS:
            raise LrnapError(Code.ARGS, f"yield is on, off or auto, not {word[:40]!r}")
        self.word, self.why, self._quiet_since = word.lower(), "", None
        self._paused = {job for job in self._paused if job.state is Status.PAUSED}  # others are asked anew

    def look(self, minute: int, others: float, now: float) -> None:
        """Decides anew. `now`: monotonic seconds."""
        if self.word != "auto":
            self.why, self._quiet_since = "somebody said so" if self.word == "on" else "", None
            return
        reason = self.manners.why(minute, others)
        if reason:
            self.why, self._quiet_since = reason, None
        elif self.why:
            self._quiet_since = now if self._quiet_since is None else self._quiet_since
            if now - self._quiet_since >= QUIET_SECONDS:
                self.why, self._quiet_since = "", None

    async def apply(self, node: Node) -> None:
        """Pauses what renders, or resumes what was paused by this."""
        jobs = [*node.jobs]
        self._paused &= {*jobs}
        for job in jobs:
            with contextlib.suppress(LrnapError):  # it is being built, or over at this moment: the next look sees it
                if self.why and job.state is Status.RENDERING and job not in self._paused:
                    await node.pause(job)
                    self._paused.add(job)
                    node.journal.note(f'job "{job.name}" waits: {self.why}', job)
                elif not self.why and job in self._paused:
                    self._paused.discard(job)
                    if job.state is Status.PAUSED:
                        await node.resume(job)


async def attend(node: Node, pause: float = LOOK_SECONDS, others: Callable[[], float] | None = None) -> None:
    """Looks and acts for as long as the node lives."""
    used = others or OtherPrograms().share
    while True:
        local = time.localtime()
        load = await asyncio.to_thread(used) if node.courtesy.manners.load is not None else 0.0
        node.courtesy.look(local.tm_hour * 60 + local.tm_min, load, time.monotonic())
        await node.courtesy.apply(node)
        await asyncio.sleep(pause)


class OtherPrograms:
    """Processor time of whatever does not render."""

    def __init__(self) -> None:
        self._last = _Times.now()

    def share(self) -> float:
        """Of all processors, since the last call."""
        before, self._last = self._last, _Times.now()
        return self._last.others_since(before)


@dataclass(frozen=True, slots=True)
class _Times:
    """Processor seconds since the machine was started; `engines`: by process."""

    busy: float
    total: float
    engines: Mapping[int, float]

    def others_since(self, before: _Times) -> float:
        rendered = sum(used - before.engines.get(pid, 0.0) for pid, used in self.engines.items())
        total = self.total - before.total
        return max(0.0, min(1.0, (self.busy - before.busy - rendered) / total)) if total > 0 else 0.0

    @classmethod
    def now(cls) -> _Times:
        import psutil

        known = psutil.cpu_times()
        total = sum(known[:8]) if hasattr(known, "steal") else sum(known)  # what guests use is in user time, too
        engines = {}
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error, OSError):
                if any(ENGINE in word for word in process.cmdline()):
                    used = process.cpu_times()
                    engines[process.pid] = used.user + used.system
        return cls(total - known.idle - getattr(known, "iowait", 0.0), total, engines)


def _minutes(text: str) -> tuple[int, int]:
    match = _HOURS.fullmatch(text.strip())
    if match is None:
        raise LrnapError(Code.ARGS, f"--yield-hours is FROM-TO, for example 09:00-18:00, not {text[:40]!r}")
    a, b, c, d = map(int, match.groups())
    begin, end = a * 60 + b, c * 60 + d
    if begin == end or max(begin, end) > 24 * 60:
        raise LrnapError(Code.ARGS, f"--yield-hours {text[:40]} is no part of a day")
    return begin, end
