"""What control calls steer on a node: the job that a connection means. Implements `lrnap.control.job.Steered`."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lrnap.control.job import Attachment, Figures
from lrnap.engine.protocol import Halt, RunState
from lrnap.errors import Code, LrnapError
from lrnap.film.snapshot import Snapshot
from lrnap.lux.call import Param
from lrnap.lux.scene import Scene
from lrnap.node import settings
from lrnap.wire import Status

if TYPE_CHECKING:
    from lrnap.node.jobs import Job
    from lrnap.node.visit import NodeVisit

_STATES: Mapping[Status, RunState | None] = {
    Status.IDLE: None,
    Status.PARSING: None,
    Status.READY: None,
    Status.RENDERING: RunState.RENDERING,
    Status.PAUSED: RunState.PAUSED,
    Status.STOPPED: RunState.STOPPED,
    Status.DONE: RunState.DONE,
    Status.ERROR: RunState.FAILED,
}


class NodeJob:
    """The job of a name; without one, that which renders, else the last: whichever it is when a call is made."""

    def __init__(self, visit: NodeVisit, name: object = None) -> None:
        self._visit = visit
        self._node = visit.node
        self._name = name

    def _job(self) -> Job:
        """To look at."""
        return self._visit.job(self._name)

    def _mine(self) -> Job:
        """To change. Raises LrnapError (FENCED) if others give the orders."""
        self._visit.order()
        return self._job()

    def _known(self) -> Job | None:
        return self._node.jobs.meant(None if self._name is None else str(self._name))

    # -- looking

    @property
    def scene(self) -> Scene | None:
        job = self._known()
        return None if job is None else job.scene

    @property
    def parsed(self) -> bool:
        return self._visit.failed is None and not self._visit.lacking

    def figures(self) -> Figures:
        job = self._known()
        if job is None:
            return Figures()
        known = self._node.figures(job)
        status = self._node.run_status(job) if job.active else None
        building = status is not None and status.state is RunState.BUILDING
        state = RunState.BUILDING if building else _STATES[job.state]
        halt = settings.effective_halt(job)
        spp = _number(known, "spp")
        reached = halt.spp is not None and spp >= halt.spp
        run = self._node.live.run_of(job)
        layout = job.film.layout if job.film is not None else None if run is None else run.layout
        return Figures(
            state=state,
            ready=job.scene is not None,
            film=job.film is not None or _number(known, "samples") > 0,
            only_film=job.scene is None and job.film is not None,
            samples=_number(known, "samples"),
            spp=spp,
            samples_per_second=_number(known, "rate"),
            seconds=_number(known, "seconds"),
            threads=int(_number(known, "thread")),
            triangles=int(_number(known, "triangles")),
            noise=None if job.status is None else job.status.noise,
            resumed=job.resumed,
            halt=halt,
            enough=reached or (state is not None and state.over),
            engine=str(known.get("engine", "")),
            size=(layout.width, layout.height) if layout is not None else (0, 0),
            groups=layout.groups if layout is not None else (),
        )

    def film_params(self) -> Mapping[str, object]:
        job = self._known()
        return {} if job is None else {**settings.film_params(job.scene), **job.develop}

    def keep_film_params(self, changed: Mapping[str, object]) -> None:
        job = self._mine()
        job.develop = {**job.develop, **changed}

    def override_film(self, params: Sequence[Param]) -> None:
        self._visit.overrides.add(params)

    def warn(self, text: str) -> None:
        self._visit.errors.warned(text)

    def log(self) -> Sequence[str]:
        return self._node.journal.lines(self._known())

    # -- rendering

    async def render(self) -> None:
        self._visit.order()
        self._visit.check_complete(self._name)
        job = self._visit.to_render(self._name)
        await self._node.render(job, seed=None, threads=None, halt=Halt(), run=None)

    async def resume(self) -> None:
        await self._node.resume(self._mine())

    async def pause(self) -> None:
        await self._node.pause(self._mine())

    async def finish(self) -> None:
        await self._node.stop(self._mine())

    async def abort(self) -> None:
        await self._node.reset(self._mine())

    async def wait(self) -> None:
        await self._node.live.wait(self._job(), self._visit.session)

    async def set_halt(self, halt: Halt, *, suspend: bool = False) -> None:
        await self._node.set_halt(self._mine(), halt, suspend=suspend)

    async def change_threads(self, by: int) -> int:
        return await self._node.change_threads(self._mine(), by)

    # -- films

    async def film(self) -> Snapshot:
        return await self._node.film(self._job())

    async def add_film(self, film: Snapshot) -> None:
        await self._node.add_film(self._mine(), film)

    async def show_film(self, film: Snapshot, params: Mapping[str, object]) -> None:
        self._visit.order()
        job = self._node.begin(self._node.jobs.unused_name(), self._visit.session.peer)
        self._node.loaded(job, film, dict(params))

    async def clear_film(self) -> None:
        await self._node.clear_film(self._mine())

    def find_file(self, name: str) -> Path:
        return self._node.roots.find(name)

    async def write_file(self, name: str, data: bytes) -> Attachment | None:
        """A node writes no files for others: whoever asks gets the file itself."""
        return Attachment(name, data)

    # -- network

    async def add_server(self, name: str) -> None:
        raise _alone(name)

    async def remove_server(self, name: str) -> None:
        raise _alone(name)

    async def reset_server(self, name: str, password: str) -> None:  # noqa: ARG002
        raise _alone(name)

    def set_interval(self, seconds: float) -> None:  # noqa: ARG002
        raise _alone("")


def _alone(name: str) -> LrnapError:
    return LrnapError(
        Code.UNSUPPORTED,
        f"a node renders alone and connects to nobody{f', so not to {name[:80]!r}' if name else ''}: whoever sends "
        "scenes brings several nodes together, with lrnap render --node or addServer of a Context",
    )


def _number(known: Mapping[str, Any], name: str) -> float:
    value = known.get(name, 0)
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else 0.0
