"""A node as an engine: what travels, and what is survived."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest
from serving import SCENE, in_loop, scene, serving

from lrnap.client import remote as remote_module
from lrnap.client import upload
from lrnap.client.connection import connect
from lrnap.client.farm import Farm
from lrnap.client.film_transfer import Travel
from lrnap.client.remote import RemoteEngine
from lrnap.engine.process import ProcessEngine
from lrnap.engine.protocol import Halt, RunOptions, RunState
from lrnap.errors import Code, LrnapError, RemoteError, SceneError
from lrnap.lux.call import Call, Param

TEXTURED = SCENE.replace(
    b"Material",
    b'Texture "wood" "color" "imagemap" "string filename" ["textures/wood.png"]\nMaterial',
)


async def the_end(run):
    return [status async for status in run.events()][-1]


async def until(run, condition):
    async for status in run.events():
        if condition(status):
            return status
    raise AssertionError(f"over before: {run.status()}")


def some_samples(status):
    return status.state is RunState.RENDERING and status.samples > 0


def options(**more):
    return RunOptions(**{"run": "r1", "seed": 7, "halt": Halt(spp=20)} | more)


@in_loop
async def test_the_film_comes_exactly_as_the_node_has_it(tmp_path):
    async with serving(tmp_path) as (node, url, _):
        run = await RemoteEngine(url).start(scene(), options())
        assert (await the_end(run)).state is RunState.DONE
        snapshot = await run.snapshot()
        theirs = node.jobs.find("r1").film.merged()
        assert np.array_equal(snapshot.block, theirs.block)
        assert (snapshot.run, snapshot.seed, snapshot.samples) == ("r1", 7, theirs.samples)
        assert await run.snapshot() is snapshot
        await run.close()


@in_loop
async def test_a_film_that_is_on_its_way_when_the_run_ends_is_not_its_last(tmp_path, monkeypatch):
    fetch, fetched, may = remote_module.fetch, [], asyncio.Event()

    async def late(*args):
        fetched.append(args)
        film, first = await fetch(*args), len(fetched) == 1
        if first:
            await may.wait()
        return film

    monkeypatch.setattr(remote_module, "fetch", late)
    async with serving(tmp_path) as (node, url, _):
        run = await RemoteEngine(url).start(scene(), options(halt=Halt()))
        await until(run, some_samples)
        early = asyncio.create_task(run.snapshot())
        while not fetched:
            await asyncio.sleep(0.001)
        await run.stop()
        last = await run.snapshot()
        may.set()
        assert (await early).samples <= last.samples == node.jobs.find("r1").film.samples
        assert await run.snapshot() is last
        await run.close()


@in_loop
async def test_who_waits_for_a_film_can_see_that_it_comes(tmp_path):
    async with serving(tmp_path) as (_, url, _):
        run = await RemoteEngine(url).start(scene(), options(halt=Halt()))
        await until(run, some_samples)
        for _ in ("its size is not known", "it is"):
            travel = Travel()
            await run.snapshot(travel)
            assert travel.asked <= travel.first <= travel.newest <= travel.ended
            assert travel.flowed == travel.newest - travel.first
        await run.close()


@in_loop
async def test_the_scene_arrives_as_it_was(tmp_path):
    mesh = Call(
        "Shape",
        ("trianglemesh",),
        (
            Param("integer", "indices", np.array([0, 1, 2] * 40, np.int32)),
            Param("point", "P", np.random.default_rng(1).random((60, 3), np.float32)),
            Param("string", "name", ('a "quoted" name\\',)),
        ),
    )
    calls = scene().calls
    ours = type(scene())("mesh", (*calls[:-1], mesh, calls[-1]))
    async with serving(tmp_path) as (node, url, _):
        run = await RemoteEngine(url).start(ours, options())
        await the_end(run)
        assert node.jobs.find("r1").scene.calls == ours.calls
        assert [str(c.at) for c in node.jobs.find("r1").scene.calls[:2]] == ["ball.lxs:2:1", "ball.lxs:3:1"]
        await run.close()


@in_loop
async def test_the_seed_and_the_halt_condition_arrive(tmp_path):
    async with serving(tmp_path) as (node, url, _):
        run = await RemoteEngine(url).start(scene(), options(seed=4711, halt=Halt(spp=30, seconds=9)))
        await the_end(run)
        job = node.jobs.find("r1")
        assert job.seeds == [4711]
        assert (job.halt.spp, job.halt.seconds) == (30, 9)
        await run.close()


@in_loop
async def test_closing_a_run_leaves_nothing_on_the_node(tmp_path):
    async with serving(tmp_path) as (node, url, _):
        run = await RemoteEngine(url).start(scene(), options(halt=Halt()))
        await until(run, some_samples)
        await run.close()
        await run.close()
        assert list(node.jobs) == []
        again = await RemoteEngine(url).start(scene(), options())
        await again.close()


@in_loop
async def test_only_the_assets_that_are_lacking_travel(tmp_path, monkeypatch):
    sent = []
    put = upload._put
    monkeypatch.setattr(upload, "_put", lambda *args: sent.append(args[2]) or put(*args))
    picture = tmp_path / "pictures" / "wood.png"
    picture.parent.mkdir()
    picture.write_bytes(bytes(range(256)) * 100)
    ours = scene(TEXTURED, files={"textures/wood.png": str(picture)})
    async with serving(tmp_path) as (node, url, _):
        for _time in range(2):
            run = await RemoteEngine(url).start(ours, options())
            await the_end(run)
            there = node.jobs.find("r1").scene.files["textures/wood.png"]
            assert Path(there).read_bytes() == picture.read_bytes()
            await run.close()
        assert sent == [str(picture)]


@in_loop
async def test_a_broken_upload_goes_on_where_it_broke_off(tmp_path, monkeypatch):
    monkeypatch.setattr(upload, "PART", 1000)
    file = tmp_path / "big.bin"
    file.write_bytes(np.random.default_rng(2).bytes(5500))
    offsets = []
    async with serving(tmp_path) as (node, url, _):
        async with await connect(url) as first:
            request = first.request

            async def breaks(verb, *args, **more):
                if verb == "ASSET_PUT" and len(offsets) == 2:
                    await first.close()
                if verb == "ASSET_PUT":
                    offsets.append(more["options"]["offset"])
                return await request(verb, *args, **more)

            first.request = breaks
            with pytest.raises(RemoteError):
                await upload.send_assets(first, [str(file)])
        async with await connect(url) as second:
            put = upload._put_from
            seen = []
            monkeypatch.setattr(upload, "_put_from", lambda c, s, p, z, o: seen.append(o) or put(c, s, p, z, o))
            hashes = await upload.send_assets(second, [str(file)])
        assert offsets == [0, 1000, 2000]
        assert seen == [2000]
        assert node.assets.have(hashes[str(file)]) is None


@in_loop
async def test_a_wrong_call_is_a_scene_error_with_its_place(tmp_path):
    wrong = scene(SCENE.replace(b'"sphere"', b'"shpere"'))
    async with serving(tmp_path) as (node, url, _):
        run = await RemoteEngine(url).start(wrong, options())
        error = (await the_end(run)).error
        assert isinstance(error, SceneError)
        assert "sphere" in error.message
        assert error.at.startswith("ball.lxs:8:1")
        await run.close()
        async with asyncio.timeout(30):  # the description goes with its connection
            while list(node.jobs):
                await asyncio.sleep(0.01)


@in_loop
async def test_a_busy_node_says_what_it_does(tmp_path):
    async with serving(tmp_path) as (_, url, _server):
        run = await RemoteEngine(url).start(scene(), options(halt=Halt()))
        await until(run, some_samples)
        second = await RemoteEngine(url).start(scene(), options(run="r2"))
        error = (await the_end(second)).error
        assert error.code is Code.BUSY
        assert "one job at a time" in error.message
        await second.close()
        await run.close()


@in_loop
async def test_stopping_while_the_scene_is_sent_leaves_nothing(tmp_path):
    async with serving(tmp_path) as (node, url, _):
        run = await RemoteEngine(url).start(scene(), options())
        await run.stop()
        assert run.status().state is RunState.STOPPED
        with pytest.raises(LrnapError, match="no film"):
            await run.snapshot()
        await run.close()
        while list(node.jobs):
            await asyncio.sleep(0.01)


@in_loop
async def test_an_order_that_comes_early_waits_until_the_run_can_take_it(tmp_path):
    async with serving(tmp_path) as (_, url, _server):
        run = await RemoteEngine(url).start(scene(), options(halt=Halt()))
        await run.pause()
        assert run.status().state is RunState.PAUSED
        await run.close()


@in_loop
async def test_pause_resume_threads_and_stop(tmp_path):
    async with serving(tmp_path) as (_, url, _server):
        run = await RemoteEngine(url).start(scene(), options(halt=Halt(), threads=1))
        await until(run, some_samples)
        await run.pause()
        assert run.status().state is RunState.PAUSED
        await run.resume()
        assert run.status().state is RunState.RENDERING
        await run.stop()
        assert run.status().state is RunState.STOPPED
        assert (await run.snapshot()).samples > 0
        await run.close()


@in_loop
async def test_the_halt_condition_can_be_changed_while_it_renders(tmp_path):
    async with serving(tmp_path) as (_, url, _server):
        run = await RemoteEngine(url).start(scene(), options(halt=Halt(spp=1e9)))
        await until(run, some_samples)
        await run.set_halt(Halt(spp=1))
        assert (await the_end(run)).state is RunState.DONE
        await run.close()


@in_loop
async def test_readers_at_once_share_one_transfer(tmp_path):
    async with serving(tmp_path) as (_, url, _server):
        run = await RemoteEngine(url).start(scene(), options(halt=Halt()))
        await until(run, some_samples)
        snapshots = await asyncio.gather(*(run.snapshot() for _ in range(10)))
        assert len({id(s) for s in snapshots}) == 1
        later = await run.snapshot()
        assert later.number > snapshots[0].number
        with pytest.raises(ValueError, match="read-only"):
            later.block[0] = 1
        await run.close()


@in_loop
async def test_a_connection_that_breaks_is_made_again_and_the_job_goes_on(tmp_path):
    async with serving(tmp_path) as (node, url, server):
        run = await RemoteEngine(url).start(scene(), options(halt=Halt()))
        await until(run, some_samples)
        before, broken = (await run.snapshot()).samples, run._connection
        for link in [*server.open_links]:
            link.close()
        await until(run, lambda status: run._connection is not broken and status.samples > before)
        assert (await run.snapshot()).samples >= before
        assert [job.name for job in node.jobs] == ["r1"]
        await run.close()
        assert list(node.jobs) == []


@in_loop
async def test_a_node_that_forgot_the_job_makes_the_run_fail(tmp_path):
    async with serving(tmp_path) as (_, url, _server):
        run = await RemoteEngine(url).start(scene(), options(halt=Halt()))
        await until(run, some_samples)
        async with await connect(url) as other:
            await other.request("CTL_RESET", "r1")
        status = await the_end(run)
        assert status.state is RunState.FAILED
        assert "somebody has reset it" in str(status.error)
        await run.close()


@in_loop
async def test_samples_of_a_node_that_is_away_count_as_far_as_its_film_is_here(tmp_path, monkeypatch):
    back = asyncio.Event()
    connect_now = remote_module.connect

    async def connect_later(url):
        await back.wait()
        return await connect_now(url)

    async with serving(tmp_path) as (_, url, server):
        run = await RemoteEngine(url).start(scene(), options(halt=Halt()))
        await until(run, some_samples)
        film = await run.snapshot()
        await until(run, lambda status: status.samples > film.samples)
        monkeypatch.setattr(remote_module, "connect", connect_later)
        for link in [*server.open_links]:
            link.close()
        away = await until(run, lambda status: not status.samples_per_second)
        assert (away.samples, away.spp) == (film.samples, film.spp)
        back.set()
        await until(run, lambda status: status.samples > film.samples)
        await run.close()


@in_loop
async def test_a_node_that_goes_away_when_it_shall_stop_is_not_waited_for(tmp_path):
    async with serving(tmp_path) as (node, url, server):
        run = await RemoteEngine(url).start(scene(), options(halt=Halt()))
        await until(run, some_samples)
        film = await run.snapshot()

        async def hang_up(job):
            await server.close()

        node.stop = hang_up
        with pytest.raises(LrnapError):
            await run.stop()
        assert (await the_end(run)).state is RunState.FAILED
        assert (await run.snapshot()).samples == film.samples
        await run.close()


@in_loop
async def test_a_node_that_stays_away_makes_the_run_fail(tmp_path, monkeypatch):
    monkeypatch.setattr(remote_module, "RECONNECT_SECONDS", 0.1)
    monkeypatch.setattr(remote_module, "RETRY_SECONDS", 0.01)
    async with serving(tmp_path) as (_, url, server):
        run = await RemoteEngine(url).start(scene(), options(halt=Halt()))
        await until(run, some_samples)
        kept = await run.snapshot()
        await server.close()
        status = await the_end(run)
        assert status.state is RunState.FAILED
        assert url in str(status.error)
        assert await run.snapshot() is kept
        await run.close()


@in_loop
async def test_a_node_and_a_local_engine_are_one_farm(tmp_path):
    async with serving(tmp_path) as (_, url, _server):
        job = await Farm([RemoteEngine(url), ProcessEngine("fake")]).start(scene(), halt=Halt(spp=30))
        progress = await job.wait()
        assert progress.state is RunState.DONE
        assert [m.problem for m in progress.members] == ["", ""]
        assert job.film.spp >= 30
        await job.close()


@pytest.mark.parametrize(
    "wrong", [{"seed": 0}, {"threads": -1}, {"halt": Halt(spp=-1)}, {"halt": Halt(spp=float("nan"))}]
)
@in_loop
async def test_impossible_options_leave_nothing(tmp_path, wrong):
    async with serving(tmp_path) as (node, url, _):
        with pytest.raises(LrnapError) as caught:
            await RemoteEngine(url).start(scene(), options(**wrong))
        assert caught.value.code is Code.ARGS
        assert node.jobs.active is None
