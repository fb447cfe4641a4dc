"""What a node does for each verb: one table from verb to handler. A test compares it with the table of verbs.

A handler takes the visit and the request, which was checked against the verb's row and authorised; it gives the reply
or raises LrnapError. The verbs about the connection itself (CTL_HELLO, CTL_QUIT ...) never come here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from lrnap.engine import halts
from lrnap.errors import Code, LrnapError
from lrnap.film.channels import in_order
from lrnap.net.service import Answer, Follow, Transfer
from lrnap.node import film_dump, lux_calls, machine, queue_verbs, settings
from lrnap.wire import Reply, Request, Scalar, Status, Word, info, ok, printable, text
from lrnap.wire.scene_verbs import FILE_OPTIONS

if TYPE_CHECKING:
    from lrnap.node.visit import NodeVisit

Handler = Callable[["NodeVisit", Request], Awaitable[Answer]]

LOG_LINES = 20  # if CTL_LOG does not say how many
DEFAULT_HARDWARE = {"choice": "auto", "device": "CPU"}  # of which people at level 0 are not told
STATS_RATE = 2.0  # a second, if CTL_SUBSCRIBE does not say


def _arg(request: Request, position: int = 0) -> Scalar | None:
    value = request.args[position] if len(request.args) > position else None
    return value if isinstance(value, str | int | float) else None


def _number(request: Request, name: str) -> float | None:
    value = request.options.get(name)
    return float(value) if isinstance(value, int | float) else None


# --- looking ------------------------------------------------------------------------------------------------------


async def _info(visit: NodeVisit, request: Request) -> Reply:  # noqa: ARG001
    more: dict[str, Scalar] = {}
    if visit.session.level:
        more = {**visit.node.facts(), "threads": visit.node.threads, **queue_verbs.claim_fields(visit.node.lease)}
    elif visit.node.hardware() not in ({}, DEFAULT_HARDWARE):
        more = visit.node.hardware()
    reply = info(machine.platform_word(), machine.ram_mb(), machine.cores())
    return Reply(reply.word, reply.args, {**reply.fields, **more})


async def _status(visit: NodeVisit, request: Request) -> Reply:
    name = _arg(request)
    jobs = visit.node.jobs
    job = jobs.find(str(name)) if name is not None else jobs.active or visit.own() or jobs.meant(None)
    claim = queue_verbs.claim_fields(visit.node.lease) if visit.session.level else {}
    if visit.node.courtesy.why:
        claim = {**claim, "yields": visit.node.courtesy.why}
    if job is None:
        return Reply("R_STATUS", (Word(Status.IDLE.value),), claim)
    fields = visit.node.figures(job) | claim
    if job.error is not None:
        fields |= {"code": Word(job.error.code.wire_name), "desc": printable(str(job.error))}
    return Reply("R_STATUS", (Word(visit.node.shown(job).value),), fields)


async def _log(visit: NodeVisit, request: Request) -> Reply:
    count, name = _arg(request), _arg(request, 1)
    count = LOG_LINES if count is None else int(count)
    lines = visit.node.journal.lines(visit.job(name) if name is not None else None)
    return text(lines[-count:] if count else ())


async def _get(visit: NodeVisit, request: Request) -> Reply:
    name, of = _arg(request), request.options.get("job")
    job = visit.node.jobs.meant(None if of is None else str(of))
    if name is None:
        known = settings.values(visit.node.threads, visit.node.courtesy.word, job)
        return text(f"{key} {settings.shown(value)}" for key, value in known.items())
    name = settings.check_name(str(name), job)
    known = settings.values(visit.node.threads, visit.node.courtesy.word, job)
    if name not in known and job is None:
        raise LrnapError(Code.STATE, f"{name} belongs to a job, and there is none: describe a scene first")
    return Reply("R_OK", (), {name: settings.shown(known.get(name, ""))})


async def _subscribe(visit: NodeVisit, request: Request) -> Answer:
    topics = frozenset(str(arg) for arg in request.args)
    job, since, rate = request.options.get("job"), _number(request, "since"), _number(request, "rate")
    subscription = visit.node.publisher.subscribe(
        topics,
        None if job is None else visit.job(job).name,
        STATS_RATE if rate is None else rate,
        None if since is None else int(since),
    )
    visit.subscriptions[subscription.number] = subscription
    return Follow(ok(sub=subscription.number, seq=visit.node.publisher.seq), subscription.events())


async def _unsubscribe(visit: NodeVisit, request: Request) -> Reply:
    number = _arg(request)
    subscription = visit.subscriptions.pop(int(number or 0), None)
    if subscription is None:
        raise LrnapError(Code.NOT_FOUND, f"this connection has no subscription {number}")
    visit.node.publisher.drop(subscription)
    return ok()


# --- steering -----------------------------------------------------------------------------------------------------


def _steered(call: str, field: str = "") -> Handler:
    """A verb that is a control call of the Lux API with a job's name; `field`: what the reply calls its result."""

    async def handler(visit: NodeVisit, request: Request) -> Reply:
        result = await visit.steer(call, _arg(request))
        return Reply("R_OK", (), {field: result} if isinstance(result, int) else {})

    return handler


