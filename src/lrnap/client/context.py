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

The calls are those of pylux (`help(lux.shape)`), made from the call table. Parameters may be a list of ("type name",
value) pairs, as in pylux, a dict of the same, or `lrnap.lux.call.Param`s. Every call is checked at once: a wrong one
raises SceneError at its line, and the scene is then as it was before.
"""

from __future__ import annotations

import inspect
import logging
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeAlias

from lrnap.client.background import Background
from lrnap.client.job import Job
from lrnap.client.recording import Recording
from lrnap.engine.protocol import Engine, Halt
from lrnap.errors import Code, LrnapError, SceneError
from lrnap.lux import params
from lrnap.lux.call import Argument, Call, Location, Param
from lrnap.lux.call_spec import Arg, CallSpec
from lrnap.lux.calls import CALLS
from lrnap.lux.manual import plugins_of
from lrnap.lux.scene import Scene

Place: TypeAlias = str | os.PathLike[str] | Engine | None

RECORDED = tuple(spec for spec in CALLS.values() if spec.group in ("scene", "transform") and spec.pylux)


class Context:
    """See the module. `target`: None, the URL of a node, the path of an .lxs file, or a list of nodes and None.

    `on_warning` is told what is legal but hardly meant, as it comes; without it the logger `lrnap` is.
    """

    def __init__(
        self,
        target: Place | list[Place] | tuple[Place, ...] = None,
        *,
        name: str | None = None,
        on_warning: Callable[[str], None] | None = None,
    ) -> None:
        self._name = name
        self._places: list[Place] = [*target] if isinstance(target, list | tuple) else [target]
        self._file = _scene_file(self._places)
        self._background: Background | None = None
        if self._file is None:
            _check_places(self._places)
        self._recording = Recording(Path.cwd(), on_warning or logging.getLogger("lrnap").warning, self._file)

    # -- describing

    def call(self, call: Call) -> None:
        """Takes one call; a Context is a Target like any other."""
        self._recording.call(call)

    def parse(self, path: str | os.PathLike[str]) -> None:
        """Replays a scene file, or a part of one, with all that it includes; its file names mean what they do there."""
        self._recording.parse(Path(path))
        if self._name is None:
            self._name = Path(path).stem

    @property
    def scene(self) -> Scene:
        """What was described, once worldEnd was called. Raises SceneError if it was not, or if a file is missing."""
        return self._recording.scene(self._name or "scene")

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is legal but hardly meant, one sentence each, with its place."""
        return self._recording.warnings

    def reset(self) -> None:
        """Forgets what was described, so that another scene can be; jobs that were started go on."""
        if self._file is not None:
            raise LrnapError(Code.STATE, f"{self._file} is being written; make another Context for another scene")
        self._recording.restart()

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
        from lrnap.client.farm import Farm
        from lrnap.client.scene_film import scene_film, without_halt
        from lrnap.film.resume import load

        if self._file is not None:
            message = f"this context writes {self._file} and cannot render: render that file, or use lrnap.Context()"
            raise LrnapError(Code.STATE, message)
        asked = {"spp": spp, "seconds": seconds, "noise": noise}
        halt = Halt(**{condition: _above_zero(condition, value) for condition, value in asked.items()})
        if not isinstance(threads, int) or threads < 0:
            raise LrnapError(Code.ARGS, f"threads must be a whole number, 0 for all cores, not {threads!r}")
        scene = replace(self.scene, name=name or self._name or "scene")
        output = scene_film(scene)
        if halt != Halt():
            scene = without_halt(scene)
        if self._background is None:
            self._background = Background()
        resumed = None if resume is None else load(resume)[0]
        farm = Farm(_engine(place) for place in self._places)
        halt = output.halt if halt == Halt() else halt
        wanted = (channels,) if isinstance(channels, str) else tuple(channels)
        started = farm.start(scene, halt=halt, threads=threads, channels=wanted, resumed=resumed)
        job = self._background.call(started)
        self._background.on_close(job.close)
        return Job(self._background, job, output)

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

        def __getattr__(self, name: str) -> Callable[..., None]: ...


def make_call(spec: CallSpec, given: Sequence[Any], at: Location | None = None) -> Call:
    """The call that Python arguments mean. Raises SceneError that says how the call is made."""
    values = list(given)
    if len(spec.args) == 1 and spec.args[0].kind == "numbers" and len(values) == spec.args[0].count:
        values = [values]  # sixteen numbers instead of a list of them
    most = len(spec.args) + spec.takes_params
    least = sum(not arg.optional for arg in spec.args)
    if not least <= len(values) <= most:
        raise SceneError(f"{spec.pylux} takes {spec.usage}, not {len(values)} arguments", at=at)
    args = tuple(_argument(spec, arg, value, at) for arg, value in zip(spec.args, values, strict=False))
    rest = values[len(spec.args) :]
    return Call(spec.name, args, tuple(_parameters(rest[0], at)) if rest else (), at)


