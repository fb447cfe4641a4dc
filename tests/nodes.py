"""Nodes for tests, in this process with an engine that does as it is told; and a client that is no more than a socket,
so that tests see what a person in netcat sees. Those with a process of their own: `node_processes.py`."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from lrnap.engine.protocol import Halt, RunOptions, RunState, RunStatus
from lrnap.errors import Code, EngineError, LrnapError, SceneError
from lrnap.film.snapshot import FilmLayout, Snapshot
from lrnap.limits import NodeLimits
from lrnap.lux.call import Call
from lrnap.lux.scene import Scene
from lrnap.net.address import Address
from lrnap.net.deadlines import Deadlines
from lrnap.net.gate import Gate
from lrnap.net.identity import load_or_make
from lrnap.net.server import Server
from lrnap.node.service import Node
from lrnap.wire import Role

T = TypeVar("T")

PATIENCE = 120  # seconds until a test that waits for something has failed
SIZE = (32, 24)

SCENE = """
LookAt 0 -4 1  0 0 1  0 0 1
Camera "perspective" "float fov" [35]
Film "fleximage" "integer xresolution" [32] "integer yresolution" [24]
WorldBegin
LightSource "point" "color L" [10 10 10] "point from" [0 -3 3]
Material "matte" "color Kd" [.7 .7 .7]
Shape "sphere" "float radius" [1]
WorldEnd
"""


# --- an engine that does as it is told ----------------------------------------------------------------------------


class StillRun:
    """A run that renders until the test, or a request, says otherwise. Each snapshot has one sample per pixel more."""

    def __init__(
        self, options: RunOptions, size: tuple[int, int], groups: tuple[str, ...] = FilmLayout(*SIZE).groups
    ) -> None:
        self.options = options
        self.layout: FilmLayout | None = FilmLayout(*size, groups)
        self.halt = options.halt
        self.closed = False
        self.taken = 0
        self.edits: list[tuple[tuple[Call, ...], dict[str, str]]] = []
        self.epoch = options.epoch
        self.lines: list[str] = [f"engine of {options.run}"]
        self._status = RunStatus(RunState.RENDERING, epoch=options.epoch, threads=options.threads or 2, engine="still")
        self._changed = asyncio.Event()

    @property
    def name(self) -> str:
        return self.options.run

    @property
    def seed(self) -> int:
        return self.options.seed

    def status(self) -> RunStatus:
        return self._status

    def log(self, lines: int = 100) -> Sequence[str]:
        return self.lines[-lines:]

    def warnings(self) -> Sequence[str]:
        return ("the moon is approximated",)

    async def events(self) -> AsyncIterator[RunStatus]:
        while True:
            changed, status = self._changed, self._status
            yield status
            if status.state.over:
                return
            await changed.wait()

    def enter(self, state: RunState, error: LrnapError | None = None) -> None:
        self._status = replace(self._status, state=state, error=error)
        self._changed.set()
        self._changed = asyncio.Event()

    async def snapshot(self) -> Snapshot:
        if self.closed or self.layout is None:
            raise EngineError("no film", code=Code.STATE)
        if not self._status.state.over:
            self.taken += 1
        block = self.layout.new_block()
        block[:] = max(self.taken, 1)
        samples = float(max(self.taken, 1) * self.layout.width * self.layout.height)
        return Snapshot(self.name, self.seed, max(self.taken, 1), self.layout, block, samples, epoch=self.epoch)

    async def pause(self) -> None:
        self.enter(RunState.PAUSED)

    async def resume(self) -> None:
        self.enter(RunState.RENDERING)

    async def stop(self) -> None:
        if not self._status.state.over:
            self.enter(RunState.STOPPED)

    async def set_threads(self, threads: int) -> None:
        if not 1 <= threads <= 8:
            raise LrnapError(Code.ARGS, f"1 to 8 threads, not {threads}")
        self._status = replace(self._status, threads=threads)

    async def set_halt(self, halt: Halt) -> None:
        self.halt = halt

    async def edit(self, calls: Sequence[Call], files: Any = None, epoch: int | None = None) -> int:
        if any("refused" in str(call.args) for call in calls):
            raise SceneError("the engine cannot render this")
        self.edits.append((tuple(calls), dict(files or {})))
        self.epoch = self.epoch + 1 if epoch is None else epoch
        self._status = replace(self._status, epoch=self.epoch)
        self.taken = 0
        return self.epoch

    async def close(self) -> None:
        self.closed = True
        await self.stop()


class StillEngine:
    """Starts StillRuns; `runs` holds them all. Its methods are for the node's own thread: see `Served.do`."""

    name = "still"

    def __init__(self, size: tuple[int, int] = SIZE) -> None:
        self.size = size
        self.groups = FilmLayout(*size).groups
        self.runs: list[StillRun] = []
        self.scenes: list[Scene] = []

    async def start(self, scene: Scene, options: RunOptions) -> StillRun:
        self.scenes.append(scene)
        self.runs.append(StillRun(options, self.size, self.groups))
        return self.runs[-1]


