"""The calls that start, pause and end rendering, and say when it is enough."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from lrnap.control.job import Figures
from lrnap.engine.protocol import RunState

if TYPE_CHECKING:
    from lrnap.control.console import Console

VERSION = "1.7.0"  # of classic Lux, whose calls these are


async def version(console: Console) -> str:  # noqa: ARG001
    return VERSION


async def parse_successful(console: Console) -> bool:
    return console.job.parsed


async def start_rendering_after_parse(console: Console, start: bool) -> None:
    console.starts = start


async def parse_end(console: Console) -> None:
    """Starts what is described and does not render yet; if it does, that is what was asked for."""
    if console.job.figures().state not in (RunState.BUILDING, RunState.RENDERING, RunState.PAUSED):
        await console.job.render()


async def start(console: Console) -> None:
    await console.job.resume()


async def pause(console: Console) -> None:
    await console.job.pause()


async def finish(console: Console) -> None:
    await console.job.finish()


async def abort(console: Console) -> None:
    await console.job.abort()
    console.picture = None


async def wait(console: Console) -> None:
    await console.job.wait()


async def set_halt_samples_per_pixel(console: Console, spp: int, enough: bool, suspend: bool) -> None:
    """As the buttons of luxrender: (spp, true, true) stops for now, (spp, true, false) ends, (spp, false, false)
    goes on until there are so many; less than one is never. (spp, false, true) pauses when there are."""
    job = console.job
    await job.set_halt(replace(job.figures().halt, spp=float(spp) if spp > 0 else math.inf), suspend=suspend)
    state = job.figures().state
    if enough and suspend:
        await job.pause()
    elif enough:
        await job.finish()
    elif state is RunState.PAUSED and not _reached(job.figures()):
        await job.resume()


def _reached(figures: Figures) -> bool:
    return figures.halt.spp is not None and figures.spp >= figures.halt.spp


async def add_thread(console: Console) -> int:
    return await console.job.change_threads(+1)


async def remove_thread(console: Console) -> int | None:
    """One always stays, so that for the last one nothing happens, as in classic Lux."""
    if console.job.figures().threads == 1:
        return 1
    return await console.job.change_threads(-1)


async def update_statistics_window(console: Console) -> None:
    now = console.job.figures()
    console.window.close(now.seconds, now.samples)
