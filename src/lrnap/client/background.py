"""An event loop in a thread, so that blocking code can use the asynchronous core.

It ends with `close`, when its last user is collected, or at the end of the program, whichever comes first; what was
registered with `on_close` is awaited before.
"""

from __future__ import annotations

import asyncio
import threading
import weakref
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

from lrnap.errors import Code, LrnapError

T = TypeVar("T")
Closer = Callable[[], Awaitable[None]]

CLOSE_SECONDS = 30.0  # for closers that wait for a process or a peer


class Background:
    """`call` runs a coroutine in the loop's thread and waits for its result."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._closers: list[Closer] = []
        thread = threading.Thread(target=_run, args=(self.loop,), name="lrnap", daemon=True)
        thread.start()
        self._finalizer = weakref.finalize(self, _end, self.loop, thread, self._closers)

    @property
    def closed(self) -> bool:
        return not self._finalizer.alive

    @property
    def inside(self) -> bool:
        """Whether this is the loop's own thread."""
        try:
            return asyncio.get_running_loop() is self.loop
        except RuntimeError:
            return False

    def call(self, work: Coroutine[Any, Any, T], timeout: float | None = None) -> T:
        """The result of `work`. Interrupted (Ctrl-C, TimeoutError), it is cancelled and the loop goes on."""
        if self.closed:
            work.close()
            raise LrnapError(Code.STATE, "this context is closed: make another one")
        future = asyncio.run_coroutine_threadsafe(work, self.loop)
        try:
            return future.result(timeout)
        except BaseException:
            future.cancel()
            raise

    def on_close(self, closer: Closer) -> None:
        """`closer` must not hold this object, or it would never be collected."""
        self._closers.append(closer)

    def close(self) -> None:
        self._finalizer()


def _run(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    loop.run_forever()


def _end(loop: asyncio.AbstractEventLoop, thread: threading.Thread, closers: list[Closer]) -> None:
    async def close_all() -> None:
        for closer in reversed(closers):
            try:
                await asyncio.wait_for(_awaited(closer), CLOSE_SECONDS)
            except Exception as error:
                loop.call_exception_handler({"message": "while closing", "exception": error})
        rest = asyncio.all_tasks() - {asyncio.current_task()}
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)
        await loop.shutdown_asyncgens()
        await loop.shutdown_default_executor()

    if loop.is_closed() or threading.current_thread() is thread:
        return
    try:
        asyncio.run_coroutine_threadsafe(close_all(), loop).result()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _awaited(closer: Closer) -> None:
    await closer()
