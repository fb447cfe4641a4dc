"""Frames: the pictures of a job, 1 or many. A frame is done when its merged film has what the job's halt asks for.

WAITING <-> RENDERING -> DONE | FAILED        STOPPED from either of the first two
DONE, STOPPED, FAILED -> WAITING              when its job is rendered again, retried or edited
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from lrnap.manager.transitions import Table


class FrameState(Enum):
    WAITING = "WAITING"
    RENDERING = "RENDERING"
    DONE = "DONE"
    STOPPED = "STOPPED"
    FAILED = "FAILED"


class FrameStep(Enum):
    BEGIN = "begin"
    WAIT = "wait"
    FINISH = "finish"
    FAIL = "fail"
    STOP = "stop"
    AGAIN = "be rendered again"


_S, _T = FrameState, FrameStep
FINISHED = frozenset({_S.DONE, _S.FAILED})  # has its picture, and one film
OPEN = frozenset({_S.WAITING, _S.RENDERING})
OVER = frozenset({_S.DONE, _S.STOPPED, _S.FAILED})

TABLE: Table[FrameState, FrameStep] = Table(
    {
        (_S.WAITING, _T.BEGIN): _S.RENDERING,
        (_S.RENDERING, _T.BEGIN): _S.RENDERING,
        (_S.RENDERING, _T.WAIT): _S.WAITING,
        (_S.WAITING, _T.WAIT): _S.WAITING,
        **{(state, _T.FINISH): _S.DONE for state in OPEN},
        **{(state, _T.FAIL): _S.FAILED for state in OPEN},
        **{(state, _T.STOP): _S.STOPPED for state in OPEN},
        **{(state, _T.AGAIN): _S.WAITING for state in FrameState},
    },
    {
        _S.WAITING: "it waits for a node",
        _S.RENDERING: "it is being rendered",
        _S.DONE: "render its job again",
        _S.STOPPED: "retry its job",
        _S.FAILED: "retry its job",
    },
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """A row of the table of frames. `round` grows when a job is rendered again: its halt conditions hold for what the
    runs of that round add."""

    job: int
    number: int
    state: FrameState = FrameState.WAITING
    scene: str = ""  # SHA-256 of the frame's own scene; empty: the job's
    changes: str = ""  # SHA-256 of the calls that change the job's scene into this frame's; empty: none
    round: int = 0
    noise: float | None = None  # of the merged film, as last judged
    failures: int = 0  # runs of it that failed, since the last sample that was counted
    refusals: int = 0  # those among them that blame the scene
    code: str = ""
    error: str = ""

    @property
    def key(self) -> tuple[int, int]:
        return (self.job, self.number)
