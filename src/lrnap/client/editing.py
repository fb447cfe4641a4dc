"""An edit of a job in Python: the calls of a Context, made between two lines, done all at once.

    with job.edit() as lux:
        lux.makeNamedMaterial("ball", {"string type": ["mirror"]})

The methods are those of the call table that an edit may make (`lrnap.lux.editing`).
"""

from __future__ import annotations

import itertools
import logging
import shutil
import sys
import tempfile
import weakref
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lrnap.client.arguments import make_call, name_of, signature
from lrnap.client.background import Background
from lrnap.errors import Code, LrnapError
from lrnap.lux import files
from lrnap.lux.call import Call, Location
from lrnap.lux.call_spec import CallSpec
from lrnap.lux.calls import CALLS
from lrnap.lux.editing import EDITABLE, Edit, edited
from lrnap.lux.manual import plugins_of
from lrnap.lux.scene import Scene

if TYPE_CHECKING:
    from lrnap.client.farm import FarmJob
    from lrnap.client.job import Job


class SceneEdit:
    """A Target: changes of a scene, which stays as it is. File names start from `folder`, the working folder if it is
    None. Embedded files are kept as long as `owner`, or this edit without one."""

    def __init__(self, scene: Scene, *, folder: Path | None = None, owner: object = None) -> None:
        self.folder = folder or Path.cwd()
        self._owner = self if owner is None else owner
        self._numbers = itertools.count(1)
        self._embedded: Path | None = None
        self._edit = Edit(scene, self._find, self._room, logging.getLogger("lrnap").warning)

    @property
    def scene(self) -> Scene:
        """What the scene is after the edit."""
        return self._edit.scene()

    @property
    def calls(self) -> tuple[Call, ...]:
        return tuple(self._edit.calls)

    @property
    def files(self) -> Mapping[str, str]:
        """Where the files lie that its calls name."""
        return dict(self._edit.files)

    def call(self, call: Call) -> None:
        """Takes one call; a wrong one raises SceneError and changes nothing."""
        self._edit.call(call)

    def require_finished(self) -> None:
        """Raises SceneError if a block is open."""
        self._edit.require_finished()

    def _find(self, name: str) -> Path:
        path = files.locate(name, [self.folder])
        if path is None:
            raise LrnapError(Code.NOT_FOUND, f'the file "{name}" was not found in "{self.folder}"')
        return path

    def _room(self) -> Path:
        """A new folder for the embedded files of one call, kept as long as engines may read them."""
        if self._embedded is None:
            self._embedded = Path(tempfile.mkdtemp(prefix="lrnap-edit-"))
            weakref.finalize(self._owner, shutil.rmtree, self._embedded, ignore_errors=True)
        room = self._embedded / str(next(self._numbers))
        room.mkdir()
        return room

    if TYPE_CHECKING:  # the calls of the table

        def __getattr__(self, name: str) -> Callable[..., None]: ...


class JobEdit(SceneEdit):
    """Changes of the scene of a job that renders. Nothing changes before `end`."""

    def __init__(self, view: Job, background: Background, job: FarmJob) -> None:
        super().__init__(job.scene, owner=job)
        self._view = view
        self._background = background
        self._job = job
        self.ended = False  # done, or refused as a whole

    def apply_to(self, scene: Scene) -> Scene:
        """Another scene of the same names after this edit."""
        return edited(scene, self._edit.calls, self._edit.files)

    def end(self) -> int:
        """Does the edit on all engines; the epoch of the film that begins with it. All or nothing, and once only."""
        if self.ended:
            raise LrnapError(Code.STATE, "this edit is done: begin another one")
        self._edit.require_finished()
        self.ended = True
        epoch: int = self._background.call(self._job.edit(self._edit.calls, self._edit.files))
        told = [param for call in self._edit.calls if call.name == "Film" for param in call.params]
        if told:
            self._view.develop_as({param.name: param.value for param in self._job.scene.film.params})
        return epoch


def _method(spec: CallSpec) -> Callable[..., None]:
    def method(self: SceneEdit, *arguments: Any) -> None:
        frame = sys._getframe(1)  # the line of the script that makes the call
        self.call(make_call(spec, arguments, Location(frame.f_code.co_filename, frame.f_lineno, 1)))

    method.__name__ = name_of(spec)
    method.__qualname__ = f"SceneEdit.{name_of(spec)}"
    method.__doc__ = "\n".join([f"{spec.doc[0].upper()}{spec.doc[1:]}.", "", *plugins_of(spec)])
    method.__signature__ = signature(spec)  # type: ignore[attr-defined]  # what `help` shows
    return method


for _name in sorted(EDITABLE):
    setattr(SceneEdit, name_of(CALLS[_name]), _method(CALLS[_name]))
