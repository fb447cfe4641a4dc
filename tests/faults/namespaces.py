"""Machines that are none: small disks that are full soon, and a network between two namespaces that really breaks.

For a process that runs in namespaces of its own (`ground.IN_NAMESPACES`); what it makes ends with it.
"""

from __future__ import annotations

import contextlib
import itertools
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

DISKS = ("films", "pictures", "store")  # folders of a manager's data
SIZE = "16m"

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Bare:
    """A wire without a proxy."""

    url: str

    def drop(self) -> None:
        pass


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True)
    _do("mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(folder))
    try:
        yield
    finally:
        _do("umount", "--lazy", str(folder))


@contextlib.contextmanager
def full(folder: Path) -> Iterator[None]:
    """No byte more fits."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        for size in (1 << 16, 1 << 12, 1):
            with contextlib.suppress(OSError):
                while file.write(b"\1" * size):
                    pass
    try:
        yield
    finally:
        filler.unlink()


@dataclass(frozen=True)
class Network:
    """Between here and a namespace with one host in it."""

    number: int
    pid: int  # of a process in that namespace

    @property
    def host(self) -> str:
        return f"10.77.{self.number}.2"

    @property
    def near(self) -> str:
        return f"10.77.{self.number}.1"

    @property
    def inside(self) -> Sequence[str]:
        """A command that starts others there."""
        return ("nsenter", "-t", str(self.pid), "-n")

    def down(self) -> None:
        _do("ip", "link", "set", f"near{self.number}", "down")

    def up(self) -> None:
        _do("ip", "link", "set", f"near{self.number}", "up")

    def lose(self, *, there: bool) -> None:
        """What goes that way goes nowhere: its senders are not told."""
        inside, host = ((), self.host) if there else (self.inside, self.near)
        _do(*inside, "ip", "route", "add", "blackhole", f"{host}/32")

    def find(self, *, there: bool) -> None:
        inside, host = ((), self.host) if there else (self.inside, self.near)
        _do(*inside, "ip", "route", "del", "blackhole", f"{host}/32")


@contextlib.contextmanager
def network() -> Iterator[Network]:
    number = next(_numbers)
    _do("ip", "link", "set", "lo", "up")
    holding = ["unshare", "--net", "sh", "-c", "echo; read _"]  # until we end, however that happens
    with subprocess.Popen(holding, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as far:
        try:
            assert far.stdout is not None
            far.stdout.readline()  # it is there
            made = Network(number, far.pid)
            near, there = f"near{number}", f"far{number}"
            _do("ip", "link", "add", near, "type", "veth", "peer", "name", there)
            _do("ip", "link", "set", there, "netns", str(far.pid))
            _do("ip", "address", "add", f"{made.near}/24", "dev", near)
            _do("ip", "link", "set", near, "up")
            _do(*made.inside, "ip", "link", "set", "lo", "up")
            _do(*made.inside, "ip", "address", "add", f"{made.host}/24", "dev", there)
            _do(*made.inside, "ip", "link", "set", there, "up")
            yield made
        finally:
            far.kill()


def possible() -> str:
    """Why there can be no such namespaces here; empty: there can."""
    try:
        tried = subprocess.run(
            ["unshare", "--map-root-user", "--mount", "--net", "sh", "-c",
             "mount -t tmpfs tmpfs /tmp && ip link add here type veth peer name there && unshare --net true"],
            capture_output=True, text=True,
        )  # fmt: skip
    except OSError as error:
        return str(error)
    return tried.stderr.strip()


def _do(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise OSError(f"{' '.join(command)}: {done.stderr.strip()}")
