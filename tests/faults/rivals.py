"""Two managers that want the same node, or the same store."""

from __future__ import annotations

import re
import subprocess
import sys
import time

from faults.ground import Ground, Wish, busy_node, until
from managers import manager_program
from nodes import PATIENCE


def two_managers_want_a_node(ground: Ground, wish: Wish) -> str:
    """The second one is refused, then told to take it; and the first one takes it back."""
    node = busy_node(ground, wish)
    url = ground.url(node)
    second = manager_program(ground.folder / f"second{time.monotonic_ns()}", [url])
    try:
        until(lambda: ground.presence(node, second) == "FENCED", "the second manager is refused")
        assert ground.presence(node) == "HERE"
        with second.talk() as talk:
            assert talk.ask(f"CTL_NODE {url} step=enable") == "R_OK"
        until(lambda: ground.presence(node) == "FENCED", "the first manager is told")
        until(lambda: ground.presence(node, second) == "HERE", "the second one has it")
        if ground.rng.random() < 0.5:
            second.kill()  # its claim is known on the node, and nobody holds it
        with ground.manager.talk() as talk:
            assert talk.ask(f"CTL_NODE {url} step=enable") == "R_OK"
        until(lambda: ground.presence(node) == "HERE", "the first one has it back")
        second.kill()
        if ground.rng.random() < 0.5:
            second.again()
            until(lambda: ground.presence(node, second) == "FENCED", "the second one, started again, leaves it")
    finally:
        second.end()
    return rf"node {re.escape(url)} is FENCED: it belongs to another manager \w+ now; `lrnap nodes enable"


def two_managers_want_a_store(ground: Ground, wish: Wish) -> None:
    """The second one says that there is one, and ends."""
    words = ["manager", "--listen", "127.0.0.1:0", "--data", str(ground.data)]
    if ground.db is not None:
        words += ["--db", ground.db]
    command = [sys.executable, "-m", "lrnap", *words]
    second = subprocess.run(command, capture_output=True, text=True, timeout=4 * PATIENCE)
    assert second.returncode != 0, "two managers have one store"
    assert f"process {ground.manager.process.pid}" in second.stderr, second.stderr
    assert "--take-over" in second.stderr
