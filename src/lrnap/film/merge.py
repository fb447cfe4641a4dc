"""The film of a job: a counter keyed by run.

Each run counts with its newest snapshot, and the film is the sum over the runs, always taken in the order of their
names. So it does not matter in which order, how often or how late snapshots arrive, and the film of a whole farm can
be handed on as the snapshot of one run.
"""

from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np

from lrnap.errors import Code, LrnapError
from lrnap.film.bands import each
from lrnap.film.snapshot import Block, FilmLayout, Snapshot

MERGED = "merged"  # the run's name of a film that was not given another


class Film:
    """The newest snapshot of every run of one job. Safe to use from several threads."""

    def __init__(self, layout: FilmLayout) -> None:
        self.layout = layout
        self.dropped: dict[str, int] = {}  # pixels with non-finite values in the newest snapshot of a run, if any
        self._newest: dict[str, Snapshot] = {}
        self._merged: Snapshot | None = None
        self._lock = threading.Lock()

    @property
    def runs(self) -> tuple[str, ...]:
        return tuple(sorted(self._newest))

    @property
    def samples(self) -> float:
        return sum(s.samples for s in self._sorted())

    @property
    def spp(self) -> float:
        """Samples per pixel, of all runs together."""
        return self.samples / (self.layout.width * self.layout.height)

    @property
    def seconds(self) -> float:
        """Time of rendering, of all runs together: what one engine would have taken, not what the clock shows."""
        return sum(s.seconds for s in self._sorted())

    def add(self, snapshot: Snapshot) -> bool:
        """Counts a snapshot instead of an older one of its run. False: not newer, so nothing changed.

        The block is kept, not copied: it must not change any more. Pixels that hold a non-finite value are counted as
        never sampled, and their number is noted in `dropped`. Raises LrnapError if the layouts differ.
        """
        check_layout(snapshot, self.layout)
        known = self._newest.get(snapshot.run)
        if known is not None and known.number >= snapshot.number:
            return False
        clean, dropped = without_non_finite(snapshot)
        with self._lock:
            known = self._newest.get(snapshot.run)
            if known is not None and known.number >= snapshot.number:
                return False
            self._newest[snapshot.run] = clean
            self._merged = None
            self.dropped.pop(snapshot.run, None)
            if dropped:
                self.dropped[snapshot.run] = dropped
        return True

    def merged(self, into: Block | None = None) -> Snapshot:
        """The sum over all runs, as a snapshot that never changes; the same object until something was added.

        `into`, a block of the layout, receives the sum instead of a new block; such a result is not kept. Without
        runs the film is black, with weight 0.
        """
        with self._lock:
            parts = self._sorted()
            if into is None and self._merged is not None:
                return self._merged
        result = Snapshot(
            run=MERGED,
            seed=0,
            number=sum(s.number for s in parts),  # grows whenever anything newer arrives, whatever happened between
            layout=self.layout,
            block=self._sum(parts, into),
            samples=sum(s.samples for s in parts),
            screen_samples=sum(s.screen_samples for s in parts),
            seconds=sum(s.seconds for s in parts),
        )
        if into is None:
            with self._lock:
                if parts == self._sorted():
                    self._merged = result
        return result

    def as_snapshot(self, run: str) -> Snapshot:
        """The whole film as the snapshot of one run, for a film of films."""
        return replace(self.merged(), run=run)

    def _sorted(self) -> list[Snapshot]:
        return [snapshot for _, snapshot in sorted(self._newest.items())]

    def _sum(self, parts: list[Snapshot], into: Block | None) -> Block:
        if into is None and len(parts) == 1:
            return parts[0].block
        if into is None:
            into = np.empty(self.layout.floats, np.float32)
        else:
            self.layout.planes(into)  # raises if the block is not one of this layout
        blocks = [s.block for s in parts]

        def add_up(span: slice) -> None:
            total = into[span]
            if len(blocks) < 2:
                total[:] = blocks[0][span] if blocks else 0
                return
            np.add(blocks[0][span], blocks[1][span], out=total)
            for block in blocks[2:]:
                np.add(total, block[span], out=total)

        each(add_up, self.layout.floats)
        return into


def check_layout(snapshot: Snapshot, layout: FilmLayout) -> None:
    """Raises LrnapError that says in what a snapshot differs from a layout, or that its block is not of its own."""
    theirs = snapshot.layout
    differences = [
        f"{what} {there} instead of {here}"
        for what, there, here in (
            ("size", f"{theirs.width}x{theirs.height}", f"{layout.width}x{layout.height}"),
            ("light groups", ", ".join(theirs.groups), ", ".join(layout.groups)),
            ("light-traced planes", _yes(theirs.screen), _yes(layout.screen)),
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
        return bool(np.isfinite(block[span]).all())

    if all(each(finite, block.size)):
        return snapshot, 0
    planes = snapshot.planes
    good = np.isfinite(planes.weight) & np.isfinite(planes.alpha) & np.isfinite(planes.pixel).all(axis=(0, 3))
    if planes.screen is not None:
        good &= np.isfinite(planes.screen).all(axis=(0, 3))
    bad = ~good
    block = block.copy()
    planes = snapshot.layout.planes(block)
    planes.weight[bad] = 0
    planes.alpha[bad] = 0
    planes.pixel[:, bad] = 0
    if planes.screen is not None:
        planes.screen[:, bad] = 0
    return replace(snapshot, block=block), int(bad.sum())


def _yes(value: bool) -> str:
    return "present" if value else "absent"
