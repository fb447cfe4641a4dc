"""Targets that keep and that pass on: the recorder, whose calls become a Scene, and the tee."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from lrnap.errors import LrnapError, SceneError
from lrnap.lux import files
from lrnap.lux.call import Call, Target
from lrnap.lux.checker import Checker
from lrnap.lux.scene import Scene

Find = Callable[[str], str | Path]
Room = Callable[[], str | Path]


class Recorder:
    """A target that checks each call, finds the files it names, and keeps it. A call that raises changes nothing.

    `find`: the file that a name means, as an absolute path; raises LrnapError if there is none. `room`: a new folder
    for the files that are embedded in a call. `on_warning` is told each warning when it arises.

    File names stay as the scene spells them, because they are part of it, and `Scene.files` says what they mean here.
    Only a name that already means another file is replaced by an absolute path.
    """

    def __init__(
        self,
        find: Find,
        room: Room,
        on_warning: Callable[[str], None] | None = None,
        checker: Checker | None = None,
        files: Mapping[str, str] | None = None,
    ) -> None:
        """`checker`: the rules, if they are not those of a scene. `files`: what names mean already."""
        self.calls: list[Call] = []
        self.files: dict[str, str] = dict(files or {})
        self.warnings: list[str] = []
        self._find = find
        self._room = room
        self._on_warning = on_warning
        self._checker = checker or Checker()

    @property
    def finished(self) -> bool:
        return self._checker.finished

    def require_finished(self) -> None:
        """Raises SceneError if WorldEnd is missing."""
        self._checker.require_finished()

    def call(self, call: Call, /) -> None:
        found = self._checker.check(call)
        kept = files.unpack(call, self._room()) if files.has_embedded(call) else call
        unpacked = set(files.file_names(kept)) - set(files.file_names(call))
        places = {name: name if name in unpacked else self._place(call, name) for name in files.file_names(kept)}
        told = len(self._checker.warnings)
        self._checker.commit(call)
        for text in (*found, *self._checker.warnings[told:]):
            self.warn(text)
        self.calls.append(self._named(kept, places))

    def scene(self, name: str) -> Scene:
        """The complete scene. Raises SceneError if WorldEnd is missing."""
        self.require_finished()
        return Scene(name, tuple(self.calls), dict(self.files))

    def warn(self, text: str) -> None:
        self.warnings.append(text)
        if self._on_warning is not None:
            self._on_warning(text)

    @contextlib.contextmanager
    def all_or_nothing(self) -> Iterator[None]:
        """If the block raises LrnapError, none of the calls that it gave was ever here."""
        checker, found = copy.deepcopy(self._checker), dict(self.files)
        calls, warned = len(self.calls), len(self.warnings)
        try:
            yield
        except LrnapError:
            self._checker, self.files = checker, found
            del self.calls[calls:], self.warnings[warned:]
            raise

    def _place(self, call: Call, name: str) -> str:
        try:
            return str(self._find(name))
        except LrnapError as error:
            at = call.at
            raise SceneError(f"{call.name}: {error.message}", at=at, code=error.code) from None

    def _named(self, call: Call, places: dict[str, str]) -> Call:
        renamed = {}
        for name, path in places.items():
            if self.files.setdefault(name, path) != path:
                renamed[name] = self.files[path] = path
        return files.rename(call, renamed) if renamed else call


class Tee:
    """Passes each call to several targets in their order. If one raises, those behind it do not see the call, so what
    can refuse a call, such as a Checker, stands first."""

    def __init__(self, *targets: Target) -> None:
        self.targets = targets

    def call(self, call: Call, /) -> None:
        for target in self.targets:
            target.call(call)
