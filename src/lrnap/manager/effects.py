"""What the manager does to the world: the only output of `core.Core`, to be performed once the step is stored.

Each may be performed late, twice, or not at all (the manager was killed): the core finds out from what nodes say when
they are claimed again, so effects need no store of their own.
"""

from __future__ import annotations

from dataclasses import dataclass

from lrnap.engine.protocol import Halt


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim(Effect):
    """Connect to the node and take the lease of this generation, instead of any older one; keep trying. `take`: even
    from another manager that is there; else that one keeps it."""

    node: int
    url: str
    generation: int
    take: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Release(Effect):
    """Give the lease back and disconnect; stop trying."""

    node: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEffect(Effect):
    node: int
    generation: int
    run: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StartRun(RunEffect):
    """Render a frame. `halt` is the job's: the run may end by it, and the manager ends it before if others help."""

    job: int
    frame: int
    seed: int
    epoch: int
    scene: str
    changes: str
    threads: int
    halt: Halt


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowRun(RunEffect):
    """The node has this run already: follow it and fetch its films, as if it had been started now."""

    job: int
    frame: int
    seed: int
    epoch: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseRun(RunEffect):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeRun(RunEffect):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class StopRun(RunEffect):
    """End it, fetch its last film, then say `RunEnded`. While it is still building there is no film to wait for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DropRun(RunEffect):
    """Forget it on the node; its film is not wanted, or is here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetThreads(RunEffect):
    threads: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SetHalt(RunEffect):
    halt: Halt


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgetFilm(Effect):
    """The films of a job are gone, in files and in memory; those of epochs before `epoch` only, if it is not None."""

    job: int
    key: str
    epoch: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunsOver(Effect):
    """Runs of a frame have ended for good and hold what they have sent: their films may become one while it goes on."""

    key: str
    frame: int
    epoch: int
    runs: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameOver(Effect):
    """A frame has come to its end: write its picture, fold its films."""

    job: int
    frame: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Tell(Effect):
    """Something that subscribers and logs should know: a row of the history."""

    kind: str  # job, frame, run, node
    subject: str
    job: int
    step: str
    state: str
    reason: str
