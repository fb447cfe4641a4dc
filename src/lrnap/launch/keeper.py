"""A server as a child process that is kept running: started, listened to, started again when it dies, ended with us.

The child is attached (`lrnap.launch.attached`), so it ends with this process however that happens. It has a session
of its own: Ctrl-C reaches this process alone, which then ends its children in order.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from lrnap.errors import Code, RemoteError
from lrnap.net.process import FENCED

START_SECONDS = 120.0  # of a loaded machine
END_SECONDS = 40.0  # more than what an attached program gives itself
FIRST_DELAY, LONGEST_DELAY = 1.0, 60.0  # seconds before a dead child is started again, doubled each time
STEADY_SECONDS = 60.0  # a child that ran so long has not failed to start
LONGEST_LINE = 1 << 20

SHOWN = "metrics at "  # a line that says where figures are, which nobody chose if the port is any that is free

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Program:
    """`word`: what it calls itself in its first lines; `listen`: its addresses; `options` of `lrnap` itself come
    before the command."""

    name: str
    word: str
    listen: Sequence[str]
    arguments: Sequence[str] = ()
    options: Sequence[str] = ()
    environment: Mapping[str, str] = field(default_factory=dict)

    def command(self, listen: Sequence[str]) -> list[str]:
        words = [sys.executable, "-P", "-m", "lrnap", "--attached", *self.options, self.word]
        for address in listen:
            words += ["--listen", address]
        return [*words, *self.arguments]


class Keeper:
    """Keeps one program running: `start`, then `keep` until `end`."""

    def __init__(self, program: Program, say: Say, *, first_delay: float = FIRST_DELAY) -> None:
        self.program = program
        self.urls: list[str] = []
        self._say = say
        self._first_delay = first_delay
        self._process: asyncio.subprocess.Process | None = None
        self._readers: list[asyncio.Task[None]] = []
        self._last: deque[str] = deque(maxlen=12)
        self._ending = False

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    async def start(self) -> list[str]:
        """Where it can be reached: the same addresses each time. Raises RemoteError with its last words."""
        program = self.program
        self._last.clear()
        self._process = process = await asyncio.create_subprocess_exec(
            *program.command(self.urls or program.listen),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, **program.environment},
            limit=LONGEST_LINE,
            start_new_session=True,
        )
        assert process.stdout and process.stderr
        ready: asyncio.Queue[str | None] = asyncio.Queue()
        self._readers = [
            asyncio.create_task(self._read_out(process.stdout, ready)),
            asyncio.create_task(self._read_log(process.stderr)),
        ]
        urls: list[str] = []
        try:
            async with asyncio.timeout(START_SECONDS):
                while len(urls) < len(program.listen) and (url := await ready.get()) is not None:
                    urls.append(url)
        except TimeoutError:
            pass
        except BaseException:
            await self.end()
            raise
        if len(urls) < len(program.listen):
            await self._end_process()
            said = "; ".join([*self._last][-3:]) or "it said nothing"
            raise RemoteError(Code.UNAVAILABLE, f"{program.name} did not come up: {said}")
        self.urls = urls
        return urls

    async def keep(self) -> None:
        """Starts it again whenever it has ended, later each time; returns once it was told to end, or another one has
        taken its place for good."""
        delay = self._first_delay
        while self._process is not None and not self._ending:
            begun = time.monotonic()
            code = await self._process.wait()
            await self._close()
            if self._ending:
                return
            delay = self._first_delay if time.monotonic() - begun > STEADY_SECONDS else delay
            if code == FENCED:
                self._say(f"{self.program.name} is not started again, because another one has taken its place")
                return
            why = f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"
            self._say(f"{self.program.name} {why} and is started again in {delay:g} s")
            await asyncio.sleep(delay)
            delay = min(delay * 2, LONGEST_DELAY)
            with contextlib.suppress(RemoteError):  # its last words were shown as they came
                if not self._ending:
                    await self.start()
                    self._say(f"{self.program.name} is back")

    async def end(self) -> None:
        """Ends it and returns when it is gone; idempotent."""
        self._ending = True
        await self._end_process()

    async def _end_process(self) -> None:
        process = self._process
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            async with asyncio.timeout(END_SECONDS):
                await process.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
        await self._close()

    async def _close(self) -> None:
        process = self._process
        assert process is not None
        if process.stdin is not None:
            process.stdin.close()
        await asyncio.gather(*self._readers, return_exceptions=True)

    async def _read_out(self, stream: asyncio.StreamReader, ready: asyncio.Queue[str | None]) -> None:
        """What follows the addresses is for a person who would have started it alone."""
        prefix = f"{self.program.word} ready at "
        async for line in _lines(stream):
            if line.startswith(prefix):
                ready.put_nowait(line.removeprefix(prefix))
            elif line.startswith(SHOWN):
                self._say(f"[{self.program.name}] {line}")
        ready.put_nowait(None)

    async def _read_log(self, stream: asyncio.StreamReader) -> None:
        async for line in _lines(stream):
            self._last.append(line)
            self._say(f"[{self.program.name}] {line}")


async def _lines(stream: asyncio.StreamReader) -> AsyncIterator[str]:
    while True:
        try:
            line = await stream.readline()
        except ValueError:  # a line that never ends was cut
            continue
        if not line:
            return
        yield line.decode(errors="replace").rstrip()
