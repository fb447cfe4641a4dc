"""The verbs of a queue, on a desk with a store and no nodes: everything is as the test made it."""

from __future__ import annotations

import asyncio
import itertools
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from lrnap.engine.protocol import Halt, RunState
from lrnap.errors import Code, LrnapError
from lrnap.limits import NodeLimits
from lrnap.manager import events
from lrnap.manager.content import Content, Garbage
from lrnap.manager.core import Core
from lrnap.manager.desk import Desk
from lrnap.manager.queue import find_job
from lrnap.manager.store import Store
from lrnap.manager.upkeep import Keep, Upkeep
from lrnap.manager.verbs import HANDLERS
from lrnap.manager.wishes import Wishes, wishes_of
from lrnap.net.service import Session
from lrnap.wire import Role
from lrnap.wire.check import check_request
from lrnap.wire.listing import Listed, read_facts, read_line
from lrnap.wire.messages import Reply, parse_request

T = TypeVar("T")
H = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"


class DeskQueue:
    """See `lrnap.manager.queue.Queue`. Time passes by a second with each event."""

    def __init__(self, folder: Path) -> None:
        self.content = Content(folder / "assets", NodeLimits())
        self.upkeep = Upkeep(self.query, self.content, Keep())
        keys = itertools.count(1)
        self.store = Store(f"sqlite:///{folder / 'queue.db'}")
        self.desk = Desk(self.store, key=lambda: f"{next(keys):012x}")
        self.now = 0.0
        self.troubled: dict[int, str] = {}  # jobs whose pictures cannot be written

    async def do(self, event: events.Event) -> object:
        self.now += 1.0
        answer = self.desk.handle([event], now=self.now, wall=self.now).answers[0]
        if isinstance(answer, LrnapError):
            raise answer
        return answer

    async def garbage(self, *, collect: bool = False) -> Garbage:
        return await self.upkeep.garbage(collect=collect)

    async def look(self, read: Callable[[Core], T]) -> T:
        return read(self.desk.core)

    async def query(self, read: Callable[[Store], T]) -> T:
        return read(self.store)

    def unwritten(self, job: int) -> str:
        return self.troubled.get(job, "")

    # --- for tests

    def happen(self, event: events.Event) -> object:
        return asyncio.run(self.do(event))

    def submit(self, name: str, **wishes: object) -> int:
        return int(str(self.happen(events.Submit(name=name, scene=H, **{"halt": Halt(spp=8.0), **wishes}))))  # type: ignore[arg-type]

    def ask(self, text: str) -> Reply:
        request = check_request(parse_request(text), 0)
        session = Session("ana:1", local=True, role=Role.ADMIN)
        return asyncio.run(HANDLERS[request.verb](self, session, request))

    def lines(self, text: str) -> list[Listed]:
        return [read_line(one) for one in self.ask(text).text or ()]

    def names(self, text: str) -> list[str]:
        return [str(one.args[0]) for one in self.lines(text)]

    def facts(self, text: str) -> dict[str, object]:
        return dict(read_facts(self.ask(text).text or ()))

    def wishes(self, text: str) -> Wishes:
        return asyncio.run(wishes_of(self, check_request(parse_request(f'API_Render "x" {text}'), 0)))


@pytest.fixture
def queue(tmp_path: Path) -> Iterator[DeskQueue]:
    made = DeskQueue(tmp_path)
    yield made
    made.store.close()


def test_jobs_are_listed_the_newest_last_page_by_page(queue: DeskQueue) -> None:
    for number in range(1, 8):
        queue.submit(f"job{number}", owner="ana" if number % 2 else "bo")
    queue.happen(events.Stop(job=3))
    assert queue.names("CTL_JOBS") == [f"job{n}" for n in range(1, 8)]
    assert queue.names("CTL_JOBS limit=2") == ["job6", "job7"]
    assert queue.names("CTL_JOBS limit=2 before=6") == ["job4", "job5"]
    assert queue.names("CTL_JOBS limit=0") == []
    assert queue.names("CTL_JOBS owner=bo") == ["job2", "job4", "job6"]
    assert queue.names("CTL_JOBS state=stopped") == ["job3"]
    assert queue.names("CTL_JOBS state=STOPPED,QUEUED owner=ana limit=3") == ["job3", "job5", "job7"]
    assert queue.names("CTL_JOBS state=PARSING") == [], "no stored job is so"
    with pytest.raises(LrnapError, match="'ASLEEP'"):
        queue.ask("CTL_JOBS state=ASLEEP")


