"""Short ways to say scenes in tests."""

from __future__ import annotations

from lrnap.lux.call import Call
from lrnap.lux.checker import Checker
from lrnap.lux.reader import read_bytes


def calls_of(text: str) -> list[Call]:
    return list(read_bytes(text.encode(), "scene.lxs"))


def world(text: str) -> list[Call]:
    """The calls of a scene with this world and no options."""
    return calls_of(f"WorldBegin\n{text}\nWorldEnd")


def checked(calls: list[Call]) -> Checker:
    checker = Checker()
    for call in calls:
        checker.call(call)
    return checker
