"""Calls of the Lux API on a node: those of a scene go to the connection's description, the others steer a job.

CONTROL is the table of the others that mean something here. What is not in it answers E_UNSUPPORTED by name.
"""

from __future__ import annotations

import math
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from lrnap.errors import Code, LrnapError
from lrnap.lux import calls
from lrnap.lux.call import Call
from lrnap.lux.calls import CallSpec, Where
from lrnap.net.calls import call_from_request, find_spec
from lrnap.wire import LUX_CALL, Reply, Request, Scalar, Status, find, ok

if TYPE_CHECKING:
    from lrnap.node.visit import NodeVisit

THREAD_BYTES = 256 << 10  # payloads from here on are unpacked and checked in a thread
SYNC = "API_SYNC"  # not of the Lux API: the sender has seen the error and goes on
WHOLE = ("API_LuxInit", "API_LuxParse")  # begin a scene
PARTS = ("Include", "SearchPath")  # calls that are legal at any time, but are part of a scene


async def answer(visit: NodeVisit, request: Request) -> Reply:
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
    large = sum(payload.size for payload in request.payloads) >= THREAD_BYTES
    in_thread = large or request.verb.upper().endswith("INCLUDE")
    with visit.describing() as description:
        if in_thread:
            await visit.in_thread(lambda: description.call(call_from_request(request)))
        else:
            description.call(call_from_request(request))
    if not description.finished:
        return ok()
    return ok(jobname=visit.complete().name)


# --- control ------------------------------------------------------------------------------------------------------


async def _control(visit: NodeVisit, request: Request, spec: CallSpec) -> Reply:
    handler = CONTROL.get(spec.name)
    if handler is None:
        raise LrnapError(
            Code.UNSUPPORTED,
            f"API_{spec.name} ({spec.doc}) is not available on this node; CTL_HELP lists the verbs that are",
        )
    result = await handler(visit, call_from_request(request))
    return ok() if result is None else ok(value=result)


async def _version(visit: NodeVisit, call: Call) -> Scalar:  # noqa: ARG001
    return "1.0"


async def _parse_partial(visit: NodeVisit, call: Call) -> None:
    try:
        path = visit.node.roots.find(str(call.args[0]))
        with visit.describing() as description:
            await visit.in_thread(lambda: description.parse(path, whole=False))
    except LrnapError as error:
        visit.miss(error)
        raise
    if description.finished:
        visit.complete()


async def _resume(visit: NodeVisit, call: Call) -> None:  # noqa: ARG001
    await visit.node.resume(visit.job())


async def _pause(visit: NodeVisit, call: Call) -> None:  # noqa: ARG001
    await visit.node.pause(visit.job())


async def _stop(visit: NodeVisit, call: Call) -> None:  # noqa: ARG001
    await visit.node.stop(visit.job())


async def _reset(visit: NodeVisit, call: Call) -> None:  # noqa: ARG001
    await visit.node.reset(visit.job())


async def _wait(visit: NodeVisit, call: Call) -> None:  # noqa: ARG001
    await visit.node.wait(visit.job(), visit.session)


async def _add_thread(visit: NodeVisit, call: Call) -> Scalar:  # noqa: ARG001
    return await visit.node.change_threads(visit.job(), +1)


async def _remove_thread(visit: NodeVisit, call: Call) -> Scalar:  # noqa: ARG001
    return await visit.node.change_threads(visit.job(), -1)


async def _set_halt(visit: NodeVisit, call: Call) -> None:
    spp, enough, _suspend = (float(str(arg)) for arg in call.args)
    job = visit.job()
    if enough:
        await visit.node.stop(job)
    else:
        await visit.node.set_halt(job, replace(job.halt, spp=spp or math.inf))


async def _statistics(visit: NodeVisit, call: Call) -> Scalar:
    job = visit.node.jobs.meant(None)
    figures = visit.node.figures(job) if job is not None else {}
    known: dict[str, Scalar] = {
        "sceneIsReady": int(job is not None and job.state not in (Status.IDLE, Status.PARSING)),
        "filmIsReady": int(job is not None and (job.film is not None or float(figures.get("samples", 0)) > 0)),
        "terminated": int(job is not None and job.state in (Status.STOPPED, Status.DONE, Status.ERROR)),
        "secElapsed": figures.get("seconds", 0),
        "samplesPx": figures.get("spp", 0),
        "samplesSec": figures.get("rate", 0),
        "threadCount": figures.get("thread", 0),
    }
    return known.get(str(call.args[0]), 0)  # as classic Lux: unknown figures are 0


async def _printable_statistics(visit: NodeVisit, call: Call) -> Scalar:  # noqa: ARG001
    figures = visit.node.figures(visit.job())
    seconds = time.strftime("%H:%M:%S", time.gmtime(float(figures.get("seconds", 0))))
    return (
        f"{seconds} - {figures.get('thread', 0)} T - {float(figures.get('spp', 0)):.2f} S/p - "
        f"{float(figures.get('rate', 0)) / 1000:.2f} kS/s"
    )


CONTROL: Mapping[str, Callable[[NodeVisit, Call], Awaitable[Scalar | None]]] = {
    "Version": _version,
    "ParsePartial": _parse_partial,
    "Start": _resume,
    "Pause": _pause,
    "Exit": _stop,
    "Abort": _reset,
    "Wait": _wait,
    "AddThread": _add_thread,
    "RemoveThread": _remove_thread,
    "SetHaltSamplesPerPixel": _set_halt,
    "Statistics": _statistics,
    "PrintableStatistics": _printable_statistics,
}
