"""Nodes on a Ray cluster that rents its machines: Ray's own autoscaler, whose machines are processes of this one.

It takes a minute, most of it Ray's, so it runs with `make cluster` (LRNAP_CLUSTER=1) and not with all tests.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from test_up import Ledger

from lrnap.cli.farm_link import ManagerLink
from lrnap.launch.cluster import Cluster, Scaler

pytestmark = [
    pytest.mark.skipif(os.environ.get("LRNAP_CLUSTER") != "1", reason="`make cluster` runs it"),
    pytest.mark.xdist_group("ray"),
    pytest.mark.filterwarnings("ignore:::ray"),
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
    pytest.mark.timeout(900),
]

PATIENCE = 300
HEAD = "fffffffffffffffffffffffffffffffffffffffffffffffffff00000"  # as Ray's machines of processes call it
STORE = 80_000_000  # bytes of Ray's object store
LISTS = (  # which a configuration must have
    "cluster_synced_files", "rsync_exclude", "rsync_filter", "initialization_commands", "setup_commands",
    "head_setup_commands", "worker_setup_commands", "head_start_ray_commands", "worker_start_ray_commands",
)  # fmt: skip
PROVIDER = "ray.autoscaler._private.fake_multi_node.node_provider.FakeMultiNodeProvider"


@pytest.fixture
def rented(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[str]:
    """A head without processors, and up to two machines of one; its address."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    with tempfile.TemporaryDirectory(
        prefix="r", dir="/tmp", ignore_cleanup_errors=True
    ) as folder:  # short: for sockets
        with socket.create_server(("127.0.0.1", 0)) as free:
            address = f"127.0.0.1:{free.getsockname()[1]}"
        config = Path(folder, "autoscaler.json")
        config.write_text(json.dumps(_config(address)))
        monkeypatch.setenv("RAY_TMPDIR", folder)
        Path(folder, "ray").mkdir()
        head = subprocess.Popen(
            [str(Path(sys.executable).with_name("ray")), "start", "--head", "--block", f"--autoscaling-config={config}",
             f"--port={address.rpartition(':')[2]}", "--node-ip-address=127.0.0.1", "--num-cpus=0",
             f"--object-store-memory={STORE}", "--include-dashboard=false", f"--temp-dir={folder}"],
            env={**os.environ, "AUTOSCALER_UPDATE_INTERVAL_S": "1", "RAY_FAKE_CLUSTER": "1",
                 "RAY_enable_autoscaler_v2": "1", "RAY_CLOUD_INSTANCE_ID": HEAD,
                 "RAY_OVERRIDE_NODE_ID_FOR_TESTING": HEAD},
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            _wait_for(address, head)
            yield address
        finally:
            family = [head, *psutil.Process(head.pid).children(recursive=True)]
            head.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                head.wait(20)
            for one in family:
                with contextlib.suppress(psutil.Error, OSError):
                    one.kill()
            head.wait(PATIENCE)


def _wait_for(address: str, head: subprocess.Popen[bytes]) -> None:
    host, _, port = address.rpartition(":")
    for _ in range(PATIENCE * 10):
        assert head.poll() is None, "Ray's head has ended"
        with contextlib.suppress(OSError), socket.create_connection((host, int(port)), timeout=PATIENCE):
            return
        time.sleep(0.1)
    raise AssertionError("Ray's head does not come up")


def _config(address: str) -> dict[str, object]:
    machine = {"resources": {"CPU": 1, "object_store_memory": STORE}, "node_config": {}}
    return {
        "cluster_name": "rented",
        "max_workers": 2,
        "provider": {
            "type": "external", "module": PROVIDER, "gcs_address": address, "head_node_id": HEAD,
            "launch_multiple": True,
        },
        "available_node_types": {
            "machine": {**machine, "min_workers": 0, "max_workers": 2},
            "ray.head.default": {"resources": {"CPU": 0}, "node_config": {}, "max_workers": 0},
        },
        "head_node_type": "ray.head.default",
        "upscaling_speed": 10.0,
        "idle_timeout_minutes": 0.1,
        "auth": {"ssh_user": "nobody"},
        "docker": {},
        "file_mounts": {},
        **dict.fromkeys(LISTS, ()),
    }  # fmt: skip


def test_machines_are_rented_while_there_is_work_and_given_back(rented: str) -> None:
    import ray

    said: list[str] = []
    ledger = Ledger()

    def machines() -> int:
        if not ray.is_initialized():
            return 0
        known = ray.nodes()
        return sum(machine["Alive"] and machine["Resources"].get("CPU", 0) >= 1 for machine in known)

    async def work() -> None:
        cluster = Cluster(rented, nodes=2, cpus=1, look_seconds=0.5, idle_seconds=2)
        scaler = asyncio.create_task(Scaler(cluster, ledger, ManagerLink, said.append).run())

        async def until(holds: Callable[[], object]) -> None:
            async with asyncio.timeout(PATIENCE):
                while not holds():
                    assert not scaler.done(), scaler.result()
                    await asyncio.sleep(0.2)

        try:
            await until(lambda: said)
            assert machines() == 0, "nothing is to be rendered"
            for _ in range(2):
                ledger.frames = 1
                await until(lambda: len(ledger.nodes) == 2)
                assert machines() == 2
                ledger.frames = 0
                await until(lambda: not ledger.nodes)
                await until(lambda: machines() == 0)
        finally:
            scaler.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await scaler

    asyncio.run(work())
