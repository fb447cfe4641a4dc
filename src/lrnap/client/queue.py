"""A manager in Python: its queue of jobs, and its nodes.

    with lrnap.connect("lrnap://farm:1978") as farm:
        job = farm.submit("scene.lxs", spp=500)
        job.wait()
        job.save("picture.png")

Everything blocks until the manager has answered. A connection that is lost comes back by itself: what was submitted is
there, once, and who waits goes on waiting.
"""

from __future__ import annotations

import asyncio
import contextlib
import getpass
import logging
import os
import secrets
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Self

from lrnap.client.animation import Change, Source, source_of
from lrnap.client.background import Background
from lrnap.client.entries import Entry, JobStatus, NodeStatus
from lrnap.client.queue_link import QueueLink
from lrnap.client.submitted import SubmittedJob
from lrnap.errors import Code, LrnapError, RemoteError
from lrnap.limits import ManagerLimits
from lrnap.lux.scene import Scene
from lrnap.wire import Reply, Scalar, Word
from lrnap.wire.wishes import frame_numbers, frames_text, names, node_range, nodes_text

if TYPE_CHECKING:
    from lrnap.client.connection import Connection
    from lrnap.client.context import Context

PAGE = 1000  # lines in one answer
TRIES = 100  # names for a job that was given none: scene, scene-2 ...


