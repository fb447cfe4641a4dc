"""`lrnap up` without a manager of its own: nodes of this machine, alone or for a manager elsewhere."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from node_processes import lives

from lrnap.cli.up import in_json, run
from lrnap.client.connection import Connection
from lrnap.errors import Code, LrnapError, RemoteError
from lrnap.launch.farm import Candidate
from lrnap.launch.local_nodes import keep_port, kept_port
from lrnap.launch.up import Wishes, _manager, _near, up
from lrnap.net import known
from lrnap.net.address import Address
from lrnap.net.gate import listen_address

PATIENCE = 120
TOKEN = "admin-of-the-farm-0123456789"
MANAGER = "lrnaps://127.0.0.1:1979"


class Ledger:
    """A manager that only notes what it is told."""

    def __init__(self) -> None:
        self.nodes: dict[str, Candidate] = {}
        self.draining: set[str] = set()
        self.frames = 0
        self.at_work: set[str] = set()

    async def check(self) -> None:
        pass

    async def add(self, node: Candidate) -> None:
        self.nodes[node.url] = node

    async def drain(self, url: str) -> None:
        self.draining.add(url)

    async def remove(self, url: str) -> None:
        self.nodes.pop(url, None)

    async def urls(self) -> set[str]:
        return {*self.nodes}

    async def busy(self, url: str) -> bool:
        return url in self.at_work

    async def open_frames(self) -> int:
        return self.frames


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("LRNAP_MDNS", "off")


@contextlib.asynccontextmanager
async def running(wishes: Wishes, ledger: Ledger) -> AsyncIterator[list[str]]:
    """What it shows, once it has shown something."""
    shown: list[str] = []
    some = asyncio.Event()

    def show(line: str) -> None:
        shown.append(line)
        some.set()

    task = asyncio.create_task(up(wishes, lambda _: ledger, lambda _: None, show))
    showing = asyncio.create_task(some.wait())
    try:
        await asyncio.wait((task, showing), timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            task.result()
        yield shown
    finally:
        showing.cancel()
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError, LrnapError):
            await task


def test_nodes_that_join_let_the_manager_in_and_nobody_else(tmp_path: Path) -> None:
    known.remember(Address.parse(MANAGER), known.Credentials("sha256:" + "00" * 32, TOKEN))

    async def work() -> None:
        ledger = Ledger()
        async with running(Wishes(tmp_path / "data", nodes=2, join=MANAGER), ledger) as shown:
            assert shown == ["2 nodes of this machine joined lrnaps://127.0.0.1:1979"]
            assert len(ledger.nodes) == 2
            for url, node in ledger.nodes.items():
                address = Address.parse(url)
                assert address.tls
                assert node.token != TOKEN, "what lets a machine join lets nobody into it"
                known.remember(address, known.Credentials(node.fingerprint, node.token))
                async with Connection(address) as connection:
                    await connection.open()
                    assert connection.role == "admin"
                known.remember(address, known.Credentials(node.fingerprint, TOKEN))
                with pytest.raises(RemoteError, match="the token was refused"):
                    await Connection(address).open()
        first = {*ledger.nodes}
        async with running(Wishes(tmp_path / "data", nodes=2, join=MANAGER), ledger):
            assert {*ledger.nodes} == first, "after another start they have other addresses"

    asyncio.run(work())


def test_a_manager_that_cannot_be_reached_starts_nothing(tmp_path: Path) -> None:
    class Away(Ledger):
        async def check(self) -> None:
            raise RemoteError(Code.UNAVAILABLE, "nobody answers")

    async def work() -> None:
        with pytest.raises(RemoteError, match="nobody answers"):
            async with running(Wishes(tmp_path, nodes=1, join="lrnap://127.0.0.1:1978"), Away()):
                pass

    asyncio.run(work())
    assert not (tmp_path / "node-0").exists()


def test_a_folder_belongs_to_one_farm(tmp_path: Path) -> None:
    async def work() -> None:
        async with running(Wishes(tmp_path, nodes=1, alone=True), Ledger()):
            with pytest.raises(LrnapError, match=r"another `lrnap up` runs in .*--data"):
                async with running(Wishes(tmp_path, nodes=1, alone=True), Ledger()):
                    pass

    asyncio.run(work())


@pytest.mark.parametrize(
    ("listen", "insecure", "asked", "near"),
    [
        ([], False, ["lrnap://127.0.0.1:1978"], "lrnap://127.0.0.1:1978"),
        (["0.0.0.0"], False, ["lrnap://127.0.0.1:1978", "0.0.0.0"], "lrnap://127.0.0.1:1978"),
        (["lrnaps://127.0.0.1:7"], False, ["lrnap://127.0.0.1:1978", "lrnaps://127.0.0.1:7"], "lrnap://127.0.0.1:1978"),
        (["lrnaps://[::]:7", "localhost:8"], False, ["lrnaps://[::]:7", "localhost:8"], "lrnap://localhost:8"),
        (["lrnap://0.0.0.0:9"], True, ["lrnap://0.0.0.0:9"], "lrnap://127.0.0.1:9"),
    ],
)
def test_who_works_at_the_managers_machine_needs_no_token(
    listen: list[str], insecure: bool, asked: list[str], near: str, tmp_path: Path
) -> None:
    program = _manager(Wishes(tmp_path, listen=listen, insecure=insecure))
    assert program.listen == asked
    found = [_near(listen_address(text, insecure=insecure)) for text in program.listen]
    assert next(filter(None, found)).url == near


def test_a_node_keeps_its_port_even_if_the_one_of_before_has_yet_to_end(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as before:
        port = before.getsockname()[1]
        keep_port(tmp_path, port)
        assert kept_port(tmp_path) == 0
        ending = threading.Timer(0.1, before.close)
        ending.start()
        assert kept_port(tmp_path, time.monotonic() + PATIENCE) == port
        ending.join()


# --- as a command


@contextlib.contextmanager
def command(folder: Path, *words: str, lines: int) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    with (folder / "up.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "lrnap", "up", "--data", folder / "data", *words],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            cwd=folder,
        )
    try:
        assert process.stdout is not None
        yield process, [process.stdout.readline().strip() for _ in range(lines)]
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def children(pid: int) -> list[int]:
    """Of a process, with theirs."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, parent = stat.read_text().rpartition(")")[2].split()[:2]
            if int(parent) == pid and state != "Z":
                found.append(int(stat.parent.name))
    return [*found, *(grandchild for child in found for grandchild in children(child))]


