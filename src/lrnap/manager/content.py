"""Scenes and assets, kept by content beside each other: a scene is an asset that names others.

The files are those of `node.assets.AssetStore`, which takes uploads, keeps the bound and hands out names with suffixes.
Here is what outlives the manager: what stored jobs need is held, and let go when no job needs it any more.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from lrnap.limits import NodeLimits
from lrnap.node.assets import AssetStore
from lrnap.wire.payload import Buffer

STORING = 600.0  # seconds from keeping the first file of a scene to storing its job, at the most


@dataclass(frozen=True, slots=True)
class Garbage:
    """What nobody needs: hashes with their sizes in bytes."""

    files: dict[str, int]

    @property
    def bytes(self) -> int:
        return sum(self.files.values())


@dataclass(frozen=True, slots=True)
class Kept:
    """All that there is; `bound`: bytes from which on what nobody needs goes by itself."""

    files: int
    bytes: int
    bound: int


class Content:
    """`needed`: hashes that stored jobs name (`Store.needed`); they stay, whatever the bound says."""

    def __init__(self, folder: Path, limits: NodeLimits, needed: Iterable[str] = ()) -> None:
        self.assets = AssetStore(folder, limits)
        self._bound = limits.asset_bytes
        self._held: dict[str, float] = {}  # hash -> when it was last held, by a clock that never jumps
        self._lock = threading.Lock()
        self.hold(needed)

    def kept(self) -> Kept:
        return Kept(self.assets.files, self.assets.bytes, self._bound)

    def put(self, data: Buffer, sha256: str = "") -> str:
        """Keeps the bytes of a scene, or of what has that SHA-256; returns theirs. Raises LrnapError (QUOTA) if there
        is no room."""
        sha256 = sha256 or hashlib.sha256(data).hexdigest()
        if self.assets.have(sha256) is not None:
            self.assets.put(sha256, 0, data, None)
        return sha256

    def get(self, sha256: str) -> bytes:
        """Raises LrnapError (NOT_FOUND)."""
        return self.assets.path(sha256).read_bytes()

    def hold(self, hashes: Iterable[str]) -> None:
        """For a job that is about to be stored, or is."""
        now = time.monotonic()
        with self._lock:
            for sha256 in hashes:
                if sha256 not in self._held:
                    self.assets.hold([sha256])
                self._held[sha256] = now

    def held(self) -> set[str]:
        """What is held, but for what may be of a job that is being stored now."""
        with self._lock:
            return self._long_held()

    def release_all_but(self, needed: set[str], held: set[str]) -> int:
        """Of those that were `held` before it was asked what is needed: they may go when room is. How many."""
        with self._lock:
            unneeded = (held & self._long_held()) - needed
            for sha256 in unneeded:
                del self._held[sha256]
        self.assets.release(unneeded)
        return len(unneeded)

    def _long_held(self) -> set[str]:
        long_ago = time.monotonic() - STORING
        return {sha256 for sha256, when in self._held.items() if when <= long_ago}

    def garbage(self, needed: set[str]) -> Garbage:
        """What would be collected: nothing is touched. What was asked for within `STORING` is not: it may be of a job
        that is being stored."""
        found = self.assets.unused(time.time() - STORING)
        return Garbage({sha256: size for sha256, size in found.items() if sha256 not in needed})

    def collect(self, needed: set[str]) -> Garbage:
        """Removes what nobody needs, names with suffixes too; returns what it was."""
        return Garbage(self.assets.remove(self.garbage(needed).files, time.time() - STORING))
