"""Faults of wires: cut in a direction, reset, slow, and films that arrive damaged, in part and twice."""

from __future__ import annotations

from collections.abc import Callable
from time import sleep

from faults.ground import Ground, Wish, busy_node, silent


def cut_there(ground: Ground, wish: Wish) -> None:
    _cut(ground, wish, there=True)


def cut_back(ground: Ground, wish: Wish) -> None:
    _cut(ground, wish, back=True)


def cut_both(ground: Ground, wish: Wish) -> None:
    _cut(ground, wish, there=True, back=True)


def _cut(ground: Ground, wish: Wish, *, there: bool = False, back: bool = False) -> None:
    wire = ground.wires[ground.nodes.index(busy_node(ground, wish))]
    ways = [way for way, wanted in ((wire.there, there), (wire.back, back)) if wanted]
    try:
        with silent(ground, wire.url):
            for way in ways:
                way.cut()
    finally:
        if ground.rng.random() < 0.5:
            wire.drop()
        for way in ways:
            way.mend()


def wire_breaks(ground: Ground, wish: Wish) -> None:
    for _ in range(ground.rng.randint(1, 5)):
        ground.rng.choice(ground.wires).drop()
        sleep(ground.rng.uniform(0, 0.5))


def wire_slow(ground: Ground, wish: Wish) -> None:
    """Everything comes late, and so in another order than on the other wires."""
    ways = [way for wire in ground.wires for way in (wire.there, wire.back)]
    for way in ways:
        way.delay = lambda: ground.rng.choice((0, 0, 0.01, 0.3))
    sleep(3)
    for way in ways:
        way.delay = None


def films_damaged(ground: Ground, wish: Wish) -> None:
    _spoil(ground, lambda piece, at: piece[:at] + bytes([piece[at] ^ 0x40]) + piece[at + 1 :])


def films_truncated(ground: Ground, wish: Wish) -> None:
    _spoil(ground, lambda piece, at: None)


def films_twice(ground: Ground, wish: Wish) -> None:
    """A part of them comes twice."""
    _spoil(ground, lambda piece, at: piece[:at] + piece[at // 2 :])


def _spoil(ground: Ground, how: Callable[[bytes, int], bytes | None]) -> None:
    """Pieces of films, for a while."""

    def garble(piece: bytes) -> bytes | None:
        long = len(piece) > 4000 and ground.rng.random() < 0.5
        return how(piece, ground.rng.randrange(1, len(piece))) if long else piece

    for wire in ground.wires:
        wire.back.garble = garble
    sleep(2)
    for wire in ground.wires:
        wire.back.garble = None
