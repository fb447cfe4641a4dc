"""The nodes of this machine, one for each of its places, kept running.

Each has a folder of its own and keeps its port from one start to the next, so that a manager finds it again.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from lrnap.engine.devices import AUTO
from lrnap.launch.farm import Candidate
from lrnap.launch.keeper import Keeper, Program, Say
from lrnap.launch.places import Place
from lrnap.net import identity
from lrnap.net.address import Address
from lrnap.wire import Role

ENDING_SECONDS = 10.0  # of nodes whose `lrnap up` was killed: they end by themselves, and have their ports until then


@dataclass(frozen=True, slots=True)
class NodeOptions:
    """Of each node. `host`: where it can be reached; `encrypted`: the manager is elsewhere, and is let in by a token:
    the node's own, which it is told, or `token` that it has already; `port`: of the first, 0 for any that is free."""

    data: Path
    roots: Sequence[Path] = ()
    host: str = "127.0.0.1"
    port: int = 0
    threads: int = 0
    engine: str = AUTO
    encrypted: bool = False
    token: str = ""
    insecure: bool = False
    metrics: Address | None = None  # of the first, the others follow
    words: Sequence[str] = ()  # more options


class LocalNodes:
    """`start`, then `keep`, then `end`."""

    def __init__(self, places: Sequence[Place], options: NodeOptions, say: Say) -> None:
        self._options = options
        self._patient = time.monotonic() + ENDING_SECONDS
        self.keepers = [Keeper(self._program(number, place), say) for number, place in enumerate(places)]

    async def start(self) -> list[Candidate]:
        """All of them, or none: raises RemoteError with the last words of one that does not come up."""
        try:
            started = await asyncio.gather(*(keeper.start() for keeper in self.keepers))
        except BaseException:
            await self.end()
            raise
        return [self._candidate(number, urls[0]) for number, urls in enumerate(started)]

    async def keep(self) -> None:
        await asyncio.gather(*(keeper.keep() for keeper in self.keepers))

    async def end(self) -> None:
        await asyncio.gather(*(keeper.end() for keeper in self.keepers))

    def _folder(self, number: int) -> Path:
        return self._options.data / f"node-{number}"

    def _program(self, number: int, place: Place) -> Program:
        options = self._options
        folder = self._folder(number)
        port = options.port + number if options.port else kept_port(folder, self._patient)
        words = ["--data", str(folder), "--threads", str(options.threads), "--engine", options.engine]
        for root in options.roots:
            words += ["--root", str(root)]
        if options.insecure:
            words.append("--insecure")
        if options.metrics is not None:
            first = options.metrics
            words += ["--metrics", str(replace(first, port=first.port + number if first.port else 0))]
        words += options.words
        return Program(
            f"node {number}",
            "node",
            [listen_on(options.host, port, options.encrypted or bool(options.token))],
            words,
            ["--processors", place.processors] if place.processors else [],
            place.environment,
        )

    def _candidate(self, number: int, url: str) -> Candidate:
        address = Address.parse(url)
        folder = self._folder(number)
        keep_port(folder, address.port)
        if not address.tls:
            return Candidate(address.url)
        known = identity.load_or_make(folder / "identity")
        reached = replace(address, host=self._options.host)
        return Candidate(reached.url, known.fingerprint, known.token(Role.ADMIN))

    def prepare(self) -> None:
        """Their folders. With a token they let in whoever shows it, because only their farm has it."""
        for number in range(len(self.keepers)):
            folder = self._folder(number)
            folder.mkdir(parents=True, exist_ok=True)
            if self._options.token:
                identity.share_token(folder / "identity", self._options.token)


def own_address(manager: Address) -> str:
    """The address of this machine that the way to the manager begins at. Nothing is sent for it."""
    for family, kind, protocol, _, place in socket.getaddrinfo(manager.host, manager.port, type=socket.SOCK_DGRAM):
        with contextlib.suppress(OSError), socket.socket(family, kind, protocol) as way:
            way.connect(place)
            return str(way.getsockname()[0]).partition("%")[0]
    return socket.gethostname()


def listen_on(host: str, port: int, encrypted: bool) -> str:
    """Where a server listens that is reached at that name or address of its machine."""
    address = Address(host, port, encrypted)
    if not address.loopback:  # a name or address of this machine: which one a packet comes by is not our business
        address = replace(address, host="::" if ":" in host else "0.0.0.0")
    return address.url


def kept_port(folder: Path, patient: float = 0.0) -> int:
    """That of the last time, if nobody has it now, or lets go of it before the monotonic clock says `patient`; else
    0."""
    try:
        port = int((folder / "port").read_text())
    except (OSError, ValueError):
        return 0
    if not 0 < port < 65536:
        return 0
    while not _free(port):
        if time.monotonic() > patient:
            return 0
        time.sleep(0.05)
    return port


def keep_port(folder: Path, port: int) -> None:
    with contextlib.suppress(OSError):  # without it the next start has another port
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "port").write_text(str(port))


def _free(port: int) -> bool:
    with socket.socket() as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind(("", port))
        except OSError:
            return False
    return True
