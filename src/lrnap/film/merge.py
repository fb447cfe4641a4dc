"""The film of a job: a counter keyed by run.

Each run counts with its newest snapshot, and the film is the sum over the runs. So it does not matter in which order,
how often or how late snapshots arrive, and the film of a whole farm can be handed on as the snapshot of one run. A sum
that somebody looks at is kept, and what has changed is exchanged in it (sums.py), where that is less work than to sum
all runs anew in the order of their names. The numbers beside it, of samples and seconds, are always summed anew.

When the scene is edited a new epoch begins, and the film anew: snapshots of older epochs no longer count.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import fsum

import numpy as np

from lrnap.errors import Code, LrnapError
from lrnap.film.bands import each
from lrnap.film.names import joined
from lrnap.film.snapshot import Block, FilmLayout, Snapshot
from lrnap.film.sums import BAND, WORTH, RunningSum, add_up, finite_squares

MERGED = "merged"  # the run's name of a film that was not given another
UNSEEN = 4  # times all runs: so many snapshots later nobody looks any more, and sums are no longer kept up


@dataclass(slots=True, eq=False)
class _Running:
    """A sum that is kept, and of what: by run."""

    sum: RunningSum
    parts: dict[str, Snapshot]


class Film:
    """The newest snapshot of every run of one job. Safe to use from several threads."""

    def __init__(self, layout: FilmLayout) -> None:
        self.layout = layout
        self.epoch = 0  # the newest that it was told of
        self.dropped: dict[str, int] = {}  # pixels with non-finite values, by run that had any; known once merged
        self._newest: dict[str, Snapshot] = {}
        self._merged: Snapshot | None = None
        self._running: _Running | None = None
        self._folds: list[tuple[list[Snapshot], Snapshot]] = []  # that `_running` has not seen
        self._unseen = 0  # snapshots since somebody looked
        self._lock = threading.Lock()
        self._summing = threading.Lock()  # taken before the other, and held as long as sums take

    @property
    def runs(self) -> tuple[str, ...]:
        return tuple(sorted(self._newest))

    @property
    def newest(self) -> tuple[Snapshot, ...]:
        """Of every run, in the order of their names."""
        with self._lock:
            return tuple(self._sorted())

    def number_of(self, run: str) -> int | None:
        """Of the newest snapshot of a run; None: there is none."""
        with self._lock:
            known = self._newest.get(run)
            return None if known is None else known.number

    def holds(self, parts: Iterable[Snapshot]) -> bool:
        """Whether these are the newest of their runs."""
        with self._lock:
            return all(self._newest.get(part.run) is part for part in parts)

    @property
    def held(self) -> int:
        """Bytes of the sums that `rest` lets go of; those that were given out count, too."""
        with self._lock:
            sums = [self._merged.block] if self._merged is not None else []
            sums += [self._running.sum.total] if self._running is not None else []
            films = {id(part.block) for part in self._newest.values()}  # that of a single run is its own sum
        return sum(block.nbytes for block in {id(block): block for block in sums if id(block) not in films}.values())

    @property
    def samples(self) -> float:
        return fsum(s.samples for s in self.newest)

    @property
    def spp(self) -> float:
        """Samples per pixel, of all runs together."""
        return self.samples / (self.layout.width * self.layout.height)

    @property
    def seconds(self) -> float:
        """Time of rendering, of all runs together: what one engine would have taken, not what the clock shows."""
        return fsum(s.seconds for s in self.newest)

    def add(self, snapshot: Snapshot) -> bool:
        """Counts a snapshot instead of an older one of its run. False: not newer, or of an older epoch, so nothing
        changed. The first of a newer epoch begins the film anew.

        Takes no time, whatever the size: the block is kept, not copied, and must not change any more. Raises LrnapError
        if the layouts differ.
        """
        check_layout(snapshot, self.layout)
        with self._lock:
            if snapshot.epoch < self.epoch:
                return False
            self._begin(snapshot.epoch)
            known = self._newest.get(snapshot.run)
            if known is not None and known.number >= snapshot.number:
                return False
            self._newest[snapshot.run] = snapshot
            self.layout = replace(self.layout, names=joined(self.layout.names, snapshot.layout.names))
            self.dropped.pop(snapshot.run, None)
            self._merged = None
            self._unseen += 1
        return True

    def restart(self, epoch: int) -> None:
        """Forgets what is of an older epoch than this, and takes no more of it."""
        with self._lock:
            self._begin(max(epoch, self.epoch))

    def _begin(self, epoch: int) -> None:
        if epoch == self.epoch:
            return
        self.epoch, self._merged, self._running, self._folds = epoch, None, None, []
        self.layout = replace(self.layout, names={})
        self._newest.clear()
        self.dropped.clear()

    def merged(self, into: Block | None = None) -> Snapshot:
        """The sum over all runs, as a snapshot that never changes; the same object until something was added.

        Pixels of a run that hold a non-finite value are counted as never sampled by it, and noted in `dropped`. `into`,
        a block of the layout, receives the sum instead of a new block; such a result is not kept. Without runs the
        film is black, with weight 0.
        """
        with self._summing:
            with self._lock:
                if into is None and self._merged is not None:
                    return self._merged
                self._unseen = 0
            parts, running = self._settled()
            if running is None:
                parts, block = self._afresh(parts, into)
                if into is None and len(parts) >= WORTH:
                    running = _Running(RunningSum(self.layout, block), {part.run: part for part in parts})
            else:
                block = running.sum.give() if into is None else running.sum.copy_into(into)
            result = self._result(parts, block)
            with self._lock:
                self._running = running
                if into is None and parts == self._sorted():  # else something was added meanwhile
                    self._merged = result
        return result

    def settle(self) -> None:
        """Takes into the sum what was added since somebody looked, if that is less work than to sum all afresh then.

        For whoever adds snapshots where time is: `merged` then finds little left to do. Of a film that nobody looks at
        nothing is summed.
        """
        with self._summing:
            self._settled()

    def fold(self, parts: Iterable[Snapshot], film: Snapshot) -> bool:
        """Snapshots count as one from now on, with a film that is their sum. False: one of them is not the newest of
        its run any more, so nothing changed. Takes no time. Raises LrnapError if the layouts differ."""
        check_layout(film, self.layout)
        parts = [*parts]
        with self._lock:
            there = self._newest.get(film.run)
            if not all(self._newest.get(part.run) is part for part in parts) or there not in (None, *parts):
                return False
            _fold(self._newest, parts, film)
            if self._running is not None or self._summing.locked():
                self._folds.append((parts, film))
        return True

    def rest(self) -> None:
        """Lets go of what can be summed again."""
        with self._summing, self._lock:
            self._running = self._merged = None

    def as_snapshot(self, run: str) -> Snapshot:
        """The whole film as the snapshot of one run, for a film of films."""
        return replace(self.merged(), run=run)

    # --- inside

    def _sorted(self) -> list[Snapshot]:
        """For whoever has the lock."""
        return [snapshot for _, snapshot in sorted(self._newest.items())]

    def _settled(self) -> tuple[list[Snapshot], _Running | None]:
        """The runs, and the sum that is of just these, if there is one."""
        with self._lock:
            parts, running = self._sorted(), self._running
            folds, self._folds = self._folds, []
            self._running = None  # until it is right again
            if running is None or not all(_fold(running.parts, *fold) for fold in folds):
                return parts, None
            changed = [part for part in parts if running.parts.get(part.run) is not part]
            gone = running.parts.keys() - self._newest.keys()
            if gone or len(changed) * WORTH > len(parts) or self._unseen > UNSEEN * len(parts):
                return parts, None
        for part in changed:
            clean = self._cleaned(part)
            parts = [clean if other is part else other for other in parts]
            old = running.parts.get(part.run)
            running.parts[part.run] = clean
            blocks = [running.parts[run].block for run in sorted(running.parts)]
            running.sum.exchange(None if old is None else old.block, clean.block, blocks)
        with self._lock:
            self._running = running
        return parts, running

    def _afresh(self, parts: list[Snapshot], into: Block | None) -> tuple[list[Snapshot], Block]:
        """The sum of the parts, and they as they are in it: without what is not finite."""
        block, finite = add_up([part.block for part in parts], self.layout, into)
        if not finite:
            clean = [self._cleaned(part) for part in parts]
            if clean != parts:
                return clean, add_up([part.block for part in clean], self.layout, into)[0]
        return parts, block

    def _cleaned(self, part: Snapshot) -> Snapshot:
        clean, dropped = without_non_finite(part)
        with self._lock:
            if dropped and self._newest.get(part.run) is part:
                self._newest[part.run] = clean
                self.dropped[part.run] = dropped
        return clean

    def _result(self, parts: list[Snapshot], block: Block) -> Snapshot:
        return Snapshot(
            run=MERGED,
            seed=0,
            number=sum(s.number for s in parts),  # grows whenever anything newer arrives, whatever happened between
            layout=self.layout,
            block=block,
            samples=fsum(s.samples for s in parts),
            screen_samples=fsum(s.screen_samples for s in parts),
            seconds=fsum(s.seconds for s in parts),
            epoch=parts[0].epoch if parts else self.epoch,
        )


def _fold(known: dict[str, Snapshot], parts: list[Snapshot], film: Snapshot) -> bool:
    """Whether all parts were there, and one film is in their place."""
    if any(known.get(part.run) is not part for part in parts):
        return known.get(film.run) is film  # it was made of what had been folded before
    for part in parts:
        del known[part.run]
    known[film.run] = film
    return True


def check_layout(snapshot: Snapshot, layout: FilmLayout) -> None:
    """Raises LrnapError that says in what a snapshot differs from a layout, or that its block is not of its own."""
    theirs = snapshot.layout
    differences = [
        f"{what} {there} instead of {here}"
        for what, there, here in (
            ("size", f"{theirs.width}x{theirs.height}", f"{layout.width}x{layout.height}"),
            ("light groups", ", ".join(theirs.groups), ", ".join(layout.groups)),
            ("light-traced planes", _yes(theirs.screen), _yes(layout.screen)),
            ("channels", ", ".join(theirs.channels) or "none", ", ".join(layout.channels) or "none"),
        )
        if there != here
    ]
    if differences or theirs != layout:
        raise LrnapError(
            Code.STATE,
            f"the film of run {snapshot.run!r} cannot be merged: {'; '.join(differences) or 'other light groups'}. "
            "Only runs of the same scene with the same film settings can be merged",
        )
    if snapshot.block.shape != (layout.floats,) or snapshot.block.dtype != np.float32:
        raise LrnapError(
            Code.TYPE,
            f"the film of run {snapshot.run!r} holds {snapshot.block.size} {snapshot.block.dtype} values "
            f"where its layout needs {layout.floats} float32",
        )


def without_non_finite(snapshot: Snapshot) -> tuple[Snapshot, int]:
    """The snapshot with every pixel that holds a non-finite value set to 0 in all planes, and how many there were."""
    block = snapshot.block

    def finite(span: slice) -> bool:
        return finite_squares(block[span]) or bool(np.isfinite(block[span]).all())

    if all(each(finite, block.size, BAND)):
        return snapshot, 0
    block = block.copy()
    weight, alpha, pixel, screen, channels = snapshot.layout.planes(block)
    colours = [pixel] if screen is None else [pixel, screen]
    good = np.isfinite(weight) & np.isfinite(alpha)
    for values in colours:
        good &= np.isfinite(values).all(axis=(0, 3))
    for values in channels.values():
        good &= np.isfinite(values).all(axis=2)
    bad = ~good
    weight[bad] = alpha[bad] = 0
    for values in colours:
        values[:, bad] = 0
    for values in channels.values():
        values[bad] = 0
    return replace(snapshot, block=block), int(bad.sum())


def _yes(value: bool) -> str:
    return "present" if value else "absent"
