"""Nodes on a Ray cluster: a real one of several machines, all of them on this one."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import pytest
from nodes import SCENE, Talk, number
from test_up import Ledger

from lrnap.cli.farm_link import ManagerLink
from lrnap.client.connection import Connection
from lrnap.errors import LrnapError
from lrnap.launch.cluster import Cluster, Scaler, room, share
from lrnap.launch.farm import Farm
from lrnap.net import known
from lrnap.net.address import Address

pytestmark = [
    pytest.mark.xdist_group("ray"),  # one cluster at a time
    pytest.mark.filterwarnings("ignore:::ray"),
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
]

T = TypeVar("T")

PATIENCE = 240
SMALL = {"num_cpus": 1, "object_store_memory": 80_000_000}  # of a machine


def patiently(start: Callable[[], T]) -> T:
    """Ray gives a machine half a minute to start, which can be too short for one that has other work."""
    for _ in range(4):
        try:
            return start()
        except Exception as slow:
            if "timed out during startup" not in str(slow):
                raise
    return start()


@pytest.fixture(scope="module")
def ray_cluster() -> Iterator[Any]:
    """Two machines of one processor each."""
    from ray.cluster_utils import Cluster as RayCluster

    with (
        pytest.MonkeyPatch.context() as patch,
        tempfile.TemporaryDirectory(prefix="r", dir="/tmp", ignore_cleanup_errors=True) as folder,  # short: for sockets
    ):
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        patch.setenv("RAY_TMPDIR", folder)
        Path(folder, "ray").mkdir()  # where Ray writes down its address, but does not make the folder
        head = {**SMALL, "include_dashboard": False, "temp_dir": folder}
        cluster = patiently(lambda: RayCluster(initialize_head=True, head_node_args=head))
        patiently(partial(cluster.add_node, **SMALL))
        yield cluster
        cluster.shutdown()
        del cluster
        gc.collect()  # what Ray has left open is this module's, and no other test's


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


@contextlib.asynccontextmanager
async def scaling(cluster: Cluster, farm: Farm, said: list[str]) -> AsyncIterator[None]:
    running = asyncio.create_task(Scaler(cluster, farm, ManagerLink, said.append).run())
    try:
        yield
    finally:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running


async def until(holds: Callable[[], object], said: list[str]) -> None:
    try:
        async with asyncio.timeout(PATIENCE):
            while not holds():
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise AssertionError("\n".join(said)) from None


async def answers(url: str, ledger: Ledger) -> None:
    node = ledger.nodes[url]
    known.remember(Address.parse(url), known.Credentials(node.fingerprint, node.token))
    async with Connection(Address.parse(url)) as connection:
        await connection.open()
        assert connection.role == "admin"


def test_it_grows_and_shrinks_with_the_queue_and_survives_machines(ray_cluster: Any) -> None:
    said: list[str] = []

    async def work() -> None:
        ledger = Ledger()
        cluster = Cluster(ray_cluster.address, nodes=3, look_seconds=0.1, idle_seconds=0.5)
        async with scaling(cluster, ledger, said):
            await until(lambda: said, said)
            assert said == ["a Ray cluster with room for 2 nodes of 1 processor; at most 3 at once"]
            assert not ledger.nodes, "nothing is to be rendered"

            ledger.frames = 1
            await until(lambda: len(ledger.nodes) == 2, said)  # the third has no processor
            for url in [*ledger.nodes]:
                await answers(url, ledger)
            third = ray_cluster.add_node(**SMALL)  # what an autoscaler does while an actor waits
            await until(lambda: len(ledger.nodes) == 3, said)

            before = {*ledger.nodes}
            ray_cluster.remove_node(third, allow_graceful=False)
            ray_cluster.add_node(**SMALL)
            await until(lambda: len(ledger.nodes) == 3 and {*ledger.nodes} != before, said)
            assert len({*ledger.nodes} & before) == 2, "only what was on the dead machine is new"

            busy = next(iter(ledger.nodes))
            ledger.at_work = {busy}
            ledger.frames = 0
            await until(lambda: {*ledger.nodes} == {busy}, said)
            assert busy in ledger.draining
            ledger.at_work = set()
            await until(lambda: not ledger.nodes, said)

    asyncio.run(work())


def test_beyond_what_one_manager_holds_there_are_managers_between(ray_cluster: Any) -> None:
    said: list[str] = []

    async def work() -> None:
        top = Ledger()
        top.frames = 1
        async with scaling(Cluster(ray_cluster.address, nodes=2, fan_out=1, look_seconds=0.1), top, said):
            await until(lambda: len(top.nodes) == 2, said)
            below = [ManagerLink(Address.parse(url)) for url in top.nodes]
            async with asyncio.timeout(PATIENCE):
                for manager in below:
                    while not any(str(node.args[1]) == "HERE" for node in await manager.nodes()):
                        await asyncio.sleep(0.1)
        assert not top.nodes
        for manager in below:
            with pytest.raises(LrnapError):
                await manager.urls()

    asyncio.run(work())


def test_a_scene_is_rendered_on_a_cluster(ray_cluster: Any, tmp_path: Path) -> None:
    (tmp_path / "scene.lxs").write_text(SCENE)
    words = ["--ray", ray_cluster.address, "--nodes", "2", "--listen", "127.0.0.1:0", "--data", str(tmp_path / "data")]
    with (tmp_path / "said.txt").open("w") as said:
        up = subprocess.Popen(
            [sys.executable, "-m", "lrnap", "up", *words],
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
        )
    try:
        assert up.stdout is not None
        url = up.stdout.readline().removeprefix("farm ready at ").split()[0]
        with Talk(Address.parse(url)) as talk:
            assert talk.all('API_LuxParse "scene.lxs" "ball"', "API_Render spp=4") == ["R_OK", "R_OK"]
            talk.until("CTL_STATUS ball", "R_STATUS DONE")
            assert number(talk.ask("API_DumpFilmBuffer ball"), "LENGTH") == 32 * 24 * 16
        up.send_signal(signal.SIGINT)
        assert up.wait(PATIENCE) == 0, (tmp_path / "said.txt").read_text()
    finally:
        up.kill()
        up.wait()
        assert up.stdout is not None
        up.stdout.close()
    assert "a node of the cluster takes part at lrnaps://" in (tmp_path / "said.txt").read_text()


def test_a_cluster_that_is_not_there_is_said(tmp_path: Path) -> None:
    async def work() -> None:
        with pytest.raises(LrnapError, match="there is no Ray cluster at"):
            await Scaler(Cluster("127.0.0.1:1"), Ledger(), ManagerLink, lambda _: None).run()

    asyncio.run(work())


def test_a_node_for_each_machine_or_share_of_its_graphics_processors() -> None:
    small, large, head = {"CPU": 8.0, "GPU": 2.0}, {"CPU": 64.0, "GPU": 8.0}, {"CPU": 0.0}
    assert share([small, large, head], 0) == (2, 8)
    assert share([small, large, head], 1) == (10, 4)
    assert share([small, large, head], 4) == (2, 32)
    assert share([small, large, head], 0.5) == (20, 2)
    assert share([], 0) == (0, 1)
    assert share([{"CPU": 4.0}], 1) == (0, 1)


def test_what_a_cluster_has_room_for_is_said_in_words() -> None:
    assert room(1, 1, 16) == "a Ray cluster with room for 1 node of 16 processors; at most 1 at once"
    assert room(0, 40, 1) == (
        "a Ray cluster without room for a node now; up to 40 of 1 processor will be asked for, as work comes"
    )
