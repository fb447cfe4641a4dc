"""The film of a job on several engines: how noisy it is, when one of its parts counts, and films to go on with."""

from __future__ import annotations

import asyncio
import math
import time

import numpy as np
import pytest
from fake_engine import LAYOUT, FakeEngine, until

from lrnap.client.farm import Farm
from lrnap.engine.protocol import Halt, RunState
from lrnap.errors import Code
from lrnap.film.merge import Film
from lrnap.film.snapshot import FilmLayout, Snapshot
from lrnap.lux.scene import Scene

pytestmark = pytest.mark.usefixtures("impatient")
SCENE = Scene("ball", ())


def noisy(run, spread=0.5):
    """Lets a run's films have noise: each step adds samples of its own."""
    random = np.random.default_rng(run.seed)
    plain, sums = run.snapshot, np.zeros((run.layout.height, run.layout.width, 3))
    counted = 0.0

    async def snapshot():
        nonlocal counted
        taken = await plain()
        if (more := taken.spp - counted) > 0:
            sums[:] += random.gamma(more / spread**2, 0.5 * spread**2, sums.shape)
            counted = taken.spp
        taken.planes.pixel[0] = sums
        return taken

    run.snapshot = snapshot


def test_it_halts_when_the_noise_of_all_films_together_is_low_enough():
    async def scenario():
        layout = FilmLayout(40, 30)
        engines = [FakeEngine(layout=layout), FakeEngine(layout=layout)]
        job = await Farm(engines).start(SCENE, halt=Halt(noise=0.01))
        await until(lambda: all(e.runs for e in engines))
        runs = [e.runs[0] for e in engines]
        assert [run.options.halt.noise for run in runs] == [math.inf, math.inf]  # none of them decides alone
        for run in runs:
            noisy(run)
            run.render(40)
        await until(lambda: job.progress().noise is not None and job.film.spp == 80)
        before = job.progress()
        assert before.state is RunState.RENDERING
        assert 0.01 < before.noise < 0.05
        assert before.fraction == pytest.approx((0.01 / before.noise) ** 2)
        for run in runs:
            run.render(3000)
        done = await job.wait()
        assert done.state is RunState.DONE
        assert done.noise <= 0.01
        assert done.fraction == 1.0
        await job.close()

    asyncio.run(scenario())


async def one_of_two_lost(halt=None):
    """A job on two engines, one of which has rendered 40 samples a pixel and is gone; and the run of the other."""
    engines = [FakeEngine(layout=FilmLayout(40, 30)) for _ in range(2)]
    job = await Farm(engines).start(SCENE, halt=halt)
    await until(lambda: all(e.runs for e in engines))
    here, lost = (e.runs[0] for e in engines)
    for run in (here, lost):
        noisy(run)
    lost.render(40)
    await until(lambda: job.film is not None and job.film.spp == 40)
    lost.die()
    return job, here


def test_a_lost_engines_samples_still_tell_of_the_noise():
    async def scenario():
        job, here = await one_of_two_lost(Halt(noise=0.01))
        here.render(40)
        await until(lambda: job.film.spp == 80 and job.progress().noise is not None)
        assert job.progress().noise > 0.01
        here.render(4000)
        assert (await job.wait()).state is RunState.DONE
        await job.close()

    asyncio.run(scenario())


def test_a_film_that_has_come_is_counted_whole_even_if_its_engine_dies_at_that_moment(monkeypatch):
    add = Film.add

    def slowly(film, snapshot):
        added = add(film, snapshot)
        time.sleep(0.05)
        return added

    async def scenario():
        job, here = await one_of_two_lost()
        await until(lambda: job.progress().members[1].problem)
        here.render(40)
        await until(lambda: job.film.spp == 80)
        await job.stop()
        assert [m.status.spp for m in job.progress().members] == [40, 40]
        assert job.progress().noise is not None
        await job.close()

    monkeypatch.setattr(Film, "add", slowly)
    asyncio.run(scenario())


def saved(layout=LAYOUT, spp=6.0):
    """The film of a run that was saved: `spp` samples of radiance 1."""
    block = layout.new_block()
    planes = layout.planes(block)
    planes.weight[:] = planes.alpha[:] = spp
    planes.pixel[:] = spp
    return Snapshot("saved", 0, 1, layout, block, spp * layout.width * layout.height)


def test_a_film_that_was_saved_counts_as_one_more_run():
    async def scenario():
        engines = [FakeEngine("a", halts=False), FakeEngine("b", halts=False)]
        job = await Farm(engines).start(SCENE, halt=Halt(spp=10), resumed=saved())
        await until(lambda: all(e.runs for e in engines))
        engines[0].runs[0].render(3)
        await until(lambda: job.film is not None and job.progress().spp == 9)
        engines[1].runs[0].render(1)
        progress = await job.wait()
        assert progress.state is RunState.DONE
        merged = job.film.merged()
        assert merged.spp == progress.spp == 10
        assert np.all(merged.planes.weight == 10)
        assert "saved" in job.film.runs
        assert 0 not in [m.seed for m in progress.members]
        await job.close()

    asyncio.run(scenario())


def test_a_film_that_was_saved_with_fewer_channels_leaves_them_to_the_others():
    async def scenario():
        layout = FilmLayout(4, 3, channels=("albedo", "depth"))
        engine = FakeEngine(layout=layout, halts=False)
        job = await Farm([engine]).start(SCENE, halt=Halt(spp=10), channels=["depth", "albedo"], resumed=saved())
        await until(lambda: engine.runs)
        assert engine.runs[0].options.channels == ("albedo", "depth")
        engine.runs[0].render(4)
        assert (await job.wait()).state is RunState.DONE
        assert job.film.merged().layout.channels == ("albedo", "depth")
        assert job.film.spp == 10
        await job.close()

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("layout", "said"),
    [
        (FilmLayout(8, 8), "size 8x8 instead of 4x3"),
        (FilmLayout(4, 3, ("sun",)), "light groups sun instead of default"),
        (FilmLayout(4, 3, screen=True), "light traced from camera and lights instead of the camera"),
    ],
)
def test_a_film_of_another_scene_is_not_gone_on_with(layout, said):
    async def scenario():
        engine = FakeEngine(halts=False)
        job = await Farm([engine]).start(SCENE, halt=Halt(spp=10), resumed=saved(layout))
        assert (await job.wait()).state is RunState.FAILED  # before there is a sample
        assert job.film is None
        assert job.error.code is Code.STATE
        assert said in str(job.error)
        assert engine.runs[0].closed
        await job.close()

    asyncio.run(scenario())
