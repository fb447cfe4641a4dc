"""What can happen to the manager: the only input of `core.Core`. Values; no behaviour.

Events of nodes carry the generation of the lease under which they came; those of an older one are ignored. All may
come twice, late or out of order. `Counted` and `RunEnded` come in this order for a run: an end says that no more film
of it will come.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from lrnap.engine.protocol import Halt
from lrnap.engine.protocol import RunState as Reported
from lrnap.manager.nodes import NodeStep


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    pass


# --- from people and programs


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted(Event):
    """`by`: who wants it, `ana@10.0.0.7`. The office fills it in, with whoever is acting."""

    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameSpec:
    number: int = 1
    scene: str = ""
    changes: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Submit(Wanted):
    """A new job. With a token that a job of this owner has, nothing happens: it is the same submission again."""

    name: str
    owner: str = ""
    scene: str = ""
    assets: Mapping[str, str] | None = None
    frames: tuple[FrameSpec, ...] = (FrameSpec(),)
    priority: int = 0
    after: tuple[int, ...] = ()
    nodes_min: int = 1
    nodes_max: int = 0
    tags: tuple[str, ...] = ()
    halt: Halt = field(default_factory=Halt)
    output: str = ""
    develop: Mapping[str, object] | None = None
    token: str = ""
    epoch: int = 0  # of the film, if the scene was edited before
    render: bool = True  # False: it is READY, and waits for Render


@dataclass(frozen=True, slots=True, kw_only=True)
class JobEvent(Wanted):
    job: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Render(JobEvent):
    """Start a READY job, or add to the film of one that is over. `halt`: instead of the job's, for what is added."""

    halt: Halt | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause(JobEvent):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Resume(JobEvent):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop(JobEvent):
    """Its film stays."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry(JobEvent):
    """Failed and stopped frames, or those of them, go on to the same goal; failures of nodes on the job are forgotten.
    With `frames` also while others are being rendered."""

    frames: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Remove(JobEvent):
    """Job, film and history of it are gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change(JobEvent):
    """Other values of a job; None: as before."""

    priority: int | None = None
    halt: Halt | None = None
    nodes_min: int | None = None
    nodes_max: int | None = None
    tags: tuple[str, ...] | None = None
    after: tuple[int, ...] | None = None
    output: str | None = None
    develop: Mapping[str, object] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit(JobEvent):
    """Another scene: a new epoch. What was rendered before does not count any more."""

    scene: str
    assets: Mapping[str, str] | None = None
    epoch: int | None = None  # None: the next


@dataclass(frozen=True, slots=True, kw_only=True)
class AddNode(Wanted):
    """A node that may be used; known already: as it was, with tags and threads if they are given. `joined`: the token
    of the machine that brings it."""

    url: str
    tags: tuple[str, ...] | None = None
    threads: int | None = None
    joined: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeNode(Wanted):
    """`step`: ENABLE, DISABLE, DRAIN or FORGIVE."""

    node: int
    step: NodeStep | None = None
    tags: tuple[str, ...] | None = None
    threads: int | None = None
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveNode(Wanted):
    node: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted(Wanted):
    """A token was made: `name` has `role` from now on; without a role, it was revoked, and so are the nodes that came
    with it."""

    name: str
    role: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeEvent(Event):
    node: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Yield(NodeEvent):
    """Courtesy: the machine's user is active (`on`), or no longer. Its run is paused, not ended."""

    on: bool
    why: str = "its machine is in use"


# --- from nodes


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldRun:
    """A run of ours that a node has when it is claimed; whose it is says its name."""

    name: str
    state: Reported
    samples: float = 0.0
    spp: float = 0.0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeHere(NodeEvent):
    """A claim succeeded, and this is what the node has. `foreign`: the name of a job that is none of ours."""

    generation: int
    cores: int = 0
    runs: tuple[HeldRun, ...] = ()
    foreign: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeHeard(NodeEvent):
    """It said something, or answered a ping. `foreign`: as in NodeHere; None: as before."""

    generation: int
    foreign: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeGone(NodeEvent):
    """The connection broke, or could not be made."""

    generation: int
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeAway(NodeEvent):
    """It cannot be reached, for another reason than before."""

    generation: int
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeFenced(NodeEvent):
    """A claim or an order was refused, because the node knows a newer lease. `ours`: of this very manager, whose store
    is of yesterday."""

    generation: int
    newest: int
    ours: bool = False
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeFree(NodeEvent):
    """Nobody has held a node for a while that was fenced. `generation`: above those that it knows; `by`: who had it."""

    generation: int
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEvent(Event):
    run: str
    generation: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReport(RunEvent):
    """What a run that is not over says of itself."""

    state: Reported
    samples: float = 0.0
    spp: float = 0.0
    seconds: float = 0.0
    rate: float = 0.0
    threads: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RunWaits(RunEvent):
    """The manager cannot keep a film of it now, or its last film is still on its way. If it has ended on its node, that
    has its last film meanwhile."""

    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted(Event):
    """A snapshot of a run is on the manager's disk, merged or to be merged. Of any age, from anywhere: newest wins."""

    run: str
    number: int
    samples: float
    spp: float
    seconds: float
    epoch: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FilmLost(Event):
    """The film of a run that counts is not on the manager's disk any more: its samples have to be rendered again."""

    run: str
    why: str = "its film is not on the disk"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEnded(RunEvent):
    """No more samples and no more film of the run will come. `state`: DONE, STOPPED or FAILED."""

    state: Reported
    code: str = ""
    error: str = ""
    blames_scene: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged(Event):
    """The noise of the merged film of a frame."""

    job: int
    frame: int
    noise: float
    epoch: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick(Event):
    """Time passed; comes about every second, whatever else happens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Started(Event):
    """The manager has just been started on its store: all nodes are claimed anew, and asked what they have."""
