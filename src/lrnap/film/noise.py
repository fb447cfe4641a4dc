"""How far a picture still is from the one that it converges to, estimated from how its parts differ.

Runs have seeds of their own, so they are independent renderings of one picture: how much they differ says how much
their sum is off. Successive snapshots of one run are parts of it, too. Where a run's samples are independent of each
other, its parts say as much as whole runs do; where they are not (a low-discrepancy sequence fills its own gaps, a
Markov chain repeats itself), small parts say too much or too little. So all parts together say only how the error is
spread over the picture. How large it is, the spread between runs says, and of a run that is as good as alone the
change since it was half as long.

For a pixel with the weights W_i and means M_i of its parts, W and M those of the whole,

    sum of W_i (M_i - M)^2 / (parts - 1)        is the variance of one sample, and divided by W that of M,

unbiased, however large each part is. A part between two snapshots need not be known by itself: it adds
(M_new - M_old)^2 / (1 / W_old - 1 / W_new) to the sum. So a run is remembered by its newest mean, its weight, that
sum, the number of parts and its means at some moments since it was half as long, whatever the number of snapshots. The
newest snapshot of a run replaces the older one, as in `merge.Film`: a duplicate, late or reordered snapshot changes
nothing, and a lost run's stays.

The error is judged in the picture in which 1 is white: the film, exposed by `autolinear` and encoded by sRGB's curve.
That curve is steep in the dark and ends at white, so a difference is not taken at one standard deviation, but expected
of an error that is normally distributed, by Gauss and Hermite's five places: a dark pixel with a spark shows all of it.
How somebody develops it changes nothing. (With a power of 1 / 2.2 instead, which is infinitely steep at black, stray
samples in a black background would be most of the error.)

Rules for this file: no clock, no files, no sockets.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from math import gcd

import numpy as np
import numpy.typing as npt
from numpy.polynomial.hermite_e import hermegauss

from lrnap.film.develop.settings import Settings
from lrnap.film.develop.tonemap import autolinear, measure
from lrnap.film.radiance import BRIGHTEST, clean, inverse_weight, screen_scale
from lrnap.film.snapshot import Block, FilmLayout, Snapshot

PIXELS = 1 << 18  # that are looked at while rendering: enough to know a mean to a percent, and 30 MB a run
APART = 1.25  # times as many samples: so much lies between the moments of a run that are kept
MOST = 0.8  # of all samples: a run that has so many is as good as alone, and the others say little beside it
WARM_UP = 16.0  # samples per pixel, of all runs, before which rare bright paths may not have been met at all
Flags = npt.NDArray[np.bool_]
_PLACES, _SHARES = (  # of a normal distribution; in the middle nothing differs
    values[[0, 1, 3, 4]].astype(np.float32) for values in (hermegauss(5)[0], hermegauss(5)[1] / hermegauss(5)[1].sum())
)


class Display:
    """The picture in which 1 is white, of light (n, 3): exposed as it suits `light`, and encoded by sRGB's curve."""

    def __init__(self, light: Block) -> None:
        self._expose = autolinear(Settings(), measure(np.ascontiguousarray(light.T), logs=False))

    def __call__(self, light: Block) -> Block:
        """Of light that is not negative."""
        shown = np.array(light.T, np.float32, order="C")
        self._expose(shown)
        np.minimum(shown, 1, out=shown)
        dark = shown <= 0.0031308
        curved: Block = np.where(dark, 12.92 * shown, 1.055 * np.power(shown, np.float32(1 / 2.4)) - 0.055)
        return curved.T


