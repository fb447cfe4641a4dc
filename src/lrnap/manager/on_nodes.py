"""What becomes of nodes: those that people add and steer, that arrive, fall silent, and are taken by others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from lrnap.errors import Code, LrnapError
from lrnap.manager import effects, events, frames, jobs, runs
from lrnap.manager.nodes import Node, NodeStep, Presence, Standing
from lrnap.manager.runs import Run, RunState, RunStep
from lrnap.manager.turn import Turn, said
from lrnap.manager.world import World

_CHANGES = {NodeStep.ENABLE, NodeStep.DISABLE, NodeStep.DRAIN, NodeStep.FORGIVE}


def started(turn: Turn, event: events.Started) -> None:  # noqa: ARG001
    for node in [*turn.world.nodes.values()]:
        turn.world.put(replace(node, presence=Presence.CLAIMING, heard=turn.now, yields=False))
        turn.claim(turn.world.nodes[node.id], "the manager was started")
    for run in [*turn.world.runs.values()]:
        if run.live:
            turn.world.put(replace(run, since=turn.now, asked=turn.now))
            turn.touched[run.job, run.frame] = None
    for job in turn.world.jobs.values():
        turn.touched.update(dict.fromkeys((job.id, n) for n in turn.world.open_frames.get(job.id, ())))


def add(turn: Turn, event: events.AddNode) -> int:
    """The id of the node."""
    world = turn.world
    known = world.urls.get(event.url)
    if known is not None:
        node = world.nodes[known]
        if event.joined:
            check_joined(world, event.url, event.joined)
        _give(turn, node, event)
    else:
        node = Node(id=world.next_node, url=event.url, heard=turn.now, joined=event.joined)
        world.next_node += 1
        world.put(replace(node, **_given(event)))
        turn.note("node", node.url, 0, "add", Standing.ENABLED.value, "")
        turn.claim(world.nodes[node.id], "it was added")
    turn.plan_again = True
    return node.id


def check_joined(world: World, url: str, token: str) -> None:
    """Raises LrnapError (DENIED) for a node that another machine than that with this token brought, or an admin."""
    node = world.nodes.get(world.urls.get(url, 0))
    if node is not None and node.joined != token:
        raise LrnapError(Code.DENIED, f"{node.who} did not join with the token {token}: only an admin can change it")


def change(turn: Turn, event: events.ChangeNode) -> None:
    world, node = turn.world, turn.the_node(event.node)
    why = event.why or (f"by {event.by}" if event.by else "")
    if event.step is not None and event.step not in _CHANGES:
        raise LrnapError(Code.ARGS, f"nobody can ask a node to {event.step.value}")
    if event.step is not None:
        turn.standing(node.id, event.step, event.why, note=why)
    if event.step is NodeStep.FORGIVE:
        world.put(replace(world.nodes[node.id], strikes=()))
        for job, other in [*world.exclusions]:
            if other == node.id:
                world.delete(world.exclusions[job, other])
        if node.standing is not Standing.ASIDE:  # else its change of standing was noted
            turn.note("node", node.url, 0, "forgive", node.standing.value, event.why)
    if event.step is NodeStep.ENABLE and node.presence is Presence.FENCED:
        turn.claim(world.nodes[node.id], why or "it was enabled", take=True)
    _give(turn, world.nodes[node.id], event)
    turn.plan_again = True
    run = _run_on(turn, node.id)
    if run is None:
        return
    if event.step is NodeStep.DISABLE:
        turn.stop(run, f"{node.url} was disabled")
    elif event.threads:
        turn.set_threads(run, event.threads)


def remove(turn: Turn, event: events.RemoveNode) -> None:
    node = turn.the_node(event.node)
    run = _run_on(turn, node.id)
    if run is not None:
        turn.drop(run)
        turn.lose(run, f"{node.url} was removed")
    for job, other in [*turn.world.exclusions]:
        if other == node.id:
            turn.world.delete(turn.world.exclusions[job, other])
    turn.world.delete(node)
    turn.note("node", node.url, 0, "remove", "REMOVED", "")
    turn.do(effects.Release(node=node.id))


def granted(turn: Turn, event: events.Granted) -> None:
    turn.note("token", event.name, 0, "make" if event.role else "revoke", event.role.upper() or "REVOKED", "")
    for node in [*turn.world.nodes.values()]:
        if not event.role and node.joined == event.name and node.standing is not Standing.DISABLED:
            change(
                turn, events.ChangeNode(node=node.id, step=NodeStep.DISABLE, why=f"its token {event.name} was revoked")
            )


def yields(turn: Turn, event: events.Yield) -> None:
    node = turn.the_node(event.node)
    if node.yields == event.on:
        return
    turn.world.put(replace(node, yields=event.on))
    turn.note(
        "node", node.url, 0, "yield" if event.on else "return", node.presence.value, event.why if event.on else ""
    )
    run = _run_on(turn, node.id)
    if run is not None:
        turn.tune(run)


# --- what nodes say


def here(turn: Turn, event: events.NodeHere) -> None:
    """The claim succeeded. Its runs are followed if they are wanted, and dropped if not; those it does not have any
    more are lost."""
    node = _current(turn, event.node, event.generation)
    if node is None or node.presence is Presence.FENCED or node.arrived == event.generation:
        return
    turn.presence(
        node.id,
        NodeStep.ARRIVE,
        heard=turn.now,
        cores=event.cores or node.cores,
        foreign=event.foreign,
        arrived=event.generation,
    )
    ours = _run_on(turn, node.id)
    held = {run.name: run for run in event.runs}
    if ours is not None and ours.name not in held:
        turn.lose(ours, f"{node.url} does not have it any more")
    for name, has in held.items():
        run = turn.find(name, node.id, node.generation)
        if run is not None and _wanted(turn, run, node):
            _adopt(turn, run, has, node)
        else:
            turn.do(effects.DropRun(node=node.id, generation=node.generation, run=name))


def _wanted(turn: Turn, run: Run, node: Node) -> bool:
    """Whether a run that a node has should go on, or at least send its last film."""
    job, frame = turn.world.jobs.get(run.job), turn.world.frames.get((run.job, run.frame))
    if job is None or frame is None or run.node != node.id or run.epoch != job.epoch or run.round != frame.round:
        return False
    free = turn.world.run_on.get(node.id) in (None, run.name)
    open_ = job.state in jobs.ACTIVE and frame.state in frames.OPEN
    return free and (run.live or (run.state is RunState.LOST and open_))


def _adopt(turn: Turn, run: Run, has: events.HeldRun, node: Node) -> None:
    row = replace(
        run,
        generation=node.generation,
        since=turn.now,
        live_spp=has.spp,
        live_samples=has.samples,
        live_seconds=has.seconds,
    )
    turn.world.put(row)
    if row.state is RunState.LOST:
        turn.run(row.name, RunStep.RETURN, f"{node.url} is back")
    step = runs.REPORTS.get(has.state)
    if step is not None:
        turn.run(row.name, step)
    turn.touched[row.job, row.frame] = None
    row = turn.world.runs[row.name]
    turn.follow(row)
    if row.state is RunState.STOPPING:
        turn.do(effects.StopRun(node=node.id, generation=node.generation, run=row.name))
    elif node.standing is Standing.DISABLED:
        turn.stop(row, f"{node.url} is disabled")
    else:
        turn.tune(row)


def heard(turn: Turn, event: events.NodeHeard) -> None:
    """It has answered. Reports of its runs are no answer: a node that hears nothing may send them for long."""
    node = _current(turn, event.node, event.generation)
    if node is None:
        return
    foreign = node.foreign if event.foreign is None else event.foreign
    turn.world.put(replace(node, heard=turn.now, foreign=foreign))
    turn.plan_again |= foreign != node.foreign


def gone(turn: Turn, event: events.NodeGone) -> None:
    """Its run goes on there; if it does not come back soon, the silence is noticed."""
    node = _current(turn, event.node, event.generation)
    if node is not None and node.presence is Presence.HERE:
        turn.claim(node, event.why or "the connection broke")


def away(turn: Turn, event: events.NodeAway) -> None:
    node = _current(turn, event.node, event.generation)
    if node is not None and node.presence in (Presence.CLAIMING, Presence.LOST):
        turn.world.put(replace(node, trouble=event.why))


def fenced(turn: Turn, event: events.NodeFenced) -> None:
    node = _current(turn, event.node, event.generation)
    if node is None:
        return
    turn.world.put(replace(node, generation=max(node.generation, event.newest)))  # what the next claim has to be above
    if event.ours:
        turn.claim(turn.world.nodes[node.id], f"it knows lease {event.newest} of this manager, whose store is older")
        return
    which = f" {event.by}" if event.by else ""
    why = (
        f"it belongs to another manager{which} now; `lrnap nodes enable {node.url}` takes it back, and it comes back "
        "by itself a minute after that manager is gone"
    )
    run = _run_on(turn, node.id)
    turn.presence(node.id, NodeStep.FENCE, why)
    if run is not None:
        turn.lose(run, f"{node.url}: {why}")


def free(turn: Turn, event: events.NodeFree) -> None:
    """Gently: if its manager is there again by then, that has it."""
    node = turn.world.nodes.get(event.node)
    if node is None or node.presence is not Presence.FENCED:
        return
    turn.world.put(replace(node, generation=max(node.generation, event.generation)))
    which = f" {event.by}" if event.by else ""
    turn.claim(turn.world.nodes[node.id], f"the other manager{which} is gone")


def tick(turn: Turn, now: float) -> None:
    """Who has been silent for too long, and what was told to stop and did not."""
    world, limits = turn.world, turn.limits
    for node in [*world.nodes.values()]:
        if node.presence not in (Presence.HERE, Presence.CLAIMING) or now - node.heard <= limits.silence_seconds:
            continue
        was_here = node.presence is Presence.HERE
        turn.lose_node(node, f"nothing was heard of it for {now - node.heard:.0f} s")
        if was_here:
            turn.claim(world.nodes[node.id], "")  # the connection may be dead without knowing it
    for name in [*world.run_on.values()]:
        run = world.runs[name]
        if run.state is RunState.STOPPING and now - run.asked > limits.stop_seconds:
            turn.drop(run)
            turn.lose(run, f"it did not stop within {limits.stop_seconds:.0f} s")


def slept(turn: Turn, seconds: float) -> None:
    """The manager itself was away: what it did not hear meanwhile is nobody's fault."""
    for node in [*turn.world.nodes.values()]:
        turn.world.put(replace(node, heard=node.heard + seconds))
    for name in [*turn.world.run_on.values()]:
        run = turn.world.runs[name]
        turn.world.put(replace(run, asked=run.asked + seconds, since=run.since + seconds))


