"""The grammar of one line: values to text and back.

    line    = [ "#" tag SP ] word *( SP argument ) *( SP option )
    value   = bare / quoted / number / array / payload        (the EBNF is in docs/protocol.md)

Rules for this file: one pass, one regular expression with possessive quantifiers, so that time is linear in the
line whatever it holds; nothing nests. Only `WireError` leaves. It knows no verb and no limit but those it is given.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import NamedTuple, TypeAlias

from lrnap.errors import Code, WireError
from lrnap.wire.payload import Payload, parse_payload

MAX_NUMBER = 48  # characters; longer ones (a SHA-256 among them) are words, so no digits are ever lost silently
MAX_INTEGER = 18  # digits that surely fit 64 bits; longer integers are read as floats


class Word(str):
    """A string that is written without quotes where it can be: `RENDERING`, `LINUX_X86_64`. Equal to the plain str."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"Word({str(self)!r})"


Scalar: TypeAlias = str | int | float
Array: TypeAlias = tuple[int | float, ...] | tuple[str, ...]
Value: TypeAlias = Scalar | Array | Payload


class Option(NamedTuple):
    key: str
    value: Scalar


_QUOTED = r'"((?:[^"\\]++|\\.)*+)"'
_BARE = r'[^ \t"\[\]{}]++'
_TOKEN = re.compile(
    rf"(?P<option>\??[A-Za-z_][A-Za-z0-9_.-]*+)=(?:{_QUOTED}|({_BARE}))"
    rf"|{_QUOTED}"
    rf"|(?P<bare>{_BARE})"
    r"|(?P<array>\[)"
    r"|\{(?P<payload>[^{}]*+)\}"
)
_ITEM = re.compile(rf"{_QUOTED}|({_BARE})|(\])")
_SPACE = re.compile(r"[ \t]*+")
_NUMBER = re.compile(r"[+-]?+(?:[0-9]++(?:\.[0-9]*+)?|\.[0-9]++)(?:[eE][+-]?+[0-9]++)?")
_INTEGER = re.compile(rf"[+-]?[0-9]{{1,{MAX_INTEGER}}}")
_KEY = re.compile(r"\??[A-Za-z_][A-Za-z0-9_.-]*")
_ESCAPE = re.compile(r'\\(["\\])')
_CONTROL = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f]")  # every control character but TAB
_IMMEDIATE = re.compile(r"\{[0-9]+\+")
TAG = re.compile(r"[A-Za-z0-9-]{1,16}")
_NOT_TYPED = re.compile(rb"\xff(?:[\xfb-\xfe][^\r\n]|[\xf0-\xfa])|\A\xef\xbb\xbf")


def as_typed(line: bytes) -> bytes:
    """A line without what terminals put into it of their own accord: the negotiations of telnet, whose first byte is
    in no UTF-8, and the byte order mark of a file that was pasted."""
    return _NOT_TYPED.sub(b"", line)


def decode(line: bytes) -> str:
    """The text of a line without its end: strict UTF-8, no control character but TAB."""
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError as error:
        raise WireError(Code.SYNTAX, f"byte {error.start + 1} of the line is not UTF-8") from None
    if bad := _CONTROL.search(text):
        raise WireError(Code.SYNTAX, f"a control character (U+{ord(bad[0]):04X}) at column {bad.start() + 1}")
    return text


