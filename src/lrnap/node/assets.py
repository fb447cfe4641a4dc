"""Files that scenes name, kept by content: `<folder>/ab/abcdef...`, the SHA-256 being the name.

An upload grows in `<folder>/partial/<sha256>` and can go on where it broke off. It becomes an asset when its bytes have
the announced hash, in one step, so that what is in the store is right. A scene gets an asset under a name with the
suffix that it asked for, because engines tell formats by suffix; that is a hard link and costs nothing.
Rules for this file: blocking disk work and no asyncio; every method may be called from any thread.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from weakref import WeakValueDictionary

import numpy as np

from lrnap.errors import Code, LrnapError
from lrnap.limits import NodeLimits
from lrnap.lux.call import ByteArray
from lrnap.wire.payload import Buffer

_HASH = re.compile(r"[0-9a-f]{64}")
_SUFFIX = re.compile(r"\.[A-Za-z0-9_-]{1,16}")


class AssetStore:
    """The assets of a node. Bounded: the least recently used go first, but never one that is in use."""

    def __init__(self, folder: Path, limits: NodeLimits) -> None:
        self.folder = folder
        self._limits = limits
        self._partial = folder / "partial"
        try:
            self._partial.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            why = f"assets cannot be kept in {folder} ({error.strerror}); name a folder for them with --data"
            raise LrnapError(Code.ARGS, why) from None
        self._used: dict[str, int] = {}  # hash -> scenes and connections that need it
        self._lock = threading.Lock()
        self._uploads: dict[str, tuple[threading.Lock, int]] = {}  # those that are written to now, and by how many
        self._arrays: WeakValueDictionary[str, ByteArray] = WeakValueDictionary()  # that are in memory
        self._bytes = sum(map(_size, self._complete_ones()))
        self.received = 0  # bytes that came, of all of them
        self._make_room(0, 0)

    # --- what is here

    @property
    def bytes(self) -> int:
        """Of those that are complete."""
        return self._bytes

    @property
    def files(self) -> int:
        """How many are complete: looked for on the disk."""
        return sum(1 for _ in self._complete_ones())

    def have(self, sha256: str) -> int | None:
        """None if the asset is complete, else how many of its bytes are here."""
        with contextlib.suppress(OSError):
            os.utime(self._path(sha256))  # somebody is about to need it
            return None
        try:
            return (self._partial / sha256).stat().st_size
        except OSError:
            return 0

    def path(self, sha256: str, suffix: str = "") -> Path:
        """The file of an asset, under a name with that suffix (that of the name which a scene gives it)."""
        path = self._path(sha256)
        try:
            os.utime(path)  # used now: the bound takes the others first
        except OSError:
            raise LrnapError(Code.NOT_FOUND, f"there is no asset {sha256}: send it with ASSET_PUT") from None
        if not _SUFFIX.fullmatch(suffix):
            return path
        named = path.with_name(sha256 + suffix.lower())
        if not named.exists():
            try:
                os.link(path, named)
            except FileExistsError:
                pass
            except OSError:  # a disk without hard links
                shutil.copyfile(path, named)
        return named

    def array(self, sha256: str, size: int) -> ByteArray:
        """The bytes of an asset, read-only, in memory once for all who have them. Raises LrnapError (NOT_FOUND), or
        (HASH) if there are not `size` bytes."""
        with self._lock:
            known = self._arrays.get(sha256)
        if known is None:
            path = self.path(sha256)
            if path.stat().st_size == size:  # else it is not worth reading
                known = np.fromfile(path, np.uint8)
                known.flags.writeable = False
        if known is None or known.nbytes != size:
            raise LrnapError(Code.HASH, f"the asset {sha256} has not the {size} bytes of the array")
        with self._lock:
            return self._arrays.setdefault(sha256, known)

    # --- uploads

    def put(self, sha256: str, offset: int, data: Buffer, size: int | None) -> int:
        """Adds bytes that begin at `offset`; returns how many bytes are here now.

        `size`: of the whole; None: these bytes are the last. Raises LrnapError: SEQ for a hole, HASH if the whole
        does not have the hash (what was here is dropped then, because any part may be the bad one), QUOTA.
        """
        view = memoryview(data).cast("B")
        whole = offset + len(view) if size is None else size
        if whole > self._limits.asset_bytes:
            raise LrnapError(
                Code.QUOTA, f"an asset of {whole} bytes is over the bound (asset_bytes={self._limits.asset_bytes})"
            )
        if offset + len(view) > whole:
            raise LrnapError(Code.ARGS, f"{len(view)} bytes from offset {offset} do not fit into {whole} bytes (size)")
        with self._upload(sha256):
            here = self.have(sha256)
            if here is None:
                return self._path(sha256).stat().st_size
            if offset > here:
                raise LrnapError(Code.SEQ, f"{here} bytes of the asset are here, so offset={offset} leaves a hole")
            partial = self._partial / sha256
            if here or len(view) < whole:  # what comes in one piece is never one of the unfinished
                self._make_room(offset + len(view) - here, 0 if partial.exists() else 1)
            try:
                with partial.open("r+b" if partial.exists() else "wb") as file:
                    file.seek(offset)
                    file.write(view)
                    here = file.seek(0, os.SEEK_END)
            except OSError as error:
                raise LrnapError(Code.QUOTA, f"the asset cannot be kept: {error.strerror}") from None
            with self._lock:
                self.received += len(view)
            if here >= whole:
                self._complete(sha256, partial, here)
            return here

    def _complete(self, sha256: str, partial: Path, size: int) -> None:
        if hash_of(partial) != sha256:
            partial.unlink()
            raise LrnapError(Code.HASH, f"the bytes sent do not have the SHA-256 {sha256}: send the asset again")
        path = self._path(sha256)
        path.parent.mkdir(exist_ok=True)
        partial.chmod(0o444)
        partial.replace(path)
        with self._lock:
            self._bytes += size
        if self._bytes > self._limits.asset_bytes:
            self.trim()

    # --- the bound

    def hold(self, hashes: Iterable[str]) -> None:
        """These assets are in use until `release`."""
        with self._lock:
            for sha256 in hashes:
                self._used[sha256] = self._used.get(sha256, 0) + 1

    def release(self, hashes: Iterable[str]) -> None:
        with self._lock:
            for sha256 in hashes:
                left = self._used.get(sha256, 0) - 1
                if left > 0:
                    self._used[sha256] = left
                else:
                    self._used.pop(sha256, None)

    def trim(self) -> list[str]:
        """Removes the least recently used assets until the bound holds; returns their hashes."""
        assets = sorted(self._complete_ones(), key=_written)
        total = sum(map(_size, assets))
        dropped = []
        for path in assets[:-1]:  # the newest has just come, for somebody
            if total <= self._limits.asset_bytes:
                break
            with self._lock:
                if path.name in self._used:
                    continue
                total -= _size(path)
                for name in path.parent.glob(path.name + "*"):
                    name.unlink(missing_ok=True)
            dropped.append(path.name)
        with self._lock:
            self._bytes = total
        return dropped

    def unused(self, since: float) -> dict[str, int]:
        """Assets that nobody uses, and nobody has asked for since then (wall clock): hash -> bytes."""
        found = {path.name: path for path in self._complete_ones() if _written(path) < since}
        with self._lock:
            return {sha256: _size(path) for sha256, path in found.items() if sha256 not in self._used}

    def remove(self, hashes: Iterable[str], since: float) -> dict[str, int]:
        """Of these assets the `unused` ones, under all their names: hash -> bytes of what was removed."""
        removed = {}
        for sha256 in hashes:
            path = self._path(sha256)
            with self._lock:
                if sha256 in self._used or _written(path) >= since or not path.exists():
                    continue
                removed[sha256] = _size(path)
                for name in path.parent.glob(sha256 + "*"):
                    name.unlink(missing_ok=True)
                self._bytes -= removed[sha256]
        return removed

    # --- inside

    def _make_room(self, more: int, files: int) -> None:
        """Unfinished uploads have the same bound as assets: those that were not added to for longest go first."""
        parts = sorted(self._partial.iterdir(), key=_written)
        total = sum(map(_size, parts)) + more
        surplus = len(parts) + files - self._limits.partials
        too_old = time.time() - self._limits.partial_seconds
        for i, path in enumerate(parts):
            if i >= surplus and total <= self._limits.asset_bytes and _written(path) > too_old:
                continue
            with self._lock:
                if path.name in self._uploads:  # somebody is adding to it now
                    continue
                with contextlib.suppress(FileNotFoundError):
                    total -= path.stat().st_size
                    path.unlink()

    def _complete_ones(self) -> Iterator[Path]:
        return (path for path in self.folder.glob("??/*") if _HASH.fullmatch(path.name))

    def _path(self, sha256: str) -> Path:
        if not _HASH.fullmatch(sha256):
            raise LrnapError(
                Code.TYPE, f"an asset is named by 64 hexadecimal digits in lower case, not {sha256[:80]!r}"
            )
        return self.folder / sha256[:2] / sha256

    @contextlib.contextmanager
    def _upload(self, sha256: str) -> Iterator[None]:
        """Two clients may send the same asset at once; their parts must not mix."""
        with self._lock:
            lock, users = self._uploads.get(sha256, (threading.Lock(), 0))
            self._uploads[sha256] = (lock, users + 1)
        try:
            with lock:
                yield
        finally:
            with self._lock:
                lock, users = self._uploads.pop(sha256)
                if users > 1:
                    self._uploads[sha256] = (lock, users - 1)


def _written(path: Path) -> float:
    """When a file was last written to; long ago if it is gone."""
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _size(path: Path) -> int:
    """0 if it is gone: another node may use the folder, too."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


def hash_of(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
