"""`lrnap render`: one picture from local engines and nodes, rewritten on disk as it converges."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from dataclasses import dataclass, field
from pathlib import Path

from lrnap.cli import report
from lrnap.cli.progress import Display, display_for
from lrnap.client.farm import Farm, FarmJob, Progress
from lrnap.client.job import facts
from lrnap.client.recording import scene_of_file
from lrnap.client.scene_film import SceneFilm, scene_film, without_halt
from lrnap.engine.cores import available
from lrnap.engine.process import ProcessEngine
from lrnap.engine.protocol import Engine, Halt, RunState
from lrnap.errors import Code, LrnapError
from lrnap.film import output
from lrnap.lux.scene import Scene

WRITE_SHARE = 0.1  # of the time may go into developing and writing pictures


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


@dataclass(slots=True)
class _Plan:
    """What the command line means."""

    scene: Scene
    film: SceneFilm
    halt: Halt
    pictures: list[Path]
    engines: list[Engine] = field(default_factory=list)
    threads: int = 0


def run(wishes: Wishes) -> int:
    _check(wishes)
    warnings: list[str] = []
    scene, recording = scene_of_file(wishes.scene, on_warning=warnings.append)
    with contextlib.closing(recording):
        plan = _plan(wishes, scene)
        report.say_warnings(warnings)
        return asyncio.run(_render(plan, display_for(json=wishes.json)))


def _check(wishes: Wishes) -> None:
    """What can be refused before the scene is read."""
    for name, value in (("--spp", wishes.spp), ("--time", wishes.seconds), ("--noise", wishes.noise)):
        if value is not None and not 0 < value < float("inf"):
            raise LrnapError(Code.ARGS, f"{name} must be above zero, not {value:g}")
    if wishes.local is not None and wishes.local < (0 if wishes.nodes else 1):
        raise LrnapError(Code.ARGS, f"--local must be at least 1 without --node, not {wishes.local}")
    for path in wishes.outputs:
        output.kind_of(path)
        if not path.absolute().parent.is_dir():
            raise LrnapError(
                Code.NOT_FOUND, f"there is no folder {path.absolute().parent}: create it first", at=str(path)
            )


def _plan(wishes: Wishes, scene: Scene) -> _Plan:
    film = scene_film(scene)
    halt = Halt(wishes.spp, wishes.seconds, wishes.noise)
    if halt != Halt():
        scene = without_halt(scene)
    pictures = list(wishes.outputs) or [Path(f"{film.filename}.png")]
    plan = _Plan(scene, film, film.halt if halt == Halt() else halt, pictures)
    local = wishes.local if wishes.local is not None else 0 if wishes.nodes else 1
    plan.engines += [ProcessEngine() for _ in range(local)]
    if wishes.nodes:
        from lrnap.client.remote import RemoteEngine

        plan.engines += [RemoteEngine(url) for url in wishes.nodes]
    plan.threads = wishes.threads
    if not plan.threads and local > 1:
        plan.threads = max(1, available() // local)  # or they would fight for the cores
    return plan


async def _render(plan: _Plan, display: Display) -> int:
    job = await Farm(plan.engines).start(plan.scene, halt=plan.halt, threads=plan.threads)
    interrupted = _Interrupt(job)
    pictures = _Pictures(plan, job, display)
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
    report.say_warnings((*job.warnings, *plan.film.notes))
    _say_problems(progress)
    if job.film is None:
        error = job.error or LrnapError(Code.STATE, "interrupted before the first sample: there is no picture")
        report.say_error(error)
        return report.INTERRUPTED if interrupted else report.exit_code(error)
    if progress.state is RunState.FAILED and job.error is not None:
        report.say_error(f"the picture is not complete: {job.error}")
    display.end(progress, plan.pictures)
    if interrupted:
        return report.INTERRUPTED
    return report.OK if job.error is None else report.exit_code(job.error)


def _say_problems(progress: Progress) -> None:
    """Which engines could not be used, if others could."""
    if any(not member.problem for member in progress.members):
        report.say_warnings(f"{m.engine} was not used to the end: {m.problem}" for m in progress.members if m.problem)


class _Pictures:
    """Writes the pictures anew when the film has grown, without taking much time from the rendering."""

    def __init__(self, plan: _Plan, job: FarmJob, display: Display) -> None:
        self._plan = plan
        self._job = job
        self._display = display
        self._written = 0
        self._lock = asyncio.Lock()

    async def keep_writing(self) -> None:
        async for progress in self._job.changes():
            if progress.film > self._written:
                began = time.monotonic()
                writing = asyncio.create_task(self.write())
                writing.add_done_callback(_heard)
                try:
                    await asyncio.shield(writing)
                except LrnapError as error:  # the disk may have room again for the last one
                    report.say_warnings([str(error)])
                await asyncio.sleep((time.monotonic() - began) * (1 / WRITE_SHARE - 1))

    async def write(self) -> None:
        async with self._lock:
            progress = self._job.progress()
            if progress.film == self._written:
                return
            await asyncio.to_thread(self._write)
            self._written = progress.film
            self._display.wrote(progress, self._plan.pictures)

    def _write(self) -> None:
        film = self._job.film
        assert film is not None
        merged, notes = film.merged(), facts(self._job)
        for path in self._plan.pictures:
            output.save(path, merged, self._plan.film.settings, notes)


def _heard(task: asyncio.Task[None]) -> None:
    """What fails after nobody waits for it any more, the last picture tells again: without this, asyncio prints it."""
    if not task.cancelled():
        task.exception()


class _Interrupt:
    """Ctrl-C and SIGTERM: the first stops rendering and keeps the film, the second gives up."""

    SIGNALS = (signal.SIGINT, signal.SIGTERM)

    def __init__(self, job: FarmJob) -> None:
        self._job = job
        self._tasks: set[asyncio.Task[None]] = set()
        self.count = 0

    def __enter__(self) -> None:
        for number in self.SIGNALS:
            asyncio.get_running_loop().add_signal_handler(number, self._signal)

    def __exit__(self, *exc: object) -> None:
        for number in self.SIGNALS:
            asyncio.get_running_loop().remove_signal_handler(number)

    def _signal(self) -> None:
        self.count += 1
        if self.count == 1:
            report.say("stopping; the picture will hold what there is (Ctrl-C again gives up)")
        work = self._job.stop() if self.count == 1 else self._job.close()
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
