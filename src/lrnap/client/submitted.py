"""A job in the queue of a manager, in Python: found by its number, so that another one of its name is never meant."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lrnap.client.background import Background
from lrnap.client.entries import Entry, FrameStatus, JobStatus
from lrnap.client.queue_link import Fetched, QueueLink
from lrnap.errors import Code, EngineError, LrnapError
from lrnap.film.replace import replace_file
from lrnap.wire import Scalar, Word
from lrnap.wire.wishes import frames_text, names, node_range, nodes_text

if TYPE_CHECKING:
    from lrnap.film.snapshot import Block, Snapshot

PAGE = 1000  # lines in one answer


class SubmittedJob:
    """A job of a queue. It goes on whether anybody watches it or not.

    >>> job = farm.submit("scene.lxs", spp=500)
    >>> for status in job:
    ...     print(status.state, status.spp, status.why)
    >>> job.save("picture.png")
    """

    def __init__(self, background: Background, link: QueueLink, name: str, number: int) -> None:
        self.name = name
        self.id = number
        self._background = background
        self._link = link
        self._reference = f"#{number}" if number else name

    # -- looking

    @property
    def status(self) -> JobStatus:
        """How it is now."""
        return self._background.call(self._status())

    @property
    def state(self) -> str:
        return self.status.state

    @property
    def why(self) -> str:
        """Why it is not being rendered, in one sentence; empty if it is, or is over."""
        return self.status.why

    @property
    def spp(self) -> float:
        return self.status.spp

    def frames(self) -> list[FrameStatus]:
        return [FrameStatus.of_line(line) for line in self._background.call(self._pages("frames"))]

    def runs(self) -> list[Entry]:
        """What each node has rendered of it: the newest, at most a thousand."""
        lines = self._background.call(self._link.lines("CTL_JOB", self._reference, show=Word("runs")))
        return [Entry.of_line(line) for line in lines]

    def history(self) -> list[Entry]:
        """What happened to it, oldest first. The name of an entry is its number."""
        return [Entry.of_line(line) for line in self._background.call(self._pages("history"))]

    def log(self, lines: int = 100) -> list[str]:
        """What the manager and its nodes noted about it."""
        return [*self._background.call(self._link.lines("CTL_LOG", lines, self._reference))]

    def __iter__(self) -> Iterator[JobStatus]:
        """The status now and after each change, ending with that of the job that is over. Raises as `wait` does."""
        changes = self._link.changes(self._reference)
        before: JobStatus | None = None
        try:
            while True:
                self._background.call(_next(changes))
                status = self.status
                if status != before:
                    yield status
                before = status
                if status.over:
                    break
        finally:
            self._background.call(changes.aclose())
        _raise_if_failed(status)

    def wait(self, timeout: float | None = None) -> bool:
        """Until it is over; False if `timeout` seconds pass before. Raises LrnapError if it failed."""
        try:
            status = self._background.call(self._over(), timeout)
        except TimeoutError:
            return False
        _raise_if_failed(status)
        return True

    # -- its film

    def film(self, frame: int | None = None) -> Snapshot:
        """The film as it is now, summed over its nodes; of one of many frames, the first that has a film if none is
        named. Raises RemoteError (STATE) while there is none."""
        from lrnap.film import accum

        fetched = self._fetch(frame, format=Word("accum"))
        fields = {key.upper(): str(value) for key, value in fetched.fields.items()}
        return accum.from_parts(fields, fetched.data)

    def picture(self, frame: int | None = None) -> Block:
        """The film developed as its scene says: float32 (height, width, 4), red green blue alpha in [0, 1], top row
        first."""
        from lrnap.film import images

        fetched = self._fetch(frame, format=Word("tiff"), depth="float", alpha=Word("true"))
        with tempfile.TemporaryDirectory(prefix="lrnap-picture-") as folder:
            path = Path(folder, "picture.tif")
            path.write_bytes(fetched.data)
            return images.read(path)

    def save(self, path: str | os.PathLike[str], frame: int | None = None, **options: Any) -> None:
        """Writes the film as it is now: .png .jpg .tif .tga developed, .exr linear, .flm for classic Lux. `options` are
        those of `lrnap.film.options`: depth="16", alpha=True, compression="piz", quality=80 ..."""
        from lrnap.film import output

        kind = output.kind_of(path)
        fetched = self._fetch(frame, format=Word(kind), **{key: _scalar(value) for key, value in options.items()})
        replace_file(path, [bytes(fetched.data)], "film" if kind == output.FILM else "picture")

    # -- steering

    def pause(self) -> None:
        self._again("CTL_PAUSE")

    def resume(self) -> None:
        self._again("CTL_RESUME")

    def stop(self) -> None:
        """It ends, and its film stays."""
        self._again("CTL_STOP")

    def retry(self, frames: str | int | Iterable[int] | None = None) -> None:
        """What failed or was stopped goes on to the same goal: all of it, or only these frames, "3,7-9" for example,
        which need not wait for the others."""
        asked = None if frames is None else str(frames) if isinstance(frames, str | int) else frames_text(frames)
        self._once("CTL_RETRY", **({} if asked is None else {"frames": asked}))

    def remove(self) -> None:
        """Job and film are gone."""
        self._once("CTL_RESET")

    def render(self, *, spp: float | None = None, seconds: float | None = None, noise: float | None = None) -> None:
        """Starts one that is READY, or adds to the film of one that is over, as much as is asked for."""
        asked = {"spp": spp, "seconds": seconds, "noise": noise}
        self._once("API_Render", **{name: value for name, value in asked.items() if value is not None})

    @property
    def priority(self) -> int:
        """Jobs of a higher one come first; it can be set."""
        return self.status.priority

    @priority.setter
    def priority(self, priority: int) -> None:
        self.change(priority=priority)

    def change(
        self,
        *,
        priority: int | None = None,
        spp: float | None = None,
        seconds: float | None = None,
        noise: float | None = None,
        nodes: str | int | tuple[int, int] | None = None,
        tags: str | tuple[str, ...] | None = None,
        after: str | None = None,
        output: str | None = None,
    ) -> None:
        """Other wishes, whatever it does now; None is as before, and for spp, seconds and noise 0 is never."""
        asked: dict[str, Scalar | None] = {
            "priority": priority,
            "spp": spp,
            "seconds": seconds,
            "noise": noise,
            "after": after,
            "output": output,
            "nodes": None if nodes is None else nodes_text(*(nodes if isinstance(nodes, tuple) else node_range(nodes))),
            "tags": None if tags is None else ",".join(names(tags) if isinstance(tags, str) else tags),
        }
        self._again("CTL_CHANGE", **{name: value for name, value in asked.items() if value is not None})

    def __repr__(self) -> str:
        return f"<lrnap job {self.name!r}, number {self.id} of {self._link.address.url}>"

    # -- inside

    async def _status(self) -> JobStatus:
        return JobStatus.of_facts(await self._link.lines("CTL_JOB", self._reference))

    async def _over(self) -> JobStatus:
        changes = self._link.changes(self._reference)
        try:
            async for _ in changes:
                status = await self._status()
                if status.over:
                    return status
        finally:
            await changes.aclose()
        raise AssertionError("changes never end")

    async def _pages(self, show: str) -> list[str]:
        lines: list[str] = []
        since: dict[str, Scalar] = {}
        while True:
            page = await self._link.lines("CTL_JOB", self._reference, show=Word(show), limit=PAGE, **since)
            lines += page
            if len(page) < PAGE:
                return lines
            since = {"since": int(Entry.of_line(page[-1]).name)}

    def _fetch(self, frame: int | None, **options: Scalar) -> Fetched:
        if frame is not None:
            options["frame"] = frame
        return self._background.call(self._link.fetch(self._reference, options))

    def _again(self, verb: str, **options: Scalar) -> None:
        """What does no harm if it is done twice."""
        self._background.call(self._link.again(verb, self._reference, **options))

    def _once(self, verb: str, **options: Scalar) -> None:
        self._background.call(self._link.ask(verb, self._reference, **options))


async def _next(changes: Any) -> None:
    await anext(changes)


def _scalar(value: object) -> Scalar:
    if isinstance(value, bool):
        return Word("true" if value else "false")
    if isinstance(value, tuple | list):
        return ",".join(map(str, value))
    return value if isinstance(value, int | float) else str(value)


def _raise_if_failed(status: JobStatus) -> None:
    if status.state == "ERROR":
        code = Code.from_wire(status.text("code"))
        error = LrnapError if code is Code.SCENE else EngineError
        raise error(code=code, message=f'job "{status.name}" failed: {status.error}')
