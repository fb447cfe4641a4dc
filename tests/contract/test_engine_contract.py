"""What every engine does, seen from outside: the same cases for LuxCore and for the fake."""

from __future__ import annotations

import asyncio
import contextlib
import math
import os
import signal

import numpy as np
import pytest
from engine_bench import DONE, FAILED, PAUSED, RENDERING, STOPPED, Bench, in_loop, quad, some_samples, the_end, until

from lrnap.engine.cores import available
from lrnap.engine.protocol import Halt, RunState
from lrnap.errors import Code, EngineError, LrnapError, SceneError
from lrnap.film.channels import CHANNELS, shown
from lrnap.film.snapshot import Snapshot


@in_loop
async def test_a_run_tells_its_states_in_order_and_its_events_end_with_it(bench: Bench) -> None:
    async with bench.running() as run:
        assert run.status().state is RunState.BUILDING
        states = []
        async for status in run.events():
            if status.state is RENDERING and RENDERING not in states:
                await run.set_halt(Halt(spp=1))  # not before: who looks late might miss that it rendered
            states.append(status.state)
    assert list(dict.fromkeys(states)) == [RunState.BUILDING, RENDERING, DONE]
    assert states[-1] is DONE


@in_loop
async def test_the_film_has_the_scenes_size_and_light_groups(bench: Bench) -> None:
    async with bench.running(halt=Halt(spp=8)) as run:
        await the_end(run)
        assert (run.layout.width, run.layout.height) == (64, 48)
        assert set(run.layout.groups) >= {"key", "fill"}
        snapshot = await run.snapshot()
    assert snapshot.layout == run.layout
    assert snapshot.planes.pixel.sum(axis=(1, 2, 3)).all()  # both lights shine


@in_loop
async def test_it_halts_at_the_samples_asked_for(bench: Bench) -> None:
    async with bench.running(halt=Halt(spp=25)) as run:
        assert await the_end(run) is DONE
        assert run.status().spp >= 25
        snapshot = await run.snapshot()
    assert snapshot.spp >= 25
    assert snapshot.planes.weight.mean() == pytest.approx(snapshot.spp)


@in_loop
async def test_it_halts_after_the_seconds_asked_for(bench: Bench) -> None:
    async with bench.running(halt=Halt(seconds=0.4)) as run:
        assert await the_end(run) is DONE
        assert run.status().seconds >= 0.4
        assert (await run.snapshot()).seconds >= 0.4


@in_loop
async def test_it_halts_when_the_noise_asked_for_is_reached(bench: Bench) -> None:
    async with bench.running(halt=Halt(noise=0.1)) as run:
        assert await the_end(run) is DONE


@in_loop
async def test_the_scenes_own_halt_holds_unless_another_is_asked_for(bench: Bench) -> None:
    scene = quad(film='"integer haltspp" [12] "float haltthreshold" [0.1]')
    async with bench.running(scene) as run:
        assert await the_end(run) is DONE
    async with bench.running(scene, halt=Halt(spp=math.inf, noise=math.inf)) as run:
        await until(run, lambda status: status.spp > 30)
        await run.set_halt(Halt(spp=1))
        assert await the_end(run) is DONE


@in_loop
async def test_while_paused_samples_and_seconds_stand_still(bench: Bench) -> None:
    async with bench.running() as run:
        await until(run, some_samples)
        await run.pause()
        assert run.status().state is PAUSED
        first, seconds = await run.snapshot(), run.status().seconds
        await asyncio.sleep(0.3)
        second = await run.snapshot()
        assert np.array_equal(first.block, second.block)
        assert (second.samples, second.seconds, run.status().seconds) == (first.samples, seconds, seconds)
        await run.pause()  # twice is once
        await run.resume()
        await until(run, lambda status: status.samples > second.samples)


@in_loop
async def test_stop_keeps_the_film(bench: Bench) -> None:
    async with bench.running() as run:
        await until(run, some_samples)
        await run.stop()
        assert run.status().state is STOPPED
        snapshot = await run.snapshot()
        assert snapshot.samples == run.status().samples > 0
        assert await run.snapshot() is snapshot
        await run.stop()
        with pytest.raises(EngineError, match="STOPPED cannot be resumed") as error:
            await run.resume()
        assert error.value.code is Code.STATE


