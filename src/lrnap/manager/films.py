"""Films on disk: the newest snapshot of every run, and one film for the runs of a frame that are over.

    <folder>/<key of the job>/<frame>/<run>.run      one snapshot: a line of fields, then the block
    <folder>/<key of the job>/<frame>/merged.film    the sum over the runs that its first line names

Files appear complete or not at all. A snapshot is put down before the core hears that it counts, so after a crash the
disk knows at least as much as the store, and `counted` says it again. `fold` makes one film of several: a run that it
names counts there and nowhere else, however late its file comes. What each run had when it was folded is in that line,
too, so the counts of a film are those of its runs, whatever the store has forgotten.

Writing takes long, and taking the place of an older file takes no time: who has something to decide in between, under a
lock for instance, gives `save` and `fold` a function for it, which is called when all is written.
Rules for this file: blocking disk work, no asyncio, no locks.
"""

from __future__ import annotations

import json
import mmap as mmap_module
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import chain
from math import fsum
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Any, NamedTuple

from lrnap.errors import Code, LrnapError
from lrnap.film import accum
from lrnap.film.merge import MERGED, Film
from lrnap.film.replace import LEFTOVERS, Draft, settle_folder
from lrnap.film.snapshot import Snapshot
from lrnap.manager.turn import parse_run_name

ALIGNED = 64  # bytes: where a block begins in its file is a multiple of it, or numpy copies what it reads
MADV_DONTNEED: int | None = getattr(mmap_module, "MADV_DONTNEED", None)  # where systems have it
HEADER = 1 << 24  # bytes of the first line: 100,000 runs and 256 light groups
PIECE = 1 << 22  # bytes written at once
_SUFFIX = ".run"
_MERGED = "merged.film"
_FINISHED = "finished"  # which merged film all was done with that is to be done with a frame that is over


class Count(NamedTuple):
    """What a film holds of a run: the number of its newest snapshot, and what that had."""

    number: int
    samples: float = 0.0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Kept:
    """A film in a file. `counts`: what it holds of each run. `pages`: the file, as it is mapped into memory."""

    snapshot: Snapshot
    counts: Mapping[str, Count]
    epoch: int
    pages: mmap | None = None

    @property
    def runs(self) -> Mapping[str, int]:
        """The number of the newest snapshot of each run that it holds."""
        return {run: count.number for run, count in self.counts.items()}

    def unload(self) -> None:
        """Its pages leave the memory of this process until they are read again; the system may keep them."""
        if self.pages is not None and MADV_DONTNEED is not None:
            self.pages.madvise(MADV_DONTNEED)


@dataclass(frozen=True, slots=True)
class Known:
    """What the disk has of a run."""

    run: str
    count: Count
    spp: float
    epoch: int


Decide = Callable[[Callable[[], Kept]], bool]  # given what puts a film in its place: whether that was done


