"""Tests that are coroutines."""

from __future__ import annotations

import asyncio
import functools
import selectors
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

PATIENCE = 120.0  # seconds; who waits for longer waits for what does not come


def in_loop(test: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    """Runs it in a loop of its own."""

    @functools.wraps(test)
    def run(**given: object) -> None:
        asyncio.run(asyncio.wait_for(test(**given), PATIENCE))  # type: ignore[arg-type]

    return run


class FakeClockLoop(asyncio.SelectorEventLoop):
    """Time passes when everybody waits, and at once; what others leave to threads is done there and then."""

    def __init__(self) -> None:
        self._now = 0.0
        super().__init__(_NeverIdle(self))

    def time(self) -> float:
        return self._now

    def skip(self, seconds: float | None) -> None:
        if seconds is None:
            raise RuntimeError("everybody waits for somebody else")
        self._now += seconds

    def run_in_executor(self, executor: object, func: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:  # type: ignore[override]
        done = self.create_future()
        try:
            done.set_result(func(*args))
        except Exception as error:
            done.set_exception(error)
        return done


class _NeverIdle(selectors.DefaultSelector):
    def __init__(self, loop: FakeClockLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready and timeout != 0:
            self._loop.skip(timeout)
        return ready


def on_a_fake_clock(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Runs it in a loop whose hours pass in no time, and the same way each time."""

    @functools.wraps(test)
    def run(**given: object) -> None:
        with asyncio.Runner(loop_factory=FakeClockLoop) as runner:
            runner.run(test(**given))

    return run
