"""Targets that keep and that pass on: the recorder, whose calls become a Scene, and the tee."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from lrnap.lux import files
from lrnap.lux.call import Call, Target
from lrnap.lux.scene import Scene


class Recorder:
    """Keeps every call. What is recorded is not judged; put a Checker before it, with a Tee."""

    def __init__(self) -> None:
        self.calls: list[Call] = []

    def call(self, call: Call, /) -> None:
        self.calls.append(call)

    def scene(
        self, name: str, folders: Sequence[str | Path] = (".",), *, unpack_into: str | Path | None = None
    ) -> Scene:
        """The scene, with the files that its calls name found in `folders`; SceneError if one is missing.

        Files that are embedded in the scene are written into `unpack_into`; without it they stay in the calls.
        """
        calls = tuple(self.calls)
        if unpack_into is not None:
            calls = tuple(files.unpack(call, unpack_into) if files.has_embedded(call) else call for call in calls)
        return Scene(name, calls, files.locate_all(calls, folders))


class Tee:
    """Passes each call to several targets in their order. If one raises, those behind it do not see the call, so what
    can refuse a call, such as a Checker, stands first."""

    def __init__(self, *targets: Target) -> None:
        self.targets = targets

    def call(self, call: Call, /) -> None:
        for target in self.targets:
            target.call(call)
