"""What a manager throws away, and when."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from loops import in_loop

from lrnap.errors import Code, LrnapError
from lrnap.limits import NodeLimits
from lrnap.manager import upkeep
from lrnap.manager.content import Content
from lrnap.manager.main import run_manager
from lrnap.manager.upkeep import DAY, Keep, Upkeep


class FakeStore:
    def __init__(self) -> None:
        self.pruned: list[tuple[float, float]] = []
        self.asked = asyncio.Event()
        self.away = False
        self.refused = 0

    async def query(self, read: Callable[[Any], Any]) -> Any:
        return read(self)

    def prune(self, happened: float, wanted: float) -> int:
        if self.away:
            self.refused += 1
            raise LrnapError(Code.UNAVAILABLE, "the store is away")
        self.pruned.append((happened, wanted))
        return 1

    def needed(self) -> set[str]:
        self.asked.set()
        return set()


@in_loop
async def test_old_entries_go_by_age(tmp_path: Path) -> None:
    store = FakeStore()
    before = time.time()
    await Upkeep(store.query, Content(tmp_path, NodeLimits()), Keep(happened=1, wanted=3)).once()
    ((happened, wanted),) = store.pruned
    assert happened >= before - DAY
    assert happened - wanted == pytest.approx(2 * DAY)


@in_loop
async def test_what_a_removed_job_had_is_given_back_soon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep, "SOON", 0.0)
    monkeypatch.setattr("lrnap.manager.content.STORING", 0.0)
    store, content = FakeStore(), Content(tmp_path, NodeLimits())
    content.hold([content.put(b"scene")])
    work = Upkeep(store.query, content, Keep())
    going_on = asyncio.create_task(work.go_on())
    work.a_job_was_removed()
    await store.asked.wait()
    await asyncio.sleep(0)
    assert content.held() == set()
    going_on.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await going_on


@in_loop
async def test_a_store_that_is_away_is_asked_another_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep, "SOON", 0.0)
    store = FakeStore()
    store.away = True
    work = Upkeep(store.query, Content(tmp_path, NodeLimits()), Keep())
    going_on = asyncio.create_task(work.go_on())
    work.a_job_was_removed()
    while not store.refused:
        await asyncio.sleep(0.01)
    store.away = False
    work.a_job_was_removed()
    await store.asked.wait()
    going_on.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await going_on


@pytest.mark.parametrize(("happened", "wanted"), [(0, 5), (5, 4), (float("nan"), 9)])
def test_days_that_cannot_be_meant_are_refused(happened: float, wanted: float, tmp_path: Path) -> None:
    with pytest.raises(LrnapError, match="--keep-history"):
        run_manager(listen=["127.0.0.1:0"], data=tmp_path, keep_history=happened, keep_wishes=wanted)
