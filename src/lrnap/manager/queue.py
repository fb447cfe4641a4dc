"""What the verbs of a queue need of the manager's service, and how they find jobs and nodes there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, Protocol, TypeVar, overload

from lrnap.errors import Code, LrnapError
from lrnap.manager.content import Content, Garbage
from lrnap.manager.core import Core
from lrnap.manager.events import Event
from lrnap.manager.nodes import Node
from lrnap.manager.store import Store

T = TypeVar("T")


class Queue(Protocol):
    """The service. It alone knows where its desk and its store are, and in which thread."""

    content: Content

    async def do(self, event: Event) -> object:
        """Handles an event: when this returns, it is stored, and its effects are on their way. The answer of its
        handler; raises the LrnapError that the answer is, or that the store could not be written."""

    async def look(self, read: Callable[[Core], T]) -> T:
        """What `read` finds in the core, between two steps. It must be quick and change nothing."""

    async def garbage(self, *, collect: bool = False) -> Garbage:
        """Scenes and assets that no job needs; with `collect` they are gone."""

    async def query(self, read: Callable[[Store], T]) -> T:
        """What `read` finds in the store. It may take its time."""

    def unwritten(self, job: int) -> str:
        """Why a picture of a job that is to be written is not yet; empty: nothing is in the way."""


@overload
async def find_job(queue: Queue, reference: object) -> int: ...
@overload
async def find_job(queue: Queue, reference: object, *, required: Literal[False]) -> int | None: ...
async def find_job(queue: Queue, reference: object, *, required: bool = True) -> int | None:
    """The id of the job of that name, the newest of them; else of the job of that number, `17` or `#17`. Raises
    LrnapError (NOT_FOUND) if it is required."""
    name = str(reference)
    known = await queue.look(lambda core: core.world.names.get(name))
    stored = await queue.query(lambda store: store.find(name))
    found = max((number for number in (known, stored) if number is not None), default=None)
    if found is None and (digits := name.removeprefix("#")).isascii() and digits.isdigit() and len(digits) < 10:
        found = await _numbered(queue, int(digits))
    if found is None and required:
        raise LrnapError(Code.NOT_FOUND, f'there is no job "{name[:80]}"; CTL_JOBS lists the jobs')
    return found


async def _numbered(queue: Queue, number: int) -> int | None:
    known = await queue.look(lambda core: core.world.state_of(number))
    if known is None:
        known = (await queue.query(lambda store: store.states([number]))).get(number)
    return None if known is None else number


async def find_node(queue: Queue, reference: object) -> Node:
    """The node of that URL, of that host and port, or of that number. Raises LrnapError (NOT_FOUND)."""
    text = str(reference)

    def read(core: Core) -> Node | None:
        world = core.world
        for node in world.nodes.values():
            if text in (node.url, node.url.partition("://")[2], str(node.id)):
                return node
        return None

    found = await queue.look(read)
    if found is None:
        raise LrnapError(Code.NOT_FOUND, f"there is no node {text[:80]!r}; CTL_NODES lists the nodes")
    return found
