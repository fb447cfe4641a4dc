"""What servers need of a Unix: locks of files, which end with the process that has them, however it ends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from lrnap.errors import Code, LrnapError


def needed() -> ModuleType:
    """The system's locks. Raises LrnapError (UNSUPPORTED) where it has none, which says where servers run."""
    try:
        import fcntl
    except ImportError:
        raise LrnapError(
            Code.UNSUPPORTED,
            "this needs Linux or macOS; on Windows it runs in WSL (https://learn.microsoft.com/windows/wsl)",
        ) from None
    return fcntl


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """One after the other, whichever process it is. `path`: a file for this alone."""
    fcntl = needed()
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
