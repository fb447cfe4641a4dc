"""A job as blocking code sees it: started by `Context.render`, steered and watched from any thread."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from lrnap import __version__
from lrnap.client.background import Background
from lrnap.client.farm import FarmJob
from lrnap.client.progress import Progress
from lrnap.client.scene_film import SceneFilm
from lrnap.engine.protocol import RunState
from lrnap.errors import Code, LrnapError
from lrnap.film.snapshot import Block, Snapshot

if TYPE_CHECKING:
    from lrnap.client.editing import JobEdit
    from lrnap.client.written import Written


class Job:
    """One scene being rendered, on as many engines as the context has.

    >>> job = lux.render(spp=64)
    >>> for progress in job:
    ...     print(f"{progress.spp:.0f} spp")
    >>> job.save("picture.png")
    """

    def __init__(self, background: Background, job: FarmJob, output: SceneFilm) -> None:
        self._background = background
        self._job = job
        self._output = output
        self._lock = threading.Lock()

    @property
    def name(self) -> str:
        return self._job.scene.name

    @property
    def progress(self) -> Progress:
        """How it stands; made of what the engines last reported, so asking costs nothing."""
        return self._job.progress()

    @property
    def state(self) -> RunState:
        return self._job.state

    @property
    def spp(self) -> float:
        """Samples per pixel, of all engines together."""
        return self.progress.spp

    @property
    def samples(self) -> float:
        return self.progress.samples

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the engines and the darkroom do not honour, one sentence each."""
        return (*self._job.warnings, *self._output.notes)

    @property
    def film(self) -> Snapshot:
        """The merged film as last fetched; see `snapshot` for a fresh one. Raises LrnapError if there is none yet."""
        film = self._job.film
        if film is None:
            raise self._job.error or LrnapError(Code.STATE, "there is no film yet: wait for the first samples")
        return film.merged()

    def __iter__(self) -> Iterator[Progress]:
        """The progress now and after each change, ending with that of the finished job. Raises as `wait` does."""
        if self._background.closed:
            yield self.progress
        else:
            changes = self._job.changes()
            while (progress := self._background.call(_next(changes))) is not None:
                yield progress
        self._raise_if_failed()

    def wait(self, timeout: float | None = None) -> bool:
        """Until the job is over, its film complete; False if `timeout` seconds pass before.

        Raises LrnapError if it failed; what film there is remains.
        """
        if not self._job.over:
            try:
                self._background.call(self._job.wait(), timeout)
            except TimeoutError:
                return False
        self._raise_if_failed()
        return True

    def snapshot(self) -> Snapshot:
        """The merged film, after asking every engine for its newest."""
        return self._background.call(self._job.snapshot())

    def picture(self) -> Block:
        """The film developed as the scene says: float32 (height, width, 4), red green blue alpha in [0, 1], top row
        first."""
        from lrnap.film.develop import develop

        return np.asarray(develop(self.film, self._output.settings), np.float32)

    def save(self, path: str | os.PathLike[str], **options: Any) -> None:
        """Writes the picture; the extension says how: .png .jpg .tif .tga developed, .exr linear with light groups and
        channels. .flm is no picture, but the film, as classic Lux keeps it. `options` are those of
        `lrnap.film.options`: depth="16", alpha=True, compression="piz", quality=80 ..."""
        from lrnap.film import output

        with self._lock:
            output.save(path, self.film, self._output.settings, facts(self._job), **options)

    def keep_writing(self, written: Written, failed: Callable[[LrnapError], object]) -> None:
        """Writes these files as the film grows, until the job is over and its last film is written; waits for that.
        `failed` is told what could not be written and is tried again; at the end LrnapError is raised."""
        from lrnap.client.writing import Writer

        writer = Writer(
            self._job,
            written.outputs,
            lambda: self._output.settings,
            failed=failed,
            interval=written.interval,
            film_interval=written.film_interval,
        )
        self._background.call(writer.to_the_end())

    @contextlib.contextmanager
    def edit(self) -> Iterator[JobEdit]:
        """Changes the scene while it renders, when the block ends, on all engines; the film begins anew.

        >>> with job.edit() as lux:
        ...     lux.lookAt(0, -9, 2, 0, 0, 1, 0, 0, 1)
        """
        edit = self.begin_edit()
        yield edit
        edit.end()

    def begin_edit(self) -> JobEdit:
        """The same for those who cannot use a block: `end` does it."""
        from lrnap.client.editing import JobEdit

        return JobEdit(self, self._background, self._job)

    def develop_as(self, params: Mapping[str, object]) -> None:
        """From now on pictures are developed with these Film parameters. Raises LrnapError for those that cannot be."""
        from lrnap.film.develop import Settings

        settings = Settings.from_params(params, files=self._job.scene.files)
        self._output = replace(self._output, settings=settings)

    def pause(self) -> None:
        self._background.call(self._job.pause())

    def resume(self) -> None:
        self._background.call(self._job.resume())

    def stop(self) -> None:
        """Ends rendering; returns when the last films are merged."""
        self._background.call(self._job.stop())

    def add_thread(self) -> None:
        """One thread more on every engine."""
        self._background.call(self._job.add_thread())

    def remove_thread(self) -> None:
        """One thread less on every engine; one always stays."""
        self._background.call(self._job.add_thread(-1))

    def close(self) -> None:
        """Ends the job at once and frees its engines, on nodes too; the film stays. The context does it as well."""
        if not self._background.closed:
            self._background.call(self._job.close())

    def __repr__(self) -> str:
        return f"<lrnap job {self.name!r}: {self.state.value}, {self.spp:.1f} spp>"

    def _raise_if_failed(self) -> None:
        if self._job.error is not None:
            raise self._job.error


def facts(job: FarmJob) -> dict[str, object]:
    """What is written into a picture about how it came to be."""
    now = job.progress()
    used = [m for m in now.members if m.run in (job.film.runs if job.film else ())]
    return {
        "software": f"lrnap {__version__}",
        "scene": job.scene.name,
        "spp": round(job.film.spp, 3) if job.film else 0,
        "seconds": round(now.seconds, 3),
        "engines": ", ".join(m.engine for m in used),
        "renderer": ", ".join(dict.fromkeys(m.status.engine for m in used if m.status.engine)),
        "seeds": " ".join(str(m.seed) for m in used),
    }


async def _next(changes: Any) -> Progress | None:
    return await anext(changes, None)
