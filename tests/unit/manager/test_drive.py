"""Films that a drive puts down: what is on the disk counts."""

from __future__ import annotations

import asyncio
import threading
from types import SimpleNamespace

import pytest

from lrnap.engine.protocol import Halt
from lrnap.film.snapshot import FilmLayout, Snapshot
from lrnap.manager import events
from lrnap.manager.drive import Drive

LAYOUT = FilmLayout(2, 2)
FILM = Snapshot("0123456789ab.1.0.7", 7, 2, LAYOUT, LAYOUT.new_block(), 4.0)


def test_a_film_that_was_being_put_down_when_its_run_was_left_counts() -> None:
    """Else the disk would know of more samples than the store."""
    began, go = threading.Event(), threading.Event()
    posted: list[events.Event] = []

    def put(film: Snapshot) -> bool:
        began.set()
        assert go.wait(120)
        return True

    async def work() -> None:
        drive = object.__new__(Drive)  # nobody renders
        drive.name, drive.epoch, drive.halt = FILM.run, 0, Halt()
        drive._around = SimpleNamespace(films=SimpleNamespace(put=put), post=posted.append)  # type: ignore[assignment]
        counting = asyncio.create_task(drive._count(FILM))
        assert await asyncio.to_thread(began.wait, 120)
        counting.cancel()
        await asyncio.sleep(0)
        go.set()
        with pytest.raises(asyncio.CancelledError):
            await counting

    asyncio.run(work())
    [counted] = posted
    assert isinstance(counted, events.Counted)
    assert (counted.run, counted.number, counted.samples) == (FILM.run, 2, 4.0)
