"""Who steers a node: at most one manager, by the claim with the highest generation. Pure.

    claimed by (manager, generation), held by the connections that made that claim, while anything comes on them
    a claim of a higher generation takes over; an equal one of the same manager joins; an older one is refused
    once nobody holds it, others may steer, and another manager may claim; older ones of the same stay refused

So a manager that comes back late cannot own a node twice, and one that is gone locks nobody out.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from lrnap.errors import Code, LrnapError

SILENCE = 60.0  # seconds; a manager asks every 3 s at least, and may have to be started again


@dataclass(frozen=True, slots=True)
class Claim:
    manager: str
    generation: int

    def __str__(self) -> str:
        return f"manager {self.manager} (generation {self.generation})"


@dataclass(slots=True)
class Lease:
    """Of one server. A holder is whatever stands for a connection. One that hangs keeps its sockets, so whoever says
    nothing for `silence` seconds holds nothing, until it speaks again."""

    clock: Callable[[], float] = time.monotonic
    silence: float = SILENCE
    claim: Claim | None = None
    _heard: float = 0.0  # when the manager of the present claim last said anything
    _claims: dict[object, Claim] = field(default_factory=dict)  # by holder; also claims that others have ended

    def take(self, holder: object, claim: Claim) -> None:
        """Raises LrnapError (FENCED) if a newer claim is known, and changes nothing."""
        known = self.claim
        newer = known is None or claim == known or claim.generation > known.generation
        if known is not None and not newer and (self.held or claim.manager == known.manager):
            raise LrnapError(Code.FENCED, f"{claim} comes too late: this server belongs to {known}")
        self.claim = claim
        self._claims[holder] = claim
        self.hear(holder)

    def hear(self, holder: object) -> None:
        """Something came on that connection."""
        if self.claim is not None and self._claims.get(holder) == self.claim:
            self._heard = self.clock()

    def release(self, holder: object) -> None:
        """The claim of a holder is over, and forgotten if it is the present one. Raises LrnapError (FENCED, STATE)."""
        mine = self._claims.get(holder)
        if mine is None:
            raise LrnapError(Code.STATE, "this connection has claimed nothing")
        self.check(holder)
        self._claims = {who: claim for who, claim in self._claims.items() if claim != mine}
        self.claim = None

    def gone(self, holder: object) -> None:
        """Its connection is over. The claim is still known, so that older ones stay refused."""
        self._claims.pop(holder, None)

    @property
    def held(self) -> bool:
        """Whether a connection of the present claim is there, and its manager not silent."""
        if self.claim is None or self.claim not in self._claims.values():
            return False
        return self.clock() - self._heard <= self.silence

    def check(self, holder: object) -> None:
        """Raises LrnapError (FENCED) unless the holder may give orders now."""
        mine = self._claims.get(holder)
        if mine == self.claim:
            return
        if mine is not None:
            raise LrnapError(Code.FENCED, f"{self.claim or 'somebody'} has taken over from {mine}")
        if self.held:
            raise LrnapError(
                Code.FENCED, f"this server belongs to {self.claim}, which gives the orders here; you may look"
            )
