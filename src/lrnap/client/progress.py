"""What a job on several engines tells of itself at one moment."""

from __future__ import annotations

from dataclasses import dataclass

from lrnap.engine.protocol import Halt, RunState, RunStatus


@dataclass(frozen=True, slots=True)
class MemberStatus:
    """One engine's part in a job. `problem` says why it cannot be used, or could not any longer; else it is empty.
    The samples in `status` add up to those of the job: once a run is over, they are those that its film brought."""

    engine: str
    run: str
    seed: int
    status: RunStatus
    problem: str = ""
    removed: bool = False
    heard: float = 0.0  # when it last said something, and when its last film came, by time.monotonic
    fetched: float = 0.0


@dataclass(frozen=True, slots=True)
class Progress:
    """A job at one moment. `spp` and `samples` count all engines, as their last reports say."""

    state: RunState
    spp: float
    samples: float
    samples_per_second: float
    seconds: float  # of rendering, by the engine that has rendered longest
    halt: Halt
    members: tuple[MemberStatus, ...]
    film: int  # a number that grows with the merged film; 0: no film yet
    noise: float | None = None  # of the merged film, see `film.noise`; None while nothing can be said of it

    @property
    def fraction(self) -> float | None:
        """How much of the halt condition is reached, from 0 to 1; None without one."""
        parts = []
        if self.halt.spp:
            parts.append(self.spp / self.halt.spp)
        if self.halt.seconds:
            parts.append(self.seconds / self.halt.seconds)
        if self.halt.noise and self.noise is not None:
            parts.append((self.halt.noise / self.noise) ** 2 if self.noise > 0 else 1.0)  # as samples count
        return min(1.0, max(parts)) if parts else None
