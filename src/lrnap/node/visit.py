"""A connection's stay at a node: the scene it describes, the names it has bound to assets, what it subscribed to.

`answer` looks the request's verb up in the server's table of handlers; any other is a call of the Lux API.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from lrnap.control.console import Console
from lrnap.control.errors import Errors
from lrnap.control.job import Result
from lrnap.errors import Code, LrnapError
from lrnap.lux.call import Call
from lrnap.lux.overrides import FilmOverrides
from lrnap.net.calls import find_spec
from lrnap.net.service import Answer, Session
from lrnap.node import lux_calls, queue_verbs
from lrnap.node.description import Description, Places
from lrnap.node.edits import JobEdit
from lrnap.node.events import Subscription
from lrnap.node.jobs import Job, Step
from lrnap.node.snapshots import Kept
from lrnap.node.steering import NodeJob
from lrnap.wire import Reply, Request, Scalar, Status

if TYPE_CHECKING:
    from lrnap.node.service import Node

# What is done after a failure, too.
GOING_ON = frozenset({"API_LUXINIT", "API_EDITBEGIN", "API_SYNC", "API_DUMPFILMBUFFER"})
ENDING = ("API_Render", "API_EditEnd")  # what makes something of a description


class NodeVisit:
    """See `lrnap.net.service.Visit`."""

    def __init__(self, node: Node, session: Session) -> None:
        self.node = node
        self.session = session
        self.description: Description | None = None
        self.parsing: Job | None = None  # the job of the description, until it is READY
        self.editing: JobEdit | None = None
        self.reading = False  # a thread is at work on the description
        self.failed: LrnapError | None = None  # a call of this scene failed, see `check_whole`
        self.lacking = False  # calls of this scene were skipped, or all of it was refused: it is not to be rendered
        self.last: str | None = None  # the job this connection described last
        self.bound: dict[str, str] = {}  # file name as the scene spells it -> SHA-256
        self.subscriptions: dict[int, Subscription] = {}
        self.overrides = FilmOverrides()
        self.errors = Errors(self._tell)
        self.console = Console(self.steered(), self.errors)

    def offer(self, request: Request) -> None:
        if request.call is not None:
            self.check_whole(request)
            try:
                find_spec(request)
            except LrnapError as error:
                self.miss(error)
                raise
        if request.verb == "ASSET_PUT":
            bound = self.node.limits.asset_bytes
            if request.payloads[0].size > bound:
                raise LrnapError(Code.QUOTA, f"assets of more than {bound} bytes are not kept (asset_bytes={bound})")

    def steered(self, job: object = None) -> NodeJob:
        """What control calls of this connection steer: the job of that name, else the one that is meant."""
        return NodeJob(self, job)

    def check_options(self, request: Request) -> None:
        """Raises LrnapError (UNSUPPORTED) for wishes that only a queue can meet."""
        queue_verbs.refuse_options(request)

    def missed(self, verb: str, error: LrnapError) -> None:
        if self.skips(verb):
            self.lacking = True
        elif lux_calls.describes(verb):
            self.miss(error)

    async def answer(self, request: Request) -> Answer:
        self.node.lease.hear(self)
        try:
            self.check_whole(request)
            handler = self.node.handlers.get(request.verb, lux_calls.answer)
            return await handler(self, request)
        except LrnapError as error:
            self.errors.failed(error)
            raise

    async def steer(self, name: str, job: object = None) -> Result:
        """Makes the control call of that name, which has no arguments, for one job."""
        console = self.console if job is None else Console(self.steered(job), self.errors)
        return await console.do(Call(name))

    def _tell(self, number: int, severity: int, text: str) -> None:
        """What a control call has to say beside its reply."""
        self.node.journal.note(f"{self.session.peer}: {text} (number {number}, severity {severity})")

    def close(self) -> None:
        """What is described half-way is gone; what renders goes on."""
        self.discard()
        self.node.lease.gone(self)
        for subscription in self.subscriptions.values():
            self.node.publisher.drop(subscription)
        self.node.assets.release(self.bound.values())
        self.bound.clear()

    # --- the description

    def begin(self, name: str | None) -> Description:
        """A new, empty scene instead of the present one. Raises LrnapError if the job's name cannot be had."""
        self.discard()
        self.parsing = self.node.begin(name or self.node.jobs.unused_name(), self.session.peer)
        places = Places(self.node.roots, self.node.assets, self.bound)
        self.description = Description(places, self.overrides)
        return self.description

    @contextlib.contextmanager
    def describing(self) -> Iterator[Description]:
        """For a call of the scene that is being described; the first begins it, but only if it is taken."""
        if self.description is not None:
            yield self.description
            return
        try:
            yield self.begin(None)
        except BaseException:
            self.discard()
            raise

    def complete(self) -> Job:
        """WorldEnd has come: the scene is a job now, unless calls of it were skipped; `check_complete` for later."""
        if self.lacking:
            raise self._skipped()
        description, job = self.description, self.parsing
        assert description is not None and job is not None
        scene = description.scene(job.name)
        job.belongings = description.belongings.close
        self.node.ready(job, scene)
        self.node.journal.warn(job, description.warnings)
        self.description = self.parsing = None
        self.go_on()
        self.last = job.name
        return job

    def miss(self, error: LrnapError, *, all_of_it: bool = False) -> None:
        """A call of the scene failed; `all_of_it`: the call was to be the whole scene."""
        self.failed = self.failed if error.code is Code.SKIPPED else error
        self.lacking |= all_of_it
        self.session.pressing = True

    def go_on(self) -> None:
        """Whoever describes the scene knows what failed, and means what comes now."""
        self.failed, self.lacking = None, False

    def skips(self, verb: str) -> bool:
        """Whether a call of this scene failed, and its sender cannot have meant this verb in view of that.

        What was sent together goes on behind a failure without knowing of it, and a scene with a hole in it would be
        rendered. A program (level 1) always says when it knows. A person sees the error and tries again, so at level 0
        it is enough that nothing more was on its way.
        """
        if self.failed is None or not verb.upper().startswith("API_") or verb.upper() in GOING_ON:
            return False
        return self.session.level > 0 or self.session.pressing or (self.lacking and verb in ENDING)

    def check_whole(self, request: Request) -> None:
        """Raises LrnapError (SKIPPED) for what must not be done after a call of the scene that failed."""
        if not self.skips(request.verb):
            return
        self.lacking = True
        raise self._skipped()

    def _skipped(self) -> LrnapError:
        cure = "API_LuxInit begins anew, API_Sync goes on without that call"
        if not self.session.level and not self.session.pressing:
            cure = "API_LuxCleanup gives the scene up, " + cure
        return LrnapError(Code.SKIPPED, f"not run, because a call before it failed ({self.failed}); {cure}")

    def check_complete(self, name: object) -> None:
        """Raises LrnapError if the scene to be rendered is this connection's own, and is not at its end. One that is,
        but could not become a job then, is one now if it can."""
        if self.description is not None and self.parsing is not None and name in (None, self.parsing.name):
            self.description.require_finished()
            self.complete()

    def bind(self, name: str, sha256: str) -> None:
        self.node.assets.hold([sha256])
        self.node.assets.release([self.bound.pop(name)] if name in self.bound else [])
        self.bound[name] = sha256

    def order(self) -> None:
        """Raises LrnapError (FENCED) if others give the orders here."""
        self.node.lease.check(self)

    def discard(self) -> None:
        if self.parsing is not None:
            self.node.abandon(self.parsing)
        if self.description is not None:
            self.description.close()
        self.description = self.parsing = None
        self.drop_edit()

    # --- edits

    def begin_edit(self, job: Job) -> None:
        """An empty edit of a job, instead of one that is open."""
        if self.description is not None:
            raise LrnapError(Code.STATE, "a scene is being described: end it with WorldEnd or API_LuxCleanup first")
        job.check(Step.EDIT)
        assert job.scene is not None  # or it could not be edited
        self.drop_edit()
        self.editing = JobEdit(job, job.scene, Places(self.node.roots, self.node.assets, self.bound))

    async def end_edit(self, epoch: int | None) -> int:
        """Does it, or raises LrnapError and has done nothing. An edit with an open block stays, to be ended."""
        edit = self.editing
        if edit is None:
            raise LrnapError(Code.STATE, "no edit is open: begin one with API_EditBegin")
        edit.require_finished()
        self.editing = None
        try:
            return await self.node.edit(edit, epoch)
        except BaseException:
            edit.close()
            raise

    def drop_edit(self) -> None:
        if self.editing is not None:
            self.editing.close()
            self.editing = None

    # --- for handlers

    async def in_thread(self, work: Callable[[], None]) -> None:
        """Does what may take long for the description, which nobody may give up meanwhile."""
        self.reading = True
        try:
            await asyncio.to_thread(work)
        finally:
            self.reading = False

    def give_up(self) -> None:
        """Forgets the description. Raises LrnapError while it is read. What a program has sent already behind a call
        that failed is still of the old scene."""
        if self.reading:
            raise LrnapError(Code.STATE, "the scene is being read: wait until it is READY")
        self.discard()
        if not self.session.level:
            self.go_on()

    def own(self, name: object = None) -> Job | None:
        """The scene that this connection describes, if it has that name or none is given."""
        return self.parsing if self.parsing is not None and name in (None, self.parsing.name) else None

    def job(self, name: object = None) -> Job:
        """The job of that name; without one, the job that renders, else the last. Raises LrnapError without any."""
        job = self.node.jobs.meant(None if name is None else str(name))
        if job is None:
            raise LrnapError(Code.STATE, "there is no job: describe a scene, for example with API_LuxParse")
        return job

    def to_render(self, name: object = None) -> Job:
        """As `job`, but without a name the one that this connection has described last comes first."""
        if name is not None:
            return self.job(name)
        if self.last is not None and self.last in {job.name for job in self.node.jobs}:
            return self.node.jobs.find(self.last)
        ready = [job for job in self.node.jobs if job.state is Status.READY]
        return ready[-1] if ready else self.job()

    async def take(self, job: Job, frame: int | None) -> Kept:  # noqa: ARG002  # which a node has but one of
        """A snapshot of the film of a job, or of one of its frames."""
        return await self.node.snapshots.take(job.name, lambda: self.node.film(job))

    def done(self, **fields: Scalar) -> Reply:
        """R_OK; programs (level 1) get the fields, too, while people asked for no more than it is done."""
        return Reply("R_OK", (), fields if self.session.level else {})
