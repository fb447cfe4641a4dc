"""Nodes on machines that can be reached by SSH: started there, used through the connection, ended with it.

On each machine `lrnap --attached up --no-manager` starts its nodes, which listen on that machine alone. SSH forwards a
port of this machine to each, so nothing else has to get through firewalls, and SSH does the encrypting: no token and
no certificate is needed there. Who may log in, and how, is what `~/.ssh/config` says.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import shlex
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lrnap.errors import Code, LrnapError
from lrnap.launch.farm import Candidate, Farm
from lrnap.launch.keeper import FIRST_DELAY, LONGEST_DELAY, STEADY_SECONDS, Say
from lrnap.launch.local_nodes import keep_port, kept_port
from lrnap.net.address import Address

if TYPE_CHECKING:
    from asyncssh import SSHClientConnection, SSHClientProcess

READY = "node ready at "
CONNECT_SECONDS = 30.0
KEEPALIVE_SECONDS = 15.0  # three without an answer: the machine is gone
END_SECONDS = 20.0  # for nodes there to end, with their engines

_HOST = re.compile(r"(?:([^@\s]+)@)?([^@:\s\[\]-][^@:\s\[\]]*|\[[0-9a-fA-F:.%]+\])(?::([0-9]{1,5}))?")


@dataclass(frozen=True, slots=True)
class Host:
    name: str
    user: str = ""
    port: int = 0

    @classmethod
    def parse(cls, text: str) -> Host:
        """Of `[user@]host[:port]`. Raises LrnapError (ARGS)."""
        match = _HOST.fullmatch(text.strip())
        if match is None or int(match[3] or 0) > 65535:
            raise LrnapError(Code.ARGS, f"{text[:80]!r} is no machine for SSH: write [USER@]HOST[:PORT]")
        return cls(match[2].strip("[]"), match[1] or "", int(match[3] or 0))

    def __str__(self) -> str:
        return self.name + (f":{self.port}" if self.port else "")


@dataclass(frozen=True, slots=True)
class Remote:
    """`command`: how `lrnap` is started there; `arguments`: of its `up`; `data`: where ports are kept here."""

    data: Path
    command: str = "lrnap"
    arguments: Sequence[str] = ()

    @property
    def line(self) -> str:
        return f"{self.command} --attached up --no-manager {shlex.join(self.arguments)}".strip()


def check() -> None:
    """Raises LrnapError (UNSUPPORTED) if asyncssh is not installed."""
    try:
        import asyncssh  # noqa: F401
    except ImportError:
        raise LrnapError(Code.UNSUPPORTED, "--ssh needs asyncssh: pip install 'lrnap[ssh]'") from None


async def bring(host: Host, remote: Remote, farm: Farm, say: Say) -> None:
    """Keeps the nodes of a machine in the farm until it is cancelled; a connection that breaks is made again."""
    delay = FIRST_DELAY
    added: dict[str, None] = {}
    try:
        while True:
            begun = time.monotonic()
            why = await _stay(host, remote, farm, say, added)
            delay = FIRST_DELAY if time.monotonic() - begun > STEADY_SECONDS else delay
            say(f"{host}: {why}; tried again in {delay:g} s")
            await asyncio.sleep(delay)
            delay = min(delay * 2, LONGEST_DELAY)
    finally:
        for url in added:  # the way to it ends with us
            with contextlib.suppress(LrnapError):
                await farm.remove(url)


async def _stay(host: Host, remote: Remote, farm: Farm, say: Say, added: dict[str, None]) -> str:
    """One connection; why it ended."""
    import asyncssh

    named: dict[str, Any] = {}
    if host.user:
        named["username"] = host.user
    if host.port:
        named["port"] = host.port
    try:
        async with asyncssh.connect(
            host.name, connect_timeout=CONNECT_SECONDS, keepalive_interval=KEEPALIVE_SECONDS, **named
        ) as connection:
            return await _use(connection, host, remote, farm, say, added)
    except asyncssh.PermissionDenied:
        return f"SSH does not let us in; `ssh {host}` must work here without a password"
    except asyncssh.HostKeyNotVerifiable:
        return f"SSH does not know this machine; type `ssh {host}` once here, and accept its key"
    except LrnapError as error:  # of the manager, which may be starting again
        return str(error)
    except (asyncssh.Error, OSError, ValueError) as error:
        return f"SSH does not get through: {error}"


async def _use(
    connection: SSHClientConnection, host: Host, remote: Remote, farm: Farm, say: Say, added: dict[str, None]
) -> str:
    last = ""
    number = 0
    async with _running(connection, remote.line) as process:

        async def log() -> None:
            nonlocal last
            async for line in process.stderr:
                if line.strip():
                    last = line.rstrip()
                    say(f"[{host}] {last}")

        logging = asyncio.ensure_future(log())
        try:
            async for line in process.stdout:
                if line.startswith(READY):
                    url = await _forward(connection, line, remote.data / f"ssh-{host.name}-{number}")
                    number += 1
                    await farm.add(Candidate(url))
                    added[url] = None
                    say(f"{host}: a node there takes part, here as {url}")
            await logging
            status = (await process.wait()).exit_status
        finally:
            logging.cancel()
    if status == 127:
        return f"there is no {remote.command} there: --ssh-command says where it is"
    return f"`lrnap` there ended{f' with code {status}' if status is not None else ''}{': ' + last if last else ''}"


async def _forward(connection: SSHClientConnection, line: str, folder: Path) -> str:
    """Where a node there is reached here: at the port of the last time, if that is free."""
    there = Address.parse(line.removeprefix(READY).strip())
    try:
        listener = await connection.forward_local_port("127.0.0.1", kept_port(folder), there.host, there.port)
    except OSError:
        listener = await connection.forward_local_port("127.0.0.1", 0, there.host, there.port)
    keep_port(folder, listener.get_port())
    return Address("127.0.0.1", listener.get_port()).url


@contextlib.asynccontextmanager
async def _running(connection: SSHClientConnection, line: str) -> AsyncIterator[SSHClientProcess[str]]:
    """A program there, which ends when its input does."""
    process = await connection.create_process(line, encoding="utf-8", errors="replace")
    try:
        yield process
    finally:
        with contextlib.suppress(Exception):  # the connection may be gone already
            process.stdin.write_eof()
            async with asyncio.timeout(END_SECONDS):
                await process.wait_closed()
        process.close()
