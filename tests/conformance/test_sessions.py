"""Every session on a page, run line by line against a live node, a manager, and a manager of a manager, in the notation
that docs/protocol.md defines."""

from __future__ import annotations

import contextlib
import functools
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from managers import FarmOfPrograms, farm
from node_processes import NodeProcess, node_process
from nodes import PATIENCE, SCENE, Talk
from transcript import Do, Session, Step, sessions

CHECKOUT = Path(__file__).resolve().parents[2]
PAGES = [CHECKOUT / "README.md", *sorted((CHECKOUT / "docs").rglob("*.md"))]
SESSIONS = [(page, session) for page in PAGES for session in sessions(page)]


SERVERS = ("node", "manager", "manager-of-a-manager")
ONLY = {"node-of-a-manager": SERVERS[:1], "queue": SERVERS[1:]}  # sessions that show how the servers differ
CASES = [
    pytest.param(page, session, server, id=f"{session.name}-{server}")
    for page, session in SESSIONS
    for server in ONLY.get(session.name, SERVERS)
]


@pytest.fixture
def node(
    request: pytest.FixtureRequest, tmp_path: Path, farms: Callable[[int], FarmOfPrograms]
) -> Iterator[NodeProcess]:
    """A server with nothing in it, whose folder holds the scene under the names that the pages use: a node, a manager
    with a node, a manager whose node is a manager. To whoever talks to them they are the same."""
    if request.param == "node":
        with node_process(tmp_path) as started:
            yield provided(started)
        return
    program = farms(1 if request.param == "manager" else 2).top
    yield provided(NodeProcess(program.process, [program.address], program.root))
    with program.talk() as talk:
        for listed in program.lines("CTL_JOBS"):
            assert talk.ask(f'CTL_RESET "{listed.args[0]}"') == "R_OK"
        talk.ask('CTL_RESET "scene1"')  # of those that were only described
        while talk.ask("CTL_STATUS") != "R_STATUS IDLE":
            assert talk.ask("CTL_RESET") == "R_OK"


def provided(started: NodeProcess) -> NodeProcess:
    started.write("x:\\scene.lxs", SCENE)
    started.write("scene.lxs", SCENE)
    return started


@pytest.fixture(scope="module")
def farms(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[int], FarmOfPrograms]]:
    """Farms of so many managers above each other, kept from session to session: starting them takes longest."""
    with contextlib.ExitStack() as opened:
        yield functools.cache(lambda depth: opened.enter_context(farm(tmp_path_factory.mktemp("farm"), depth=depth)))


class Runner:
    """Does the steps of one session."""

    def __init__(self, node: NodeProcess, page: Path) -> None:
        self.node = node
        self.page = page.name
        self.talk = node.talk()
        self.known: dict[str, str] = {}
        self.after_data = False
        self.asking: Step | None = None

    def run(self, session: Session) -> None:
        try:
            for step in session.steps:
                self.step(step)
        finally:
            self.talk.close()

    def step(self, step: Step) -> None:
        match step.do:
            case Do.SEND:
                self.talk.send(step.filled(self.known))
            case Do.EXPECT:
                self.expect(step, self.talk.line())
            case Do.ASK_UNTIL:
                self.asking = step
            case Do.UNTIL:
                self.until(step)
            case Do.SEND_PAYLOAD:
                self.talk.send(step.text)
            case Do.EXPECT_BYTES:
                count = step.count(self.known)
                assert len(self.talk.bytes(count)) == count
                assert not self.after_data or self.talk.bytes(2) == b"\r\n"
            case Do.EXPECT_LINES:
                assert all(self.talk.lines(step.count(self.known)))
            case Do.EXPECT_CLOSE:
                assert self.talk.closed(), f"{self.page}:{step.line}: the server said more"
            case Do.RECONNECT:
                self.talk.close()
                self.talk = self.node.talk()

    def expect(self, step: Step, said: str) -> None:
        self.after_data = said.startswith("R_DATA")
        assert step.matches(said, self.known), f"{self.page}:{step.line}: {step.text!r}, but: {said!r}"

    def until(self, step: Step) -> None:
        assert self.asking is not None
        said = ""
        for _ in range(PATIENCE * 20):
            said = self.talk.ask(self.asking.filled(self.known))
            if step.matches(said, self.known):
                return
            self.drop_what_follows(self.talk, said)
            time.sleep(0.05)
        raise AssertionError(f"{self.page}:{step.line}: {step.text!r} never came; at last {said!r}")

    @staticmethod
    def drop_what_follows(talk: Talk, said: str) -> None:
        if match := re.search(r" LINES = (\d+)", said):
            talk.lines(int(match[1]))
        if match := re.search(r" LENGTH = (\d+) DATA FOLLOWS", said):
            talk.bytes(int(match[1]))


@pytest.mark.parametrize(("page", "session", "node"), CASES, indirect=["node"])
def test_a_live_node_says_what_the_page_says(page: Path, session: Session, node: NodeProcess) -> None:
    Runner(node, page).run(session)


def test_sessions_on_all_pages_have_names_of_their_own() -> None:
    names = [session.name for _, session in SESSIONS]
    assert len(set(names)) == len(names)
    assert {"readme", "first", "typed-scene"} <= set(names)
