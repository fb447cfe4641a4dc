"""Jobs: their row, their states, and what can happen to them.

    READY -> QUEUED <-> RENDERING -> DONE | ERROR        PAUSED and STOPPED from any of the first three
    DONE, STOPPED, ERROR -> QUEUED                       RENDER adds to the film, RETRY goes on to the same goal

A job's film is the sum over its runs, frame by frame (`frames.py`, `runs.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from lrnap.engine.protocol import Halt
from lrnap.manager.transitions import Table


class JobState(Enum):
    READY = "READY"  # described, and waits for API_Render
    QUEUED = "QUEUED"  # is to be rendered, and no node renders it
    RENDERING = "RENDERING"  # at least one node has a run of it
    PAUSED = "PAUSED"
    STOPPED = "STOPPED"
    DONE = "DONE"
    ERROR = "ERROR"


class JobStep(Enum):
    RENDER = "render"
    BEGIN = "begin"
    WAIT = "wait"
    PAUSE = "pause"
    RESUME = "resume"
    STOP = "stop"
    FINISH = "finish"
    FAIL = "fail"
    RETRY = "retry"
    EDIT = "edit"


_S, _T = JobState, JobStep
ACTIVE = frozenset({_S.QUEUED, _S.RENDERING, _S.PAUSED})  # has something to render
OVER = frozenset({_S.STOPPED, _S.DONE, _S.ERROR})

TABLE: Table[JobState, JobStep] = Table(
    {
        (_S.READY, _T.RENDER): _S.QUEUED,
        (_S.READY, _T.STOP): _S.STOPPED,
        (_S.READY, _T.EDIT): _S.READY,
        (_S.QUEUED, _T.BEGIN): _S.RENDERING,
        (_S.RENDERING, _T.BEGIN): _S.RENDERING,
        (_S.RENDERING, _T.WAIT): _S.QUEUED,
        (_S.QUEUED, _T.WAIT): _S.QUEUED,
        (_S.PAUSED, _T.WAIT): _S.PAUSED,
        **{(state, _T.PAUSE): _S.PAUSED for state in ACTIVE},
        (_S.PAUSED, _T.RESUME): _S.QUEUED,
        (_S.QUEUED, _T.RESUME): _S.QUEUED,
        (_S.RENDERING, _T.RESUME): _S.RENDERING,
        **{(state, _T.STOP): _S.STOPPED for state in ACTIVE},
        **{(state, _T.STOP): state for state in (_S.STOPPED, _S.DONE)},
        **{(state, _T.FINISH): _S.DONE for state in ACTIVE},
        **{(state, _T.FAIL): _S.ERROR for state in ACTIVE},
        **{(state, step): _S.QUEUED for state in OVER for step in (_T.RENDER, _T.RETRY, _T.EDIT)},
        **{(state, _T.EDIT): state for state in ACTIVE},
    },
    {
        _S.READY: "start it with API_Render",
        _S.QUEUED: "it waits for a node; stop it first",
        _S.RENDERING: "stop it first",
        _S.PAUSED: "resume it or stop it first",
        _S.STOPPED: "retry goes on with it, API_Render adds to its film",
        _S.DONE: "API_Render adds to its film",
        _S.ERROR: "retry tries again, remove forgets it",
    },
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A row of the table of jobs. `id` grows with every job and is its place in the queue."""

    id: int
    key: str  # of random digits: names its runs and its folder of films, never used again even if `id` is
    name: str
    owner: str = ""
    state: JobState = JobState.READY
    priority: int = 0  # more is sooner
    after: tuple[int, ...] = ()  # jobs that must be DONE before
    nodes_min: int = 1
    nodes_max: int = 0  # 0: no bound
    tags: tuple[str, ...] = ()  # a node must have all of them
    spp: float | None = None  # the halt conditions, of the merged film of each frame
    seconds: float | None = None
    noise: float | None = None
    scene: str = ""  # SHA-256 of the scene that all frames share; a frame may have its own
    assets: Mapping[str, str] | None = None  # file name as the scene spells it -> SHA-256
    output: str = ""  # pattern of the pictures' names
    develop: Mapping[str, object] | None = None  # Film parameters that were set for it
    epoch: int = 0  # grows with every edit; films of older epochs no longer count
    token: str = ""  # what the client calls its submission, so that asking twice makes one job
    submitted: float = 0.0  # seconds since 1970, by the wall clock: for people only
    ended: float | None = None
    failures: int = 0  # runs of it that failed, since the last sample that was counted
    code: str = ""  # of the error, where the state is ERROR
    error: str = ""

    @property
    def halt(self) -> Halt:
        return Halt(self.spp, self.seconds, self.noise)

    @property
    def who(self) -> str:
        return f'job "{self.name}"'
