"""A node as an engine: its runs are those of the node's own engine, the fake."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

from engine_bench import Bench, quad

from lrnap.client.remote import RemoteEngine, RemoteRun
from lrnap.engine.protocol import RunOptions
from lrnap.lux.scene import Scene
from lrnap.net.address import Address
from lrnap.net.server import Server
from lrnap.node.service import Node


@dataclass
class NodeBench(Bench):
    """`data`: where the node keeps assets."""

    data: Path = field(default_factory=Path)

    @contextlib.asynccontextmanager
    async def running(self, scene: Scene | None = None, **options: object) -> AsyncIterator[RemoteRun]:
        node = Node(self.engine, [self.data], self.data)
        server = Server(node)
        [address] = await server.listen([Address("127.0.0.1", 0)])
        try:
            wanted = RunOptions(**{"run": "r1", "seed": 1} | options)
            run = await RemoteEngine(address.url).start(scene or quad(), wanted)
            run.pid = node._run.pid
            self.pids.append(run.pid)
            try:
                yield run
            finally:
                await run.close()
        finally:
            while server.open_links:  # connections that have just ended
                await asyncio.sleep(0.005)
            await server.close()
            await node.close()
