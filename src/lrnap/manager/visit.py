"""A connection's stay at a manager: as at a node, but a job that is only in the store comes to the front when named."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lrnap.manager import verbs
from lrnap.net.service import Answer, Session
from lrnap.node.lux_calls import WHOLE
from lrnap.node.visit import NodeVisit
from lrnap.wire import Request

if TYPE_CHECKING:
    from lrnap.manager.service import Manager


class ManagerVisit(NodeVisit):
    """See `lrnap.node.visit.NodeVisit`."""

    node: Manager

    def __init__(self, node: Manager, session: Session) -> None:
        super().__init__(node, session)
        self.manager = node

    def check_options(self, request: Request) -> None:
        """A queue meets all wishes."""

    async def answer(self, request: Request) -> Answer:
        return await super().answer(await self._named(request))

    async def _named(self, request: Request) -> Request:
        """With the names that the jobs have here which it means. Verbs of the queue find them themselves, and a new
        scene has whatever name it is given."""
        if request.verb in verbs.HANDLERS or request.verb in WHOLE:
            return request
        args = [*request.args]
        for place, (argument, value) in enumerate(zip(request.spec.args, request.args, strict=False)):
            if argument.name == "job" and isinstance(value, str | int):
                args[place] = await self.manager.find(str(value))
        options = dict(request.options)
        if "job" in options:
            options["job"] = await self.manager.find(str(options["job"]))
        return replace(request, args=tuple(args), options=options)
