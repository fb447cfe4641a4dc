"""When the shutter is open, and how its samples lie in that time.

The engine spreads its samples evenly. Where classic Lux would not, everything that moves is moved in another rhythm
instead: at each moment of the engine it is where it was meant to be at the moment of classic Lux.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from lrnap.engine.luxcore.draft import Draft, Inputs
from lrnap.lux.description import Transform
from lrnap.lux.placing import at_time

STEPS = 32  # in which a movement in another rhythm is cut; the engine interpolates between
SIGMAS = 2.0  # standard deviations of the gaussian shutter from its middle to its ends
_GRID = np.linspace(-SIGMAS, SIGMAS, 4001)


def _cumulated() -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Share of the samples before each point of the grid: a bell, whose cut-off ends were added to its middle."""
    bell = np.exp(-0.5 * _GRID**2)
    tail = 0.5 * math.erfc(SIGMAS / math.sqrt(2))
    middle = _GRID[np.searchsorted(np.cumsum(bell) / bell.sum(), 0.5 + tail)]
    density = bell * np.where(np.abs(_GRID) <= middle, 2.0, 1.0)
    cumulated = np.concatenate([[0.0], np.cumsum((density[1:] + density[:-1]) / 2)])
    return np.asarray(cumulated / cumulated[-1], np.float64)


_CUMULATED = _cumulated()


@dataclass(frozen=True, slots=True)
class Shutter:
    opens: float
    closes: float
    gaussian: bool

    @staticmethod
    def of(draft: Draft) -> Shutter:
        """That of the scene's camera."""
        p = Inputs(draft, draft.description.camera).params
        return Shutter(
            p.float("shutteropen", 0.0),
            p.float("shutterclose", 1.0),
            p.string("shutterdistribution", "uniform") == "gaussian",
        )

    def time(self, share: float) -> float:
        """The time before which that share of the samples lies."""
        if self.gaussian:
            share = float(np.interp(share, _CUMULATED, _GRID)) / (2 * SIGMAS) + 0.5
        return self.opens + share * (self.closes - self.opens)

    def engine(self, place: Transform) -> Transform:
        """A placement as the engine is to be told, whose samples are spread evenly."""
        if not (self.gaussian and place.moving and self.closes > self.opens):
            return place
        shares = np.linspace(0.0, 1.0, STEPS + 1).tolist()
        times = tuple(self.opens + share * (self.closes - self.opens) for share in shares)
        return Transform(tuple(at_time(place, self.time(share)) for share in shares), times)
