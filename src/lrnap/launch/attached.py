"""Programs that live no longer than whoever started them: `lrnap --attached COMMAND`.

Such a program ends when its standard input does, and that ends with the process at its other end, however that one
ended and on whatever system: killed, crashed, or at the far side of an SSH connection that broke.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time

from lrnap.errors import Code, LrnapError

GRACE = 30.0  # seconds to end by itself, with a last film and all engines


def end_with_input() -> None:
    """From now on the end of standard input is a SIGTERM to this process and, if that does not help, a SIGKILL."""
    threading.Thread(target=_follow, args=(sys.stdin.fileno(),), name="attached", daemon=True).start()


def _follow(handle: int) -> None:
    with contextlib.suppress(OSError):
        while os.read(handle, 4096):
            pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE)
    os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))


def use_processors(text: str) -> None:
    """Keeps this process and all that it starts to processors given as Linux writes them: `0-3,8`. Elsewhere the
    system decides. Raises LrnapError (ARGS) for what names none that this process may use."""
    chosen = processors(text)
    if sys.platform != "linux":
        return
    try:
        os.sched_setaffinity(0, chosen)
    except (OSError, OverflowError, ValueError):
        raise LrnapError(Code.ARGS, f"there are no processors {text[:40]!r} here") from None


def processors(text: str) -> set[int]:
    """The numbers in a list as Linux writes it. Raises LrnapError (ARGS)."""
    found: set[int] = set()
    try:
        for part in text.strip().split(","):
            first, dash, last = part.partition("-")
            numbers = range(int(first), int(last if dash else first) + 1)
            if not 1 <= len(numbers) <= 65536:
                raise ValueError(part)
            found.update(numbers)
    except ValueError:
        raise LrnapError(Code.ARGS, f"{text[:40]!r} is no list of processors: write 0-3,8") from None
    return found


def written(numbers: set[int]) -> str:
    """The list of these processors, as Linux writes it."""
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and runs[-1][1] == number - 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in runs)