def printable(text: str) -> str:
    """`text` on one line, without anything that could steer a terminal or forge a line of a log."""
    return " ".join(re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+", " ", text).split(" ")).strip(" ")


def number(text: str) -> int | float | None:
    """The number that `text` is, or None if it is a word."""
    if len(text) > MAX_NUMBER or not _NUMBER.fullmatch(text):
        return None
    if _INTEGER.fullmatch(text):
        return int(text)
    value = float(text)
    if math.isinf(value):
        raise WireError(Code.TYPE, f"the number {text} is too large")
    return value


def tokens(text: str, start: int = 0, *, limit: int = 4096) -> Iterator[Value | Option]:
    """The values and options of a line from `start` on; at most `limit` of them."""
    end = len(text)
    at = _skip(text, start)
    count = 0
    while at < end:
        if count == limit:
            raise WireError(Code.TOO_LONG, f"more than {limit} arguments (args={limit})")
        count += 1
        match = _TOKEN.match(text, at)
        if match is None:
            raise _stray(text, at)
        if match["array"]:
            value, at = _array(text, match.end())
            yield value
        else:
            at = match.end()
            if at < end and text[at] not in " \t[":
                raise WireError(Code.SYNTAX, f"a space is missing at column {at + 1}")
            yield _value(match)
        at = _skip(text, at)


def _value(match: re.Match[str]) -> Value | Option:
    key, option_quoted, option_bare, quoted = match[1], match[2], match[3], match[4]
    if key:
        return Option(key.lower(), _scalar(option_bare) if option_bare else _unescape(option_quoted))
    if quoted is not None:
        return _unescape(quoted)
    if match["bare"]:
        return _scalar(match["bare"])
    return parse_payload(match["payload"])


def _scalar(text: str) -> Scalar:
    value = number(text)
    return Word(text) if value is None else value


def _unescape(text: str) -> str:
    return _ESCAPE.sub(r"\1", text) if "\\" in text else text


def _skip(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


def _array(text: str, at: int) -> tuple[Array, int]:
    numbers: list[int | float] = []
    strings: list[str] = []
    while True:
        at = _skip(text, at)
        match = _ITEM.match(text, at)
        if match is None:
            raise WireError(Code.SYNTAX, f"the array is not closed with ] or holds more than values (column {at + 1})")
        at = match.end()
        if match[3]:
            break
        if match[1] is not None:
            strings.append(_unescape(match[1]))
        elif isinstance(value := _scalar(match[2]), str):
            strings.append(value)
        else:
            numbers.append(value)
    if numbers and strings:
        raise WireError(Code.TYPE, "an array holds either numbers or strings, not both")
    return (tuple(numbers) or tuple(strings)), at


def _stray(text: str, at: int) -> WireError:
    what = text[at]
    if what == '"':
        return WireError(Code.SYNTAX, f'the " at column {at + 1} is not closed (a \\ before a closing " is doubled)')
    if what == "{":
        return WireError(Code.FRAMING, f"the {{ at column {at + 1} is not closed", fatal=True)
    return WireError(Code.SYNTAX, f"{what!r} at column {at + 1} opens nothing")


def hides_payload(text: str) -> bool:
    """Whether a line that cannot be read may be followed by payload bytes at once, so that its end is unknown."""
    return _IMMEDIATE.search(text) is not None


def quote(value: Value | bool) -> str:
    """`value` as text, so that reading it gives it back. Raises WireError for what no line can carry."""
    if isinstance(value, Payload):
        return str(value)
    if isinstance(value, tuple):
        return f"[{' '.join(quote(item) for item in value)}]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value) if -(10**MAX_INTEGER) < value < 10**MAX_INTEGER else quote(float(value))
    if isinstance(value, float):
        if not math.isfinite(value):
            raise WireError(Code.TYPE, f"{value} cannot be sent: numbers must be finite")
        return repr(value)
    if isinstance(value, Word) and _is_bare(value):
        return str(value)
    return _quote_text(value)


def _is_bare(text: str) -> bool:
    if "=" in text or text == "-" or text.startswith("#"):  # these mean something of their own in a line
        return False
    match = _TOKEN.fullmatch(text)
    return match is not None and match["bare"] is not None and _NUMBER.fullmatch(text) is None and _clean(text)


def _clean(text: str) -> bool:
    return not _CONTROL.search(text)


def is_sendable(text: str) -> bool:
    """Whether a line can hold the text, in quotes."""
    return text.isprintable() or (_clean(text) and text.encode(errors="ignore").decode() == text)


def _quote_text(text: str) -> str:
    if not _clean(text):
        raise WireError(Code.SYNTAX, f"{text[:80]!r} cannot be sent: it holds a control character")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise WireError(Code.SYNTAX, f"{text[:80]!r} cannot be sent: it is not Unicode text") from None
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def format_option(key: str, value: Scalar | bool, between: str = "=") -> str:
    if not _KEY.fullmatch(key):
        raise WireError(Code.ARGS, f"{key[:80]!r} cannot be the name of an option")
    return f"{key}{between}{quote(value)}"
