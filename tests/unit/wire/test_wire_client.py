"""The client's side of a connection, alone at its edges; and payloads of both kinds."""

from __future__ import annotations

import pytest
from wire_pair import NARROW, Pair, events, server_after

from lrnap.errors import Code, WireError
from lrnap.limits import POST_AUTH, WireLimits
from lrnap.wire import (
    BadLine,
    ClientConnection,
    Hangup,
    Payload,
    Reply,
    Request,
    Signal,
    ok,
)

MESH = bytes(range(256)) * 600  # 153,600 bytes: more than may be sent without waiting


def client_after(data: bytes, level: int = 1, limits: WireLimits = POST_AUTH, **options: object) -> list[object]:
    client = ClientConnection(limits, level=level)
    client.send(Request("CTL_STATUS", tag="1" if level else None), **options)  # type: ignore[arg-type]
    client.receive_data(data)
    return events(client)


@pytest.mark.parametrize(
    ("data", "level"),
    [
        (b"hello\r\n", 0),
        (b"R_OK LINES = -1\r\n", 0),
        (b"R_OK LINES = 2\r\none\r\n\xff\r\n", 0),
        (b"R_OK LINES = many\r\n", 0),
        (b"R_OK DATA FOLLOWS\r\n", 0),
        (b"R_OK LENGTH = 99999999999 DATA FOLLOWS\r\n", 0),
        (b"R_OK #1\n", 1),
        (b"R_DATA #1 off=0\r\n", 1),
        (b"R_DATA #1 off=0 len=2000000\r\n", 1),
        (b"R_DATA #1 off=0 len=3\r\nabcd", 1),
        (b"x" * 300, 0),
    ],
)
def test_a_server_that_breaks_the_protocol_is_left(data: bytes, level: int) -> None:
    hangup, closed = client_after(data, level, NARROW)
    assert isinstance(hangup, Hangup)
    assert hangup.error is not None
    assert closed is Signal.CLOSED


def test_a_frame_outside_the_film_is_an_error() -> None:
    (hangup, _) = client_after(b"R_DATA #1 off=2 len=3\r\n", into=memoryview(bytearray(4)))
    assert isinstance(hangup, Hangup)


def test_answers_that_nobody_waits_for_are_dropped() -> None:
    assert client_after(b"R_OK #77\r\nR_DATA #77 off=0 len=1\r\nx\r\nR_CONT #1\r\nR_OK\r\n") == []
    (last,) = client_after(b"R_ERROR code=E_TIMEOUT desc=bye\r\n")
    assert isinstance(last, Reply)
    assert last.code is Code.TIMEOUT


def test_a_tag_is_used_once_at_a_time() -> None:
    client = ClientConnection(level=1)
    tags = {client.new_tag() for _ in range(100)}
    assert len(tags) == 100
    client.send(Request("API_Shape", (Payload.of(MESH),), {}, "a"))
    client.send(Request("CTL_STATUS", tag="b"))
    for tag in ("a", "b"):
        with pytest.raises(ValueError, match="in use"):
            client.send(Request("CTL_STATUS", tag=tag))


def test_what_no_line_can_carry_is_not_queued() -> None:
    client = ClientConnection(NARROW)
    with pytest.raises(WireError, match="longer than 128"):
        client.send(Request("CTL_PING", ("x" * 200,)))
    with pytest.raises(ValueError, match=r"Payload\.of"):
        client.send(Request("API_Shape", (Payload(3),)))
    assert client.data_to_send() == []
    assert client.unanswered == 0


@pytest.mark.parametrize("level", [0, 1])
def test_a_verb_that_nobody_knows_is_not_queued_and_the_connection_stays_in_step(level: int) -> None:
    client = ClientConnection(level=level)
    tag = client.new_tag() if level else None
    with pytest.raises(WireError, match="FOO"):
        client.send(Request("FOO", tag=tag), memoryview(bytearray(8)))
    assert client.unanswered == 0
    assert client.data_to_send() == []
    client.send(Request("CTL_PING", (1,), tag=tag))
    client.receive_data(f"R_OK #{tag} 1\r\n".encode() if level else b"R_OK 1\r\n")
    assert events(client) == [ok(1, tag=tag)]


def test_a_refused_payload_frees_the_way_for_the_next_request() -> None:
    client = ClientConnection(level=1)
    client.send(Request("API_Shape", (Payload.of(MESH),), {}, "1"))
    client.send(Request("CTL_STATUS", tag="2"))
    assert len(client.data_to_send()) == 1
    client.receive_data(b"R_ERROR #1 code=E_QUOTA\r\n")
    assert len(events(client)) == 1
    assert client.data_to_send() == [b"#2 CTL_STATUS\r\n"]


@pytest.mark.parametrize("cut", [1, 5])
def test_frames_come_whole_however_they_are_cut(cut: int) -> None:
    client = ClientConnection(level=1)
    client.send(Request("API_DumpFilmBuffer", tag="1"))
    found: list[object] = []
    data = b"R_DATA #1 off=0 len=6\r\nabcdef\r\nR_OK #1 len=6\r\n"
    for start in range(0, len(data), cut):
        client.receive_data(data[start : start + cut])
        found += events(client)
    frame, last = found
    assert isinstance(frame, Reply)
    assert frame.data == b"abcdef"
    assert isinstance(last, Reply)


def test_both_kinds_of_payload_on_one_line_and_too_large_ones_at_once_are_refused() -> None:
    _, found = server_after(b"API_Shape {1+} {2}\r\n")
    assert isinstance(found[0], Hangup)
    _, found = server_after(b"API_Shape {65537+}\r\n" + bytes(65537) + b"\r\nCTL_STATUS\r\n")
    bad, request = found
    assert isinstance(bad, BadLine)
    assert "R_CONT" in bad.error.message
    assert isinstance(request, Request)


def test_a_large_payload_at_level_0_waits_for_an_untagged_go() -> None:
    pair = Pair()
    assert pair.ask("API_Shape", "mesh", "point P", Payload.of(MESH)) == [ok()]
    assert pair.to_client == b"R_CONT\r\nR_OK\r\n"
