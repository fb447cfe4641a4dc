"""How the commands speak to people: results on standard output, everything else on standard error."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TextIO

from lrnap.errors import Blame, Code, LrnapError

OK, MISSING, BAD, NO_NODE, INTERRUPTED = 0, 1, 2, 3, 130

_NO_NODE = frozenset({Code.UNAVAILABLE, Code.BUSY, Code.AUTH_REQUIRED, Code.AUTH_FAILED, Code.TLS_REQUIRED})
MAX_WARNINGS = 12

# What a server says to whoever types to it, as it is said here.
_TYPED = {"CTL_JOBS lists": "`lrnap jobs` lists", "CTL_NODES lists": "`lrnap nodes` lists"}


def exit_code(error: LrnapError) -> int:
    """1: there was no room for what is written; 2: what was asked for is wrong; 3: it may be right, but there was
    nobody to do it."""
    if error.code is Code.INTERNAL and isinstance(error.__cause__, OSError):
        return MISSING
    if error.code in _NO_NODE or error.code.blame is Blame.SERVER:
        return NO_NODE
    return BAD


def say_error(error: LrnapError | str) -> None:
    message = str(error)
    for typed, command in _TYPED.items():
        message = message.replace(typed, command)
    _say("error", "31", message)
    for line in getattr(error, "log", ())[-8:]:
        print(f"       | {line}", file=sys.stderr)


def say_warnings(warnings: Iterable[str]) -> None:
    """Each on a line, and beyond a dozen only their number."""
    lines = list(warnings)
    for line in lines[:MAX_WARNINGS]:
        _say("warning", "33", line)
    if len(lines) > MAX_WARNINGS:
        _say("warning", "33", f"... and {len(lines) - MAX_WARNINGS} more; `lrnap lxs check` lists all")


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _say(word: str, colour: str, text: str, stream: TextIO | None = None) -> None:
    stream = stream or sys.stderr
    head = f"\x1b[{colour}m{word}:\x1b[0m" if stream.isatty() else f"{word}:"
    print(f"{head} {text}", file=stream, flush=True)
