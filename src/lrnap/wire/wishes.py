"""Options that hold more than one value: frames, numbers of nodes, names joined by commas. Text in, values out."""

from __future__ import annotations

import re
from collections.abc import Iterable

from lrnap.errors import Code, LrnapError
from lrnap.limits import ManagerLimits

MAX_FRAME = 10**9  # a number of a frame; file names of more digits nobody reads
MAX_NODES = 2**31 - 1  # what a database's integer holds

_RANGE = re.compile(r"([0-9]{1,10})(?:-([0-9]{1,10}))?(?::([0-9]{1,10}))?")
_NODES = re.compile(r"([0-9]{1,10})?(-)?([0-9]{1,10})?")


def frame_numbers(text: object, most: int = ManagerLimits().frames) -> tuple[int, ...]:
    """`7`, `1-250`, `1-250:5`, `1-10,20-30:2`: each number once, in the order given. Raises LrnapError (ARGS)."""
    found: dict[int, None] = {}
    for part in str(text).split(","):
        for number in _range(part.strip()):
            found[number] = None
            if len(found) > most:
                raise LrnapError(Code.ARGS, f"{str(text)[:80]!r} are more than {most} frames (frames={most})")
    return tuple(found)


def _range(part: str) -> Iterable[int]:
    match = _RANGE.fullmatch(part)
    if match is None:
        raise LrnapError(
            Code.ARGS, f"frames are written 7, 1-250, 1-250:5 or several of them with commas, not {part[:40]!r}"
        )
    first, last, step = int(match[1]), int(match[2] or match[1]), int(match[3] or 1)
    if first > last or not step or last > MAX_FRAME:
        raise LrnapError(
            Code.ARGS,
            f"frames {part[:40]!r}: the first may not be behind the last, a step is 1 or more, {MAX_FRAME} is the most",
        )
    return range(first, last + 1, step)


def frames_text(numbers: Iterable[int]) -> str:
    """The shortest text that `frame_numbers` understands, of numbers that grow."""
    runs: list[list[int]] = []
    for number in numbers:
        last = runs[-1] if runs else []
        step = last[1] - last[0] if len(last) > 1 else None
        if last and number > last[-1] and step in (None, number - last[-1]):
            last.append(number)
        else:
            runs.append([number])
    return ",".join(map(_run_text, runs))


def _run_text(run: list[int]) -> str:
    if len(run) == 1:
        return str(run[0])
    step = run[1] - run[0]
    if step == 1:
        return f"{run[0]}-{run[-1]}"
    return f"{run[0]}-{run[-1]}:{step}"


def node_range(text: object) -> tuple[int, int]:
    """The least and the most: `4` is 4 to 4, `2-8`, `2-` without a most, `-8` from 1; a most of 0 is none."""
    match = _NODES.fullmatch(str(text).strip())
    if match is None or not (match[1] or match[3]):
        raise LrnapError(Code.ARGS, f"nodes are written 4, 2-8, 2- or -8, not {str(text)[:40]!r}")
    least = int(match[1]) if match[1] else 1
    most = int(match[3]) if match[3] else 0 if match[2] else least
    if not 1 <= least <= MAX_NODES or most > MAX_NODES or 0 < most < least or (match[3] and not most):
        raise LrnapError(Code.ARGS, f"nodes {str(text)[:40]!r}: at least 1, and the most may not be below the least")
    return least, most


def nodes_text(least: int, most: int) -> str:
    """What `node_range` understands."""
    return f"{least}-{most or ''}"


def names(text: object) -> tuple[str, ...]:
    """Names joined by commas, each once."""
    return tuple(dict.fromkeys(name for part in str(text).split(",") if (name := part.strip())))
