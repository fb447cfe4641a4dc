"""Managers for tests: processes as their users start them, with nodes of their own, and everything at hand that can go
wrong with either."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from node_processes import children
from nodes import PATIENCE, SCENE, Talk

from lrnap.net.address import Address
from lrnap.wire import Scalar
from lrnap.wire.listing import Listed, read_facts, read_line

TESTS = [str(Path(__file__).parent), *filter(None, [os.environ.get("PYTHONPATH")])]


@dataclass
class Program:
    """A server in a process of its own, which can be killed and started again on what it has left."""

    word: str  # node or manager
    folder: Path
    call: str  # what starts it; {port} is where it listens
    inside: Sequence[str] = ()  # a command that starts others in a place of its own
    first: str = ""  # what it does before anything else: how a test makes it fail from within
    process: subprocess.Popen[str] = field(init=False)

    def __post_init__(self) -> None:
        self.root = self.folder / "root"
        self.root.mkdir(parents=True, exist_ok=True)
        self._address: Address | None = None
        self._was: Address | None = None
        self._kept = reserved_port() if sys.platform == "linux" else None
        self.start(self._kept.getsockname()[1] if self._kept else 0)

    def start(self, port: int) -> None:
        """Begins to start it; `address` waits until it is there."""
        program = f"import sys; from pathlib import Path; {self.first}\n{self.call.format(port=port)}"
        with (self.folder / "log").open("a") as said:
            self.process = subprocess.Popen(
                [*self.inside, sys.executable, "-c", program],
                cwd=self.root,
                stdout=subprocess.PIPE,
                stderr=said,
                text=True,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(TESTS)},
            )
        self._address = None

    @property
    def address(self) -> Address:
        if self._address is None:
            assert self.process.stdout is not None
            line = self.process.stdout.readline().strip()
            assert line.startswith(f"{self.word} ready at lrnap://"), self.log()
            self._address = Address.parse(line.removeprefix(f"{self.word} ready at "))
            self._was = self._address
        return self._address

    @property
    def url(self) -> str:
        """Where it is, or was before it was started again: to be asked by any thread."""
        return (self._was or self.address).url

    def log(self) -> str:
        return (self.folder / "log").read_text()

    def write(self, name: str, text: str = SCENE) -> Path:
        path = self.root / name
        path.write_text(text)
        return path

    def talk(self) -> Talk:
        return Talk(self.address)

    def lines(self, question: str) -> list[Listed]:
        with self.talk() as talk:
            return [read_line(text) for text in talk.text(question)]

    def facts(self, job: str) -> dict[str, Scalar]:
        with self.talk() as talk:
            return read_facts(talk.text(f'CTL_JOB "{job}"'))

    def engines(self) -> list[int]:
        """Processes of engines that a node has started."""
        return children(self.process.pid)

    def kill(self) -> None:
        """As the kernel does it when memory is short; engines of a node end by themselves."""
        self.process.kill()
        self.process.wait(PATIENCE)
        assert self.process.stdout is not None
        self.process.stdout.close()

    def again(self) -> None:
        """Started again where it was, even if it has died before it was there again."""
        self.start((self._was or self.address).port)

    def freeze(self) -> None:
        """It keeps its sockets, and says nothing more."""
        os.kill(self.process.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        os.kill(self.process.pid, signal.SIGCONT)

    def end(self) -> None:
        """As whoever started it does, and it must go at once and without a word; nothing if it was killed."""
        if self._kept is not None:
            self._kept.close()
        assert self.process.stdout is not None
        if self.process.stdout.closed:
            return
        try:
            assert self.address  # it is there, and can be told
            self.process.send_signal(signal.SIGCONT)
            self.process.send_signal(signal.SIGTERM)
            assert self.process.wait(PATIENCE) == 0, self.log()
        finally:
            self.kill()


def reserved_port() -> socket.socket:
    """Bound, and never listening: on Linux a server can be started beside it, again and again, and no connection of
    anybody gets the port meanwhile, which would keep the server from it."""
    kept = socket.socket()
    kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    kept.bind(("127.0.0.1", 0))
    return kept


@dataclass
class FarmOfPrograms:
    """A manager and its nodes. `top` is who is talked to, a manager that has only that manager as a node."""

    nodes: list[Program]
    manager: Program
    top: Program


def node_program(
    folder: Path,
    *,
    engine: str = "fake",
    threads: int = 0,
    host: str = "127.0.0.1",
    inside: Sequence[str] = (),
    first: str = "",
) -> Program:
    return Program(
        "node",
        folder,
        f"from lrnap.node.main import run_node; sys.exit(run_node(['{host}:{{port}}'], data=Path('data'), "
        f"engine={engine!r}, threads={threads}, insecure=True))",
        inside,
        first,
    )


def manager_program(folder: Path, nodes: Sequence[str] = (), *, db: str | None = None, first: str = "") -> Program:
    return Program(
        "manager",
        folder,
        f"from lrnap.manager.main import run_manager; sys.exit(run_manager(['127.0.0.1:{{port}}'], data=Path('data'), "
        f"db={db!r}, nodes={[*nodes]!r}))",
        first=first,
    )


@contextlib.contextmanager
def farm(
    folder: Path, *, nodes: int = 1, depth: int = 1, engine: str = "fake", threads: int = 0
) -> Iterator[FarmOfPrograms]:
    """`depth`: how many managers, each the only node of the next."""
    started: list[Program] = []
    try:
        for i in range(nodes):
            started.append(node_program(folder / f"node{i}", engine=engine, threads=threads))
        urls = [program.url for program in started]
        for i in range(depth):
            started.append(manager_program(folder / f"manager{i}", urls))
            urls = [started[-1].url]
        yield FarmOfPrograms(started[:nodes], started[nodes], started[-1])
    finally:
        for program in reversed(started):
            program.end()
