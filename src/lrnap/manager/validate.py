"""What is always true of the rows, between any two steps. Tests call it after every one; so may a defect's finder."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from lrnap.manager import frames, jobs
from lrnap.manager.frames import FrameState
from lrnap.manager.jobs import JobState
from lrnap.manager.runs import STEADY
from lrnap.manager.settle import film_of
from lrnap.manager.turn import run_name
from lrnap.manager.world import World


def validate(world: World) -> None:
    """Raises AssertionError that names all that is wrong."""
    wrong = [*_jobs(world), *_frames(world), *_runs(world), *_indexes(world)]
    assert not wrong, "\n".join(wrong)


def _jobs(world: World) -> Iterator[str]:
    for job in world.jobs.values():
        states = [world.frames[job.id, n].state for n in world.frames_of[job.id]]
        live = world.live_of(job.id)
        steady = [run for run in live if run.state in STEADY]
        if not states:
            yield f"{job.who} has no frame"
        if job.state is JobState.RENDERING and not live:
            yield f"{job.who} is RENDERING without a run"
        if job.state is JobState.QUEUED and live:
            yield f"{job.who} is QUEUED, and {live[0].name} renders it"
        if job.state is JobState.DONE and set(states) != {FrameState.DONE}:
            yield f"{job.who} is DONE with frames that are not: {Counter(states)}"
        if job.state in jobs.ACTIVE and not set(states) & frames.OPEN and not live:
            yield f"{job.who} is {job.state.value} with nothing left to do"
        if job.state in jobs.OVER and (steady or set(states) & frames.OPEN):
            yield f"{job.who} is {job.state.value}, but goes on"
        if job.state is JobState.ERROR and not job.error:
            yield f"{job.who} does not say why it failed"


def _frames(world: World) -> Iterator[str]:
    for frame in world.frames.values():
        job, live = world.jobs.get(frame.job), world.live_in(frame.key)
        if job is None:
            yield f"frame {frame.key} has no job"
            continue
        if (
            (frame.state is FrameState.RENDERING) != bool(live)
            and frame.state in frames.OPEN
            and job.state in jobs.ACTIVE
        ):
            yield f"frame {frame.key} is {frame.state.value} with {len(live)} runs"
        steady = [run for run in live if run.state in STEADY]
        if steady and film_of(world, frame, hoped=True).reaches(job.halt):
            yield f"frame {frame.key} has what it needs, and {steady[0].name} goes on"
        if frame.state is FrameState.FAILED and not frame.error:
            yield f"frame {frame.key} does not say why it failed"


def _runs(world: World) -> Iterator[str]:
    for run in world.runs.values():
        job, node = world.jobs.get(run.job), world.nodes.get(run.node)
        if job is None or (run.job, run.frame) not in world.frames:
            yield f"run {run.name} has no frame"
            continue
        named = run_name(job, run.frame, run.seed).split(".")
        if [*named[:2], str(run.epoch), named[3]] != run.name.split("."):
            yield f"run {run.name} has seed {run.seed} and epoch {run.epoch}"
        if run.live and (node is None or world.run_on.get(run.node) != run.name):
            yield f"run {run.name} is {run.state.value} without a node"
        if run.state in STEADY and run.epoch != job.epoch:
            yield f"run {run.name} renders epoch {run.epoch} of {job.epoch}"
        if node is not None and run.live and run.generation > node.generation:
            yield f"run {run.name} has a lease from the future"
        if run.number < 0 and run.samples:
            yield f"run {run.name} has samples without a snapshot"
    seeds = Counter((run.job, run.seed) for run in world.runs.values())
    yield from (f"seed {seed} of job {job} is used {n} times" for (job, seed), n in seeds.items() if n > 1)


def _indexes(world: World) -> Iterator[str]:
    on = {run.node: run.name for run in world.runs.values() if run.live}
    if on != world.run_on or len(on) != sum(run.live for run in world.runs.values()):
        yield f"runs on nodes: {world.run_on}, but should be {on}"
    to_render = [job for job in world.jobs.values() if job.state in jobs.ACTIVE and job.state is not JobState.PAUSED]
    turns = {(-job.priority, job.owner, job.tags, job.id) for job in to_render if not world.waits_for(job)}
    if turns != {(*key, job) for key, queue in world.queues for job in queue}:
        yield "the queues do not hold the jobs to render"
    for job, numbers in world.frames_of.items():
        waiting = sorted(n for n in numbers if world.frames[job, n].state is FrameState.WAITING)
        if waiting != world.waiting_frames.get(job, []):
            yield f"job {job} has frames {waiting} that wait, and knows of {world.waiting_frames.get(job)}"
    for key in world.frames:
        names = {run.name for run in world.runs.values() if (run.job, run.frame) == key}
        if names != set(world.runs_of.get(key, ())):
            yield f"frame {key} does not know its runs"
    live = {(run.job, run.name) for run in world.runs.values() if run.live}
    if live != {(job, name) for job, names in world.live.items() for name in names}:
        yield f"live runs: {world.live}, but should be {live}"
    for known in (world.frames_of, world.open_frames, world.waiting_frames, world.seeds, world.excluded):
        if left := {job for job, held in known.items() if held} - world.jobs.keys():
            yield f"of jobs {left}, which are gone, something is left"
    if world.journal:
        yield "there is a journal between two steps"
