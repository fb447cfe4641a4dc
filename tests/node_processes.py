"""Nodes that are processes, as their users start them, and what lives of a process."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from nodes import PATIENCE, SCENE, Talk

from lrnap.net.address import Address

ENDED = ("Z", "X")  # states of a process that has ended, whether or not somebody has asked for its code


@contextlib.contextmanager
def node_process(folder: Path, *, engine: str = "fake", addresses: int = 1) -> Iterator[NodeProcess]:
    """A node as its users start it, on free ports; ended with SIGTERM, which must leave nothing behind."""
    root = folder / "root"
    root.mkdir(parents=True, exist_ok=True)
    program = (
        "import sys; from pathlib import Path; from lrnap.node.main import run_node; "
        f"sys.exit(run_node({['127.0.0.1:0'] * addresses!r}, data=Path({str(folder / 'data')!r}), engine={engine!r}))"
    )
    with (folder / "node.log").open("w") as said:
        process = subprocess.Popen(
            [sys.executable, "-c", program], cwd=root, stdout=subprocess.PIPE, stderr=said, text=True
        )
    try:
        assert process.stdout is not None
        ready = [process.stdout.readline().strip() for _ in range(addresses)]
        assert all(line.startswith("node ready at lrnap://") for line in ready), (folder / "node.log").read_text()
        found = [Address.parse(line.removeprefix("node ready at ")) for line in ready]
        yield NodeProcess(process, found, root)
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0, (folder / "node.log").read_text()
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


@dataclass
class NodeProcess:
    process: subprocess.Popen[str]
    addresses: list[Address]
    root: Path

    def talk(self, which: int = 0) -> Talk:
        return Talk(self.addresses[which])

    def write(self, name: str, text: str = SCENE) -> Path:
        path = self.root / name
        path.write_text(text)
        return path

    def engines(self) -> list[int]:
        """Processes of engines that this node has started."""
        return children(self.process.pid)


def children(parent: int) -> list[int]:
    """Of a process, as far as they live."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                status = (entry / "stat").read_text().rpartition(")")[2].split()
                if int(status[1]) == parent and status[0] not in ENDED:
                    found.append(int(entry.name))
    return found


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in ENDED
    except OSError:
        return False
