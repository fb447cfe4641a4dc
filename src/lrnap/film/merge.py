"""The film of a job: a counter keyed by run.

Each run counts with its newest snapshot, and the film is the sum over the runs, always taken in the order of their
names. So it does not matter in which order, how often or how late snapshots arrive, and the film of a whole farm can
be handed on as the snapshot of one run.

When the scene is edited a new epoch begins, and the film anew: snapshots of older epochs no longer count.
"""

from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np

from lrnap.errors import Code, LrnapError
from lrnap.film.bands import each
from lrnap.film.channels import CHANNELS, combine
from lrnap.film.snapshot import Block, FilmLayout, Snapshot

BAND = 1 << 18  # floats; adding needs little cache, and longer bands leave less to Python
MERGED = "merged"  # the run's name of a film that was not given another


class Film:
    """The newest snapshot of every run of one job. Safe to use from several threads."""

    def __init__(self, layout: FilmLayout) -> None:
        self.layout = layout
        self.epoch = 0  # the newest that it was told of
        self.dropped: dict[str, int] = {}  # pixels with non-finite values, by run that had any; known once merged
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
            self.dropped.pop(snapshot.run, None)
            self._merged = None
        return True

    def restart(self, epoch: int) -> None:
        """Forgets what is of an older epoch than this, and takes no more of it."""
        with self._lock:
            self._begin(max(epoch, self.epoch))

    def _begin(self, epoch: int) -> None:
        if epoch == self.epoch:
            return
        self.epoch, self._merged = epoch, None
        self._newest.clear()
        self.dropped.clear()

    def merged(self, into: Block | None = None) -> Snapshot:
        """The sum over all runs, as a snapshot that never changes; the same object until something was added.

        Pixels of a run that hold a non-finite value are counted as never sampled by it, and noted in `dropped`. `into`,
        a block of the layout, receives the sum instead of a new block; such a result is not kept. Without runs the
        film is black, with weight 0.
        """
        with self._lock:
            if into is None and self._merged is not None:
                return self._merged
        while True:
            with self._lock:
                epoch = self.epoch
            parts = self._sorted()
            block, finite = _sum([part.block for part in parts], self.layout, into)
            if finite or not self._drop_non_finite(parts):
                break
        result = Snapshot(
            run=MERGED,
            seed=0,
            number=sum(s.number for s in parts),  # grows whenever anything newer arrives, whatever happened between
            layout=self.layout,
            block=block,
            samples=sum(s.samples for s in parts),
            screen_samples=sum(s.screen_samples for s in parts),
            seconds=sum(s.seconds for s in parts),
            epoch=parts[0].epoch if parts else epoch,
        )
        if into is None:
            with self._lock:
                if epoch == self.epoch and parts == [snapshot for _, snapshot in sorted(self._newest.items())]:
                    self._merged = result
        return result

    def as_snapshot(self, run: str) -> Snapshot:
        """The whole film as the snapshot of one run, for a film of films."""
        return replace(self.merged(), run=run)

    def _sorted(self) -> list[Snapshot]:
        with self._lock:
            return [snapshot for _, snapshot in sorted(self._newest.items())]

    def _drop_non_finite(self, parts: list[Snapshot]) -> bool:
        """Cleans those of the parts that need it; False if none does."""
        found = False
        for part in parts:
            clean, dropped = without_non_finite(part)
            if not dropped:
                continue
            found = True
            with self._lock:
                if self._newest.get(part.run) is part:
                    self._newest[part.run] = clean
                    self.dropped[part.run] = dropped
        return found


def _sum(blocks: list[Block], layout: FilmLayout, into: Block | None) -> tuple[Block, bool]:
    """The sum in a fixed order, and whether it is finite throughout, which it is only if every block is."""
    if into is None and len(blocks) == 1:
        total = blocks[0]
    else:
        total = np.empty(layout.floats, np.float32) if into is None else into
        layout.planes(total)  # raises if it is not a block of this layout

    def add_up(span: slice) -> bool:
        band = total[span]
        with np.errstate(over="ignore", invalid="ignore"):
            if not blocks:
                band[:] = 0
            elif len(blocks) == 1 and total is not blocks[0]:
                band[:] = blocks[0][span]
            elif len(blocks) > 1:
                np.add(blocks[0][span], blocks[1][span], out=band)
            for block in blocks[2:]:
                np.add(band, block[span], out=band)
            # The cheapest test there is, done while the band is in the cache. Squares may overflow where values do
            # not; then the exact look that follows finds nothing.
            return bool(np.isfinite(np.dot(band, band)))

    finite = all(each(add_up, layout.summed, BAND))
    for name in layout.channels:
        if not CHANNELS[name].summed:
            finite &= _combine(blocks, layout, name, total)
    return total, finite


def _combine(blocks: list[Block], layout: FilmLayout, name: str, total: Block) -> bool:
    """Fills in a channel that is not a sum, and says whether it is finite throughout."""
    pixels = layout.width * layout.height
    out, *parts = (layout.planes(block).channels[name].reshape(pixels, -1) for block in (total, *blocks))

    def one(span: slice) -> bool:
        if not any(block is total for block in blocks):
            combine(CHANNELS[name].kind, [part[span] for part in parts], out[span])
        return bool(np.isfinite(out[span]).all())

    return all(each(one, pixels))


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

    if all(each(lambda span: bool(np.isfinite(block[span]).all()), block.size, BAND)):
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
