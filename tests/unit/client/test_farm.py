"""The farm: one job on several engines, whatever becomes of them."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest
from fake_engine import LAYOUT, FakeEngine, until

from lrnap.client.farm import Farm
from lrnap.engine.protocol import Halt, RunState
from lrnap.errors import Code, EngineError, LrnapError, SceneError
from lrnap.film.noise import Noise
from lrnap.film.snapshot import FilmLayout
from lrnap.lux.scene import Scene

pytestmark = pytest.mark.usefixtures("impatient")
SCENE = Scene("ball", ())


def test_the_films_of_all_engines_are_one_film():
    async def scenario():
        engines = [FakeEngine("a"), FakeEngine("b")]
        job = await Farm(engines).start(SCENE, halt=Halt(spp=10))
        await until(lambda: all(e.runs for e in engines))
        engines[0].runs[0].render(4)
        engines[1].runs[0].render(6)
        progress = await job.wait()
        assert progress.state is RunState.DONE
        merged = job.film.merged()
        assert merged.spp == 10
        assert np.all(merged.planes.weight == 10)
        assert np.all(merged.planes.pixel == 5)
        await job.close()

    asyncio.run(scenario())


def test_every_run_has_a_seed_of_its_own():
    async def scenario():
        engines = [FakeEngine() for _ in range(50)]
        job = await Farm(engines).start(SCENE)
        seeds = [m.seed for m in job.progress().members]
        assert len(set(seeds)) == 50
        assert all(1 <= seed < 2**31 for seed in seeds)
        assert len({m.run for m in job.progress().members}) == 50
        await job.close()

    asyncio.run(scenario())


def test_it_halts_when_the_films_together_have_enough():
    async def scenario():
        engines = [FakeEngine(halts=False), FakeEngine(halts=False)]
        job = await Farm(engines).start(SCENE, halt=Halt(spp=10))
        await until(lambda: all(e.runs for e in engines))
        runs = [e.runs[0] for e in engines]
        runs[0].render(5)
        runs[1].render(4)
        await until(lambda: job.progress().spp == 9)
        assert job.state is RunState.RENDERING
        runs[1].render(5)
        await job.wait()
        assert [run.status().state for run in runs] == [RunState.STOPPED, RunState.STOPPED]
        assert job.state is RunState.DONE
        await job.close()

    asyncio.run(scenario())


def test_whoever_is_stopped_because_all_is_there_is_done():
    async def scenario():
        engines = [FakeEngine(halts=False), FakeEngine(halts=False)]
        job = await Farm(engines).start(SCENE, halt=Halt(spp=10))
        await until(lambda: all(e.runs for e in engines))
        engines[0].runs[0].render(6)
        engines[1].runs[0].render(6)
        progress = await job.wait()
        assert [run.status().state for e in engines for run in e.runs] == [RunState.STOPPED, RunState.STOPPED]
        assert [m.status.state for m in progress.members] == [RunState.DONE, RunState.DONE]
        await job.close()

    asyncio.run(scenario())


def test_whoever_still_builds_when_all_is_there_has_no_problem():
    async def scenario():
        quick, slow = FakeEngine("quick"), FakeEngine("slow")
        job = await Farm([quick, slow]).start(SCENE, halt=Halt(spp=10))
        await until(lambda: quick.runs and slow.runs)

        async def nothing():
            raise EngineError("ended while starting to render", code=Code.STATE)

        slow.runs[0].snapshot = nothing
        quick.runs[0].render(10)
        progress = await job.wait()
        assert [m.problem for m in progress.members] == ["", ""]
        assert [m.status.state for m in progress.members] == [RunState.DONE, RunState.DONE]
        await job.close()

    asyncio.run(scenario())


def test_it_halts_by_the_time_of_rendering():
    async def scenario():
        engine = FakeEngine()
        job = await Farm([engine]).start(SCENE, halt=Halt(seconds=60))
        await until(lambda: engine.runs)
        engine.runs[0].render(5, seconds=59)
        await until(lambda: job.progress().seconds == 59)
        assert not job.over
        engine.runs[0].render(6, seconds=60)
        await job.wait()
        assert job.state is RunState.DONE
        await job.close()

    asyncio.run(scenario())


def test_each_run_has_the_bound_of_the_whole_so_that_it_ends_without_us():
    async def scenario():
        engines = [FakeEngine(), FakeEngine()]
        job = await Farm(engines).start(SCENE, halt=Halt(spp=100, seconds=5), threads=3)
        await until(lambda: all(e.runs for e in engines))
        for engine in engines:
            assert engine.runs[0].options.halt == Halt(spp=100, seconds=5)
            assert engine.runs[0].options.threads == 3
        await job.close()

    asyncio.run(scenario())


def test_an_engine_that_dies_leaves_its_last_film_counted():
    async def scenario():
        good, bad = FakeEngine("good", halts=False), FakeEngine("bad")
        job = await Farm([good, bad]).start(SCENE, halt=Halt(spp=10))
        await until(lambda: good.runs and bad.runs)
        bad.runs[0].render(4)
        await until(lambda: job.film is not None and job.film.spp == 4)
        bad.runs[0].die("the node burned down")
        await until(lambda: any(m.problem for m in job.progress().members))
        good.runs[0].render(5)
        await until(lambda: job.progress().spp == 9)
        assert not job.over  # four of them are the dead one's
        good.runs[0].render(6)
        progress = await job.wait()
        assert progress.state is RunState.DONE
        assert job.film.spp == 10
        problems = {m.engine: m.problem for m in progress.members}
        assert problems == {"good": "", "bad": "the node burned down"}
        await job.close()

    asyncio.run(scenario())


def test_what_the_engines_are_said_to_have_done_adds_up_to_the_film():
    async def scenario():
        good, bad = FakeEngine("good", halts=False), FakeEngine("bad", halts=False)
        job = await Farm([good, bad]).start(SCENE, halt=Halt(spp=10))
        await until(lambda: good.runs and bad.runs)
        bad.runs[0].render(4)
        await until(lambda: job.film is not None and job.film.spp == 4)
        bad.runs[0].hands_over = False
        bad.runs[0].render(5)
        bad.runs[0].die()
        await until(lambda: job.progress().members[1].problem)
        good.runs[0].render(7)
        progress = await job.wait()
        assert [m.status.spp for m in progress.members] == [7, 4]
        assert sum(m.status.samples for m in progress.members) == progress.samples == job.film.samples
        await job.close()

    asyncio.run(scenario())


def test_a_run_that_somebody_else_stops_is_no_complete_picture():
    async def scenario():
        engine = FakeEngine("node")
        job = await Farm([engine]).start(SCENE, halt=Halt(spp=10))
        await until(lambda: engine.runs)
        engine.runs[0].render(4)
        await until(lambda: job.progress().spp == 4)
        await engine.runs[0].stop()
        progress = await job.wait()
        assert progress.state is RunState.FAILED
        assert "somebody else stopped" in str(job.error)
        assert job.error.code is Code.UNAVAILABLE
        assert job.film.spp == 4
        await job.close()

    asyncio.run(scenario())


def test_samples_that_a_dead_engine_never_handed_over_do_not_count():
    async def scenario():
        good, bad = FakeEngine("good", halts=False), FakeEngine("bad", halts=False)
        job = await Farm([good, bad]).start(SCENE, halt=Halt(spp=10))
        await until(lambda: good.runs and bad.runs)
        bad.runs[0].die()
        await until(lambda: job.progress().members[1].problem)
        good.runs[0].render(9)
        await until(lambda: job.progress().spp == 9)
        assert not job.over
        good.runs[0].render(11)
        await job.wait()
        assert job.film.runs == (good.runs[0].name,)
        await job.close()

    asyncio.run(scenario())


def test_an_engine_that_cannot_start_is_named_with_its_reason():
    async def scenario():
        good, bad = FakeEngine("good"), FakeEngine("bad", refuse="nothing listens there")
        job = await Farm([good, bad]).start(SCENE, halt=Halt(spp=2))
        await until(lambda: good.runs)
        good.runs[0].render(2)
        progress = await job.wait()
        assert progress.state is RunState.DONE
        assert job.error is None
        assert [m.problem for m in progress.members] == ["", "nothing listens there"]
        await job.close()

    asyncio.run(scenario())


def test_without_any_engine_the_job_fails_and_says_why():
    async def scenario():
        job = await Farm([FakeEngine("a", refuse="no a"), FakeEngine("b", refuse="no b")]).start(SCENE)
        progress = await job.wait()
        assert progress.state is RunState.FAILED
        assert job.error.code is Code.UNAVAILABLE
        with pytest.raises(LrnapError, match="no a"):
            await job.snapshot()
        await job.close()
        assert job.state is RunState.FAILED

    asyncio.run(scenario())


def test_a_wrong_scene_is_said_before_any_other_trouble():
    class Picky(FakeEngine):
        async def start(self, scene, options):
            raise SceneError("no such plugin", at="a.lxs:1:1")

    async def scenario():
        job = await Farm([FakeEngine(refuse="away"), Picky()]).start(SCENE)
        await job.wait()
        assert isinstance(job.error, SceneError)
        await job.close()

    asyncio.run(scenario())


def test_a_film_of_another_size_is_set_aside():
    async def scenario():
        good, odd = FakeEngine("good", halts=False), FakeEngine("odd", layout=FilmLayout(8, 8), halts=False)
        job = await Farm([good, odd]).start(SCENE, halt=Halt(spp=10))
        await until(lambda: good.runs and odd.runs)
        good.runs[0].render(2)
        await until(lambda: job.film is not None)
        odd.runs[0].render(2)
        await until(lambda: job.progress().members[1].problem)
        assert "size 8x8 instead of 4x3" in job.progress().members[1].problem
        good.runs[0].render(10)
        progress = await job.wait()
        assert progress.state is RunState.DONE
        assert job.film.spp == 10
        assert odd.runs[0].closed
        await job.close()

    asyncio.run(scenario())


def test_stop_keeps_the_last_films():
    async def scenario():
        engine = FakeEngine()
        job = await Farm([engine]).start(SCENE)
        await until(lambda: engine.runs)
        engine.runs[0].render(7)
        await until(lambda: job.progress().spp == 7)
        await job.stop()
        assert job.state is RunState.STOPPED
        assert job.film.spp == 7
        await job.close()
        assert engine.runs[0].closed

    asyncio.run(scenario())


def test_stop_while_an_engine_is_still_starting():
    class Slow(FakeEngine):
        async def start(self, scene, options):
            await asyncio.Event().wait()

    async def scenario():
        job = await Farm([Slow()]).start(SCENE)
        await asyncio.sleep(0.01)
        async with asyncio.timeout(30):
            await job.stop()
        assert job.state is RunState.STOPPED
        await job.close()

    asyncio.run(scenario())


def test_pause_resume_and_threads_reach_every_run():
    async def scenario():
        engines = [FakeEngine(), FakeEngine()]
        job = await Farm(engines).start(SCENE)
        await until(lambda: all(e.runs for e in engines))
        runs = [e.runs[0] for e in engines]
        for run in runs:
            run.render(1)
        await job.pause()
        await until(lambda: job.state is RunState.PAUSED)
        await job.resume()
        await until(lambda: job.state is RunState.RENDERING)
        await job.add_thread()
        assert [run.status().threads for run in runs] == [3, 3]
        await until(lambda: all(m.status.threads == 3 for m in job.progress().members))
        await job.add_thread(-9)
        assert [run.status().threads for run in runs] == [1, 1]
        await job.close()

    asyncio.run(scenario())


def test_changes_end_with_the_finished_job():
    async def scenario():
        engine = FakeEngine()
        job = await Farm([engine]).start(SCENE, halt=Halt(spp=3))
        seen = []
        async for progress in job.changes():
            seen.append(progress)
            if engine.runs:
                engine.runs[0].render(min(3, progress.spp + 1))
        assert seen[-1].state is RunState.DONE
        assert [p.spp for p in seen] == sorted(p.spp for p in seen)
        assert seen[-1].fraction == 1.0
        await job.close()

    asyncio.run(scenario())


def test_a_fresh_snapshot_can_be_asked_for():
    async def scenario():
        engine = FakeEngine()
        job = await Farm([engine]).start(SCENE)
        await until(lambda: engine.runs)
        engine.runs[0].render(5)
        await until(lambda: job.progress().spp == 5)
        assert (await job.snapshot()).layout == LAYOUT
        engine.runs[0].render(6)
        await until(lambda: job.progress().spp == 6)
        assert (await job.snapshot()).spp == 6
        await job.close()

    asyncio.run(scenario())


def test_warnings_are_said_once():
    async def scenario():
        engines = [FakeEngine(), FakeEngine()]
        job = await Farm(engines).start(SCENE)
        await until(lambda: all(e.runs for e in engines))
        await until(lambda: job.warnings)
        assert job.warnings == ("Film: glare is not honoured",)
        await job.close()

    asyncio.run(scenario())


def test_a_farm_needs_an_engine():
    with pytest.raises(LrnapError, match="no engine"):
        Farm([])


def test_a_defect_in_taking_a_film_ends_a_run_that_would_render_for_ever(monkeypatch, caplog):
    def broken(*_):
        raise ZeroDivisionError("of a test")

    async def scenario():
        engine = FakeEngine(halts=False)
        job = await Farm([engine]).start(SCENE, halt=Halt(noise=0.01))
        await until(lambda: engine.runs)
        engine.runs[0].render(20)
        assert (await job.wait()).state is RunState.FAILED
        assert "a defect of lrnap: ZeroDivisionError: of a test" in str(job.error)
        assert engine.runs[0].closed
        await job.close()

    monkeypatch.setattr(Noise, "add", broken)
    asyncio.run(asyncio.wait_for(scenario(), 60))
    assert "defect while rendering on fake" in caplog.text
