"""Render nodes on this machine, each a process of its own: for demos, tests and benches."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, Queue

from lrnap.engine.scratch import Scratch
from lrnap.errors import Code, RemoteError

READY = "node ready at "  # what a node prints first, followed by its URL
START_SECONDS = 120.0  # of a loaded machine
END_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class LocalNode:
    url: str
    process: subprocess.Popen[str]


@contextlib.contextmanager
def local_node(
    threads: int = 1,
    root: str | Path | Sequence[str | Path] = ".",
    data: str | Path | None = None,
    extra: Sequence[str] = (),
    listen: str = "127.0.0.1:0",
) -> Iterator[LocalNode]:
    """Starts `lrnap node`, on a free port of the loopback unless `listen` says otherwise, and ends it on leaving.

    `root`: the folder (or folders) in which the node may read scenes. `data`: where it keeps assets; by default a
    temporary folder that is removed with it. `extra`: further arguments of the command. Raises RemoteError with the
    node's last words if it does not come up.
    """
    roots = [root] if isinstance(root, str | Path) else list(root)
    with contextlib.ExitStack() as cleanup:
        if data is None:
            data = cleanup.enter_context(Scratch())
        command = [sys.executable, "-m", "lrnap", "node", "--listen", listen]
        command += ["--threads", str(threads), "--data", str(data)]
        for folder in roots:
            command += ["--root", str(folder)]
        process = subprocess.Popen(
            [*command, *extra], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        words = _Words(process)
        cleanup.callback(_end, process, words)
        yield LocalNode(words.wait_for_url(), process)


class _Words:
    """Reads what a node says for as long as it lives, so that it never blocks on a full pipe."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._first: Queue[str] = Queue()
        self._last: list[str] = []
        self._readers = [
            threading.Thread(target=self._read, args=(name,), daemon=True) for name in ("stdout", "stderr")
        ]
        for reader in self._readers:
            reader.start()

    def wait_for_url(self) -> str:
        try:
            line = self._first.get(timeout=START_SECONDS)
        except Empty:
            line = ""
        if line.startswith(READY):
            return line.removeprefix(READY).strip()
        self._process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(END_SECONDS)
        self.join()
        said = "\n".join(self._last[-10:]) or "it said nothing"
        raise RemoteError(Code.UNAVAILABLE, f"a local node did not come up: {said}")

    def join(self) -> None:
        for reader in self._readers:
            reader.join(END_SECONDS)

    def _read(self, name: str) -> None:
        stream = getattr(self._process, name)
        with contextlib.suppress(ValueError):
            for line in stream:
                if name == "stdout":
                    self._first.put(line)
                self._last = [*self._last[-19:], line.rstrip()]
        if name == "stdout":
            self._first.put("")  # wakes who waits for a node that died


def _end(process: subprocess.Popen[str], words: _Words) -> None:
    process.terminate()
    try:
        process.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    words.join()
    for stream in (process.stdout, process.stderr):
        if stream is not None:
            stream.close()
