"""Nodes: what is known of them. Presence is what the network says, standing is what people and experience say.

    CLAIMING -> HERE -> CLAIMING (connection lost) ...   LOST (silent too long) -> HERE   FENCED (another has it)
    ENABLED <-> DISABLED, DRAINING                       ENABLED -> ASIDE (failed on several jobs) -> ENABLED (forgiven)

Each claim of a node has a generation of its own, stored before the node hears of it. Whatever arrives under an older
one is of the past, and is ignored: here by the core, on the node by its lease.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from lrnap.manager.transitions import Table


class Presence(Enum):
    CLAIMING = "CLAIMING"  # being connected to
    HERE = "HERE"
    LOST = "LOST"  # silent for too long; still being connected to
    FENCED = "FENCED"  # another manager has it


class NodeStep(Enum):
    CLAIM = "be claimed"
    ARRIVE = "arrive"
    LOSE = "be lost"
    FENCE = "be fenced"
    ENABLE = "be enabled"
    DISABLE = "be disabled"
    DRAIN = "be drained"
    SET_ASIDE = "be set aside"
    FORGIVE = "be forgiven"


class Standing(Enum):
    ENABLED = "ENABLED"
    DRAINING = "DRAINING"  # finishes what it renders, begins nothing
    DISABLED = "DISABLED"
    ASIDE = "ASIDE"  # failed on several jobs; `lrnap nodes forgive` brings it back


_P, _S, _T = Presence, Standing, NodeStep

PRESENCE: Table[Presence, NodeStep] = Table(
    {
        **{(state, _T.CLAIM): _P.CLAIMING for state in (_P.CLAIMING, _P.HERE, _P.FENCED)},
        (_P.LOST, _T.CLAIM): _P.LOST,
        **{(state, _T.ARRIVE): _P.HERE for state in (_P.CLAIMING, _P.HERE, _P.LOST)},
        **{(state, _T.LOSE): _P.LOST for state in (_P.CLAIMING, _P.HERE, _P.LOST)},
        **{(state, _T.FENCE): _P.FENCED for state in Presence},
    },
    {
        _P.CLAIMING: "wait until it answers",
        _P.HERE: "it is connected",
        _P.LOST: "wait until it answers",
        _P.FENCED: "enable it to take it back from the other manager",
    },
)

STANDING: Table[Standing, NodeStep] = Table(
    {
        **{(state, _T.ENABLE): _S.ENABLED for state in (_S.ENABLED, _S.DRAINING, _S.DISABLED)},
        **{(state, _T.DISABLE): _S.DISABLED for state in Standing},
        **{(state, _T.DRAIN): _S.DRAINING for state in (_S.ENABLED, _S.DRAINING)},
        **{(state, _T.SET_ASIDE): _S.ASIDE for state in (_S.ENABLED, _S.DRAINING, _S.ASIDE)},
        (_S.DISABLED, _T.SET_ASIDE): _S.DISABLED,
        **{(state, _T.FORGIVE): state for state in (_S.ENABLED, _S.DRAINING, _S.DISABLED)},
        (_S.ASIDE, _T.FORGIVE): _S.ENABLED,
    },
    {
        _S.ENABLED: "it takes part already",
        _S.DRAINING: "enable it first",
        _S.DISABLED: "enable it first",
        _S.ASIDE: "forgive it first, once you know why its runs failed",
    },
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A row of the table of nodes."""

    id: int
    url: str
    standing: Standing = Standing.ENABLED
    tags: tuple[str, ...] = ()
    threads: int = 0  # for the runs to come; 0: all its cores
    generation: int = 0  # of its newest claim
    strikes: tuple[int, ...] = ()  # jobs on which its runs failed, since one succeeded
    note: str = ""  # why it stands as it does
    joined: str = ""  # the token of the machine that brought it; empty: an admin added it
    presence: Presence = field(default=Presence.CLAIMING, compare=False)
    trouble: str = field(default="", compare=False)  # why it is not HERE, as far as that is known
    since: float = field(default=0.0, compare=False)  # when its presence changed, by the clock for people
    arrived: int = field(default=0, compare=False)  # the generation under which it last said what it has
    heard: float = field(default=0.0, compare=False)  # when it last answered, by the clock of events
    yields: bool = field(default=False, compare=False)  # its machine's user is active
    foreign: str = field(default="", compare=False)  # a job that somebody else renders there
    cores: int = field(default=0, compare=False)
    last_job: int = field(default=0, compare=False)  # whose scene it may still have in memory

    @property
    def who(self) -> str:
        return f"node {self.url}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusion:
    """How often a node failed on a job; a row of its own table, forgotten with the job or when it is retried."""

    job: int
    node: int
    failures: int = 0