def test_a_line_says_how_a_job_is_and_why_it_waits(queue: DeskQueue) -> None:
    queue.submit("ball", owner="ana", priority=-3, frames=tuple(events.FrameSpec(number=n) for n in (1, 2, 3)))
    (listed,) = queue.lines("CTL_JOBS")
    assert listed.args == ("ball", "QUEUED")
    assert listed.fields == {
        "id": 1, "owner": "ana", "priority": -3, "frames": 3, "done": 0, "rendering": 0, "spp": 0.0, "haltspp": 8.0,
        "submitted": 1.0, "why": "there is no node: lrnap nodes add, or lrnap up --join on another machine",
    }  # fmt: skip


def test_a_submission_is_found_by_its_token(queue: DeskQueue) -> None:
    first = queue.submit("ball", owner="ana", token="t1")
    assert queue.submit("other", owner="ana", token="t1") == first, "it is the same submission again"
    queue.submit("ball2", owner="bo", token="t1")
    assert queue.names('CTL_JOBS owner=ana token="t1"') == ["ball"]
    queue.happen(events.Stop(job=first))
    assert queue.names('CTL_JOBS owner=ana token="t1"') == ["ball"], "it is over, and in the store alone"
    assert queue.names('CTL_JOBS owner=ana token="t2"') == []
    assert queue.names('CTL_JOBS token="t1"') == [], "a token is of its owner"


def test_all_about_a_job(queue: DeskQueue) -> None:
    queue.submit("before")
    queue.submit(
        "ball", after=(1,), tags=("gpu",), nodes_min=2, frames=tuple(events.FrameSpec(number=n) for n in (1, 6))
    )
    facts = queue.facts('CTL_JOB "ball"')
    wanted = {"name": "ball", "id": 2, "state": "QUEUED", "after": "before", "tags": "gpu", "nodes": "2-", "frames": 2}
    assert {key: facts[key] for key in wanted} == wanted
    assert facts["numbers"] == "1-6:5"
    assert facts["why"] == 'job "before", which it comes after, is QUEUED'
    frames = queue.lines('CTL_JOB "ball" show=frames')
    assert [(one.args, one.fields["why"]) for one in frames] == [((n, "WAITING"), facts["why"]) for n in (1, 6)]
    assert [one.args[0] for one in queue.lines('CTL_JOB "ball" show=frames since=1')] == [6]
    assert [one.args[0] for one in queue.lines('CTL_JOB "ball" show=frames limit=1')] == [1]
    assert queue.ask('CTL_JOB "ball" show=runs').text == ()
    history = queue.lines('CTL_JOB "ball" show=history')
    assert [one.fields["step"] for one in history] == ["submit"]
    assert queue.ask(f'CTL_JOB "ball" show=history since={history[-1].args[0]}').text == ()


def test_a_job_says_what_went_wrong_though_it_goes_on(queue: DeskQueue) -> None:
    queue.submit("ball")
    for node in (1, 2):
        queue.happen(events.AddNode(url=f"lrnap://n{node}"))
        queue.happen(events.NodeHere(node=node, generation=1))
    assert "trouble" not in queue.facts('CTL_JOB "ball"')
    first, second = queue.names('CTL_JOB "ball" show=runs')
    queue.happen(
        events.RunEnded(run=first, generation=1, state=RunState.FAILED, code="E_ENGINE", error="killed by SIGKILL")
    )
    assert queue.facts('CTL_JOB "ball"')["trouble"] == (
        "1 of 3 runs failed or were lost, at last on lrnap://n1: killed by SIGKILL"
    )
    assert "trouble" not in queue.lines("CTL_JOBS")[0].fields, "that was dealt with"

    queue.happen(events.RunWaits(run=second, generation=1, why="the disk is full"))
    assert str(queue.facts('CTL_JOB "ball"')["trouble"]).startswith("the disk is full; 1 of 3 runs")
    assert queue.lines("CTL_JOBS")[0].fields["trouble"] == "the disk is full"
    queue.happen(events.Counted(run=second, number=1, samples=1, spp=1, seconds=1))
    assert "trouble" not in queue.lines("CTL_JOBS")[0].fields

    queue.happen(events.RemoveNode(node=2))
    queue.troubled[1] = "no room for the picture"
    assert queue.facts('CTL_JOB "ball"')["trouble"] == (
        "no room for the picture; 2 of 3 runs failed or were lost, at last on a node that was removed: the node was "
        "lost, and what it had sent counts"
    )


