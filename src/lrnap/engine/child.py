"""The process that renders: reads a scene from its parent, builds it, renders, and answers until the parent is gone.

Started by `process.py` as `python -m lrnap.engine.child --renderer luxcore`; see `pipe.py` for what travels. One
thread owns the renderer. Standard output belongs to the messages alone: what native code prints goes to standard
error, which the parent keeps as log. Nothing native is loaded before the pipes are safe.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import importlib
import os
import queue
import signal
import sys
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from lrnap.engine import halts, pipe
from lrnap.engine.blocks import open_block
from lrnap.engine.cores import Cores, give_way, threads
from lrnap.engine.devices import Device, Hardware
from lrnap.engine.protocol import Halt, RunOptions, RunState
from lrnap.engine.renderer import Renderer
from lrnap.engine.stopwatch import Stopwatch
from lrnap.errors import Code, EngineError, LrnapError, SceneError
from lrnap.film.snapshot import Block, FilmLayout
from lrnap.limits import MAX_WARNING, MAX_WARNINGS
from lrnap.lux.builder import describe
from lrnap.lux.call import Call
from lrnap.lux.edited import apply
from lrnap.lux.editing import changes_of

RENDERERS = {"luxcore": "lrnap.engine.luxcore.renderer:LuxCoreRenderer", "fake": "lrnap.engine.fake:FakeRenderer"}

_WAITING, _AT_WORK = 1000, 500  # whom the kernel ends first if memory is short, of 1000
_REPORT = 0.15  # seconds between reports of a running render

Send = Callable[[pipe.Message], None]


class Child:
    """One run inside the child: a small loop over the parent's commands and the engine's progress."""

    def __init__(self, renderer: Renderer, options: RunOptions, cores: Cores, send: Send) -> None:
        self._renderer = renderer
        self._cores = cores
        self._send = send
        self._options = options
        self._state = RunState.BUILDING
        self._watch = Stopwatch(time.monotonic)
        self._reported = 0.0
        self._epoch = options.epoch
        self._commands: dict[str, Callable[[pipe.Message], pipe.Message]] = {
            "film": self._film,
            "pause": self._pause,
            "resume": self._resume,
            "stop": self._stop,
            "finish": self._finish,
            "threads": self._threads,
            "halt": self._set_halt,
            "edit": self._edit,
        }

    def build(self, calls: Iterator[Call], edits: Sequence[Call], files: dict[str, str]) -> None:
        """`edits`: filled in as soon as `calls` have come to their end."""
        self._cores.use(self._options.threads)
        self._doing("reading the scene")
        warnings: list[str] = []
        description = describe(calls, warnings.append)
        deque(calls, maxlen=0)  # what follows the end of the world
        self._description = apply(description, changes_of(edits))
        self._doing("building the scene")
        options = replace(self._options, threads=self._cores.engine_threads(self._options.threads))
        built = self._renderer.build(self._description, files, options)
        self._built = replace(built, warnings=bounded((*warnings, *built.warnings)))
        self._halt = halts.without_never(halts.first_of(self._options.halt, self._built.halt))
        self._renderer.set_halt(self._halt)
        self._send({"is": "built", "built": asdict(self._built)})

    def start(self) -> None:
        self._doing("starting to render")
        ours = threads()
        self._renderer.start()
        give_way(threads() - ours)
        self._cores.use(self._options.threads)  # once more, for the threads that the engine has started since
        self._watch.go()
        self._doing("rendering")
        self._enter(RunState.RENDERING)

    def run(self, inbox: queue.SimpleQueue[pipe.Message]) -> None:
        """Serves commands for ever; the thread that fills the inbox ends the process."""
        while True:
            with contextlib.suppress(queue.Empty):
                self._serve(inbox.get(timeout=self._patience()))
            if self._state is RunState.RENDERING:
                self._look()

    def _serve(self, command: pipe.Message) -> None:
        answer: pipe.Message = {"is": "answer", "id": command["id"]}
        try:
            answer |= self._commands[command["do"]](command)
        except LrnapError as error:
            family = "scene" if isinstance(error, SceneError) else "engine"
            answer |= {"family": family, "code": error.code.name, "message": error.message, "at": error.at}
        except Exception as error:  # what native code raises is told to who asked; the run goes on
            answer |= {"family": "engine", "code": Code.ENGINE.name, "message": str(error) or type(error).__name__}
        self._send(answer)

    # The commands.

    def _film(self, command: pipe.Message) -> pipe.Message:
        self._doing("reading the film")
        block = open_block(Path(command["path"]))
        seconds = self._watch.seconds
        counts = self._renderer.read_film(block, Path(command["scratch"]))
        dropped = drop_non_finite(self._built.layout, block)
        self._doing(self._state.value.lower())
        return {**counts._asdict(), "seconds": seconds, "dropped": dropped, "epoch": self._epoch}

    def _pause(self, _: pipe.Message) -> pipe.Message:
        self._must_be_alive("paused")
        if self._state is RunState.RENDERING:
            self._renderer.pause()
            self._hold()
            self._enter(RunState.PAUSED)
        return {}

    def _resume(self, _: pipe.Message) -> pipe.Message:
        self._must_be_alive("resumed")
        if self._state is RunState.PAUSED:
            self._renderer.resume()
            self._watch.go()
            self._enter(RunState.RENDERING)
        return {}

    def _stop(self, _: pipe.Message) -> pipe.Message:
        if not self._state.over:
            self._end(RunState.STOPPED)
        return {}

    def _finish(self, command: pipe.Message) -> pipe.Message:
        """The parent, which judges the noise, finds that it is done; unless it has looked at a film of before."""
        if not self._state.over and command["epoch"] == self._epoch:
            self._end(RunState.DONE)
        return {}

    def _threads(self, command: pipe.Message) -> pipe.Message:
        self._must_be_alive("given other threads")
        self._cores.use(command["threads"])
        self._enter(self._state)
        return {}

    def _set_halt(self, command: pipe.Message) -> pipe.Message:
        self._must_be_alive("given another end")
        self._halt = halts.without_never(Halt(**command["halt"]))
        self._renderer.set_halt(self._halt)
        return {}

    def _edit(self, command: pipe.Message) -> pipe.Message:
        self._must_be_alive("edited")
        if command["epoch"] <= self._epoch:
            raise LrnapError(Code.SEQ, f"the film is of epoch {self._epoch} already: {command['epoch']} is not newer")
        self._doing("changing the scene")
        ours = threads()
        try:
            description = apply(self._description, changes_of(pipe.calls_of(command["parts"])))
            warnings = self._renderer.edit(description, command["files"])
        finally:
            give_way(threads() - ours)
            self._doing(self._state.value.lower())
        self._description, self._epoch = description, command["epoch"]
        self._watch.reset()
        self._enter(self._state)
        return {"warnings": bounded(warnings), "names": dict(self._renderer.names)}

    def _must_be_alive(self, what: str) -> None:
        if self._state.over:
            raise LrnapError(Code.STATE, f"a run that is {self._state.value} cannot be {what}")

    # Progress.

    def _look(self) -> None:
        self._watch.note(self._renderer.stats().samples)
        halt = self._halt
        if (halt.spp is not None and self._spp() >= halt.spp) or (
            halt.seconds is not None and self._watch.seconds >= halt.seconds
        ):
            self._end(RunState.DONE)
        elif time.monotonic() - self._reported >= _REPORT:
            self._report()

    def _end(self, state: RunState) -> None:
        self._hold()
        self._doing("stopping")
        self._renderer.stop()
        self._watch.note(self._renderer.stats().samples)
        self._doing(state.value.lower())
        self._enter(state)

    def _hold(self) -> None:
        self._watch.hold()
        self._watch.note(self._renderer.stats().samples)

    def _patience(self) -> float | None:
        """Seconds until the engine should be looked at, which halts only then; None: whenever somebody asks."""
        if self._state is not RunState.RENDERING:
            return None
        spp = self._halt.spp
        return self._watch.patience(self._halt.seconds, None if spp is None else spp * self._pixels())

    def _pixels(self) -> int:
        return self._built.layout.width * self._built.layout.height

    def _spp(self) -> float:
        return self._watch.samples / self._pixels()

    # What the parent hears.

    def _enter(self, state: RunState) -> None:
        self._state = state
        self._report()

    def _report(self) -> None:
        self._reported = time.monotonic()
        status = {
            "state": self._state.name,
            "samples": self._watch.samples,
            "spp": self._spp(),
            "samples_per_second": self._watch.rate if self._state is RunState.RENDERING else 0.0,
            "seconds": self._watch.seconds,
            "threads": self._cores.used,
            "triangles": self._built.triangles,
            "engine": self._built.engine,
            "epoch": self._epoch,
        }
        self._send({"is": "status", "status": status})

    def _doing(self, what: str) -> None:
        self._send({"is": "doing", "what": what})


def bounded(warnings: Iterable[str]) -> tuple[str, ...]:
    """Each warning once, the first MAX_WARNINGS of them at a bearable length; and how many more there are."""
    once = [*dict.fromkeys(warnings)]
    more = len(once) - MAX_WARNINGS
    told = tuple(text[:MAX_WARNING] for text in once[:MAX_WARNINGS])
    return told if more <= 0 else (*told, f"{more} more warnings are not shown")


def drop_non_finite(layout: FilmLayout, block: Block) -> int:
    """Clears the pixels of the film that hold NaN or infinity, so that they never were sampled; says how many."""
    if np.isfinite(block.sum(dtype=np.float64)):
        return 0
    weight, alpha, pixel, screen, channels = layout.planes(block)
    bad = ~(np.isfinite(weight) & np.isfinite(alpha) & np.isfinite(pixel).all(axis=(0, 3)))
    weight[bad] = alpha[bad] = 0
    pixel[:, bad] = 0
    if screen is not None:
        bad_screen = ~np.isfinite(screen).all(axis=(0, 3))
        screen[:, bad_screen] = 0
        bad |= bad_screen
    for values in channels.values():
        bad_values = ~np.isfinite(values).all(axis=2)
        values[bad_values] = 0
        bad |= bad_values
    return int(bad.sum())


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--renderer", choices=sorted(RENDERERS), required=True)
    source, send = _take_pipes()
    _follow_parent()
    try:
        _run(arguments.parse_args().renderer, source, send)
    except BaseException as error:
        send(_failure(error))
    # Without the interpreter's and the engine's own endings, which can crash while threads still render.
    os._exit(0)


def _run(name: str, source: BinaryIO, send: Send) -> None:
    module, _, factory = RENDERERS[name].partition(":")
    loaded = importlib.import_module(module)  # before there is a scene: a spare waits behind this line
    message = pipe.receive(source)
    if message is None:
        return
    _goes_first(_AT_WORK)
    start = message[0]
    given = start["options"]
    options = RunOptions(**given | {"halt": Halt(**given["halt"]), "channels": tuple(given["channels"])})

    def log(text: str) -> None:
        send({"is": "log", "line": text})

    renderer: Renderer = getattr(loaded, factory)(log, _hardware(start["hardware"]))
    child = Child(renderer, options, Cores(), send)
    edits: list[Call] = []
    child.build(_calls(source, edits), edits, start["files"])
    inbox: queue.SimpleQueue[pipe.Message] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(source, inbox), daemon=True).start()
    child.start()
    child.run(inbox)


def _hardware(given: dict[str, Any]) -> Hardware:
    return Hardware(given["choice"], tuple(Device(**device) for device in given["devices"]))


def _calls(source: BinaryIO, edits: list[Call]) -> Iterator[Call]:
    """The scene as it arrives. The parent's first command after it is "end", with the edits of the scene."""
    while message := pipe.receive(source):
        head, parts = message
        if head["do"] == "end":
            edits += pipe.calls_of(parts)
            return
        yield from pipe.calls_of(parts)
    os._exit(0)


