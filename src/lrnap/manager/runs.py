"""Runs: one node rendering one frame with one seed. The unit of film accounting: each counts with its newest snapshot.

    CLAIMED -> BUILDING -> RENDERING <-> PAUSED -> STOPPING -> STOPPED | DONE | FAILED | LOST
    LOST -> RENDERING ...                         when its node comes back, and the frame still wants samples

The row, with its seed, is stored before the node hears of the run. It is never deleted while its job exists, so that no
seed is used twice, in whatever epoch, and however often the manager was started.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from lrnap.engine.protocol import RunState as Reported
from lrnap.manager.transitions import Table


class RunState(Enum):
    CLAIMED = "CLAIMED"  # stored; the node may or may not have heard of it
    BUILDING = "BUILDING"
    RENDERING = "RENDERING"
    PAUSED = "PAUSED"
    STOPPING = "STOPPING"  # told to stop; its last film is awaited
    STOPPED = "STOPPED"
    DONE = "DONE"
    FAILED = "FAILED"
    LOST = "LOST"  # its node is gone or has forgotten it; its newest snapshot stays counted


class RunStep(Enum):
    BUILD = "build"
    RENDER = "render"
    PAUSE = "pause"
    STOP = "stop"
    END = "end"
    FINISH = "finish"
    FAIL = "fail"
    LOSE = "be lost"
    RETURN = "return"


_S, _T = RunState, RunStep
LIVE = frozenset({_S.CLAIMED, _S.BUILDING, _S.RENDERING, _S.PAUSED, _S.STOPPING})  # holds its node
STEADY = LIVE - {_S.STOPPING}  # adds to its frame, or will
OVER = frozenset(RunState) - LIVE

TABLE: Table[RunState, RunStep] = Table(
    {
        (_S.CLAIMED, _T.BUILD): _S.BUILDING,
        (_S.BUILDING, _T.BUILD): _S.BUILDING,
        **{(state, _T.BUILD): state for state in (_S.RENDERING, _S.PAUSED, _S.STOPPING)},
        **{(state, _T.RENDER): _S.RENDERING for state in STEADY},
        (_S.STOPPING, _T.RENDER): _S.STOPPING,
        **{(state, _T.PAUSE): _S.PAUSED for state in STEADY},
        (_S.STOPPING, _T.PAUSE): _S.STOPPING,
        **{(state, _T.STOP): _S.STOPPING for state in LIVE},
        **{(state, _T.END): _S.STOPPED for state in LIVE},
        **{(state, _T.FINISH): _S.DONE for state in LIVE},
        **{(state, _T.FAIL): _S.FAILED for state in LIVE},
        **{(state, _T.LOSE): _S.LOST for state in LIVE},
        (_S.LOST, _T.RETURN): _S.RENDERING,
    },
    dict.fromkeys(RunState, "a run that is over stays so; another one takes its place"),
)

# What a node reports -> the step that it is, as far as the report alone says it. That a run is over is said by the end
# of its films, in `events.RunEnded`.
REPORTS = {Reported.BUILDING: _T.BUILD, Reported.RENDERING: _T.RENDER, Reported.PAUSED: _T.PAUSE}
ENDS = {Reported.DONE: _T.FINISH, Reported.STOPPED: _T.END, Reported.FAILED: _T.FAIL}


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A row of the table of runs. `samples`, `spp`, `seconds` and `number` are those of the newest stored snapshot."""

    name: str
    job: int
    frame: int
    node: int
    generation: int  # of the lease on the node under which it was started or found again
    seed: int
    epoch: int
    round: int = 0
    state: RunState = RunState.CLAIMED
    started: float = 0.0  # wall clock
    ended: float | None = None
    samples: float = 0.0
    spp: float = 0.0
    seconds: float = 0.0
    number: int = -1  # of the newest snapshot; -1: none
    code: str = ""
    error: str = ""
    since: float = field(default=0.0, compare=False)  # when it was started or found again, by the clock of events
    asked: float = field(default=0.0, compare=False)  # when it was told to stop
    live_spp: float = field(default=0.0, compare=False)  # as last reported
    live_samples: float = field(default=0.0, compare=False)
    live_seconds: float = field(default=0.0, compare=False)
    rate: float = field(default=0.0, compare=False)  # samples a second
    threads: int = field(default=0, compare=False)

    @property
    def live(self) -> bool:
        return self.state in LIVE

    @property
    def hoped_spp(self) -> float:
        """Counted, or about to be: what a run that is over has not sent will not come."""
        return max(self.spp, self.live_spp) if self.live else self.spp

    @property
    def hoped_seconds(self) -> float:
        return max(self.seconds, self.live_seconds) if self.live else self.seconds
