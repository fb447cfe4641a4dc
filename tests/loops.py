"""Tests that are coroutines."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable

PATIENCE = 120.0  # seconds; who waits for longer waits for what does not come


def in_loop(test: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    """Runs it in a loop of its own."""

    @functools.wraps(test)
    def run(**given: object) -> None:
        asyncio.run(asyncio.wait_for(test(**given), PATIENCE))  # type: ignore[arg-type]

    return run
