"""Why is it waiting: one sentence for every job and frame that is not rendering. Pure; made of what the core knows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from lrnap.manager.core import Core
from lrnap.manager.frames import FrameState
from lrnap.manager.jobs import Job, JobState
from lrnap.manager.nodes import Node, Presence, Standing
from lrnap.manager.turn import usable
from lrnap.manager.world import World

_PRESENCE: Mapping[Presence, str] = {
    Presence.CLAIMING: "being connected to",
    Presence.LOST: "not answering",
    Presence.FENCED: "taken by another manager",
}
_STANDING: Mapping[Standing, str] = {
    Standing.DRAINING: "draining",
    Standing.DISABLED: "disabled",
    Standing.ASIDE: "set aside after failures",
}


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
    if job.nodes_max and world.live.get(job.id, 0) >= job.nodes_max:
        return f"its job has the {job.nodes_max} nodes that it may have at most, and they render other frames"
    words = f"; its last run failed: {frame.error}" if frame.failures and frame.error else ""
    return f"the {world.live.get(job.id, 0)} nodes of its job render other frames{words}"


def _not_started(_: Core, job: Job) -> str:
    return "nobody has started it yet: API_Render does" if job.state is JobState.READY else ""


def _paused(_: Core, job: Job) -> str:
    return "it is paused: resume it" if job.state is JobState.PAUSED else ""


def _after(core: Core, job: Job) -> str:
    for other in core.world.waits_for(job):
        state = core.world.state_of(other)
        known = core.world.jobs.get(other)
        name = known.who if known else f"job {other}"
        if state is None:
            return f"{name}, which it was to come after, was removed: change what it comes after"
        if state in (JobState.STOPPED, JobState.ERROR):
            return f"{name}, which it comes after, is {state.value}: retry that, or change what it comes after"
        return f"{name}, which it comes after, is {state.value}"
    return ""


def _no_node(core: Core, _: Job) -> str:
    return "" if core.world.nodes else "there is no node: lrnap nodes add, or lrnap up --join on another machine"


def _tags(core: Core, job: Job) -> str:
    if any(set(job.tags) <= set(node.tags) for node in core.world.nodes.values()):
        return ""
    return f"no node has the tags {', '.join(job.tags)}"


def _unusable(core: Core, job: Job) -> str:
    suitable = _suitable(core, job)
    if any(usable(node) for node in suitable):
        return ""
    reasons = Counter(_state(node) for node in suitable)
    excluded = _count(core.world, job) - len(suitable)
    if excluded:
        reasons["excluded after failing on it"] += excluded
    what = ", ".join(f"{n} {reason}" for reason, n in reasons.most_common())
    return f"none of the nodes that it could use can render now: {what}"


def _too_few(core: Core, job: Job) -> str:
    there = sum(usable(node) for node in _suitable(core, job))
    return f"it needs {job.nodes_min} nodes at once, and {there} can be used" if there < job.nodes_min else ""


def _being_freed(core: Core, job: Job) -> str:
    return "a node is being freed for it" if core.shares.get(job.id) else ""


def _queued(core: Core, job: Job) -> str:
    there = sum(usable(node) for node in _suitable(core, job))
    before = sum(
        (-other.priority, other.id) < (-job.priority, job.id)
        for other in core.world.jobs.values()
        if other.state in (JobState.QUEUED, JobState.RENDERING)
    )
    return f"the {there} nodes that it could use are busy, and {before} jobs come before it"


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


def _suitable(core: Core, job: Job) -> list[Node]:
    """Nodes with its tags that it is not excluded from."""
    world, bound = core.world, core.limits.run_failures
    nodes = [node for node in world.nodes.values() if set(job.tags) <= set(node.tags)]
    return [node for node in nodes if world.failures(job.id, node.id) < bound]


def _count(world: World, job: Job) -> int:
    return sum(set(job.tags) <= set(node.tags) for node in world.nodes.values())


def _state(node: Node) -> str:
    """What keeps a node from rendering."""
    if node.standing in _STANDING:
        return _STANDING[node.standing]
    if node.presence in _PRESENCE:
        return _PRESENCE[node.presence]
    if node.yields:
        return "in use by somebody at the machine"
    return "busy with a job of somebody else" if node.foreign else "ready"