def _at_once(put: Callable[[], Kept]) -> bool:
    put()
    return True


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

    def save(self, snapshot: Snapshot, decide: Decide | None = None) -> bool:
        """Keeps the newest snapshot of a run; False: a newer one, or a film that holds it, is there already.

        `decide`: whether it is, for whoever knows without looking at the disk.
        """
        key, frame, epoch, _ = _parsed(snapshot.run)
        path = self._frame(key, frame) / (snapshot.run + _SUFFIX)
        if decide is None:
            if not self._newer(snapshot, path, epoch):
                return False
            decide = _at_once
        return self._write(path, snapshot, {snapshot.run: _count(snapshot)}, epoch, decide)

    def checkpoint(self, key: str, frame: int, epoch: int, parts: Sequence[Kept], decide: Decide = _at_once) -> bool:
        """Puts the sum of some films down; their files stay. A film of one run alone is its own sum: its file becomes
        that, and nothing is written."""
        path = self._frame(key, frame) / _MERGED
        [only, *others] = parts
        own = path.with_name(only.snapshot.run + _SUFFIX)
        if not others and own.exists():  # else it is the folded one, or somebody has removed it
            return decide(lambda: self._become(own, path, only))
        film = Film(only.snapshot.layout)
        film.restart(epoch)
        for part in parts:
            film.add(part.snapshot)
        counts = {run: count for part in parts for run, count in part.counts.items()}
        merged = replace(film.merged(), samples=fsum(count.samples for count in counts.values()))
        return self._write(path, merged, counts, epoch, decide)

    def fold(
        self,
        key: str,
        frame: int,
        epoch: int,
        parts: Sequence[Kept] | None = None,
        decide: Decide = _at_once,
    ) -> Snapshot | None:
        """Films of one frame become one file, and theirs go. `parts`: all there are, if not given. None: there is
        nothing, or it was decided against."""
        parts = [*self.load(key, frame, epoch)] if parts is None else parts
        if not parts or not self.checkpoint(key, frame, epoch, parts, decide):
            return None
        settle_folder(self._frame(key, frame))  # the one is there before the others are not
        self._clear(self._frame(key, frame))
        merged = self._read(self._frame(key, frame) / _MERGED)
        return None if merged is None else replace(merged.snapshot, run=MERGED)

    def forget(self, key: str, before: int | None = None) -> None:
        """The films of a job, or only those of epochs before that one."""
        if before is None:
            shutil.rmtree(self._job(key), ignore_errors=True)
            return
        for path in [*self._job(key).glob("*/*")]:
            known = self._header(path)
            if known is not None and known["epoch"] < before:
                path.unlink(missing_ok=True)

    def tidy(self) -> None:
        """What a manager that was killed left half done goes. To be called before anything is written."""
        for path in self.folder.glob(f"*/*/{LEFTOVERS}"):
            path.unlink(missing_ok=True)
        for path in self.folder.glob(f"*/*/{_MERGED}"):
            settle_folder(path.parent)
            self._clear(path.parent)

    # --- reading

    def load(self, key: str, frame: int, epoch: int) -> Iterator[Kept]:
        """What a frame's film is the sum of: its folded film, if there is one, and the runs that it does not hold.

        A folded film of runs whose own files are all still here is passed over. Blocks are read only.
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

    def counted(self, key: str) -> Iterator[Known]:
        """What the disk has of every run of a job: to be counted again after a restart."""
        for folder in sorted(path for path in self._job(key).glob("*") if path.name.isdigit()):
            headers = [self._header(path) for path in [*sorted(folder.glob("*" + _SUFFIX)), folder / _MERGED]]
            for epoch in {header["epoch"] for header in headers if header is not None}:
                for part in self.load(key, int(folder.name), epoch):
                    pixels = part.snapshot.layout.width * part.snapshot.layout.height
                    for run, count in part.counts.items():
                        yield Known(run, count, count.samples / pixels, epoch)

    def keys(self) -> set[str]:
        """Of all jobs that have films here."""
        return {path.name for path in self.folder.iterdir() if path.is_dir()}

    def finish(self, key: str, frame: int) -> None:
        """Notes that all is done with the film of a frame as it is now."""
        folder = self._frame(key, frame)
        if (state := _state(folder)) is not None:
            (folder / _FINISHED).write_text(state)

    def unfinished(self) -> Iterator[tuple[str, int]]:
        """Keys of jobs, and numbers of their frames, whose films have changed since they were finished."""
        for folder in sorted(path for path in self.folder.glob("*/*") if path.name.isdigit()):
            known = None
            with suppress(OSError):
                known = (folder / _FINISHED).read_text()
            if known != _state(folder) or next(folder.glob("*" + _SUFFIX), None) is not None:
                yield folder.parent.name, int(folder.name)

    # --- inside

    def _job(self, key: str) -> Path:
        if not key.isalnum():
            raise LrnapError(Code.ARGS, f"{key[:40]!r} is no key of a job")
        return self.folder / key

    def _frame(self, key: str, frame: int) -> Path:
        return self._job(key) / str(int(frame))

    def _newer(self, snapshot: Snapshot, path: Path, epoch: int) -> bool:
        """Than what the disk has of its run."""
        own, merged = self._header(path), self._header(path.with_name(_MERGED))
        if merged is not None and merged["epoch"] != epoch:
            merged = None
        headers = [header for header in (own, merged) if header is not None]
        return all(_counts(header).get(snapshot.run, Count(-1)).number < snapshot.number for header in headers)

    def _clear(self, folder: Path) -> None:
        """Files of runs that the folded film holds go; or it does, if they have all grown beyond it."""
        merged = self._read(folder / _MERGED)
        if merged is None:
            return
        files = {path: header for path in folder.glob("*" + _SUFFIX) if (header := self._header(path)) is not None}
        files = {path: header for path, header in files.items() if header["epoch"] == merged.epoch}
        here = {run: count for header in files.values() for run, count in _counts(header).items()}
        if _within(merged.counts, here) and not all(_within({run: here[run]}, merged.counts) for run in merged.counts):
            (folder / _MERGED).unlink(missing_ok=True)
            return
        for path, header in files.items():
            if _within(_counts(header), merged.counts):
                path.unlink(missing_ok=True)

    def _write(self, path: Path, snapshot: Snapshot, counts: Mapping[str, Count], epoch: int, decide: Decide) -> bool:
        path.parent.mkdir(parents=True, exist_ok=True)
        said = json.dumps({"film": accum.describe(snapshot), "runs": dict(counts), "epoch": epoch})
        header = f"{said}{' ' * (-(len(said) + 1) % ALIGNED)}\n".encode()  # JSON is ASCII: a character is a byte
        block = accum.payload(snapshot)
        pieces = (block[start : start + PIECE] for start in range(0, len(block), PIECE))
        with Draft(path, chain((header,), pieces), "film") as draft:

            def put() -> Kept:
                draft.put()
                kept = self._read(path)
                if kept is None:
                    raise LrnapError(Code.INTERNAL, "a film that was just written cannot be read", at=str(path))
                return kept

            done = decide(put)
            if done:
                draft.settle()
            return done

    def _become(self, own: Path, path: Path, kept: Kept) -> Kept:
        try:
            own.replace(path)
        except OSError as error:
            raise LrnapError(Code.INTERNAL, f"the film cannot be renamed: {error.strerror}", at=str(own)) from error
        return kept

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
        with suppress(LrnapError, OSError, ValueError, TypeError):
            with path.open("rb") as file:
                start = len(file.readline(HEADER))
                pages = mmap(file.fileno(), 0, access=ACCESS_READ)
            return Kept(
                accum.from_parts(fields, memoryview(pages)[start:]), _counts(header), int(header["epoch"]), pages
            )
        return None


def _count(snapshot: Snapshot) -> Count:
    return Count(snapshot.number, snapshot.samples, snapshot.seconds)


def _counts(header: Mapping[str, Any]) -> dict[str, Count]:
    return {run: Count(*count) for run, count in header["runs"].items()}


def _within(some: Mapping[str, Count], others: Mapping[str, Count]) -> bool:
    return all(run in others and others[run].number >= count.number for run, count in some.items())


def kept_of(parts: Iterable[Snapshot], folded: Mapping[str, Count], epoch: int) -> list[Kept]:
    """Films of runs, and the folded one among them, as what is kept."""
    return [Kept(part, folded if part.run == MERGED else {part.run: _count(part)}, epoch) for part in parts]


def _state(folder: Path) -> str | None:
    """Which merged film there is; None: there is none."""
    try:
        known = (folder / _MERGED).stat()
    except OSError:
        return None
    return f"{known.st_ino} {known.st_size} {known.st_mtime_ns}"


def _parsed(run: str) -> tuple[str, int, int, int]:
    parsed = parse_run_name(run)
    if parsed is None:
        raise LrnapError(Code.ARGS, f"{run[:80]!r} is no name of a run of this manager")
    return parsed
