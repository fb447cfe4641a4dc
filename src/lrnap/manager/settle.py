"""What becomes of a frame and its job once something has happened to their runs. The only place that decides it.

A frame has reached its goal when its merged film holds what the job's halt condition asks for. While runs may still
send films, what they report counts as hoped for: then they are told to stop. When all have ended, only what has been
counted counts, and a frame that lacks something waits for another run.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

from lrnap.engine.protocol import Halt
from lrnap.manager import effects, frames, jobs
from lrnap.manager.frames import Frame, FrameState, FrameStep
from lrnap.manager.jobs import Job, JobState, JobStep
from lrnap.manager.nodes import Standing
from lrnap.manager.runs import STEADY, Run, RunState
from lrnap.manager.turn import Turn
from lrnap.manager.world import FrameKey, World

ROUNDING = 1e-6  # of a goal: samples are counted in floats
OWN_END = 0.99  # of a goal, with which a run that ended by the same goal has reached it: engines look now and then


@dataclass(frozen=True, slots=True)
class Film:
    """What the runs of a frame in the present epoch and round hold together; `noise` is that of the whole film."""

    spp: float
    seconds: float  # of the run that rendered longest
    noise: float | None

    def reaches(self, halt: Halt, share: float = 1.0 - ROUNDING) -> bool:
        parts = ((halt.spp, self.spp), (halt.seconds, self.seconds))
        enough = any(goal is not None and value >= goal * share for goal, value in parts)
        return enough or (halt.noise is not None and self.noise is not None and self.noise <= halt.noise)


def film_of(world: World, frame: Frame, *, hoped: bool = False) -> Film:
    """Counted; `hoped`: as if all that live runs report had arrived."""
    epoch = world.jobs[frame.job].epoch
    used = [run for run in world.runs_in(frame.key) if (run.epoch, run.round) == (epoch, frame.round)]
    spp = sum(run.hoped_spp if hoped else run.spp for run in used)
    seconds = max((run.hoped_seconds if hoped else run.seconds for run in used), default=0.0)
    return Film(spp, seconds, frame.noise)


def settle(turn: Turn) -> None:
    """All that was touched in this step."""
    touched = dict.fromkeys(job for job, _ in turn.touched)
    for key in turn.touched:
        if key in turn.world.frames:
            _frame(turn, key)
    turn.touched.clear()
    for job in touched:
        if job in turn.world.jobs:
            _job(turn, job)
    turn.touched.clear()


def _frame(turn: Turn, key: FrameKey) -> None:
    world = turn.world
    job, frame = world.jobs[key[0]], world.frames[key]
    if job.state not in jobs.ACTIVE or frame.state not in frames.OPEN:
        for run in world.live_in(key):
            turn.stop(run, "nothing is wanted of it any more")
        return
    if _give_up(turn, job, frame):
        return
    live = world.live_in(key)
    steady = [run for run in live if run.state in STEADY and run.epoch == job.epoch]
    if steady and film_of(world, frame, hoped=True).reaches(job.halt):
        for run in steady:
            turn.stop(run, "the frame has what it was to have")
    if live:
        if frame.state is not FrameState.RENDERING:
            turn.frame(key, FrameStep.BEGIN)
    elif _complete(world, job, frame):
        turn.frame(key, FrameStep.FINISH, failures=0, refusals=0, code="", error="")
        turn.do(effects.FrameOver(job=job.id, frame=frame.number))
    else:
        turn.frame(key, FrameStep.WAIT, "its runs have ended, and it lacks samples")


def _complete(world: World, job: Job, frame: Frame) -> bool:
    """Of a frame without live runs."""
    film = film_of(world, frame)
    if film.reaches(job.halt):
        return True
    if not any(_ended_itself(run, job, frame) for run in world.runs_in(frame.key)):
        return False
    return job.halt == Halt() or job.halt.noise is not None or film.reaches(job.halt, OWN_END)


def _ended_itself(run: Run, job: Job, frame: Frame) -> bool:
    """By a halt condition of the engine, with a film."""
    return run.state is RunState.DONE and (run.epoch, run.round) == (job.epoch, frame.round) and run.number >= 0


def _give_up(turn: Turn, job: Job, frame: Frame) -> bool:
    """Whether a frame has failed so often that another run would be in vain; its other runs are stopped then."""
    limits = turn.limits
    if not frame.failures:
        return False
    if frame.refusals >= limits.scene_refusals:
        why = "the scene is wrong"
    elif frame.failures >= limits.frame_failures:
        why = f"{frame.failures} runs in a row have failed"
    elif not turn.world.live_in(frame.key) and nobody_left(turn.world, job, limits.run_failures):
        why = "every node that may render it has failed on it"
    else:
        return False
    for run in turn.world.live_in(frame.key):
        turn.stop(run, why)
    turn.frame(frame.key, FrameStep.FAIL, f"{why}: {frame.error}")
    if frame.refusals < limits.scene_refusals:
        _forgive_those_who_tried(turn, job, frame)
    turn.do(effects.FrameOver(job=job.id, frame=frame.number))
    return True


def _forgive_those_who_tried(turn: Turn, job: Job, frame: Frame) -> None:
    """What nobody could render says nothing about its nodes, which the other frames need."""
    world = turn.world
    tried = Counter(run.node for run in world.runs_in(frame.key) if run.state is RunState.FAILED)
    for node, failures in tried.items():
        known = world.exclusions.get((job.id, node))
        if known is None:
            continue
        if known.failures > failures:
            world.put(replace(known, failures=known.failures - failures))
        else:
            world.delete(known)
        if job.id in world.nodes[node].strikes and world.failures(job.id, node) < turn.limits.run_failures:
            row = world.nodes[node]
            world.put(replace(row, strikes=tuple(other for other in row.strikes if other != job.id)))


def nobody_left(world: World, job: Job, bound: int) -> bool:
    """Whether nodes were excluded from the job, and none is left that could render it."""
    suits = [n for n in world.nodes.values() if n.standing is Standing.ENABLED and set(job.tags) <= set(n.tags)]
    return bool(world.excluded.get(job.id)) and all(world.failures(job.id, n.id) >= bound for n in suits)


def _job(turn: Turn, number: int) -> None:
    world = turn.world
    job = world.jobs[number]
    if job.state not in jobs.ACTIVE:
        return
    if job.failures >= turn.limits.frame_failures and _hopeless(turn, number):
        _fail(turn, job, f"{job.failures} runs in a row have failed")
    elif not world.open_frames.get(number):
        left = Counter(world.frames[number, n].state for n in world.frames_of[number])
        if left[FrameState.FAILED]:
            _fail(turn, job, f"{left[FrameState.FAILED]} of {len(world.frames_of[number])} frames have failed")
        elif number not in world.live:
            step = JobStep.STOP if left[FrameState.STOPPED] else JobStep.FINISH
            turn.job(number, step, failures=0, code="", error="")
    elif job.state not in (JobState.PAUSED, JobState.RENDERING if number in world.live else JobState.QUEUED):
        turn.job(number, JobStep.BEGIN if number in world.live else JobStep.WAIT)


def _hopeless(turn: Turn, job: int) -> bool:
    """Whether so many frames have failed that nobody waits for all the others to fail, too."""
    frames = turn.world.frames_of[job]
    failed = sum(turn.world.frames[job, n].state is FrameState.FAILED for n in frames)
    return failed >= min(turn.limits.frame_failures, len(frames))


def _fail(turn: Turn, job: Job, why: str) -> None:
    """The job stops with the engine's words, and its nodes are not to blame."""
    world = turn.world
    broken = [f for n in world.frames_of[job.id] if (f := world.frames[job.id, n]).error]
    worst = min(broken, key=lambda f: (f.state is not FrameState.FAILED, f.number), default=None)
    words = worst.error if worst else why
    if worst is not None and len(world.frames_of[job.id]) > 1:
        words = f"frame {worst.number}: {words}"
    for n in [*world.open_frames.get(job.id, ())]:
        turn.frame((job.id, n), FrameStep.STOP, why)
    for run in world.live_of(job.id):
        turn.stop(run, why)
    turn.job(job.id, JobStep.FAIL, f"{why}: {words}", code=worst.code if worst else "E_ENGINE", error=words)
    forgive_for(turn, job.id)


def forgive_for(turn: Turn, job: int) -> None:
    """What went wrong with a job says nothing about the nodes any more."""
    for node in [*turn.world.nodes.values()]:
        if job in node.strikes:
            turn.world.put(replace(node, strikes=tuple(j for j in node.strikes if j != job)))
