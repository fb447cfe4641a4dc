"""Who is told of errors and warnings: one handler and one filter for the whole process, as in pylux.

Calls of pylux do not raise: what is wrong is told, and the call changes nothing. A handler runs in the thread that
made the call, or in that of a render; what it raises itself reaches whoever made the call, and in a render the log.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from enum import IntEnum

from lrnap.control.errors import CLASSIC, Classic, Severity, severity_of
from lrnap.errors import LrnapError

Handler = Callable[[int, int, str], object]


def errorHandler(function: Handler) -> None:
    """`function(code, severity, message)` is told from now on, instead of standard error."""
    if not callable(function):
        raise TypeError(f"errorHandler takes a function of code, severity and message, not {function!r}")
    _now.handler = function


def errorFilter(ErrorSeverity: IntEnum | int) -> None:
    """What is less severe is not told."""
    _now.filter = Severity(ErrorSeverity)


def report(code: int, severity: int, message: str) -> None:
    if severity >= _now.filter:
        _now.handler(int(code), int(severity), message)


def report_error(error: LrnapError) -> None:
    report(CLASSIC[error.code], severity_of(error), str(error))


def report_warning(message: str) -> None:
    report(Classic.CONSISTENCY, Severity.WARNING, message)


def to_stderr(code: int, severity: int, message: str) -> None:
    """The line that LuxRender prints."""
    when = time.strftime("%Y-%b-%d %H:%M:%S")
    print(f"[Lux {when} {Severity(severity).name} : {code}] {message}", file=sys.stderr, flush=True)


class _Reporting:
    handler: Handler = staticmethod(to_stderr)
    filter: Severity = Severity.INFO


_now = _Reporting()
