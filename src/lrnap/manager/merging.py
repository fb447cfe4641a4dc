"""The films of frames in memory, each the sum over its runs, beside their files on the disk.

A snapshot is put down first and added then; what is folded or not newer is neither. A frame's film comes back from the
disk when somebody asks for it, and the frames that nobody has asked for lately leave the memory.
Rules for this file: blocking disk work and sums, no asyncio; any thread may call, frames do not wait for each other.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from lrnap.film.merge import Film, check_layout
from lrnap.film.noise import Noise
from lrnap.film.snapshot import Snapshot
from lrnap.manager.films import FilmStore, Kept
from lrnap.manager.turn import parse_run_name

FrameName = tuple[str, int]  # key of the job, number of the frame


@dataclass(slots=True, eq=False)
class FrameFilm:
    """The film of one frame. `folded`: runs whose film lies in one with others', and of which no more is taken."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    epoch: int = -1
    film: Film | None = None
    noise: Noise | None = None
    folded: set[str] = field(default_factory=set)
    users: int = 0


class Films:
    """`bound`: frames whose films stay in memory though nobody is at work on them."""

    def __init__(self, store: FilmStore, bound: int) -> None:
        self.store = store
        self._bound = bound
        self._frames: OrderedDict[FrameName, FrameFilm] = OrderedDict()
        self._lock = threading.Lock()

    def put(self, snapshot: Snapshot) -> bool:
        """Keeps the newest snapshot of a run, on the disk and in the film of its frame. False: it comes too late to
        count. Raises LrnapError, and keeps nothing, if the disk does not take it or it is of another picture."""
        parsed = parse_run_name(snapshot.run)
        assert parsed is not None  # runs are named by the manager
        key, number, epoch, _ = parsed
        with self._frame(key, number, epoch) as frame:
            if frame.epoch != epoch or snapshot.run in frame.folded:
                return False
            if frame.film is not None:
                check_layout(snapshot, frame.film.layout)
            if not self.store.save(snapshot):
                return True  # the same or a newer one is there already
            if frame.film is None:
                frame.film, frame.noise = _begun(snapshot, epoch)
            assert frame.noise is not None
            frame.film.add(snapshot)
            frame.noise.add(snapshot)
            return True

    def merged(self, key: str, number: int, epoch: int) -> Snapshot | None:
        """The film of a frame as it is now; None: nobody has rendered any of it in that epoch."""
        with self._frame(key, number, epoch) as frame:
            film = frame.film if frame.epoch == epoch else None
        return None if film is None or not film.runs else film.merged()

    def film(self, key: str, number: int, epoch: int) -> Film | None:
        with self._frame(key, number, epoch) as frame:
            return frame.film if frame.epoch == epoch else None

    def level(self, key: str, number: int, epoch: int) -> float | None:
        """The noise of a frame's film; None while nothing can be said of it."""
        with self._frame(key, number, epoch) as frame:
            return None if frame.noise is None or frame.epoch != epoch else frame.noise.level()

    def fold(self, key: str, number: int, epoch: int) -> Snapshot | None:
        """The runs of a frame are over: their films become one, in one file."""
        with self._frame(key, number, epoch) as frame:
            merged = self.store.fold(key, number, epoch)
            self._load(frame, key, number, epoch)
            return merged

    def forget(self, key: str, before: int | None) -> None:
        """The films of a job, or only those of epochs before that one."""
        with self._lock:
            names = [name for name in self._frames if name[0] == key]
        for name in names:
            frame = self._frames.get(name)
            if frame is None:
                continue
            with frame.lock:
                if before is None or frame.epoch < before:
                    frame.film = frame.noise = None
                    frame.epoch = -1
        self.store.forget(key, before)

    # --- inside

    @contextmanager
    def _frame(self, key: str, number: int, epoch: int) -> Iterator[FrameFilm]:
        """The film of a frame, locked, and loaded if it is not there or of an older epoch."""
        with self._lock:
            frame = self._frames.setdefault((key, number), FrameFilm())
            self._frames.move_to_end((key, number))
            frame.users += 1
            for name in [name for name, old in self._frames.items() if not old.users][: -self._bound or None]:
                del self._frames[name]
        try:
            with frame.lock:
                if frame.epoch < epoch:
                    self._load(frame, key, number, epoch)
                yield frame
        finally:
            with self._lock:
                frame.users -= 1

    def _load(self, frame: FrameFilm, key: str, number: int, epoch: int) -> None:
        frame.epoch, frame.film, frame.noise, frame.folded = epoch, None, None, set()
        for kept in self.store.load(key, number, epoch):
            if frame.film is None:
                frame.film, frame.noise = _begun(kept.snapshot, epoch)
            assert frame.noise is not None
            if _is_fold(kept):
                frame.folded |= set(kept.runs)
            frame.film.add(kept.snapshot)
            frame.noise.add(kept.snapshot)


def _begun(first: Snapshot, epoch: int) -> tuple[Film, Noise]:
    film = Film(first.layout)
    film.restart(epoch)
    return film, Noise(first.layout)


def _is_fold(kept: Kept) -> bool:
    return set(kept.runs) != {kept.snapshot.run}
