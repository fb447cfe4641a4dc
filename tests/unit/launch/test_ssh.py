"""Nodes on machines reached by SSH: a real SSH server in this process stands for the other machine."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shlex
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import asyncssh
import pytest
from test_up import Ledger

from lrnap.client.connection import Connection
from lrnap.errors import LrnapError
from lrnap.launch.ssh import Host, Remote, bring
from lrnap.net.address import Address

PATIENCE = 120


class Attic(asyncssh.SSHServer):
    """Runs what it is told, and forwards ports, for whoever has the key."""

    connections: list[asyncssh.SSHServerConnection]

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self.connections.append(conn)

    def connection_requested(self, *where: object) -> bool:
        return True


async def _run(process: asyncssh.SSHServerProcess[bytes]) -> None:
    assert process.command is not None
    child = await asyncio.create_subprocess_shell(
        process.command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    feeding = asyncio.create_task(_feed(process.stdin, child.stdin))
    await asyncio.gather(_pump(child.stdout, process.stdout), _pump(child.stderr, process.stderr))
    code = await child.wait()
    feeding.cancel()
    with contextlib.suppress(OSError):
        process.exit(code)


async def _pump(source: Any, sink: Any) -> None:
    """Until the source ends, or the sink takes no more. No end is sent: that of one output would be that of both."""
    with contextlib.suppress(OSError, asyncssh.Error):
        while data := await source.read(65536):
            sink.write(data)
            await sink.drain()


async def _feed(source: Any, sink: Any) -> None:
    await _pump(source, sink)
    with contextlib.suppress(OSError):
        sink.write_eof()


@contextlib.asynccontextmanager
async def attic(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[Host, list[asyncssh.SSHServerConnection]]]:
    """The machine, and the connections to it. What SSH here knows of it stands in the user's configuration."""
    user, host = asyncssh.generate_private_key("ssh-ed25519"), asyncssh.generate_private_key("ssh-ed25519")
    connections: list[asyncssh.SSHServerConnection] = []
    server = await asyncssh.create_server(
        type("AtticToday", (Attic,), {"connections": connections}),
        "127.0.0.1",
        0,
        server_host_keys=[host],
        authorized_client_keys=asyncssh.import_authorized_keys(user.export_public_key().decode()),
        process_factory=_run,
        encoding=None,
    )
    port = server.sockets[0].getsockname()[1]
    config = folder / "home" / ".ssh"
    config.mkdir(parents=True)
    user.write_private_key(str(config / "id_ed25519"))
    (config / "known_hosts").write_text(f"[127.0.0.1]:{port} {host.export_public_key().decode()}")
    (config / "config").write_text(f"Host attic\n  HostName 127.0.0.1\n  Port {port}\n  User artist\n")
    monkeypatch.setenv("HOME", str(config.parent))
    try:
        yield Host.parse("attic"), connections
    finally:
        server.close()
        for connection in connections:
            connection.abort()
        await server.wait_closed()


def remote(folder: Path, program: str = "") -> Remote:
    command = program or f"LRNAP_MDNS=off {sys.executable} -m lrnap"
    return Remote(folder / "here", command, ["--nodes", "2", "--data", str(folder / "there"), "--root", str(folder)])


async def until(holds: Callable[[], object], said: list[str]) -> None:
    try:
        async with asyncio.timeout(PATIENCE):
            while not holds():
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError("\n".join(said)) from None


def nodes_of(folder: Path) -> list[str]:
    """Processes that work in a folder."""
    found = []
    for line in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if os.fsencode(folder) in line.read_bytes():
                found.append(line.parent.name)
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="processes are looked at in /proc")
def test_nodes_come_by_ssh_survive_a_broken_connection_and_end_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []

    async def work() -> None:
        ledger = Ledger()
        async with attic(tmp_path, monkeypatch) as (host, connections):
            bringing = asyncio.create_task(bring(host, remote(tmp_path), ledger, said.append))
            await until(lambda: len(ledger.nodes) == 2, said)
            first = {*ledger.nodes}
            for url in first:
                async with Connection(Address.parse(url)) as connection:
                    await connection.open()
                    assert (await connection.request("CTL_STATUS")).args[0] == "IDLE"

            connections[0].abort()  # as if a cable had been pulled
            await until(lambda: len([line for line in said if "takes part" in line]) >= 4, said)
            assert {*ledger.nodes} == first, "after the break the ways lead to other addresses"

            bringing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await bringing
            assert not ledger.nodes
            await until(lambda: not nodes_of(tmp_path / "there"), said)

    asyncio.run(work())
    assert any(line.startswith("[attic] a node renders on") for line in said), said


def test_what_keeps_it_from_working_is_said_with_its_cure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []

    async def tried(host: Host, program: str, words: str) -> None:
        said.clear()
        bringing = asyncio.create_task(bring(host, remote(tmp_path, program), Ledger(), said.append))
        await until(lambda: any(words in line for line in said), said)
        bringing.cancel()
        await asyncio.gather(bringing, return_exceptions=True)

    async def work() -> None:
        async with attic(tmp_path, monkeypatch) as (host, _):
            await tried(host, shlex.quote("/no/such/lrnap"), "there is no /no/such/lrnap there: --ssh-command says")
            await tried(
                host, "exec >&-; sleep 0.1; echo drafty >&2; exit 3;", "ended with code 3: drafty; tried again in"
            )
            ssh = tmp_path / "home" / ".ssh"
            asyncssh.generate_private_key("ssh-ed25519").write_private_key(str(ssh / "id_ed25519"))
            await tried(host, "", "`ssh attic` must work here without a password")
            (ssh / "known_hosts").write_text("")
            await tried(host, "", "type `ssh attic` once here, and accept its key")
        await tried(host, "", "SSH does not get through")

    asyncio.run(work())


def test_machines_are_named_as_ssh_names_them() -> None:
    assert Host.parse("attic") == Host("attic")
    assert Host.parse("me@attic.lan:2222") == Host("attic.lan", "me", 2222)
    assert Host.parse("[fe80::1]:22") == Host("fe80::1", "", 22)


@pytest.mark.parametrize("text", ["", "-oProxyCommand=x", "a b", "a:99999", "me@", "a@b@c", "a;b c"])
def test_what_is_no_machine_is_refused(text: str) -> None:
    with pytest.raises(LrnapError, match="write \\[USER@\\]HOST"):
        Host.parse(text)
