"""Reads the sessions of docs/protocol.md: fenced blocks of steps, in the notation which that page defines.

Nothing of lrnap is imported here, so that the sessions say what the page says and not what the code does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path


class Do(Enum):
    SEND = "C:"
    EXPECT = "S:"
    ASK_UNTIL = "C?"  # followed by UNTIL
    UNTIL = "S?"
    SEND_PAYLOAD = "C="
    EXPECT_BYTES = "S="
    EXPECT_LINES = "S*"
    EXPECT_CLOSE = "S."
    RECONNECT = "--"


@dataclass(frozen=True)
class Step:
    do: Do
    text: str
    line: int  # in the page, 1-based

    def matches(self, said: str, known: dict[str, str]) -> bool:
        """Whether the server's line fits this pattern; adds what `<name>` stood for to `known`."""
        match = _pattern(self.text, known).fullmatch(said)
        if match is None:
            return False
        known.update(match.groupdict())
        return True

    def filled(self, known: dict[str, str]) -> str:
        """The text with `<name>` replaced by what was remembered."""
        return _NAME.sub(lambda match: known.get(match[1], match[0]), self.text)

    def count(self, known: dict[str, str]) -> int:
        """The number of bytes or lines that EXPECT_BYTES or EXPECT_LINES announces."""
        return int(self.filled(known))


@dataclass(frozen=True)
class Session:
    name: str
    steps: tuple[Step, ...]


_NAME = re.compile(r"<([a-z_]+)>")
_PART = re.compile(r"\*|<([a-z_]+)>")
_FENCE = re.compile(r"```lrnap name=([a-z0-9-]+)")


def sessions(page: Path) -> Iterator[Session]:
    """The sessions of a page, in order. Raises ValueError, with the line, for what is not in the notation."""
    name: str | None = None
    steps: list[Step] = []
    for number, line in enumerate(page.read_text(encoding="utf-8").split("\n"), 1):
        if name is None:
            if line.startswith("```lrnap"):
                name, steps = _session_name(line, number), []
        elif line == "```":
            _check(name, steps)
            yield Session(name, tuple(steps))
            name = None
        elif line and not line.startswith("#"):
            steps.append(_step(line, number))
    if name is not None:
        raise ValueError(f"the session {name} is not closed with ```")


def _session_name(line: str, number: int) -> str:
    match = _FENCE.fullmatch(line)
    if match is None:
        raise ValueError(f"line {number}: a session begins with ```lrnap name=<name>, not {line}")
    return match[1]


def _step(line: str, number: int) -> Step:
    try:
        do = Do(line[:2])
    except ValueError:
        raise ValueError(f"line {number}: no step begins with {line[:2]!r}") from None
    if line[2:3] not in ("", " "):
        raise ValueError(f"line {number}: a space is missing after {line[:2]}")
    return Step(do, line[3:], number)


def _check(name: str, steps: list[Step]) -> None:
    for step, following in zip(steps, [*steps[1:], None], strict=True):
        if (step.do is Do.ASK_UNTIL) != (following is not None and following.do is Do.UNTIL):
            raise ValueError(f"line {step.line}: in session {name}, C? and S? go together")
    if steps and steps[0].do is Do.UNTIL:
        raise ValueError(f"line {steps[0].line}: in session {name}, S? has no C?")


def _pattern(text: str, known: dict[str, str]) -> re.Pattern[str]:
    parts, at = [], 0
    for match in _PART.finditer(text):
        parts.append(re.escape(text[at : match.start()]))
        at = match.end()
        name = match[1]
        if name is None:
            parts.append(".*")
        elif name in known:
            parts.append(re.escape(known[name]))
        else:
            parts.append(rf"(?P<{name}>\S+)")
    return re.compile("".join(parts) + re.escape(text[at:]))
