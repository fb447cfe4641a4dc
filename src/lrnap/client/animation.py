"""What a job of one or many frames is made of, ready to be described to a manager.

    one scene                               all frames show it, unless there are
    ... with changes between frames         calls of `lux.editing` for each frame: only they travel, frame by frame
    a scene for each frame                  `shot.####.lxs` or `shot.%04d.lxs`, read one after the other

Files of many frames are named by a pattern: the last `####` or `%04d` of the name stands for the number.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from lrnap.client.connection import Connection
from lrnap.client.editing import SceneEdit
from lrnap.client.recording import scene_of_file
from lrnap.client.scene_film import without_halt
from lrnap.client.upload import send_edit, send_scene
from lrnap.errors import Code, LrnapError, SceneError
from lrnap.lux import files, reader
from lrnap.lux.scene import Scene

_PLACE = re.compile(r"#+|%0?(\d*)d")

Change = Callable[[SceneEdit, int], object]
Warn = Callable[[str], None]


def has_place(path: str | os.PathLike[str]) -> bool:
    """Whether a name has a place for a number."""
    return _PLACE.search(Path(path).name) is not None


def is_pattern(path: str | os.PathLike[str]) -> bool:
    """Whether a name stands for many files. A file of just that name is what is meant, if there is one."""
    return has_place(path) and not Path(path).exists()


def at_frame(path: str | os.PathLike[str], number: int) -> Path:
    """The file of a frame: `####` and `%04d` are four digits or more."""
    whole = Path(path)
    places = list(_PLACE.finditer(whole.name))
    if not places:
        return whole
    last = places[-1]
    digits = int(last[1] or 1) if last[0].startswith("%") else len(last[0])
    return whole.with_name(f"{whole.name[: last.start()]}{number:0{digits}d}{whole.name[last.end() :]}")


class Source(Protocol):
    """What is described. `frames`: their numbers; none: one frame, without a number."""

    @property
    def frames(self) -> Sequence[int]: ...

    async def describe(self, connection: Connection, job: str) -> None:
        """To a manager, up to API_Render. May be done again on another connection."""


@dataclass(frozen=True, slots=True)
class OneScene:
    """All frames are alike."""

    scene: Scene
    frames: Sequence[int] = ()

    async def describe(self, connection: Connection, job: str) -> None:
        await send_scene(connection, self.scene, job)


@dataclass(frozen=True, slots=True)
class ChangingScene:
    """`change(edit, number)` makes the calls that turn the scene into that of a frame."""

    scene: Scene
    frames: Sequence[int]
    change: Change

    async def describe(self, connection: Connection, job: str) -> None:
        await send_scene(connection, self.scene, job)
        for number in self.frames:
            edit = await asyncio.to_thread(self._edit, number)
            named = {name for call in edit.calls for name in files.file_names(call)}
            if edit.calls:
                found = {name: edit.files[name] for name in named}
                await send_edit(connection, job, edit.calls, found, 0, number)

    def _edit(self, number: int) -> SceneEdit:
        edit = SceneEdit(self.scene)
        self.change(edit, number)
        edit.require_finished()
        return edit


@dataclass(frozen=True, slots=True)
class SceneFiles:
    """A file for each frame. `halting`: what a scene says of its own end counts."""

    pattern: Path
    frames: Sequence[int]
    halting: bool
    warn: Warn

    async def describe(self, connection: Connection, job: str) -> None:
        for number in self.frames:
            path = at_frame(self.pattern, number)
            scene, recording = await asyncio.to_thread(scene_of_file, path, on_warning=self.warn)
            with contextlib.closing(recording):
                await send_scene(connection, scene if self.halting else without_halt(scene), job, frame=number)


def changes_in(pattern: Path, warn: Warn) -> Change:
    """The calls that stand in a file for each frame, as in a scene file. A frame without a file is an error."""

    def change(edit: SceneEdit, number: int) -> None:
        path = at_frame(pattern, number)
        edit.folder = path.parent
        for call in reader.read(path, on_warning=warn):
            edit.call(call)

    return change


@contextlib.contextmanager
def source_of(
    scene: Scene | str | os.PathLike[str],
    frames: Sequence[int],
    changes: str | os.PathLike[str] | Change | None,
    *,
    halting: bool,
    warn: Warn,
) -> Iterator[tuple[str, Source]]:
    """What to describe, and what it is called. `halting`: the scene's own halt condition counts. Raises LrnapError for
    what does not fit together, and SceneError for what cannot be read."""
    if not isinstance(scene, Scene) and is_pattern(scene):
        if changes is not None:
            raise LrnapError(Code.ARGS, "changes are for one scene; where each frame has a scene, it says all itself")
        if not frames:
            raise LrnapError(Code.ARGS, f"{os.fspath(scene)!r} stands for many files: say which frames, as in 1-250")
        path = Path(scene)
        _check_files(path, frames)
        yield _PLACE.sub("", path.stem).strip("._- ") or "scene", SceneFiles(path, tuple(frames), halting, warn)
        return
    with contextlib.ExitStack() as kept:
        if not isinstance(scene, Scene):
            read, recording = scene_of_file(Path(scene), on_warning=warn)
            kept.enter_context(contextlib.closing(recording))
            scene = read
        scene = scene if halting else without_halt(scene)
        if changes is None:
            yield scene.name, OneScene(scene, tuple(frames))
            return
        if not frames:
            raise LrnapError(Code.ARGS, "changes are for frames: say which ones, as in 1-250")
        if not callable(changes):
            pattern = Path(changes)
            if not has_place(pattern):
                raise LrnapError(
                    Code.ARGS, f"{os.fspath(changes)!r} has no place for a frame's number, as in move.####.lxs"
                )
            _check_files(pattern, frames)
            changes = changes_in(pattern, warn)
        yield scene.name, ChangingScene(scene, tuple(frames), changes)


def _check_files(pattern: Path, frames: Sequence[int]) -> None:
    """Before the first is sent."""
    missing = [number for number in frames if not at_frame(pattern, number).is_file()]
    if missing:
        more = f", nor for {len(missing) - 1} others" if len(missing) > 1 else ""
        raise SceneError(
            f"there is no file for frame {missing[0]}{more}", at=str(at_frame(pattern, missing[0])), code=Code.NOT_FOUND
        )
