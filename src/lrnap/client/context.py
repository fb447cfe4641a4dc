"""Context: the calls of the Lux API in Python, with one meaning in three modes.

    with lrnap.Context() as lux:                            # render in this machine's own engine
    with lrnap.Context("lrnap://host:1978") as lux:         # ... on a render node; a list of them renders on all
    with lrnap.Context("scene.lxs") as lux:                 # ... or write a scene file
        lux.lookAt(0, -5, 2,  0, 0, 0,  0, 0, 1)
        lux.camera("perspective", [("float fov", 35)])
        lux.worldBegin()
        lux.shape("sphere", {"float radius": 1.0})
        lux.worldEnd()
        lux.render(spp=64).save("picture.png")

The calls are those of pylux (`help(lux.shape)`), made from the call table: those that describe a scene, and those that
steer what renders it (`lrnap.control`), which mean the job that was started last. Parameters may be a list of
("type name", value) pairs, as in pylux, a dict of the same, or `lrnap.lux.call.Param`s. Every call is checked at once:
a wrong one raises SceneError at its line, and the scene is then as it was before.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import replace
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

from lrnap.client import mode
from lrnap.client.arguments import make_call, name_of, signature
from lrnap.client.background import Background
from lrnap.client.editing import JobEdit
from lrnap.client.job import Job
from lrnap.client.mode import BY_MODE, ByMode
from lrnap.client.places import Place, check_places, engine_of, scene_file
from lrnap.client.recording import Recording
from lrnap.client.scene_file import FileJob
from lrnap.client.steering import ContextJob
from lrnap.control.console import Console
from lrnap.control.errors import Errors, Severity
from lrnap.control.job import Figures
from lrnap.control.meanings import MEANINGS
from lrnap.engine.protocol import Halt
from lrnap.errors import Code, LrnapError
from lrnap.film.snapshot import Snapshot
from lrnap.lux.call import Call, Location
from lrnap.lux.call_spec import CallSpec, Where
from lrnap.lux.calls import CALLS
from lrnap.lux.manual import plugins_of
from lrnap.lux.scene import Scene

T = TypeVar("T")

RECORDED = tuple(spec for spec in CALLS.values() if spec.where is not Where.ANY and spec.name not in MEANINGS)
STEERING = tuple(CALLS[name] for name in MEANINGS)


class Context:
    """See the module. `target`: None to render here, the URL of a node, the path of an .lxs file, or a list of nodes
    and None; without one it is what `LuxApiMode` says, which is here unless it was called.

    `on_warning` is told what is legal but hardly meant, as it comes; without it the logger `lrnap` is.
    """

    def __init__(
        self,
        target: Place | list[Place] | tuple[Place, ...] | ByMode = BY_MODE,
        *,
        name: str | None = None,
        on_warning: Callable[[str], None] | None = None,
    ) -> None:
        if isinstance(target, ByMode):
            target = mode.target()
        self._name = name
        self._on_warning = on_warning
        self._places: list[Place] = [*target] if isinstance(target, list | tuple) else [target]
        self._file = scene_file(self._places)
        self._background: Background | None = None
        self._edit: JobEdit | None = None  # that is open
        self._edits: list[JobEdit] = []  # of the scene, since it was described
        self._errors = Errors(self._tell, self._inside)
        self._recording = Recording(Path.cwd(), self._errors.warned, self._file)
        self._steered: ContextJob | FileJob
        if self._file is None:
            check_places(self._places)
            self._steered = ContextJob(self._recording, self._places, self._start, engine_of)
        else:
            self._steered = FileJob(self._recording, self._file)
        self._console = Console(self._steered, self._errors)

    # -- describing

    def call(self, call: Call) -> None:
        """Takes one call that describes the scene, or edits it; a Context is a Target like any other."""
        if self._edit is not None:
            self._in_edit(lambda edit: edit.call(call))
            return
        try:
            self._recording.call(call)
        except LrnapError as error:
            self._errors.failed(error)
            raise
        if call.name == "WorldEnd":
            self._complete()

    def init(self) -> None:
        """Nothing to do: a context is ready when it is made."""

    def parse(self, path: str | os.PathLike[str]) -> bool:
        """Replays a scene file, or a part of one, with all that it includes; its file names mean what they do there.
        Raises SceneError at the first call that is wrong, else it is true."""
        self.parsePartial(path)
        if self._name is None:
            self._name = Path(path).stem
        return True

    def parsePartial(self, path: str | os.PathLike[str]) -> bool:  # the name is pylux's
        """The same for a file that is a part of the scene, which takes no name from it."""
        try:
            self._recording.parse(Path(path))
        except LrnapError as error:
            self._errors.failed(error)
            raise
        self._complete()
        return True

    def cleanup(self) -> None:
        """As if the context were new: what renders ends, and the scene that was described is forgotten. A scene file
        must be complete, and stays."""
        if self._file is not None:
            if self._recording.begun and not self._recording.finished:
                raise LrnapError(Code.STATE, f"the scene of {self._file} is not complete: worldEnd is missing")
            return
        if isinstance(self._steered, ContextJob) and self._steered.job is not None:
            self._run(self._steered.job.close())
        self._recording.overrides.clear()
        self._recording.restart()
        self._edit, self._edits = None, []
        self._steered.forget()
        self._console = Console(self._steered, self._errors)

    def _complete(self) -> None:
        if self._console.starts and self._recording.finished and self._file is None:
            self.render()

    @property
    def scene(self) -> Scene:
        """What was described, once worldEnd was called. Raises SceneError if it was not, or if a file is missing."""
        scene = self._recording.scene(self._name or "scene")
        for edit in self._edits:
            scene = edit.apply_to(scene)
        return scene

    @property
    def finished(self) -> bool:
        """Whether the scene is complete: worldEnd was called."""
        return self._recording.finished

    @property
    def writes(self) -> bool:
        """Whether it writes a scene file, and renders nothing."""
        return self._file is not None

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is legal but hardly meant, one sentence each, with its place."""
        return self._recording.warnings

    def reset(self) -> None:
        """Forgets what was described, so that another scene can be; jobs that were started go on."""
        if self._file is not None:
            raise LrnapError(Code.STATE, f"{self._file} is being written; make another Context for another scene")
        self._recording.restart()
        self._edit, self._edits = None, []

    # -- rendering

    def render(
        self,
        *,
        spp: float | None = None,
        seconds: float | None = None,
        noise: float | None = None,
        name: str | None = None,
        threads: int = 0,
        channels: Iterable[str] = (),
        resume: str | os.PathLike[str] | None = None,
    ) -> Job:
        """Renders the scene on everything this context has, until the films together hold `spp` samples per pixel, the
        slowest has rendered for `seconds`, or the error of the picture in which 1 is white is below `noise`; without
        all of them, until what the scene itself says, or `Job.stop`.

        `threads`: on each engine; 0 for all cores. `channels`: what the film holds beside light, as layers of an EXR:
        "depth", "normal", "albedo" ... (`lrnap.film.channels.CHANNELS`). `resume`: a .flm of this scene to go on from,
        whose samples count. Returns at once; the job is steered by what is returned.
        """
        from lrnap.film.resume import load

        if self._file is not None:
            message = f"this context writes {self._file} and cannot render: render that file, or use lrnap.Context()"
            raise LrnapError(Code.STATE, message)
        asked = {"spp": spp, "seconds": seconds, "noise": noise}
        halt = Halt(**{condition: _above_zero(condition, value) for condition, value in asked.items()})
        if not isinstance(threads, int) or threads < 0:
            raise LrnapError(Code.ARGS, f"threads must be a whole number, 0 for all cores, not {threads!r}")
        wanted = (channels,) if isinstance(channels, str) else tuple(channels)
        return self._run(self._start(halt, name, threads, wanted, None if resume is None else load(resume)[0]))

    async def _start(
        self,
        halt: Halt,
        name: str | None = None,
        threads: int = 0,
        channels: tuple[str, ...] = (),
        resumed: Snapshot | None = None,
    ) -> Job:
        """Renders in the background, and steers that from now on."""
        from lrnap.client.farm import Farm
        from lrnap.client.scene_film import scene_film, without_halt
        from lrnap.client.written import own_film

        scene = replace(self.scene, name=name or self._name or "scene")
        output = scene_film(scene)
        if halt != Halt():
            scene = without_halt(scene)
        farm = Farm(engine_of(place) for place in self._places)
        halt = output.halt if halt == Halt() else halt
        resumed = resumed or await asyncio.to_thread(own_film, scene, Path.cwd())
        job = await farm.start(scene, halt=halt, threads=threads, channels=channels, resumed=resumed)
        self._loop.on_close(job.close)
        view = Job(self._loop, job, output)
        assert isinstance(self._steered, ContextJob)
        await self._steered.begin(job, view)
        return view

    @property
    def figures(self) -> Figures:
        """How what was started last stands, in numbers, with the nodes that take part; made of what is known."""
        return self._steered.figures()

    # -- editing

    def editBegin(self) -> None:  # in the manner of pylux
        """The calls that follow change the scene of the job that was started last, all together at `editEnd`."""
        if self._file is not None:
            raise LrnapError(
                Code.UNSUPPORTED, f"{self._file} is being written, and nothing renders that could be edited"
            )
        job = self._steered.view if isinstance(self._steered, ContextJob) else None
        if job is None:
            raise LrnapError(Code.STATE, "nothing renders that could be edited: start it with render()")
        self._edit = job.begin_edit()

    def editEnd(self) -> int:
        """Changes the scene while it renders; the epoch of the film that begins with it. All or nothing: if it raises,
        the scene is as before. The next `render` has the changed scene, too."""
        if self._edit is None:
            raise LrnapError(Code.STATE, "no edit is open: begin one with editBegin()")
        edit = self._edit
        try:
            epoch: int = self._in_edit(JobEdit.end)
        finally:
            self._edit = None if edit.ended else edit
        self._edits.append(edit)
        return epoch

    def _in_edit(self, do: Callable[[JobEdit], Any]) -> Any:
        assert self._edit is not None
        try:
            return do(self._edit)
        except LrnapError as error:
            self._errors.failed(error)
            raise

    # -- steering

    def steer(self, call: Call) -> Any:
        """Makes a control call, as the methods of those names do; its result."""
        try:
            return self._run(self._console.do(call))
        except LrnapError as error:
            self._errors.failed(error)
            raise

    def errorHandler(self, handler: str | Callable[[int, int, str], object]) -> None:  # pylux's name
        """Who is told of errors and warnings, beside the one who made the call: a function of classic Lux's number and
        severity and a sentence, or "print" or "ignore"."""
        if callable(handler):
            self._errors.handler = handler
        else:
            self.steer(Call("ErrorHandler", (handler,)))

    @property
    def _loop(self) -> Background:
        if self._background is None:
            self._background = Background()
        return self._background

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        try:
            return self._loop.call(work)
        finally:
            self._errors.flush()

    def _inside(self) -> bool:
        return self._background is not None and self._background.inside

    def _tell(self, number: int, severity: int, text: str) -> None:  # noqa: ARG002
        """What happens to errors and warnings where there is no handler."""
        if severity == Severity.WARNING and self._on_warning is not None:
            self._on_warning(text)
        else:
            levels = {-1: logging.DEBUG, 0: logging.INFO, 1: logging.WARNING, 2: logging.ERROR}
            logging.getLogger("lrnap").log(levels.get(severity, logging.CRITICAL), "%s", text)

    # -- ending

    def close(self, keep: bool = True) -> None:
        """Ends jobs that still render and frees their engines, on nodes too; their films stay. Idempotent.

        A scene file that is being written is kept as far as it is, unless `keep` is false.
        """
        if self._background is not None:
            self._background.close()
        self._recording.close(keep)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.close(keep=kind is None)

    def __repr__(self) -> str:
        return f"<lrnap.Context {', '.join('local' if p is None else str(p) for p in self._places)}>"

    if TYPE_CHECKING:  # the calls of the table, which are added below

        def __getattr__(self, name: str) -> Callable[..., Any]: ...


def _method(spec: CallSpec, steers: bool) -> Callable[..., Any]:
    def method(self: Context, *arguments: Any) -> Any:
        call = make_call(spec, arguments, _caller())
        return self.steer(call) if steers else self.call(call)

    name = name_of(spec)
    method.__name__ = name
    method.__qualname__ = f"Context.{name}"
    method.__doc__ = "\n".join([f"{spec.doc[0].upper()}{spec.doc[1:]}, {spec.where.value}.", "", *plugins_of(spec)])
    method.__signature__ = signature(spec)  # type: ignore[attr-defined]  # what `help` shows
    return method


def _above_zero(name: str, value: Any) -> float | None:
    if value is None:
        return None
    if isinstance(value, Real) and float(value) > 0:
        return float(value)
    raise LrnapError(Code.ARGS, f"{name} must be a number above zero, not {value!r}")


def _caller() -> Location:
    """The line of the script that makes the call."""
    frame = sys._getframe(2)
    return Location(frame.f_code.co_filename, frame.f_lineno, 1)


for _spec in (*RECORDED, *STEERING):
    if name_of(_spec) not in vars(Context):
        setattr(Context, name_of(_spec), _method(_spec, _spec.name in MEANINGS))
