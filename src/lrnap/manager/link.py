"""The manager's hold on one node: the claim, whether it is there, and the runs that it was ordered to do.

A claim is tried until it succeeds or a newer one is known; then the node says which runs it has, and is asked every
second whether it is there. When the connection breaks, the core decides what comes next: a new claim. A node of another
manager is looked at now and then, until nobody holds it.
"""

from __future__ import annotations

import asyncio
import functools
import logging
import re
from collections.abc import Coroutine
from typing import Any

from lrnap.client.connection import Connection, connect
from lrnap.client.job_status import STATES, status_of
from lrnap.client.remote import RemoteEngine, RemoteRun
from lrnap.engine.protocol import Halt, RunState, RunStatus
from lrnap.errors import Code, LrnapError
from lrnap.manager import effects, events
from lrnap.manager.drive import Around, Drive, alone, forget
from lrnap.wire import Reply
from lrnap.wire.listing import read_line

log = logging.getLogger("lrnap.manager")

BEAT, LONGEST_BEAT = 1.0, 3.0  # seconds between two questions whether a node is there; longer where there are many
QUESTIONS = 300.0  # of all nodes together, a second
MOST_REPORTS, FEWEST_REPORTS = 4.0, 0.5  # of a run, a second; seldom where there are many
REPORTS = 256.0  # of all runs together, a second
ANSWER = 5.0  # seconds for the answer: one that comes later is no sign of life
TRY_AGAIN = (0.2, 0.5, 1.0, 2.0)  # seconds between tries to reach a node; the last ever after
FIRST_WORDS = 10.0  # seconds for a claim to be answered
LOOK, LOOKS = 10.0, 20.0  # seconds between two looks at a node that another manager has; looks at all of them, a second
FREE = 60.0  # seconds that nobody has held it, at every look: its manager may just be started again

OURS = re.compile(r"[0-9a-f]{12}\.\d{1,11}\.\d{1,11}\.\d{1,11}")  # names of a manager's runs
UNFINISHED = frozenset({"IDLE", "PARSING", "READY"})  # jobs that were never told to render


