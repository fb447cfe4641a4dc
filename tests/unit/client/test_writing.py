"""The files that a job keeps writing, at the moments that a whole render meets once in a hundred times."""

import asyncio
import gc
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

from lrnap.client import writing
from lrnap.client.writing import Writer
from lrnap.client.written import Output
from lrnap.errors import Code, LrnapError
from lrnap.film.develop import Settings
from lrnap.film.snapshot import FilmLayout, Snapshot


class OneFilm:
    """A job that has had one film, and renders on."""

    progress = staticmethod(lambda: SimpleNamespace(film=1))

    async def changes(self):
        yield self.progress()
        await asyncio.Event().wait()


def test_a_picture_that_fails_after_the_rendering_ended_is_told_once_by_the_last_one(monkeypatch):
    begun, disk_full = threading.Event(), threading.Event()

    def write(self, outputs):
        begun.set()
        disk_full.wait()
        raise LrnapError(Code.NOT_FOUND, "there is no folder")

    monkeypatch.setattr(Writer, "_write", write)
    complaints = []

    async def render_ends_while_a_picture_is_written():
        asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
        pictures = Writer(OneFilm(), [Output(Path("a.png"))], Settings)
        writing = asyncio.create_task(pictures.keep_writing())
        await asyncio.to_thread(begun.wait)
        writing.cancel()
        await asyncio.gather(writing, return_exceptions=True)
        disk_full.set()
        with pytest.raises(LrnapError, match="no folder"):
            await pictures.write()
        del pictures, writing
        gc.collect()

    asyncio.run(render_ends_while_a_picture_is_written())
    assert complaints == []


def test_films_and_pictures_have_intervals_of_their_own(monkeypatch, tmp_path):
    now = [0.0]
    monkeypatch.setattr(writing.time, "monotonic", lambda: now[0])
    outputs = [Output(tmp_path / "a.png"), Output(tmp_path / "a.flm")]
    told = []
    film = SimpleNamespace(number=1)
    job = SimpleNamespace(progress=lambda: SimpleNamespace(film=film.number))
    monkeypatch.setattr(Writer, "_write", lambda self, outputs: None)

    def wrote(_, paths):
        told.append((now[0], sorted(path.suffix for path in paths)))

    writer = Writer(job, outputs, Settings, wrote, interval=10, film_interval=60)

    async def a_render_of_70_seconds():
        while now[0] < 70:
            now[0], film.number = now[0] + 5, film.number + 1
            await writer.write(all_of_them=False)
        await writer.write()

    asyncio.run(a_render_of_70_seconds())
    assert told == [
        *((seconds, [".png"]) for seconds in (10.0, 20.0, 30.0, 40.0, 50.0)),
        (60.0, [".flm", ".png"]),
        (70.0, [".png"]),
        (70.0, [".flm"]),
    ]


def test_a_file_that_cannot_be_written_does_not_keep_the_others_from_it(tmp_path):
    layout = FilmLayout(2, 2)
    film = SimpleNamespace(merged=lambda: Snapshot("a", 1, 1, layout, layout.new_block() + 1, 4), runs=("a",), spp=1.0)
    now = SimpleNamespace(film=1, members=(), seconds=1.0)
    job = SimpleNamespace(progress=lambda: now, film=film, scene=SimpleNamespace(name="s"))
    outputs = [Output(tmp_path / "gone" / "a.png"), Output(tmp_path / "b.png"), Output(tmp_path / "z.png", depth=True)]
    writer = Writer(job, outputs, Settings)
    with pytest.raises(LrnapError, match="there is no folder"):
        asyncio.run(writer.write())
    assert [path.name for path in tmp_path.iterdir()] == ["b.png"]
