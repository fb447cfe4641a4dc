"""What the control calls of a Context steer that writes a scene file: nothing renders, and nothing ever will.

Questions are answered as where no film is: no pixels, zeros. A scene that is written counts as rendered and over, so
that loops which wait for the end do end. Settings become parameters of the scene's Film as long as that can be written;
what else would steer a render is passed over with a warning. Only what needs a film is an error.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from lrnap.client.recording import Recording
from lrnap.client.steering import as_params, as_scene_params
from lrnap.control.job import Attachment, Figures
from lrnap.engine import halts
from lrnap.engine.protocol import Halt, RunState
from lrnap.errors import Code, LrnapError
from lrnap.film.snapshot import Snapshot
from lrnap.lux.call import Param
from lrnap.lux.params import ParamSet
from lrnap.lux.scene import Scene


class FileJob:
    """See `lrnap.control.job.Steered`."""

    def __init__(self, recording: Recording, path: Path) -> None:
        self._recording = recording
        self._path = path
        self.forget()

    def forget(self) -> None:
        self._params: dict[str, object] = {}
        self._halt: Halt | None = None
        self._interval = 0.0

    @property
    def scene(self) -> Scene | None:
        return self._recording.scene("scene") if self._recording.finished else None

    @property
    def parsed(self) -> bool:
        return self._recording.parsed

    def figures(self) -> Figures:
        finished = self._recording.finished
        return Figures(
            state=RunState.STOPPED if finished else None,
            ready=finished,
            halt=self._halt or halts.of_film(ParamSet(self._recording.overrides.film)),
            enough=finished,
            interval=self._interval,
        )

    def film_params(self) -> Mapping[str, object]:
        film = self._recording.overrides.film
        return {**{param.name: param.value for param in film.params}, **self._params}

    def keep_film_params(self, changed: Mapping[str, object]) -> None:
        self._params.update(changed)
        self._write(as_scene_params(changed), ", ".join(changed))

    def override_film(self, params: Sequence[Param]) -> None:
        self._write(params, ", ".join(param.name for param in params))

    def warn(self, text: str) -> None:
        self._recording.warn(text)

    def log(self) -> Sequence[str]:
        return []

    # -- rendering

    async def render(self) -> None:
        self._pass("rendering")

    async def resume(self) -> None:
        self._pass("going on")

    async def pause(self) -> None:
        self._pass("pausing")

    async def finish(self) -> None: ...

    async def abort(self) -> None: ...

    async def wait(self) -> None: ...

    async def set_halt(self, halt: Halt, *, suspend: bool = False) -> None:  # noqa: ARG002
        self._halt = halt
        self._write(as_params(halt), "a halt condition")

    async def change_threads(self, by: int) -> int:  # noqa: ARG002
        self._pass("a number of threads")
        return 0

    # -- films

    async def film(self) -> Snapshot:
        raise self._no_film()

    async def add_film(self, film: Snapshot) -> None:  # noqa: ARG002
        raise self._no_film()

    async def show_film(self, film: Snapshot, params: Mapping[str, object]) -> None:  # noqa: ARG002
        raise self._no_film()

    async def clear_film(self) -> None: ...

    def find_file(self, name: str) -> Path:
        raise self._no_film(f"so that {name!r} is not read")

    async def write_file(self, name: str, data: bytes) -> Attachment | None:  # noqa: ARG002
        raise self._no_film(f"so that {name!r} is not written")

    # -- network

    async def add_server(self, name: str) -> None:
        self._pass(f"the server {name}")

    async def remove_server(self, name: str) -> None:
        self._pass(f"the server {name}")

    async def reset_server(self, name: str, password: str) -> None:  # noqa: ARG002
        self._pass(f"the server {name}")

    def set_interval(self, seconds: float) -> None:
        self._interval = seconds

    # -- inside

    def _write(self, params: Sequence[Param], what: str) -> None:
        if params and not self._recording.overrides.late:
            self._recording.override(params)
        else:
            self._pass(what)

    def _pass(self, what: str) -> None:
        self.warn(f"{self._path} is a scene file that is written, and cannot hold {what}: passed over")

    def _no_film(self, why: str = "") -> LrnapError:
        parts = [f"this context writes {self._path} and has no film", why, "render that file, or use lrnap.Context()"]
        return LrnapError(Code.STATE, ", ".join(part for part in parts if part))
