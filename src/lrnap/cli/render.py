"""`lrnap render`: one picture from local engines and nodes, rewritten on disk as it converges."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from lrnap.cli import report
from lrnap.cli.progress import Display, display_for
from lrnap.cli.writing import chosen
from lrnap.client.farm import Farm, FarmJob
from lrnap.client.progress import Progress
from lrnap.client.recording import scene_of_file
from lrnap.client.scene_film import SceneFilm, scene_film, without_halt
from lrnap.client.writing import Writer
from lrnap.client.written import Written, of_scene, put_aside
from lrnap.engine.cores import available
from lrnap.engine.devices import AUTO, here
from lrnap.engine.process import ProcessEngine
from lrnap.engine.protocol import Engine, Halt, RunState
from lrnap.errors import Code, LrnapError
from lrnap.film import output, preset_file, resume
from lrnap.film.channels import CHANNELS, in_order
from lrnap.film.develop import notices
from lrnap.film.replace import place_of
from lrnap.film.snapshot import Snapshot
from lrnap.lux.scene import Scene


@dataclass(frozen=True, slots=True)
class Wishes:
    """The command line, as typed."""

    scene: Path
    outputs: tuple[Path, ...] = ()
    spp: float | None = None
    seconds: float | None = None
    local: int | None = None
    nodes: tuple[str, ...] = ()
    threads: int = 0
    json: bool = False
    noise: float | None = None
    write: tuple[str, ...] = ()
    interval: float | None = None
    channels: str = ""
    resume: Path | None = None
    develop: Path | None = None
    engine: str | None = None


@dataclass(slots=True)
class _Plan:
    """What the command line means."""

    scene: Scene
    film: SceneFilm
    halt: Halt
    written: Written
    channels: tuple[str, ...] = ()
    resumed: Snapshot | None = None
    engines: list[Engine] = field(default_factory=list)
    threads: int = 0
    told: tuple[str, ...] = ()  # warnings so far

    @property
    def paths(self) -> list[Path]:
        return [one.path for one in self.written.outputs]


def run(wishes: Wishes) -> int:
    _check(wishes)
    warnings: list[str] = []
    try:
        scene, recording = scene_of_file(wishes.scene, on_warning=warnings.append)
    finally:  # they may say why a scene cannot be read
        report.say_warnings(warnings)
    with contextlib.closing(recording):
        plan = _plan(wishes, scene)
        plan.told = tuple(warnings)
        return asyncio.run(_render(plan, display_for(json=wishes.json)))


def _check(wishes: Wishes) -> None:
    """What can be refused before the scene is read."""
    for name, value in (
        ("--spp", wishes.spp),
        ("--time", wishes.seconds),
        ("--noise", wishes.noise),
        ("--interval", wishes.interval),
    ):
        if value is not None and not 0 < value < float("inf"):
            raise LrnapError(Code.ARGS, f"{name} must be above zero, not {value:g}")
    if wishes.local is not None and wishes.local < (0 if wishes.nodes else 1):
        raise LrnapError(Code.ARGS, f"--local must be at least 1 without --node, not {wishes.local}")
    if wishes.write and not wishes.outputs:
        raise LrnapError(Code.ARGS, "--write says how files of -o are written; without -o the scene's Film says it")
    chosen(wishes.outputs, wishes.write)
    if wishes.engine is not None and wishes.nodes and not wishes.local:
        raise LrnapError(Code.ARGS, "--engine is for engines of this machine: say it where the node is started")
    for path in wishes.outputs:
        output.kind_of(path)
        place_of(path)


def _plan(wishes: Wishes, scene: Scene) -> _Plan:
    film = scene_film(scene, None if wishes.develop is None else preset_file.read(wishes.develop))
    halt = Halt(wishes.spp, wishes.seconds, wishes.noise)
    if halt != Halt():
        scene = without_halt(scene)
    channels = in_order(CHANNELS if wishes.channels == "all" else wishes.channels.split(","))
    if wishes.outputs:
        written = Written(tuple(chosen(wishes.outputs, wishes.write)), wishes.interval)
    else:
        written = of_scene(scene, Path(), channels)
        written = replace(written, interval=wishes.interval or written.interval)
        for one in written.outputs:
            place_of(one.path)
    plan = _Plan(scene, film, film.halt if halt == Halt() else halt, written, channels)
    plan.resumed = _resumed(wishes.resume, written)
    local = wishes.local if wishes.local is not None else 0 if wishes.nodes else 1
    hardware = here(wishes.engine or AUTO) if local else None
    plan.engines += [ProcessEngine("luxcore", hardware) for _ in range(local)]
    if wishes.nodes:
        from lrnap.client.remote import RemoteEngine

        plan.engines += [RemoteEngine(url) for url in wishes.nodes]
    plan.threads = wishes.threads
    if not plan.threads and local > 1:
        plan.threads = max(1, available() // local)  # or they would fight for the cores
    return plan


def _resumed(asked: Path | None, written: Written) -> Snapshot | None:
    """The film to go on with: the one that is asked for, else the scene's own if it is there. A scene that begins anew
    has its old one put aside, as in classic Lux."""
    if asked is not None:
        return resume.load(asked)[0]
    own = written.resume
    if own is None or not own.exists():
        return None
    if written.restart:
        report.say(f"the film {own} is kept as {put_aside(written)}")
        return None
    film = resume.load(own)[0]
    report.say(f"going on from {own}, which has {film.spp:.1f} samples per pixel")
    return film


async def _render(plan: _Plan, display: Display) -> int:
    job = await Farm(plan.engines).start(
        plan.scene, halt=plan.halt, threads=plan.threads, channels=plan.channels, resumed=plan.resumed
    )
    interrupted = _Interrupt(job)
    written = plan.written
    pictures = Writer(
        job,
        written.outputs,
        lambda: plan.film.settings,
        display.wrote,
        lambda error: report.say_warnings([str(error)]),
        written.interval,
        written.film_interval,
    )
    try:
        with interrupted, display:
            display.begin(plan.scene.name, plan.halt)
            writing = asyncio.create_task(pictures.keep_writing())
            try:
                async for progress in job.changes():
                    display.show(progress)
            finally:
                writing.cancel()
                await asyncio.gather(writing, return_exceptions=True)
            if job.film is not None:
                await pictures.write()
    except LrnapError as error:  # nothing else is refused here: engines that fail are told of by their job
        report.say_error(error)
        return report.MISSING
    finally:
        await job.close()
    return _finish(plan, job, display, interrupted.count > 0)


def _finish(plan: _Plan, job: FarmJob, display: Display, interrupted: bool) -> int:
    progress = job.progress()
    lacking = () if job.film is None else notices(plan.film.settings, job.film.layout)
    found = (*job.warnings, *plan.film.notes, *plan.written.notes, *lacking)
    report.say_warnings(warning for warning in found if warning not in plan.told)
    _say_problems(progress)
    if job.film is None:
        error = job.error or LrnapError(Code.STATE, "interrupted before the first sample: there is no picture")
        report.say_error(error)
        return report.INTERRUPTED if interrupted else report.exit_code(error)
    if progress.state is RunState.FAILED and job.error is not None:
        report.say_error(f"the picture is not complete: {job.error}")
    display.end(progress, plan.paths)
    if interrupted:
        return report.INTERRUPTED
    return report.OK if job.error is None else report.exit_code(job.error)


def _say_problems(progress: Progress) -> None:
    """Which engines could not be used, if others could."""
    if any(not member.problem for member in progress.members):
        report.say_warnings(f"{m.engine} was not used to the end: {m.problem}" for m in progress.members if m.problem)


class _Interrupt:
    """Ctrl-C and SIGTERM: the first stops rendering and keeps the film, the second gives up."""

    SIGNALS = (signal.SIGINT, signal.SIGTERM)

    def __init__(self, job: FarmJob) -> None:
        self._job = job
        self._tasks: set[asyncio.Task[None]] = set()
        self._before: dict[signal.Signals, Any] = {}  # handlers that a loop could not take over
        self.count = 0

    def __enter__(self) -> None:
        loop = asyncio.get_running_loop()
        for number in self.SIGNALS:
            try:
                loop.add_signal_handler(number, self._signal)
            except NotImplementedError:  # of the loops that Windows has
                self._before[number] = signal.signal(number, lambda *_: loop.call_soon_threadsafe(self._signal))

    def __exit__(self, *exc: object) -> None:
        for number in self.SIGNALS:
            if number in self._before:
                signal.signal(number, self._before.pop(number))
            else:
                asyncio.get_running_loop().remove_signal_handler(number)

    def _signal(self) -> None:
        self.count += 1
        if self.count == 1:
            report.say("stopping; the picture will hold what there is (Ctrl-C again gives up)")
        work = self._job.stop() if self.count == 1 else self._job.close()
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
