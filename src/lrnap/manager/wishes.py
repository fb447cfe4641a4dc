"""What a job is to be, as the options of API_Render and CTL_CHANGE say it, in terms of events."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lrnap.engine.protocol import Halt
from lrnap.manager.queue import Queue, find_job
from lrnap.wire import Request, Scalar
from lrnap.wire.wishes import frame_numbers, names, node_range

HALTS = ("spp", "seconds", "noise")


@dataclass(frozen=True, slots=True)
class Wishes:
    """`given`: the fields of events.Submit and events.Change that were asked for, but for the halt conditions. `halts`:
    those asked for; 0 is never."""

    given: Mapping[str, Any]
    halts: Mapping[str, float]
    frames: tuple[int, ...] = ()
    owner: str = ""
    token: str = ""

    def halt(self, before: Halt) -> Halt:
        """`before`, with what was asked for instead."""
        asked = {name: value if value and math.isfinite(value) else None for name, value in self.halts.items()}
        return Halt(**{name: asked.get(name, getattr(before, name)) for name in HALTS})


async def wishes_of(queue: Queue, request: Request) -> Wishes:
    """Raises LrnapError: ARGS for what cannot be meant, NOT_FOUND for a job that it is to come after."""
    options = request.options
    given: dict[str, Any] = {}
    if "priority" in options:
        given["priority"] = int(options["priority"])
    if "nodes" in options:
        given["nodes_min"], given["nodes_max"] = node_range(options["nodes"])
    if "tags" in options:
        given["tags"] = names(options["tags"])
    if "output" in options:
        given["output"] = str(options["output"])
    if "after" in options:
        given["after"] = await _jobs(queue, options["after"])
    frames = options.get("frames")
    return Wishes(
        given,
        {name: float(options[name]) for name in HALTS if name in options},
        () if frames is None else frame_numbers(frames),
        str(options.get("owner", "")),
        str(options.get("token", "")),
    )


async def _jobs(queue: Queue, text: Scalar) -> tuple[int, ...]:
    """A name may hold a comma, so all of it is tried first."""
    whole = await find_job(queue, text, required=False) if str(text) else None
    if whole is not None:
        return (whole,)
    return tuple(dict.fromkeys([await find_job(queue, name) for name in names(text)]))
