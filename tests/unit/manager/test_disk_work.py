"""What a disk does not take is tried again, and told once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from lrnap.errors import Code, LrnapError
from lrnap.film.snapshot import FilmLayout, Snapshot
from lrnap.manager import disk_work, pictures
from lrnap.manager.disk_work import DiskWork
from lrnap.manager.frames import Frame, FrameState
from lrnap.manager.jobs import Job

LAYOUT = FilmLayout(2, 2)


class Films:
    """One film of every frame."""

    def __init__(self) -> None:
        self.finished: list[int] = []
        self.store = SimpleNamespace(finish=lambda key, frame: self.finished.append(frame))

    def merged(self, key: str, frame: int, epoch: int) -> Snapshot:
        return Snapshot(key, 1, 1, LAYOUT, LAYOUT.new_block(), 4.0)

    def fold(self, key: str, frame: int, epoch: int) -> None:
        pass


def test_a_picture_that_does_not_fit_is_told_once_and_written_once_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    tried: list[Path] = []
    room = False

    def write(path: Path, *_: object) -> None:
        tried.append(path)
        if not room:
            raise LrnapError(Code.INTERNAL, f"{path.name}: no space left") from OSError()

    async def until(holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(120):
            while not holds():
                await asyncio.sleep(0.01)

    job = Job(id=7, key="0123456789ab", name="shot", output="shot.##.png")
    frame = Frame(job=7, number=3, state=FrameState.DONE)
    store = SimpleNamespace(frame=lambda number, of: SimpleNamespace(job=job, frame=frame, frames=9))
    films = Films()
    monkeypatch.setattr(pictures, "write", write)
    monkeypatch.setattr(disk_work, "DISK_AGAIN", 0.01)

    async def work() -> None:
        nonlocal room
        disk = DiskWork(store, films, SimpleNamespace(), tmp_path)  # type: ignore[arg-type]
        going = asyncio.create_task(disk.go_on())
        disk.do(lambda: disk.finish(7, 3))
        await until(lambda: len(tried) >= 3)
        assert disk.unwritten == {7: "shot.03.png: no space left"}
        assert not films.finished
        room = True
        await until(lambda: films.finished == [3])
        assert not disk.unwritten
        going.cancel()
        await asyncio.gather(going, return_exceptions=True)

    with caplog.at_level("INFO", "lrnap.manager"):
        asyncio.run(work())
    assert caplog.messages == [
        "shot.03.png: no space left; tried again every 0.01 s",
        f'job "shot": frame 3 is written to {tmp_path / "shot.03.png"}',
    ]
