"""Films on disk: the newest snapshot of every run, and the merged film of every frame.

    <folder>/<key of the job>/<frame>/<run>.run      one snapshot: a line of fields, then the block
    <folder>/<key of the job>/<frame>/merged.film    a checkpoint: the sum over the runs that its first line names

Files appear complete or not at all. A snapshot is put down before the core hears that it counts, so after a crash the
disk knows at least as much as the store, and `found` says it again. `fold` turns the runs of a finished frame into one
film: a run that it names counts there and nowhere else, however late its file comes.
Rules for this file: blocking disk work, no asyncio; one thread per frame at a time.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from lrnap.errors import Code, LrnapError
from lrnap.film import accum
from lrnap.film.merge import MERGED, Film
from lrnap.film.replace import replace_file
from lrnap.film.snapshot import Snapshot
from lrnap.manager.turn import parse_run_name

HEADER = 1 << 24  # bytes of the first line: the names of 100,000 runs and of 256 light groups
PIECE = 1 << 22  # bytes written at once
_SUFFIX = ".run"
_MERGED = "merged.film"


@dataclass(frozen=True, slots=True)
class Kept:
    """A film in a file. `runs`: the number of the newest snapshot of each run that it holds."""

    snapshot: Snapshot
    runs: Mapping[str, int]
    epoch: int


class FilmStore:
    """All films of a manager."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise LrnapError(
                Code.ARGS, f"films cannot be kept in {folder} ({error.strerror}); name a folder for them with --data"
            ) from None

    # --- writing

    def save(self, snapshot: Snapshot) -> bool:
        """Keeps the newest snapshot of a run; False: a newer one, or a film that holds it, is there already."""
        key, frame, epoch, _ = _parsed(snapshot.run)
        folder = self._frame(key, frame)
        path = folder / (snapshot.run + _SUFFIX)
        known = self._header(path)
        if known is not None and known["runs"][snapshot.run] >= snapshot.number:
            return False
        merged = self._header(folder / _MERGED)
        if merged is not None and merged["epoch"] == epoch and merged["runs"].get(snapshot.run, -1) >= snapshot.number:
            return False
        self._write(path, snapshot, {snapshot.run: snapshot.number}, epoch)
        return True

    def checkpoint(self, key: str, frame: int, epoch: int, merged: Snapshot, runs: Mapping[str, int]) -> None:
        """Puts the merged film down; the films of its runs stay."""
        self._write(self._frame(key, frame) / _MERGED, merged, runs, epoch)

    def fold(self, key: str, frame: int, epoch: int) -> Snapshot | None:
        """The film of a frame whose runs are over becomes one file; theirs go. None: there is no film."""
        kept = [*self.load(key, frame, epoch)]
        if not kept:
            return None
        film = Film(kept[0].snapshot.layout)
        for part in kept:
            film.add(part.snapshot)
        merged = film.merged()
        runs = {run: number for part in kept for run, number in part.runs.items()}
        self.checkpoint(key, frame, epoch, merged, runs)
        for path in self._frame(key, frame).glob("*" + _SUFFIX):
            known = self._header(path)
            if known is None or set(known["runs"]) <= set(runs):
                path.unlink(missing_ok=True)
        return merged

    def forget(self, key: str, before: int | None = None) -> None:
        """The films of a job, or only those of epochs before that one."""
        if before is None:
            shutil.rmtree(self._job(key), ignore_errors=True)
            return
        for path in [*self._job(key).glob("*/*")]:
            known = self._header(path)
            if known is not None and known["epoch"] < before:
                path.unlink(missing_ok=True)

    # --- reading

    def load(self, key: str, frame: int, epoch: int) -> Iterator[Kept]:
        """What a frame's film is the sum of: its folded film, if there is one, and the runs that it does not hold.

        A merged film that is only a checkpoint of runs whose own files are here is passed over. Blocks are read only.
        """
        folder = self._frame(key, frame)
        parts = [
            kept
            for path in sorted(folder.glob("*" + _SUFFIX))
            if (kept := self._read(path)) is not None and kept.epoch == epoch
        ]
        merged = self._read(folder / _MERGED)
        if merged is not None and merged.epoch == epoch:
            here = {run: number for part in parts for run, number in part.runs.items()}
            if not all(here.get(run, -1) >= number for run, number in merged.runs.items()):
                yield replace(merged, snapshot=replace(merged.snapshot, run=MERGED))
                parts = [part for part in parts if not set(part.runs) & set(merged.runs)]
        yield from parts

    def found(self, key: str) -> Iterator[Snapshot]:
        """The newest snapshot of every run of a job that has a file of its own: to be counted again after a restart."""
        for path in sorted(self._job(key).glob("*/*" + _SUFFIX)):
            kept = self._read(path)
            if kept is not None:
                yield kept.snapshot

    def keys(self) -> set[str]:
        """Of all jobs that have films here."""
        return {path.name for path in self.folder.iterdir() if path.is_dir()}

    def size(self, key: str) -> int:
        """Bytes of a job's films."""
        return sum(path.stat().st_size for path in self._job(key).glob("*/*"))

    def orphans(self, needed: set[str], *, dry_run: bool = True) -> dict[str, int]:
        """Films of jobs that are not in `needed`, and their bytes; without `dry_run` they go."""
        found = {key: self.size(key) for key in sorted(self.keys() - needed)}
        if not dry_run:
            for key in found:
                self.forget(key)
        return found

    # --- inside

    def _job(self, key: str) -> Path:
        if not key.isalnum():
            raise LrnapError(Code.ARGS, f"{key[:40]!r} is no key of a job")
        return self.folder / key

    def _frame(self, key: str, frame: int) -> Path:
        return self._job(key) / str(int(frame))

    def _write(self, path: Path, snapshot: Snapshot, runs: Mapping[str, int], epoch: int) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        header = json.dumps({"film": accum.describe(snapshot), "runs": dict(runs), "epoch": epoch}).encode() + b"\n"
        block = accum.payload(snapshot)
        pieces = (bytes(block[start : start + PIECE]) for start in range(0, len(block), PIECE))
        replace_file(path, chain((header,), pieces), "film")

    def _header(self, path: Path) -> dict[str, Any] | None:
        with suppress(OSError, ValueError):
            with path.open("rb") as file:
                known = json.loads(file.readline(HEADER))
            if isinstance(known, dict) and {"film", "runs", "epoch"} <= set(known):
                return known
        return None

    def _read(self, path: Path) -> Kept | None:
        """None for what is not there or not whole."""
        header = self._header(path)
        if header is None:
            return None
        fields: dict[str, str] = header["film"]
        with suppress(LrnapError, OSError, ValueError):
            with path.open("rb") as file:
                start = len(file.readline(HEADER))
            layout = accum.layout_of(fields)
            block = np.memmap(path, np.dtype("<f4"), "r", start, (layout.floats,))
            return Kept(accum.from_parts(fields, block.data), header["runs"], int(header["epoch"]))
        return None


def _parsed(run: str) -> tuple[str, int, int, int]:
    parsed = parse_run_name(run)
    if parsed is None:
        raise LrnapError(Code.ARGS, f"{run[:80]!r} is no name of a run of this manager")
    return parsed
