"""Between a request on the wire and a call of the Lux API: the wire knows values, the call table knows meanings.

    #7 API_Shape "trianglemesh" "integer indices" [0 1 2] "point P" {36;dtype=<f4;shape=3,3}      and its payload

Both ends use this module, so what one writes the other reads. Arrays of a payload are looked at where they were
received, not copied. Rules for this file: translation only; whether a call is legal is decided by `lux.checker`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import cast

import numpy as np

from lrnap.errors import Code, LrnapError, SceneError
from lrnap.lux import calls, params
from lrnap.lux.call import Argument, ByteArray, Call, FloatArray, IntArray, Location, Param
from lrnap.lux.calls import Arg, CallSpec
from lrnap.lux.spelling import did_you_mean
from lrnap.net.arrays import NONE, Arrays, Find, little
from lrnap.wire.grammar import Array, Scalar, Value, is_sendable
from lrnap.wire.messages import Request
from lrnap.wire.payload import Payload

TEXT_VALUES = 16  # numbers that still go as text: a matrix is readable, a mesh is not

_LOCATION = re.compile(r"(.+):([0-9]{1,9}):([0-9]{1,9})")
_BOOLS = {"true": 1.0, "false": 0.0}


# --- from the wire ------------------------------------------------------------------------------------------------


def find_spec(request: Request) -> CallSpec:
    """The row of the call that a request makes. Raises LrnapError if the Lux API has none of that name."""
    name = request.call or request.verb.removeprefix("API_")
    spec = calls.find(name)
    if spec is None:
        hint = did_you_mean(name, calls.CALLS)
        raise LrnapError(Code.UNKNOWN_VERB, f"the Lux API has no call {name[:40]}{hint}; CTL_HELP lists them")
    return spec


def call_from_request(request: Request, at: Location | None = None, find: Find | None = None) -> Call:
    """The call that a request makes; its option `at` says where the call stands, else the argument does.

    `find` is asked for arrays that are assets. Work for a thread where payloads are large and packed, or assets are
    many. Raises LrnapError for what the call cannot take.
    """
    spec = find_spec(request)
    at = _location(request) or at
    args, rest = _positional(spec, request.args)
    if rest and not spec.takes_params:
        raise LrnapError(Code.ARGS, f"API_{spec.name} has too many arguments: API_{spec.usage}")
    return Call(spec.name, args, _params(spec, rest, at, find), at)


def _positional(spec: CallSpec, values: Sequence[Value]) -> tuple[tuple[Argument, ...], Sequence[Value]]:
    args: list[Argument] = []
    for arg in spec.args:
        if not values and arg.optional:
            break
        if not values:
            raise LrnapError(Code.ARGS, f"API_{spec.name} lacks its {arg.name}: API_{spec.usage}")
        if arg.kind == "numbers" and isinstance(values[0], int | float):  # typed without the brackets
            count = arg.count or len(values)
            values = (cast(Array, tuple(values[:count])), *values[count:])  # what is not a number, _argument refuses
        args.append(_argument(spec, arg, values[0]))
        values = values[1:]
    return tuple(args), values


def _argument(spec: CallSpec, arg: Arg, value: Value) -> Argument:
    match arg.kind:
        case "string" if isinstance(value, str):
            return str(value)
        case "value" if isinstance(value, str | int | float):
            return f"{value}"
        case "bytes" if isinstance(value, Payload):
            return np.frombuffer(value.content(), np.uint8)
        case "number" | "integer" | "bool" if isinstance(value, int | float):
            if arg.kind != "integer" or value == int(value):
                return float(value)
        case "bool" if isinstance(value, str) and value.lower() in _BOOLS:
            return _BOOLS[value.lower()]
        case "numbers" if isinstance(value, tuple | Payload):
            numbers = params.make("float", arg.name, _content(value)).value
            assert isinstance(numbers, np.ndarray)
            if arg.count is None or len(numbers) == arg.count:
                return numbers.astype(np.float32, copy=False)
    wanted = {"string": "a text", "integer": "a whole number", "bool": "true or false", "bytes": "a payload"}
    shape = f"{arg.count or 'some'} numbers in [ ]" if arg.kind == "numbers" else wanted.get(arg.kind, "a number")
    raise LrnapError(Code.TYPE, f"{arg.name} of API_{spec.name} must be {shape}: API_{spec.usage}")


def _params(spec: CallSpec, rest: Sequence[Value], at: Location | None, find: Find | None) -> tuple[Param, ...]:
    found = []
    for i in range(0, len(rest), 2):
        token = rest[i]
        if not isinstance(token, str):
            raise LrnapError(
                Code.ARGS,
                f'parameter {i // 2 + 1} of API_{spec.name} is not "type name" and its value: API_{spec.usage}',
            )
        if i + 1 == len(rest):
            raise LrnapError(Code.ARGS, f'the parameter "{token}" of API_{spec.name} has no value')
        value = rest[i + 1]
        if isinstance(value, Payload) and value.asset is not None and find is not None:
            found.append(_shared(token, value, find(value.asset, value.length), at))
        else:
            found.append(params.from_token(token, _content(value), at))
    return tuple(found)


def _shared(token: str, value: Payload, asset: ByteArray, at: Location | None) -> Param:
    """A parameter whose array is an asset, looked at where that is."""
    array = _content(replace(value, data=asset.data))
    param = params.from_token(token, array, at)
    same = isinstance(param.value, np.ndarray) and param.value.dtype.str == value.dtype
    return replace(param, content=value.asset or "") if same else param


def _content(value: Value) -> Scalar | tuple[object, ...] | FloatArray | IntArray:
    """What a value holds, for `params.make`: a payload becomes an array over its bytes."""
    if not isinstance(value, Payload):
        return value
    if value.dtype is None:
        raise LrnapError(Code.TYPE, f"the payload {value} does not say what it holds, for example dtype=<f4")
    array = np.frombuffer(value.content(), value.dtype)
    return array if value.shape is None else array.reshape(value.shape)


def _location(request: Request) -> Location | None:
    at = request.options.get("at")
    if at is None:
        return None
    match = _LOCATION.fullmatch(str(at))
    if match is None:
        raise LrnapError(Code.ARGS, f"at is file:line:column, not {str(at)[:80]!r}")
    return Location(match[1], int(match[2]), int(match[3]))


# --- to the wire --------------------------------------------------------------------------------------------------


def request_from_call(call: Call, *, binary: bool = True, tag: str | None = None, arrays: Arrays = NONE) -> Request:
    """The request that makes a call. With `binary`, arrays beyond a few numbers become payloads (`request.payloads`,
    with their bytes, which are the array's own); those in `arrays` are named by their hash, and must be assets where
    the request goes. Without, everything is text, as a person could type it. SceneError for what no line can hold."""
    _check_texts(call)
    values: list[Value] = [_argument_value(arg, binary) for arg in call.args]
    for param in call.params:
        values += (f"{param.type} {param.name}", _param_value(param, binary, arrays.hash_of(param)))
    options: dict[str, Scalar] = {} if call.at is None else {"at": str(call.at)}
    return Request(f"API_{call.name}", tuple(values), options, tag)


def _check_texts(call: Call) -> None:
    for text in _texts(call):
        if not is_sendable(text):
            raise SceneError(
                f"{call.name}: {text[:80]!r} cannot be sent to a node: it holds a line break or another control "
                "character; write it without",
                at=call.at,
            )


def _texts(call: Call) -> Iterator[str]:
    yield from (arg for arg in call.args if isinstance(arg, str))
    for param in call.params:
        yield param.name
        if param.type in params.TEXT_TYPES:
            yield from map(str, param.value)


def _argument_value(arg: Argument, binary: bool) -> Value:
    if isinstance(arg, np.ndarray):
        return _numbers(arg, binary)
    return arg if isinstance(arg, str) else _short(arg)


def _param_value(param: Param, binary: bool, asset: str | None) -> Value:
    value = param.value
    if isinstance(value, np.ndarray) and asset is not None:
        return Payload(value.nbytes, dtype=little(value).dtype.str, shape=value.shape, asset=asset)
    if isinstance(value, np.ndarray):
        return _numbers(value, binary)
    if param.type == "bool":
        return tuple("true" if item else "false" for item in value)
    return tuple(str(item) for item in value)


def _numbers(array: FloatArray | IntArray | ByteArray, binary: bool) -> Value:
    if binary and (array.size > TEXT_VALUES or not np.isfinite(array).all()):
        sent = little(array)
        return Payload.of(sent.data.cast("B"), dtype=sent.dtype.str, shape=sent.shape)
    if array.dtype.kind == "i":
        return tuple(int(number) for number in array.flat)
    return tuple(_short(float(str(number))) for number in array.astype(np.float32, copy=False).flat)


def _short(number: float) -> int | float:
    """5.0 as 5: whole numbers read better, and mean the same."""
    return int(number) if number.is_integer() and abs(number) < 1e15 else number
