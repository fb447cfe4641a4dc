"""Whoever asks an engine while it dies gets the reason, and never a defect; with either event loop."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable

import pytest

from lrnap.engine.process import ProcessEngine
from lrnap.engine.protocol import RunOptions, RunState
from lrnap.errors import LrnapError
from lrnap.lux.reader import read_bytes
from lrnap.lux.scene import Scene

SCENE = """
Film "fleximage" "integer xresolution" [8] "integer yresolution" [8]
WorldBegin
LightSource "point"
Shape "sphere"
WorldEnd
"""


def uvloop_or_skip() -> asyncio.AbstractEventLoop:
    return pytest.importorskip("uvloop").new_event_loop()


@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop_or_skip])
def test_an_engine_that_is_asked_while_it_dies(loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
    scene = Scene("one", tuple(read_bytes(SCENE.encode(), "one.lxs")))

    async def work() -> None:
        run = await ProcessEngine("fake").start(scene, RunOptions("r1", seed=1))
        async for status in run.events():
            if status.samples:
                break
        os.kill(run.pid, signal.SIGKILL)
        asked = []
        while not run.status().state.over:
            asked += [asyncio.ensure_future(run.pause()), asyncio.ensure_future(run.snapshot())]
            await asyncio.sleep(0.001)
        answers = await asyncio.gather(*asked, return_exceptions=True)
        wrong = [a for a in answers if isinstance(a, BaseException) and not isinstance(a, LrnapError)]
        assert asked and not wrong
        assert run.status().state is RunState.FAILED
        await run.close()

    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(work())
