"""The pictures that a manager writes when a frame is over: inside one folder, under names that their job gives.

beauty/shot7.####.exr      #### is the number of the frame, with so many digits at the least
shot7.png                  of a job of many frames: shot7.0001.png ...
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath, PureWindowsPath

from lrnap import __version__
from lrnap.errors import Code, LrnapError
from lrnap.film import output
from lrnap.film.develop import Settings
from lrnap.film.replace import replace_file
from lrnap.film.snapshot import Snapshot

_NUMBER = re.compile(r"#+")
DIGITS = 4  # where the name does not say how many


def check(pattern: str) -> None:
    """Raises LrnapError (ARGS, DENIED) for a name that no picture can have, or that leads out of the folder."""
    if not pattern:
        return
    parts = PurePosixPath(pattern.replace("\\", "/")).parts
    if PureWindowsPath(pattern).drive or pattern.startswith(("/", "\\")) or ".." in parts or not pattern.isprintable():
        raise LrnapError(
            Code.DENIED, f"output={pattern[:80]!r} is to be a name in the manager's folder of pictures, without .."
        )
    output.kind_of(pattern)


def place(folder: Path, pattern: str, frame: int, frames: int) -> Path:
    """Where the picture of a frame goes."""
    name = pattern.replace("\\", "/")
    if _NUMBER.search(name):
        name = _NUMBER.sub(lambda match: f"{frame:0{len(match[0])}}", name)
    elif frames > 1:
        path = PurePosixPath(name)
        name = str(path.with_name(f"{path.stem}.{frame:0{DIGITS}}{path.suffix}"))
    return folder / name


def write(path: Path, film: Snapshot, params: Mapping[str, object], files: Mapping[str, str]) -> None:
    """Blocking. `params`: of the Film, which say how it is developed. Raises LrnapError; an older one stays then."""
    settings = Settings.from_params(params, files=files)
    facts = {"software": f"lrnap {__version__}", "spp": f"{film.spp:.2f}", "seconds": f"{film.seconds:.1f}"}
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_file(path, [bytes(output.encode(output.kind_of(path), film, settings, facts))], "picture")