async def _reset(visit: NodeVisit, request: Request) -> Reply:
    name = _arg(request)
    if visit.own(name) is not None:
        visit.give_up()
        return ok()
    if visit.description is None and not visit.session.level:
        visit.go_on()
    if name is None and visit.node.jobs.meant(None) is None:
        return ok()  # IDLE already
    await visit.steer("Abort", name)
    return ok()


async def _set(visit: NodeVisit, request: Request) -> Reply:
    visit.order()
    given, value = str(request.args[0]), request.args[1] if len(request.args) > 1 else None
    of = request.options.get("job")
    if given.lower() == settings.ALL and value is None:
        settings.reset_developing(visit.job(of), settings.ALL)
        return ok()
    name = settings.check_name(given, visit.node.jobs.meant(None if of is None else str(of)))
    if name == "threads":
        await visit.node.set_default_threads(settings.thread_count(0 if value is None else value))
        return ok()
    if name == "yield":
        visit.node.courtesy.say("auto" if value is None else str(value))
        return ok()
    job = visit.job(of)
    if name in halts.PARAMETERS:
        await visit.node.set_halt(job, settings.changed_halt(job.halt, name, value))
    elif value is None:
        settings.reset_developing(job, name)
    else:
        settings.set_developing(job, name, value)
        if job.film is not None:
            visit.node.journal.warn(job, settings.gone_without(job, job.film.layout))
    return ok()


# --- scenes -------------------------------------------------------------------------------------------------------


async def _init(visit: NodeVisit, request: Request) -> Reply:
    visit.check_options(request)
    name = _arg(request)
    try:
        visit.begin(None if name is None else str(name))
    except LrnapError as error:
        visit.miss(error, all_of_it=True)
        raise
    visit.go_on()
    return ok()


async def _parse(visit: NodeVisit, request: Request) -> Reply:
    name = _arg(request, 1)
    try:
        path = visit.node.roots.find(str(request.args[0]))
        stem = Path(str(request.args[0]).replace("\\", "/")).stem
        description = visit.begin(stem if name is None else str(name))
        visit.go_on()
        await visit.in_thread(lambda: description.parse(path, whole=True))
        return visit.done(jobname=(await lux_calls.complete(visit)).name)
    except LrnapError as error:
        visit.discard()  # nothing of a file that is wrong stays
        visit.miss(error, all_of_it=True)
        raise


async def _cleanup(visit: NodeVisit, request: Request) -> Reply:  # noqa: ARG001
    visit.discard()
    visit.go_on()
    return ok()


async def render(visit: NodeVisit, request: Request) -> Reply:
    visit.check_options(request)
    visit.order()
    visit.check_complete(_arg(request))
    job = visit.to_render(_arg(request))
    seed, threads = _number(request, "seed"), _number(request, "threads")
    run, channels = request.options.get("run"), request.options.get("channels")
    await visit.node.render(
        job,
        seed=None if seed is None else int(seed),
        threads=None if threads is None else int(threads),
        halt=settings.asked_halt({name: _number(request, name) for name in ("spp", "seconds", "noise")}),
        run=None if run is None else str(run),
        channels=None if channels is None else in_order(str(channels).split(",")),
    )
    return visit.done(jobname=job.name, seed=job.seeds[-1], run=job.runs[-1])


async def _edit_begin(visit: NodeVisit, request: Request) -> Reply:
    visit.check_options(request)
    visit.order()
    visit.begin_edit(visit.job(_arg(request)))
    visit.go_on()
    return ok()


