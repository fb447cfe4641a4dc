"""Film blocks that two processes share: the parent makes a file, the child writes it once, any number of readers look.

Rules for this file: a block is written before its parent hears of it and never after, so readers need no copy and no
lock. The file lives in memory where that has room, loses its name as soon as both sides have it open, and its pages
go when the last array that looks into them goes. `multiprocessing.shared_memory` is not used: its resource tracker
unlinks blocks that are still in use.
"""

from __future__ import annotations

import mmap
import os
import shutil
import tempfile
from pathlib import Path

import numpy as np

from lrnap.engine.scratch import MEMORY, Scratch
from lrnap.film.snapshot import Block

_PREFIX = "lrnap-"
_ROOM = 2  # a folder is good if it holds the block this many times: others want to live there, too


class BlockFile:
    """A file of `floats` float32 values that the parent has made and the child is to fill."""

    def __init__(self, floats: int, folder: str | None = None) -> None:
        """In `folder`, or where there is room. Reserves the space now (OSError if there is none), because a full disk
        would kill whoever writes later."""
        self.size = size = floats * 4  # bytes
        handle, name = tempfile.mkstemp(prefix=_PREFIX, suffix=".film", dir=folder or _folder(size))
        self.path = Path(name)
        try:
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(handle, 0, size)
            else:
                os.truncate(handle, size)
            self._map = mmap.mmap(handle, size, access=mmap.ACCESS_READ)
        except BaseException:
            self.remove()
            raise
        finally:
            os.close(handle)

    @property
    def block(self) -> Block:
        """The values, read-only; valid as long as the array lives, whatever becomes of the file."""
        return np.frombuffer(self._map, np.float32)

    def remove(self) -> None:
        """Takes the name away (the child may have done it already); the values stay readable."""
        _remove(self.path)


def open_block(path: Path) -> Block:
    """The child's side: the block of a file made by the parent, writable. The name is gone afterwards."""
    with path.open("r+b") as file:
        values = mmap.mmap(file.fileno(), 0)
    _remove(path)
    return np.frombuffer(values, np.float32)


def scratch_folder(size: int) -> Scratch:
    """An empty folder, in memory if that has room for `size` bytes, for what the engine must write to a file."""
    return Scratch(_folder(size))


def _remove(path: Path) -> None:
    """Removes a file if that is possible now; where a mapped file cannot be removed, the next call does it."""
    try:
        path.unlink(missing_ok=True)
    except PermissionError:
        if os.name == "posix":
            raise


def _folder(size: int) -> str:
    try:
        roomy = shutil.disk_usage(MEMORY).free >= _ROOM * size and os.access(MEMORY, os.W_OK)
    except OSError:
        roomy = False
    return str(MEMORY) if roomy else tempfile.gettempdir()
