"""What the control calls of a Context steer: its newest job, or what its next one will be.

Implements `lrnap.control.job.Steered` over a farm job. Everything asynchronous here runs in the context's background.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lrnap.control.job import Attachment, Figures, Server
from lrnap.control.look import ROWS
from lrnap.engine import halts
from lrnap.engine.pace import LONGEST_PAUSE
from lrnap.engine.protocol import Engine, Halt, RunState
from lrnap.errors import Code, LrnapError
from lrnap.film.merge import Film
from lrnap.film.replace import replace_file
from lrnap.film.resume import fitted
from lrnap.film.snapshot import Snapshot
from lrnap.lux.call import Param
from lrnap.lux.params import ParamSet, make
from lrnap.lux.scene import Scene

if TYPE_CHECKING:
    from lrnap.client.farm import FarmJob
    from lrnap.client.job import Job
    from lrnap.client.progress import MemberStatus, Progress
    from lrnap.client.recording import Recording


class ContextJob:
    """`job` is None until something renders; `loaded` is a film without a scene.

    `places`: what renders, which calls about servers change. `start`: renders what is described, until a halt condition
    that counts before the scene's own. `engine_of`: the engine of a node's address.
    """

    def __init__(
        self,
        recording: Recording,
        places: list[Any],
        start: Callable[[Halt], Awaitable[object]],
        engine_of: Callable[[str], Engine],
    ) -> None:
        self._recording = recording
        self._places = places
        self._start = start
        self._engine_of = engine_of
        self.forget()

    def forget(self) -> None:
        """As new; a job that renders goes on without being steered."""
        self.job: FarmJob | None = None
        self.view: Job | None = None  # of the job, as its user has it
        self.loaded: Film | None = None
        self.params: dict[str, object] = {}  # Film parameters set since
        self._halt: Halt | None = None  # of the next job
        self._suspend = False
        self._interval: float | None = None
        self._extra: dict[str, float] = {}  # samples of films that were added, by run

    # -- looking

    @property
    def scene(self) -> Scene | None:
        if self.job is not None:
            return self.job.scene
        return self._recording.scene("scene") if self._recording.finished else None

    @property
    def parsed(self) -> bool:
        return self._recording.parsed

    def figures(self) -> Figures:
        if self.job is None:
            return self._before()
        progress = self.job.progress()
        film = self.job.film
        servers = tuple(_server(member) for member in progress.members if _remote(member) and not member.removed)
        local = [member.status.threads for member in progress.members if not _remote(member)]
        before = self.job.resumed  # in the progress already
        resumed = sum(n for run, n in self._extra.items() if film is not None and run in film.runs)
        over = progress.state.over and film is not None
        return Figures(
            state=progress.state,
            ready=True,
            film=film.samples > 0 if film is not None else progress.samples > 0,
            samples=film.samples if over and film is not None else progress.samples + resumed,
            spp=film.spp if over and film is not None else progress.spp + _per_pixel(film, resumed),
            samples_per_second=progress.samples_per_second,
            seconds=progress.seconds,
            threads=sum(local) if local else sum(member.status.threads for member in progress.members),
            triangles=max((member.status.triangles for member in progress.members), default=0),
            noise=progress.noise,
            resumed=before + resumed,
            halt=progress.halt,
            enough=_enough(progress),
            engine=next((m.status.engine for m in progress.members if m.status.engine), ""),
            size=(film.layout.width, film.layout.height) if film is not None else (0, 0),
            groups=film.layout.groups if film is not None else (),
            servers=servers,
            interval=self.job.interval or LONGEST_PAUSE,
        )

    def _before(self) -> Figures:
        """Nothing renders: there may be a film that was loaded."""
        film = self.loaded
        halt = self._halt or halts.of_film(ParamSet(self._recording.overrides.film))
        figures = Figures(ready=self._recording.finished, halt=halt, interval=self._interval or LONGEST_PAUSE)
        if film is None:
            return figures
        layout, samples = film.layout, film.samples
        return replace(
            figures,
            state=RunState.STOPPED,
            film=True,
            only_film=True,
            samples=samples,
            spp=film.spp,
            resumed=samples,
            size=(layout.width, layout.height),
            groups=layout.groups,
            enough=True,
        )

    def film_params(self) -> Mapping[str, object]:
        film = self._recording.overrides.film if self.job is None else self.job.scene.film
        return {**{param.name: param.value for param in film.params}, **self.params}

    def keep_film_params(self, changed: Mapping[str, object]) -> None:
        self.params.update(changed)
        if self.job is None and not self._recording.overrides.late:
            self._recording.override(as_scene_params(changed))
        if self.view is not None:
            self.view.develop_as(self.film_params())

    def override_film(self, params: Sequence[Param]) -> None:
        self._recording.override(params)

    def warn(self, text: str) -> None:
        self._recording.warn(text)

    def log(self) -> Sequence[str]:
        return [] if self.job is None else self.job.logs()

    # -- rendering

    async def render(self) -> None:
        await self._start(self._halt or Halt())

    async def begin(self, job: FarmJob, view: Job) -> None:
        """From now on this is what is steered."""
        suspend, interval, params = self._suspend, self._interval, self.params
        self.forget()
        self.job, self.view, self.params, self._interval = job, view, params, interval
        job.interval = interval
        if params:
            view.develop_as(self.film_params())
        if suspend:
            await job.set_halt(job.halt, suspend=True)

    async def resume(self) -> None:
        await self._running().resume()

    async def pause(self) -> None:
        await self._running().pause()

    async def finish(self) -> None:
        if self.job is not None:
            await self.job.stop()

    async def abort(self) -> None:
        if self.job is not None:
            await self.job.close()

    async def wait(self) -> None:
        if self.job is not None:
            await self.job.wait()
            if self.job.error is not None:
                raise self.job.error

    async def set_halt(self, halt: Halt, *, suspend: bool = False) -> None:
        if self.job is not None:
            await self.job.set_halt(halt, suspend=suspend)
            return
        if not self._recording.overrides.late:
            self._recording.override(as_params(halt))
        self._halt, self._suspend = halt, suspend

    async def change_threads(self, by: int) -> int:
        job = self._running()
        await job.add_thread(by)
        return self.figures().threads

    def _running(self) -> FarmJob:
        if self.job is None:
            raise LrnapError(Code.STATE, "nothing renders: start it with render()")
        if self.job.over:
            raise LrnapError(Code.STATE, f"the job is {self.job.state.value}: start another with render()")
        return self.job

    # -- films

    async def film(self) -> Snapshot:
        if self.job is not None:
            return await self.job.snapshot()
        if self.loaded is not None:
            return self.loaded.merged()
        raise LrnapError(Code.STATE, "there is no film: render a scene, or load one with loadFLM")

    async def add_film(self, film: Snapshot) -> None:
        target = self.job.film if self.job is not None else self.loaded
        if target is None:
            raise LrnapError(Code.STATE, "there is no film to add to: wait for the first samples, or load one")
        target.add(fitted(film, target.layout, target.epoch))
        self._extra[film.run] = film.samples

    async def show_film(self, film: Snapshot, params: Mapping[str, object]) -> None:
        if self.job is not None and not self.job.over:
            raise LrnapError(Code.STATE, "a job is rendering: end it with exit() before another film is loaded")
        self.forget()
        self.loaded = Film(film.layout)
        self.loaded.add(film)
        self.params = dict(params)

    async def clear_film(self) -> None:
        self._extra.clear()
        if self.job is None:
            self.loaded = None
        elif not self.job.over:
            await self.job.restart()
        elif self.job.film is not None:
            self.job.film.restart(self.job.film.epoch + 1)

    def find_file(self, name: str) -> Path:
        path = Path(name)
        if not path.is_file():
            raise LrnapError(Code.NOT_FOUND, f"File not found: {name}")
        return path

    async def write_file(self, name: str, data: bytes) -> Attachment | None:
        replace_file(name, [data], "film")
        return None

    # -- network

    async def add_server(self, name: str) -> None:
        engine = self._engine_of(name)
        if self.job is not None and not self.job.over:
            self.job.add(engine)
        if engine.name not in self._places:
            self._places.append(engine.name)

    async def remove_server(self, name: str) -> None:
        url = self._engine_of(name).name
        if self.job is not None and not self.job.over:
            await self.job.remove(url)
        elif url not in self._places:
            raise LrnapError(Code.NOT_FOUND, f"{url} is no server of this context; getServerCount counts them")
        elif len(self._places) == 1:
            raise LrnapError(Code.STATE, f"{url} is all that this context has to render with: add another first")
        if url in self._places:
            self._places.remove(url)

    async def reset_server(self, name: str, password: str) -> None:
        from lrnap.client.connection import connect

        if password:
            self.warn("resetServer: passwords of servers are not used")
        connection = await connect(self._engine_of(name).name)
        try:
            await connection.request("CTL_RESET")
        finally:
            await connection.close()

    def set_interval(self, seconds: float) -> None:
        self._interval = seconds
        if self.job is not None:
            self.job.interval = seconds


def _remote(member: MemberStatus) -> bool:
    return "://" in member.engine


def _server(member: MemberStatus) -> Server:
    from lrnap.net.address import Address

    address, now = Address.parse(member.engine), time.monotonic()
    return Server(
        str(address),
        address.port,
        member.run,
        member.status.state,
        member.status.samples,
        member.status.samples_per_second,
        now - member.heard,
        now - member.fetched,
        member.problem,
    )


def _per_pixel(film: Film | None, samples: float) -> float:
    return samples / (film.layout.width * film.layout.height) if film is not None else 0.0


def _enough(progress: Progress) -> bool:
    return progress.state.over or (progress.fraction or 0.0) >= 1.0


def as_params(halt: Halt) -> list[Param]:
    """A halt condition as the Film says it; never is -1."""
    found = []
    for name, field in halts.PARAMETERS.items():
        limit = getattr(halt, field)
        if limit is not None:
            kind = "float" if field == "noise" else "integer"
            found.append(make(kind, name, -1 if limit == float("inf") else limit if kind == "float" else round(limit)))
    return found


def as_scene_params(changed: Mapping[str, object]) -> list[Param]:
    """Those of the Film parameters that a scene can hold: light groups have none there."""
    return [make(ROWS[name].types[0], name, value) for name, value in changed.items() if name in ROWS]
