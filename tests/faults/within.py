"""How a test makes a program fail from within: it dies at a call of one of its functions, or its clock jumps."""

from __future__ import annotations

import os
import pkgutil
import signal
import sys
import time
from pathlib import Path
from typing import Any

# Between what and what a manager may die -> module:function, and whether it dies once that has returned.
PLACES = {
    "before a step is stored": ("lrnap.manager.store:Store.write", False),
    "between a stored step and its effects": ("lrnap.manager.store:Store.write", True),
    "before a film is on the disk": ("lrnap.manager.films:FilmStore.save", False),
    "between a film on the disk and its count": ("lrnap.manager.films:FilmStore.save", True),
    "before films become one": ("lrnap.manager.films:FilmStore.fold", False),
    "while films become one": ("lrnap.manager.films:FilmStore.checkpoint", True),
    "before a picture is written": ("lrnap.manager.pictures:write", False),
    "after a picture was written": ("lrnap.manager.pictures:write", True),
}


def die(place: str, calls: int) -> None:
    """At the so-maniest call of that place from now on, as with SIGKILL."""
    target, afterwards = PLACES[place]
    module, _, path = target.partition(":")
    owner_path, _, name = path.rpartition(".")
    owner: Any = pkgutil.resolve_name(f"{module}:{owner_path}" if owner_path else module)
    function = getattr(owner, name)
    left = calls

    def dying(*args: Any, **options: Any) -> Any:
        nonlocal left
        left -= 1
        if not left and not afterwards:
            os.kill(os.getpid(), signal.SIGKILL)
        answer = function(*args, **options)
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)
        return answer

    setattr(owner, name, dying)


def jumping_clock(path: str) -> None:
    """From now on the wall clock is off by the seconds that are written in the file, whatever they are by then."""
    real, file = time.time, Path(path)

    def jumped() -> float:
        try:
            return real() + float(file.read_text() or 0)
        except (OSError, ValueError):
            return real()

    time.time = jumped
    assert "lrnap" not in sys.modules  # what had taken the function along would keep the old one