def _listen(source: BinaryIO, inbox: queue.SimpleQueue[pipe.Message]) -> None:
    while message := pipe.receive(source):
        inbox.put({**message[0], "parts": message[1]})
    os._exit(0)  # the parent is gone, and nobody needs the film


def _take_pipes() -> tuple[BinaryIO, Send]:
    """The parent's pipes for us alone; native code reads nothing and prints to standard error."""
    source = os.fdopen(os.dup(0), "rb")
    sink = os.fdopen(os.dup(1), "wb", buffering=0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    lock = threading.Lock()

    def send(message: pipe.Message) -> None:
        data = memoryview(pipe.line(message))
        with lock:
            try:
                while data:
                    data = data[sink.write(data) :]
            except BrokenPipeError:
                os._exit(0)

    return source, send


def _follow_parent() -> None:
    """The kernel ends this process with its parent, even while native code hangs; if memory is short, it goes first."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # 1: PR_SET_PDEATHSIG
        _goes_first(_WAITING)


def _goes_first(score: int) -> None:
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            Path("/proc/self/oom_score_adj").write_text(str(score))


def _failure(error: BaseException) -> pipe.Message:
    if isinstance(error, LrnapError):
        family = "engine" if isinstance(error, EngineError) else "scene"
        return {
            "is": "failed",
            "family": family,
            "code": error.code.name,
            "message": error.message,
            "at": error.at,
        }
    if isinstance(error, MemoryError):
        code, message = Code.ENGINE, "there is not enough memory for the scene"
    else:
        code, message = Code.INTERNAL, f"a defect of lrnap ({type(error).__name__}): please report it with the scene"
    trace = "".join(traceback.format_exception(error))  # for whoever runs the parent, not for its clients
    return {"is": "failed", "family": "engine", "code": code.name, "message": message, "at": None, "trace": trace}


if __name__ == "__main__":
    main()
