"""The next engine process, ready before it is needed.

To start one is half a second of loading, in which no sample comes. So while a run renders, a process loads everything
but a scene, and waits. Rules: there is at most one; none before a second run has followed a first, so that a single job
costs what it did; it goes when no run has followed for a while, and with whoever started it, as each engine process.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from asyncio.subprocess import Process
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Protocol

PATIENCE = 60.0  # seconds in which another run follows, or none is expected

_LONGEST_MESSAGE = 1 << 26  # bytes; a scene with a warning for every shape

Start = Callable[[], Coroutine[Any, Any, Process]]


class Rendering(Protocol):
    """What is to be known of a run: when its scene is built (or never will be), and when it is over."""

    async def built(self) -> None: ...
    async def ended(self) -> None: ...


class Spare:
    """`start`: starts a process, which loads the engine and then waits for its scene."""

    def __init__(self, start: Start, patience: float = PATIENCE) -> None:
        self._start = start
        self.patience = patience
        self._waiting: asyncio.Task[Process] | None = None
        self._runs = 0
        self._follows = False  # the run that was last begun followed another one closely: the next one may, too
        self._idle: asyncio.TimerHandle | None = None  # no run since less than the patience
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False

    async def take(self) -> Process:
        """The process for a new run: the one that waits, else another one. Raises OSError if none can be started."""
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            with contextlib.suppress(OSError):
                process = await waiting
                if process.returncode is None:
                    return process
                _leave(process)
        return await self._start()

    def follow(self, run: Rendering) -> None:
        """A run has begun: another process is started as soon as it renders, if there is reason to expect a need."""
        self._follows = self._runs > 0 or self._idle is not None
        self._runs += 1
        self._stop_waiting()
        self._do(self._attend(run))

    async def close(self) -> None:
        """Ends the process that waits; none is started from now on. Idempotent."""
        self._closed = True
        self._stop_waiting()
        await self._end()

    @property
    def pid(self) -> int | None:
        """Of the process that waits, if there is one."""
        waiting = self._waiting
        if waiting is None or not waiting.done() or waiting.cancelled() or waiting.exception() is not None:
            return None
        return waiting.result().pid

    async def _attend(self, run: Rendering) -> None:
        await run.built()
        if self._follows and self._waiting is None and not self._closed:
            self._waiting = asyncio.create_task(self._start(), name="spare engine")
        await run.ended()
        self._runs -= 1
        if not self._runs and not self._closed:
            self._idle = asyncio.get_running_loop().call_later(self.patience, self._give_up)

    def _give_up(self) -> None:
        self._idle = None
        self._do(self._end())

    async def _end(self) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting is None:
            return
        with contextlib.suppress(OSError):
            process = await waiting
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
            _leave(process)

    def _stop_waiting(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
        self._idle = None

    def _do(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _leave(process: Process) -> None:
    """Of a process that is dead."""
    assert process.stdin
    process.stdin.close()


async def start_process(renderer: str) -> Process:
    """A process that renders, without a scene yet. Raises OSError."""
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-P"),  # -P: never import from the folder that the server happens to run in
        *("-m", "lrnap.engine.child", "--renderer", renderer),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        limit=_LONGEST_MESSAGE,
        start_new_session=True,  # Ctrl-C ends the server, which then still wants the film
    )
