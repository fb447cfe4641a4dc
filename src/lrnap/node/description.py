"""The scene that one connection is describing: checked call by call, kept, its files found, until WorldEnd.

It belongs to its connection alone and leaves nothing behind if that goes away.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lrnap.engine.scratch import Scratch
from lrnap.errors import Code, LrnapError
from lrnap.lux import files, reader
from lrnap.lux.call import Call
from lrnap.lux.overrides import FilmOverrides
from lrnap.lux.recorder import Recorder
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
            bare = files.bare_name(name)
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
        self._folders: list[Scratch] = []

    def hold(self, sha256: str) -> None:
        self._assets.hold([sha256])
        self._held.append(sha256)

    def folder(self) -> str:
        """A new folder."""
        made = Scratch()
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

    def __init__(self, places: Places, overrides: FilmOverrides | None = None) -> None:
        self._overrides = overrides or FilmOverrides()
        self._overrides.restart()
        self.belongings = Belongings(places.assets)
        self._places = places
        self._folder: Path | None = None
        self._closed = False
        self._recorder = Recorder(self._find, self.belongings.folder)

    @property
    def warnings(self) -> list[str]:
        return self._recorder.warnings

    @property
    def finished(self) -> bool:
        return self._recorder.finished

    def require_finished(self) -> None:
        """Raises SceneError if WorldEnd is missing."""
        self._recorder.require_finished()

    def call(self, call: Call, /) -> None:
        """Takes a call, or raises LrnapError and is as before."""
        if call.name != "Include":
            self._take(call)
            return
        with self._recorder.all_or_nothing():
            self._parse(self._places.find(str(call.args[0]), self._folder), whole=False)

    def parse(self, path: Path, *, whole: bool) -> None:
        """Takes the calls of a scene file inside the roots, all or none; `whole`: it must be a complete scene."""
        with self._recorder.all_or_nothing():
            self._parse(path, whole=whole)

    def scene(self, name: str) -> Scene:
        """The complete scene. Raises SceneError if WorldEnd is missing."""
        return self._recorder.scene(name)

    def close(self) -> None:
        """Nobody will render this; a thread that still reads it ends soon."""
        self._closed = True
        self.belongings.close()

    def _parse(self, path: Path, *, whole: bool) -> None:
        outer, self._folder = self._folder, path.parent
        try:
            for call in reader.read(path, on_warning=self._recorder.warn, allow=self._places.roots.holds):
                if self._closed:  # a thread cannot be told otherwise that it reads in vain
                    raise LrnapError(Code.GONE, "nobody waits for this scene any more")
                self._take(call)
            if whole:
                self._recorder.require_finished()
        except LrnapError as error:
            error.at = error.at or str(path)
            raise
        finally:
            self._folder = outer

    def _take(self, call: Call) -> None:
        for one in self._overrides.calls(call):
            self._recorder.call(one)

    def _find(self, name: str) -> Path:
        path = self._places.find(name, self._folder)
        if name in self._places.bound:
            self.belongings.hold(self._places.bound[name])
        return path