class Queue:
    """See the module; made by `lrnap.connect`. `jobs`, `job`, `nodes`, `node` look, `submit` and `add_node` add."""

    def __init__(self, url: str) -> None:
        self._link = QueueLink(url)
        self._background = Background()
        self._background.on_close(self._link.close)
        try:
            self._background.call(self._link.open())
        except BaseException:
            self.close()
            raise

    @property
    def url(self) -> str:
        return self._link.address.url

    def close(self) -> None:
        """Ends the connection; jobs go on. Idempotent."""
        self._background.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<lrnap queue {self.url}>"

    # -- jobs

    def submit(
        self,
        scene: Context | Scene | str | os.PathLike[str],
        *,
        name: str | None = None,
        spp: float | None = None,
        seconds: float | None = None,
        noise: float | None = None,
        frames: str | Iterable[int] | None = None,
        changes: str | os.PathLike[str] | Change | None = None,
        priority: int = 0,
        after: str | SubmittedJob | Iterable[str | SubmittedJob] = (),
        nodes: str | int | tuple[int, int] | None = None,
        tags: str | Iterable[str] = (),
        channels: str | Iterable[str] = (),
        output: str | None = None,
        owner: str | None = None,
        token: str | None = None,
        on_warning: Callable[[str], None] | None = None,
    ) -> SubmittedJob:
        """A job from a scene: a file, a Context that has described one, or for many `frames` a pattern of files.

        `name`: the scene's if it is None, with a number behind it if that is taken. `spp`, `seconds`, `noise`: when a
        frame is done, instead of what the scene says. `frames`: "1-250:5", or numbers; they differ by `changes`, a
        pattern of files with the calls of an edit, or a function that makes them: `changes(lux, number)`. `priority`:
        higher comes first. `after`: jobs that must be done before. `nodes`: how many at once, 4 or "2-8". `tags`: what
        its nodes must have. `output`: name of the pictures that the manager writes, `####` for the frame's number.
        `owner`: whose it is, the user if it is None. `token`: what calls this submission so that making it again makes
        no other job; one of its own if it is None, so that a connection that breaks meanwhile does no harm.

        Returns when the manager has stored the job. Raises SceneError for a scene that is wrong, LrnapError for
        wishes that cannot be, RemoteError if the manager is away for long.
        """
        if not self._link.manager:
            raise LrnapError(
                Code.UNSUPPORTED,
                f"{self.url} is a render node, which has no queue: render on it with lrnap.Context({self.url!r}) or "
                f"`lrnap render --node {self.url}`, or start a queue with `lrnap manager --node {self.url}`",
            )
        asked = {"spp": spp, "seconds": seconds, "noise": noise}
        halts = {key: _above_zero(key, value) for key, value in asked.items() if value is not None}
        numbers = () if frames is None else _numbers(frames)
        options: dict[str, Scalar] = {**halts, **_wishes(priority, after, nodes, tags, output)}
        if channels:
            options["channels"] = ",".join(_all(channels))
        options["owner"] = owner if owner is not None else user()
        options["token"] = token if token is not None else secrets.token_hex(12)
        warn = on_warning or logging.getLogger("lrnap").warning
        given = scene if isinstance(scene, Scene | str | os.PathLike) else scene.scene
        with source_of(given, numbers, changes, halting=not halts, warn=warn) as (called, source):
            return self._background.call(self._submit(name, called, source, options))

    async def _submit(
        self, name: str | None, called: str, source: Source, options: Mapping[str, Scalar]
    ) -> SubmittedJob:
        if source.frames:
            options = {**options, "frames": frames_text(source.frames)}
        lost = False

        async def once(connection: Connection) -> JobStatus:
            nonlocal lost
            known = await _submission(connection, options)
            if known is not None:
                return known
            try:
                return await self._describe(connection, name, called, source, options, patient=lost)
            except LrnapError:
                lost |= connection.lost is not None
                raise

        status = await self._link.insist(once)
        return SubmittedJob(self._background, self._link, status.name, status.id)

    async def _describe(
        self,
        connection: Connection,
        name: str | None,
        called: str,
        source: Source,
        options: Mapping[str, Scalar],
        *,
        patient: bool,
    ) -> JobStatus:
        """`patient`: an earlier connection that was lost may still have the name."""
        for number in range(1, TRIES + 1):
            job = name or (called if number == 1 else f"{called}-{number}")[: ManagerLimits().name]
            try:
                await source.describe(connection, job)
                await connection.request("API_Render", job, options=options)
                break
            except LrnapError as error:
                await _withdraw(connection, job)
                if error.code is not Code.EXISTS or (name is not None and not patient) or number == TRIES:
                    raise
                if patient:
                    await asyncio.sleep(0.5)
        known = await _submission(connection, options)
        if known is None:
            raise RemoteError(Code.INTERNAL, f"{self.url} took the job {job!r} and does not know it any more")
        return known

    def jobs(
        self, *, states: str | Iterable[str] = (), owner: str | None = None, limit: int | None = None
    ) -> list[JobStatus]:
        """The newest `limit`, or all, the newest last."""
        options: dict[str, Scalar] = {"owner": owner} if owner is not None else {}
        if states:
            options["state"] = ",".join(_all(states)).upper()
        return self._background.call(self._jobs(options, limit))

    async def _jobs(self, options: dict[str, Scalar], limit: int | None) -> list[JobStatus]:
        found: list[JobStatus] = []
        while True:
            wanted = PAGE if limit is None else min(PAGE, limit - len(found))
            page = [JobStatus.of_line(line) for line in await self._link.lines("CTL_JOBS", **options, limit=wanted)]
            found = [*page, *found]
            if len(page) < wanted or (limit is not None and len(found) >= limit) or not page[0].id:
                return found
            options["before"] = page[0].id

    def job(self, name: str | int) -> SubmittedJob:
        """The newest job of that name, or that of this number. Raises RemoteError (NOT_FOUND)."""
        reference = f"#{name}" if isinstance(name, int) else name
        lines = self._background.call(self._link.lines("CTL_JOB", reference))
        status = JobStatus.of_facts(lines)
        return SubmittedJob(self._background, self._link, status.name, status.id)

    def audit(self, *, by: str | None = None, kind: str | None = None, limit: int = 100) -> list[Entry]:
        """Who did what, the newest `limit`, oldest first; the name of an entry is its number. `by`: only this one, by
        name or name@host; `kind`: only what was done to a job, node or token. For admins."""
        options: dict[str, Scalar] = {} if by is None else {"by": by}
        if kind is not None:
            options["kind"] = kind
        return self._background.call(self._audit(options, limit))

    async def _audit(self, options: dict[str, Scalar], limit: int) -> list[Entry]:
        found: list[Entry] = []
        while len(found) < limit:
            wanted = min(PAGE, limit - len(found))
            page = [Entry.of_line(line) for line in await self._link.lines("CTL_AUDIT", **options, limit=wanted)]
            found = [*page, *found]
            if len(page) < wanted:
                break
            options["before"] = int(page[0].name)
        return found

    # -- what it keeps

    def content(self) -> Entry:
        """Scenes and assets that it keeps: `files` and `bytes`, of them `unneeded_files` and `unneeded_bytes` that no
        job needs, which go by themselves when there are more bytes than `bound`. For admins, as the next two."""
        return Entry.of_facts(self._background.call(self._link.lines("CTL_CONTENT")))

    def unneeded(self, limit: int = 1000) -> list[Entry]:
        """Those that no job needs, the largest first: the name of an entry is its SHA-256, with `bytes`."""
        lines = self._background.call(self._link.lines("CTL_CONTENT", show=Word("unneeded"), limit=limit))
        return [Entry.of_line(line) for line in lines]

    def collect(self) -> Entry:
        """Removes what no job needs, and says how much it was: `files` and `bytes`."""
        reply = self._background.call(self._link.ask("CTL_CONTENT", step=Word("collect")))
        return Entry("", "", reply.fields)

    # -- nodes

    def nodes(self) -> list[NodeStatus]:
        return [NodeStatus.of_line(line) for line in self._background.call(self._link.lines("CTL_NODES"))]

    def node(self, url: str | int) -> QueueNode:
        """Of that URL, or of that number. Raises RemoteError (NOT_FOUND)."""
        node = QueueNode(self._background, self._link, str(url))
        return QueueNode(self._background, self._link, node.status.name)

    def add_node(self, url: str, *, tags: str | Iterable[str] | None = None, threads: int | None = None) -> QueueNode:
        """One more that renders; one that it has gets the tags and threads."""
        self._background.call(self._link.again("CTL_ADDNODE", url, **_node_changes(tags, threads)))
        return self.node(url)


