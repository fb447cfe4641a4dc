"""Calls as Python makes them: their arguments, their names, and what `help` says of them."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping, Sequence
from numbers import Real
from typing import Any

import numpy as np

from lrnap.errors import SceneError
from lrnap.lux import params
from lrnap.lux.call import Argument, Call, Location, Param
from lrnap.lux.call_spec import Arg, CallSpec


def name_of(spec: CallSpec) -> str:
    """Of the call as a method: pylux's; where pylux has none, made in the same way."""
    return spec.pylux or spec.name[0].lower() + spec.name[1:]


def make_call(spec: CallSpec, given: Sequence[Any], at: Location | None = None) -> Call:
    """The call that Python arguments mean. Raises SceneError that says how the call is made."""
    values = list(given)
    if len(spec.args) == 1 and spec.args[0].kind == "numbers" and len(values) == spec.args[0].count:
        values = [values]  # sixteen numbers instead of a list of them
    most = len(spec.args) + spec.takes_params
    least = sum(not arg.optional for arg in spec.args)
    if not least <= len(values) <= most:
        raise SceneError(f"{name_of(spec)} takes {spec.usage}, not {len(values)} arguments", at=at)
    args = tuple(_argument(spec, arg, value, at) for arg, value in zip(spec.args, values, strict=False))
    rest = values[len(spec.args) :]
    return Call(spec.name, args, tuple(parameters(rest[0], at)) if rest else (), at)


def _argument(spec: CallSpec, arg: Arg, value: Any, at: Location | None) -> Argument:
    try:
        if arg.kind == "string":
            if not isinstance(value, str):
                raise TypeError
            return value
        if arg.kind == "value" and isinstance(value, str | Real):
            return str(value).lower() if isinstance(value, bool) else str(value)
        if arg.kind == "bytes":
            return np.frombuffer(value, np.uint8)
        if arg.kind == "numbers":
            numbers = params.make("float", arg.name, value).value
            if arg.count is not None and len(numbers) != arg.count:
                raise TypeError
            return numbers  # type: ignore[return-value]  # "float" makes a float32 array
        if isinstance(value, str):
            raise TypeError
        return float(value)
    except (TypeError, ValueError):
        raise SceneError(f"{name_of(spec)}: {arg.name} cannot be {value!r}; it takes {spec.usage}", at=at) from None


def parameters(given: Any, at: Location | None = None) -> Iterable[Param]:
    """What a list of pairs, a dict, or objects as pylux has them mean. Raises SceneError at the first wrong one."""
    if not isinstance(given, Iterable):
        message = f'parameters are a dict or a list of pairs ("type name", value), not {given!r}'
        raise SceneError(message, at=str(at) if at else None)
    items: Iterable[Any] = given.items() if isinstance(given, Mapping) else given
    for item in items:
        if isinstance(item, Param):
            yield item
        elif hasattr(item, "type_name") and hasattr(item, "value"):  # as pylux has it
            yield params.from_token(item.type_name, item.value, at)
        elif isinstance(item, tuple | list) and len(item) == 2 and isinstance(item[0], str):
            yield params.from_token(item[0], item[1], at)
        else:
            raise SceneError(f'a parameter is a pair ("type name", value), not {item!r}', at=at)


def signature(spec: CallSpec) -> inspect.Signature:
    """What `help` shows."""
    names = ["self", *(arg.name for arg in spec.args), *(["parameters"] if spec.takes_params else [])]
    optional = {arg.name for arg in spec.args if arg.optional} | {"parameters"}
    parameter, kind = inspect.Parameter, inspect.Parameter.POSITIONAL_ONLY
    return inspect.Signature([parameter(n, kind, default=() if n in optional else parameter.empty) for n in names])
