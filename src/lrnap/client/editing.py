"""An edit of a job in Python: the calls of a Context, made between two lines, done all at once.

    with job.edit() as lux:
        lux.makeNamedMaterial("ball", {"string type": ["mirror"]})

The methods are those of the call table that an edit may make (`lrnap.lux.editing`); `context.py` adds them.
"""

from __future__ import annotations

import itertools
import shutil
import tempfile
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from lrnap.client.background import Background
from lrnap.errors import Code, LrnapError
from lrnap.lux import files
from lrnap.lux.call import Call
from lrnap.lux.editing import Edit
from lrnap.lux.scene import Scene

if TYPE_CHECKING:
    from lrnap.client.farm import FarmJob


class JobEdit:
    """A Target. Nothing changes before `end`; file names start from the working folder."""

    def __init__(self, background: Background, job: FarmJob, on_warning: Callable[[str], None] | None = None) -> None:
        self._background = background
        self._job = job
        self._numbers = itertools.count(1)
        self._embedded: Path | None = None
        self._ended = False
        self._edit = Edit(job.scene, self._find, self._room, on_warning)

    @property
    def scene(self) -> Scene:
        """What the scene is after the edit."""
        return self._edit.scene()

    def call(self, call: Call) -> None:
        """Takes one call; a wrong one raises SceneError and changes nothing."""
        self._edit.call(call)

    def apply_to(self, scene: Scene) -> Scene:
        """Another scene of the same names after this edit."""
        from lrnap.lux.editing import edited

        return edited(scene, self._edit.calls, self._edit.files)

    def end(self) -> int:
        """Does the edit on all engines; the epoch of the film that begins with it. All or nothing, and once only."""
        if self._ended:
            raise LrnapError(Code.STATE, "this edit is done: begin another one")
        self._edit.require_finished()
        self._ended = True
        return self._background.call(self._job.edit(self._edit.calls, self._edit.files))

    def _find(self, name: str) -> Path:
        path = files.locate(name, [Path.cwd()])
        if path is None:
            raise LrnapError(Code.NOT_FOUND, f'the file "{name}" was not found in "{Path.cwd()}"')
        return path

    def _room(self) -> Path:
        """A new folder for the embedded files of one call, kept as long as the job's engines may read them."""
        if self._embedded is None:
            self._embedded = Path(tempfile.mkdtemp(prefix="lrnap-edit-"))
            weakref.finalize(self._job, shutil.rmtree, self._embedded, ignore_errors=True)
        room = self._embedded / str(next(self._numbers))
        room.mkdir()
        return room

    if TYPE_CHECKING:  # the calls of the table

        def __getattr__(self, name: str) -> Callable[..., None]: ...
