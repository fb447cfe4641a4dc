"""The films of frames, each the sum over its runs, beside their files on the disk.

A snapshot is put down first and counted then; what is folded or not newer is neither. What is counted is its file,
mapped into memory, which the system may take back: a frame of any number of runs needs no room but that of a sum that
somebody looks at, and sums have a bound. A frame's film comes back from the disk when somebody asks for it, and the
frames that nobody has asked for lately are forgotten.

A frame is locked while it is decided what counts, never while a film is written or summed. So of two snapshots that
come at the same time both are written, and the lock says which one counts.
Rules for this file: blocking disk work and sums, no asyncio; any thread may call, frames do not wait for each other.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from lrnap.film.merge import MERGED, Film, check_layout, without_non_finite
from lrnap.film.noise import Noise
from lrnap.film.snapshot import Snapshot
from lrnap.limits import ManagerLimits
from lrnap.manager.films import Count, FilmStore, Kept, kept_of
from lrnap.manager.turn import parse_run_name

log = logging.getLogger("lrnap.manager")

FOLD_AT = (
    8  # runs that are over, before they become one: each byte is then written again once, and n / 8 are read at most
)
FrameName = tuple[str, int]  # key of the job, number of the frame


@dataclass(slots=True, eq=False)
class FrameFilm:
    """The film of one frame. `files`: its parts, by run. `folded`: what lies in one film with others' of runs of which
    no more is taken; `folding`: runs of which none is taken now. `noise`: once somebody has asked."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    epoch: int = -1
    film: Film | None = None
    noise: Noise | None = None
    files: dict[str, Kept] = field(default_factory=dict)
    folded: dict[str, Count] = field(default_factory=dict)
    folding: set[str] = field(default_factory=set)
    users: int = 0

    def verdict(self, snapshot: Snapshot, epoch: int) -> bool | None:
        """Of a snapshot: False, it comes too late to count; True, the same or a newer one counts; None, it is to be
        kept. Raises LrnapError if it is of another picture."""
        if self.epoch != epoch or snapshot.run in self.folded or snapshot.run in self.folding:
            return False
        if self.film is None:
            return None
        check_layout(snapshot, self.film.layout)
        known = self.film.number_of(snapshot.run)
        return True if known is not None and known >= snapshot.number else None

    def count(self, kept: Kept) -> Film:
        if self.film is None:
            self.film = Film(kept.snapshot.layout)
            self.film.restart(self.epoch)
        self.film.add(replace(kept.snapshot, epoch=self.epoch))
        self.files[kept.snapshot.run] = kept
        if kept.snapshot.run == MERGED:
            self.folded.update(kept.counts)
        return self.film

    def empty(self, epoch: int) -> None:
        self.epoch, self.film, self.noise, self.files, self.folded = epoch, None, None, {}, {}

    def unload(self) -> None:
        """What was read of the files leaves the memory."""
        with self.lock:
            files = [*self.files.values()]
        for kept in files:
            kept.unload()


