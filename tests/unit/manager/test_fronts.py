"""However many jobs wait, only some of them are in memory as a node has jobs; the others come when they are named."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from loops import in_loop

from lrnap.client.connection import Connection, connect
from lrnap.limits import ManagerLimits
from lrnap.manager import events
from lrnap.manager.service import Manager
from lrnap.manager.store import Store
from lrnap.net.address import Address
from lrnap.net.gate import Gate
from lrnap.net.server import Server

SCENE = """
Camera "perspective"
Film "fleximage" "integer xresolution" [16] "integer yresolution" [9]
WorldBegin
LightSource "point"
WorldEnd
"""
FRONTS, JOBS = 3, 8


@asynccontextmanager
async def manager_in(folder: Path) -> AsyncIterator[tuple[Manager, Connection]]:
    (folder / "scene.lxs").write_text(SCENE)
    store = Store(f"sqlite:///{folder / 'store.db'}")
    manager = Manager(store, [folder], folder, manager_limits=ManagerLimits(fronts=FRONTS))
    server = Server(manager, gate=Gate(None))
    [address] = await server.listen([Address("127.0.0.1", 0)])
    await manager.open()
    connection = await connect(address.url)
    try:
        yield manager, connection
    finally:
        await connection.close()
        await server.close()
        await manager.close()


async def submit(connection: Connection, folder: Path, name: str) -> None:
    await connection.request("API_LuxParse", str(folder / "scene.lxs"), name)
    await connection.request("API_Render", name, options={"spp": 5})


async def state(connection: Connection, *name: str) -> tuple[str, str]:
    reply = await connection.request("CTL_STATUS", *name)
    return str(reply.fields.get("jobname")), str(reply.args[0])


def in_front(manager: Manager) -> list[str]:
    assert {*manager.queued} == {*manager.fronts.values()}
    return [job.name for job in manager.queued]


@in_loop
async def test_jobs_beyond_the_bound_leave_the_front_and_come_back_when_named(tmp_path: Path) -> None:
    async with manager_in(tmp_path) as (manager, connection):
        for n in range(JOBS):
            await submit(connection, tmp_path, f"job{n}")
        assert in_front(manager) == ["job5", "job6", "job7"]
        assert await state(connection) == ("job7", "QUEUED")
        assert await state(connection, "job0") == ("job0", "QUEUED")
        assert in_front(manager) == ["job6", "job7", "job0"]
        lines = (await connection.request("CTL_JOBS")).text or ()
        assert len(lines) == JOBS
        await connection.request("CTL_STOP", "job1")
        assert await state(connection, "job1") == ("job1", "STOPPED")


@in_loop
async def test_a_manager_that_is_started_on_many_jobs_brings_the_newest(tmp_path: Path) -> None:
    async with manager_in(tmp_path) as (_, connection):
        for n in range(JOBS):
            await submit(connection, tmp_path, f"job{n}")
    async with manager_in(tmp_path) as (manager, connection):
        assert in_front(manager) == ["job5", "job6", "job7"]
        assert await state(connection) == ("job7", "QUEUED")
        assert await state(connection, "job2") == ("job2", "QUEUED")


@in_loop
async def test_a_job_that_is_followed_stays_in_front(tmp_path: Path) -> None:
    async with manager_in(tmp_path) as (manager, connection):
        await submit(connection, tmp_path, "followed")
        subscription = await connection.subscribe("state", job="followed")
        for n in range(JOBS):
            await submit(connection, tmp_path, f"job{n}")
        assert "followed" in in_front(manager)
        assert len(in_front(manager)) == FRONTS
        await connection.request("CTL_PAUSE", "followed")
        event = await anext(subscription)
        assert event.fields["state"] == "PAUSED"


@in_loop
async def test_who_wants_all_states_hears_of_jobs_behind_the_front(tmp_path: Path) -> None:
    async with manager_in(tmp_path) as (manager, connection):
        for n in range(JOBS):
            await submit(connection, tmp_path, f"job{n}")
        assert "job0" not in in_front(manager)
        number = await manager.look(lambda core: core.world.names["job0"])
        subscription = await connection.subscribe("state")
        await manager.do(events.Stop(job=number))
        event = await anext(subscription)
        assert (event.fields["jobname"], event.fields["state"]) == ("job0", "STOPPED")
