"""Putting a file in its place: it appears complete or not at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from lrnap.errors import Code, LrnapError

LEFTOVERS = ".lrnap-*.part"  # what drafts are called, and a program that was killed leaves


def replace_file(path: str | os.PathLike[str], parts: Iterable[bytes | memoryview], what: str) -> None:
    """Writes the parts, one after another, into the file at `path`, replacing an older one at once.

    `what` is what the file is called in errors: "picture", "film". Raises LrnapError that names the path, the cause
    and the cure; the older file is then still there. A link stays a link.
    """
    with Draft(path, parts, what) as draft:
        draft.put()


def place_of(path: str | os.PathLike[str]) -> Path:
    """Where a file of this name goes, behind all links. Raises LrnapError for what is wrong with it already."""
    place = Path(os.path.realpath(path))
    problem = None
    if not place.parent.is_dir():
        problem = Code.NOT_FOUND, f"there is no folder {place.parent}: create it, or write elsewhere"
    elif os.access(place, os.F_OK) and place.is_dir():  # a name may be too long to be asked for
        problem = Code.EXISTS, "this is a folder: give the name of a file"
    elif not os.access(place.parent, os.W_OK):
        problem = Code.DENIED, f"you may not write to the folder {place.parent}: choose another one"
    if problem is not None:
        raise LrnapError(*problem, at=os.fspath(path))
    return place


class Draft:
    """A file that is whole, and on the disk, but not in its place yet; what was not put there goes at the end."""

    def __init__(self, path: str | os.PathLike[str], parts: Iterable[bytes | memoryview], what: str) -> None:
        """Writes it; for errors see `replace_file`."""
        self.path = path
        self._what = what
        self._target = place_of(path)
        self._file = self._target.with_name(LEFTOVERS.replace("*", secrets.token_hex(8)))
        try:
            with self._file.open("xb") as file:
                for part in parts:
                    file.write(part)
                file.flush()
                os.fsync(file.fileno())  # so that after a power cut there is the old file or the new one
        except BaseException as error:
            self._drop()
            if isinstance(error, OSError):
                raise self._failure(error) from error
            raise

    def put(self) -> None:
        """It takes its place, at once and without waiting for the disk."""
        try:
            self._file.replace(self._target)
        except OSError as error:
            raise self._failure(error) from error

    def settle(self) -> None:
        """After `put`: the folder, too, is on the disk, so that a power cut brings no older file back."""
        settle_folder(self._target.parent)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._drop()

    def _drop(self) -> None:
        with suppress(OSError):
            self._file.unlink(missing_ok=True)

    def _failure(self, error: OSError) -> LrnapError:
        older = os.access(self._target, os.F_OK)
        kept = f"; an older {self._what} of this name is still there" if older else ""
        return LrnapError(
            Code.DENIED if isinstance(error, PermissionError) else Code.INTERNAL,
            f"cannot write the {self._what}: {error.strerror}. Check that the folder may be written to and that the "
            f"disk has room{kept}",
            at=os.fspath(self.path),
        )


def settle_folder(folder: Path) -> None:
    """Names that files were given or lost in a folder are on the disk when this returns, where systems can do that."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