class QueueNode:
    """A node of a manager."""

    def __init__(self, background: Background, link: QueueLink, url: str) -> None:
        self.url = url
        self._background = background
        self._link = link

    @property
    def status(self) -> NodeStatus:
        lines = self._background.call(self._link.lines("CTL_NODES", self.url))
        return NodeStatus.of_facts(lines, "url", "presence")

    def enable(self) -> None:
        """It takes part again; also what takes it back from another manager."""
        self._step("enable")

    def disable(self, why: str = "") -> None:
        """It stops what it renders, whose film stays counted, and gets nothing more."""
        self._step("disable", why)

    def drain(self, why: str = "") -> None:
        """It gets nothing more, and finishes what it renders."""
        self._step("drain", why)

    def forgive(self) -> None:
        """Its failures are forgotten."""
        self._step("forgive")

    def remove(self) -> None:
        """The manager has nothing more to do with it."""
        self._step("remove")

    def set_tags(self, tags: str | Iterable[str]) -> None:
        self._change(_node_changes(tags, None))

    def set_threads(self, threads: int) -> None:
        """Also of what it renders now; 0 for all its cores."""
        self._change(_node_changes(None, threads))

    def _step(self, step: str, why: str = "") -> None:
        self._change({"step": Word(step), "why": why} if why else {"step": Word(step)})

    def _change(self, options: Mapping[str, Scalar]) -> None:
        self._background.call(self._link.again("CTL_NODE", self.url, **options))

    def __repr__(self) -> str:
        return f"<lrnap node {self.url}>"


def connect(url: str) -> Queue:
    """The queue of a manager at `lrnap://HOST:PORT`. Raises RemoteError that names host, cause and cure."""
    return Queue(url)


def user() -> str:
    """Whose jobs these are, if nobody says."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""


async def _withdraw(connection: Connection, job: str) -> None:
    """What was described and not taken is no job of anybody."""
    with contextlib.suppress(RemoteError):
        known = JobStatus.of_facts((await connection.request("CTL_JOB", job)).text or ())
        if known.state == "READY" and known.owner == connection.own_end:
            await connection.request("CTL_RESET", job)


async def _submission(connection: Connection, options: Mapping[str, Scalar]) -> JobStatus | None:
    """The job that was made by this submission."""
    asked = {"owner": options["owner"], "token": options["token"]}
    reply: Reply = await connection.request("CTL_JOBS", options=asked)
    return next((JobStatus.of_line(line) for line in reply.text or ()), None)


def _wishes(
    priority: int,
    after: str | SubmittedJob | Iterable[str | SubmittedJob],
    nodes: str | int | tuple[int, int] | None,
    tags: str | Iterable[str],
    output: str | None,
) -> dict[str, Scalar]:
    found: dict[str, Scalar] = {}
    if priority:
        found["priority"] = priority
    before = [after] if isinstance(after, str | SubmittedJob) else [*after]
    if before:
        found["after"] = ",".join(job if isinstance(job, str) else f"#{job.id}" for job in before)
    if nodes is not None:
        found["nodes"] = nodes_text(*nodes) if isinstance(nodes, tuple) else nodes_text(*node_range(nodes))
    if tags:
        found["tags"] = ",".join(_all(tags))
    if output is not None:
        found["output"] = output
    return found


def _node_changes(tags: str | Iterable[str] | None, threads: int | None) -> dict[str, Scalar]:
    found: dict[str, Scalar] = {}
    if tags is not None:
        found["tags"] = ",".join(_all(tags))
    if threads is not None:
        found["threads"] = threads
    return found


def _all(given: str | Iterable[str]) -> tuple[str, ...]:
    return names(given) if isinstance(given, str) else tuple(given)


def _numbers(frames: str | Iterable[int]) -> tuple[int, ...]:
    return frame_numbers(frames) if isinstance(frames, str) else frame_numbers(frames_text(frames))


def _above_zero(name: str, value: float) -> float:
    if not 0 < value < float("inf"):
        raise LrnapError(Code.ARGS, f"{name} must be above zero, not {value!r}")
    return value
