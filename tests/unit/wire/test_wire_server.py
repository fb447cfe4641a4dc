"""The server's side of a connection, alone at its edges."""

from __future__ import annotations

import pytest
from wire_pair import NARROW, events, server_after

from lrnap.errors import Code, WireError
from lrnap.limits import POST_AUTH, PRE_AUTH, WireLimits
from lrnap.wire import (
    BadLine,
    Hangup,
    Offer,
    Request,
    ServerConnection,
    Signal,
    State,
    Word,
    error,
    ok,
    status,
)


def test_back_pressure_stops_at_the_number_of_unanswered_requests() -> None:
    server = ServerConnection(WireLimits(in_flight=2))
    server.receive_data(b"CTL_PING 1\nCTL_PING 2\nCTL_PING 3\n")
    found = events(server)
    assert found[-1] is Signal.PAUSED
    assert server.unanswered == 2
    server.send(ok())
    assert [event.args for event in events(server) if isinstance(event, Request)] == [(3,)]


def test_an_offer_waits_for_a_decision_and_large_payloads_are_told_to_come() -> None:
    server = ServerConnection(level=1)
    server.receive_data(b"#4 API_Shape {100000}\r\n")
    (offer, paused) = events(server)
    assert isinstance(offer, Offer)
    assert (paused, server.state) == (Signal.PAUSED, State.OFFER)
    server.accept()
    assert server.data_to_send() == [b"R_CONT #4\r\n"]
    server.receive_data(bytes(60000))
    assert server.received == (60000,)
    server.receive_data(bytes(40000) + b"\r\n")
    (request,) = events(server)
    assert isinstance(request, Request)
    assert request.payloads[0].data == bytes(100000)


def test_a_payload_can_be_received_into_memory_of_the_server() -> None:
    server, room = ServerConnection(), memoryview(bytearray(6))
    server.receive_data(b"API_Shape {3+} {6+}\r\nab")
    assert isinstance(server.next_event(), Offer)
    server.accept([None, room])
    server.receive_data(b"c\r\nd")
    assert events(server) == []
    assert server.received == (3, 1)
    server.receive_data(b"efghi\r\n")
    (request,) = events(server)
    assert room == b"defghi"
    assert bytes(request.payloads[1].content()) == b"defghi"  # type: ignore[attr-defined]
    server.receive_data(b"API_Shape {3+}\r\n")
    server.send(ok())
    server.next_event()
    with pytest.raises(ValueError, match="3 bytes is needed"):
        server.accept([memoryview(bytearray(4))])


def test_a_refused_payload_is_dropped_if_it_is_small() -> None:
    server = ServerConnection()
    server.receive_data(b"API_Shape {8+}\r\nCTL_QUIT\r\nCTL_STATUS\r\n")
    assert isinstance(server.next_event(), Offer)
    server.refuse(error(Code.DENIED, "no"))
    assert [event.verb for event in events(server)] == ["CTL_STATUS"]  # type: ignore[attr-defined]
    assert server.data_to_send() == [b"R_ERROR CODE = E_DENIED DESC = no\r\n"]


def test_a_refused_payload_that_waits_never_comes() -> None:
    server = ServerConnection()
    server.receive_data(b"API_Shape {99999999}\r\nCTL_STATUS\r\n")
    assert isinstance(server.next_event(), Offer)
    server.refuse(error(Code.QUOTA, "full"))
    assert [event.verb for event in events(server)] == ["CTL_STATUS"]  # type: ignore[attr-defined]


def test_a_refused_payload_that_comes_and_is_large_ends_the_connection() -> None:
    _, found = server_after(b"CTL_STATUS {2000000+}\r\n")
    (hangup,) = found
    assert isinstance(hangup, Hangup)
    assert hangup.error is not None
    assert hangup.error.code is Code.TYPE


def test_all_payloads_of_a_refused_line_are_dropped() -> None:
    server = ServerConnection(level=1)
    server.receive_data(b"#1 API_Shape " + b"{0+} " * 60 + b"{65536+}\r\n")
    assert isinstance(server.next_event(), Offer)
    server.refuse(error(Code.DENIED, "no", tag="1"))
    server.receive_data(bytes(65536) + b"\r\n" * 61 + b"#2 CTL_STATUS\r\n")
    assert [event.tag for event in events(server)] == ["2"]  # type: ignore[attr-defined]


def test_accept_and_refuse_need_an_offer() -> None:
    for decide in (ServerConnection().accept, lambda: ServerConnection().refuse(ok())):
        with pytest.raises(WireError) as caught:
            decide()
        assert caught.value.code is Code.STATE


