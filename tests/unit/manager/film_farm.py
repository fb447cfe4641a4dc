"""Nodes that render, and send films over lines that are slow or shared, in front of a manager's drives. For tests in a
loop with a fake clock (`loops.on_a_fake_clock`): all of it takes no time."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import numpy as np

from lrnap.client.film_transfer import Travel
from lrnap.engine.protocol import Halt, RunOptions, RunState, RunStatus
from lrnap.errors import Code, RemoteError
from lrnap.film.snapshot import FilmLayout, Snapshot
from lrnap.lux.scene import Scene
from lrnap.manager import effects, events
from lrnap.manager.drive import Around, Drive
from lrnap.manager.fetching import Way
from lrnap.manager.recording import Recorded

KEY = "0123456789ab"
FULL_HD, UHD = FilmLayout(1920, 1080), FilmLayout(3840, 2160)
REPORT = 0.5  # seconds
NO_PIXELS = np.empty(0, np.float32)  # nobody looks at them here


def now() -> float:
    return asyncio.get_running_loop().time()


class Wire:
    """`rate`: bytes a second, of which all that flows on it has an equal part."""

    def __init__(self, rate: float = math.inf) -> None:
        self._rate = rate
        self._flows = 0
        self._changed = asyncio.Event()

    async def carry(self, size: float, most: float, travel: Travel) -> None:
        """`most`: bytes a second that the sender is able to give."""
        self._change(1)
        try:
            while size > 1:
                travel.moved()
                speed, began = min(most, self._rate / self._flows), now()
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._changed.wait(), min(size / speed, 1.0))
                size -= speed * (now() - began)
            travel.moved()
        finally:
            self._change(-1)

    def _change(self, by: int) -> None:
        self._flows += by
        self._changed.set()
        self._changed = asyncio.Event()


@dataclass
class Film:
    """When it was asked for, its last byte came, it counted; and the samples that it has."""

    asked: float
    samples: float
    ended: float = math.inf
    counted: float = math.inf


@dataclass
class Node:
    """An engine and its only run. `reading`: seconds until a film is read out; `rate`: bytes a second of its own
    line; `hangs`: it reads no film before this is set; `breaks`: so many films arrive damaged."""

    wire: Wire
    layout: FilmLayout = UHD
    reading: float = 0.05
    rate: float = math.inf
    seed: int = 1
    spp: float = math.inf  # after so many it is done
    hangs: asyncio.Event | None = None
    breaks: int = 0
    films: list[Film] = field(default_factory=list)
    stopped: bool = False

    name = "lrnap://node"

    async def start(self, scene: Scene, options: RunOptions) -> Node:
        await asyncio.sleep(0.001 * self.seed)  # the first one first
        self.began = now()
        return self

    async def sent(self) -> None: ...

    def status(self) -> RunStatus:
        seconds = now() - self.began
        spp = min(10 * seconds, self.spp)
        state = RunState.DONE if spp >= self.spp else RunState.STOPPED if self.stopped else RunState.RENDERING
        return RunStatus(state, samples=spp * 100, spp=spp, seconds=seconds)

    async def events(self) -> AsyncIterator[RunStatus]:
        while True:
            status = self.status()
            yield status
            if status.state.over:
                return
            await asyncio.sleep(REPORT)

    async def snapshot(self, travel: Travel) -> Snapshot:
        film = Film(now(), self.status().samples)
        self.films.append(film)
        await asyncio.sleep(self.reading)
        if self.hangs is not None:
            await self.hangs.wait()
        await self.wire.carry(4 * self.layout.floats, self.rate, travel)
        travel.end()
        film.ended = now()
        if len(self.films) <= self.breaks:
            raise RemoteError(Code.HASH, "the film arrived damaged")
        return Snapshot(self.run, self.seed, len(self.films), self.layout, NO_PIXELS, film.samples)

    @property
    def run(self) -> str:
        return f"{KEY}.1.0.{self.seed}"

    def let_go(self, snapshot: Snapshot) -> None: ...

    async def stop(self) -> None:
        self.stopped = True

    async def leave(self) -> None: ...

    async def close(self) -> None: ...

    # --- what became of its films

    @property
    def counted(self) -> list[Film]:
        return [film for film in self.films if film.counted < math.inf]

    @property
    def share(self) -> float:
        """Of its time between two films, the most that it spent on sending the first of them."""
        return max((film.ended - film.asked) / (later.asked - film.asked) for film, later in pairwise(self.films))

    def age(self, since: float = 0.0) -> float:
        """How old its film in the picture was at the most, of those that were asked for since then."""
        films = [film for film in self.counted if film.asked >= since]
        return max(later.counted - film.asked for film, later in pairwise(films))


class Farm:
    """A manager's drives, one for each node. `said`: what the core hears. Ends with its context."""

    def __init__(self, *nodes: Node, way: Way | None = None) -> None:
        self.said: list[events.Event] = []
        for seed, node in enumerate(nodes, 1):
            node.seed = seed
        self.nodes = nodes
        around = Around(self.said.append, self, lambda *_: Recorded(Scene("", (), {}), (), {}), lambda: len(nodes))  # type: ignore[arg-type]
        if way is not None:
            around = replace(around, next_films=way)
        self.drives = [Drive(around, node, _start(node), _nothing, _nothing) for node in nodes]  # type: ignore[arg-type]

    def put(self, snapshot: Snapshot) -> bool:
        """See `Films`."""
        self.nodes[snapshot.seed - 1].films[snapshot.number - 1].counted = now()
        return True

    async def __aenter__(self) -> Farm:
        return self

    async def __aexit__(self, *_: object) -> None:
        for drive in self.drives:
            await drive.leave()

    async def over(self) -> None:
        """All runs have ended."""
        while sum(isinstance(event, events.RunEnded) for event in self.said) < len(self.nodes):
            await asyncio.sleep(REPORT)


async def _nothing(*_: Any) -> None: ...


def _start(node: Node) -> effects.StartRun:
    more: dict[str, Any] = {"job": 1, "frame": 0, "seed": node.seed, "epoch": 0, "threads": 0, "halt": Halt()}
    return effects.StartRun(node=node.seed, generation=1, run=node.run, scene="", changes="", **more)
