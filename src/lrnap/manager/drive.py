"""One run on one node, from its start to its last film: what the effects of the core come down to.

Whatever happens becomes an event of the core, under the lease that the run was ordered under: reports as they come,
`Counted` once a film is on the disk, and `RunEnded` last. Orders are carried out one after the other.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from lrnap.client.remote import RemoteEngine, RemoteRun
from lrnap.engine.protocol import Halt, RunOptions, RunState, RunStatus
from lrnap.errors import Code, LrnapError, SceneError
from lrnap.film.snapshot import Snapshot
from lrnap.manager import effects, events
from lrnap.manager.fetching import Fetching, Way
from lrnap.manager.merging import Films
from lrnap.manager.recording import Recorded
from lrnap.manager.turn import parse_run_name

log = logging.getLogger("lrnap.manager")

STILL = 20.0  # seconds between two reports that a last film is on its way
TAKE_AGAIN = 2.0  # seconds between two tries to fetch the last film of a run
STARTS_AT_ONCE = 32  # runs that are begun, each for as long as START_SECONDS
START_SECONDS = 0.5
FORGET_SECONDS = 30.0  # for a node to hear that nobody wants a run

Order = Callable[[RemoteRun], Coroutine[Any, Any, None]]


@dataclass(frozen=True, slots=True)
class Around:
    """What a drive needs of its manager. `scene`: blocking, as the name of a run, SHA-256 of scene and of changes.
    `nodes`: how many there are, since each may say the less the more of them speak."""

    post: Callable[[events.Event], None]
    films: Films
    scene: Callable[[str, str, str], Recorded]
    nodes: Callable[[], int]
    starts: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(STARTS_AT_ONCE))
    next_films: Way = field(default_factory=Way)
    last_films: Way = field(default_factory=Way)  # for which nodes wait


class Drive:
    """A run that was started or is followed. `free`: what must be over on the node before; `fenced`: the node says that
    it belongs to another manager, which is no fault of the run's."""

    def __init__(
        self,
        around: Around,
        engine: RemoteEngine,
        order: effects.StartRun | effects.FollowRun,
        free: Callable[[], Coroutine[Any, Any, None]],
        fenced: Callable[[LrnapError], Coroutine[Any, Any, None]],
    ) -> None:
        self.name, self.job, self.frame, self.epoch = order.run, order.job, order.frame, order.epoch
        self.url = engine.name
        self.generation = order.generation
        self.run: RemoteRun | None = None
        self.halt = order.halt if isinstance(order, effects.StartRun) else Halt()
        self._around = around
        self._engine = engine
        self._order = order
        self._free = free
        self._fenced = fenced
        self._orders: asyncio.Queue[Order] = asyncio.Queue()
        self._fetching: Fetching | None = None
        self._task = asyncio.create_task(self._live(), name=f"run {order.run}")

    @property
    def status(self) -> RunStatus:
        return RunStatus(RunState.BUILDING) if self.run is None else self.run.status()

    def obey(self, order: Order) -> None:
        """Soon, and after the orders before."""
        self._orders.put_nowait(order)

    def stop(self) -> None:
        """Overtakes all orders that wait; a run that is being started has nothing to give."""
        if self.run is None and isinstance(self._order, effects.StartRun):
            self._task.cancel()
            self._say_ended(RunState.STOPPED)
            return
        while not self._orders.empty():
            self._orders.get_nowait()
        self.obey(lambda run: run.stop())

    async def renew(self) -> None:
        """The film as it is now is fetched and counts, if it is the node's turn to send one. Raises LrnapError if there
        is none, or it cannot be kept."""
        if self._fetching is None:
            raise LrnapError(Code.STATE, "the scene is being sent")
        await self._fetching.renew()

    async def leave(self) -> None:
        """Nobody follows the run here any more; on its node it goes on."""
        await self._cancel()
        if self.run is not None:
            await self.run.leave()

    async def drop(self) -> None:
        """Nobody wants it: its node forgets it."""
        await self._cancel()
        if self.run is not None:
            await self.run.close()
        elif isinstance(self._order, effects.FollowRun):  # it is there, and was not reached yet
            await forget(self._engine.connect(), self.name)

    # --- inside

    async def _cancel(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        if self._fetching is not None:
            await self._fetching.close()

    async def _live(self) -> None:
        try:
            run = await self._begin()
            await self._follow(run)
            status = run.status()
            saying = asyncio.create_task(self._say_it_comes())
            try:
                problem = await self._take_last(run)
            finally:
                saying.cancel()
            if status.error is not None and status.error.code is Code.FENCED:
                await self._fenced(status.error)
            elif status.state is RunState.DONE and problem is not None:
                self._say_ended(RunState.FAILED, problem)
            else:
                self._say_ended(status.state, status.error)
            await run.close()
        except LrnapError as error:
            if self.run is None and error.code is Code.UNAVAILABLE:  # the way to the node broke: no fault of the run's
                why = str(error)
                self._around.post(events.NodeGone(node=self._order.node, generation=self.generation, why=why))
                return
            if error.code is Code.FENCED:
                await self._fenced(error)
                return
            self._say_ended(RunState.FAILED, error)
        except Exception as error:
            log.exception("defect while following run %s", self.name)
            self._say_ended(RunState.FAILED, LrnapError(Code.INTERNAL, f"a defect of the manager: {error}"))

    async def _begin(self) -> RemoteRun:
        """The first to be told begin first, instead of all at the end; but none waits long for another's upload."""
        async with self._around.starts:
            run = self.run = await self._reach()
            self._fetching = Fetching(run, self._around.next_films, self._around.last_films, self._count)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(START_SECONDS):
                    await run.sent()
        return run

    async def _reach(self) -> RemoteRun:
        await self._free()
        order = self._order
        if isinstance(order, effects.FollowRun):
            return await self._engine.follow(RunOptions(order.run, order.seed, epoch=order.epoch))
        recorded = await asyncio.to_thread(self._around.scene, order.run, order.scene, order.changes)
        options = RunOptions(order.run, order.seed, order.threads, alone(order.halt), recorded.channels, order.epoch)
        return await self._engine.start(recorded.scene, options)

    async def _follow(self, run: RemoteRun) -> None:
        """Until the run is over."""
        others = [asyncio.create_task(self._fetch(run)), asyncio.create_task(self._carry_out(run))]
        try:
            async for status in run.events():
                if status.epoch == self.epoch:
                    self._report(status)
        finally:
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)

    def _report(self, status: RunStatus) -> None:
        self._around.post(
            events.RunReport(
                run=self.name,
                generation=self.generation,
                state=status.state,
                samples=status.samples,
                spp=status.spp,
                seconds=status.seconds,
                rate=status.samples_per_second,
                threads=status.threads,
            )
        )

    async def _carry_out(self, run: RemoteRun) -> None:
        while True:
            order = await self._orders.get()
            try:
                await order(run)
            except LrnapError as error:
                log.info("run %s: %s", self.name, error, extra={"run": self.name})  # what became of it, its events say

    async def _fetch(self, run: RemoteRun) -> None:
        """Films while it renders: the first as soon as there is one."""
        async for status in run.events():
            if status.samples > 0 and status.epoch == self.epoch:
                break
        assert self._fetching is not None
        while True:
            before = run.status().samples
            try:
                await self._fetching.take()
            except LrnapError as error:
                log.debug("run %s: %s", self.name, error)  # a hiccup passes; what is lost shows in the events
                if error.code is Code.QUOTA:
                    self._say_waits(str(error))
            await self._fetching.rest()
            async for status in run.events():
                if status.samples != before:
                    break

    async def _take_last(self, run: RemoteRun) -> LrnapError | None:
        """The last film counts before the run has ended. A disk that is full is waited for; a run without a film, and
        one whose film is another picture's, has ended all the same: then this says why."""
        assert self._fetching is not None
        while True:
            try:
                await self._fetching.take_last()
                return None
            except LrnapError as error:
                if error.code is not Code.QUOTA:
                    if run.status().samples:
                        log.warning("run %s: no last film: %s", self.name, error, extra={"run": self.name})
                    return error
                self._say_waits(str(error))
            await asyncio.sleep(TAKE_AGAIN)

    async def _count(self, snapshot: Snapshot) -> None:
        """Raises LrnapError if it does not count, QUOTA if the disk does not take it now."""
        if snapshot.epoch != self.epoch:
            raise LrnapError(Code.SEQ, f"the film is of epoch {snapshot.epoch}, and {self.epoch} was to be rendered")
        keeping = asyncio.create_task(self._put_down(snapshot))
        try:
            await asyncio.shield(keeping)
        except asyncio.CancelledError:  # what is being put down cannot be called back, so it counts
            await asyncio.gather(keeping, return_exceptions=True)
            raise
        if self.halt.noise is not None and keeping.result():
            await self._judge()

    async def _put_down(self, snapshot: Snapshot) -> bool:
        """Whether it counts: nothing newer does already."""
        if not await self._keep(snapshot):
            return False
        self._around.post(
            events.Counted(
                run=self.name,
                number=snapshot.number,
                samples=snapshot.samples,
                spp=snapshot.spp,
                seconds=snapshot.seconds,
                epoch=snapshot.epoch,
            )
        )
        return True

    async def _keep(self, snapshot: Snapshot) -> bool:
        """Whether nothing newer counts already."""
        try:
            return await asyncio.to_thread(self._around.films.put, snapshot)
        except (LrnapError, OSError) as error:
            cause = error if isinstance(error, OSError) else error.__cause__
            if not isinstance(cause, OSError):
                raise
            raise LrnapError(
                Code.QUOTA,
                f"the manager cannot keep films: {cause.strerror or cause}. Make room in its --data, or let it write "
                "there: nothing is lost meanwhile",
                at=cause.filename,
            ) from cause

    async def _judge(self) -> None:
        parsed = parse_run_name(self.name)
        assert parsed is not None
        level = await asyncio.to_thread(self._around.films.level, parsed[0], self.frame, self.epoch)
        if level is not None:
            self._around.post(events.Judged(job=self.job, frame=self.frame, noise=level, epoch=self.epoch))

    async def _say_it_comes(self) -> None:
        """A run is not given up because its last film waits for those of others, or takes long to come."""
        assert self._fetching is not None
        while True:
            await asyncio.sleep(STILL)
            if self._fetching.comes:
                self._say_waits("its last film is on its way")

    def _say_waits(self, why: str) -> None:
        self._around.post(events.RunWaits(run=self.name, generation=self.generation, why=why))

    def _say_ended(self, state: RunState, error: LrnapError | None = None) -> None:
        self._around.post(
            events.RunEnded(
                run=self.name,
                generation=self.generation,
                state=state,
                code=error.code.wire_name if error is not None else "",
                error=str(error) if error is not None else "",
                blames_scene=isinstance(error, SceneError) or (error is not None and error.code is Code.SCENE),
            )
        )


def alone(halt: Halt) -> Halt:
    """When one run of many is over: what its scene says does not count, and noise is that of the merged film."""
    return Halt(
        math.inf if halt.spp is None else halt.spp, math.inf if halt.seconds is None else halt.seconds, math.inf
    )


async def forget(engine_open: Coroutine[Any, Any, Any], run: str) -> None:
    """A node that has a run which nobody follows: its job there goes."""
    with contextlib.suppress(LrnapError, TimeoutError):
        async with asyncio.timeout(FORGET_SECONDS):
            connection = await engine_open
            try:
                await connection.request("CTL_RESET", run)
            finally:
                await connection.close()
