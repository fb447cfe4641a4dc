"""Temporary folders that are removed even if their process is killed: by the next one that sweeps.

A folder is locked as long as its process lives, and the kernel lets go of a lock however a process ends. So whatever
can be locked is nobody's, in every container that shares the disk. Where there are no such locks nothing is swept.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
from pathlib import Path

try:
    import fcntl
except ImportError:  # not on this system
    fcntl = None  # type: ignore[assignment]

MEMORY = Path("/dev/shm")
PREFIX = "lrnap-scratch-"  # nobody else's
_SETTLED = 60.0  # seconds after which a folder has surely been locked by its maker


class Scratch(tempfile.TemporaryDirectory[str]):
    """An empty folder, by default on disk; `cleanup`, or the end of a `with`, removes it."""

    def __init__(self, folder: str | None = None) -> None:
        super().__init__(prefix=PREFIX, dir=folder, ignore_cleanup_errors=True)
        self._lock = _locked(Path(self.name))

    def cleanup(self) -> None:
        super().cleanup()
        lock, self._lock = self._lock, None
        if lock is not None:
            os.close(lock)


def sweep(older: float = _SETTLED) -> list[Path]:
    """Removes the folders that killed processes of this user have left more than so many seconds ago."""
    removed = []
    for place in {MEMORY, Path(tempfile.gettempdir())}:
        for path in place.glob(f"{PREFIX}*"):
            with contextlib.suppress(OSError):
                found = path.lstat()
                if not path.is_dir() or path.is_symlink() or found.st_uid != os.getuid():
                    continue
                if time.time() - found.st_mtime > older and (lock := _locked(path)) is not None:
                    shutil.rmtree(path, ignore_errors=True)
                    os.close(lock)
                    removed.append(path)
    return removed


def _locked(folder: Path) -> int | None:
    """The handle that holds the folder's lock; None if somebody else does, or there are no locks."""
    if fcntl is None:
        return None
    handle = None
    try:
        handle = os.open(folder, os.O_RDONLY)
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        if handle is not None:
            os.close(handle)
        return None
    return handle
