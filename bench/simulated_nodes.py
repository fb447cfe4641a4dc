"""`python -m bench.simulated_nodes COUNT WIDTHxHEIGHT FOLDER`: nodes whose engine only counts, all in this process.

Everything else is a node's: protocol, sockets, leases, films as large as they say. A run takes about `SPP_RATE` samples
per pixel a second, by its seed more or less, and its film is always the same numbers. Prints the URL of each node, then
serves until it is ended. `FOLDER/idle` gets a line for each run that follows another on its node: when it began, and
the seconds between them; `FOLDER/sent` one for each film: its connection, when its sending began and when it ended.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np

from lrnap.engine.protocol import Halt, RunOptions, RunState, RunStatus
from lrnap.errors import Code, EngineError
from lrnap.film.snapshot import Block, FilmLayout, Snapshot
from lrnap.lux.call import Call
from lrnap.lux.scene import Scene
from lrnap.net.address import Address
from lrnap.net.gate import Gate
from lrnap.net.outgoing import Outgoing
from lrnap.net.server import Server
from lrnap.node.service import Node
from lrnap.wire import Reply

SPP_RATE = 10.0
REPORT = 0.25  # seconds


class SimulatedEngine:
    """See `lrnap.engine.protocol.Engine`."""

    name = "simulated"

    def __init__(self, layout: FilmLayout, block: Block, idle: Path) -> None:
        self.layout, self.block = layout, block
        self._idle = idle
        self._ended: float | None = None

    async def start(self, scene: Scene, options: RunOptions) -> SimulatedRun:  # noqa: ARG002
        if self._ended is not None:
            now = time.time()
            with self._idle.open("a") as file:
                file.write(f"{now} {now - self._ended}\n")
        return SimulatedRun(self, options)

    def ended(self) -> None:
        self._ended = time.time()


class SimulatedRun:
    """See `lrnap.engine.protocol.Run`."""

    def __init__(self, engine: SimulatedEngine, options: RunOptions) -> None:
        self.name, self.seed = options.run, options.seed
        self._engine = engine
        self._rate = SPP_RATE * (0.7 + 0.6 * (options.seed % 1000) / 1000)
        self._halt = options.halt
        self._seconds, self._since = 0.0, time.monotonic()
        self._status = RunStatus(RunState.RENDERING, threads=1, engine="simulated", epoch=options.epoch)
        self._number = 0
        self._changed = asyncio.Event()

    @property
    def layout(self) -> FilmLayout | None:
        return self._engine.layout

    def log(self, lines: int = 100) -> Sequence[str]:  # noqa: ARG002
        return ()

    def warnings(self) -> Sequence[str]:
        return ()

    def status(self) -> RunStatus:
        now = time.monotonic()
        if self._status.state is RunState.RENDERING:
            self._seconds += now - self._since
            spp = self._seconds * self._rate
            done = spp >= (self._halt.spp or np.inf) or self._seconds >= (self._halt.seconds or np.inf)
            pixels = self._engine.layout.width * self._engine.layout.height
            self._status = replace(
                self._status,
                samples=spp * pixels,
                spp=spp,
                seconds=self._seconds,
                samples_per_second=self._rate * pixels,
            )
            if done:
                self._enter(RunState.DONE)
        self._since = now
        return self._status

    async def events(self) -> AsyncIterator[RunStatus]:
        while True:
            changed, status = self._changed, self.status()
            yield status
            if status.state.over:
                return
            with suppress(TimeoutError):
                await asyncio.wait_for(changed.wait(), REPORT)

    def _enter(self, state: RunState) -> None:
        if self._status.state.over:
            return
        self._status = replace(self._status, state=state)
        if state.over:
            self._engine.ended()
        self._changed.set()
        self._changed = asyncio.Event()

    async def snapshot(self) -> Snapshot:
        status = self.status()
        if not status.samples:
            raise EngineError("there is no film yet", code=Code.STATE)
        self._number += 1
        return Snapshot(
            self.name,
            self.seed,
            self._number,
            self._engine.layout,
            self._engine.block,
            status.samples,
            seconds=status.seconds,
            epoch=status.epoch,
        )

    async def pause(self) -> None:
        self.status()
        self._enter(RunState.PAUSED)

    async def resume(self) -> None:
        self.status()
        self._enter(RunState.RENDERING)

    async def stop(self) -> None:
        self.status()
        self._enter(RunState.STOPPED)

    async def set_threads(self, threads: int) -> None:
        self._status = replace(self._status, threads=threads)

    async def set_halt(self, halt: Halt) -> None:
        self._halt = halt

    async def edit(
        self,
        calls: Sequence[Call],  # noqa: ARG002
        files: Mapping[str, str] | None = None,  # noqa: ARG002
        epoch: int | None = None,
    ) -> int:
        self._seconds = 0.0
        self._status = replace(self._status, epoch=self._status.epoch + 1 if epoch is None else epoch)
        return self._status.epoch

    async def close(self) -> None:
        await self.stop()


def _note_films(file: Path) -> None:
    """Writes down how long each film takes its node: here it is read in no time."""
    send = Outgoing._send_frames

    async def noted(self: Outgoing, reply: Reply, offset: int) -> None:
        began = time.time()
        await send(self, reply, offset)
        with file.open("a") as lines:
            lines.write(f"{id(self)} {began} {time.time()}\n")

    Outgoing._send_frames = noted  # type: ignore[method-assign]


async def _serve(count: int, layout: FilmLayout, folder: Path) -> None:
    block = layout.new_block()
    block[:] = np.random.default_rng(1).random(block.shape, np.float32)
    block.flags.writeable = False
    _note_films(folder / "sent")
    for i in range(count):
        engine = SimulatedEngine(layout, block, folder / "idle")
        node = Node(engine, [folder], folder / f"node{i}")
        server = Server(node, gate=Gate(None), connections=node.limits.connections)
        [address] = await server.listen([Address("127.0.0.1", 0)])
        print(address.url, flush=True)
    await asyncio.Event().wait()


def main(arguments: list[str]) -> None:
    count, size, folder = arguments
    width, height = map(int, size.split("x"))
    asyncio.run(_serve(int(count), FilmLayout(width, height), Path(folder)))


if __name__ == "__main__":
    main(sys.argv[1:])
