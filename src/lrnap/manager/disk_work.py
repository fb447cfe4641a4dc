"""What is done with films on the disk, one thing after the other, in the order in which it was wanted.

Frames that are over get their picture and become one film, films of jobs that are gone go. What a disk does not take is
tried again later, and what a manager did not come to is found by the next one.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from pathlib import Path

from lrnap.errors import LrnapError
from lrnap.manager import events, frames, pictures
from lrnap.manager.jobs import Job
from lrnap.manager.merging import Films
from lrnap.manager.scenes import Scenes
from lrnap.manager.store import Store
from lrnap.manager.world import World
from lrnap.node.settings import film_params

log = logging.getLogger("lrnap.manager")

DISK_AGAIN = 5.0  # seconds until what a disk did not take is tried again


class DiskWork:
    """`pictures`: the folder that they are written to."""

    def __init__(self, store: Store, films: Films, scenes: Scenes, pictures: Path) -> None:
        self._store, self._films, self._scenes, self._pictures = store, films, scenes, pictures
        self.unwritten: dict[int, str] = {}  # by job: why a picture of it is not written yet
        self._told = ""  # the last trouble, which is told once
        self._waiting: asyncio.Queue[Callable[[], object]] = asyncio.Queue()

    def do(self, work: Callable[[], object]) -> None:
        """Blocking work, in its turn."""
        self._waiting.put_nowait(work)

    async def go_on(self) -> None:
        while True:
            work = await self._waiting.get()
            try:
                await asyncio.to_thread(work)
            except (LrnapError, OSError) as error:
                if str(error) != self._told:
                    log.error("%s; tried again every %g s", error, DISK_AGAIN)
                self._told = str(error)
                self._later(work)
            except Exception:
                log.exception("defect in work on films")

    def _later(self, work: Callable[[], object]) -> None:
        asyncio.get_running_loop().call_later(DISK_AGAIN, self.do, work)

    # --- blocking

    def found(self, world: World) -> Iterable[events.Event]:
        """What the films on the disk say of the runs that the store has."""
        here = self._films.store.keys()
        for job in [*world.jobs.values()]:
            if job.key not in here and job.id not in world.seeds:
                continue
            found = {known.run: known for known in self._films.store.counted(job.key)}
            for number in world.frames_of[job.id]:
                for row in world.runs_in((job.id, number)):
                    known = found.get(row.name)
                    there = -1 if known is None else known.count.number
                    if row.epoch == job.epoch and row.number > there:  # what the store has heard of is not there
                        yield events.FilmLost(run=row.name)
            for known in found.values():
                yield events.Counted(
                    run=known.run,
                    number=known.count.number,
                    samples=known.count.samples,
                    spp=known.spp,
                    seconds=known.count.seconds,
                    epoch=known.epoch,
                )

    def finish(self, number: int, frame: int) -> None:
        """Blocking: the picture of a frame that is over is written, the films of its runs become one, and that this was
        done is noted: what the next manager does not find noted, it finishes (`unfinished`)."""
        known = self._store.frame(number, frame)
        if known is None or known.frame.state not in frames.FINISHED:  # removed, or rendered further
            self.unwritten.pop(number, None)
            return
        job = known.job
        try:
            self._picture(job, frame, known.frames)
        except LrnapError as error:
            if isinstance(error.__cause__, OSError):  # the disk may have room again
                self.unwritten[number] = str(error)
                raise
            log.error("%s: %s", job.who, error, extra={"job": job.name})
        self.unwritten.pop(number, None)
        self._films.fold(job.key, frame, job.epoch)
        self._films.store.finish(job.key, frame)

    def _picture(self, job: Job, frame: int, of: int) -> None:
        film = self._films.merged(job.key, frame, job.epoch) if job.output else None
        if film is None:
            return
        scene = self._scenes.stored(job.key, job.scene, "").scene if job.scene else None
        path = pictures.place(self._pictures, job.output, frame, of)
        params = {**film_params(scene), **(job.develop or {})}
        pictures.write(path, film, params, {} if scene is None else scene.files)
        self._told = ""
        log.info("%s: frame %d is written to %s", job.who, frame, path, extra={"job": job.name})

    def unfinished(self) -> None:
        """Blocking: frames that were over when the manager before this one ended are finished."""
        left = [*self._films.store.unfinished()]
        jobs = self._store.find_keys({key for key, _ in left})
        for key, frame in left:
            if key in jobs:
                self.finish(jobs[key], frame)