class Link:
    """See the module. `manager`: its name, for leases."""

    def __init__(self, node: int, url: str, manager: str, around: Around) -> None:
        self.node = node
        self.url = url
        self.generation = 0
        self.drives: dict[str, Drive] = {}
        self.queue = False  # what is there is a manager itself
        self.problem = ""  # why it cannot be reached
        self._yields = False
        self._manager = manager
        self._around = around
        self._holding: asyncio.Task[None] | None = None
        self._settling: set[asyncio.Task[None]] = set()
        self._engine = RemoteEngine(url, self._open, self._reports)

    # --- what the core wants

    def claim(self, generation: int, *, take: bool = False) -> None:
        """Anew, not by an older claim; `take`: see `effects.Claim`. Runs are followed again when the core says so."""
        self.generation = generation
        if self._holding is not None:
            self._holding.cancel()
        for name in [*self.drives]:
            self._settle(self.drives.pop(name).leave())
        self._holding = asyncio.create_task(self._hold(generation, take), name=f"hold on {self.url}")

    def order(self, order: effects.RunEffect) -> None:
        """One of an older generation is dropped."""
        if order.generation != self.generation:
            return
        match order:
            case effects.StartRun() | effects.FollowRun():
                self._begin(order)
            case effects.DropRun():
                drive = self.drives.pop(order.run, None)
                self._settle(drive.drop() if drive is not None else forget(self._open(self.url), order.run))
            case _ if order.run in self.drives:
                self._steer(self.drives[order.run], order)

    def _steer(self, drive: Drive, order: effects.RunEffect) -> None:
        match order:
            case effects.StopRun():
                drive.stop()
            case effects.PauseRun():
                drive.obey(lambda run: run.pause())
            case effects.ResumeRun():
                drive.obey(lambda run: run.resume())
            case effects.SetThreads(threads=threads):
                drive.obey(lambda run: run.set_threads(threads))
            case effects.SetHalt(halt=halt):
                drive.halt = halt
                drive.obey(lambda run: _set_halt(run, halt))

    def _begin(self, order: effects.StartRun | effects.FollowRun) -> None:
        for name in [*self.drives]:  # at most one run at a time: what was there has ended
            if name != order.run:
                self._settle(self.drives.pop(name).leave())
        if order.run not in self.drives:
            self.drives[order.run] = Drive(
                self._around, self._engine, order, self._settled, functools.partial(self._say_fenced, order.generation)
            )

    async def close(self, *, release: bool = False) -> None:
        """Runs go on on the node. `release`: others may have it from now on."""
        if self._holding is not None:
            self._holding.cancel()
            await asyncio.gather(self._holding, return_exceptions=True)
        await asyncio.gather(*(drive.leave() for drive in self.drives.values()), return_exceptions=True)
        self.drives.clear()
        await self._settled()
        if release:
            try:
                async with asyncio.timeout(ANSWER):
                    connection = await self._open(self.url)
                    await connection.request("CTL_RELEASE")
                    await connection.close()
            except (LrnapError, TimeoutError) as error:
                log.info("%s was not released: %s", self.url, error or "no answer")

    # --- how often a node speaks

    def _reports(self) -> float:
        """Of a run that begins now, a second."""
        return max(FEWEST_REPORTS, min(MOST_REPORTS, REPORTS / max(1, self._around.nodes())))

    def _beat(self) -> float:
        return max(BEAT, min(LONGEST_BEAT, self._around.nodes() / QUESTIONS))

    # --- the claim

    async def _open(self, url: str) -> Connection:
        """A connection that may give orders to the node."""
        connection = await connect(url)
        try:
            await connection.request("CTL_CLAIM", self._manager, self.generation)
        except BaseException:
            await connection.close()
            raise
        return connection

    async def _hold(self, generation: int, take: bool) -> None:
        tries = 0
        while True:
            try:
                async with asyncio.timeout(FIRST_WORDS):
                    if not take:
                        await self._leave_to_others()
                    connection = await self._open(self.url)
                try:
                    async with asyncio.timeout(FIRST_WORDS):
                        here = await self._ask(connection, generation)
                    self.problem = ""
                    self._around.post(here)
                    await self._stay(connection, generation)
                finally:
                    await connection.close()
                return
            except (LrnapError, TimeoutError) as error:
                if isinstance(error, LrnapError) and error.code is Code.FENCED:
                    await self._say_fenced(generation, error)
                    return
                problem = str(error) or "it does not answer"
                if not self.problem:
                    log.info("%s: %s", self.url, problem)
                if not tries or problem != self.problem:
                    self._around.post(events.NodeAway(node=self.node, generation=generation, why=problem))
                self.problem = problem
            await asyncio.sleep(TRY_AGAIN[min(tries, len(TRY_AGAIN) - 1)])
            tries += 1

    async def _leave_to_others(self) -> None:
        """Raises LrnapError (FENCED) while another manager is at work on the node: only people take it from that."""
        info = await self._info()
        other = str(info.fields.get("manager", self._manager))
        if other != self._manager and str(info.fields.get("held", "")) == "true":
            raise LrnapError(Code.FENCED, f"{self.url} belongs to manager {other}")

    async def _ask(self, connection: Connection, generation: int) -> events.NodeHere:
        """What the node has."""
        info = await connection.request("CTL_INFO")
        self.queue = str(info.fields.get("queue", "false")) == "true"
        runs, foreign = [], ""
        for line in (await connection.request("CTL_JOBS")).text or ():
            name, state = map(str, read_line(line).args[:2])
            if OURS.fullmatch(name):
                if state in UNFINISHED:
                    self._settle(forget(self._open(self.url), name))
                else:
                    runs.append(await _held(connection, name))
            elif STATES.get(state) in (RunState.RENDERING, RunState.PAUSED) and not self.queue:
                foreign = name
        cores = info.fields.get("cpu", 0)
        return events.NodeHere(
            node=self.node,
            generation=generation,
            cores=cores if isinstance(cores, int) else 0,
            runs=tuple(runs),
            foreign=foreign,
        )

    async def _stay(self, connection: Connection, generation: int) -> None:
        """Until the connection breaks. A node that does not answer is not heard."""
        late = False
        while connection.lost is None:
            await asyncio.sleep(self._beat())
            try:
                async with asyncio.timeout(ANSWER):
                    reply = await connection.request("CTL_STATUS")
            except TimeoutError:
                late = True
                continue
            except LrnapError as error:
                self.problem = error.message
                break
            if late:
                log.info("%s answers again", self.url)
                late = False
            state, name = str(reply.args[0]), str(reply.fields.get("jobname", ""))
            active = STATES.get(state) in (RunState.RENDERING, RunState.PAUSED) and not self.queue
            foreign = name if active and not OURS.fullmatch(name) else ""
            if self._taken(reply, generation):
                raise LrnapError(Code.FENCED, f"{self.url} belongs to manager {reply.fields.get('manager')} now")
            self._around.post(events.NodeHeard(node=self.node, generation=generation, foreign=foreign))
            self._hear_whether_it_yields(str(reply.fields.get("yields", "")))
        self._around.post(events.NodeGone(node=self.node, generation=generation, why=self.problem))

    def _hear_whether_it_yields(self, why: str) -> None:
        if bool(why) != self._yields:
            self._yields = bool(why)
            self._around.post(events.Yield(node=self.node, on=self._yields, why=why))

    def _taken(self, reply: Reply, generation: int) -> bool:
        """Whether the node says that its claim is another one by now."""
        claim = (reply.fields.get("manager"), reply.fields.get("generation"))
        return None not in claim and claim != (self._manager, generation)

    async def _info(self) -> Reply:
        """As anybody may ask."""
        connection = await connect(self.url)
        try:
            return await connection.request("CTL_INFO")
        finally:
            await connection.close()

    async def _say_fenced(self, generation: int, error: LrnapError) -> None:
        fenced = await self._fenced(generation, error)
        self._around.post(fenced)
        if fenced.ours or generation != self.generation:
            return
        holding, self._holding = (
            self._holding,
            asyncio.create_task(self._until_free(fenced), name=f"look at {self.url}"),
        )
        if holding is not None and holding is not asyncio.current_task():
            holding.cancel()

    async def _until_free(self, fenced: events.NodeFenced) -> None:
        """Says it once nobody has held the node for a while."""
        by, newest, since = fenced.by, max(fenced.generation, fenced.newest), None
        loop = asyncio.get_running_loop()
        while since is None or loop.time() - since < FREE:
            await asyncio.sleep(max(LOOK, self._around.nodes() / LOOKS))
            try:
                async with asyncio.timeout(FIRST_WORDS):
                    info = await self._info()
            except (LrnapError, TimeoutError):  # who comes back with it is to come first
                since = None
                continue
            by, known = str(info.fields.get("manager", by)), info.fields.get("generation")
            newest = max(newest, known) if isinstance(known, int) else newest
            held = str(info.fields.get("held", "")) == "true"
            since = None if held else since or loop.time()
        self._around.post(events.NodeFree(node=self.node, generation=newest, by=by))

    async def _fenced(self, generation: int, error: LrnapError) -> events.NodeFenced:
        """Whose claim is newer, as far as the node says it."""
        newest, by = generation + 1, ""
        try:
            async with asyncio.timeout(FIRST_WORDS):
                info = await self._info()
            by = str(info.fields.get("manager", ""))
            number = info.fields.get("generation", newest)
            newest = number if isinstance(number, int) else newest
        except (LrnapError, TimeoutError):
            log.info("%s: %s", self.url, error)
        return events.NodeFenced(node=self.node, generation=generation, newest=newest, ours=by == self._manager, by=by)

    # --- small things

    def _settle(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._settling.add(task)
        task.add_done_callback(self._settling.discard)

    async def _settled(self) -> None:
        """What was to be given up is."""
        if self._settling:
            await asyncio.wait([*self._settling])


async def _held(connection: Connection, name: str) -> events.HeldRun:
    reply = await connection.request("CTL_STATUS", name)
    status = status_of(str(reply.args[0]), reply.fields, RunStatus(RunState.BUILDING))
    return events.HeldRun(name=name, state=status.state, samples=status.samples, spp=status.spp, seconds=status.seconds)


async def _set_halt(run: RemoteRun, halt: Halt) -> None:
    await run.set_halt(alone(halt))
