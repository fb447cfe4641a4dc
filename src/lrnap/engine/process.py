"""Runs as child processes: whatever native code does, the process that asks for a picture stays alive.

`ProcessEngine.start` spawns `lrnap.engine.child`, feeds it the scene and from then on listens; what was last heard
answers `status()` at once, so a child that hangs holds up nobody. Rules for this file: no engine is imported here,
nothing blocks the event loop, and every temporary file is made and removed on this side, because a child may die.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import itertools
import json
import logging
import signal
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from lrnap.engine import halts, pipe
from lrnap.engine.blocks import BlockFile, scratch_folder
from lrnap.engine.cores import available
from lrnap.engine.devices import Hardware, here
from lrnap.engine.judge import until_quiet
from lrnap.engine.protocol import Halt, RunOptions, RunState, RunStatus
from lrnap.engine.renderer import check_halt, check_options, check_threads
from lrnap.engine.reported import ReportedRun
from lrnap.engine.spare import Spare, start_process
from lrnap.errors import Code, EngineError, LrnapError, SceneError
from lrnap.film.names import Names
from lrnap.film.snapshot import FilmLayout, Snapshot
from lrnap.lux.call import Call
from lrnap.lux.scene import Scene

log = logging.getLogger("lrnap.engine")
log.addHandler(logging.NullHandler())  # nothing is printed unless the program that uses us wants a log

_LOG_WIDTH = 2000  # characters kept of one line
_ERROR_LINES = 20  # log lines that an error carries
_CHUNK = 1 << 18  # bytes of a scene given to the pipe before others may run
_LAST_WORDS = 1.0  # seconds for what a dead child has printed to arrive
_KILL = 5.0  # seconds for the kernel to end a killed child


class ProcessEngine:
    """The engine that runs renderers ("luxcore" or "fake") in processes of their own. See `protocol.Engine`."""

    def __init__(self, renderer: str = "luxcore", hardware: Hardware | None = None, *, spare: bool = False) -> None:
        """`hardware`: what LuxCore renders on; by default this machine's, chosen by itself. `spare`: where run follows
        run the process of the next one is ready before (`lrnap.engine.spare`); `close` ends it."""
        self.name = renderer
        self.hardware = hardware or (here() if renderer == "luxcore" else Hardware())
        self._process = functools.partial(start_process, renderer)
        self.spare = Spare(self._process) if spare else None

    async def start(self, scene: Scene, options: RunOptions) -> ProcessRun:
        """Raises LrnapError (ARGS) for a seed, threads or halt condition out of range, before any process starts."""
        check_options(options, available())
        try:
            process = await (self.spare.take() if self.spare else self._process())
        except OSError as error:
            raise EngineError(f"no process can be started for the engine: {error}") from error
        run = ProcessRun(process, scene, options, self.hardware)
        if self.spare:
            self.spare.follow(run)
        return run

    async def close(self) -> None:
        """Ends what waits for runs to come; runs that there are end by themselves. Idempotent."""
        if self.spare:
            await self.spare.close()


class ProcessRun(ReportedRun):
    """See `protocol.Run`. `pid` is the child's process."""

    def __init__(
        self, process: asyncio.subprocess.Process, scene: Scene, options: RunOptions, hardware: Hardware
    ) -> None:
        assert process.stdin and process.stdout and process.stderr
        self._process = process
        self._stdin, self._stdout, self._stderr = process.stdin, process.stdout, process.stderr
        super().__init__(options)
        self._hardware = hardware
        self._doing = "starting"
        self._warnings: tuple[str, ...] = ()
        self._dropped = 0
        self._failure: LrnapError | None = None  # what the child said before it ended
        self._closed = False
        self._ids = itertools.count(1)
        self._answers: dict[int, asyncio.Future[pipe.Message]] = {}
        self._numbers = itertools.count(1)
        self._reading: asyncio.Task[Snapshot] | None = None
        self._newest: Snapshot | None = None
        self._last: Snapshot | None = None  # the film of a run that is over
        self._limit: float | None = None  # on the noise
        self._noise: float | None = None  # as last judged
        self._judging: asyncio.Task[None] | None = None
        self._fed = asyncio.Event()  # the scene is sent; commands wait for it
        self._life = asyncio.create_task(self._live(scene), name=f"run {options.run}")

    @property
    def pid(self) -> int:
        return self._process.pid

    async def ended(self) -> None:
        """Until its process is gone."""
        await asyncio.wait([self._life])

    def warnings(self) -> Sequence[str]:
        if not self._dropped:
            return self._warnings
        return (*self._warnings, f"{self._dropped} pixel(s) of the film are not finite and were left out")

    async def snapshot(self) -> Snapshot:
        if self._closed:
            raise EngineError(f"run {self.name} is closed", code=Code.STATE)
        if self._last is not None:
            return self._last
        if self._layout is None and not self._status.state.over:
            raise EngineError("there is no film yet: the scene is being built", code=Code.STATE)
        if self._reading is None:
            self._reading = asyncio.create_task(self._read_film())
            self._reading.add_done_callback(self._read)
        try:
            return await asyncio.shield(self._reading)
        except LrnapError:
            if self._newest is not None and self._newest.epoch == self._status.epoch and not self._closed:
                return self._newest
            raise

    async def pause(self) -> None:
        await self._ask("pause")

    async def resume(self) -> None:
        await self._ask("resume")

    async def stop(self) -> None:
        if self._status.state is RunState.BUILDING:
            self._enter(replace(self._status, state=RunState.STOPPED))
            await self._end()
        elif self._status.state is not RunState.FAILED:
            await self._ask("stop")

    async def set_threads(self, threads: int) -> None:
        check_threads(threads, available())
        await self._ask("threads", threads=threads)

    async def set_halt(self, halt: Halt) -> None:
        check_halt(halt)
        await self._ask("halt", halt=asdict(halt))
        self._judge(halt)

    async def edit(
        self, calls: Sequence[Call], files: Mapping[str, str] | None = None, epoch: int | None = None
    ) -> int:
        wanted = self._status.epoch + 1 if epoch is None else epoch
        message, parts = pipe.packed({"epoch": wanted, "files": dict(files or {})}, calls)
        answer = await self._ask("edit", parts, **message)
        assert self._layout is not None  # what is edited has been built
        self._layout = replace(self._layout, names=_called(answer["names"]))
        self._warnings = tuple(dict.fromkeys((*self._warnings, *answer["warnings"])))
        return wanted

    async def close(self) -> None:
        self._closed = True
        if not self._status.state.over:
            self._enter(replace(self._status, state=RunState.STOPPED))
        await self._end()
        self._newest = self._last = None

    async def _end(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await asyncio.wait([self._life], timeout=_KILL)

    # The child, from start to end.

    async def _live(self, scene: Scene) -> None:
        feeding = asyncio.create_task(self._feed(scene))
        listening = asyncio.create_task(self._keep_log())
        try:
            await self._hear()
        except Exception as error:
            self._failure = EngineError(f"the engine's process cannot be understood: {error!r}", code=Code.INTERNAL)
            self._process.kill()
        await self._process.wait()
        await asyncio.wait([listening], timeout=_LAST_WORDS)
        tasks = [feeding, listening, *([self._judging] if self._judging else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._stdin.close()
        self._over()

    async def _feed(self, scene: Scene) -> None:
        try:
            start = {"options": asdict(self._options), "hardware": asdict(self._hardware), "files": dict(scene.files)}
            await self._write(pipe.line({"do": "start", **start}))
            for message, parts in pipe.slices(scene.calls):
                await self._write(pipe.line(message))
                for part in parts:
                    for offset in range(0, part.nbytes, _CHUNK):
                        await self._write(part[offset : offset + _CHUNK])
            message, edits = pipe.packed({"do": "end"}, scene.edits)
            await self._write(pipe.line(message))
            for part in edits:
                await self._write(part)
        except ConnectionError:
            pass  # it has failed meanwhile and will say why
        finally:
            self._fed.set()

    async def _write(self, data: bytes | memoryview) -> None:
        if self._stdin.is_closing():
            raise BrokenPipeError
        self._stdin.write(data)
        await self._stdin.drain()

    async def _hear(self) -> None:
        while line := await self._stdout.readline():
            if not line.endswith(b"\n"):
                return  # it died in the middle of a word
            message: pipe.Message = json.loads(line)
            match message["is"]:
                case "status":
                    if not self._status.state.over:
                        self._enter(_status(message["status"]))
                case "answer":
                    future = self._answers.pop(message["id"], None)
                    if future is not None and not future.done():
                        future.set_result(message)
                case "built":
                    self._built(message["built"])
                case "doing":
                    self._doing = message["what"]
                case "log":
                    self._keep(message["line"])
                case "failed":
                    self._failure = self._error_of(message)
                    if "trace" in message:
                        log.error("defect in run %s\n%s", self.name, message["trace"])

    async def _keep_log(self) -> None:
        """What native code prints; a line may be of any length, or never end."""
        rest = ""
        while data := await self._stderr.read(_CHUNK):
            *lines, rest = (rest + data.decode(errors="replace")).split("\n")
            for line in lines:
                self._keep(line)
            rest = rest[:_LOG_WIDTH]
        if rest:
            self._keep(rest)

    def _keep(self, text: str) -> None:
        self._log.extend(line[:_LOG_WIDTH] for line in text.splitlines() if line.strip())

    def _built(self, built: dict[str, Any]) -> None:
        layout = built["layout"]
        fields = {name: tuple(layout[name]) for name in ("groups", "channels")} | {"names": _called(layout["names"])}
        self._layout = FilmLayout(**layout | fields)
        self._warnings = tuple(built["warnings"])
        self._judge(halts.first_of(self._options.halt, Halt(**built["halt"])))

    def _judge(self, halt: Halt) -> None:
        """From now on the run is done when its noise is below what is asked for."""
        self._limit = halts.without_never(halt).noise
        if self._limit is not None and (self._judging is None or self._judging.done()):
            self._judging = asyncio.create_task(self._finish_when_quiet())

    async def _finish_when_quiet(self) -> None:
        def told(level: float | None) -> None:
            self._noise = level
            if not self._status.state.over:
                self._enter(self._status)

        if await until_quiet(self, lambda: self._limit, told):
            with contextlib.suppress(LrnapError):  # it has ended otherwise, meanwhile
                await self._ask("finish", epoch=self._status.epoch)

    def _over(self) -> None:
        if not self._status.state.over:
            self._enter(replace(self._status, state=RunState.FAILED, samples_per_second=0.0, error=self._death()))
        for future in self._answers.values():
            if not future.done():
                future.set_exception(self._gone())
        self._answers.clear()

    def _death(self) -> LrnapError:
        if isinstance(self._failure, EngineError):
            return EngineError(self._failure.message, log=self._last_lines(), code=self._failure.code)
        return self._failure or self._crash()

    def _crash(self) -> EngineError:
        code = self._process.returncode or 0
        try:
            how = f"was killed by {signal.Signals(-code).name}"
            if code == -signal.SIGKILL:
                how += " (by somebody, or by the system because memory was short)"
        except ValueError:
            how = f"ended with exit code {code}"
        return EngineError(f"the render engine {how} while {self._doing}", log=self._last_lines())

    def _gone(self) -> LrnapError:
        """Why a command can no longer be carried out, as an exception that may be raised."""
        error = self._status.error
        if error is not None:
            return error.with_traceback(None)
        if self._closed:
            return EngineError(f"run {self.name} is closed", code=Code.STATE)
        if self._layout is None:
            return EngineError("there is no film: the run was stopped while it was being built", code=Code.STATE)
        return self._crash()

    def _error_of(self, message: pipe.Message) -> LrnapError:
        code = Code[message["code"]]
        if message["family"] == "scene":
            return SceneError(message["message"], at=message["at"], code=code)
        return EngineError(message["message"], code=code)

    def _last_lines(self) -> tuple[str, ...]:
        return tuple(self._log)[-_ERROR_LINES:]

    def _enter(self, status: RunStatus) -> None:
        if (status.state, status.epoch) != (self._status.state, self._status.epoch):
            self._reading = None  # a film that is being read is of the state before: nobody else may share it
        super()._enter(replace(status, noise=self._noise))

    # Commands and films.

    async def _ask(self, do: str, parts: Sequence[memoryview] = (), **arguments: object) -> pipe.Message:
        if self._life.done():
            raise self._gone()
        number = next(self._ids)
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        try:
            await self._fed.wait()
            with contextlib.suppress(ConnectionError):  # then it is dying, and its end answers
                if not self._stdin.is_closing():  # what is closed is not written to: uvloop calls that a defect
                    self._stdin.write(pipe.line({"do": do, "id": number, **arguments}))
                    for part in parts:  # in one go, so that no other command comes between
                        self._stdin.write(part)
                    await self._stdin.drain()
            message: pipe.Message = await answer
        finally:
            self._answers.pop(number, None)
        if "code" in message:
            raise self._error_of(message)
        return message

    async def _read_film(self) -> Snapshot:
        if self._layout is None or self._life.done():
            raise self._gone()
        last = self._status.state.over
        with scratch_folder(2 * self._layout.floats * 4) as scratch:  # our block, and a file of the engine's
            file = await asyncio.to_thread(_new_block, self._layout, scratch)
            try:
                answer = await self._ask("film", path=str(file.path), scratch=scratch)
            finally:
                file.remove()
        self._dropped = answer["dropped"]
        self._newest = Snapshot(
            run=self.name,
            seed=self.seed,
            number=next(self._numbers),
            layout=self._layout,
            block=file.block,
            samples=answer["samples"],
            screen_samples=answer["screen_samples"],
            seconds=answer["seconds"],
            epoch=answer["epoch"],
        )
        if last:
            self._last = self._newest
        return self._newest

    def _read(self, reading: asyncio.Task[Snapshot]) -> None:
        if self._reading is reading:
            self._reading = None
        if not reading.cancelled():
            reading.exception()  # it is told to those who asked, if they still listen


def _new_block(layout: FilmLayout, folder: str) -> BlockFile:
    try:
        return BlockFile(layout.floats, folder)
    except OSError as error:
        size = layout.floats * 4 / 1e6
        raise EngineError(f"there is no room for a film of {size:.0f} MB: {error}") from error


def _called(names: Mapping[str, Sequence[str]]) -> Names:
    return {channel: tuple(of_ids) for channel, of_ids in names.items()}


def _status(fields: dict[str, Any]) -> RunStatus:
    return RunStatus(**fields | {"state": RunState[fields["state"]]})