class Films:
    """`bound`: frames that stay in memory though nobody is at work on them. `sums`: bytes of the films that were merged
    and may be asked for again."""

    def __init__(self, store: FilmStore, bound: int, sums: int = ManagerLimits().film_sums) -> None:
        self.store = store
        self._bound = bound
        self._sums = sums
        self._frames: OrderedDict[FrameName, FrameFilm] = OrderedDict()
        self._lock = threading.Lock()

    def put(self, snapshot: Snapshot) -> bool:
        """Keeps the newest snapshot of a run, on the disk and in the film of its frame. False: it comes too late to
        count. Raises LrnapError, and keeps nothing, if the disk does not take it or it is of another picture."""
        parsed = parse_run_name(snapshot.run)
        assert parsed is not None  # runs are named by the manager
        key, number, epoch, _ = parsed
        snapshot = _checked(snapshot)
        with self._frame(key, number) as frame:
            verdict = self._verdict(frame, snapshot, key, number, epoch)
            if verdict is not None:
                return verdict

            def decide(put: Callable[[], Kept]) -> bool:
                nonlocal verdict
                with frame.lock:
                    verdict = frame.verdict(snapshot, epoch)
                    if verdict is None:
                        frame.count(put())
                    return verdict is None

            if not self.store.save(snapshot, decide):
                return bool(verdict)
            film, noise = frame.film, frame.noise
            if noise is not None:
                noise.add(snapshot)
            if film is not None:
                film.settle()
                frame.unload()
        return True

    def merged(self, key: str, number: int, epoch: int) -> Snapshot | None:
        """The film of a frame as it is now; None: nobody has rendered any of it in that epoch."""
        with self._frame(key, number) as frame:
            film = self._film(frame, key, number, epoch)
            merged = None if film is None or not film.runs else film.merged()
            frame.unload()
        self._trim(frame)
        return merged

    def film(self, key: str, number: int, epoch: int) -> Film | None:
        with self._frame(key, number) as frame:
            return self._film(frame, key, number, epoch)

    def level(self, key: str, number: int, epoch: int) -> float | None:
        """The noise of a frame's film; None while nothing can be said of it."""
        with self._frame(key, number) as frame:
            film = self._film(frame, key, number, epoch)
            if film is None:
                return None
            with frame.lock:
                noise, begins = frame.noise, frame.noise is None
                if noise is None:
                    noise = frame.noise = Noise(film.layout)
                    noise.restart(epoch)
            for part in film.newest if begins else ():  # what comes meanwhile is newer, and adds itself
                noise.add(part)
            return noise.level()

    def fold(self, key: str, number: int, epoch: int, runs: Collection[str] | None = None) -> Snapshot | None:
        """Runs of a frame are over, all if not given: their films become one, in one file. The film of the frame
        then; None: there is none."""
        with self._frame(key, number) as frame:
            while not self._folded(frame, key, number, epoch, runs):
                pass  # another was faster with some of them
            film = self._film(frame, key, number, epoch)
            if runs is None:
                with frame.lock:
                    frame.noise = None  # of runs that are no more
            return None if film is None else film.merged()

    def over(self, key: str, number: int, epoch: int, runs: Collection[str]) -> None:
        """Runs of a frame that goes on are over for good: their films become one, once they are many."""
        with self._frame(key, number) as frame:
            film = self._film(frame, key, number, epoch)
            there = [] if film is None else [run for run in film.runs if run in runs]
        if len(there) >= FOLD_AT:
            self.fold(key, number, epoch, there)

    def forget(self, key: str, before: int | None) -> None:
        """The films of a job, or only those of epochs before that one."""
        with self._lock:
            names = [name for name in self._frames if name[0] == key]
        for name in names:
            with self._frame(*name) as frame, frame.lock:
                if before is None or frame.epoch < before:
                    frame.empty(-1)
        self.store.forget(key, before)

    # --- inside

    @contextmanager
    def _frame(self, key: str, number: int) -> Iterator[FrameFilm]:
        """What is known of a frame, which stays the same as long as somebody uses it."""
        with self._lock:
            frame = self._frames.setdefault((key, number), FrameFilm())
            self._frames.move_to_end((key, number))
            frame.users += 1
            for name in [name for name, old in self._frames.items() if not old.users][: -self._bound or None]:
                del self._frames[name]
        try:
            yield frame
        finally:
            with self._lock:
                frame.users -= 1

    def _verdict(self, frame: FrameFilm, snapshot: Snapshot, key: str, number: int, epoch: int) -> bool | None:
        with frame.lock:
            self._load(frame, key, number, epoch)
            return frame.verdict(snapshot, epoch)

    def _film(self, frame: FrameFilm, key: str, number: int, epoch: int) -> Film | None:
        with frame.lock:
            self._load(frame, key, number, epoch)
            return frame.film if frame.epoch == epoch else None

    def _load(self, frame: FrameFilm, key: str, number: int, epoch: int) -> None:
        """From the disk, if what is there is of an older epoch. For whoever has the lock."""
        if frame.epoch < epoch:
            frame.empty(epoch)
            for kept in self.store.load(key, number, epoch):
                frame.count(kept)

    def _folded(self, frame: FrameFilm, key: str, number: int, epoch: int, runs: Collection[str] | None) -> bool:
        with frame.lock:
            self._load(frame, key, number, epoch)
            film = frame.film
            if film is None or frame.epoch != epoch:
                return True
            parts = [part for part in film.newest if runs is None or part.run in runs or part.run == MERGED]
            names = {part.run for part in parts} - {MERGED}
            if not names:
                return True
            folded = dict(frame.folded)
            kept = kept_of(parts, folded, epoch)
            frame.folding |= names
        done = False

        def decide(put: Callable[[], Kept]) -> bool:
            nonlocal done
            with frame.lock:
                done = frame.film is film and frame.epoch == epoch and film.holds(parts)
                done = done and frame.folded == folded  # else what others have folded meanwhile would be lost
                if done:
                    found = put()
                    film.fold(parts, replace(found.snapshot, run=MERGED, epoch=epoch))
                    frame.files = {run: file for run, file in frame.files.items() if run not in names} | {MERGED: found}
                    frame.folded.update(found.counts)
                return done

        try:
            self.store.fold(key, number, epoch, kept, decide)
        finally:
            with frame.lock:
                frame.folding -= names
        return done

    def _trim(self, used: FrameFilm) -> None:
        """Sums that nobody has asked for lately go, the oldest first; those of `used` stay."""
        with self._lock:
            others = [frame.film for frame in self._frames.values() if frame is not used and frame.film is not None]
        held = sum(film.held for film in others) + (used.film.held if used.film is not None else 0)
        for film in others:
            if held <= self._sums:
                return
            held -= film.held
            film.rest()


def _checked(snapshot: Snapshot) -> Snapshot:
    clean, dropped = without_non_finite(snapshot)
    if dropped:
        log.warning(
            "run %s: %d pixel(s) of its film are not finite and count as not sampled",
            snapshot.run,
            dropped,
            extra={"run": snapshot.run},
        )
    return clean
