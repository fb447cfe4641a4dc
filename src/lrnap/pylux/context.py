"""pylux.Context: a class with pylux's methods, each made from its row of the call table."""

from __future__ import annotations

import sys
import weakref
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from lrnap.client.arguments import name_of
from lrnap.lux.call import Location
from lrnap.lux.call_spec import Arg, CallSpec
from lrnap.lux.calls import CALLS
from lrnap.lux.manual import plugins_of
from lrnap.pylux.calling import call_of, signature
from lrnap.pylux.session import Session

OF_THE_MODULE = ("version", "errorHandler", "errorFilter", "magnitudeReduce", "magnitudePrefix")
# Where pylux's arguments are others than those of the C interface.
ROWS = {
    "Parse": (Arg("file", "string"), Arg("asynchronous", "bool", optional=True)),
    "ParsePartial": (Arg("file", "string"), Arg("asynchronous", "bool", optional=True)),
    "SaveEXR": (Arg("file", "string"), *(Arg(n, "bool") for n in ("useHalfFloat", "includeZBuffer", "tonemapped"))),
}


class Context:
    """A scene that is described, and what renders of it. Where, says `lrnap.LuxApiMode`: here, unless it was called."""

    def __init__(self, name: str) -> None:
        self._pylux_session = Session(name)  # a name that no exporter's class has
        weakref.finalize(self, self._pylux_session.close)

    @property
    def name(self) -> str:
        return self._pylux_session.name

    def __repr__(self) -> str:
        return f"<pylux.Context {self.name}>"

    if TYPE_CHECKING:  # the methods, which are added below

        def __getattr__(self, name: str) -> Callable[..., Any]: ...


def _method(spec: CallSpec) -> Callable[..., Any]:
    spec = replace(spec, args=ROWS.get(spec.name, spec.args))
    shape = signature(spec)

    def method(self: Context, *values: Any, **named: Any) -> Any:
        try:
            bound = shape.bind(self, *values, **named)
        except TypeError as error:
            raise TypeError(f"{name_of(spec)}{shape}: {error}") from None
        bound.apply_defaults()
        frame = sys._getframe(1)  # the line of the exporter that makes the call
        at = Location(frame.f_code.co_filename, frame.f_lineno, 1)
        return self._pylux_session.do(call_of(spec, list(bound.arguments.values())[1:], at), spec.returns)

    method.__name__ = name_of(spec)
    method.__qualname__ = f"Context.{name_of(spec)}"
    method.__doc__ = "\n".join([f"{spec.doc[0].upper()}{spec.doc[1:]}, {spec.where.value}.", "", *plugins_of(spec)])
    method.__signature__ = shape  # type: ignore[attr-defined]  # what `help` shows
    return method


for _spec in CALLS.values():
    if _spec.pylux and name_of(_spec) not in OF_THE_MODULE:
        setattr(Context, name_of(_spec), _method(_spec))