@in_loop
async def test_a_paused_run_can_be_stopped(bench: Bench) -> None:
    async with bench.running() as run:
        await run.pause()
        await run.stop()
        assert run.status().state is STOPPED
        assert await run.snapshot() is not None


@in_loop
async def test_stopping_a_run_that_is_being_built_leaves_no_film(bench: Bench) -> None:
    async with bench.running() as run:
        os.kill(run.pid, signal.SIGSTOP)  # so that it is not built before it hears of it
        await run.stop()
        assert run.status().state is STOPPED
        with pytest.raises(EngineError, match="there is no film"):
            await run.snapshot()


@in_loop
async def test_snapshots_grow_and_never_change(bench: Bench) -> None:
    async with bench.running() as run:
        await until(run, some_samples)
        first = await run.snapshot()
        copy = first.block.copy()
        second = first
        async with asyncio.timeout(60):
            while second.samples <= first.samples:  # the status may count samples that are not in the film yet
                second = await run.snapshot()
    assert second.number > first.number
    assert np.array_equal(first.block, copy)  # also after the process is gone
    with pytest.raises(ValueError, match="read-only"):
        first.block[0] = 1
    assert (first.run, first.seed) == ("r1", 1)


@in_loop
async def test_any_number_of_readers_share_a_snapshot(bench: Bench) -> None:
    async with bench.running() as run:
        await until(run, some_samples)
        snapshots = await asyncio.gather(*(run.snapshot() for _ in range(50)))
        assert len({id(snapshot) for snapshot in snapshots}) == 1
        readers = [asyncio.create_task(run.snapshot()) for _ in range(3)]
        await asyncio.sleep(0)
        readers[0].cancel()  # one who leaves does not disturb the others
        assert (await readers[1]).number == (await readers[2]).number > snapshots[0].number


@in_loop
async def test_the_same_seed_gives_the_same_film_and_another_seed_another(bench: Bench) -> None:
    async def film(seed: int) -> Snapshot:
        async with bench.running(seed=seed, threads=1, halt=Halt(spp=64)) as run:
            await the_end(run)
            return await run.snapshot()

    one, again, other = await film(7), await film(7), await film(8)
    assert distance(one, again) < 0.8 * distance(one, other)


def distance(a: Snapshot, b: Snapshot) -> float:
    """Of two pictures (RMS). They may differ in a few samples: an engine halts when it is next looked at."""
    pictures = [snapshot.planes.pixel[0] / snapshot.planes.weight[..., None] for snapshot in (a, b)]
    return float(np.sqrt(np.square(pictures[0] - pictures[1]).mean()))


@in_loop
async def test_row_0_is_the_top(bench: Bench) -> None:
    """The floor is below, the fake's green grows downwards."""
    async with bench.running(halt=Halt(spp=32)) as run:
        await the_end(run)
        planes = (await run.snapshot()).planes
    rows = (planes.pixel.sum(axis=0)[..., 1] / planes.weight).mean(axis=1)
    assert rows[36:].sum() > rows[:12].sum()


@pytest.mark.skipif(available() < 2, reason="needs two processors")
@in_loop
async def test_threads_can_be_changed_while_rendering(bench: Bench) -> None:
    async with bench.running(threads=1) as run:
        status = await until(run, some_samples)
        assert status.threads == 1
        await run.set_threads(available())
        assert run.status().threads == available()
        await run.set_threads(1)
        assert run.status().threads == 1
        async with asyncio.timeout(60):  # a thread that begins or ends while it is looked at tells nothing
            while {len(affinity) for affinity in affinities(run.pid)} != {1}:
                await asyncio.sleep(0.01)
        assert len(set(map(frozenset, affinities(run.pid)))) == 1
        for impossible in (0, available() + 1):
            with pytest.raises(LrnapError, match="threads cannot be used"):
                await run.set_threads(impossible)
        assert run.status().state is RENDERING


def affinities(pid: int) -> list[set[int]]:
    found = []
    for task in os.listdir(f"/proc/{pid}/task"):  # noqa: PTH208
        with contextlib.suppress(ProcessLookupError):  # it has ended since
            found.append(os.sched_getaffinity(int(task)))
    return found


@in_loop
async def test_a_wrong_scene_fails_with_its_place(bench: Bench) -> None:
    async with bench.running(quad(world="AttributeEnd")) as run:
        assert await the_end(run) is FAILED
        error = run.status().error
        assert isinstance(error, SceneError)
        assert error.at.startswith("quad.lxs:17:")
        with pytest.raises(SceneError):
            await run.snapshot()


