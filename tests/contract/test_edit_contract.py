"""Editing while rendering, on every engine: a new epoch, a new film, and nothing of the old one in it."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest
from engine_bench import Bench, in_loop, quad, until

from lrnap.engine.protocol import Halt, RunState, RunStatus
from lrnap.errors import Code, LrnapError
from lrnap.film.merge import Film
from lrnap.film.snapshot import Snapshot
from lrnap.lux.editing import edited
from lrnap.lux.reader import read_bytes


def calls(text: str):
    return tuple(read_bytes(text.encode(), "edit.lxs"))


CLOSER = calls("LookAt 1.5 -1.5 2.5  0 0 0.5  0 0 1")
BRIGHTER = calls('LightGroup "key" LightSource "point" "point from" [1 1 1.5] "color L" [9 9 9]')


def rendering(status: RunStatus) -> bool:
    return status.state is RunState.RENDERING and status.samples > 0


def of_epoch(epoch: int):
    return lambda status: status.epoch == epoch and rendering(status)


@in_loop
async def test_an_edit_begins_the_film_anew_as_the_next_epoch(bench: Bench) -> None:
    async with bench.running() as run:
        await until(run, lambda status: status.spp > 20)
        old = await run.snapshot()
        assert (old.epoch, run.status().epoch) == (0, 0)
        assert await run.edit(CLOSER) == 1
        status = await until(run, of_epoch(1))
        new = await run.snapshot()
        assert (new.epoch, new.run, new.seed) == (1, old.run, old.seed)
        assert new.layout == old.layout
        assert new.number > old.number
        assert status.state is RunState.RENDERING
        assert await run.edit(BRIGHTER) == 2
        await until(run, of_epoch(2))
        assert (await run.snapshot()).epoch == 2


@in_loop
async def test_samples_and_seconds_count_from_the_edit_and_so_do_halt_conditions(bench: Bench) -> None:
    async with bench.running(halt=Halt(spp=1e6, seconds=1000)) as run:
        await until(run, lambda status: status.seconds > 0.4)
        await run.pause()  # or a machine that looks late sees what was counted since
        await run.edit(CLOSER)
        assert run.status().epoch == 1
        assert run.status().seconds < 0.4
        await run.set_halt(Halt(spp=30))
        await run.resume()
        async for status in run.events():
            last = status
        assert (last.state, last.epoch) == (RunState.DONE, 1)
        film = await run.snapshot()
        assert (film.epoch, film.spp) == (1, pytest.approx(last.spp))
        assert film.planes.weight.mean() == pytest.approx(film.spp)


@in_loop
async def test_a_run_that_is_paused_stays_so_and_shows_nothing_until_it_goes_on(bench: Bench) -> None:
    async with bench.running() as run:
        await until(run, rendering)
        await run.pause()
        await run.edit(CLOSER)
        assert run.status().state is RunState.PAUSED
        assert (await run.snapshot()).samples == 0
        await run.resume()
        await until(run, of_epoch(1))


@in_loop
async def test_an_edit_that_fails_leaves_the_old_scene_rendering(bench: Bench) -> None:
    async with bench.running() as run:
        await until(run, rendering)
        before = await run.snapshot()
        with pytest.raises(LrnapError) as error:
            await run.edit(
                calls('LookAt 0 0 9 0 0 0 0 1 0  LightGroup "key" LightSource "infinite" "string mapname" ["x"]')
            )
        assert error.value.code is Code.NOT_FOUND
        status = await until(run, lambda status: status.samples > before.samples)
        assert status.epoch == 0
        film = Film(before.layout)
        film.add(before)
        assert film.add(await run.snapshot())


@in_loop
async def test_an_edit_may_say_which_epoch_it_begins_but_never_an_old_one(bench: Bench) -> None:
    async with bench.running(epoch=3) as run:
        await until(run, rendering)
        assert (await run.snapshot()).epoch == 3
        assert await run.edit(CLOSER, epoch=7) == 7
        with pytest.raises(LrnapError) as error:
            await run.edit(CLOSER, epoch=7)
        assert error.value.code is Code.SEQ
        await until(run, of_epoch(7))


@in_loop
async def test_an_edit_while_the_scene_is_built_waits_for_it(bench: Bench) -> None:
    async with bench.running() as run:
        assert await run.edit(CLOSER) == 1
        await until(run, of_epoch(1))


@in_loop
async def test_a_run_that_is_over_cannot_be_edited(bench: Bench) -> None:
    async with bench.running() as run:
        await until(run, rendering)
        await run.stop()
        with pytest.raises(LrnapError):
            await run.edit(CLOSER)
        assert (await run.snapshot()).epoch == 0


@in_loop
async def test_a_film_that_is_read_while_the_scene_changes_is_of_one_epoch(bench: Bench) -> None:
    async with bench.running() as run:
        await until(run, rendering)
        film = Film((await run.snapshot()).layout)
        for epoch in (1, 2):
            reading = [asyncio.create_task(run.snapshot()) for _ in range(3)]
            await run.edit(CLOSER, epoch=epoch)
            film.restart(epoch)
            for task in reading:
                snapshot = await task
                assert film.add(snapshot) is False or snapshot.epoch == epoch
            assert (await run.snapshot()).epoch == epoch


@in_loop
async def test_a_scene_that_was_edited_before_renders_as_the_edit_says(bench: Bench) -> None:
    async with bench.running(edited(quad(), BRIGHTER), halt=Halt(spp=16)) as run:
        async for _ in run.events():
            pass
        assert run.status().state is RunState.DONE
        assert (await run.snapshot()).samples > 0


def mean(snapshot: Snapshot) -> np.ndarray:
    planes = snapshot.planes
    return planes.pixel.sum(axis=(0, 1, 2)) / planes.weight.sum()


@in_loop
async def test_the_picture_changes_with_the_scene(bench: Bench) -> None:
    async with bench.running() as run:
        await until(run, lambda status: status.spp > 30)
        before = mean(await run.snapshot())
        await run.edit(BRIGHTER)
        await until(run, lambda status: status.epoch == 1 and status.spp > 30)
        after = mean(await run.snapshot())
    assert (after > 1.2 * before).all()
