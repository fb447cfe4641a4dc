"""What control calls steer on a manager: a job of the queue and, as the servers of the Lux API, the manager's nodes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from lrnap.control.job import Figures, Server
from lrnap.engine.protocol import RunState
from lrnap.errors import Code, LrnapError
from lrnap.manager import events, runs
from lrnap.manager.nodes import Node, NodeStep, Presence
from lrnap.manager.queue import find_node
from lrnap.net.address import Address
from lrnap.node.steering import NodeJob
from lrnap.wire import Role

if TYPE_CHECKING:
    from lrnap.manager.visit import ManagerVisit

_STATES: Mapping[runs.RunState, RunState] = {
    runs.RunState.RENDERING: RunState.RENDERING,
    runs.RunState.STOPPING: RunState.RENDERING,  # its last film is on its way
    runs.RunState.PAUSED: RunState.PAUSED,
}


class ManagerJob(NodeJob):
    """See `lrnap.node.steering.NodeJob`."""

    def __init__(self, visit: ManagerVisit, name: object = None) -> None:
        super().__init__(visit, name)
        self._manager = visit.node

    def figures(self) -> Figures:
        world = self._manager.office.desk.core.world
        servers = tuple(self._server(node) for node in [*world.nodes.values()])
        return replace(super().figures(), servers=servers)

    def _server(self, node: Node) -> Server:
        """Between two steps or during one: as it was a moment ago."""
        world, address = self._manager.office.desk.core.world, Address.parse(node.url)
        run = world.runs.get(world.run_on.get(node.id, ""))
        state = RunState.STOPPED if run is None else _STATES.get(run.state, RunState.BUILDING)
        away = "" if node.presence is Presence.HERE else f"it is {node.presence.value}"
        return Server(
            str(address),
            address.port,
            "" if run is None else run.name,
            state,
            0.0 if run is None else max(run.samples, run.live_samples),
            0.0 if run is None else run.rate,
            problem=node.note or away,
        )

    async def add_server(self, name: str) -> None:
        self._check_admin("API_AddServer")
        await self._manager.do(events.AddNode(url=Address.parse(name).url))

    async def remove_server(self, name: str) -> None:
        self._check_admin("API_RemoveServer")
        await self._manager.do(events.RemoveNode(node=(await self._node_called(name)).id))

    async def reset_server(self, name: str, password: str) -> None:  # noqa: ARG002
        """Its failures are forgotten; a manager knows nodes by their tokens, not by passwords."""
        self._check_admin("API_ResetServer")
        node = await self._node_called(name)
        await self._manager.do(events.ChangeNode(node=node.id, step=NodeStep.FORGIVE))

    def set_interval(self, seconds: float) -> None:  # noqa: ARG002
        raise LrnapError(
            Code.UNSUPPORTED, "a manager fetches films as often as it is worth it; who asks for one gets the newest"
        )

    async def _node_called(self, name: str) -> Node:
        return await find_node(self._manager, str(Address.parse(name)))

    def _check_admin(self, call: str) -> None:
        """Beside what its verb needs: nodes are everybody's."""
        role = self._visit.session.role
        if role < Role.ADMIN:
            raise LrnapError(Code.DENIED, f"{call} needs the role admin on a manager; yours is {role.name.lower()}")
