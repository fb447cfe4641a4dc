"""Programs that are kept running: started again when they die, at the same address; ended with whoever keeps them."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from lrnap.errors import RemoteError
from lrnap.launch.keeper import Keeper, Program
from lrnap.net.address import Address

PATIENCE = 120


def node(folder: Path, *arguments: str) -> Program:
    return Program("node 0", "node", ["127.0.0.1:0"], ["--data", str(folder), *arguments])


async def until(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not holds():
            await asyncio.sleep(0.02)


def answers(url: str) -> bool:
    address = Address.parse(url)
    try:
        with socket.create_connection((address.host, address.port), timeout=PATIENCE) as connection:
            connection.sendall(b"CTL_PING\r\n")
            return connection.recv(100).startswith(b"R_OK")
    except ConnectionError:
        return False


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_node_that_was_killed_is_back_at_its_address(tmp_path: Path) -> None:
    said: list[str] = []

    async def work() -> None:
        keeper = Keeper(node(tmp_path), said.append, first_delay=0.01)
        [url] = await keeper.start()
        keeping = asyncio.create_task(keeper.keep())
        first = keeper.pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        await until(lambda: "node 0 is back" in said)
        assert keeper.urls == [url]
        assert keeper.pid != first
        assert await asyncio.to_thread(answers, url)
        second = keeper.pid
        assert second is not None
        await keeper.end()
        await keeping
        assert not alive(second)

    asyncio.run(work())
    assert "node 0 was killed by signal 9 and is started again in 0.01 s" in said


def test_what_does_not_come_up_says_why(tmp_path: Path) -> None:
    said: list[str] = []

    async def work() -> None:
        keeper = Keeper(node(tmp_path, "--engine", "steam"), said.append)
        with pytest.raises(RemoteError, match=r"node 0 did not come up: .*no engine 'steam'"):
            await keeper.start()
        assert keeper.pid is None
        await keeper.end()

    asyncio.run(work())


def test_an_attached_program_ends_with_its_input(tmp_path: Path) -> None:
    """Whoever started it may have been killed: the kernel closes the pipe in any case."""
    process = subprocess.Popen(
        [sys.executable, "-m", "lrnap", "--attached", "node", "--listen", "127.0.0.1:0", "--data", tmp_path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline().startswith("node ready at ")
        process.stdin.close()
        assert process.wait(PATIENCE) == 0


def test_one_whose_place_another_has_taken_rests(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    said: list[str] = []
    fenced = "import sys; print('manager ready at lrnap://127.0.0.1:1', flush=True); sys.exit(4)"
    program = Program("manager", "manager", ["127.0.0.1:0"])
    monkeypatch.setattr(Program, "command", lambda self, listen: [sys.executable, "-c", fenced])

    async def work() -> None:
        keeper = Keeper(program, said.append, first_delay=0.01)
        await keeper.start()
        await asyncio.wait_for(keeper.keep(), PATIENCE)

    asyncio.run(work())
    assert said == ["manager is not started again, because another one has taken its place"]
