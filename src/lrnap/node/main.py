"""A node as a process: see `lrnap.net.process`."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path

from lrnap.engine import scratch
from lrnap.engine.devices import AUTO, here
from lrnap.engine.process import ProcessEngine
from lrnap.engine.protocol import Engine
from lrnap.net.address import DEFAULT_PORT, Address
from lrnap.net.metrics import Page
from lrnap.net.process import Doors, run, serve, set_up_log
from lrnap.node.courtesy import Manners, attend
from lrnap.node.metrics import FIGURES
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
    metrics: str | None = None,
    log_json: bool = False,
    choice: str = AUTO,
    manners: Manners | None = None,
) -> int:
    """Serves until SIGINT or SIGTERM; the exit code, 0 for those. Raises LrnapError for what keeps it from starting.

    The first lines on standard output are `node ready at lrnap://HOST:PORT`, one for each address. `engine`: name of
    a renderer or an Engine; `roots`: by default the working folder; `metrics`: HOST:PORT of a page for Prometheus;
    `choice`: what LuxCore renders on (`lrnap.engine.devices`); `manners`: when the node yields to its machine's user.
    """
    doors = Doors.parse(
        listen,
        identity_folder(data),
        default=Address("127.0.0.1", DEFAULT_PORT),
        insecure=insecure,
        metrics=metrics,
    )
    scratch.sweep()  # what a node that was killed has left
    node = Node(
        ProcessEngine(engine, here(choice) if engine == "luxcore" else None, spare=True)
        if isinstance(engine, str)
        else engine,
        roots or [Path.cwd()],
        data or default_data(),
        threads,
    )
    node.courtesy.manners = manners or Manners()
    set_up_log(json=log_json)
    run(_serve(node, doors))
    return 0


async def _serve(node: Node, doors: Doors) -> None:
    attending = asyncio.create_task(attend(node), name="courtesy")
    try:
        await serve("node", node, doors, page=Page("lrnap_node", FIGURES, node), connections=node.limits.connections)
    finally:
        attending.cancel()
        await asyncio.gather(attending, return_exceptions=True)
        await node.close()