def test_a_reply_needs_a_request() -> None:
    with pytest.raises(ValueError, match="no request waits"):
        ServerConnection().send(ok())
    with pytest.raises(ValueError, match="tag #3"):
        ServerConnection(level=1).send(ok(tag="3"))


def test_the_tag_of_an_open_request_cannot_be_used_again() -> None:
    server = ServerConnection(level=1)
    server.receive_data(b"#1 CTL_STATUS\r\n#1 CTL_STATUS\r\n")
    _, bad = events(server)
    assert isinstance(bad, BadLine)
    assert bad.error.code is Code.EXISTS
    assert bad.tag is None


def test_a_tag_comes_back_even_with_an_error() -> None:
    server, found = server_after(b"#5 FOO\r\n#6 CTL_LOG x\r\n", level=1)
    assert [event.tag for event in found] == ["5", "6"]  # type: ignore[attr-defined]
    assert b"".join(server.data_to_send()).startswith(b"R_ERROR #5 code=E_UNKNOWN_VERB")


def test_earlier_replies_may_still_come_before_that_to_hello() -> None:
    server = ServerConnection()
    server.receive_data(b"CTL_STATUS\r\nCTL_HELLO LRNAP/1\r\n")
    assert events(server)[-1] is Signal.PAUSED
    server.send(status("IDLE", jobname="a"))
    assert server.level == 0
    server.send(ok(Word("LRNAP/1.0"), node="n7"))
    assert server.level == 1
    assert server.data_to_send() == [b'R_STATUS IDLE JOBNAME "a"\r\n', b'R_OK LRNAP/1.0 node="n7"\r\n']


def test_authentication_widens_the_limits() -> None:
    server = ServerConnection(PRE_AUTH)
    server.receive_data(b"CTL_AUTH s3cret\n")
    assert isinstance(server.next_event(), Request)
    server.limits = POST_AUTH
    server.send(ok())
    server.receive_data(b"CTL_PING " + b"x" * 2000 + b"\n")
    assert isinstance(server.next_event(), Request)


@pytest.mark.parametrize(
    ("data", "clean"),
    [
        (b"", True),
        (b"CTL_STATUS\r\n", True),
        (b"CTL_STA", False),
        (b"API_Shape {9}\r\nabc", False),
        (b"y" * 200, False),
    ],
)
def test_the_end_of_the_stream_is_clean_only_between_lines(data: bytes, clean: bool) -> None:
    server, _ = server_after(data, limits=NARROW)
    server.receive_eof()
    hangup, closed = events(server)
    assert isinstance(hangup, Hangup)
    assert (hangup.error is None) is clean
    assert closed is Signal.CLOSED
    server.receive_data(b"CTL_STATUS\r\n")
    server.buffer_updated(0)
    assert events(server) == [Signal.CLOSED]


def test_outstanding_replies_may_be_sent_after_the_end() -> None:
    server = ServerConnection()
    server.receive_data(b"CTL_STATUS\r\n")
    server.receive_eof()
    request, _, _ = events(server)
    assert isinstance(request, Request)
    server.send(status("IDLE"))
    assert server.data_to_send() == [b"R_STATUS IDLE\r\n"]


PUTTY = b"\xff\xfb\x1f\xff\xfb\x20\xff\xfb\x18\xff\xfb\x27\xff\xfd\x01\xff\xfb\x03\xff\xfd\x03"  # how it greets
CTRL_C = b"\xff\xf4\xff\xfd\x06"  # what telnet sends for it
BOM = b"\xef\xbb\xbf"


@pytest.mark.parametrize("noise", [PUTTY, CTRL_C, BOM])
def test_what_terminals_add_to_a_line_by_themselves_is_no_part_of_it(noise: bytes) -> None:
    server = ServerConnection()
    server.receive_data(noise + b'API_LuxParse "x:\\sz\xc3\xa9ne.lxs"\r\n' + noise + b"\r\nCTL_STATUS\n")
    assert [(event.verb, event.args) for event in events(server)] == [  # type: ignore[attr-defined]
        ("API_LuxParse", ("x:\\széne.lxs",)),
        ("CTL_STATUS", ()),
    ]


@pytest.mark.parametrize("noise", [PUTTY, CTRL_C, BOM])
def test_programs_send_nothing_but_lines(noise: bytes) -> None:
    server = ServerConnection(level=1)
    server.receive_data(noise + b"CTL_STATUS\r\n")
    (event,) = events(server)
    assert isinstance(event, BadLine)


def test_no_negotiation_swallows_the_end_of_a_line() -> None:
    for start in (b"\xff\xfd\n", b"\xff\xfb\r\n", b"\xff\n"):
        server = ServerConnection()
        server.receive_data(start + b"CTL_STATUS\n")
        bad, request = events(server)
        assert isinstance(bad, BadLine)
        assert isinstance(request, Request)
