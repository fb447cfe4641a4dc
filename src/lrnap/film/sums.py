"""Sums of blocks: afresh from all of them, or from the sum before and the one that has changed.

What changed is added as its difference, so it costs its own size however many blocks there are. Two things keep such a
sum as good as a fresh one. Each change also sums a part of the film afresh, one part in as many as there are blocks: no
value has seen more roundings than twice those of a fresh sum. And where a block takes back more than is left, as when
the one bright value goes, rounding would show: these values are summed afresh at once.

What is not a sum (channels of ids and of depth) is combined anew where the change says that it must be.
Rules for this file: numpy on blocks of one layout, all of them finite; no names, no clocks, no files.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from lrnap.film.bands import each
from lrnap.film.channels import CHANNELS, Kind, combine
from lrnap.film.snapshot import Block, FilmLayout

BAND = 1 << 18  # floats; adding needs little cache, and longer bands leave less to Python
CHANGE = 1 << 16  # floats of a band of a change, which has four of them in the cache
TAKEN = 8  # times as much as is left may be taken back before a value is summed afresh: three bits of 24
WORTH = 8  # blocks that can be read and added in the time that it takes to exchange one


def add_up(blocks: Sequence[Block], layout: FilmLayout, into: Block | None = None) -> tuple[Block, bool]:
    """The sum in the order given, and whether it is finite throughout, which it is only if every block is.

    A single block is its own sum, and not copied unless it is to go `into` another one.
    """
    if into is None and len(blocks) == 1:
        total = blocks[0]
    else:
        total = np.empty(layout.floats, np.float32) if into is None else into
        layout.planes(total)  # raises if it is not a block of this layout

    def one(span: slice) -> bool:
        band = total[span]
        if not (len(blocks) == 1 and total is blocks[0]):
            _add(blocks, span, band)
        return finite_squares(band)

    finite = all(each(one, layout.summed, BAND))
    for name in _others(layout):
        out, *parts = (_pixels(layout, block, name) for block in (total, *blocks))

        def other(span: slice, name: str = name, out: Block = out, parts: list[Block] = parts) -> bool:
            if not (len(blocks) == 1 and total is blocks[0]):
                combine(CHANNELS[name].kind, [part[span] for part in parts], out[span])
            return bool(np.isfinite(out[span]).all())

        finite &= all(each(other, len(out)))
    return total, finite


def finite_squares(band: Block) -> bool:
    """The cheapest test there is whether all is finite, done while the band is in the cache. Squares may overflow where
    values do not, so only a yes is sure."""
    with np.errstate(over="ignore", invalid="ignore"):
        return bool(np.isfinite(np.dot(band, band)))


class RunningSum:
    """The sum of some blocks, which are exchanged one at a time. One thread at a time.

    A block that was given out, `total` among them, does not change any more: the next change makes a new one.
    """

    def __init__(self, layout: FilmLayout, total: Block) -> None:
        self._layout = layout
        self.total = total
        self._given = True
        self._next: dict[str, int] = {}  # where the part begins that is summed afresh next: of a channel, "": of sums

    def give(self) -> Block:
        """The sum, which stays as it is."""
        self._given = True
        return self.total

    def copy_into(self, block: Block) -> Block:
        block[:] = self.total
        return block

    def exchange(self, old: Block | None, new: Block, blocks: Sequence[Block]) -> None:
        """`blocks`: all whose sum it is afterwards, `new` among them and `old` not; None: it is one more."""
        before = self.total
        if self._given:
            self.total = np.empty(self._layout.floats, np.float32)
            self._given = False
        after = self.total
        with np.errstate(over="ignore", invalid="ignore"):
            each(lambda span: _change(before, old, new, blocks, span, after), self._layout.summed, CHANGE)
        for name in _others(self._layout):
            self._change_other(name, before, old, new, blocks)
        self._refresh(blocks)

    def _change_other(self, name: str, before: Block, old: Block | None, new: Block, blocks: Sequence[Block]) -> None:
        was, is_now, after, *parts = (_pixels(self._layout, b, name) for b in (before, new, self.total, *blocks))
        gone = None if old is None else _pixels(self._layout, old, name)
        follow = {Kind.NEAREST: _nearer, Kind.VOTES: _more_votes}[CHANNELS[name].kind]

        def one(span: slice) -> None:
            out = after[span]
            if after is not was:
                out[:] = was[span]
            again = follow(out, None if gone is None else gone[span], is_now[span])
            if again.any():
                found = np.empty((int(again.sum()), out.shape[1]), np.float32)
                combine(CHANNELS[name].kind, [part[span][again] for part in parts], found)
                out[again] = found

        each(one, len(after))

    def _refresh(self, blocks: Sequence[Block]) -> None:
        """The next part, so that all is summed afresh once as many blocks have changed as there are."""
        for name in ("", *_others(self._layout)):
            out, *parts = (_pixels(self._layout, b, name) if name else b for b in (self.total, *blocks))
            length = len(out) if name else self._layout.summed
            first = self._next.get(name, 0)
            last = min(length, first + -(-length // max(len(blocks), 1)))
            self._next[name] = last % length

            def one(
                band: slice, name: str = name, out: Block = out, parts: list[Block] = parts, first: int = first
            ) -> None:
                span = slice(first + band.start, first + band.stop)
                if name:
                    combine(CHANNELS[name].kind, [part[span] for part in parts], out[span])
                else:
                    _add(parts, span, out[span])

            each(one, last - first, CHANGE)


def _add(blocks: Sequence[Block], span: slice, out: Block) -> None:
    with np.errstate(over="ignore", invalid="ignore"):
        if not blocks:
            out[:] = 0
        elif len(blocks) == 1:
            out[:] = blocks[0][span]
        else:
            np.add(blocks[0][span], blocks[1][span], out=out)
        for block in blocks[2:]:
            np.add(out, block[span], out=out)


def _change(before: Block, old: Block | None, new: Block, blocks: Sequence[Block], span: slice, after: Block) -> None:
    was, out = before[span], after[span]
    if old is None:
        np.add(was, new[span], out=out)
        return
    difference = new[span] - old[span]
    grows = difference.min() >= 0 and was.min() >= 0  # as light does: then what is left is more than what came
    np.add(was, difference, out=out)
    if grows:
        return
    np.abs(difference, out=difference)
    again = difference > TAKEN * np.abs(out)
    if again.any():
        place = np.flatnonzero(again)
        found = np.zeros(len(place), np.float32)
        for block in blocks:
            found += block[span][place]
        out[place] = found


def _nearer(out: Block, old: Block | None, new: Block) -> npt.NDArray[np.bool_]:
    """Takes in a new depth; where the nearest one may have gone, all must be asked."""
    again = np.zeros(len(out), bool)
    if old is not None:
        again = ((old > 0) & (old == out) & ((new > old) | ~(new > 0)))[:, 0]
    closer = (new > 0) & ((new < out) | ~(out > 0))
    np.copyto(out, new, where=closer)
    return again


def _more_votes(out: Block, old: Block | None, new: Block) -> npt.NDArray[np.bool_]:
    """Takes in new votes where all are for one number; elsewhere all must be asked."""
    again = out[:, 3] > 0
    for votes in (new,) if old is None else (old, new):
        again |= (votes[:, 0] != out[:, 0]) & (votes[:, 1] > 0)
        again |= votes[:, 3] > 0
    out[:, 1] += new[:, 1] if old is None else new[:, 1] - old[:, 1]
    if old is not None:
        again |= old[:, 1] > TAKEN * out[:, 1]
    return again


def _others(layout: FilmLayout) -> list[str]:
    return [name for name in layout.channels if not CHANNELS[name].summed]


def _pixels(layout: FilmLayout, block: Block, name: str) -> Block:
    """A channel, (pixels, floats)."""
    return layout.planes(block).channels[name].reshape(layout.width * layout.height, -1)
