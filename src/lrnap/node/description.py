"""The scene that one connection is describing: checked call by call, kept, its files found, until WorldEnd.

It belongs to its connection alone and leaves nothing behind if that goes away.
"""

from __future__ import annotations

import contextlib
import copy
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from lrnap.errors import LrnapError, SceneError
from lrnap.lux import files, reader
from lrnap.lux.call import Call
from lrnap.lux.checker import Checker
from lrnap.lux.scene import Scene
from lrnap.node.assets import AssetStore
from lrnap.node.paths import Roots


@dataclass(frozen=True, slots=True)
class Places:
    """Where the files are that a scene names: assets that its connection has bound to names, then the roots."""

    roots: Roots
    assets: AssetStore
    bound: Mapping[str, str]  # file name as the scene spells it -> SHA-256

    def find(self, name: str, folder: Path | None) -> Path:
        """Raises LrnapError: DENIED or NOT_FOUND. A path of another machine is looked for by its bare name at last."""
        if name in self.bound:
            return self.assets.path(self.bound[name], Path(name.replace("\\", "/")).suffix)
        beside = () if folder is None else (folder,)
        try:
            return self.roots.find(name, beside)
        except LrnapError:
            bare = name.replace("\\", "/").rpartition("/")[2]
            if bare in ("", name):
                raise
            try:
                return self.roots.find(bare, beside)
            except LrnapError:
                pass
            raise


class Belongings:
    """What must live as long as a scene: assets that it uses, and files that were embedded in it."""

    def __init__(self, assets: AssetStore) -> None:
        self._assets = assets
        self._held: list[str] = []
        self._folders: list[tempfile.TemporaryDirectory[str]] = []

    def hold(self, sha256: str) -> None:
        self._assets.hold([sha256])
        self._held.append(sha256)

    def folder(self) -> str:
        """A new folder."""
        made = tempfile.TemporaryDirectory(prefix="lrnap-scene-", ignore_cleanup_errors=True)
        self._folders.append(made)
        return made.name

    def close(self) -> None:
        """Idempotent."""
        self._assets.release(self._held)
        self._held = []
        for folder in self._folders:
            folder.cleanup()
        self._folders = []


class Description:
    """A Target. Blocking: `parse` is work for a thread."""

    def __init__(self, places: Places) -> None:
        self.warnings: list[str] = []
        self.belongings = Belongings(places.assets)
        self._places = places
        self._checker = Checker()
        self._told = 0
        self._calls: list[Call] = []
        self._files: dict[str, str] = {}
        self._folder: Path | None = None

    @property
    def finished(self) -> bool:
        return self._checker.finished

    def require_finished(self) -> None:
        """Raises SceneError if WorldEnd is missing."""
        self._checker.require_finished()

    def call(self, call: Call, /) -> None:
        """Takes a call, or raises LrnapError and is as before."""
        if call.name != "Include":
            self._take(call)
            return
        with self._all_or_nothing():
            self._take(call)

    def parse(self, path: Path, *, whole: bool) -> None:
        """Takes the calls of a scene file inside the roots, all or none; `whole`: it must be a complete scene."""
        with self._all_or_nothing():
            self._parse(path, whole=whole)

    @contextlib.contextmanager
    def _all_or_nothing(self) -> Iterator[None]:
        checker, calls, found = copy.deepcopy(self._checker), len(self._calls), dict(self._files)
        told, warned = self._told, len(self.warnings)
        try:
            yield
        except LrnapError:
            self._checker, self._files, self._told = checker, found, told
            del self._calls[calls:], self.warnings[warned:]
            raise

    def _parse(self, path: Path, *, whole: bool) -> None:
        outer, self._folder = self._folder, path.parent
        try:
            for call in reader.read(path, on_warning=self.warnings.append, allow=self._places.roots.holds):
                self._take(call)
            if whole:
                self._checker.require_finished()
        except LrnapError as error:
            error.at = error.at or str(path)
            raise
        finally:
            self._folder = outer

    def scene(self, name: str) -> Scene:
        """The complete scene. Raises SceneError if WorldEnd is missing."""
        self._checker.require_finished()
        return Scene(name, tuple(self._calls), dict(self._files))

    def close(self) -> None:
        """Nobody will render this."""
        self.belongings.close()

    def _take(self, call: Call) -> None:
        if call.name == "Include":
            self._parse(self._places.find(str(call.args[0]), self._folder), whole=False)
            return
        self._checker.call(call)
        for text in self._checker.warnings[self._told :]:
            self.warnings.append(text)
        self._told = len(self._checker.warnings)
        if files.has_embedded(call):
            call = files.unpack(call, self.belongings.folder())
            self._keep(call, {name: name for name in files.file_names(call) if Path(name).is_absolute()})
            return
        try:
            found = {name: str(self._places.find(name, self._folder)) for name in files.file_names(call)}
        except LrnapError as error:
            at = str(call.at) if call.at else None
            raise SceneError(f"{call.name}: {error.message}", at=at, code=error.code) from None
        self._keep(call, found)

    def _keep(self, call: Call, found: Mapping[str, str]) -> None:
        """A name that already means another file is replaced by where its own one lies."""
        renamed = {}
        for name, path in found.items():
            if name in self._places.bound:
                self.belongings.hold(self._places.bound[name])
            if self._files.setdefault(name, path) != path:
                renamed[name] = path
                self._files[path] = path
        self._calls.append(files.rename(call, renamed) if renamed else call)
