"""`lrnap jobs` and `lrnap job`: what a manager has to render, watched and steered."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lrnap.cli import report, tables
from lrnap.cli.watch import watch
from lrnap.cli.writing import chosen
from lrnap.client.animation import at_frame, has_place
from lrnap.client.entries import Entry
from lrnap.client.queue import Queue, connect
from lrnap.client.submitted import SubmittedJob
from lrnap.errors import Code, LrnapError
from lrnap.lux.spelling import did_you_mean
from lrnap.wire.wishes import frame_numbers

NAMES = 1000  # of the newest jobs, among which the one that was meant may be
JOBS: tuple[tables.Column, ...] = (
    ("id", lambda e: e.text("id")),
    ("job", lambda e: e.name),
    ("state", lambda e: e.state),
    ("owner", lambda e: e.text("owner")),
    ("priority", lambda e: e.text("priority")),
    ("frames", lambda e: f"{e.text('done') or 0}/{e.text('frames')}" if "frames" in e.fields else ""),
    ("nodes", lambda e: e.text("rendering")),
    ("spp", lambda e: tables.number(e, "spp")),
    ("of", lambda e: f"{e.number('haltspp'):.10g}" if "haltspp" in e.fields else ""),
    ("submitted", lambda e: tables.when(e, "submitted")),
    ("ended", lambda e: tables.when(e, "ended")),
    ("why", lambda e: e.text("why") or e.text("error") or e.text("trouble")),
)
FRAMES: tuple[tables.Column, ...] = (
    ("frame", lambda e: e.name),
    ("state", lambda e: e.state),
    ("spp", lambda e: tables.number(e, "spp")),
    ("seconds", lambda e: tables.number(e, "seconds")),
    ("noise", lambda e: tables.number(e, "noise", 4)),
    ("nodes", lambda e: e.text("nodes")),
    ("why", lambda e: e.text("why") or e.text("error")),
)
RUNS: tuple[tables.Column, ...] = (
    ("started", lambda e: tables.when(e, "started")),
    ("frame", lambda e: e.text("frame")),
    ("node", lambda e: e.text("node")),
    ("state", lambda e: e.state),
    ("seed", lambda e: e.text("seed")),
    ("spp", lambda e: tables.number(e, "spp")),
    ("samples", lambda e: tables.short_number(e, "samples")),
    ("samples/s", lambda e: tables.short_number(e, "rate")),
    ("seconds", lambda e: tables.number(e, "seconds")),
    ("error", lambda e: e.text("error")),
)
HISTORY: tuple[tables.Column, ...] = (
    ("at", lambda e: tables.when(e, "at")),
    ("what", lambda e: f"{e.text('kind')} {e.text('subject')}"),
    ("step", lambda e: e.text("step")),
    ("state", lambda e: e.state),
    ("by", lambda e: e.text("by")),
    ("why", lambda e: e.text("why")),
)


@dataclass(frozen=True, slots=True)
class Wishes:
    """The command line, as typed."""

    name: str
    action: str = "show"
    value: str | None = None
    to: str = ""
    outputs: tuple[Path, ...] = ()
    frames: str | None = None
    write: tuple[str, ...] = ()
    json: bool = False
    changes: Mapping[str, Any] = field(default_factory=dict)  # of change and render


def list_jobs(to: str, states: tuple[str, ...], owner: str | None, limit: int | None, as_json: bool) -> int:
    with connect(to) as farm:
        found = farm.jobs(states=states, owner=owner, limit=limit)
    tables.show(found, JOBS, as_json=as_json, none="there are no jobs; `lrnap submit SCENE` makes one")
    return report.OK


def run(wishes: Wishes) -> int:
    action = ACTIONS.get(wishes.action)
    if action is None:
        hint = did_you_mean(wishes.action, ACTIONS)
        raise LrnapError(Code.ARGS, f"nobody can {wishes.action!r} a job{hint}; there are {', '.join(ACTIONS)}")
    _check(wishes)
    with connect(wishes.to) as farm:
        return action(_meant(farm, wishes.name), wishes)


def _meant(farm: Queue, name: str) -> SubmittedJob:
    try:
        return farm.job(name)
    except LrnapError as error:
        if error.code is not Code.NOT_FOUND:
            raise
        hint = did_you_mean(name, [job.name for job in farm.jobs(limit=NAMES)])
        raise LrnapError(
            Code.NOT_FOUND, f"{farm.url}: there is no job {name[:80]!r}{hint or ';'} `lrnap jobs` lists the jobs"
        ) from None


def _check(wishes: Wishes) -> None:
    if wishes.value is not None and wishes.action != "priority":
        raise LrnapError(Code.ARGS, f"{wishes.action} takes no {wishes.value!r}")
    if (wishes.outputs or wishes.write) and wishes.action != "fetch":
        raise LrnapError(Code.ARGS, "-o and --write say what `fetch` writes")
    if wishes.frames is not None and wishes.action not in ("fetch", "retry"):
        raise LrnapError(Code.ARGS, "--frames says what `fetch` writes, or what `retry` renders on")
    for name in wishes.changes:
        if wishes.action not in CHANGES or name not in CHANGES[wishes.action]:
            of = " and ".join(f"`{action}`" for action, names in CHANGES.items() if name in names)
            raise LrnapError(Code.ARGS, f"--{_OPTIONS.get(name, name)} is for {of}, not for `{wishes.action}`")
    if wishes.action == "change" and not wishes.changes:
        options = ", ".join(f"--{_OPTIONS.get(name, name)}" for name in CHANGES["change"])
        raise LrnapError(Code.ARGS, f"nothing is to change: say {options}")


# --- looking


def _show(job: SubmittedJob, wishes: Wishes) -> int:
    status = job.status
    facts = {key: tables.when(status, key) if key in ("submitted", "ended") else value
             for key, value in status.fields.items()}  # fmt: skip
    shown = status.as_json() if wishes.json else {"state": status.state, **facts}
    tables.show_facts(job.name, shown, as_json=wishes.json)
    return report.OK


def _list(read: Callable[[SubmittedJob], list[Entry]], columns: tuple[tables.Column, ...]) -> Action:
    def action(job: SubmittedJob, wishes: Wishes) -> int:
        tables.show(read(job), columns, as_json=wishes.json, none="there is nothing yet")
        return report.OK

    return action


def _log(job: SubmittedJob, wishes: Wishes) -> int:
    for line in job.log():
        print(json.dumps({"line": line}) if wishes.json else line)
    return report.OK


def _watch(job: SubmittedJob, wishes: Wishes) -> int:
    return watch(job, as_json=wishes.json)


# --- its film


def _fetch(job: SubmittedJob, wishes: Wishes) -> int:
    paths = wishes.outputs or (Path(f"{job.name}.####.png" if wishes.frames else f"{job.name}.png"),)
    frames = (None,) if wishes.frames is None else frame_numbers(wishes.frames)
    for path in paths:
        if len(frames) > 1 and not has_place(path):
            raise LrnapError(Code.ARGS, f"{str(path)!r} has no place for a frame's number, as in shot.####.png")
        if not path.absolute().parent.is_dir():
            raise LrnapError(Code.NOT_FOUND, f"there is no folder {path.absolute().parent}: create it first")
    for one in chosen(paths, wishes.write):
        for frame in frames:
            path = one.path if frame is None else at_frame(one.path, frame)
            job.save(path, frame, **one.options)
            print(json.dumps({"picture": str(path), "frame": frame}) if wishes.json else path, flush=True)
    return report.OK


# --- steering


def _steer(step: Callable[[SubmittedJob], None]) -> Action:
    return _steer_as(lambda job, _: step(job))


def _steer_as(step: Callable[[SubmittedJob, Wishes], None]) -> Action:
    def action(job: SubmittedJob, wishes: Wishes) -> int:
        step(job, wishes)
        gone = {"name": job.name, "state": "REMOVED"}
        said = gone if wishes.action == "remove" else job.status.as_json()
        if wishes.json:
            print(json.dumps(said), flush=True)
        else:
            report.say(f"job {job.name} is {said['state']}")
        return report.OK

    return action


def _priority(job: SubmittedJob, wishes: Wishes) -> int:
    try:
        priority = int(wishes.value or "")
    except ValueError:
        raise LrnapError(
            Code.ARGS, f"priority takes a whole number, as in `lrnap job {job.name} priority 10`"
        ) from None
    job.priority = priority
    return _changed(job, wishes)


def _change(job: SubmittedJob, wishes: Wishes) -> int:
    job.change(**wishes.changes)
    return _changed(job, wishes)


def _changed(job: SubmittedJob, wishes: Wishes) -> int:
    if wishes.json:
        return _show(job, wishes)
    status = job.status
    why = f"; {status.why}" if status.why else ""
    report.say(f"job {job.name} is {status.state}, priority {status.priority}{why}")
    return report.OK


def _render(job: SubmittedJob, wishes: Wishes) -> int:
    job.render(**wishes.changes)
    return _changed(job, wishes)


Action = Callable[[SubmittedJob, Wishes], int]

ACTIONS: Mapping[str, Action] = {
    "show": _show,
    "watch": _watch,
    "frames": _list(lambda job: [*job.frames()], FRAMES),
    "runs": _list(SubmittedJob.runs, RUNS),
    "history": _list(SubmittedJob.history, HISTORY),
    "log": _log,
    "fetch": _fetch,
    "pause": _steer(SubmittedJob.pause),
    "resume": _steer(SubmittedJob.resume),
    "stop": _steer(SubmittedJob.stop),
    "retry": _steer_as(lambda job, wishes: job.retry(wishes.frames)),
    "remove": _steer(SubmittedJob.remove),
    "priority": _priority,
    "change": _change,
    "render": _render,
}
HALTS = ("spp", "seconds", "noise")
CHANGES: Mapping[str, tuple[str, ...]] = {"change": (*HALTS, "nodes", "tags", "after"), "render": HALTS}
_OPTIONS = {"seconds": "time", "tags": "tag"}  # spelt otherwise on the command line