# --- a node in this process ---------------------------------------------------------------------------------------


@dataclass
class Served:
    """A node that serves in a thread of its own."""

    node: Node
    server: Server
    address: Address
    engine: Any
    root: Path
    loop: asyncio.AbstractEventLoop

    def do(self, work: Callable[[], T]) -> T:
        """Calls something in the node's thread."""
        done: Future[T] = Future()
        self.loop.call_soon_threadsafe(lambda: done.set_result(work()))
        return done.result(PATIENCE)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(PATIENCE)

    def talk(self) -> Talk:
        return Talk(self.address)

    def write(self, name: str, text: str = SCENE) -> Path:
        """A file inside the root."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path


@contextlib.contextmanager
def serving(
    folder: Path,
    engine: Any = None,
    *,
    limits: NodeLimits | None = None,
    token: str | None = None,
    tls: bool = False,
    deadlines: Deadlines | None = None,
    loop_factory: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop,
) -> Iterator[Served]:
    """A node on a free port, whose root is `folder/root`."""
    root = folder / "root"
    root.mkdir(parents=True, exist_ok=True)
    engine = engine or StillEngine()
    started: Future[Served] = Future()

    async def serve() -> None:
        node = Node(engine, [root], folder / "data", limits=limits)
        identity = load_or_make(folder / "identity") if tls else None
        server = Server(
            node,
            identity=identity,
            gate=Gate(None if token is None else {token: Role.ADMIN}),
            connections=node.limits.connections,
            deadlines=deadlines,
        )
        [address] = await server.listen([Address("127.0.0.1", 0, tls)])
        loop = asyncio.get_running_loop()
        stop = asyncio.Event()
        ended.append(lambda: loop.call_soon_threadsafe(stop.set))
        started.set_result(Served(node, server, address, engine, root, loop))
        await stop.wait()
        await server.close()
        await node.close()

    def main() -> None:
        try:
            with asyncio.Runner(loop_factory=loop_factory) as runner:
                runner.run(serve())
        except BaseException as error:
            if not started.done():
                started.set_exception(error)
            else:
                failed.append(error)

    ended: list[Callable[[], object]] = []
    failed: list[BaseException] = []
    thread = threading.Thread(target=main, name="node")
    thread.start()
    try:
        yield started.result(PATIENCE)
    finally:
        for end in ended:
            end()
        thread.join(PATIENCE)
    assert not thread.is_alive(), "the node does not end"
    assert not failed, failed


# --- a client that is no more than a socket -----------------------------------------------------------------------


@dataclass
class Talk:
    """Lines out, lines in."""

    address: Address
    sock: socket.socket = field(init=False)

    def __post_init__(self) -> None:
        self.sock = socket.create_connection((self.address.host, self.address.port), timeout=PATIENCE)
        self._in = self.sock.makefile("rb")

    def __enter__(self) -> Talk:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        self._in.close()
        self.sock.close()

    def reset(self) -> None:
        """Vanishes without a goodbye."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.close()

    def send(self, *lines: str) -> None:
        self.raw("".join(f"{line}\r\n" for line in lines).encode())

    def raw(self, data: bytes) -> None:
        self.sock.sendall(data)

    def line(self) -> str:
        """The next line; empty if the server has closed."""
        return self._in.readline().decode().removesuffix("\r\n")

    def lines(self, count: int) -> list[str]:
        return [self.line() for _ in range(count)]

    def bytes(self, count: int) -> bytes:
        return self._in.read(count)

    def ask(self, line: str) -> str:
        """The reply's line."""
        self.send(line)
        return self.line()

    def text(self, line: str) -> list[str]:
        """The lines that a reply announces."""
        return self.lines(number(self.ask(line), "LINES"))

    def data(self, line: str) -> bytes:
        """The bytes that a reply announces."""
        return self.bytes(number(self.ask(line), "LENGTH"))

    def all(self, *lines: str) -> list[str]:
        """Sends all at once, then reads as many replies."""
        self.send(*lines)
        return self.lines(len(lines))

    def closed(self) -> bool:
        """Waits for the server's end; whether nothing came before it."""
        try:
            return self._in.read() == b""
        except ConnectionResetError:
            return True

    def until(self, line: str, pattern: str) -> str:
        """Asks until the reply matches."""
        for _ in range(PATIENCE * 50):
            reply = self.ask(line)
            if re.match(pattern, reply):
                return reply
            threading.Event().wait(0.02)
        raise AssertionError(f"{line} never answered {pattern}, at last {reply}")


def number(reply: str, name: str) -> int:
    """The field of a level-0 reply."""
    match = re.search(rf" {name} = (\d+)", reply)
    assert match, f"{name} is missing in: {reply}"
    return int(match[1])


def film_of(data: bytes, size: tuple[int, int] = SIZE) -> np.ndarray[Any, np.dtype[np.float32]]:
    """The picture of a float32 dump, (H, W, 4)."""
    return np.frombuffer(data, "<f4").reshape(size[1], size[0], 4)
