"""Seeds: never twice in a job, and always the same where the scene wants that."""

from __future__ import annotations

from lrnap.engine import seeds
from lrnap.lux.call import Call
from lrnap.lux.scene import Scene

WORLD = (Call("WorldBegin"), Call("WorldEnd"))


def test_a_fresh_seed_is_one_that_was_not_used() -> None:
    used: list[int] = []
    for _ in range(50):
        used.append(seeds.of_scene(Scene("s", WORLD), used))
    assert len(set(used)) == 50
    assert all(1 <= seed <= seeds.MAX_SEED for seed in used)


def test_without_random_mode_the_seeds_are_always_the_same() -> None:
    scene = Scene("s", (Call("DisableRandomMode"), *WORLD))
    assert seeds.of_scene(scene, []) == 1001
    assert seeds.of_scene(scene, [1001, 1003]) == 1002
