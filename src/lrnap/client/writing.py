"""A job's files, written anew as its film grows: at given intervals, else as often as is cheap.

A file appears complete or not at all, so when the disk is full the last good picture stays, and who watches is told.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lrnap.client.farm import FarmJob
from lrnap.client.job import facts
from lrnap.client.progress import Progress
from lrnap.client.written import Output
from lrnap.errors import LrnapError
from lrnap.film import images, output
from lrnap.film.develop import Settings
from lrnap.film.replace import replace_file
from lrnap.film.snapshot import Snapshot

SHARE = 0.1  # of the time may go into developing and writing


@dataclass(slots=True)
class _Kept:
    """Files that are written together, every `interval` seconds if that is given."""

    outputs: list[Output]
    interval: float | None
    since: float  # when they were written, or the job began
    written: int = 0  # number of the film that they show

    def due(self, film: int) -> bool:
        return film > self.written and (self.interval is None or time.monotonic() - self.since >= self.interval)


class Writer:
    """Writes pictures and films of one job, developed as `settings` says then. `film_interval`: of .flm files, if it is
    another. `wrote` is told of files that are there, `failed` of those that will be tried again."""

    def __init__(
        self,
        job: FarmJob,
        outputs: Sequence[Output],
        settings: Callable[[], Settings],
        wrote: Callable[[Progress, Sequence[Path]], object] = lambda *_: None,
        failed: Callable[[LrnapError], object] = lambda _: None,
        interval: float | None = None,
        film_interval: float | None = None,
    ) -> None:
        self._job = job
        self._settings = settings
        self._wrote = wrote
        self._failed = failed
        pictures, films = ([o for o in outputs if o.film is wanted] for wanted in (False, True))
        now = time.monotonic()
        self._kept = [_Kept(pictures, interval, now), _Kept(films, film_interval or interval, now)]
        self._lock = asyncio.Lock()

    async def keep_writing(self) -> None:
        async for progress in self._job.changes():
            if any(kept.outputs and kept.due(progress.film) for kept in self._kept):
                began = time.monotonic()
                writing = asyncio.create_task(self.write(all_of_them=False))
                writing.add_done_callback(_heard)
                try:
                    await asyncio.shield(writing)
                except LrnapError as error:  # the disk may have room again for the last one
                    self._failed(error)
                await asyncio.sleep((time.monotonic() - began) * (1 / SHARE - 1))

    async def to_the_end(self) -> None:
        """Writes until the job is over and its last film is written, too. Raises LrnapError if that cannot be."""
        writing = asyncio.create_task(self.keep_writing())
        try:
            await self._job.wait()
        finally:
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)
        if self._job.film is not None:
            await self.write()

    async def write(self, *, all_of_them: bool = True) -> None:
        """Writes what is due, or all that does not show the newest film. Raises LrnapError for the first file that
        cannot be written, when the others are."""
        async with self._lock:
            progress = self._job.progress()
            wanted = [k for k in self._kept if (k.written < progress.film if all_of_them else k.due(progress.film))]
            outputs = [one for kept in wanted for one in kept.outputs]
            if not outputs:
                return
            for kept in wanted:
                kept.since = time.monotonic()
            await asyncio.to_thread(self._write, outputs)
            for kept in wanted:
                kept.written = progress.film
            self._wrote(progress, [one.path for one in outputs])

    def _write(self, outputs: Sequence[Output]) -> None:
        assert self._job.film is not None
        film, settings, notes = self._job.film.merged(), self._settings(), facts(self._job)
        failures: list[LrnapError] = []
        for one in outputs:
            try:
                save(one, film, settings, notes)
            except LrnapError as error:
                failures.append(error)
        if failures:
            raise failures[0]


def save(one: Output, film: Snapshot, settings: Settings, metadata: Mapping[str, object]) -> None:
    """Writes one file."""
    if one.depth:
        replace_file(
            one.path, [output.encode_depth(images.kind_of(one.path), film, metadata, **one.options)], "picture"
        )
    else:
        output.save(one.path, film, settings, metadata, **one.options)


def _heard(task: asyncio.Task[None]) -> None:
    """What fails after nobody waits for it any more, the last picture tells again: without this, asyncio prints it."""
    if not task.cancelled():
        task.exception()