@dataclass(frozen=True, slots=True, eq=False)
class Estimate:
    """What is known of a film's error. Arrays have a row for each pixel that is looked at: (n, 3), or (n,) for `known`.

    radiance  the film's colours, linear
    variance  of each of them, in the same units squared; 0 where it is not known
    known     whether the pixel has at least two parts to be compared
    spp       samples per pixel of all runs
    runs      how many there are
    """

    radiance: Block
    variance: Block
    known: Flags
    spp: float
    runs: int

    @property
    def error(self) -> Block:
        """(n,) standard error of each pixel in the picture in which 1 is white: root mean square of its colours'."""
        shown = Display(self.radiance)
        deviation, here = np.sqrt(self.variance), shown(self.radiance)
        square = np.zeros_like(here)
        for place, share in zip(_PLACES, _SHARES, strict=True):
            away = shown(np.maximum(self.radiance + place * deviation, 0))
            away -= here
            square += share * np.square(away)
        error: Block = np.sqrt(np.mean(square, axis=1))
        return error

    @property
    def value(self) -> float:
        """The noise: root mean square of `error` over the pixels where it is known."""
        return float(np.sqrt(np.mean(np.square(self.error[self.known], dtype=np.float64))))


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """A run at one moment."""

    spp: float
    weight: Block  # (n,)
    radiance: Block  # (n, 3)


@dataclass(frozen=True, slots=True, eq=False)
class _Run:
    """One run: where it is, the spread of its parts so far, and where it was."""

    number: int
    now: Look
    past: tuple[Look, ...]  # the oldest first
    squares: Block  # (n, 3) sum over parts of W_i (M_i - M)^2
    parts: Block  # (n,) how many, but the first


class Noise:
    """The estimate of one job, fed with the snapshots that its `Film` gets. Safe to use from several threads.

    `pixels`: how many are looked at, evenly spread over the film; None: all. For one layout, as a Film.
    """

    def __init__(self, layout: FilmLayout, pixels: int | None = PIXELS) -> None:
        self.layout = layout
        self._look = slice(None, None, _stride(layout, pixels))
        self._epoch = 0  # the newest that it was told of
        self._runs: dict[str, _Run] = {}
        self._lock = threading.Lock()

    def add(self, snapshot: Snapshot) -> bool:
        """False: not newer than what is known of its run, or of an older epoch, so nothing changed. The first of a
        newer epoch begins anew."""
        now = self.resolve(snapshot)
        with self._lock:
            if snapshot.epoch < self._epoch:
                return False
            self._begin(snapshot.epoch)
            known = self._runs.get(snapshot.run)
            if known is None:
                nothing = np.zeros_like(now.radiance), np.zeros_like(now.weight)
                self._runs[snapshot.run] = _Run(snapshot.number, now, (), *nothing)
            elif known.number >= snapshot.number:
                return False
            else:
                self._runs[snapshot.run] = _grown(known, snapshot.number, now)
        return True

    def estimate(self) -> Estimate | None:
        """None while there is nothing to compare, or less than a half of the pixels have anything."""
        with self._lock:
            runs = [run for _, run in sorted(self._runs.items()) if run.now.spp > 0]
        if not runs:
            return None
        looks = [run.now for run in runs]
        weight = _sum(look.weight for look in looks)
        inverse = inverse_weight(weight)[:, None]
        radiance = _sum(look.weight[:, None] * look.radiance for look in looks) * inverse
        between = _sum(look.weight[:, None] * np.square(look.radiance - radiance) for look in looks)
        others = np.maximum(_sum((look.weight > 0).astype(np.float32) for look in looks) - 1, 0)
        parts = others + _sum(run.parts for run in runs)
        known = (parts > 0) & (weight > 0)
        if 2 * np.count_nonzero(known) < known.size:
            return None
        variance = between + _sum(run.squares for run in runs)
        variance *= (inverse_weight(parts) * inverse[:, 0])[:, None]
        variance[~known] = 0
        longest = max(runs, key=lambda run: run.now.spp)
        alone = longest.past and longest.now.spp >= MOST * sum(look.spp for look in looks)
        whole = _since_half(longest) if alone else between * inverse_weight(others)[:, None]
        variance *= np.float32(_ratio(whole * inverse, variance, radiance))
        return Estimate(radiance, variance, known, sum(look.spp for look in looks), len(runs))

    def level(self) -> float | None:
        """The noise, once it can be relied on: None before WARM_UP samples per pixel."""
        found = self.estimate()
        return found.value if found is not None and found.spp >= WARM_UP else None

    def restart(self, epoch: int) -> None:
        """Forgets what is of an older epoch than this, and takes no more of it."""
        with self._lock:
            self._begin(max(epoch, self._epoch))

    def _begin(self, epoch: int) -> None:
        if epoch != self._epoch:
            self._epoch = epoch
            self._runs.clear()

    def resolve(self, snapshot: Snapshot) -> Look:
        """The pixels that are looked at."""
        planes, look, spp = snapshot.planes, self._look, _spp(snapshot)
        own = planes.weight.reshape(-1)[look]
        groups = len(planes.pixel)
        with np.errstate(invalid="ignore", over="ignore"):
            radiance: Block = planes.pixel.reshape(groups, -1, 3)[:, look].sum(axis=0) * inverse_weight(own)[:, None]
            if planes.screen is not None:
                screen = planes.screen.reshape(groups, -1, 3)[:, look].sum(axis=0)
                radiance += screen * np.float32(screen_scale(snapshot))
        weight = np.full_like(own, spp) if planes.screen is not None else np.array(own)
        weight[~(np.isfinite(weight) & np.isfinite(radiance).all(axis=1))] = 0
        clean(radiance, BRIGHTEST)
        return Look(spp, weight, radiance)