def test_a_node_that_is_not_here_says_why_and_since_when(queue: DeskQueue) -> None:
    def said() -> tuple[object, ...]:
        (node,) = queue.lines("CTL_NODES")
        return node.args[1], node.fields.get("why"), node.fields.get("since")

    queue.happen(events.AddNode(url="lrnap://n1"))
    assert said() == ("CLAIMING", "it was added", 0.0)
    queue.happen(events.NodeAway(node=1, generation=1, why="nothing listens at lrnap://n1"))
    assert said() == ("CLAIMING", "nothing listens at lrnap://n1", 0.0)
    queue.happen(events.NodeHere(node=1, generation=1))
    assert said() == ("HERE", None, None)
    queue.happen(events.NodeAway(node=1, generation=1, why="it does not answer"))
    assert said() == ("HERE", None, None), "that is of the past"
    gone = queue.now + 1
    queue.happen(events.NodeGone(node=1, generation=1, why="it ended the connection"))
    assert said() == ("CLAIMING", "it ended the connection", gone)
    queue.now += 10
    queue.happen(events.Tick())
    lost = queue.now
    assert said() == ("LOST", "nothing was heard of it for 13 s", lost)
    queue.happen(events.NodeAway(node=1, generation=2, why="it does not answer"))
    assert said() == ("LOST", "it does not answer", lost)
    queue.happen(events.NodeFenced(node=1, generation=2, newest=7, by="attic"))
    state, why, since = said()
    assert (state, since) == ("FENCED", queue.now)
    assert "belongs to another manager attic" in str(why)


def test_a_job_is_named_by_its_name_or_its_number(queue: DeskQueue) -> None:
    queue.submit("ball")
    queue.happen(events.Stop(job=1))
    queue.submit("ball")
    queue.submit("1")
    for reference, number in (("ball", 2), ("#1", 1), ("2", 2), ("1", 3), ("#3", 3)):
        assert asyncio.run(find_job(queue, reference)) == number, reference
    assert queue.facts("CTL_JOB 2")["state"] == "QUEUED"
    for reference in ("nobody", "#9", "9", "#", ""):
        assert asyncio.run(find_job(queue, reference, required=False)) is None
    with pytest.raises(LrnapError, match="CTL_JOBS lists the jobs") as caught:
        queue.ask('CTL_JOB "nobody"')
    assert caught.value.code is Code.NOT_FOUND


def test_wishes_are_read_from_options(queue: DeskQueue) -> None:
    queue.submit("a")
    queue.submit("b, and c")
    queue.submit("c")
    wishes = queue.wishes('priority=-2 nodes=2-8 tags=gpu,big after="a,#3" frames=1-5:2 owner=ana token=9 spp=4')
    assert wishes == Wishes(
        {"priority": -2, "nodes_min": 2, "nodes_max": 8, "tags": ("gpu", "big"), "after": (1, 3)},
        {"spp": 4.0},
        (1, 3, 5),
        "ana",
        "9",
    )
    assert queue.wishes('after="b, and c"').given == {"after": (2,)}, "a name may hold a comma"
    assert queue.wishes('after="" tags=""').given == {"after": (), "tags": ()}
    assert wishes.halt(Halt(seconds=3.0)) == Halt(spp=4.0, seconds=3.0)
    assert queue.wishes("spp=0").halt(Halt(spp=4.0)) == Halt()
    for text, says in (("nodes=8-2", "nodes"), ("frames=x", "frames"), ('after="nobody"', "nobody")):
        with pytest.raises(LrnapError, match=says):
            queue.wishes(text)


