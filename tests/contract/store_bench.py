"""A store for tests: opened, with a job submitted or a node in it."""

from __future__ import annotations

from lrnap.engine.protocol import Halt
from lrnap.manager import events as ev
from lrnap.manager.desk import Desk
from lrnap.manager.store import Store

SCENE = "5" * 64


def opened(url: str, **more: object) -> Desk:
    """Patience is counted in what it would have slept, and is more than a slow disk takes for a step."""
    return Desk(Store(url, patience=60, sleep=lambda _: None, **more))  # type: ignore[arg-type]


def submit(desk: Desk, name: str = "ball", **more: object) -> int:
    event = ev.Submit(name=name, owner="anna", scene=SCENE, halt=Halt(spp=8), **more)  # type: ignore[arg-type]
    (answer,) = desk.handle([event], now=1, wall=1e9).answers
    assert isinstance(answer, int), answer
    return answer


def add_node(desk: Desk) -> None:
    desk.handle([ev.AddNode(url="lrnap://a:1978", tags=("gpu", "big"), threads=3)], now=1, wall=1e9)
    generation = desk.core.world.nodes[1].generation
    desk.handle([ev.NodeHere(node=1, generation=generation)], now=2, wall=1e9)
