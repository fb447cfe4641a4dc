"""A scene while it is described: checks each call, keeps it, and knows where the files lie that the calls name.

File names stay as the scene spells them, because they are part of it; `Scene.files` says what they mean here. Only a
name that already means another file is replaced by an absolute path.
"""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Callable
from pathlib import Path

from lrnap.errors import LrnapError, SceneError
from lrnap.lux import files, reader
from lrnap.lux.call import Call
from lrnap.lux.checker import Checker
from lrnap.lux.scene import Scene
from lrnap.lux.writer import Writer


class Recording:
    """A Target. `folder` is where the file names of calls start from; those of a parsed file, from its own folder.

    `output`: the scene file that is written as the calls come; it appears once the scene is complete, or on `close`.
    """

    def __init__(
        self, folder: Path, on_warning: Callable[[str], None] | None = None, output: Path | None = None
    ) -> None:
        self._folder = folder
        self._on_warning = on_warning
        self._writer = Writer(output) if output is not None else None
        self._output_folder = output.parent.resolve() if output is not None else None
        self._embedded: tempfile.TemporaryDirectory[str] | None = None
        self._numbers = itertools.count(1)
        self.restart()

    def restart(self) -> None:
        self._checker = Checker()
        self._calls: list[Call] = []
        self._files: dict[str, str] = {}
        self._warnings: list[str] = []
        self._told = 0

    @property
    def warnings(self) -> tuple[str, ...]:
        return tuple(self._warnings)

    @property
    def finished(self) -> bool:
        return self._checker.finished

    @property
    def files(self) -> dict[str, str]:
        return dict(self._files)

    def call(self, call: Call) -> None:
        self._take(call, self._folder)

    def parse(self, path: Path) -> None:
        """Takes the calls of a scene file. Raises SceneError at the first that is wrong; those before it stay."""
        for call in reader.read(path, on_warning=self._warn):
            self._take(call, path.parent)

    def scene(self, name: str) -> Scene:
        if not self.finished:
            last = f" (the last call is {self._calls[-1].name})" if self._calls else ": nothing was described"
            raise SceneError(f"the scene is not complete: WorldEnd is missing{last}")
        return Scene(name, tuple(self._calls), dict(self._files))

    def close(self, keep: bool = True) -> None:
        """Ends the output, which is thrown away without `keep`, and removes what embedded files were unpacked to."""
        if self._writer is not None:
            self._writer.close(keep)
        if self._embedded is not None:
            self._embedded.cleanup()
            self._embedded = None

    def _take(self, given: Call, folder: Path) -> None:
        self._checker.call(given)
        for text in self._checker.warnings[self._told :]:
            self._warn(text)
        self._told = len(self._checker.warnings)
        embedded = files.has_embedded(given)
        call = self._with_files(files.unpack(given, self._room()) if embedded else given, folder)
        self._calls.append(call)
        if self._writer is not None:
            self._writer.call(given if embedded else self._as_written(call))
            if self.finished:
                self._writer.close()

    def _with_files(self, call: Call, folder: Path) -> Call:
        renamed: dict[str, str] = {}
        for name, path in files.locate_all([call], [folder]).items():
            known = self._files.setdefault(name, path)
            if known != path:
                renamed[name] = path
                self._files[path] = path
        return files.rename(call, renamed) if renamed else call

    def _as_written(self, call: Call) -> Call:
        """With file names that the output can find: relative if they lie beside or below it, absolute otherwise."""
        folder = self._output_folder
        assert folder is not None
        names = {}
        for name in files.file_names(call):
            path = Path(self._files[name])
            names[name] = path.relative_to(folder).as_posix() if path.is_relative_to(folder) else str(path)
        return files.rename(call, names) if names else call

    def _warn(self, text: str) -> None:
        self._warnings.append(text)
        if self._on_warning is not None:
            self._on_warning(text)

    def _room(self) -> Path:
        """A new folder for the embedded files of one call."""
        if self._embedded is None:
            self._embedded = tempfile.TemporaryDirectory(prefix="lrnap-scene-", ignore_cleanup_errors=True)
        room = Path(self._embedded.name, str(next(self._numbers)))
        room.mkdir()
        return room


def scene_of_file(path: Path, *, on_warning: Callable[[str], None] | None = None) -> tuple[Scene, Recording]:
    """A complete scene file. Keep the recording until the scene's files are not needed any more, then `close` it."""
    recording = Recording(path.parent, on_warning)
    try:
        recording.parse(path)
        if not recording.finished:
            raise SceneError("the file ends without WorldEnd: it is a part of a scene, or cut off", at=str(path))
        return recording.scene(path.stem), recording
    except LrnapError:
        recording.close()
        raise