async def _edit_end(visit: NodeVisit, request: Request) -> Reply:
    visit.order()
    epoch = _number(request, "epoch")
    return ok(epoch=await visit.end_edit(None if epoch is None else int(epoch)))


# --- films --------------------------------------------------------------------------------------------------------


async def _dump(visit: NodeVisit, request: Request) -> Answer:
    visit.check_options(request)
    node, options = visit.node, request.options
    kind = str(options.get("format", film_dump.DEFAULT))
    name = _arg(request)
    file = film_dump.check(kind, {key: value for key, value in options.items() if key in FILE_OPTIONS})
    if "snapshot" in options:
        kept = node.snapshots.find(str(options["snapshot"]), None if name is None else str(name))
    else:
        job = visit.job(name)
        frame = _number(request, "frame")
        kept = await visit.take(job, None if frame is None else int(frame))
    shown = node.jobs.find(kept.job)
    developing = settings.developing(shown)
    if kind in film_dump.WITH_SETTINGS:
        node.journal.warn(shown, settings.gone_without(shown, kept.film.layout))
    encoded = await kept.encode(kind, developing, options.get("compress") == "zstd", file)
    layout, data = kept.film.layout, memoryview(encoded.data).cast("B")
    fields: dict[str, Scalar] = {"film": Word(encoded.film), "dimx": layout.width, "dimy": layout.height}
    fields |= encoded.fields
    if visit.session.level or options:
        fields |= {"snapshot": Word(kept.name), "spp": round(kept.film.spp, 3)}
    first, last = _range(options.get("range"), len(data))
    data = data[first : last + 1]
    return Transfer(Reply("R_OK", (), {**fields, "length": len(data)}, data=data), first)


def _range(asked: Scalar | None, length: int) -> tuple[int, int]:
    """First and last byte, both included."""
    if asked is None:
        return 0, length - 1
    first, _, last = str(asked).partition("-")
    if not int(first) <= int(last) < length:
        raise LrnapError(Code.ARGS, f"range={asked} is not within the {length} bytes of this snapshot (0-{length - 1})")
    return int(first), int(last)


# --- assets -------------------------------------------------------------------------------------------------------


async def _have(visit: NodeVisit, request: Request) -> Reply:
    here = {str(arg): visit.node.assets.have(str(arg)) for arg in request.args}
    return text(f"{sha256} {count}" for sha256, count in here.items() if count is not None)


async def _put(visit: NodeVisit, request: Request) -> Reply:
    offset, size = _number(request, "offset"), _number(request, "size")
    sha256, payload = str(request.options["sha256"]), request.payloads[0]

    def put() -> int:
        whole = None if size is None else int(size)
        return visit.node.assets.put(sha256, int(offset or 0), payload.content(), whole)

    return ok(offset=await asyncio.to_thread(put))


async def _bind(visit: NodeVisit, request: Request) -> Reply:
    name, sha256 = str(request.args[0]), str(request.options["sha256"])
    if visit.node.assets.have(sha256) is not None:
        raise LrnapError(Code.NOT_FOUND, f"there is no asset {sha256}: send it with ASSET_PUT")
    visit.bind(name, sha256)
    return ok()


HANDLERS: Mapping[str, Handler] = {
    **queue_verbs.HANDLERS,
    "CTL_INFO": _info,
    "CTL_STATUS": _status,
    "CTL_LOG": _log,
    "CTL_GET": _get,
    "CTL_SET": _set,
    "CTL_PAUSE": _steered("Pause"),
    "CTL_RESUME": _steered("Start"),
    "CTL_STOP": _steered("Exit"),
    "CTL_RESET": _reset,
    "CTL_ADDTHREAD": _steered("AddThread", "thread"),
    "CTL_REMOVETHREAD": _steered("RemoveThread", "thread"),
    "CTL_SUBSCRIBE": _subscribe,
    "CTL_UNSUBSCRIBE": _unsubscribe,
    "ASSET_HAVE": _have,
    "ASSET_PUT": _put,
    "ASSET_BIND": _bind,
    "API_LuxInit": _init,
    "API_LuxParse": _parse,
    "API_LuxCleanup": _cleanup,
    "API_Render": render,
    "API_EditBegin": _edit_begin,
    "API_EditEnd": _edit_end,
    "API_DumpFilmBuffer": _dump,
}
