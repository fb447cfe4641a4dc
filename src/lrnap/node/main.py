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
from lrnap.net.gate import check_listen
from lrnap.net.server import Server
from lrnap.node.service import Node


def default_data() -> Path:
    """Where a node keeps assets if it is not told: the user's cache folder."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "lrnap"


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
    addresses = [Address.parse(text) for text in listen] or [Address("127.0.0.1", DEFAULT_PORT)]
    check_listen(addresses, insecure=insecure)
    scratch.sweep()  # what a node that was killed has left
    node = Node(
        ProcessEngine(engine) if isinstance(engine, str) else engine,
        roots or [Path.cwd()],
        data or default_data(),
        threads,
    )
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(message)s")
    return _run(_serve(node, addresses))


async def _serve(node: Node, addresses: Sequence[Address]) -> int:
    loop = asyncio.get_running_loop()
    asked = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # not on every system
            loop.add_signal_handler(number, asked.set)
    server = Server(node, connections=node.limits.connections)
    try:
        for address in await server.listen(addresses):
            print(f"node ready at {address.url}", flush=True)
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
