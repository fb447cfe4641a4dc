"""What nodes say of runs: reports, snapshots that were counted, and how runs end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from lrnap.engine.protocol import RunState as Reported
from lrnap.errors import Code
from lrnap.manager import effects, events, jobs, runs
from lrnap.manager.frames import FrameState, FrameStep
from lrnap.manager.nodes import Exclusion, NodeStep, Standing
from lrnap.manager.runs import Run, RunState, RunStep
from lrnap.manager.turn import Turn


def report(turn: Turn, event: events.RunReport) -> None:
    run = _current(turn, event)
    if run is None:
        return
    row = replace(
        run,
        live_spp=event.spp,
        live_samples=event.samples,
        live_seconds=event.seconds,
        rate=event.rate,
        threads=event.threads,
    )
    turn.world.put(row)
    step = runs.REPORTS.get(event.state)
    if step is None:
        return
    if runs.TABLE.after(run.state, step, run.name) is not run.state:
        row = turn.run(run.name, step)
    turn.touched[run.job, run.frame] = None
    turn.tune(row)


def waits(turn: Turn, event: events.RunWaits) -> None:
    """It is not given up for what the manager itself cannot do, and its user is told once."""
    run = _current(turn, event)
    if run is None:
        return
    turn.world.put(replace(run, asked=turn.now, error=event.why))
    if run.error != event.why:
        turn.note("run", run.name, run.job, "wait", run.state.value, event.why)


def counted(turn: Turn, event: events.Counted) -> None:
    """The newest snapshot of a run counts, wherever it comes from and whatever became of the run."""
    world, run = turn.world, turn.find(event.run)
    if run is None or event.number <= run.number or event.epoch != run.epoch:
        return
    first = run.number < 0
    row = replace(run, number=event.number, samples=event.samples, spp=event.spp, seconds=event.seconds)
    if run.live and run.error:  # it waited for this
        row = replace(row, error="")
    world.put(row)
    turn.touched[run.job, run.frame] = None
    turn.plan_again |= first
    if event.samples > run.samples:
        _unblame(turn, row)


def film_lost(turn: Turn, event: events.FilmLost) -> None:
    world, run = turn.world, turn.world.runs.get(event.run)
    if run is None or run.number < 0:
        return
    world.put(replace(run, number=-1, samples=0.0, spp=0.0, seconds=0.0))
    turn.note("run", run.name, run.job, "lose its film", run.state.value, event.why)
    job, frame = world.jobs[run.job], world.frames[run.job, run.frame]
    if (run.epoch, run.round) != (job.epoch, frame.round):
        return
    if frame.state is FrameState.DONE and job.state in jobs.ACTIVE:
        turn.frame(frame.key, FrameStep.AGAIN, event.why)
    turn.touched[frame.key] = None


def judged(turn: Turn, event: events.Judged) -> None:
    frame, job = turn.world.frames.get((event.job, event.frame)), turn.world.jobs.get(event.job)
    if frame is not None and job is not None and event.epoch == job.epoch:
        turn.world.put(replace(frame, noise=event.noise))
        turn.touched[frame.key] = None


def ended(turn: Turn, event: events.RunEnded) -> None:
    run = _current(turn, event)
    if run is None:
        return
    asked = run.state is RunState.STOPPING
    failed = event.state is Reported.FAILED or (event.state is Reported.STOPPED and not asked)
    why = event.error or ("" if not failed else "somebody stopped it on the node")
    turn.run(run.name, runs.ENDS.get(event.state, RunStep.END), why, code=event.code, error=why, rate=0.0)
    if event.code == Code.BUSY.wire_name:
        _occupied(turn, run)
    elif failed and not asked:
        _blame(turn, run, event, why)
    _tell_over(turn, run)


def _tell_over(turn: Turn, last: Run) -> None:
    """One that is lost may come back. The film of the last one stays by itself: by films of single runs a manager that
    was killed finds the frames that it had not finished."""
    over = (run for run in turn.world.runs_in((last.job, last.frame)) if run.state in runs.OVER - {RunState.LOST})
    films = tuple(run.name for run in over if run.number >= 0 and run.epoch == last.epoch and run.name != last.name)
    if films:
        key = turn.world.jobs[last.job].key
        turn.do(effects.RunsOver(key=key, frame=last.frame, epoch=last.epoch, runs=films))


def _occupied(turn: Turn, run: Run) -> None:
    """The node renders for somebody else: no failure, but it is not to be asked again until it says that it is free."""
    node = turn.world.nodes.get(run.node)
    if node is not None and node.generation == run.generation:
        turn.world.put(replace(node, foreign=node.foreign or "a job of somebody else"))


def _blame(turn: Turn, run: Run, event: events.RunEnded, why: str) -> None:
    """A failure counts for the frame and the job until a sample is counted, and for the node on this job."""
    world = turn.world
    frame, job = world.frames[run.job, run.frame], world.jobs[run.job]
    world.put(
        replace(
            frame,
            failures=frame.failures + 1,
            refusals=frame.refusals + event.blames_scene,
            code=event.code,
            error=why,
        )
    )
    if job.state in jobs.ACTIVE:
        world.put(replace(job, failures=job.failures + 1))
    if event.blames_scene or run.node not in world.nodes:
        return
    failures = world.failures(run.job, run.node) + 1
    world.put(Exclusion(job=run.job, node=run.node, failures=failures))
    node = world.nodes[run.node]
    if failures == turn.limits.run_failures:
        turn.note(
            "node", node.url, run.job, "be excluded", node.standing.value, f"{failures} failures on {job.who}: {why}"
        )
    if run.job in node.strikes or not (failures >= turn.limits.run_failures or _others_succeed(turn, run)):
        return
    world.put(replace(node, strikes=(*node.strikes, run.job)))
    if len(node.strikes) + 1 >= turn.limits.node_strikes and node.standing is Standing.ENABLED:
        turn.standing(node.id, NodeStep.SET_ASIDE, f"its runs failed on {len(node.strikes) + 1} jobs; the last: {why}")


def _others_succeed(turn: Turn, failed: Run) -> bool:
    """Whether another node has rendered samples of the same frame."""
    return any(run.samples > 0 and run.node != failed.node for run in turn.world.runs_in((failed.job, failed.frame)))


def _unblame(turn: Turn, run: Run) -> None:
    """A sample was counted: the frame can be rendered, and by this node."""
    world = turn.world
    frame, job, node = world.frames[run.job, run.frame], world.jobs[run.job], world.nodes.get(run.node)
    if frame.failures or frame.refusals:
        world.put(replace(frame, failures=0, refusals=0))
    if job.failures:
        world.put(replace(job, failures=0))
    if node is not None and node.strikes and node.standing is Standing.ENABLED:
        world.put(replace(node, strikes=()))


HANDLERS: Mapping[type, Callable[[Turn, Any], object]] = {
    events.RunReport: report,
    events.RunWaits: waits,
    events.Counted: counted,
    events.FilmLost: film_lost,
    events.Judged: judged,
    events.RunEnded: ended,
}


def _current(turn: Turn, event: events.RunEvent) -> Run | None:
    """The run, if it is live and the event comes under its lease."""
    run = turn.world.runs.get(event.run)
    return run if run is not None and run.live and run.generation == event.generation else None
