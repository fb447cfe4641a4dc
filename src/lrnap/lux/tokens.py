"""The words of scene files: strings, numbers, statements, brackets, and the files that `Include` brings in.

`Tokens` is one stream over a scene file and everything it includes; Include is followed here, so that it may stand
anywhere, as in classic Lux. Whoever reads the stream never sees white space, comments or the ends of files.

Rules for this file: bytes to tokens with their places; what a statement needs is the business of `reader.py`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt

from lrnap import limits
from lrnap.errors import SceneError
from lrnap.lux import decimals
from lrnap.lux.call import Location

ESCAPES = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b"b": b"\b", b"f": b"\f"}

_SKIP = re.compile(rb"(?:[ \t\r\n\f\v]++|#[^\n]*+)*+")
_WORD = re.compile(rb"[A-Za-z_][A-Za-z_0-9]*+")
_STRING = re.compile(rb'"((?:[^"\\\n]++|\\\r\n|\\.)*+)"', re.DOTALL)
_BASE64 = re.compile(rb'"(\s*+[A-Za-z0-9+/]{24}[A-Za-z0-9+/=\s]*+)"')  # an embedded file is a string over many lines
_ESCAPE = re.compile(rb"\\([0-9]{3}|\r\n|.)", re.DOTALL)
_STRAY = re.compile(rb"[^nrtbf\"\\0-9\n]")  # behind a backslash: means nothing
_BODY = re.compile(rb"(?:[^\]#]++|#[^\n]*+)*+")  # of an array of numbers, comments included
_PARAM = re.compile(rb'[ \t\r\n]*+"([^"\\\n]*+)"[ \t\r\n]*+\[[ \t\r\n]*+(?:"([^"\\\n]*+)"[ \t\r\n]*+\]|(?=[-+.0-9]))')
_COMMENT = re.compile(rb"#[^\n]*+")
_UNDEFINED = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")  # in the code page 1252
_MARK = b"\xef\xbb\xbf"  # which some editors put before a text
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_PIECE = 1 << 16  # bytes in which lines are counted at a time
_FIRST = {b"[": "[", b"]": "]", b'"': '"'} | dict.fromkeys((bytes([c]) for c in b"+-.0123456789"), "0")

Open = Callable[[str, "Source", Location], "Source"]
"""Finds and reads an included file: its name as written, who includes it, and where."""
Doubt = Callable[[Location, str], None]
"""Hears of what is read as classic Lux reads it, but hardly meant: where, and what."""


@dataclass(slots=True)
class Source:
    """One file: its bytes, its name as the user would open it, its folder, and how far it is read."""

    data: bytes
    name: str
    folder: str
    pos: int = 0
    _line: int = field(default=1, repr=False)
    _line_start: int = field(default=0, repr=False)
    _counted: int = field(default=0, repr=False)

    def __post_init__(self) -> None:
        if self.data.startswith(_UTF16):
            self.data = self.data.decode("utf-16", "replace").encode()
        elif self.data.startswith(_MARK):
            self.data = self.data[len(_MARK) :]

    def at(self, pos: int) -> Location:
        """Line and column of a position. Cheap for positions that grow, as they do while reading."""
        if pos < self._counted:
            self._line, self._line_start, self._counted = 1, 0, 0
        lines = _count_lines(self.data, self._counted, pos)
        if lines:
            self._line += lines
            self._line_start = self.data.rfind(b"\n", self._counted, pos) + 1
        self._counted = pos
        before = self.data[self._line_start : pos] if pos - self._line_start < 4096 else b""
        column = len(before.decode("utf-8", "replace")) if before else pos - self._line_start
        return Location(self.name, self._line, column + 1)


class Tokens:
    """The stream. `peek` says what comes next; the others read that, or raise SceneError with its place."""

    def __init__(self, main: Source, open_file: Open, doubt: Doubt) -> None:
        self._sources = [main]
        self._doubt = doubt
        self._includes = 0  # so far
        self._open = open_file

    def close(self) -> None:
        """Let go of the files' contents."""
        self._sources.clear()

    @property
    def source(self) -> Source:
        """The file that is being read."""
        return self._sources[-1]

    @property
    def here(self) -> Location:
        """The place of the next token."""
        return self.source.at(self.source.pos)

    def fail(self, message: str, at: Location | None = None) -> NoReturn:
        raise SceneError(message, at=str(at or self.here))

    def peek(self) -> str:
        """The first character of the next token, `0` for any number; empty at the end of the scene."""
        while True:
            source = self._sources[-1]
            source.pos = pos = _SKIP.match(source.data, source.pos).end()  # type: ignore[union-attr]  # it always matches
            char = source.data[pos : pos + 1]
            if char == b"I" and (word := _WORD.match(source.data, pos)) and word[0] == b"Include":
                self._include(word.end())
            elif char or len(self._sources) == 1:
                return _FIRST.get(char) or char.decode("latin-1")
            else:
                self._sources.pop()

    def _include(self, end: int) -> None:
        source, at = self.source, self.here
        source.pos = _SKIP.match(source.data, end).end()  # type: ignore[union-attr]
        if source.data[source.pos : source.pos + 1] != b'"':
            self.fail('Include needs the name of a file in quotes: Include "geometry.lxo"', at)
        name = self.take_string()
        if len(self._sources) > limits.MAX_INCLUDE_DEPTH:
            self.fail(f"files include each other more than {limits.MAX_INCLUDE_DEPTH} deep", at)
        self._includes += 1
        if self._includes > limits.MAX_INCLUDES:
            self.fail(f"the scene includes files more than {limits.MAX_INCLUDES} times", at)
        included = self._open(name, source, at)
        if any(included.name == open_.name for open_ in self._sources):
            self.fail(f'"{name}" includes itself, directly or by way of others; remove one of the Includes', at)
        self._sources.append(included)

    def word(self) -> str:
        """A statement's name."""
        source = self.source
        found = _WORD.match(source.data, source.pos)
        if not found:
            self.fail(f"a statement was expected here, not {self.show()}")
        if found.end() - found.start() > limits.MAX_TOKEN:
            self.fail(f"a word is longer than {limits.MAX_TOKEN} characters")
        source.pos = found.end()
        return found[0].decode("ascii")

    def take_string(self) -> str:
        """The string that `peek` has just seen."""
        source = self._sources[-1]
        found = _STRING.match(source.data, source.pos) or _BASE64.match(source.data, source.pos)
        if not found:
            self.fail('a quote is opened here and not closed on its line (a line break inside is written "\\n")')
        text = found[1]
        if len(text) > limits.MAX_TOKEN and not _BASE64.match(found[0]):
            self.fail(f"a text is longer than {limits.MAX_TOKEN} bytes")
        if b"\\" in text:
            self._doubt_escapes(source, text)
            text = _ESCAPE.sub(_unescape, text)
        source.pos = found.end()
        return _decoded(text)

    def _doubt_escapes(self, source: Source, text: bytes) -> None:
        """A path of Windows whose backslashes were not written twice is a name that nobody has."""
        stray = [code for code in _ESCAPE.findall(text) if _STRAY.fullmatch(code)]
        if stray:
            told = f'the backslash before "{_decoded(stray[0])}" is dropped; write "\\\\" for each one'
            self._doubt(source.at(source.pos), told)

    def take_number(self) -> float:
        """The number that `peek` has just seen."""
        source = self.source
        found = decimals.NUMBER.match(source.data, source.pos)
        if not found:
            self.fail(f"this is not a number: {self.show()}")
        source.pos = found.end()
        return float(found[0])

    def strings(self) -> tuple[str, ...]:
        """The strings up to the closing bracket, which is read."""
        source, opened, texts = self.source, self.source.pos, []
        while (char := self.peek()) == '"':
            texts.append(self.take_string())
        self._close(char, source, opened, "text in quotes")
        return tuple(texts)

    def usual_param(self) -> tuple[str, str | None] | None:
        """A parameter as nearly all are written, in one go: its token, and its text if that is one string in brackets;
        None in its place if numbers follow, whose bracket is open then. None, and nothing read, for all else."""
        source = self._sources[-1]
        found = _PARAM.match(source.data, source.pos)
        if found is None or found.end() - source.pos > limits.MAX_TOKEN:
            return None
        source.pos = found.end()
        text = found[2]
        return _decoded(found[1]), None if text is None else _decoded(text)

    def bare_numbers(self, count: int) -> tuple[float, ...] | None:
        """So many numbers, if nothing but spaces stands between them; None, and nothing read, if not."""
        source = self._sources[-1]
        found = _bare(count).match(source.data, source.pos)
        if found is None:
            return None
        source.pos = found.end()
        return tuple(map(float, found.groups()))

    def numbers(self, integers: bool = False) -> npt.NDArray[Any]:
        """The numbers up to the closing bracket, which is read: float32; int32 if asked for and possible."""
        source = self.source
        end = source.data.find(b"]", source.pos)
        if end >= 0:
            body = source.data[source.pos : end]
            if b"#" in body:
                end = _BODY.match(source.data, source.pos).end()  # type: ignore[union-attr]
                body = _COMMENT.sub(b" ", source.data[source.pos : end])
            try:
                array = decimals.integers(body) if integers else decimals.floats(body)
            except decimals.Doubt:
                pass
            else:
                source.pos = min(end + 1, len(source.data))
                return array
        return self._numbers_one_by_one()

    def _numbers_one_by_one(self) -> npt.NDArray[Any]:
        """The slow way, exact to the token: it knows Include and finds the place of what is wrong."""
        source, opened, values = self.source, self.source.pos, []
        while (char := self.peek()) == "0":
            values.append(self.take_number())
        self._close(char, source, opened, "a number")
        return np.array(values, np.float64)

    def _close(self, char: str, source: Source, opened: int, wanted: str) -> None:
        if not char:
            self.fail("the scene ends inside a list; is a ']' missing?", source.at(opened))
        if char != "]":
            self.fail(f"{wanted} or ']' was expected in this list, not {self.show()}")
        self.source.pos += 1

    def show(self) -> str:
        """The next token, for messages."""
        source = self.source
        rest = source.data[source.pos : source.pos + 40].split(maxsplit=1)
        if not rest:
            return "the end of the scene"
        text = rest[0].decode("utf-8", "replace")
        return text if text.isprintable() else repr(text)


@cache
def _bare(count: int) -> re.Pattern[bytes]:
    """`count` numbers with white space before each, and behind the last."""
    return re.compile(count * (rb"[ \t\r\n]++(" + decimals.NUMBER.pattern + rb")") + rb"(?=[ \t\r\n])")


def _count_lines(data: bytes, start: int, stop: int) -> int:
    """Line feeds in a part of `data`; numpy counts them several times faster than bytes do, where lines are short."""
    count = 0
    for begin in range(start, stop, _PIECE):
        text = np.frombuffer(data, np.uint8, min(stop - begin, _PIECE), begin)
        count += int(np.count_nonzero(text == ord("\n")))
    return count


def _decoded(text: bytes) -> str:
    """UTF-8, or what older programs of Windows wrote."""
    try:
        return text.decode()
    except UnicodeDecodeError:
        return text.decode("cp1252") if not _UNDEFINED.search(text) else text.decode("latin-1")


def _unescape(found: re.Match[bytes]) -> bytes:
    code = found[1]
    if code in (b"\n", b"\r\n"):
        return b""  # the line goes on
    if len(code) == 3:
        return bytes([int(code) % 256])
    return ESCAPES.get(code, code)
