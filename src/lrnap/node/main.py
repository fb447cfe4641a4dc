"""A node as a process: listens, says so on its first line, serves until it is asked to end."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import sys
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Any

from lrnap.engine import scratch
from lrnap.engine.process import ProcessEngine
from lrnap.engine.protocol import Engine
from lrnap.net.address import DEFAULT_PORT, Address
from lrnap.net.gate import listen_address
from lrnap.net.identity import Identity, load_or_make
from lrnap.net.server import Server
from lrnap.node.service import Node


def default_data() -> Path:
    """Where a node keeps assets if it is not told: the user's cache folder."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "lrnap"


def identity_folder(data: Path | None) -> Path:
    """Where a server keeps its key and tokens: with its data, or with the user's."""
    if data is not None:
        return data / "identity"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share", "lrnap", "identity")


def run_node(
    listen: Sequence[str] = (),
    threads: int = 0,
    roots: Sequence[Path | str] = (),
    data: Path | None = None,
    insecure: bool = False,
    engine: str | Engine = "luxcore",
) -> int:
    """Serves until SIGINT or SIGTERM; the exit code, 0 for those. Raises LrnapError for what keeps it from starting.

    The first lines on standard output are `node ready at lrnap://HOST:PORT`, one for each address. `engine`: name of
    a renderer or an Engine; `roots`: by default the working folder.
    """
    addresses = [listen_address(text, insecure=insecure) for text in listen] or [Address("127.0.0.1", DEFAULT_PORT)]
    identity = load_or_make(identity_folder(data)) if any(address.tls for address in addresses) else None
    scratch.sweep()  # what a node that was killed has left
    node = Node(
        ProcessEngine(engine) if isinstance(engine, str) else engine,
        roots or [Path.cwd()],
        data or default_data(),
        threads,
    )
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(message)s")
    return _run(_serve(node, addresses, identity))


async def _serve(node: Node, addresses: Sequence[Address], identity: Identity | None) -> int:
    loop = asyncio.get_running_loop()
    asked = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # not on every system
            loop.add_signal_handler(number, asked.set)
    server = Server(node, identity=identity, connections=node.limits.connections)
    try:
        bound = await server.listen(addresses)
        for address in bound:
            print(f"node ready at {address.url}", flush=True)
        if identity is not None and identity.new:
            for address in filter(lambda address: address.tls, bound):
                print(f"to use it from another machine, type there: {identity.login(address)}", flush=True)
        await asked.wait()
    finally:
        await server.close()
        await node.close()
    return 0


def _run(work: Coroutine[Any, Any, int]) -> int:
    """With uvloop where it is installed: it moves films faster."""
    try:
        import uvloop
    except ImportError:
        return asyncio.run(work)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return int(runner.run(work))
