"""Systems that are no Unix: everything loads there, clients work, and servers say where they run."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from lrnap.cli import render

ELSEWHERE = """
import importlib, pkgutil, sys
MISSING = ("fcntl", "grp", "posix", "pty", "pwd", "resource", "syslog", "termios", "tty", "uvloop")
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name in MISSING:
            raise ModuleNotFoundError(f"there is no {name} on this system", name=name)
sys.meta_path.insert(0, Absent())
for name in MISSING:
    if name != "posix":  # which Python itself has loaded
        sys.modules.pop(name, None)
"""
EVERYTHING = """
import lrnap
PROGRAMS = ("__main__", "probe", "renderer", "env")  # these do something when they are loaded
for found in pkgutil.walk_packages(lrnap.__path__, "lrnap."):
    if found.name.rpartition(".")[2] not in PROGRAMS:
        importlib.import_module(found.name)
print("all of it")
"""


def python(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", ELSEWHERE + program, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)


def test_every_module_loads_without_what_only_unix_has() -> None:
    done = python(EVERYTHING)
    assert done.stdout.endswith("all of it\n"), done.stderr


@pytest.mark.parametrize("command", ["node", "manager", "up", "token"])
def test_what_serves_says_where_it_runs(command: str, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    done = python("sys.argv[0] = 'lrnap'; from lrnap.cli.main import main; main()", command)
    assert done.returncode == 2
    assert done.stderr.startswith("error: this needs Linux or macOS; on Windows it runs in WSL")
    assert "Traceback" not in done.stderr


class LoopOfWindows(asyncio.SelectorEventLoop):
    def add_signal_handler(self, *args: Any) -> None:
        raise NotImplementedError


def test_ctrl_c_keeps_the_picture_where_loops_take_no_signals() -> None:
    stopped = []

    async def stop() -> None:
        stopped.append(True)

    async def rendering() -> None:
        with render._Interrupt(SimpleNamespace(stop=stop)) as _:  # type: ignore[arg-type]
            os.kill(os.getpid(), signal.SIGINT)
            while not stopped:
                await asyncio.sleep(0.01)

    before = signal.getsignal(signal.SIGINT)
    with asyncio.Runner(loop_factory=LoopOfWindows) as runner:
        runner.run(rendering())
    assert stopped == [True]
    assert signal.getsignal(signal.SIGINT) is before