@pytest.mark.parametrize("width, height", [(0, 48), (64, -5), (200_000, 48), (65_000, 65_000)])
@in_loop
async def test_an_impossible_film_never_reaches_native_code(bench: Bench, width: int, height: int) -> None:
    scene = quad(film=f'"integer xresolution" [{width}] "integer yresolution" [{height}]')
    async with bench.running(scene) as run:
        assert await the_end(run) is FAILED
        assert isinstance(run.status().error, SceneError)
        assert "film" in run.status().error.message.lower()


@pytest.mark.parametrize(
    "options",
    [{"seed": 0}, {"seed": -3}, {"seed": 2**31}, {"threads": -1}, {"threads": 10**6}, {"halt": Halt(spp=math.nan)}],
)
@in_loop
async def test_impossible_options_start_nothing(bench: Bench, options: dict[str, object]) -> None:
    with pytest.raises(LrnapError) as error:
        async with bench.running(**options):
            pass
    assert error.value.code is Code.ARGS
    assert bench.pids == []


@in_loop
async def test_there_is_no_film_before_the_scene_is_built(bench: Bench) -> None:
    async with bench.running() as run:
        os.kill(run.pid, signal.SIGSTOP)
        with pytest.raises(EngineError, match="being built") as error:
            await run.snapshot()
        assert error.value.code is Code.STATE


@in_loop
async def test_many_runs_at_once(bench: Bench) -> None:
    async def render(seed: int) -> Snapshot:
        async with bench.running(run=f"r{seed}", seed=seed, threads=1, halt=Halt(spp=4)) as run:
            assert await the_end(run) is DONE
            return await run.snapshot()

    snapshots = await asyncio.gather(*(render(seed) for seed in (1, 2, 3)))
    assert {snapshot.run for snapshot in snapshots} == {"r1", "r2", "r3"}
    assert len({snapshot.block.tobytes() for snapshot in snapshots}) == 3


@in_loop
async def test_what_the_engine_says_is_kept(bench: Bench) -> None:
    async with bench.running(halt=Halt(spp=4)) as run:
        await the_end(run)
        assert run.log()
        assert len(run.log(1)) == 1
        assert run.log(0) == ()


@in_loop
async def test_channels_that_are_asked_for_come_with_the_film(bench: Bench) -> None:
    mapped = 'Shape "trianglemesh" "integer indices" [0 1 2] "point P" [0 0 .1 1 0 .1 1 1 .1] "float uv" [0 0 1 0 1 1]'
    async with bench.running(quad(world=mapped), halt=Halt(spp=4), channels=tuple(CHANNELS)) as run:
        assert await the_end(run) is DONE
        snapshot = await run.snapshot()
    assert snapshot.layout.channels == tuple(CHANNELS)
    seen = {name: shown(name, values) for name, values in snapshot.planes.channels.items()}
    hit = np.isfinite(seen["depth"][..., 0])
    assert 0.1 < hit.mean() < 1
    for name, values in seen.items():
        assert values.shape == (48, 64, len(CHANNELS[name].names))
        assert values[hit].any(axis=0).any(), name
        if name not in ("depth", "albedo", "normal"):  # those two are means, of which a part may have missed
            assert not values[~hit].any(), name
    assert {0, 1, 2} <= set(np.unique(seen["object_id"])) <= {0, 1, 2, 3}
    called = snapshot.layout.names
    assert called.keys() == {"material_id", "object_id"}
    for name, names in called.items():
        assert len(set(names)) == len(names) >= seen[name].max(), "every id has a name of its own"
    assert np.all((seen["albedo"] >= 0) & (seen["albedo"] <= 1))
    lengths = np.linalg.norm(seen["geometry_normal"][hit], axis=1)
    assert lengths == pytest.approx(1, abs=1e-3)


@in_loop
async def test_a_scene_that_writes_depth_has_it_in_its_film_and_others_do_not(bench: Bench) -> None:
    async with bench.running(quad(film='"bool write_exr_ZBuf" ["true"]'), halt=Halt(spp=2)) as run:
        assert await the_end(run) is DONE
        assert (await run.snapshot()).layout.channels == ("depth",)
    async with bench.running(halt=Halt(spp=2)) as run:
        assert await the_end(run) is DONE
        assert (await run.snapshot()).layout.channels == ()
