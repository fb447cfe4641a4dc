"""A scene while it is described on this machine: its files lie beside it, and it may be written down meanwhile."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from pathlib import Path

from lrnap.engine.scratch import Scratch
from lrnap.errors import Code, LrnapError, SceneError
from lrnap.lux import files, reader
from lrnap.lux.call import Call, Param
from lrnap.lux.calls import CALLS
from lrnap.lux.overrides import FilmOverrides
from lrnap.lux.recorder import Recorder
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
        self._embedded: Scratch | None = None
        self._numbers = itertools.count(1)
        self.overrides = FilmOverrides()
        self.restart()

    def restart(self) -> None:
        self.overrides.restart()
        self.parsed = True  # no file that was read was wrong
        self._recorder = Recorder(self._find, self._room, self._on_warning)

    @property
    def warnings(self) -> tuple[str, ...]:
        return tuple(self._recorder.warnings)

    @property
    def begun(self) -> bool:
        return bool(self._recorder.calls)

    @property
    def finished(self) -> bool:
        return self._recorder.finished

    @property
    def files(self) -> dict[str, str]:
        return dict(self._recorder.files)

    def call(self, call: Call) -> None:
        for one in self.overrides.calls(call):
            self._call(one)

    def _call(self, call: Call) -> None:
        self._recorder.call(call)
        if self._writer is not None and CALLS[call.name].lxs is None:
            self._recorder.warn(f"{call.name} has no statement in a scene file, so that it is not written")
        elif self._writer is not None:
            self._writer.call(call if files.has_embedded(call) else self._as_written(self._recorder.calls[-1]))
            if self.finished:
                self._writer.close()

    def override(self, params: Sequence[Param]) -> None:
        """The Film has these, whatever it says; behind WorldBegin, that of the next scene."""
        self.overrides.add(params)
        if self.overrides.late and params:
            names = ", ".join(param.name for param in params)
            self.warn(f"{names} of the Film come behind WorldBegin, and count for the next scene")

    def warn(self, text: str) -> None:
        self._recorder.warn(text)

    def parse(self, path: Path) -> None:
        """Takes the calls of a scene file. Raises SceneError at the first that is wrong; those before it stay."""
        outer, self._folder = self._folder, path.parent
        self.parsed = False
        try:
            for call in reader.read(path, on_warning=self._recorder.warn):
                self.call(call)
            self.parsed = True
        finally:
            self._folder = outer

    def scene(self, name: str) -> Scene:
        """Raises SceneError if WorldEnd is missing."""
        return self._recorder.scene(name)

    def close(self, keep: bool = True) -> None:
        """Ends the output, which is thrown away without `keep`, and removes what embedded files were unpacked to."""
        if self._writer is not None:
            self._writer.close(keep)
        if self._embedded is not None:
            self._embedded.cleanup()
            self._embedded = None

    def _as_written(self, call: Call) -> Call:
        """With file names that the output can find: relative if they lie beside or below it, absolute otherwise."""
        folder = self._output_folder
        assert folder is not None
        names = {}
        for name in files.file_names(call):
            path = Path(self._recorder.files[name])
            names[name] = path.relative_to(folder).as_posix() if path.is_relative_to(folder) else str(path)
        return files.rename(call, names) if names else call

    def _find(self, name: str) -> Path:
        path = files.locate(name, [self._folder])
        if path is None:
            raise LrnapError(Code.NOT_FOUND, f'the file "{name}" was not found in "{self._folder}"')
        return path

    def _room(self) -> Path:
        """A new folder for the embedded files of one call."""
        if self._embedded is None:
            self._embedded = Scratch()
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
