"""`lrnap film view`: a picture in the terminal, from a file or from a node, once or as it converges."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from lrnap.cli import report, terminal_picture
from lrnap.cli.terminal_picture import Pixels
from lrnap.client.connection import Connection, connect
from lrnap.errors import Code, LrnapError, RemoteError
from lrnap.film import films, flm, images
from lrnap.film.develop import develop, quantise, to_8bit
from lrnap.film.noise import Display
from lrnap.film.radiance import BRIGHTEST, clean
from lrnap.wire import Reply

PAUSE = 2.0  # seconds between two pictures where nobody says it, and as long as fetching one takes nine times
UNSAID = 12  # classic Lux's displayinterval, which a Film has that says nothing
SHARE = 0.1  # of the time may go into fetching
OVER = ("DONE", "STOPPED", "ERROR", "IDLE")
WIDEST = 120  # columns, where nobody says how wide


def view(
    what: str, job: str | None, watch: bool, terminal: str | None, columns: int | None, interval: float | None = None
) -> int:
    if terminal is not None and terminal not in terminal_picture.KINDS:
        known = ", ".join(terminal_picture.KINDS)
        raise LrnapError(Code.ARGS, f"there is no kind of terminal {terminal!r}; there are {known}")
    screen = _Screen(terminal or terminal_picture.kind_of(os.environ), columns)
    if "://" in what:
        asyncio.run(_from_node(what, job, watch, screen, interval))
        return report.OK
    if job is not None:
        raise LrnapError(Code.ARGS, "--job is for a node: give its URL, lrnap://HOST:PORT")
    path = Path(what)
    screen.show(picture_of(path))
    while watch:
        _wait_for_change(path, PAUSE / 4 if interval is None else interval)
        screen.show(picture_of(path))
    return report.OK


def picture_of(path: Path) -> Pixels:
    """(H, W, 3), a film developed as it says, and light as it suits a display."""
    if path.suffix.lower() == flm.EXTENSION:
        found = films.load(path)
        return to_8bit(np.asarray(develop(found.film, found.settings()[0]), np.float32)[..., :3])
    colours = images.read_colours(path)
    if images.is_light(path):
        light = np.array(colours, np.float32).reshape(-1, 3)
        clean(light, BRIGHTEST)
        colours = Display(light)(light).reshape(colours.shape)
    return np.asarray(quantise(colours), np.uint8)


class _Screen:
    """The terminal; each picture takes the place of the one before."""

    def __init__(self, kind: str, columns: int | None) -> None:
        self._kind = kind
        self._columns = columns or min(WIDEST, shutil.get_terminal_size().columns)
        self._lines = 0

    def show(self, picture: Pixels, caption: str = "") -> None:
        back = f"\x1b[{self._lines}F\x1b[J" if self._lines and sys.stdout.isatty() else ""
        drawn = terminal_picture.KINDS[self._kind](picture, self._columns)
        sys.stdout.write(f"{back}{drawn}{caption}{chr(10) if caption else ''}")
        sys.stdout.flush()
        self._lines = terminal_picture.lines_of(self._kind, picture, self._columns) + bool(caption)


async def _from_node(url: str, job: str | None, watch: bool, screen: _Screen, interval: float | None) -> None:
    """Looks at the job that the node renders or rendered last, or at the one of that name."""
    async with await connect(url) as connection:
        while True:
            began = time.monotonic()
            status = await connection.request("CTL_STATUS", *([job] if job else []))
            state = str(status.args[0]) if status.args else ""
            if _has_film(status):
                screen.show(await _fetched(connection, job), _caption(state, status))
            elif not watch or state in OVER:
                raise LrnapError(Code.STATE, f"there is no picture to show: the node is {state}", at=url)
            if not watch or state in OVER:
                return
            took = time.monotonic() - began
            pause = await displayed(connection) if interval is None else interval
            await asyncio.sleep(max(pause, took * (1 / SHARE - 1)))


async def displayed(connection: Connection) -> float:
    """How often the job that renders wants to be shown: by its Film's displayinterval, where that says something."""
    try:
        reply = await connection.request("API_GetAttribute", "film", "displayInterval")
    except RemoteError:
        return PAUSE
    seconds = reply.fields.get("value")
    return float(seconds) if isinstance(seconds, int | float) and seconds > 0 and seconds != UNSAID else PAUSE


def _has_film(status: Reply) -> bool:
    samples = status.fields.get("samples", 0)
    return isinstance(samples, int | float) and samples > 0


def _caption(state: str, status: Reply) -> str:
    fields = status.fields
    noise = f", noise {fields['noise']}" if "noise" in fields else ""
    return f"{fields.get('jobname', '')}: {state.lower()}, {fields.get('spp', 0)} samples per pixel{noise}"


async def _fetched(connection: Connection, job: str | None) -> Pixels:
    """The picture as the node develops it now."""
    data = bytearray()
    options = {"format": "png"}
    async for frame in connection.frames("API_DumpFilmBuffer", *([job] if job else []), options=options):
        if frame.data is not None:
            data += frame.data
    with tempfile.TemporaryDirectory(prefix="lrnap-") as folder:
        path = Path(folder) / "picture.png"
        path.write_bytes(data)
        return picture_of(path)


def _wait_for_change(path: Path, pause: float) -> None:
    """Until the file is another one: whoever writes it replaces it."""
    before = _stamp(path)
    time.sleep(pause)
    while _stamp(path) == before:
        time.sleep(PAUSE / 4)


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns
