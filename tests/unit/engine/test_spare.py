"""The next engine process is there before it is needed, where run follows run; and never more than that one."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import pytest
from node_processes import lives

from lrnap.engine.process import ProcessEngine, ProcessRun
from lrnap.engine.protocol import Halt, RunOptions
from lrnap.engine.spare import Spare
from lrnap.lux.reader import read_bytes
from lrnap.lux.scene import Scene

PATIENCE = 120

SCENE = """
Film "fleximage" "integer xresolution" [8] "integer yresolution" [8]
WorldBegin
LightSource "point"
Shape "sphere"
WorldEnd
"""


class Farm:
    """Runs that are built and end when a test says so, and the processes that were started for them."""

    def __init__(self) -> None:
        self.started: list[Process] = []
        self.refused = 0
        self.spare = Spare(self._start, PATIENCE)

    async def _start(self) -> Process:
        if self.refused:
            self.refused -= 1
            raise OSError("no more processes")
        waiting = "import sys; sys.stdin.read()"
        self.started.append(await asyncio.create_subprocess_exec(sys.executable, "-c", waiting, stdin=PIPE))
        return self.started[-1]

    async def run(self) -> Run:
        run = Run(await self.spare.take())
        self.spare.follow(run)
        return run

    async def spare_there(self) -> int:
        await until(lambda: self.spare.pid is not None)
        assert self.spare.pid is not None
        return self.spare.pid


class Run:
    def __init__(self, process: Process) -> None:
        self.process = process
        self.is_built, self.is_over = asyncio.Event(), asyncio.Event()

    async def built(self) -> None:
        await self.is_built.wait()

    async def ended(self) -> None:
        await self.is_over.wait()

    async def over(self) -> None:
        """Rendered to its end; what hears of that has done what it does."""
        self.is_built.set()
        self.is_over.set()
        await settled()


async def settled() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def until(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not holds():
            await asyncio.sleep(0.01)


@contextlib.asynccontextmanager
async def farm() -> AsyncIterator[Farm]:
    made = Farm()
    try:
        yield made
    finally:
        await made.spare.close()
        for process in made.started:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
            assert process.stdin
            process.stdin.close()


def on_a_farm(test: Callable[[Farm], Coroutine[Any, Any, None]]) -> Callable[[], None]:
    async def work() -> None:
        async with farm() as made:
            await test(made)

    def run() -> None:
        asyncio.run(work())

    run.__name__ = test.__name__
    return run


@on_a_farm
async def test_a_single_run_has_one_process(farm: Farm) -> None:
    run = await farm.run()
    await run.over()
    assert len(farm.started) == 1 and farm.spare.pid is None


@on_a_farm
async def test_once_a_second_run_renders_the_third_has_its_process(farm: Farm) -> None:
    await (await farm.run()).over()
    second = await farm.run()
    await settled()
    assert len(farm.started) == 2  # none while the scene is built: it would take its time from that
    second.is_built.set()
    pid = await farm.spare_there()
    await second.over()
    third = await farm.run()
    assert third.process.pid == pid
    assert len(farm.started) == 3


@on_a_farm
async def test_each_run_of_many_finds_one_and_there_is_never_a_second(farm: Farm) -> None:
    await (await farm.run()).over()
    for _ in range(3):
        run = await farm.run()
        run.is_built.set()
        await farm.spare_there()
        await run.over()
    assert len(farm.started) == 5  # of four runs, and of the one to come


@on_a_farm
async def test_a_run_takes_the_process_that_is_still_starting(farm: Farm) -> None:
    await (await farm.run()).over()
    second = await farm.run()
    second.is_built.set()
    await asyncio.sleep(0)
    await second.over()
    await farm.run()
    assert len(farm.started) == 3


@on_a_farm
async def test_what_nobody_needs_goes(farm: Farm) -> None:
    await (await farm.run()).over()
    second = await farm.run()
    second.is_built.set()
    await farm.spare_there()
    farm.spare.patience = 0
    await second.over()
    await until(lambda: farm.spare.pid is None)
    waiting = farm.started[-1]
    assert await waiting.wait() == -9
    await (await farm.run()).over()
    assert farm.spare.pid is None  # a first run again: nothing says that another one follows


@on_a_farm
async def test_one_that_has_died_is_not_given_to_a_run(farm: Farm) -> None:
    await (await farm.run()).over()
    second = await farm.run()
    second.is_built.set()
    await farm.spare_there()
    dead = farm.started[-1]
    dead.kill()
    await dead.wait()
    await second.over()
    third = await farm.run()
    assert third.process is not dead and third.process.returncode is None


@on_a_farm
async def test_one_that_cannot_be_started_harms_nobody(farm: Farm) -> None:
    await (await farm.run()).over()
    second = await farm.run()
    farm.refused = 1
    await second.over()
    await until(lambda: not farm.refused)
    third = await farm.run()
    assert third.process.returncode is None
    farm.refused = 1
    with pytest.raises(OSError, match="no more processes"):
        await Spare(farm._start).take()


@on_a_farm
async def test_close_ends_it_and_none_comes_after(farm: Farm) -> None:
    await (await farm.run()).over()
    second = await farm.run()
    second.is_built.set()
    await farm.spare_there()
    third = await farm.run()
    await farm.spare.close()
    await farm.spare.close()
    third.is_built.set()
    await settled()
    assert farm.spare.pid is None
    assert len(farm.started) == 3


def test_an_engine_renders_in_the_process_that_waited() -> None:
    """And one that waits ends as soon as its parent wants no more of it."""
    scene = Scene("one", tuple(read_bytes(SCENE.encode(), "one.lxs")))

    async def work() -> None:
        engine = ProcessEngine("fake", spare=True)
        assert engine.spare is not None

        async def rendered(number: int) -> ProcessRun:
            run = await engine.start(scene, RunOptions(f"r{number}", seed=number, halt=Halt(spp=2)))
            async for status in run.events():
                assert status.error is None
            assert (await run.snapshot()).samples == 2 * 8 * 8
            return run

        try:
            for number in (1, 2):
                await (await rendered(number)).close()
            spare = engine.spare
            await until(lambda: spare.pid)
            waits = spare.pid
            third = await rendered(3)
            assert third.pid == waits
            await until(lambda: spare.pid)
            waits = spare.pid
            await third.close()
        finally:
            await engine.close()
        assert not lives(waits)

    asyncio.run(work())
