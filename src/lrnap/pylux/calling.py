"""Calls as pylux takes them: positional or by pylux's names, with a list of parameters at the end.

A call of the wrong form (too many arguments, a name that is a number) raises TypeError, as pylux's does. A parameter
that is wrong is told, and the call is made without it, as in classic Lux.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from typing import Any

from lrnap.client.arguments import make_call, name_of, parameters
from lrnap.errors import LrnapError, SceneError
from lrnap.lux.call import Call, Location, Param
from lrnap.lux.call_spec import CallSpec
from lrnap.pylux.reporting import report_error

PARAMETERS = "ParamSet"
# How pylux calls arguments; by call, else by the name that they have in the call table.
NAMES: Mapping[str, tuple[str, ...]] = {
    "lookAt": ("pos0", "pos1", "pos2", "trg0", "trg1", "trg2", "up0", "up1", "up2"),
    "translate": ("x", "y", "z"),
    "rotate": ("degrees", "x", "y", "z"),
    "scale": ("x", "y", "z"),
    "transform": ("transform",),
    "concatTransform": ("transform",),
    "interior": ("VolumeName",),
    "exterior": ("VolumeName",),
}
USUAL: Mapping[str, str] = {"plugin": "type", "file": "filename", "server": "address", "total": "add_total"}
# Lengths of lists, which the C interface needs before the lists. Here a list knows its length.
LENGTHS = frozenset(("integer", name) for name in ("nvertices", "ntris", "nquads", "nvalues", "noffsets", "nweights"))


def signature(spec: CallSpec) -> inspect.Signature:
    """With `self`."""
    own = NAMES.get(name_of(spec))
    names = own or tuple(USUAL.get(arg.name, arg.name) for arg in spec.args)
    kind, empty = inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.empty
    found = [inspect.Parameter("self", inspect.Parameter.POSITIONAL_ONLY)]
    for name, arg in zip(names, spec.args, strict=True):
        found.append(inspect.Parameter(name, kind, default=None if arg.optional else empty))
    if spec.takes_params:
        found.append(inspect.Parameter(PARAMETERS, kind, default=()))
    return inspect.Signature(found)


def call_of(spec: CallSpec, values: Iterable[Any], at: Location) -> Call:
    """The call of these arguments, those that were left out at the end left out."""
    given = list(values)
    if spec.takes_params:
        given[-1] = list(_parameters(spec, given[-1], at))
    while given and given[-1] is None:
        given.pop()
    try:
        return make_call(spec, given, at)
    except SceneError as error:
        raise TypeError(str(error)) from None


def _parameters(spec: CallSpec, given: Any, at: Location) -> Iterable[Param]:
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise TypeError(f'{at}: {name_of(spec)} takes a list of pairs ("type name", value), not {given!r}')
    for item in given.items() if isinstance(given, Mapping) else given:
        try:
            [param] = parameters([_usual(item)], at)
        except LrnapError as error:
            report_error(error)
            continue
        if (param.type, param.name) not in LENGTHS:
            yield param


def _usual(item: Any) -> Any:
    """Numbers are truth values where those are meant."""
    if hasattr(item, "type_name") and hasattr(item, "value"):
        item = (item.type_name, item.value)
    pair = isinstance(item, tuple | list) and len(item) == 2 and isinstance(item[0], str)
    if pair and isinstance(item[1], int) and item[0].lstrip().startswith("bool"):
        return (item[0], bool(item[1]))
    return item
