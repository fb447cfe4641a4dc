"""The pictures that `lrnap render` keeps writing, at the moments that a whole render meets once in a hundred times."""

import asyncio
import gc
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

from lrnap.cli.writing import Writer
from lrnap.client.written import Output
from lrnap.errors import Code, LrnapError


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
        pictures = Writer(OneFilm(), [Output(Path("a.png"))], None, SimpleNamespace())
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
