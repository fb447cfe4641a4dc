"""What a manager does for the verbs of its queue: a table from verb to handler, on `queue.Queue`.

`HANDLERS[verb](queue, session, request)` gives the reply or raises LrnapError. Describing scenes, rendering, films and
steering by the Lux API are the service's, which also decides which job is meant where none is named; what the options
of API_Render say is read by `wishes.wishes_of`. A list is read from the store, page by page; what only the core knows,
such as why a job waits, is added to those that are in memory.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from lrnap.errors import Code, LrnapError
from lrnap.manager import events, on_nodes, reports
from lrnap.manager.core import Core
from lrnap.manager.frames import FrameState
from lrnap.manager.jobs import Job, JobState
from lrnap.manager.nodes import NodeStep
from lrnap.manager.queue import Queue, find_job, find_node
from lrnap.manager.store import Store
from lrnap.manager.wishes import wishes_of
from lrnap.net import known
from lrnap.net.address import Address
from lrnap.net.service import Session
from lrnap.net.tls import parse_fingerprint
from lrnap.wire import Reply, Request, Role, Scalar, Status, ok, text
from lrnap.wire.listing import facts, line
from lrnap.wire.wishes import frame_numbers, names

Handler = Callable[[Queue, Session, Request], Awaitable[Reply]]

LINES = 1000  # of a list, if nobody says how many
MOST_LINES = 10_000  # of a list, whatever is asked for: a page has to fit in memory, and in a patience


def limit_of(request: Request) -> int:
    return min(int(request.options.get("limit", LINES)), MOST_LINES)


# --- jobs ---------------------------------------------------------------------------------------------------------


async def _jobs(queue: Queue, session: Session, request: Request) -> Reply:  # noqa: ARG001
    options, limit = request.options, limit_of(request)
    owner, before = options.get("owner"), options.get("before")
    if "token" in options:
        found = await _of_submission(queue, str(owner or ""), str(options["token"]))
    else:
        states = _states(options.get("state"))

        def page(store: Store) -> list[Job]:
            return store.jobs(
                states=states,
                owner=None if owner is None else str(owner),
                before=None if before is None else int(before),
                limit=limit,
            )

        found = await queue.query(page) if limit else []
    numbers = [job.id for job in found]
    live = await queue.look(lambda core: {n: now for n in numbers if (now := reports.live_of(core, n))})
    over = [number for number in numbers if number not in live]
    ended, spp = await queue.query(lambda store: (store.frame_counts(over), store.samples_per_pixel(over)))
    counts = {n: (frames.total(), frames[FrameState.DONE], spp.get(n)) for n, frames in ended.items()}
    counts |= {n: (now.frames, now.done, now.spp) for n, now in live.items()}
    return text(reports.job_line(job, live.get(job.id), *counts.get(job.id, (1, 0, None))) for job in reversed(found))


async def _of_submission(queue: Queue, owner: str, token: str) -> list[Job]:
    number = (await queue.query(lambda store: store.find_tokens([(owner, token)]))).get((owner, token))
    if number is None:
        return []
    return [row for row in await queue.query(lambda store: store.load_job(number)) if isinstance(row, Job)]


def _states(asked: Scalar | None) -> list[JobState] | None:
    """IDLE and PARSING are states of the protocol, too; no stored job has them."""
    if asked is None:
        return None
    wanted = [name.upper() for name in names(asked)]
    for name in wanted:
        if name not in Status.__members__:
            raise LrnapError(Code.ARGS, f"there is no state {name[:40]!r}; there are {', '.join(Status.__members__)}")
    return [JobState[name] for name in wanted if name in JobState.__members__]


async def _job(queue: Queue, session: Session, request: Request) -> Reply:  # noqa: ARG001
    number = await find_job(queue, request.args[0])
    show, since = str(request.options.get("show", "facts")), int(request.options.get("since", 0))
    if show == "history":
        rows = await queue.query(lambda store: store.history(number, after=since, limit=limit_of(request)))
        return text(reports.history_line(n, row) for n, row in rows)
    found = await report(queue, number)
    if show == "frames":
        return text(found.frame_lines(since if "since" in request.options else -1, limit_of(request)))
    return text(found.run_lines(limit_of(request)) if show == "runs" else found.facts())


async def report(queue: Queue, number: int) -> reports.Report:
    """All of a job, from the memory, else from the store. Raises LrnapError (NOT_FOUND)."""
    found = await queue.look(lambda core: reports.report_of(core, number))
    if found is None:
        found = reports.Report.of(await queue.query(lambda store: store.load_job(number)))
    if found is None:
        raise LrnapError(Code.NOT_FOUND, f"there is no job {number}; CTL_JOBS lists the jobs")
    found.urls = await queue.look(lambda core: {node.id: node.url for node in core.world.nodes.values()})
    found.unwritten = queue.unwritten(number)
    after = found.job.after
    if after:
        known = await queue.query(lambda store: store.names(after))
        found.after = [known.get(other, f"#{other}") for other in after]
    return found


async def _retry(queue: Queue, session: Session, request: Request) -> Reply:  # noqa: ARG001
    frames = frame_numbers(request.options["frames"]) if "frames" in request.options else ()
    await queue.do(events.Retry(job=await _meant(queue, request), frames=frames))
    return ok()


async def _meant(queue: Queue, request: Request) -> int:
    """Without a name the newest job that ended in ERROR or was stopped."""
    if request.args:
        return await find_job(queue, request.args[0])
    wanted = (JobState.ERROR, JobState.STOPPED)
    newest = await queue.query(lambda store: store.jobs(states=wanted, limit=1))
    if not newest:
        raise LrnapError(Code.STATE, "no job has failed or was stopped: CTL_JOBS lists the jobs")
    return newest[0].id


async def _change(queue: Queue, session: Session, request: Request) -> Reply:  # noqa: ARG001
    wishes, number = await wishes_of(queue, request), await find_job(queue, request.args[0])
    if not wishes.given and not wishes.halts:
        raise LrnapError(Code.ARGS, f"nothing is to change: {request.spec.usage}")
    halt = wishes.halt((await report(queue, number)).job.halt) if wishes.halts else None
    await queue.do(events.Change(job=number, halt=halt, **wishes.given))
    return ok()


# --- nodes --------------------------------------------------------------------------------------------------------


async def _nodes(queue: Queue, session: Session, request: Request) -> Reply:  # noqa: ARG001
    if not request.args:
        return text(await queue.look(reports.node_lines))
    number = (await find_node(queue, request.args[0])).id

    def read(core: Core) -> list[str]:
        node = core.world.nodes.get(number)
        return [] if node is None else reports.node_facts(core, node)

    return text(await queue.look(read))


async def _node(queue: Queue, session: Session, request: Request) -> Reply:  # noqa: ARG001
    node = await find_node(queue, request.args[0])
    step, changes = request.options.get("step"), _node_changes(request)
    if step is None and not changes:
        raise LrnapError(Code.ARGS, f"nothing is to change: {request.spec.usage}")
    if step == "remove":
        await queue.do(events.RemoveNode(node=node.id))
        return ok()
    wanted = None if step is None else NodeStep[str(step).upper()]
    why = str(request.options.get("why", ""))
    await queue.do(events.ChangeNode(node=node.id, step=wanted, why=why, **changes))
    return ok()


async def _add_node(queue: Queue, session: Session, request: Request) -> Reply:
    """A machine that joins brings its own nodes, and has no say in those of others."""
    address = Address.parse(str(request.args[0]))
    joined = session.name if session.role is Role.NODE else ""
    if joined:
        await queue.look(lambda core: on_nodes.check_joined(core.world, address.url, joined))
    _get_to_know(address, request)
    number = await queue.do(events.AddNode(url=address.url, joined=joined, **_node_changes(request)))
    return ok(node=int(str(number)))


async def _audit(queue: Queue, session: Session, request: Request) -> Reply:  # noqa: ARG001
    options, limit = request.options, limit_of(request)
    who, kind, before = options.get("by"), options.get("kind"), options.get("before")
    rows = await queue.query(
        lambda store: store.wanted(
            None if who is None else str(who),
            None if kind is None else str(kind),
            before=None if before is None else int(before),
            limit=limit,
        )
    )
    return text(reports.history_line(n, row) for n, row in rows)


async def _content(queue: Queue, session: Session, request: Request) -> Reply:  # noqa: ARG001
    if request.options.get("step") == "collect":
        removed = await queue.garbage(collect=True)
        return ok(files=len(removed.files), bytes=removed.bytes)
    garbage = await queue.garbage()
    if request.options.get("show") == "unneeded":
        largest = sorted(garbage.files.items(), key=lambda file: -file[1])
        return text(line(sha256, bytes=size) for sha256, size in largest[: limit_of(request)])
    kept = await asyncio.to_thread(queue.content.kept)
    told = {"files": kept.files, "bytes": kept.bytes, "bound": kept.bound}
    return text(facts({**told, "unneeded_files": len(garbage.files), "unneeded_bytes": garbage.bytes}))


def _get_to_know(address: Address, request: Request) -> None:
    """As `lrnap login` here would do it. Raises LrnapError (ARGS) for half of what that takes."""
    token, fingerprint = request.options.get("token"), request.options.get("fingerprint")
    if token is None and fingerprint is None:
        return
    if token is None or fingerprint is None or not address.tls:
        raise LrnapError(Code.ARGS, "token= and fingerprint= belong together, and to an address that is lrnaps://")
    known.remember(address, known.Credentials(parse_fingerprint(str(fingerprint)), str(token)))


def _node_changes(request: Request) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if "threads" in request.options:
        found["threads"] = int(request.options["threads"])
    if "tags" in request.options:
        found["tags"] = names(request.options["tags"])
    return found


HANDLERS: Mapping[str, Handler] = {
    "CTL_JOBS": _jobs,
    "CTL_JOB": _job,
    "CTL_RETRY": _retry,
    "CTL_CHANGE": _change,
    "CTL_NODES": _nodes,
    "CTL_NODE": _node,
    "CTL_ADDNODE": _add_node,
    "CTL_AUDIT": _audit,
    "CTL_CONTENT": _content,
}
