"""Faults of machines: full disks, and networks that break."""

from __future__ import annotations

from time import sleep

from faults.ground import Ground, Wish, silent
from faults.namespaces import full


def films_do_not_fit(ground: Ground, wish: Wish) -> None:
    ground.submitted()
    with full(ground.data / "films"):
        since = len(ground.said())
        ground.begin(800)
        ground.submitted()
        ground.hears("the manager cannot keep films: No space left on device", since)
        sleep(ground.rng.uniform(0, 5))


def store_does_not_fit(ground: Ground, wish: Wish) -> None:
    """Nobody can submit meanwhile, and who tries again can afterwards."""
    ground.submitted()
    with full(ground.data / "store"):
        since = len(ground.said())
        ground.begin(800)
        ground.hears("cannot be used: .*full", since)
        sleep(ground.rng.uniform(0, 5))
    ground.submitted()


def picture_does_not_fit(ground: Ground, wish: Wish) -> None:
    ground.submitted()
    with full(ground.data / "pictures"):
        since = len(ground.said())
        ground.begin(400, output=True)
        ground.submitted()
        ground.hears("cannot write the picture: No space left on device", since)


def link_down(ground: Ground, wish: Wish) -> None:
    assert ground.net is not None
    try:
        with silent(ground, ground.wires[0].url):
            ground.net.down()
    finally:
        ground.net.up()


def packets_lost_there(ground: Ground, wish: Wish) -> None:
    _lost(ground, there=True)


def packets_lost_back(ground: Ground, wish: Wish) -> None:
    _lost(ground, there=False)


def _lost(ground: Ground, *, there: bool) -> None:
    assert ground.net is not None
    try:
        with silent(ground, ground.wires[0].url):
            ground.net.lose(there=there)
    finally:
        ground.net.find(there=there)
