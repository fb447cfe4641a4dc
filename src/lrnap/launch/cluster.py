"""Nodes on a Ray cluster: as many as the queue can use, never more than asked for, drained before they go.

Ray decides where an actor runs, starts it again when its machine dies and, with an autoscaler, rents machines while
actors wait for one; nothing of that is done here. Every few seconds this looks at the queue, asks Ray for actors or
lets some go, and tells the manager of what came and went. Beyond FAN_OUT nodes managers stand between: each is placed
on the cluster, too, has its share of the nodes, and is a node to the manager above.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lrnap.errors import Code, LrnapError
from lrnap.launch.farm import Candidate, Farm
from lrnap.launch.keeper import Say
from lrnap.net import known
from lrnap.net.address import Address

FAN_OUT = 64  # nodes of one manager
PER_FRAME = 4  # nodes worth asking for per open frame: they gang up on it
LOOK_SECONDS = 2.0
IDLE_SECONDS = 60.0  # with too little to do, before nodes are let go
ANSWER_SECONDS = 10.0  # for an actor to say where it is; one that is being started again takes longer


@dataclass(frozen=True, slots=True)
class Cluster:
    """`address`: of Ray, or `auto`; `nodes`: at most so many, 0 for one on each machine or share of GPUs; `gpus` and
    `cpus`: what each takes, cpus 0 for its share of a machine. The rest is there for tests."""

    address: str
    nodes: int = 0
    gpus: float = 0.0
    cpus: int = 0
    engine: str = "auto"
    fan_out: int = FAN_OUT
    look_seconds: float = LOOK_SECONDS
    idle_seconds: float = IDLE_SECONDS


def check() -> None:
    """Raises LrnapError (UNSUPPORTED) if ray is not installed."""
    try:
        import ray  # noqa: F401
    except ImportError:
        raise LrnapError(Code.UNSUPPORTED, "--ray needs Ray: pip install 'lrnap[ray]'") from None


def share(machines: Sequence[Mapping[str, float]], gpus: float) -> tuple[int, int]:
    """How many nodes fit on the machines, and the processors of each: one node a machine, or one for each `gpus`."""
    fitting = [machine for machine in machines if machine.get("GPU", 0) >= gpus and machine.get("CPU", 0) >= 1]
    if not gpus:
        return len(fitting), int(min((machine["CPU"] for machine in fitting), default=1))
    each = [(int(machine["GPU"] / gpus), machine["CPU"]) for machine in fitting]
    return sum(count for count, _ in each), max(1, int(min((cpus / count for count, cpus in each), default=1)))


def room(fits: int, most: int, cpus: int) -> str:
    """What is said of a cluster in which `fits` nodes of so many processors have a place now."""

    def counted(number: int, what: str) -> str:
        return f"{number} {what}{'' if number == 1 else 's'}"

    each = counted(cpus, "processor")
    if not fits:
        return f"a Ray cluster without room for a node now; up to {most} of {each} will be asked for, as work comes"
    return f"a Ray cluster with room for {counted(fits, 'node')} of {each}; at most {most} at once"


@dataclass(eq=False)
class Member:
    """An actor, and where the farm knows it."""

    actor: Any
    asked: asyncio.Future[Candidate] | None = None
    there: Candidate | None = None
    draining: bool = False


@dataclass(eq=False)
class Group:
    """Nodes of one manager: that of the farm or, beyond FAN_OUT, one that is placed on the cluster."""

    farm: Farm | None
    manager: Member | None = None
    members: list[Member] = field(default_factory=list)


class Scaler:
    """`run` until it is cancelled; then everything that it has placed is gone."""

    def __init__(self, cluster: Cluster, farm: Farm, reach: Callable[[Address], Farm], say: Say) -> None:
        self._cluster = cluster
        self._farm = farm
        self._reach = reach
        self._say = say
        self._groups: list[Group] = []
        self._most = cluster.nodes
        self._cpus = cluster.cpus
        self._needed = -math.inf  # when all nodes were last needed

    @property
    def members(self) -> list[Member]:
        return [member for group in self._groups for member in group.members]

    async def run(self) -> None:
        await asyncio.to_thread(self._connect)
        try:
            while True:
                with contextlib.suppress(LrnapError):  # a manager that is being started again; it is asked again
                    await self._look()
                await asyncio.sleep(self._cluster.look_seconds)
        finally:
            await self._leave()

    # --- one look

    async def _look(self) -> None:
        wanted = min(self._most, await self._farm.open_frames() * PER_FRAME)
        staying = [member for member in self.members if not member.draining]
        if wanted >= len(staying):
            self._needed = time.monotonic()
        for _ in range(wanted - len(staying)):
            self._grow()
        if len(staying) > wanted and time.monotonic() - self._needed > self._cluster.idle_seconds:
            for member in staying[wanted - len(staying) :]:
                await self._drain(member)
        for group in self._groups:
            await self._meet(group)
        for group in [*self._groups]:
            await self._let_go(group)

    def _grow(self) -> None:
        """Fills the groups in turn, so that few nodes need few managers."""
        arguments = ["--threads", str(self._cpus), "--engine", self._cluster.engine]
        group = next((group for group in self._groups if len(group.members) < self._cluster.fan_out), None)
        if group is None:
            group = Group(self._farm) if self._most <= self._cluster.fan_out else Group(None, self._place("manager"))
            self._groups.append(group)
        group.members.append(self._place("node", arguments, num_cpus=self._cpus, num_gpus=self._cluster.gpus))

    def _place(self, word: str, arguments: Sequence[str] = (), **resources: float) -> Member:
        import ray

        from lrnap.launch.ray_actor import Placed

        placed = ray.remote(Placed).options(
            max_restarts=-1, max_task_retries=-1, scheduling_strategy="SPREAD", **{"num_cpus": 0, **resources}
        )
        return Member(placed.remote(word, [*arguments]))

    async def _meet(self, group: Group) -> None:
        """Whoever has come, or come elsewhere, is made known."""
        if group.manager is not None and (found := await self._moved(group.manager)) is not None:
            await self._replace(self._farm, group.manager, found)
            known.remember(Address.parse(found.url), known.Credentials(found.fingerprint, found.token))
            group.farm = self._reach(Address.parse(found.url))
            for member in group.members:  # it knows nobody yet
                member.there = None
        if group.farm is None:
            return
        for member in group.members:
            if not member.draining and (found := await self._moved(member)) is not None:
                await self._replace(group.farm, member, found)
                self._say(f"a node of the cluster takes part at {found.url}")

    async def _moved(self, member: Member) -> Candidate | None:
        """Where it is, if that is not known yet. An actor that waits for a machine is asked until it answers."""
        if member.asked is None:
            member.asked = asyncio.wrap_future(member.actor.where.remote().future())
        await asyncio.wait([member.asked], timeout=0)
        if not member.asked.done():
            return None
        asked, member.asked = member.asked, None
        if (error := asked.exception()) is not None:
            self._say(f"a node of the cluster does not start: {str(error).strip().splitlines()[-1]}")
            return None
        found = asked.result()
        return None if found == member.there else found

    @staticmethod
    async def _replace(farm: Farm, member: Member, found: Candidate) -> None:
        if member.there is not None and member.there.url != found.url:
            await farm.remove(member.there.url)
        await farm.add(found)
        member.there = found

    async def _drain(self, member: Member) -> None:
        farm = next(group.farm for group in self._groups if member in group.members)
        if farm is not None and member.there is not None:
            await farm.drain(member.there.url)
        member.draining = True

    async def _let_go(self, group: Group) -> None:
        """Those that were drained and have nothing left to do, and managers that have nobody left."""
        for member in [member for member in group.members if member.draining]:
            if member.there is not None and group.farm is not None:
                if await group.farm.busy(member.there.url):
                    continue
                await group.farm.remove(member.there.url)
                self._say(f"the node at {member.there.url} is not needed any more")
            group.members.remove(member)
            await self._end(member)
        if not group.members and group.manager is not None:
            if group.manager.there is not None:
                await self._farm.remove(group.manager.there.url)
            await self._end(group.manager)
        if not group.members:
            self._groups.remove(group)

    # --- Ray

    def _connect(self) -> None:
        """Raises LrnapError (UNAVAILABLE)."""
        import ray

        self._knock()
        try:
            ray.init(
                address=self._cluster.address,
                log_to_driver=False,
                logging_level=logging.ERROR,
                ignore_reinit_error=True,
            )
        except (ConnectionError, RuntimeError, ValueError) as error:
            raise LrnapError(
                Code.UNAVAILABLE,
                f"there is no Ray cluster at {self._cluster.address[:80]}: {str(error).strip().splitlines()[0]}",
            ) from None
        machines = ray.nodes()  # type: ignore[no-untyped-call]
        fits, cpus = share([machine["Resources"] for machine in machines if machine["Alive"]], self._cluster.gpus)
        self._most = self._cluster.nodes or max(fits, 1)
        self._cpus = self._cluster.cpus or cpus
        self._say(room(fits, self._most, self._cpus))

    def _knock(self) -> None:
        """Ray itself waits for minutes for a cluster that is not there."""
        host, _, port = self._cluster.address.removeprefix("ray://").rpartition(":")
        if not host or not port.isdigit():
            return  # `auto`, and what Ray calls local
        try:
            socket.create_connection((host.strip("[]"), int(port)), timeout=ANSWER_SECONDS).close()
        except (OSError, OverflowError) as error:
            raise LrnapError(
                Code.UNAVAILABLE, f"there is no Ray cluster at {self._cluster.address[:80]}: {error}"
            ) from None

    async def _end(self, member: Member) -> None:
        import ray

        if member.asked is not None:
            member.asked.cancel()
        if member.there is not None:  # one that never came has nothing to end
            with contextlib.suppress(Exception):  # its machine may be gone
                async with asyncio.timeout(ANSWER_SECONDS):
                    await asyncio.wrap_future(member.actor.end.remote().future())
        await asyncio.to_thread(ray.kill, member.actor)

    async def _leave(self) -> None:
        import ray

        for group in self._groups:
            managers = [group.manager] if group.manager is not None else []
            for member in [*group.members, *managers]:
                if member.there is not None:
                    with contextlib.suppress(LrnapError):
                        await (self._farm if member in managers else group.farm or self._farm).remove(member.there.url)
        placed = [*self.members, *(group.manager for group in self._groups if group.manager is not None)]
        await asyncio.gather(*map(self._end, placed))
        self._groups.clear()
        await asyncio.to_thread(ray.shutdown)
