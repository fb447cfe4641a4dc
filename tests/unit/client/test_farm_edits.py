"""Editing a job on several engines: all follow, or are set aside; nothing of before is merged."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import numpy as np
import pytest
from fake_engine import FakeEngine, until

from lrnap.client.farm import Farm
from lrnap.engine.protocol import Halt, RunState
from lrnap.errors import Code, LrnapError
from lrnap.lux.reader import read_bytes
from lrnap.lux.scene import Scene


def calls(text: str):
    return tuple(read_bytes(text.encode(), "edit.lxs"))


pytestmark = pytest.mark.usefixtures("impatient")
SCENE = Scene("ball", calls('WorldBegin MakeNamedMaterial "m" WorldEnd'))
MIRROR = calls('MakeNamedMaterial "m" "string type" ["mirror"]')


async def started(count: int, **options):
    engines = [FakeEngine(f"e{i}", halts=False) for i in range(count)]
    job = await Farm(engines).start(SCENE, **options)
    await until(lambda: all(engine.runs for engine in engines))
    return job, [engine.runs[0] for engine in engines]


def test_all_engines_follow_and_the_film_begins_anew():
    async def scenario():
        job, runs = await started(2, halt=Halt(spp=100))
        for run in runs:
            run.render(40)
        await until(lambda: job.film is not None and job.film.spp == 80)
        assert await job.edit(MIRROR, {"a.png": "/a.png"}) == 1
        assert [run.edits for run in runs] == [[(MIRROR, {"a.png": "/a.png"})]] * 2
        assert (job.film.spp, job.progress().spp, job.state) == (0, 0, RunState.RENDERING)
        assert job.scene.edits == MIRROR
        for run in runs:
            run.render(50)
        progress = await job.wait()
        assert progress.state is RunState.DONE
        merged = job.film.merged()
        assert (merged.epoch, merged.spp) == (1, 100)
        assert np.all(merged.planes.weight == 100)  # not 180
        await job.close()

    asyncio.run(scenario())


def test_a_snapshot_of_before_that_comes_late_is_not_merged():
    async def scenario():
        job, (slow, fast) = await started(2)
        slow.render(30)
        fast.render(30)
        await until(lambda: job.film is not None and job.film.spp == 60)
        stale = await slow.snapshot()
        slow.snapshot = lambda: late(stale)
        await job.edit(MIRROR)
        fast.render(10)
        await until(lambda: job.film.spp == 10)
        await job.snapshot()  # asks both
        assert job.film.spp == 10
        assert job.film.runs == (fast.name,)
        await job.close()

    async def late(snapshot):
        await asyncio.sleep(0)
        return replace(snapshot, number=snapshot.number + 1)

    asyncio.run(scenario())


def test_an_engine_that_missed_the_edit_is_set_aside_and_not_merged():
    async def scenario():
        job, (good, bad) = await started(2)
        good.render(30)
        bad.render(30)
        await until(lambda: job.film is not None and job.film.spp == 60)
        bad.refuses_edits = "the connection broke"
        assert await job.edit(MIRROR) == 1
        problems = [member.problem for member in job.progress().members]
        assert problems[0] == ""
        assert "did not follow an edit: the connection broke" in problems[1]
        good.render(10)
        await until(lambda: job.film.spp == 10)
        assert job.progress().spp == 10
        await until(lambda: bad.status().state.over)
        assert await job.edit(()) == 2  # the other goes on
        await job.close()

    asyncio.run(scenario())


def test_an_edit_that_nobody_can_follow_changes_nothing():
    async def scenario():
        job, (run,) = await started(1)
        run.render(30)
        await until(lambda: job.film is not None and job.film.spp == 30)
        run.refuses_edits = "no such file"
        with pytest.raises(LrnapError, match="no such file"):
            await job.edit(MIRROR)
        assert (job.scene, job.epoch, job.film.spp, job.state) == (SCENE, 0, 30, RunState.RENDERING)
        run.refuses_edits = ""
        assert await job.edit(MIRROR) == 1
        await job.close()

    asyncio.run(scenario())


def test_what_is_done_already_is_not_taken_for_the_new_film():
    """Statuses of before do not make a job complete that has just begun anew."""

    async def scenario():
        job, (one, two) = await started(2, halt=Halt(spp=100))
        one.render(49)
        two.render(49)
        await until(lambda: job.progress().spp == 98)
        await job.edit(MIRROR)
        one.render(60)
        await until(lambda: job.progress().spp == 60)
        assert job.state is RunState.RENDERING
        two.render(40)
        assert (await job.wait()).state is RunState.DONE
        await job.close()

    asyncio.run(scenario())


def test_developing_alone_keeps_the_film():
    async def scenario():
        job, (run,) = await started(1)
        run.render(30)
        await until(lambda: job.film is not None and job.film.spp == 30)
        assert await job.edit(calls('Film "fleximage" "float gamma" [2]')) == 0
        assert run.edits == []
        assert job.film.spp == 30
        assert [param.name for param in job.scene.film.params] == ["gamma"]
        await job.close()

    asyncio.run(scenario())


def test_an_engine_that_starts_late_renders_the_edited_scene():
    async def scenario():
        job, (run,) = await started(1)
        run.render(30)
        await job.edit(MIRROR)
        late = FakeEngine("late", halts=False)
        job.add(late)
        await until(lambda: late.runs)
        assert late.runs[0].scene.edits == MIRROR
        assert late.runs[0].options.epoch == 1
        await job.close()

    asyncio.run(scenario())


def test_a_job_that_is_over_cannot_be_edited():
    async def scenario():
        job, (run,) = await started(1)
        run.render(30)
        await job.stop()
        with pytest.raises(LrnapError, match="over and cannot be edited: render it anew") as error:
            await job.edit(MIRROR)
        assert error.value.code is Code.STATE
        await job.close()

    asyncio.run(scenario())