HANDLERS: Mapping[type, Callable[[Turn, Any], object]] = {
    events.Started: started,
    events.AddNode: add,
    events.ChangeNode: change,
    events.RemoveNode: remove,
    events.Granted: granted,
    events.Yield: yields,
    events.NodeHere: here,
    events.NodeHeard: heard,
    events.NodeGone: gone,
    events.NodeAway: away,
    events.NodeFenced: fenced,
    events.NodeFree: free,
}


def _current(turn: Turn, node: int, generation: int) -> Node | None:
    """The node, if what is said of it comes under its newest lease."""
    known = turn.world.nodes.get(node)
    return known if known is not None and known.generation == generation else None


def _given(event: events.AddNode | events.ChangeNode) -> dict[str, Any]:
    given = {"tags": event.tags, "threads": event.threads}
    return {name: value for name, value in given.items() if value is not None}


def _give(turn: Turn, node: Node, event: events.AddNode | events.ChangeNode) -> None:
    """Threads and tags, if they are given; what is new of them is told."""
    given = _given(event)
    turn.world.put(replace(node, **given))
    new = {name: value for name, value in given.items() if value != getattr(node, name)}
    if new:
        what = ", ".join(f"{name} {said(value)}" for name, value in new.items())
        turn.note("node", node.url, 0, "change", node.standing.value, what)


def _run_on(turn: Turn, node: int) -> Run | None:
    name = turn.world.run_on.get(node)
    return None if name is None else turn.world.runs[name]
