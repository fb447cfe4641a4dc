"""Classic Lux's errors: numbers and severities, which of them ours are, and who is told.

The calls ErrorHandler, ErrorFilter, LastError ... In classic Lux errors are told to one handler, and calls go on. Here
a call that fails always says so itself; the handler hears of it as well, and of warnings, which no call raises.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from enum import IntEnum
from typing import TYPE_CHECKING

from lrnap.errors import Blame, Code, LrnapError
from lrnap.limits import MAX_WARNINGS

if TYPE_CHECKING:
    from lrnap.control.console import Console

Handler = Callable[[int, int, str], object]
"""Is told the number of an error, its severity, and a sentence."""


class Severity(IntEnum):
    DEBUG = -1
    INFO = 0
    WARNING = 1
    ERROR = 2
    SEVERE = 3


class Classic(IntEnum):
    """LUX_<name> of classic Lux's api.h."""

    NOERROR = 0
    NOMEM = 1
    SYSTEM = 2
    NOFILE = 3
    BADFILE = 4
    BADVERSION = 5
    DISKFULL = 6
    UNIMPLEMENT = 12
    LIMIT = 13
    BUG = 14
    NOTSTARTED = 23
    NESTING = 24
    NOTOPTIONS = 25
    NOTATTRIBS = 26
    NOTPRIMS = 27
    ILLSTATE = 28
    BADMOTION = 29
    BADSOLID = 30
    BADTOKEN = 41
    RANGE = 42
    CONSISTENCY = 43
    BADHANDLE = 44
    NOPLUGIN = 45
    MISSINGDATA = 46
    SYNTAX = 47
    MATH = 61


_C = Classic
CLASSIC: Mapping[Code, Classic] = {
    Code.SYNTAX: _C.SYNTAX,
    Code.FRAMING: _C.SYNTAX,
    Code.TOO_LONG: _C.LIMIT,
    Code.UNKNOWN_VERB: _C.BADTOKEN,
    Code.ARGS: _C.RANGE,
    Code.TYPE: _C.BADTOKEN,
    Code.VERSION: _C.BADVERSION,
    Code.AUTH_REQUIRED: _C.ILLSTATE,
    Code.AUTH_FAILED: _C.ILLSTATE,
    Code.DENIED: _C.NOFILE,
    Code.TLS_REQUIRED: _C.ILLSTATE,
    Code.QUOTA: _C.LIMIT,
    Code.BUSY: _C.ILLSTATE,
    Code.TIMEOUT: _C.SYSTEM,
    Code.NOT_FOUND: _C.NOFILE,
    Code.EXISTS: _C.CONSISTENCY,
    Code.STATE: _C.ILLSTATE,
    Code.SEQ: _C.CONSISTENCY,
    Code.FENCED: _C.ILLSTATE,
    Code.SKIPPED: _C.ILLSTATE,
    Code.HASH: _C.BADFILE,
    Code.GONE: _C.BADHANDLE,
    Code.SCENE: _C.CONSISTENCY,
    Code.ENGINE: _C.SYSTEM,
    Code.UNAVAILABLE: _C.SYSTEM,
    Code.INTERNAL: _C.BUG,
    Code.UNSUPPORTED: _C.UNIMPLEMENT,
}


def severity_of(error: LrnapError) -> Severity:
    return Severity.SEVERE if error.code.blame is Blame.SERVER else Severity.ERROR


class Errors:
    """What one user of the calls has heard, and from which severity on. `tell` is the handler that prints. While `wait`
    says so, what is to be told waits for `flush`: a handler must run where it can make calls itself."""

    def __init__(self, tell: Handler, wait: Callable[[], bool] = lambda: False) -> None:
        self.tell = tell
        self._wait = wait
        self._waiting: deque[tuple[int, int, str]] = deque(maxlen=MAX_WARNINGS)
        self.last = Classic.NOERROR
        self.filter = Severity.INFO
        self.handler: Handler = tell

    def failed(self, error: LrnapError) -> None:
        """A call raised this, so that whoever made it knows; a handler of his own is told as well."""
        self.last = CLASSIC[error.code]
        if self.handler != self.tell:
            self.report(self.last, severity_of(error), str(error))

    def warned(self, text: str) -> None:
        self.report(Classic.CONSISTENCY, Severity.WARNING, text)

    def report(self, number: int, severity: int, text: str) -> None:
        if severity >= Severity.ERROR:
            self.last = Classic(number) if number in list(Classic) else Classic.SYSTEM
        if severity >= self.filter:
            if self._wait():
                self._waiting.append((number, severity, text))
            else:
                self.handler(number, severity, text)

    def flush(self) -> None:
        while self._waiting:
            self.handler(*self._waiting.popleft())


def ignore(number: int, severity: int, text: str) -> None:
    """The handler of ErrorIgnore."""


# --- the calls ----------------------------------------------------------------------------------------------------


async def last_error(console: Console) -> int:
    return int(console.errors.last)


async def error_filter(console: Console, severity: int) -> None:
    if severity not in list(Severity):
        known = ", ".join(f"{known.value} {known.name.lower()}" for known in Severity)
        raise LrnapError(Code.ARGS, f"there is no severity {severity}: {known}")
    console.errors.filter = Severity(severity)


async def get_error_filter(console: Console) -> int:
    return int(console.errors.filter)


async def error_handler(console: Console, handler: str) -> None:
    errors = console.errors
    known: Mapping[str, Handler] = {"print": errors.tell, "ignore": ignore}
    if handler.lower() == "abort":
        raise LrnapError(
            Code.UNSUPPORTED,
            'a call that fails says so, and ends nothing else: an error handler is "print" or "ignore"',
        )
    if handler.lower() not in known:
        raise LrnapError(Code.ARGS, f'there is no error handler {handler[:40]!r}: "print" or "ignore"')
    errors.handler = known[handler.lower()]


async def error_print(console: Console, code: int, severity: int, message: str) -> None:
    console.errors.tell(code, severity, message)


async def error_ignore(console: Console, code: int, severity: int, message: str) -> None:  # noqa: ARG001
    return None


async def error_abort(console: Console, code: int, severity: int, message: str) -> None:
    console.errors.tell(code, severity, message)
    if severity >= Severity.ERROR:
        await console.job.abort()
