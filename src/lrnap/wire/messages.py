"""Requests and replies as values, and their text at both levels.

A reply is one value at either level; only its spelling differs:

    level 0   R_OK FILM = SPECTRUM_FLOAT32_RGBA DIMX = 800 LENGTH = 7680000 DATA FOLLOWS
    level 1   R_OK #7 film=SPECTRUM_FLOAT32_RGBA dimx=800 length=7680000

Final: R_OK, R_ERROR, R_INFO, R_STATUS, exactly one for each request. R_CONT, R_DATA and R_EVENT come in between.
Rules for this file: values and text, no connection state; reading what was written gives the same value.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from lrnap.errors import Code, LrnapError, RemoteError, WireError
from lrnap.limits import DATA_FRAME
from lrnap.wire import verbs
from lrnap.wire.grammar import TAG, Option, Scalar, Value, Word, format_option, printable, quote, tokens
from lrnap.wire.payload import Buffer, Payload, follows
from lrnap.wire.scene_verbs import LUX_CALL
from lrnap.wire.verb import Status, Verb

MAX_TEXT = 8192  # characters of a text line or of a DESC: with every escape and byte still one line for a client

FINAL = frozenset({"R_OK", "R_ERROR", "R_INFO", "R_STATUS"})
WORDS = FINAL | {"R_CONT", "R_DATA", "R_EVENT"}

# Level 0: what stands before each field, and between its name and its value. R_ERROR ends with its DESC, unquoted.
_LEVEL_0 = {"R_INFO": (" - ", " "), "R_STATUS": (" ", " ")}
_LEVEL_0_ELSE = (" ", " = ")
_ERROR_0 = re.compile(r'(?:CODE = (?P<code>[A-Z0-9_]+) )?(?:AT = (?P<at>"(?:[^"\\]++|\\.)*+") )?DESC = ?(?P<desc>.*)')


@dataclass(frozen=True, slots=True)
class Request:
    """One request. `verb` is spelled as in the table; for a call of the Lux API it is `API_` and the call's name."""

    verb: str
    args: tuple[Value, ...] = ()
    options: Mapping[str, Scalar] = field(default_factory=dict)
    tag: str | None = None

    @property
    def spec(self) -> Verb:
        found = verbs.find(self.verb)
        if found is None:
            raise verbs.unknown(self.verb)
        return found

    @property
    def call(self) -> str | None:
        """The name of the Lux call without `API_` and `lux`, as typed (any case); None for a verb of the table."""
        return self.verb[4:] if self.spec is LUX_CALL else None

    @property
    def payloads(self) -> tuple[Payload, ...]:
        """Those whose bytes follow the line."""
        return tuple(arg for arg in self.args if follows(arg))

    @property
    def assets(self) -> tuple[Payload, ...]:
        """Those whose bytes are assets."""
        return tuple(arg for arg in self.args if isinstance(arg, Payload) and arg.asset is not None)

    def __repr__(self) -> str:
        shown = "(...)" if verbs.key(self.verb) == "CTL_AUTH" else repr(self.args)  # a log never holds credentials
        options = {key: "..." if key == "token" else value for key, value in self.options.items()}
        return f"Request({self.verb!r}, {shown}, {options!r}, tag={self.tag!r})"


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply. `args` stand before the fields (the state of R_STATUS). `text` are lines that follow (`LINES = n`),
    `data` the bytes that follow (level 0: `LENGTH = n DATA FOLLOWS`; level 1: the content of an R_DATA)."""

    word: str
    args: tuple[Scalar, ...] = ()
    fields: Mapping[str, Scalar] = field(default_factory=dict)
    tag: str | None = None
    text: tuple[str, ...] | None = None
    data: Buffer | None = field(default=None, repr=False)

    @property
    def final(self) -> bool:
        return self.word in FINAL

    @property
    def code(self) -> Code | None:
        """The code of an R_ERROR; None for every other word."""
        return Code.from_wire(str(self.fields.get("code", ""))) if self.word == "R_ERROR" else None

    def check(self) -> Reply:
        """This reply, unless it is an R_ERROR: then RemoteError."""
        if self.code is None:
            return self
        at = self.fields.get("at")
        raise RemoteError(self.code, str(self.fields.get("desc", "")), at=None if at is None else str(at))


# --- requests -----------------------------------------------------------------------------------------------------


def split_tag(line: str) -> tuple[str | None, int]:
    """The tag of a line and where the rest begins."""
    if not line.startswith("#"):
        return None, 0
    match = TAG.match(line, 1)
    if match is None or line[match.end() : match.end() + 1] not in (" ", "\t"):
        raise WireError(Code.SYNTAX, "a tag is # and 1 to 16 letters, digits or -, then a space")
    return match[0], match.end()


def parse_request(line: str, *, limit: int = 4096) -> Request:
    """The request of a line; its verb exists, its arguments are as typed (`check_request` compares with the table)."""
    tag, start = split_tag(line)
    args: list[Value] = []
    options: dict[str, Scalar] = {}
    items = tokens(line, start, limit=limit + 1)
    verb = next(items, None)
    if not isinstance(verb, Word):
        raise WireError(Code.SYNTAX, "a line begins with a verb, such as CTL_HELP")
    for item in items:
        if isinstance(item, Option):
            if item.key in options:
                raise WireError(Code.ARGS, f"the option {item.key[:40]} is given twice")
            options[item.key] = item.value
        elif options:
            raise WireError(Code.SYNTAX, "options (name=value) come last")
        else:
            args.append(item)
    return Request(str(verb), tuple(args), options, tag)


def format_request(request: Request) -> bytes:
    """The line of a request, with its CRLF. The payloads follow it, each with a CRLF of its own."""
    parts = [] if request.tag is None else [f"#{request.tag}"]
    parts.append(request.verb)
    parts += map(quote, request.args)
    parts += (format_option(key, value) for key, value in request.options.items())
    return " ".join(parts).encode() + b"\r\n"


# --- replies ------------------------------------------------------------------------------------------------------


def format_reply(reply: Reply, level: int) -> bytes:
    """The line of a reply with its CRLF, and its text lines. `data` is not included: it is sent as it is."""
    parts = [reply.word]
    if level and reply.tag is not None:
        parts.append(f"#{reply.tag}")
    parts += map(quote, reply.args)
    fields = dict(reply.fields)
    if reply.text is not None:
        fields["lines"] = len(reply.text)
    head = " ".join(parts)
    if level:
        head = " ".join([head, *(format_option(key, value) for key, value in fields.items())])
    elif reply.word == "R_ERROR":
        head += _format_error(fields)
    else:
        before, between = _LEVEL_0.get(reply.word, _LEVEL_0_ELSE)
        head += "".join(before + format_option(key.upper(), value, between) for key, value in fields.items())
        head += " DATA FOLLOWS" if reply.data is not None else ""
    return "".join(f"{line}\r\n" for line in (head, *(reply.text or ()))).encode()


def _format_error(fields: Mapping[str, Scalar]) -> str:
    code = f" CODE = {fields['code']}" if "code" in fields else ""
    at = f" AT = {quote(str(fields['at']))}" if "at" in fields else ""
    return f"{code}{at} DESC = {printable(str(fields.get('desc', '')))}"


def parse_reply(line: str, level: int) -> Reply:
    """The reply of a line. Lines or bytes that follow it are announced: see `lines_after` and `bytes_after`."""
    word, _, rest = line.partition(" ")
    if word not in WORDS:
        raise WireError(Code.SYNTAX, f"not a reply: {printable(line[:40])!r}", fatal=True)
    if level:
        return _parse_reply_1(word, rest.lstrip(" "))
    if word == "R_ERROR":
        return _parse_error(rest)
    items = list(tokens(rest))
    if word == "R_INFO":
        return _parse_info(items)
    return _parse_pairs(word, items)


def _parse_reply_1(word: str, rest: str) -> Reply:
    tag, start = split_tag(rest + " ")
    args: list[Scalar] = []
    fields: dict[str, Scalar] = {}
    for item in tokens(rest, start):
        if isinstance(item, Option):
            fields[item.key] = item.value
        elif isinstance(item, (str, int, float)):
            args.append(item)
    return Reply(word, tuple(args), fields, tag)


def _parse_error(rest: str) -> Reply:
    match = _ERROR_0.fullmatch(rest)
    if match is None:  # not ours: the prose is all there is
        return error(Code.INTERNAL, rest)
    at = match["at"]
    where = next(iter(tokens(at))) if at else None
    code = Code.from_wire(match["code"] or "")
    reply = error(code, match["desc"], at=None if where is None else str(where))
    return Reply(reply.word, reply.args, {**reply.fields, "code": Word(match["code"] or code.wire_name)})


def _parse_info(items: Sequence[Value | Option]) -> Reply:
    groups: list[list[Scalar]] = [[]]
    for item in items:
        if isinstance(item, Word) and item == "-":
            groups.append([])
        elif isinstance(item, (str, int, float)):
            groups[-1].append(item)
    fields = {str(key).lower(): value for key, value in (group for group in groups[1:] if len(group) == 2)}
    return Reply("R_INFO", tuple(groups[0]), fields)


def _parse_pairs(word: str, items: Sequence[Value | Option]) -> Reply:
    """R_OK: `KEY = value` pairs after any arguments. R_STATUS: the state, then `KEY value` pairs."""
    scalars = [item for item in items if isinstance(item, (str, int, float))]
    if word == "R_STATUS":
        pairs = iter(scalars[1:])
        return Reply(
            word, tuple(scalars[:1]), {str(key).lower(): value for key, value in zip(pairs, pairs, strict=False)}
        )
    follows = scalars[-2:] == [Word("DATA"), Word("FOLLOWS")]
    if follows:
        del scalars[-2:]
    first = next((i - 1 for i, item in enumerate(scalars) if isinstance(item, Word) and item == "="), len(scalars))
    fields = {str(key).lower(): value for key, _, value in _threes(scalars[first:])}
    return Reply(word, tuple(scalars[:first]), fields, data=b"" if follows else None)


def _threes(items: Sequence[Scalar]) -> Iterator[tuple[Scalar, Scalar, Scalar]]:
    it = iter(items)
    return zip(it, it, it, strict=False)


# --- builders: what servers answer --------------------------------------------------------------------------------


def ok(*args: Scalar, tag: str | None = None, **fields: Scalar) -> Reply:
    """`R_OK`, with what it returns."""
    return Reply("R_OK", args, fields, tag)


def error(code: Code, desc: str, *, at: str | None = None, tag: str | None = None) -> Reply:
    """`R_ERROR CODE = E_NOT_FOUND DESC = ...`; level 1 also says number, blame and retry."""
    fields: dict[str, Scalar] = {
        "code": Word(code.wire_name),
        "number": code.number,
        "blame": Word(code.blame.value),
        "retry": Word(code.retry.value),
    }
    if at is not None:
        fields["at"] = _clipped(at)
    fields["desc"] = _clipped(desc)
    return Reply("R_ERROR", (), fields, tag)


def _clipped(text: str) -> str:
    text = printable(text)
    return text if len(text) <= MAX_TEXT else text[:MAX_TEXT] + "..."


def error_of(exception: LrnapError, *, tag: str | None = None) -> Reply:
    return error(exception.code, exception.message, at=exception.at, tag=tag)


def info(
    platform: str, ram_mb: int, cpu: int, *, version: str = "V1.0", tag: str | None = None, **more: Scalar
) -> Reply:
    """`R_INFO LR V1.0 - PLATFORM LINUX_X86_64 - RAM 24576MB - CPU 2`, then ` - KEY value` for each of `more`."""
    fields = {"platform": Word(platform), "ram": Word(f"{ram_mb}MB"), "cpu": cpu, **more}
    return Reply("R_INFO", (Word("LR"), Word(version)), fields, tag)


def status(state: Status | str, *, tag: str | None = None, **fields: Scalar) -> Reply:
    """`R_STATUS RENDERING JOBNAME "myjob" THREAD 2 SAMPLES 10738494324 ...`"""
    return Reply("R_STATUS", (Word(Status(state).value),), fields, tag)


def text(lines: Iterable[str], *, tag: str | None = None, **fields: Scalar) -> Reply:
    """`R_OK LINES = n`, then exactly n lines."""
    return Reply("R_OK", (), fields, tag, text=tuple(map(_clipped, lines)))


def film(kind: str, width: int, height: int, data: Buffer, *, tag: str | None = None, **more: Scalar) -> Reply:
    """`R_OK FILM = SPECTRUM_FLOAT32_RGBA DIMX = 800 DIMY = 600 LENGTH = 7680000 DATA FOLLOWS`, then `data`."""
    length = memoryview(data).nbytes
    fields: dict[str, Scalar] = {"film": Word(kind), "dimx": width, "dimy": height, **more, "length": length}
    return Reply("R_OK", (), fields, tag, data=data)


def frames(
    reply: Reply, offset: int = 0, size: int = DATA_FRAME, sha256: Callable[[], str] | None = None
) -> Iterator[Reply]:
    """A film reply as level 1 sends it: R_DATA frames of at most `size` bytes, the first with the film's description,
    then R_OK with the same and the `sha256` of all. `offset`: where `data` begins in the snapshot (`range=`). `sha256`
    is asked behind the last frame for the hash of `data`, where another thread computes it meanwhile."""
    if reply.data is None:
        raise ValueError("the reply has no data")
    view = memoryview(reply.data).cast("B")
    digest = hashlib.sha256()
    for start in range(0, len(view), size):
        part = view[start : start + size]
        if sha256 is None:
            digest.update(part)
        place: dict[str, Scalar] = {"off": offset + start, "len": len(part)}
        yield Reply("R_DATA", (), {**place, **reply.fields} if not start else place, reply.tag, data=part)
    closing = digest.hexdigest() if sha256 is None else sha256()
    end: dict[str, Scalar] = {**reply.fields, "len": len(view), "sha256": Word(closing)}
    yield replace(reply, fields=end, data=None)


def event(sub: int, seq: int, type: str, **fields: Scalar) -> Reply:
    """`R_EVENT sub=3 seq=812 type=stats ...`"""
    return Reply("R_EVENT", (), {"sub": sub, "seq": seq, "type": Word(type), **fields})


def gap(sub: int, first: int, last: int) -> Reply:
    """Events `first` to `last` of this subscription were dropped, because they were not read in time."""
    return Reply("R_EVENT", (), {"sub": sub, "seq": last, "type": Word("gap"), "from": first, "to": last})
