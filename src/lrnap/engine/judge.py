"""Watches one run until the noise of its film is below a limit, as `film.noise` estimates it.

Of a job on several engines the merged film decides (`client.farm`); this is for a run that somebody started alone.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from lrnap.engine import pace
from lrnap.engine.protocol import Run, RunState, RunStatus
from lrnap.errors import LrnapError
from lrnap.film.noise import Noise


async def until_quiet(run: Run, limit: Callable[[], float | None], told: Callable[[float | None], None]) -> bool:
    """Looks at the film now and then, says the noise to `told`, and returns True once it is at most `limit()`; False
    if the run ends before, or nobody asks any more (None)."""
    noise: Noise | None = None
    seen = (0, 0.0)
    while (wanted := limit()) is not None:
        if not await _rendered_more(run, seen):
            return False
        began, seen = time.monotonic(), _film(run.status())
        try:
            snapshot = await run.snapshot()
        except LrnapError:
            await asyncio.sleep(pace.FIRST_PAUSE)  # a hiccup passes; a run that has ended tells why itself
            continue
        noise = noise or Noise(snapshot.layout)
        noise.add(snapshot)
        level = await asyncio.to_thread(noise.level)
        told(level)
        if level is not None and level <= wanted and snapshot.epoch == run.status().epoch:
            return True
        await asyncio.sleep(pace.pause(run.status().seconds, time.monotonic() - began))
    return False


def _film(status: RunStatus) -> tuple[int, float]:
    """What grows with the film, also where an edit begins it anew."""
    return status.epoch, status.samples


async def _rendered_more(run: Run, than: tuple[int, float]) -> bool:
    """Waits until there are more samples; False if none will come."""
    async for status in run.events():
        if status.state.over:
            return False
        if status.state is RunState.RENDERING and status.samples and _film(status) > than:
            return True
    return False
