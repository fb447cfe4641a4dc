"""A node as an engine: `RemoteEngine` implements `lrnap.engine.protocol.Engine` over LRNAP.

A run here is a job on the node, of the run's name. It goes on when the connection breaks: the run connects again and
finds its job, and only a node that stays away or has forgotten the job makes it fail. What the node says of itself
is believed as a report, never as an identity: run and seed of a snapshot are those that were asked for.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, replace

from lrnap.client.connection import Connection, connect
from lrnap.client.film_transfer import Travel, fetch
from lrnap.client.job_status import status_of
from lrnap.client.upload import send_edit, send_scene
from lrnap.engine import halts
from lrnap.engine.protocol import Halt, RunOptions, RunState, RunStatus
from lrnap.engine.renderer import check_halt, check_options
from lrnap.engine.reported import LOG_LINES, ReportedRun
from lrnap.errors import Code, EngineError, LrnapError, RemoteError
from lrnap.film.snapshot import Snapshot
from lrnap.limits import MAX_THREADS
from lrnap.lux.call import Call
from lrnap.lux.scene import Scene
from lrnap.net.address import Address
from lrnap.wire import Reply, Scalar, Word

STATS_RATE = 4.0  # reports a second
RECONNECT_SECONDS = 20.0  # a node that is away for longer counts as lost
RETRY_SECONDS = 0.5
WARNING = " warning: "  # what stands in a log line before what the engine does not honour

Open = Callable[[str], Awaitable[Connection]]


class RemoteEngine:
    """A node. Raises RemoteError (ARGS) for what is no URL; whether it can be reached shows in `start`.

    `open`: how a connection is made, if it takes more than to connect. `reports`: how many of a run that begins are
    wanted, a second.
    """

    def __init__(self, url: str, open: Open = connect, reports: Callable[[], float] = lambda: STATS_RATE) -> None:
        self.address = Address.parse(url)
        self._open = open
        self._reports = reports

    @property
    def name(self) -> str:
        return self.address.url

    async def start(self, scene: Scene, options: RunOptions) -> RemoteRun:
        """Raises LrnapError if the node cannot be reached, or for options that no node can take. Sending the scene,
        with the files that the node lacks, is a part of building; what goes wrong with it shows in the status."""
        check_options(replace(options, threads=0), cores=1)
        if not 0 <= options.threads <= MAX_THREADS:
            raise LrnapError(Code.ARGS, f"{options.threads} threads cannot be used; ask for 0 (all) to {MAX_THREADS}")
        return RemoteRun(await self._open(self.name), scene, options, self._open, self._reports())

    async def connect(self) -> Connection:
        """A connection as its runs have. Raises LrnapError if the node cannot be reached."""
        return await self._open(self.name)

    async def follow(self, options: RunOptions) -> RemoteRun:
        """A run that the node has already, of that name: its job goes on whoever follows it."""
        return RemoteRun(await self._open(self.name), None, options, self._open, self._reports())


class RemoteRun(ReportedRun):
    """See `lrnap.engine.protocol.Run`. `scene`: None for one that the node has been told to render already."""

    def __init__(
        self,
        connection: Connection,
        scene: Scene | None,
        options: RunOptions,
        open: Open = connect,
        reports: float = STATS_RATE,
    ) -> None:
        self._connection = connection
        self._open = open
        self._reports = reports
        super().__init__(options)
        self._word = ""  # the job's state, as the node calls it
        self._warnings: dict[str, None] = {}
        self._fetching: asyncio.Task[Snapshot] | None = None
        self._newest: Snapshot | None = None
        self._last: Snapshot | None = None  # the film of a run that is over
        self._sent_film: tuple[float, float] | None = None  # samples, and those per pixel, of the newest film
        self._closed = False
        self._give_up = asyncio.Event()  # do not wait for a node that is away
        self._sent = scene is None  # the scene is on the node, and the node has been told to render it
        self._life = asyncio.create_task(self._live(scene), name=f"run {options.run} on {connection.address.url}")

    def warnings(self) -> Sequence[str]:
        return tuple(self._warnings)

    async def sent(self) -> None:
        """Until the node has the scene and was told to render it, or the run is over."""
        async for status in self.events():
            if self._sent or status.state.over:
                return

    # -- the film

    async def snapshot(self, travel: Travel | None = None) -> Snapshot:
        """See `Run.snapshot`. `travel`: is told how the film comes, if it is not on its way already."""
        if self._last is not None:
            return self._last
        if self._closed:
            raise EngineError(f"run {self.name} is closed", code=Code.STATE)
        if not self._sent:
            why = "the run was stopped" if self._status.state.over else "the scene is being built"
            raise self._status.error or EngineError(f"there is no film: {why}", code=Code.STATE)
        if self._fetching is None:
            self._fetching = asyncio.create_task(self._fetch_now(self._status.state.over, travel))
            self._fetching.add_done_callback(self._fetched)
        return await asyncio.shield(self._fetching)  # which all who ask meanwhile share

    async def _fetch_now(self, over: bool, travel: Travel | None) -> Snapshot:
        try:
            snapshot = await fetch(self._connection, self.name, self._layout, travel)
        except LrnapError as error:
            if self._newest is not None and self._status.state is RunState.FAILED:
                return self._newest
            if over and self._sent_film is None and self._status.error is None:
                raise EngineError("there is no film: the run was stopped before it had one", code=Code.STATE) from None
            raise _of_the_run(error) from None
        self._layout = snapshot.layout
        self._newest = snapshot = replace(snapshot, run=self.name, seed=self.seed)
        self._sent_film = snapshot.samples, snapshot.spp
        if over:
            self._last = snapshot
        return snapshot

    def let_go(self, snapshot: Snapshot) -> None:
        """A film is kept elsewhere, and needs no room here any more. It is not given again."""
        if self._newest is snapshot:
            self._newest = None
        if self._last is snapshot:
            self._last = None

    def _fetched(self, fetching: asyncio.Task[Snapshot]) -> None:
        if self._fetching is fetching:
            self._fetching = None
        if not fetching.cancelled():
            fetching.exception()  # it is told to those who asked, if they still listen

    # -- steering

    async def pause(self) -> None:
        await self._order("CTL_PAUSE")

    async def resume(self) -> None:
        await self._order("CTL_RESUME")

    async def stop(self) -> None:
        if self._status.state.over:
            return
        if not self._sent:
            self._life.cancel()
            self._enter(replace(self._status, state=RunState.STOPPED))
        elif self._connection.lost is not None:
            self._give_up.set()
        else:
            try:
                await self._ask("CTL_STOP")
                await self._look()
            finally:
                if self._connection.lost is not None:  # it has gone before it answered
                    self._give_up.set()

    async def set_threads(self, threads: int) -> None:
        if threads < 1:
            raise RemoteError(Code.ARGS, f"{threads} threads cannot be used: one is the least")
        await self._built()
        while (difference := threads - self._status.threads) != 0:
            before = self._status.threads
            await self._order("CTL_ADDTHREAD" if difference > 0 else "CTL_REMOVETHREAD")
            if self._status.threads == before:
                raise RemoteError(Code.ARGS, f"{threads} threads cannot be used: {self._where} stays at {before}")

    async def set_halt(self, halt: Halt) -> None:
        check_halt(halt)
        await self._built()
        limits = {name: getattr(halt, field) or math.inf for name, field in halts.PARAMETERS.items()}
        over = False
        for name, limit in sorted(limits.items(), key=lambda item: item[1] != math.inf):  # what ends the run comes last
            try:
                await self._connection.request("CTL_SET", Word(name), _limit(limit))
            except RemoteError as error:
                if not over or error.code is not Code.STATE:
                    raise
            over = over or limit != math.inf

    async def edit(
        self, calls: Sequence[Call], files: Mapping[str, str] | None = None, epoch: int | None = None
    ) -> int:
        await self._built()
        wanted = self._status.epoch + 1 if epoch is None else epoch
        if self._closed or self._status.state.over:
            raise EngineError(f"a run that is {self._status.state.value} cannot be edited", code=Code.STATE)
        try:
            await send_edit(self._connection, self.name, calls, files or {}, wanted)
        except RemoteError as error:
            raise _of_the_run(error) from None
        self._fetching = None  # whoever asks now means the new film
        await self._look()
        return wanted

    async def _order(self, verb: str) -> None:
        """What the node was told shows in the status when this returns."""
        await self._built()
        await self._ask(verb)
        await self._look()

    async def _built(self) -> None:
        """A node takes orders for a run once it renders."""
        async for status in self.events():
            if status.state is not RunState.BUILDING:
                return

    async def close(self) -> None:
        await self._end(forget=True)

    async def leave(self) -> None:
        """As `close`, but the node goes on with its job, which can be followed again."""
        await self._end(forget=False)

    async def _end(self, *, forget: bool) -> None:
        if self._closed:
            return
        self._closed = True
        self._life.cancel()
        await asyncio.gather(self._life, return_exceptions=True)
        if forget:
            with contextlib.suppress(LrnapError, TimeoutError):
                async with asyncio.timeout(RETRY_SECONDS * 10):
                    await self._connection.request("CTL_RESET", self.name)
        await self._connection.close()
        if not self._status.state.over:
            self._enter(replace(self._status, state=RunState.STOPPED))

    # -- following it

    async def _live(self, scene: Scene | None) -> None:
        """Sends the scene, then follows the job until it is over, over as many connections as it takes."""
        try:
            if scene is not None:
                await send_scene(self._connection, scene, self.name, self._options.epoch)
                await self._render()
        except LrnapError as error:
            self._fail(error)
        while not self._status.state.over:
            try:
                await self._follow()
            except LrnapError as error:
                if self._connection.lost is None or not await self._away():
                    self._fail(self._end_of(error))

    async def _render(self) -> None:
        given: dict[str, Scalar] = {"seed": self.seed, "run": self.name}
        if self._options.threads:
            given["threads"] = self._options.threads
        if self._options.channels:
            given["channels"] = ",".join(self._options.channels)
        given |= {key: _limit(value) for key, value in asdict(self._options.halt).items() if value is not None}
        await self._ask("API_Render", given)
        self._sent = True

    def _fail(self, error: LrnapError) -> None:
        self._enter(replace(self._status, state=RunState.FAILED, samples_per_second=0.0, error=error))

    async def _follow(self) -> None:
        subscription = await self._connection.subscribe("state", "stats", "log", job=self.name, rate=self._reports)
        past = await self._connection.request("CTL_LOG", LOG_LINES, self.name)
        self._log.clear()
        for line in past.text or ():
            self._keep(line)
        await self._look()
        async for event in subscription:
            kind = event.fields.get("type")
            if kind == "log":
                self._keep(str(event.fields.get("line", "")))
            elif kind == "stats":
                self._enter(status_of(self._word, event.fields, self._status))
            else:  # a change of state, or a gap: then what was missed is asked for
                await self._look()
            if self._status.state.over:
                return

    async def _look(self) -> None:
        reply = await self._ask("CTL_STATUS")
        self._word = str(reply.args[0]) if reply.args else ""
        self._enter(status_of(self._word, reply.fields, self._status))

    def _keep(self, line: str) -> None:
        self._log.append(line)
        _, warns, text = line.partition(WARNING)
        if warns:
            self._warnings[text] = None

    async def _away(self) -> bool:
        """Whether the node comes back. What it has rendered beyond its last film may never come, so nobody shall take
        the picture for complete because of it."""
        samples, spp = self._sent_film or (0.0, 0.0)
        self._enter(replace(self._status, samples=samples, spp=spp, samples_per_second=0.0))
        return await self._reconnect()

    def _end_of(self, error: LrnapError) -> RemoteError:
        """Why a run that was rendering can go on no longer, and what becomes of what it did."""
        message = error.message
        if error.code is Code.NOT_FOUND:
            message = f"{self._where} has lost the job: the node was started anew, or somebody has reset it"
        kept = "its last film stays counted" if self._sent_film is not None else "it had sent no film yet"
        return RemoteError(error.code, f"{message}; {kept}", at=error.at)

    async def _reconnect(self) -> bool:
        """Whether the node is there again; if it has forgotten the job, that shows when it is asked."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(RECONNECT_SECONDS):
                while not self._give_up.is_set():
                    try:
                        self._connection = await self._open(self._connection.address.url)
                    except RemoteError:
                        with contextlib.suppress(TimeoutError):
                            await asyncio.wait_for(self._give_up.wait(), RETRY_SECONDS)
                    else:
                        return True
        return False

    # -- small things

    @property
    def _where(self) -> str:
        return self._connection.address.url

    async def _ask(self, verb: str, options: Mapping[str, Scalar] | None = None) -> Reply:
        """Raises EngineError for what the run cannot do, RemoteError for what the connection or the node cannot."""
        if self._closed:
            raise EngineError(f"run {self.name} is closed", code=Code.STATE)
        try:
            return await self._connection.request(verb, self.name, options=options)
        except RemoteError as error:
            if self._status.state is RunState.FAILED and self._status.error is not None:
                raise self._status.error from None
            raise _of_the_run(error) from None

    def _enter(self, status: RunStatus) -> None:
        if self._status.state.over:  # what a node says afterwards changes nothing
            return
        if status.state.over:
            self._fetching = None  # a film that is on its way is of before: whoever asks now means the last one
        super()._enter(status)


def _of_the_run(error: LrnapError) -> LrnapError:
    """As the run's own error, where it is one: the node could be asked, but the run could not."""
    if error.code in (Code.STATE, Code.ENGINE):
        return EngineError(error.message, code=error.code)
    return error


def _limit(value: float) -> float:
    """A halt condition on a line, where 0 is never: infinity cannot be written."""
    return 0 if math.isinf(value) else value
