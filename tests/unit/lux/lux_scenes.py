"""Short ways to say scenes in tests."""

from __future__ import annotations

from pathlib import Path

from lrnap.lux.call import Call
from lrnap.lux.checker import Checker
from lrnap.lux.reader import read_bytes


def calls_of(text: str | bytes, folder: Path | str = ".") -> list[Call]:
    data = text if isinstance(text, bytes) else text.encode()
    return list(read_bytes(data, "scene.lxs", folder))


def world(text: str) -> list[Call]:
    """The calls of a scene with this world and no options."""
    return calls_of(f"WorldBegin\n{text}\nWorldEnd")


def checked(calls: list[Call]) -> Checker:
    checker = Checker()
    for call in calls:
        checker.call(call)
    return checker
