"""Which files a request may read: those inside the node's root folders, wherever their names lead.

Rules for this file: a name is resolved completely, links and all, before it is compared; whatever is outside is
E_DENIED whether it exists or not, so that nobody can map the disk with questions.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Sequence
from pathlib import Path

from lrnap.errors import Code, LrnapError
from lrnap.lux.files import alike

_OTHER_SYSTEM = re.compile(r"[A-Za-z]:[\\/]|\\\\")  # a drive or a share of Windows


class Roots:
    """The folders a node reads scenes from."""

    def __init__(self, folders: Iterable[Path | str]) -> None:
        """Raises LrnapError for a folder that is not there."""
        self.folders: tuple[Path, ...] = tuple(_folder(Path(folder)) for folder in folders)

    def holds(self, path: Path) -> bool:
        """Whether a path, with all links followed, is inside one of the roots."""
        try:
            real = path.resolve()
        except (OSError, RuntimeError, ValueError):  # a loop of links, a NUL
            return False
        return any(real.is_relative_to(root) for root in self.folders)

    def find(self, name: str, beside: Sequence[Path] = ()) -> Path:
        """The regular file of that name: absolute, or relative to each of `beside`, then to each root. If there is
        none, one whose name differs only by capitals or by how its letters are encoded.

        Raises LrnapError: DENIED if the name leads outside the roots, NOT_FOUND if there is no such regular file.
        """
        outside = False
        inside: list[Path] = []
        for path in _candidates(name, (*beside, *self.folders)):
            if not self.holds(path):
                outside = True
            elif is_regular(path):
                return path.resolve()
            else:
                inside.append(path)
        for path in inside:
            found = alike(path.anchor, str(path.relative_to(path.anchor)))
            if found is not None and self.holds(found) and is_regular(found):
                return found.resolve()
        if outside:
            raise LrnapError(
                Code.DENIED, f'"{name}" is outside the folders this node reads; --root FOLDER at its start allows more'
            )
        raise LrnapError(Code.NOT_FOUND, f'File not found: "{name}" is not in a folder this node reads (--root)')


def is_regular(path: Path) -> bool:
    """Whether it can be read to its end: a pipe or a device could hold a reader for ever."""
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except (OSError, ValueError):
        return False


def _candidates(name: str, folders: Sequence[Path]) -> list[Path]:
    if not name or "\0" in name:
        return []
    spellings = [name]
    if os.sep == "/" and "\\" in name and not _OTHER_SYSTEM.match(name):
        spellings.append(name.replace("\\", "/"))
    return [
        path
        for spelling in spellings
        for path in ([Path(spelling)] if Path(spelling).is_absolute() else [folder / spelling for folder in folders])
    ]


def _folder(path: Path) -> Path:
    real = path.resolve()
    if not real.is_dir():
        raise LrnapError(Code.NOT_FOUND, f"the root {str(path)!r} is not a folder")
    return real
