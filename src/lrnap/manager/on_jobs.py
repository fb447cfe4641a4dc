"""What people and programs want of jobs. Each handler checks before it changes anything; refusals are LrnapErrors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from typing import Any

from lrnap.engine.protocol import Halt
from lrnap.errors import Code, LrnapError
from lrnap.manager import effects, events, jobs
from lrnap.manager.frames import Frame, FrameState, FrameStep
from lrnap.manager.jobs import Job, JobState, JobStep
from lrnap.manager.settle import forgive_for
from lrnap.manager.turn import Turn, said


def submit(turn: Turn, event: events.Submit, key: str) -> int:
    """The id of the job: a new one, or that which the same submission made before."""
    world = turn.world
    known = world.tokens.get((event.owner, event.token)) if event.token else None
    if known is not None:
        return known
    _check(turn, event)
    job = Job(
        id=world.next_job,
        key=key,
        submitted=turn.wall,
        state=JobState.QUEUED if event.render else JobState.READY,
        spp=event.halt.spp,
        seconds=event.halt.seconds,
        noise=event.halt.noise,
        **{f.name: getattr(event, f.name) for f in fields(event) if f.name in _SAME},
    )
    world.next_job += 1
    world.put(job)
    for spec in event.frames:
        world.put(Frame(job=job.id, number=spec.number, scene=spec.scene, changes=spec.changes))
    frames = "1 frame" if len(event.frames) == 1 else f"{len(event.frames)} frames"
    turn.note("job", job.name, job.id, "submit", job.state.value, f"{frames} for {event.owner or '?'}")
    return job.id


_SAME = ("name", "owner", "scene", "assets", "priority", "after", "nodes_min", "nodes_max", "tags", "output", "develop",
         "token", "epoch")  # fmt: skip  # fields of Submit that a job has under the same name


def render(turn: Turn, event: events.Render) -> None:
    job = turn.the_job(event.job)
    again = job.state in jobs.OVER
    turn.job(job.id, JobStep.RENDER, failures=0, code="", error="", **_halt(event.halt))
    if again:
        for number in world_frames(turn, job):
            frame = turn.world.frames[job.id, number]
            turn.frame(frame.key, FrameStep.AGAIN, round=frame.round + 1, noise=None, **_UNBLAMED)
            turn.touched[frame.key] = None


def pause(turn: Turn, event: events.Pause) -> None:
    turn.job(event.job, JobStep.PAUSE)
    _tune(turn, event.job)


def resume(turn: Turn, event: events.Resume) -> None:
    turn.job(event.job, JobStep.RESUME)
    _tune(turn, event.job)


def stop(turn: Turn, event: events.Stop) -> None:
    turn.job(event.job, JobStep.STOP)
    for number in [*turn.world.open_frames.get(event.job, ())]:
        turn.frame((event.job, number), FrameStep.STOP)
    for run in turn.world.live_of(event.job):
        turn.stop(run, "its job is stopped")


def retry(turn: Turn, event: events.Retry) -> None:
    world, job = turn.world, turn.the_job(event.job)
    for number in event.frames:
        _check_retry(world.frames.get((job.id, number)), number, job)
    if job.state in jobs.ACTIVE and event.frames:
        world.put(replace(job, failures=0))
    else:
        turn.job(job.id, JobStep.RETRY, failures=0, code="", error="")
    for number in event.frames or world_frames(turn, job):
        frame = world.frames[job.id, number]
        if frame.state in (FrameState.FAILED, FrameState.STOPPED):
            turn.frame(frame.key, FrameStep.AGAIN, **_UNBLAMED)
        turn.touched[frame.key] = None
    _forgive(turn, job.id)


def remove(turn: Turn, event: events.Remove) -> None:
    job = turn.the_job(event.job)
    turn.note("job", job.name, job.id, "remove", "REMOVED", "")
    for run in turn.world.live_of(job.id):
        turn.drop(run)
    turn.do(effects.ForgetFilm(job=job.id, key=job.key))
    forgive_for(turn, job.id)
    for row in turn.world.belongings(job.id):
        turn.world.delete(row)
    turn.world.delete(job)


def change(turn: Turn, event: events.Change) -> None:
    job = turn.the_job(event.job)
    given = {name: value for name in _CHANGES if (value := getattr(event, name)) is not None} | _halt(event.halt)
    row = replace(job, **given)
    _check_numbers(turn, row)
    _check_after(turn, row.after, row.id)
    turn.world.put(row)
    what = ", ".join(f"{name} {said(value)}" for name, value in given.items())
    turn.note("job", job.name, job.id, "change", row.state.value, what)
    if event.halt is not None:
        for run in turn.world.live_of(job.id):
            turn.set_halt(run, row)
            turn.touched[run.job, run.frame] = None


_CHANGES = ("priority", "nodes_min", "nodes_max", "tags", "after", "output", "develop")


def edit(turn: Turn, event: events.Edit) -> None:
    """A new epoch: what was rendered counts no more, and runs of the old scene end."""
    job = turn.the_job(event.job)
    epoch = job.epoch + 1 if event.epoch is None else event.epoch
    if epoch <= job.epoch:
        raise LrnapError(Code.SEQ, f"{job.who} is of epoch {job.epoch} already: {epoch} is not newer")
    unblamed: dict[str, Any] = {"failures": 0, "code": "", "error": ""}
    row = turn.job(job.id, JobStep.EDIT, scene=event.scene, assets=event.assets, epoch=epoch, **unblamed)
    turn.note("job", job.name, job.id, "edit", row.state.value, f"epoch {row.epoch}")
    for number in world_frames(turn, job):
        frame = turn.world.frames[job.id, number]
        turn.frame(frame.key, FrameStep.AGAIN, noise=None, **_UNBLAMED)
        for run in turn.world.live_in(frame.key):
            turn.stop(run, "its scene was edited")
        turn.touched[frame.key] = None
    _forgive(turn, job.id)
    turn.do(effects.ForgetFilm(job=job.id, key=job.key, epoch=row.epoch))


HANDLERS: Mapping[type, Callable[[Turn, Any], object]] = {
    events.Render: render,
    events.Pause: pause,
    events.Resume: resume,
    events.Stop: stop,
    events.Retry: retry,
    events.Remove: remove,
    events.Change: change,
    events.Edit: edit,
}

_UNBLAMED: Mapping[str, Any] = {"failures": 0, "refusals": 0, "code": "", "error": ""}


def world_frames(turn: Turn, job: Job) -> list[int]:
    return sorted(turn.world.frames_of.get(job.id, ()))


def _tune(turn: Turn, job: int) -> None:
    for run in turn.world.live_of(job):
        turn.tune(run)
        turn.touched[run.job, run.frame] = None


def _forgive(turn: Turn, job: int) -> None:
    for node in [*turn.world.excluded.get(job, ())]:
        turn.world.delete(turn.world.exclusions[job, node])
    forgive_for(turn, job)


def _halt(halt: Halt | None) -> dict[str, Any]:
    return {} if halt is None else {"spp": halt.spp, "seconds": halt.seconds, "noise": halt.noise}


# --- checks


def _check(turn: Turn, event: events.Submit) -> None:
    world, limits = turn.world, turn.limits
    for what, text in (("name", event.name), ("owner", event.owner)):
        if len(text) > limits.name or not text.isprintable() or (what == "name" and not text.strip()):
            raise LrnapError(
                Code.ARGS, f"a job's {what} is at most {limits.name} printable characters, not {text[:40]!r}"
            )
    if event.name in world.names and world.jobs[world.names[event.name]].state in jobs.ACTIVE:
        raise LrnapError(
            Code.EXISTS, f'there is a job "{event.name}" that is not over: choose another name, or stop it first'
        )
    numbers = [spec.number for spec in event.frames]
    if not 1 <= len(numbers) <= limits.frames or len(set(numbers)) != len(numbers):
        raise LrnapError(Code.ARGS, f"a job has 1 to {limits.frames} frames (frames={limits.frames}), each number once")
    if not event.scene and not all(spec.scene for spec in event.frames):
        raise LrnapError(Code.ARGS, "a job has a scene, or each of its frames has one")
    _check_numbers(turn, event)
    _check_after(turn, event.after, world.next_job)


def _check_retry(frame: Frame | None, number: int, job: Job) -> None:
    if frame is None:
        raise LrnapError(Code.NOT_FOUND, f"{job.who} has no frame {number}; lrnap job {job.name} frames lists them")
    if frame.state not in (FrameState.FAILED, FrameState.STOPPED):
        raise LrnapError(
            Code.STATE, f"frame {number} of {job.who} is {frame.state.value}: only what failed or was stopped goes on"
        )


def _check_numbers(turn: Turn, job: Job | events.Submit) -> None:
    if job.nodes_min < 1 or job.nodes_max < 0 or 0 < job.nodes_max < job.nodes_min:
        raise LrnapError(
            Code.ARGS, f"{job.nodes_min} to {job.nodes_max} nodes: the least is 1 or more, the most 0 (any) or no less"
        )
    if len(job.tags) > turn.limits.tags:
        raise LrnapError(Code.ARGS, f"a job has at most {turn.limits.tags} tags (tags={turn.limits.tags})")
    if not -(2**31) <= job.priority < 2**31:
        raise LrnapError(Code.ARGS, f"a priority of {job.priority} is beyond 32 bits")


def _check_after(turn: Turn, after: tuple[int, ...], job: int) -> None:
    """A job comes after older ones only, so that no two wait for each other."""
    for other in after:
        if turn.world.state_of(other) is None:
            raise LrnapError(Code.NOT_FOUND, f"there is no job {other} to come after; CTL_JOBS lists the jobs")
        if other >= job:
            raise LrnapError(Code.ARGS, f"job {job} can come after older jobs only, not after {other}")
