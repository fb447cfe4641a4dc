"""A node and who reads slowly what it is sent: it is still heard, and is owed no more for having asked for more."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from nodes import Served, Talk, serving

from lrnap.limits import DATA_FRAME
from lrnap.net.link import HEARD
from lrnap.net.outgoing import SMALL


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Served]:
    """It renders a film of 16 frames, which no buffer of a socket holds."""
    with serving(tmp_path) as served, served.talk() as talk:
        served.write("scene.lxs")
        served.engine.size = (1024, 1024)
        assert talk.all('API_LuxParse "scene.lxs" "job"', "API_Render") == ["R_OK"] * 2
        yield served


def program(node: Served) -> Talk:
    talk = node.talk()
    assert talk.ask("CTL_HELLO LRNAP/1").startswith("R_OK LRNAP/1.0 ")
    return talk


def owed(node: Served) -> int:
    """Bytes that wait in the node for the slowest of its peers."""
    return node.do(lambda: max(link.unsent for link in node.server.open_links))


def wait_until_stuck(node: Served, other: Talk) -> None:
    """More is written once no more than a quarter of a frame waits, so anything above that may stay for ever."""
    while owed(node) <= DATA_FRAME // 4:
        other.ask("CTL_PING 1")


def test_10_an_order_is_heard_while_a_film_goes_to_who_reads_slowly(node: Served) -> None:
    with program(node) as slow, node.talk() as other:
        slow.send("#1 API_DumpFilmBuffer")
        wait_until_stuck(node, other)
        slow.send("#2 CTL_STOP")
        other.until("CTL_STATUS", "R_STATUS STOPPED ")  # though nothing of the film was read
        assert finals(slow, 2) == {"#1": "R_OK", "#2": "R_OK"}


def test_09_who_asks_for_many_films_and_reads_none_is_owed_one_frame(node: Served) -> None:
    with program(node) as slow, node.talk() as other:
        slow.send(*(f"#{number} API_DumpFilmBuffer" for number in range(50)))
        for _ in range(20):  # each time it reads a little, all that wait are woken
            wait_until_stuck(node, other)
            assert owed(node) < 2 * DATA_FRAME + SMALL
            assert slow.bytes(DATA_FRAME)
        slow.reset()


def test_09_of_who_does_not_read_few_requests_are_taken_and_all_answered_once_it_does(node: Served) -> None:
    with program(node) as slow, node.talk() as other:
        slow.send("#film API_DumpFilmBuffer")
        wait_until_stuck(node, other)
        slow.send(*(f"#{number} CTL_PING" for number in range(200)))
        while (taken := node.do(lambda: max(link.conn.unanswered for link in node.server.open_links))) < HEARD:
            other.ask("CTL_PING 1")
        assert taken == HEARD
        assert set(finals(slow, 201)) == {"#film", *(f"#{number}" for number in range(200))}


def finals(talk: Talk, count: int) -> dict[str, str]:
    """The words of so many final replies, by tag; frames of films between them are read."""
    told: dict[str, str] = {}
    while len(told) < count:
        word, tag, *fields = talk.line().split()
        if word == "R_DATA":
            length = next(int(field.removeprefix("len=")) for field in fields if field.startswith("len="))
            assert len(talk.bytes(length + 2)) == length + 2
        else:
            told[tag] = word
    return told