def wait(holds: Callable[[], object]) -> None:
    for _ in range(PATIENCE * 50):
        if holds():
            return
        threading.Event().wait(0.02)
    raise AssertionError("it never came to be")


def gone(pids: list[int]) -> bool:
    return not any(lives(pid) for pid in pids)


@pytest.mark.skipif(sys.platform != "linux", reason="processes are looked at in /proc")
@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_outlives_it(end: signal.Signals, tmp_path: Path) -> None:
    with command(tmp_path, "--no-manager", "--nodes", "2", lines=2) as (process, said):
        assert all(line.startswith("node ready at lrnap://127.0.0.1:") for line in said), said
        pids = children(process.pid)
        assert len(pids) == 2
        os.kill(process.pid, end)
        code = process.wait(PATIENCE)
        assert code == (-end if end is signal.SIGKILL else 0), (tmp_path / "up.log").read_text()
        wait(lambda: gone(pids))


def test_the_log_is_in_json_and_says_who_speaks(tmp_path: Path) -> None:
    with command(tmp_path, "--nodes", "1", "--listen", "127.0.0.1:0", "--log-json", lines=2) as (process, said):
        url = said[0].removeprefix("farm ready at ").partition(" ")[0]
        subprocess.run([sys.executable, "-m", "lrnap", "nodes", "drain", "1", "--to", url], check=True)
        log = tmp_path / "up.log"
        wait(lambda: "DRAINING" in log.read_text())
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == 0
        told = [json.loads(line) for line in log.read_text().splitlines()]
    assert {"up", "manager"} <= {one.get("program", "up") for one in told}
    assert all(one["logger"].startswith("lrnap.") and one["level"] and one["timestamp"] for one in told)
    assert {one.get("program", "up") for one in told if "DRAINING" in one["event"]} == {"manager"}


@pytest.mark.parametrize(
    ("line", "fields"),
    [
        ("ending", None),
        ("[node 0] out of memory", None),
        ('[node 0] {"event": "it renders", "job": "beads"}',
         {"event": "it renders", "job": "beads", "program": "node 0"}),
        ('[attic] {"event": "it renders", "program": "node 0"}',
         {"event": "it renders", "program": "node 0", "machine": "attic"}),
        ("[node 0] {this is no JSON}", None),
    ],
)  # fmt: skip
def test_lines_of_programs_are_passed_on_with_their_names(line: str, fields: dict[str, str] | None) -> None:
    assert in_json(line) == fields


@pytest.mark.parametrize(
    ("wishes", "more", "message"),
    [
        ({"join": "lrnaps://attic"}, {}, "is not known here: add --token and --fingerprint"),
        ({"join": "lrnaps://attic", "token": TOKEN}, {}, "belong together"),
        ({"join": "lrnap://attic", "alone": True}, {}, "leave one of them out"),
        ({"token": TOKEN}, {}, "makes its own token"),
        ({"join": "lrnap://attic", "listen": ["0.0.0.0"]}, {}, "--host says where"),
        ({"alone": True}, {"ssh": ["attic"]}, "type it where the manager runs"),
        ({}, {"ssh": ["attic,a b"]}, "'a b' is no machine for SSH"),
    ],
)
def test_what_makes_no_sense_together_is_said(
    wishes: dict[str, Any], more: dict[str, Any], message: str, tmp_path: Path
) -> None:
    with pytest.raises(LrnapError, match=message):
        run(Wishes(tmp_path, **wishes), **more)
