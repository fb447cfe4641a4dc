"""When the film of a run is fetched again: so often that its picture is never old, so seldom that its node renders.

    soon     the first film as soon as there is one, the next ones ever more seldom, as noise falls (engine/pace.py)
    fresh    from the moment of a film to that at which the next one counts, no more than FRESH seconds
    seldom   a node spends no more than a tenth of its time on sending, and this goes before the others

A film is of the moment at which its node was asked for it. What it then takes until it counts, sending and what the
manager does with it, is expected to be as it was last time.
Rules for this file: seconds in, seconds out; no clock, no asyncio.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from lrnap.engine.pace import TRANSFER_SHARE
from lrnap.engine.pace import pause as wanted

FRESH = 5.0  # seconds, the most that a picture is behind its nodes
HEARD = 0.5  # seconds until it is heard that there is something new, and until what counts is seen


@dataclass(slots=True)
class Cadence:
    """Of one run. `sending`: seconds that its node took for the last film; `waiting`, `keeping`: those that the film
    waited for its turn before, and took to count after. `ended`: when the node was done with it."""

    sending: float = 0.0
    waiting: float = 0.0
    keeping: float = 0.0
    ended: float = -math.inf

    def took(self, asked: float, began: float, sent: float, counted: float) -> None:
        """A film was wanted, its turn came, its last byte came, it counted: the moments of these."""
        self.waiting, self.sending, self.keeping, self.ended = began - asked, sent - began, counted - sent, sent

    def next(self, rendered: float) -> float:
        """The moment at which the next film is wanted of a run that has rendered for so many seconds."""
        began = self.ended - self.sending
        fresh = began + FRESH - HEARD - self.waiting - self.sending - self.keeping
        return max(min(self.ended + wanted(rendered, 0.0), fresh), self.rested)

    @property
    def rested(self) -> float:
        """The moment from which on its node may be asked again, whoever wants it."""
        return self.ended + self.sending * (1 / TRANSFER_SHARE - 1)
