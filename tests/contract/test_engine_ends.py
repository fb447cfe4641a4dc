"""How an engine's process ends, wanted or not: the contract of all engines."""

from __future__ import annotations

import asyncio
import os
import signal
import sys

import pytest
from engine_bench import FAILED, HERE, STOPPED, Bench, alive, in_loop, some_samples, the_end, until

from lrnap.engine.protocol import RunState
from lrnap.errors import Code, EngineError


@pytest.mark.parametrize("phase", ["building", "rendering"])
@in_loop
async def test_a_killed_engine_is_an_error_that_names_the_signal(bench: Bench, phase: str) -> None:
    async with bench.running() as run:
        if phase == "rendering":
            await until(run, some_samples)
        os.kill(run.pid, signal.SIGKILL)
        assert await the_end(run) is FAILED
        error = run.status().error
        assert isinstance(error, EngineError)
        assert "SIGKILL" in error.message
        assert phase == "building" or "while rendering" in error.message
        with pytest.raises(EngineError, match="SIGKILL"):
            await run.snapshot()
        with pytest.raises(EngineError, match="SIGKILL"):
            await run.pause()


@in_loop
async def test_after_a_crash_the_last_snapshot_counts(bench: Bench) -> None:
    async with bench.running() as run:
        await until(run, some_samples)
        good = await run.snapshot()
        os.kill(run.pid, signal.SIGSTOP)  # so that the next request is surely pending when it dies
        pending = asyncio.create_task(run.snapshot())
        await asyncio.sleep(0.05)
        os.kill(run.pid, signal.SIGSEGV)
        os.kill(run.pid, signal.SIGCONT)
        last = await pending
        assert last is good or last.samples > good.samples  # a thread may be quicker than the signal
        assert await run.snapshot() is last
        await the_end(run)
        assert "SIGSEGV" in run.status().error.message


@in_loop
async def test_a_run_that_hangs_can_be_closed(bench: Bench) -> None:
    async with bench.running() as run:
        os.kill(run.pid, signal.SIGSTOP)
        pausing = asyncio.create_task(run.pause())
        await asyncio.sleep(0.05)
        assert run.status().state is RunState.BUILDING
        await run.close()
        with pytest.raises(EngineError):
            await pausing


@in_loop
async def test_close_is_idempotent_and_ends_everything(bench: Bench) -> None:
    async with bench.running() as run:
        await until(run, some_samples)
        held = await run.snapshot()
        listening = asyncio.create_task(the_end(run))
        await asyncio.gather(run.close(), run.close())
        await run.close()
        assert not alive(run.pid)
        assert await listening is STOPPED
        with pytest.raises(EngineError, match="closed") as error:
            await run.snapshot()
        assert error.value.code is Code.STATE
    assert held.block.sum() > 0  # what was handed out stays


PARENT = """
import asyncio, sys
from lrnap.engine.process import ProcessEngine
from lrnap.engine.protocol import RunOptions
from engine_bench import quad

async def main():
    run = await ProcessEngine(sys.argv[1]).start(quad(), RunOptions("r1", 1))
    async for status in run.events():
        if status.samples:
            print(run.pid, flush=True)

asyncio.run(main())
"""


@in_loop
async def test_the_engine_ends_when_its_parent_is_killed(bench: Bench) -> None:
    parent = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", PARENT, bench.engine.name), cwd=HERE, stdout=asyncio.subprocess.PIPE
    )
    pid = int(await parent.stdout.readline())
    assert alive(pid)
    parent.kill()
    await parent.communicate()
    while alive(pid):
        await asyncio.sleep(0.01)
