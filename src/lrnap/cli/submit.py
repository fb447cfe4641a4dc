"""`lrnap submit`: a scene into the queue of a manager."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from lrnap.cli import report
from lrnap.client.queue import connect


@dataclass(frozen=True, slots=True)
class Wishes:
    """The command line, as typed."""

    scene: Path
    to: str
    name: str | None = None
    spp: float | None = None
    seconds: float | None = None
    noise: float | None = None
    frames: str | None = None
    changes: Path | None = None
    priority: int = 0
    after: tuple[str, ...] = ()
    nodes: str | None = None
    tags: tuple[str, ...] = ()
    output: str | None = None
    channels: str = ""
    owner: str | None = None
    token: str | None = None
    json: bool = False


def run(wishes: Wishes) -> int:
    warnings: list[str] = []
    with connect(wishes.to) as farm:
        job = farm.submit(
            wishes.scene,
            name=wishes.name,
            spp=wishes.spp,
            seconds=wishes.seconds,
            noise=wishes.noise,
            frames=wishes.frames,
            changes=wishes.changes,
            priority=wishes.priority,
            after=wishes.after,
            nodes=wishes.nodes,
            tags=wishes.tags,
            channels=wishes.channels,
            output=wishes.output,
            owner=wishes.owner,
            token=wishes.token,
            on_warning=warnings.append,
        )
        status = job.status
    report.say_warnings(warnings)
    if not any(name in status.fields for name in ("haltspp", "halttime", "haltthreshold")):
        report.say_warnings([f"the job has no end: it renders until `lrnap job {job.name} stop`"])
    if wishes.json:
        print(json.dumps(status.as_json()), flush=True)
        return report.OK
    what = f"{status.frames} frames" if status.frames > 1 else "1 frame"
    report.say(f'job {job.id} "{job.name}" is {status.state}: {what}{f"; {status.why}" if status.why else ""}')
    print(job.name, flush=True)
    return report.OK
