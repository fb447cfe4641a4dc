"""The desk and its thread: what waits while the store is away."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from lrnap.engine.protocol import RunState
from lrnap.errors import Code, LrnapError
from lrnap.manager import events as ev
from lrnap.manager.core import Step
from lrnap.manager.desk import Desk
from lrnap.manager.office import Office
from lrnap.manager.store import Store

RUN = "0123456789ab.1.0.7"


def test_that_the_store_is_away_is_told_once_and_that_it_is_back_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    refused = 0

    def refuse(happened: Sequence[ev.Event], **_: float) -> Step:
        nonlocal refused
        refused += 1
        raise LrnapError(Code.UNAVAILABLE, "the store is away")

    async def until(holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(120):
            while not holds():
                await asyncio.sleep(0.01)

    async def work() -> None:
        desk = Desk(Store(f"sqlite:///{tmp_path / 'store.db'}"))
        handle = desk.handle
        monkeypatch.setattr(desk, "handle", refuse)
        office = Office(desk, lambda step, views: None, lambda: [])
        office.post(ev.AddNode(url="lrnap://n1"))
        office.open()
        await until(lambda: refused >= 3)
        monkeypatch.setattr(desk, "handle", handle)
        await until(lambda: office.steps > 0)
        await office.close()

    with caplog.at_level("INFO", "lrnap.manager"):
        asyncio.run(work())
    told = [message for message in caplog.messages if "store" in message]
    assert told == ["the store is away", "the store can be used again"]


def test_what_is_said_while_the_store_is_away_is_kept_and_fills_no_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[int] = []

    def refuse(happened: Sequence[ev.Event], **_: float) -> Step:
        tried.append(len(happened))
        raise LrnapError(Code.UNAVAILABLE, "the store is away")

    async def until(holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(120):
            while not holds():
                await asyncio.sleep(0.01)

    async def work() -> None:
        desk = Desk(Store(f"sqlite:///{tmp_path / 'store.db'}"))
        handle = desk.handle
        monkeypatch.setattr(desk, "handle", refuse)
        office = Office(desk, lambda step, views: None, lambda: [])
        office.post(ev.AddNode(url="lrnap://n1"))  # which has to be stored
        for n in range(1000):
            office.post(ev.NodeHeard(node=1, generation=1, foreign=""))
            office.post(ev.RunReport(run=RUN, generation=1, state=RunState.RENDERING, spp=n))
            office.post(ev.Counted(run=RUN, number=n, samples=n, spp=n, seconds=n))
        assert office.waiting > 3000
        office.open()
        await until(lambda: len(tried) >= 2)
        assert max(tried) <= 5  # these four, and a tick
        monkeypatch.setattr(desk, "handle", handle)
        await until(lambda: office.steps > 0)
        assert await office.look(lambda core: [node.url for node in core.world.nodes.values()]) == ["lrnap://n1"]
        await office.close()

    asyncio.run(work())
