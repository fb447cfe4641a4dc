"""A node among peers that are broken, slow, confused or gone: each is answered or dropped, all others are served."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from nodes import PATIENCE, SCENE, Served, serving

from lrnap.errors import LrnapError
from lrnap.limits import DATA_FRAME, POST_AUTH, NodeLimits
from lrnap.net.address import Address
from lrnap.net.deadlines import Deadlines
from lrnap.net.gate import listen_address

HASH = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # of b"abc"


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Served]:
    with serving(tmp_path) as served:
        served.write("scene.lxs")
        yield served


def works(node: Served) -> bool:
    """Whether somebody else can still render."""
    with node.talk() as talk:
        answers = talk.all("CTL_RESET", 'API_LuxParse "scene.lxs"', "API_LuxCleanup", "API_Render", "CTL_STOP")
        return answers == ["R_OK"] * 5


def test_a_client_that_vanishes_inside_a_payload_leaves_nothing_behind(node: Served) -> None:
    talk = node.talk()
    assert talk.ask(f"ASSET_PUT {{1000000}} sha256={HASH}") == "R_CONT"
    talk.raw(b"x" * 5000)
    talk.reset()
    with node.talk() as other:
        other.until(f"ASSET_HAVE {HASH}", "R_OK LINES = 1")
        assert other.line() == f"{HASH} 0"
    assert works(node)


def test_a_client_that_vanishes_inside_a_scene_leaves_nothing_behind(node: Served) -> None:
    talk = node.talk()
    assert talk.all('API_LuxInit "half"', "API_WorldBegin") == ["R_OK", "R_OK"]
    with node.talk() as other:
        assert other.ask("CTL_STATUS") == 'R_STATUS PARSING JOBNAME "half"'
        talk.reset()
        assert other.until("CTL_STATUS", "R_STATUS IDLE") == "R_STATUS IDLE"
    assert works(node)


def test_a_line_of_a_megabyte_is_answered_once_and_the_session_goes_on(node: Served) -> None:
    with node.talk() as talk:
        talk.raw(b"CTL_STATUS " + b"x" * (1 << 20) + b"\r\n")
        assert talk.line().startswith("R_ERROR CODE = E_TOO_LONG DESC = ")
        assert talk.ask("CTL_STATUS") == "R_STATUS IDLE"


@pytest.mark.parametrize(
    "first",
    [
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\nCTL_STATUS\r\n",
        b"POST /CTL_RESET HTTP/1.0\r\nContent-Length: 11\r\n\r\nCTL_STATUS\r\n",
        bytes.fromhex("16030100c8010000c40303") + b"\0" * 64,
        b"\0CTL_STATUS\r\n",
    ],
    ids=["http get", "http post", "tls hello", "nul"],
)
def test_another_protocol_is_dropped_without_a_word(node: Served, first: bytes) -> None:
    with node.talk() as talk:
        talk.raw(first)
        assert talk.closed()
    assert works(node)


def test_two_clients_describe_at_once_without_mixing(node: Served) -> None:
    with node.talk() as ana, node.talk() as ben:
        calls = [line for line in SCENE.split("\n") if line]
        assert ana.ask('API_LuxInit "ana"') == "R_OK"
        assert ben.ask('API_LuxInit "ben"') == "R_OK"
        for call in calls[:-1]:
            assert ana.ask(f"API_{call}") == "R_OK"
            assert ben.ask(f"API_{call}") == "R_OK"
        assert ben.ask('API_Shape "disk"') == "R_OK"
        assert ana.ask("API_WorldEnd") == 'R_OK JOBNAME = "ana"'
        assert ben.ask("API_WorldEnd") == 'R_OK JOBNAME = "ben"'
        assert ana.ask("API_Render") == "R_OK"
        assert ben.ask("API_Render").startswith("R_ERROR CODE = E_BUSY DESC = ")
        assert ana.ask("CTL_STOP") == "R_OK"
        assert ben.ask("API_Render") == "R_OK"
    assert [len(scene.calls) for scene in node.engine.scenes] == [len(calls), len(calls) + 1]


def test_a_name_that_another_client_is_describing_is_taken(node: Served) -> None:
    with node.talk() as ana, node.talk() as ben:
        assert ana.ask('API_LuxInit "shot"') == "R_OK"
        assert ben.ask('API_LuxInit "shot"').startswith("R_ERROR CODE = E_EXISTS DESC = ")


def test_a_client_that_never_reads_is_no_longer_read(node: Served) -> None:
    """What it is owed is bounded; what it goes on sending stays in its own socket."""
    with node.talk() as deaf, node.talk() as other:
        deaf.sock.setblocking(False)
        lines = b"CTL_HELP\r\n" * 5000
        sent = stuck = 0
        while stuck < 20 and sent < 1 << 28:
            try:
                sent += deaf.sock.send(lines[sent % len(lines) :])  # from where it was cut off: half a verb is none
                stuck = 0
            except BlockingIOError:
                stuck += 1
                assert other.ask("CTL_PING 1") == "R_OK 1"
        assert stuck == 20
        owed = node.do(lambda: max(link.unsent for link in node.server.open_links))
        assert owed <= DATA_FRAME + 2 * POST_AUTH.out_buffer
    assert works(node)


def test_a_slow_reader_of_a_film_gets_all_of_it(node: Served) -> None:
    with node.talk() as talk:
        node.engine.size = (1024, 1024)
        talk.all('API_LuxParse "scene.lxs"', "API_Render")
        talk.send("API_DumpFilmBuffer", "CTL_PING 7")
        reply = talk.line()
        assert reply.endswith("DIMX = 1024 DIMY = 1024 LENGTH = 16777216 DATA FOLLOWS")
        assert works_while(node)
        assert len(talk.bytes(1024 * 1024 * 16)) == 1024 * 1024 * 16
        assert talk.line() == "R_OK 7"


def works_while(node: Served) -> bool:
    with node.talk() as other:
        return other.ask("CTL_STATUS").startswith("R_STATUS RENDERING")


def test_unknown_verbs_are_answered_until_it_is_clear_that_nobody_means_us(node: Served) -> None:
    with node.talk() as talk:
        for _ in range(POST_AUTH.bogus_lines):
            assert talk.ask("EHLO example.org").startswith("R_ERROR CODE = E_UNKNOWN_VERB DESC = ")
        assert talk.closed()
    assert works(node)


def test_a_defect_of_a_handler_is_told_by_number_and_nothing_else(
    node: Served, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_args: object) -> None:
        raise ZeroDivisionError("secret path /home/ana")

    monkeypatch.setattr(node.node, "figures", broken)
    with node.talk() as talk:
        assert talk.ask('API_LuxParse "scene.lxs"') == "R_OK"
        answer = talk.ask("CTL_STATUS")
        assert answer.startswith("R_ERROR CODE = E_INTERNAL DESC = ")
        assert "secret" not in answer and "Zero" not in answer
        number = answer.rpartition(" ")[2]
        assert any(number in record.getMessage() for record in caplog.records)
        assert talk.ask("CTL_PING 1") == "R_OK 1"
        monkeypatch.undo()
        assert talk.ask("CTL_STATUS").startswith("R_STATUS READY")


def test_a_connection_too_many_is_told_so(tmp_path: Path) -> None:
    with serving(tmp_path, limits=NodeLimits(connections=2)) as node, node.talk() as first, node.talk() as second:
        assert first.ask("CTL_PING") == second.ask("CTL_PING") == "R_OK"
        with node.talk() as third:
            assert third.line().startswith("R_ERROR CODE = E_UNAVAILABLE DESC = ")
            assert third.closed()
        second.close()
        first.until("CTL_PING", "R_OK")
        assert node.address.port


def test_half_closing_still_brings_all_answers(node: Served) -> None:
    """As `printf 'CTL_INFO\\nCTL_STATUS\\n' | nc host 1978` does."""
    with node.talk() as talk:
        talk.raw(b"CTL_STATUS\nCTL_PING 5\n")
        talk.sock.shutdown(socket.SHUT_WR)
        assert talk.lines(2) == ["R_STATUS IDLE", "R_OK 5"]
        assert talk.closed()


# --- where a token is needed --------------------------------------------------------------------------------------


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[Served]:
    with serving(tmp_path, token="s3cret") as served:
        served.write("scene.lxs")
        yield served


def test_without_the_token_nothing_but_hello_is_done(guarded: Served) -> None:
    with guarded.talk() as talk:
        assert talk.ask("CTL_PING 1") == "R_OK 1"
        for line in ("CTL_STATUS", "CTL_STOP", 'API_LuxParse "scene.lxs"', "api_shape", "CTL_SET threads 1"):
            assert talk.ask(line).startswith("R_ERROR CODE = E_AUTH_REQUIRED DESC = "), line
        assert talk.ask('CTL_AUTH "wrong"').startswith("R_ERROR CODE = E_AUTH_FAILED DESC = ")
        assert talk.ask('CTL_AUTH "s3cret"') == "R_OK ROLE = admin"
        assert talk.ask("CTL_STATUS") == "R_STATUS IDLE"


def test_without_the_token_no_payload_is_taken(guarded: Served) -> None:
    with guarded.talk() as talk:
        answer = talk.ask(f"ASSET_PUT {{3}} sha256={HASH}")
        assert answer.startswith("R_ERROR CODE = E_AUTH_REQUIRED DESC = ")


@pytest.mark.parametrize("drip", [b"", b"CTL_ST"], ids=["silent", "half a line"])
def test_who_never_completes_a_line_is_dropped(tmp_path: Path, drip: bytes) -> None:
    with (
        serving(tmp_path, token="s3cret", deadlines=Deadlines(hello=0.05)) as node,
        node.talk() as talk,
    ):
        talk.raw(drip)
        assert talk.line().startswith("R_ERROR CODE = E_TIMEOUT DESC = the first line")
        assert talk.closed()


def test_who_never_brings_the_token_is_dropped(tmp_path: Path) -> None:
    with (
        serving(tmp_path, token="s3cret", deadlines=Deadlines(auth=3.0)) as node,
        node.talk() as talk,
    ):
        talk.send("CTL_PING 1")
        assert talk.line() == "R_OK 1"
        assert talk.line().startswith("R_ERROR CODE = E_TIMEOUT DESC = CTL_AUTH")
        assert talk.closed()


def test_a_payload_that_stalls_ends_the_connection(tmp_path: Path) -> None:
    with serving(tmp_path, deadlines=Deadlines(stall=0.05)) as node, node.talk() as talk:
        assert talk.ask(f"ASSET_PUT {{3}} sha256={HASH}") == "R_CONT"
        talk.raw(b"a")
        assert talk.line().startswith("R_ERROR CODE = E_TIMEOUT DESC = less than 100 bytes a second of the payload")
        assert talk.closed()


def test_10_a_payload_that_drips_ends_the_connection_while_one_that_flows_may_take_long(tmp_path: Path) -> None:
    drop = threading.Event()
    with serving(tmp_path, deadlines=Deadlines(stall=1.5)) as node, node.talk() as talk, node.talk() as other:
        assert talk.ask(f"ASSET_PUT {{100000}} sha256={HASH}") == "R_CONT"
        assert other.ask(f"ASSET_PUT {{30000}} sha256={HASH}") == "R_CONT"
        for _ in range(30):
            other.raw(b"a" * 1000)  # one of them is enough for as long as may pass without
            with contextlib.suppress(ConnectionError):  # it is over before the bytes are
                talk.raw(b"a")
            drop.wait(0.1)
        other.raw(b"\r\n")
        assert other.line().startswith("R_ERROR CODE = E_HASH")
        for _ in range(10 * PATIENCE):  # it never stops by itself
            try:
                talk.raw(b"a")
            except ConnectionError:
                break
            drop.wait(0.1)
        else:
            raise AssertionError("who drips is never hung up on")
        with contextlib.suppress(ConnectionError):
            assert talk.line().startswith("R_ERROR CODE = E_TIMEOUT DESC = less than 100 bytes a second")
            assert talk.closed()


@pytest.mark.parametrize("where", ["0.0.0.0:1978", "[::]:1978", "192.0.2.7"])
def test_beyond_this_machine_a_server_is_encrypted_unless_it_is_said_aloud(where: str) -> None:
    assert listen_address(where) == replace(Address.parse(where), tls=True, port=1979)
    with pytest.raises(LrnapError, match="--insecure"):
        listen_address(f"lrnap://{where}")
    assert not listen_address(where, insecure=True).tls


@pytest.mark.parametrize("where", ["127.0.0.1:0", "[::1]:1978", "localhost"])
def test_listening_on_this_machine_needs_no_word(where: str) -> None:
    assert not listen_address(where).tls
