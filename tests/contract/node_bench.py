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

# What cannot be asked of a run on another machine, or is promised less exactly there.
NOT_OF_A_NODE = {
    "test_the_film_has_the_scenes_size_and_light_groups": "the layout is known from the first film on",
    "test_while_paused_samples_and_seconds_stand_still": "statuses have milliseconds",
    "test_stop_keeps_the_film": "the node words its refusals itself",
    "test_threads_can_be_changed_while_rendering": "the node words its refusals itself",
    "test_a_killed_engine_is_an_error_that_names_the_signal": "the node resets the job",
    "test_after_a_crash_the_last_snapshot_counts": "the last snapshot is fetched again",
    "test_the_engine_ends_when_its_parent_does": "the parent is the node",
    "test_many_runs_at_once": "a node renders one job at a time",
}


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
            try:
                while not node.live.runs and not run.status().state.over:
                    await asyncio.sleep(0.001)
                for started in node.live.runs:
                    run.pid = started.pid
                    self.pids.append(run.pid)
                yield run
            finally:
                await run.close()
        finally:
            while server.open_links:  # connections that have just ended
                await asyncio.sleep(0.005)
            await server.close()
            await node.close()
