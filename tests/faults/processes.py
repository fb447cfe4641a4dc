"""Faults of processes: they are killed, die at a chosen call, stop for a while, and their clocks jump."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
from time import sleep

from faults.ground import OWNER, Ground, Wish, busy_node, moving, silent
from faults.within import PLACES
from nodes import PATIENCE

LOST_AFTER = 11  # seconds of silence after which a node surely counts as lost


def engine_killed(ground: Ground, wish: Wish) -> str | None:
    """Of the run, and of the one to come if it is there already."""
    node, killed = busy_node(ground, wish), 0
    with moving(ground, ground.url(node)):
        for engine in node.engines():
            with contextlib.suppress(ProcessLookupError):
                os.kill(engine, signal.SIGKILL)
                killed += 1
    return r"run \S+ is (FAILED|STOPPED|DONE)" if killed else None


def node_killed(ground: Ground, wish: Wish) -> str:
    node = busy_node(ground, wish)
    with moving(ground, ground.url(node)):
        node.kill()
    sleep(ground.rng.choice((0, 1, LOST_AFTER)))
    node.again()
    return f"node {re.escape(ground.url(node))} is (CLAIMING|LOST)"


def node_frozen(ground: Ground, wish: Wish) -> None:
    node = busy_node(ground, wish)
    try:
        with silent(ground, ground.url(node)):
            node.freeze()
    finally:
        node.thaw()


def node_hesitates(ground: Ground, wish: Wish) -> None:
    node = busy_node(ground, wish)
    node.freeze()
    try:
        sleep(ground.rng.uniform(0.1, 4))
    finally:
        node.thaw()


def manager_killed(ground: Ground, wish: Wish) -> None:
    for _ in range(ground.rng.choice((1, 1, 3))):
        ground.manager.kill()
        sleep(ground.rng.choice((0, 0, 1, LOST_AFTER)))
        ground.manager.again()
        assert ground.manager.address
        sleep(ground.rng.uniform(0, 1))


def manager_dies_between(ground: Ground, wish: Wish) -> None:
    """It is started so that it dies at some call of one of its functions, and then as ever."""
    manager = ground.manager
    manager.kill()
    manager.first = f"from faults.within import die; die({ground.rng.choice([*PLACES])!r}, {ground.rng.randint(1, 12)})"
    manager.again()
    try:
        with contextlib.suppress(subprocess.TimeoutExpired):
            manager.process.wait(ground.rng.uniform(2, 6))
        manager.kill()
    finally:
        manager.first = ""
        manager.again()
    assert manager.address


def manager_frozen(ground: Ground, wish: Wish) -> None:
    ground.manager.freeze()
    try:
        sleep(ground.rng.choice((1, 6, LOST_AFTER)))
    finally:
        ground.manager.thaw()


SUBMITTING = f"""
import sys, lrnap
url, scene, token = sys.argv[1:]
with lrnap.connect(url) as farm:
    print("here", flush=True)
    farm.submit(scene, name=token, spp=20, token=token, owner={OWNER!r})
    print("done", flush=True)
"""


def client_killed(ground: Ground, wish: Wish) -> None:
    """Some moment after it has begun to submit; then somebody submits the same again."""
    token = f"{wish.name}-killed"
    command = [sys.executable, "-c", SUBMITTING, ground.manager.url, str(ground.folder / "scene.lxs"), token]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as client:
        assert client.stdout is not None
        assert client.stdout.readline() == "here\n"
        sleep(ground.rng.uniform(0, 0.25))
        client.kill()
    subprocess.run(command, check=True, capture_output=True, timeout=4 * PATIENCE)
    ground.acknowledged.append(Wish(token, 20))


def clock_jumps(ground: Ground, wish: Wish) -> None:
    """The manager's, to and fro, by up to a year."""
    file = ground.folder / "clock"
    if not ground.manager.first:
        ground.manager.kill()
        ground.manager.first = f"from faults.within import jumping_clock; jumping_clock({str(file)!r})"
        ground.manager.again()
        assert ground.manager.address
    for _ in range(6):
        file.write_text(str(ground.rng.choice((-1, 1)) * 10 ** ground.rng.uniform(0, 7.5)))
        sleep(ground.rng.uniform(0, 0.6))
    file.write_text("0")
