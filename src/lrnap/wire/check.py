"""Compares a request with the table of verbs, before anything of it is believed or a payload is read.

Rules for this file: every refusal names the verb, the argument and what it may be. It decides no rights: that is one
function of the server, which asks for `Verb.role`.
"""

from __future__ import annotations

import re
from dataclasses import replace

from lrnap.errors import Code, WireError
from lrnap.limits import WireLimits
from lrnap.wire import verbs
from lrnap.wire.grammar import Scalar, Value
from lrnap.wire.messages import Request
from lrnap.wire.payload import MAX_NOWAIT, Payload, follows
from lrnap.wire.verb import Argument, Kind, OptionSpec, Verb

_SHA256 = re.compile(r"[0-9a-f]{64}")
_RANGE = re.compile(r"(?:0|[1-9][0-9]{0,11})-(?:0|[1-9][0-9]{0,11})")


def check_request(request: Request, level: int) -> Request:
    """The request with its verb spelled as in the table, or WireError: UNKNOWN_VERB, STATE (level), ARGS or TYPE."""
    name = verbs.canonical(request.verb)
    verb = verbs.find(name)
    assert verb is not None
    if level < verb.level:
        raise WireError(Code.STATE, f"{name} needs level {verb.level}: send CTL_HELLO LRNAP/1 first")
    if request.tag is not None and not level:
        raise WireError(Code.STATE, "a tag (#...) needs level 1: send CTL_HELLO LRNAP/1 first")
    _check_args(verb, request.args)
    return replace(request, verb=name, options=_check_options(verb, request))


def _check_args(verb: Verb, args: tuple[Value, ...]) -> None:
    least = sum(not argument.optional for argument in verb.args)
    most = None if verb.args and verb.args[-1].repeated else len(verb.args)
    if len(args) < least or (most is not None and len(args) > most):
        raise WireError(Code.ARGS, f"{len(args)} arguments do not fit: {verb.usage}")
    for i, value in enumerate(args):
        argument = verb.args[min(i, len(verb.args) - 1)]
        if not _fits(argument, value):
            hint = f'; a name that is a number goes in quotes: "{value}"' if _unquoted_number(argument, value) else ""
            raise WireError(Code.TYPE, f"{verb.name}: <{argument.name}> is {_what(argument)}{hint}")


def _check_options(verb: Verb, request: Request) -> dict[str, Scalar]:
    """The options without those that are unknown but may be ignored (`?key=value`)."""
    options: dict[str, Scalar] = {}
    for key, value in request.options.items():
        option = verb.option(key.removeprefix("?"))
        if option is None:
            if key.startswith("?"):
                continue
            raise WireError(Code.ARGS, f"{verb.name} has no option {key[:40]}: {verb.usage}")
        if option.name in options:
            raise WireError(Code.ARGS, f"the option {option.name} is given twice")
        if not _fits(option, value):
            raise WireError(Code.TYPE, f"{verb.name}: {option.name}= is {_what(option)}")
        options[option.name] = value
    for option in verb.options:
        if option.required and option.name not in options:
            raise WireError(Code.ARGS, f"{verb.name} needs {option}")
    return options


def _fits(spec: Argument | OptionSpec, value: Value) -> bool:
    match spec.kind:
        case Kind.ANY:
            return True
        case Kind.SCALAR:
            return isinstance(value, (str, int, float))
        case Kind.VALUE:
            return not isinstance(value, Payload)
        case Kind.PAYLOAD:
            return follows(value)
        case Kind.INTEGER:
            return isinstance(value, int) and value >= 0
        case Kind.SIGNED:
            return isinstance(value, int)
        case Kind.NUMBER:
            return isinstance(value, (int, float)) and value >= 0
        case Kind.SHA256:
            return isinstance(value, str) and _SHA256.fullmatch(value) is not None
        case Kind.RANGE:
            return isinstance(value, str) and _RANGE.fullmatch(value) is not None
        case _:  # TEXT
            return isinstance(value, str) and (not spec.choices or value in spec.choices)


def _what(spec: Argument | OptionSpec) -> str:
    return f"one of {', '.join(spec.choices)}" if spec.choices else spec.kind.value


def _unquoted_number(spec: Argument | OptionSpec, value: Value) -> bool:
    return spec.kind is Kind.TEXT and not spec.choices and isinstance(value, (int, float))


def check_payloads(request: Request, limits: WireLimits) -> None:
    """Whether the limits allow the payloads of a request. Raises WireError; fatal if their end cannot be known."""
    payloads = request.payloads
    if (bytes_of_assets := sum(payload.length for payload in request.assets)) > limits.payload:
        raise WireError(Code.TOO_LONG, f"assets of {bytes_of_assets} bytes on one line (payload={limits.payload})")
    if not payloads:
        return
    if len({payload.now for payload in payloads}) > 1:
        raise WireError(Code.FRAMING, "{n} and {n+} cannot be mixed on one line", fatal=True)
    if not limits.payload:
        raise WireError(Code.AUTH_REQUIRED, "payloads are taken only after CTL_AUTH")
    if len(payloads) > limits.payloads:
        raise WireError(Code.TOO_LONG, f"{len(payloads)} payloads on one line (payloads={limits.payloads})")
    for payload in payloads:
        if max(payload.length, payload.size) > limits.payload:
            raise WireError(Code.TOO_LONG, f"a payload of {payload.size} bytes (payload={limits.payload})")
    total = sum(payload.length for payload in payloads)
    if total > limits.payload:
        raise WireError(Code.TOO_LONG, f"payloads of {total} bytes on one line (payload={limits.payload})")
    if payloads[0].now and total > MAX_NOWAIT:
        raise WireError(Code.TOO_LONG, f"{{n+}} is for {MAX_NOWAIT} bytes at most; send {{n}} and wait for R_CONT")