def test_wishes_change_while_a_job_waits(queue: DeskQueue) -> None:
    queue.submit("ball", halt=Halt(spp=8.0, seconds=60.0))
    queue.ask('CTL_CHANGE "ball" priority=10 nodes=-4 tags=gpu spp=0 noise=0.1')
    facts = queue.facts('CTL_JOB "ball"')
    assert (facts["priority"], facts["nodes"], facts["tags"]) == (10, "1-4", "gpu")
    assert "haltspp" not in facts
    assert (facts["halttime"], facts["haltthreshold"]) == (60.0, 0.1)
    with pytest.raises(LrnapError, match="nothing is to change"):
        queue.ask('CTL_CHANGE "ball"')


def test_retrying_means_the_newest_that_was_stopped(queue: DeskQueue) -> None:
    for name in ("a", "b", "c"):
        queue.submit(name)
    for job in (1, 2):
        queue.happen(events.Stop(job=job))
    queue.ask("CTL_RETRY")
    assert queue.facts('CTL_JOB "b"')["state"] == "QUEUED"
    queue.ask('CTL_RETRY "a"')
    with pytest.raises(LrnapError, match="QUEUED, so it cannot retry"):
        queue.ask('CTL_RETRY "a"')
    with pytest.raises(LrnapError, match="no job has failed"):
        queue.ask("CTL_RETRY")


def test_nodes_are_added_changed_and_removed(queue: DeskQueue) -> None:
    assert queue.ask("CTL_ADDNODE lrnap://n7 tags=gpu threads=4").fields == {"node": 1}
    queue.ask("CTL_ADDNODE lrnap://n8:2000")
    assert queue.names("CTL_NODES") == ["lrnap://n7:1978", "lrnap://n8:2000"]
    assert queue.ask("CTL_ADDNODE lrnap://n7:1978 tags=gpu,big").fields == {"node": 1}, "it is known"
    queue.ask('CTL_NODE n8:2000 step=drain why="moving house"')
    queue.ask("CTL_NODE 1 threads=0")
    first, second = queue.lines("CTL_NODES")
    assert first.args == ("lrnap://n7:1978", "CLAIMING")
    assert (first.fields["standing"], first.fields["tags"]) == ("ENABLED", "gpu,big")
    assert (second.fields["standing"], second.fields["note"]) == ("DRAINING", "moving house")
    assert queue.facts("CTL_NODES 2")["url"] == "lrnap://n8:2000"
    queue.ask("CTL_NODE 2 step=remove")
    assert queue.names("CTL_NODES") == ["lrnap://n7:1978"]
    for line, says in (
        ("CTL_NODE 2 step=drain", "no node '2'"),
        ("CTL_NODES lrnap://n9", "no node"),
        ("CTL_NODE 1", "nothing is to change"),
        ("CTL_ADDNODE n:x", "n:x"),
        ("CTL_ADDNODE lrnap://n9 token=a", "belong together"),
    ):
        with pytest.raises(LrnapError, match=says):
            queue.ask(line)


def test_what_no_job_needs_is_shown_and_removed(queue: DeskQueue) -> None:
    scene, small, large = (queue.content.put(data) for data in (b"WorldBegin", b"small", b"rather large"))
    queue.happen(events.Submit(name="first", scene=scene, halt=Halt(spp=8.0)))
    for sha256 in (scene, small, large):
        os.utime(queue.content.assets.path(sha256), (0, 0))
    before = {"files": 3, "bytes": 27, "bound": NodeLimits().asset_bytes, "unneeded_files": 2, "unneeded_bytes": 17}
    assert queue.facts("CTL_CONTENT") == before
    assert queue.names("CTL_CONTENT show=unneeded") == [large, small]
    assert queue.names("CTL_CONTENT show=unneeded limit=1") == [large]
    assert queue.facts("CTL_CONTENT show=facts") == before, "looking removes nothing"
    assert queue.ask("CTL_CONTENT step=collect").fields == {"files": 2, "bytes": 17}
    assert queue.facts("CTL_CONTENT") == {**before, "files": 1, "bytes": 10, "unneeded_files": 0, "unneeded_bytes": 0}
