"""What a node answers to the verbs of a queue: what it has of them, and by name what only a manager has.

A node is steered by one manager at a time: see `lease`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from lrnap.errors import Code, LrnapError
from lrnap.node.jobs import Job
from lrnap.node.lease import Claim, Lease
from lrnap.wire import Reply, Request, Scalar, Status, Word, ok, printable, text
from lrnap.wire.listing import facts, line

if TYPE_CHECKING:
    from lrnap.node.visit import NodeVisit

Handler = Callable[["NodeVisit", Request], Awaitable[Reply]]

MANAGERS_OPTIONS = frozenset(
    ("priority", "after", "nodes", "tags", "output", "frames", "frame", "owner", "token")
)  # of verbs that a node has, too
LINES = 1000  # of a list, if nobody says how many
_SHOWN = ("spp", "seconds", "thread", "rate", "warnings")  # of a job's figures, in a list


def claim_fields(lease: Lease) -> dict[str, Scalar]:
    """Who steers this node, for programs; nothing where nobody does."""
    if lease.claim is None:
        return {}
    return {"manager": lease.claim.manager, "generation": lease.claim.generation, "held": _word(lease.held)}


def refuse_options(request: Request) -> None:
    """Raises LrnapError (UNSUPPORTED) for wishes that only a queue can meet."""
    for name in request.options:
        if name in MANAGERS_OPTIONS:
            raise _managers(f"{request.verb} {name}=")


async def _jobs(visit: NodeVisit, request: Request) -> Reply:
    """`before` means nothing here: a node has few jobs, without numbers."""
    options = request.options
    states = listed_states(options.get("state"))
    owner, limit = options.get("owner"), int(options.get("limit", LINES))
    jobs = [
        job
        for job in visit.node.jobs
        if (not states or job.state in states) and owner in (None, job.owner) and "token" not in options
    ]
    return text(_line(visit, job) for job in jobs[max(0, len(jobs) - limit) :])


def listed_states(asked: Scalar | None) -> frozenset[Status]:
    """The states in `state=A,B`. Raises LrnapError (ARGS) for a word that is none."""
    names = [name.strip().upper() for name in str(asked or "").split(",") if name.strip()]
    for name in names:
        if name not in Status.__members__:
            raise LrnapError(Code.ARGS, f"there is no state {name[:40]!r}; there are {', '.join(Status.__members__)}")
    return frozenset(Status[name] for name in names)


def _line(visit: NodeVisit, job: Job) -> str:
    figures = visit.node.figures(job)
    return line(job.name, Word(job.state.value), **{k: figures.get(k) for k in _SHOWN}, owner=job.owner)


async def _job(visit: NodeVisit, request: Request) -> Reply:
    job = visit.job(request.args[0])
    shown = _SHOW[str(request.options.get("show", "facts"))](visit, job)
    return text([*shown][: int(request.options.get("limit", LINES))])


def _facts(visit: NodeVisit, job: Job) -> Iterator[str]:
    error: dict[str, Scalar] = {}
    if job.error is not None:
        error = {"code": Word(job.error.code.wire_name), "error": printable(str(job.error))}
    figures = visit.node.figures(job)
    figures.pop("jobname", None)
    yield from facts({"name": job.name, "state": Word(job.state.value), "owner": job.owner, **figures, **error})


def _frames(visit: NodeVisit, job: Job) -> Iterator[str]:
    figures = visit.node.figures(job)
    yield line(1, Word(job.state.value), **{k: figures.get(k) for k in _SHOWN})


def _runs(visit: NodeVisit, job: Job) -> Iterator[str]:  # noqa: ARG001
    for run, seed in zip(job.runs, job.seeds, strict=False):
        yield line(run, seed=seed)


def _history(visit: NodeVisit, job: Job) -> Iterator[str]:  # noqa: ARG001
    for number, (at, step, state) in enumerate(job.history, 1):
        yield line(number, Word(state.value), at=round(at, 3), step=step.value)


_SHOW: Mapping[str, Callable[[NodeVisit, Job], Iterator[str]]] = {
    "facts": _facts,
    "frames": _frames,
    "runs": _runs,
    "history": _history,
}


async def _claim(visit: NodeVisit, request: Request) -> Reply:
    manager, generation = request.args
    claim = Claim(str(manager), int(str(generation)))
    before = visit.node.lease.claim
    visit.node.lease.take(visit, claim)
    if claim != before:
        visit.node.journal.note(f"{claim} steers this node from now on")
    return Reply("R_OK", (), claim_fields(visit.node.lease))


async def _release(visit: NodeVisit, request: Request) -> Reply:  # noqa: ARG001
    claim = visit.node.lease.claim
    visit.node.lease.release(visit)
    visit.node.journal.note(f"{claim} has released this node")
    return ok()


async def _refuse(visit: NodeVisit, request: Request) -> Reply:  # noqa: ARG001
    raise _managers(request.verb)


def _managers(what: str) -> LrnapError:
    return LrnapError(
        Code.UNSUPPORTED, f"{what} is for managers, and this is a node, which has no queue: lrnap manager starts one"
    )


def _word(flag: bool) -> Word:
    return Word("true" if flag else "false")


HANDLERS: Mapping[str, Handler] = {
    "CTL_JOBS": _jobs,
    "CTL_JOB": _job,
    "CTL_CLAIM": _claim,
    "CTL_RELEASE": _release,
    **dict.fromkeys(
        ("CTL_RETRY", "CTL_CHANGE", "CTL_NODES", "CTL_NODE", "CTL_ADDNODE", "CTL_AUDIT", "CTL_CONTENT"), _refuse
    ),
}
