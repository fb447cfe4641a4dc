"""Why is it waiting: one sentence for every job and frame that is not rendering. Pure; made of what the core knows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from lrnap.manager.core import Core
from lrnap.manager.frames import FrameState
from lrnap.manager.jobs import Job, JobState
from lrnap.manager.nodes import Node, Presence, Standing

_PRESENCE: Mapping[Presence, str] = {
    Presence.CLAIMING: "being connected to",
    Presence.LOST: "not answering",
    Presence.FENCED: "taken by another manager",
}
NOT_STARTED = "nobody has started it yet: API_Render does, or lrnap job ... render"
_OTHER_AFTER = "change what it comes after (lrnap job ... change --after)"
_STANDING: Mapping[Standing, str] = {
    Standing.DRAINING: "draining",
    Standing.DISABLED: "disabled",
    Standing.ASIDE: "set aside after failures",
}

_READY = "ready"


def why_job(core: Core, job: Job) -> str:
    """Empty for a job that renders or is over."""
    if job.state in (JobState.RENDERING, JobState.DONE, JobState.STOPPED, JobState.ERROR):
        return ""
    return next(sentence for reason in _REASONS if (sentence := reason(core, job)))


def why_frame(core: Core, job: Job, number: int) -> str:
    """Empty for a frame that renders or is over."""
    world = core.world
    frame = world.frames[job.id, number]
    if frame.state is not FrameState.WAITING:
        return ""
    if job.state is not JobState.RENDERING:
        return why_job(core, job)
    rendering = len(world.live.get(job.id, ()))
    if job.nodes_max and rendering >= job.nodes_max:
        most = "the one node" if job.nodes_max == 1 else f"the {job.nodes_max} nodes"
        return f"its job has {most} that it may have at most, for other frames"
    words = f"; its last run failed: {frame.error}" if frame.failures and frame.error else ""
    who = (
        "the node of its job renders another frame"
        if rendering == 1
        else f"the {rendering} nodes of its job render other frames"
    )
    return f"{who}{words}"


def _not_started(_: Core, job: Job) -> str:
    return NOT_STARTED if job.state is JobState.READY else ""


def _paused(_: Core, job: Job) -> str:
    return "it is paused: resume it" if job.state is JobState.PAUSED else ""


def _after(core: Core, job: Job) -> str:
    for other in core.world.waits_for(job):
        state = core.world.state_of(other)
        known = core.world.jobs.get(other)
        called = core.world.called.get(other)
        name = known.who if known else f'job "{called}"' if called else f"job #{other}"
        if state is None:
            return f"{name}, which it was to come after, was removed: {_OTHER_AFTER}"
        if state in (JobState.STOPPED, JobState.ERROR):
            return f"{name}, which it comes after, is {state.value}: retry that, or {_OTHER_AFTER}"
        return f"{name}, which it comes after, is {state.value}"
    return ""


def _no_node(core: Core, _: Job) -> str:
    return "" if core.world.nodes else "there is no node: lrnap nodes add, or lrnap up --join on another machine"


def _tags(core: Core, job: Job) -> str:
    what = f"tag{'s' * (len(job.tags) > 1)} {', '.join(job.tags)}"
    return "" if _suitable(core, job).total() else f"no node has the {what}: lrnap nodes tags gives nodes theirs"


def _unusable(core: Core, job: Job) -> str:
    states = _suitable(core, job)
    if states[_READY]:
        return ""
    what = ", ".join(f"{n} {reason}" for reason, n in states.most_common())
    return f"none of the nodes that it could use can render now: {what}"


def _too_few(core: Core, job: Job) -> str:
    there = _suitable(core, job)[_READY]
    return f"it needs {job.nodes_min} nodes at once, and {there} can be used" if there < job.nodes_min else ""


def _being_freed(core: Core, job: Job) -> str:
    return "a node is being freed for it" if core.shares.get(job.id) else ""


def _queued(core: Core, job: Job) -> str:
    there, before = _suitable(core, job)[_READY], core.world.queues.before(job)
    nodes = "the only node that it could use is" if there == 1 else f"the {there} nodes that it could use are"
    turn = "it is next" if not before else f"{before} job{'s come' if before > 1 else ' comes'} before it"
    return f"{nodes} busy, and {turn}"


_REASONS: Sequence[Callable[[Core, Job], str]] = (
    _not_started,
    _paused,
    _after,
    _no_node,
    _tags,
    _unusable,
    _too_few,
    _being_freed,
    _queued,
)


def _suitable(core: Core, job: Job) -> Counter[str]:
    """Nodes with its tags, by what keeps them from rendering it."""
    states = core.memo.get(job.tags)
    if states is None:
        tags = set(job.tags)
        states = core.memo[job.tags] = Counter(_state(n) for n in core.world.nodes.values() if tags <= set(n.tags))
    world, bound = core.world, core.limits.run_failures
    excluded = [n for n in world.excluded.get(job.id, ()) if n in world.nodes and world.failures(job.id, n) >= bound]
    if not excluded:
        return states
    states = states.copy()
    for node in (world.nodes[n] for n in excluded):
        if set(job.tags) <= set(node.tags):
            states[_state(node)] -= 1
            states["excluded after failing on it"] += 1
    return +states


def _state(node: Node) -> str:
    """What keeps a node from rendering."""
    if node.standing in _STANDING:
        return _STANDING[node.standing]
    if node.presence in _PRESENCE:
        return _PRESENCE[node.presence]
    if node.yields:
        return "in use by somebody at the machine"
    return "busy with a job of somebody else" if node.foreign else _READY
