"""A connection's stay at a manager: as at a node, but a job that is only in the store comes to the front when named."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lrnap.net.service import Answer, Session
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
        for name in _jobs_of(request):
            await self.manager.find(name)
        return await super().answer(request)


def _jobs_of(request: Request) -> Iterator[str]:
    """The names of jobs in a request."""
    for argument, value in zip(request.spec.args, request.args, strict=False):
        if argument.name == "job" and isinstance(value, str | int):
            yield str(value)
    if "job" in request.options:
        yield str(request.options["job"])