def estimate(snapshots: Iterable[Snapshot]) -> Estimate | None:
    """Of films at hand, one or several of each run, for all their pixels. The films must have one layout."""
    noise: Noise | None = None
    for snapshot in snapshots:
        noise = noise or Noise(snapshot.layout, None)
        noise.add(snapshot)
    return None if noise is None else noise.estimate()


def _grown(run: _Run, number: int, now: Look) -> _Run:
    """With what came since; pixels that got nothing new keep their spread."""
    past = run.past
    if not past or run.now.spp >= APART * past[-1].spp:
        past = (*past, run.now)
    while len(past) > 1 and past[1].spp <= now.spp / 2:
        past = past[1:]
    more = now.weight > run.now.weight
    return _Run(number, now, past, run.squares + _change(run.now, now), run.parts + (more & (run.now.weight > 0)))


def _change(before: Look, now: Look) -> Block:
    """The variance of one sample, if what came between is independent of what was before; 0 where nothing did."""
    new = (now.weight > before.weight) & (before.weight > 0)
    step = np.zeros_like(now.weight)
    step[new] = 1 / (1 / before.weight[new] - 1 / now.weight[new])
    result: Block = step[:, None] * np.square(now.radiance - before.radiance)
    return result


def _since_half(run: _Run) -> Block:
    return _change(min(run.past, key=lambda look: abs(2 * look.spp - run.now.spp)), run.now)


def _sum(parts: Iterable[Block]) -> Block:
    return np.asarray(sum(parts), np.float32)


def _ratio(of: Block, to: Block, radiance: Block) -> float:
    """Of two variances over the picture, each pixel's relative to its brightness: else a few bright ones decide."""
    relative = 1 / np.square(radiance.astype(np.float64) + (float(radiance.mean(dtype=np.float64)) or 1.0))
    below = float((to * relative).sum())
    return float((of * relative).sum()) / below if below > 0 else 1.0


def _spp(snapshot: Snapshot) -> float:
    """Samples per pixel, from the camera or from the lights where nothing comes from the camera."""
    return (snapshot.samples or snapshot.screen_samples) / (snapshot.layout.width * snapshot.layout.height)


def _stride(layout: FilmLayout, pixels: int | None) -> int:
    """How far it is from one pixel that is looked at to the next, so that all columns have their turn."""
    count = layout.width * layout.height
    stride = 1 if pixels is None else max(1, -(-count // pixels))
    while gcd(stride, layout.width) > 1:
        stride += 1
    return stride
