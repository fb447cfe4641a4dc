"""Calls of the Lux API on a node: those of a scene go to the connection's description, the others steer a job.

What the others mean stands in `lrnap.control`; here their results become replies.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from lrnap.control.job import Array, Attachment, Result
from lrnap.errors import LrnapError
from lrnap.lux import calls
from lrnap.lux.call import Call
from lrnap.lux.calls import CallSpec, Where
from lrnap.net.calls import call_from_request, find_spec
from lrnap.net.service import Answer, Transfer
from lrnap.node.jobs import Job
from lrnap.wire import LUX_CALL, Reply, Request, Scalar, Word, find, ok, printable, text

if TYPE_CHECKING:
    from lrnap.node.visit import NodeVisit

THREAD_BYTES = 256 << 10  # payloads from here on are unpacked and checked in a thread
SYNC = "API_SYNC"  # not of the Lux API: the sender has seen the error and goes on
WHOLE = ("API_LuxInit", "API_LuxParse")  # begin a scene
PARTS = ("Include", "SearchPath")  # calls that are legal at any time, but are part of a scene


async def answer(visit: NodeVisit, request: Request) -> Answer:
    """The reply to any `API_...` that is not in the table of verbs."""
    if request.verb.upper() == SYNC:
        visit.go_on()
        return ok()
    try:
        spec = find_spec(request)
        if _is_part(spec):
            return await _describe(visit, request)
    except LrnapError as error:
        visit.miss(error)
        raise
    return await _control(visit, request, spec)


def describes(verb: str) -> bool:
    """Whether a verb in any spelling, known or not, would have been a part of a scene."""
    row = find(verb)
    if row is not LUX_CALL:
        return row is not None and row.name in WHOLE
    spec = calls.find(verb.partition("_")[2])
    return verb.upper() != SYNC and (spec is None or _is_part(spec) or spec.name == "ParsePartial")


def _is_part(spec: CallSpec) -> bool:
    return spec.where is not Where.ANY or spec.name in PARTS


async def _describe(visit: NodeVisit, request: Request) -> Reply:
    find = visit.node.assets.array
    if visit.editing is not None:
        visit.editing.call(call_from_request(request, find=find))
        return ok()
    large = sum(payload.size for payload in (*request.payloads, *request.assets)) >= THREAD_BYTES
    in_thread = large or request.verb.upper().endswith("INCLUDE")
    with visit.describing() as description:
        if in_thread:
            await visit.in_thread(lambda: description.call(call_from_request(request, find=find)))
        else:
            description.call(call_from_request(request, find=find))
    if not description.finished:
        return ok()
    return ok(jobname=(await complete(visit)).name)


# --- control ------------------------------------------------------------------------------------------------------


async def _control(visit: NodeVisit, request: Request, spec: CallSpec) -> Answer:
    if spec.name == "ParsePartial":
        return await _parse_partial(visit, call_from_request(request))
    result = await visit.console.do(call_from_request(request))
    return reply_of(spec, result)


async def _parse_partial(visit: NodeVisit, call: Call) -> Reply:
    try:
        path = visit.node.roots.find(str(call.args[0]))
        with visit.describing() as description:
            await visit.in_thread(lambda: description.parse(path, whole=False))
    except LrnapError as error:
        visit.miss(error)
        raise
    if description.finished:
        await complete(visit)
    return ok(value=Word("true"))


async def complete(visit: NodeVisit) -> Job:
    """The scene is a job now, which renders if this connection wants that."""
    job = visit.complete()
    if visit.console.starts:
        await visit.console.job.render()
    return job


def reply_of(spec: CallSpec, result: Result) -> Answer:
    """What a control call returns, on the wire: VALUE, lines of text, or bytes that follow."""
    if result is None:
        return ok()
    if isinstance(result, Attachment):
        return _follows(result.data, file=result.name)
    if isinstance(result, bytes):
        return _follows(result)
    if isinstance(result, np.ndarray):
        return _arrays((result,))
    if isinstance(result, tuple):
        return _arrays(result)
    if spec.returns == "text":
        return text(str(result).splitlines())
    if isinstance(result, bool):
        return ok(value=Word("true" if result else "false"))
    if isinstance(result, str):
        return ok(value=printable(result))
    if not math.isfinite(result):
        return ok(value=Word(str(result)))
    return ok(value=int(result) if result == int(result) else result)


def _arrays(arrays: Sequence[Array]) -> Answer:
    """One behind the other, each from its first row on."""
    little = [np.ascontiguousarray(array, array.dtype.newbyteorder("<")) for array in arrays]
    shapes = " ".join(",".join(map(str, array.shape)) for array in arrays)
    return _follows(
        b"".join(array.tobytes() for array in little),
        dtype=Word(little[0].dtype.str),
        shape=Word(shapes) if len(arrays) == 1 else shapes,
    )


def _follows(data: bytes, **fields: Scalar) -> Answer:
    return Transfer(Reply("R_OK", (), {**fields, "length": len(data)}, data=data), 0)