def _argument(spec: CallSpec, arg: Arg, value: Any, at: Location | None) -> Argument:
    try:
        if arg.kind == "string":
            if not isinstance(value, str):
                raise TypeError
            return value
        if arg.kind == "numbers":
            numbers = params.make("float", arg.name, value).value
            if arg.count is not None and len(numbers) != arg.count:
                raise TypeError
            return numbers  # type: ignore[return-value]  # "float" makes a float32 array
        if isinstance(value, str):
            raise TypeError
        return float(value)
    except (TypeError, ValueError):
        raise SceneError(f"{spec.pylux}: {arg.name} cannot be {value!r}; it takes {spec.usage}", at=at) from None


def _above_zero(name: str, value: Any) -> float | None:
    if value is None:
        return None
    if isinstance(value, Real) and float(value) > 0:
        return float(value)
    raise LrnapError(Code.ARGS, f"{name} must be a number above zero, not {value!r}")


def _parameters(given: Any, at: Location | None) -> Iterable[Param]:
    if not isinstance(given, Iterable):
        message = f'parameters are a dict or a list of pairs ("type name", value), not {given!r}'
        raise SceneError(message, at=str(at) if at else None)
    items: Iterable[Any] = given.items() if isinstance(given, Mapping) else given
    for item in items:
        if isinstance(item, Param):
            yield item
        elif hasattr(item, "type_name") and hasattr(item, "value"):  # as pylux has it
            yield params.from_token(item.type_name, item.value, at)
        elif isinstance(item, tuple | list) and len(item) == 2 and isinstance(item[0], str):
            yield params.from_token(item[0], item[1], at)
        else:
            raise SceneError(f'a parameter is a pair ("type name", value), not {item!r}', at=at)


def _method(spec: CallSpec) -> Callable[..., None]:
    def method(self: Context, *arguments: Any) -> None:
        self.call(make_call(spec, arguments, _caller()))

    method.__name__ = str(spec.pylux)
    method.__qualname__ = f"Context.{spec.pylux}"
    method.__doc__ = "\n".join([f"{spec.doc[0].upper()}{spec.doc[1:]}, {spec.where.value}.", "", *plugins_of(spec)])
    method.__signature__ = _signature(spec)  # type: ignore[attr-defined]  # what `help` shows
    return method


def _signature(spec: CallSpec) -> inspect.Signature:
    names = ["self", *(arg.name for arg in spec.args), *(["parameters"] if spec.takes_params else [])]
    optional = {arg.name for arg in spec.args if arg.optional} | {"parameters"}
    parameter, kind = inspect.Parameter, inspect.Parameter.POSITIONAL_ONLY
    return inspect.Signature([parameter(n, kind, default=() if n in optional else parameter.empty) for n in names])


def _caller() -> Location:
    """The line of the script that makes the call."""
    frame = sys._getframe(2)
    return Location(frame.f_code.co_filename, frame.f_lineno, 1)


for _spec in RECORDED:
    setattr(Context, str(_spec.pylux), _method(_spec))


def _scene_file(places: Sequence[Place]) -> Path | None:
    if len(places) == 1 and isinstance(places[0], str | os.PathLike) and Path(places[0]).suffix.lower() == ".lxs":
        return Path(places[0])
    return None


def _check_places(places: Sequence[Place]) -> None:
    from lrnap.net.address import Address

    if not places:
        raise LrnapError(Code.ARGS, "an empty list of nodes; give None to render here, or the URL of a node")
    for place in places:
        if isinstance(place, str) and "://" in place:
            Address.parse(place)
        elif isinstance(place, str | os.PathLike):
            raise LrnapError(
                Code.ARGS,
                f"{os.fspath(place)!r} is neither the URL of a node (lrnap://HOST:PORT) nor the path of an .lxs file",
            )


def _engine(place: Place) -> Engine:
    if place is None:
        from lrnap.engine.process import ProcessEngine

        return ProcessEngine()
    if isinstance(place, str):
        from lrnap.client.remote import RemoteEngine

        return RemoteEngine(place)
    assert not isinstance(place, os.PathLike)
    return place
