"""What the wire must withstand: one named test for each way in which such protocols have been broken."""

from __future__ import annotations

import contextlib
import gc
import tracemalloc

import pytest
import zstandard

from lrnap.errors import Code, WireError
from lrnap.limits import POST_AUTH, PRE_AUTH, WireLimits
from lrnap.wire import (
    VERBS,
    BadLine,
    Hangup,
    Offer,
    Request,
    Role,
    ServerConnection,
    Signal,
    error,
    error_of,
    find,
    ok,
    printable,
    text,
)
from lrnap.wire.grammar import tokens
from lrnap.wire.inbox import Inbox
from lrnap.wire.messages import format_reply, format_request, parse_request
from lrnap.wire.payload import Payload


def outcome(data: bytes, limits: WireLimits = POST_AUTH, level: int = 0) -> tuple[list[object], bytes]:
    """The events of a server that was sent `data`, accepts every offer and answers everything; and what it sent."""
    server = ServerConnection(limits, level=level)
    server.receive_data(data)
    found: list[object] = []
    while not isinstance(event := server.next_event(), Signal):
        found.append(event)
        match event:
            case Offer():
                server.accept()
            case Request():
                server.send(ok(tag=event.tag))
            case BadLine():
                server.send(error_of(event.error, tag=event.tag))
    return found, b"".join(server.data_to_send())


def last_error(data: bytes, limits: WireLimits = POST_AUTH, level: int = 0) -> WireError:
    event = outcome(data, limits, level)[0][-1]
    assert isinstance(event, (BadLine, Hangup))
    assert event.error is not None
    return event.error


@pytest.mark.parametrize(
    "request_line",
    [
        b"POST / HTTP/1.1\r\nHost: localhost:1978\r\n\r\nCTL_RESET\r\n",
        b"GET / HTTP/1.1\nCTL_RESET\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"BREW /coffee HTTP/1.1\r\nCTL_RESET\r\n",
        b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nCTL_RESET\r\n",
    ],
)
def test_01_a_browser_is_hung_up_on_without_a_word(request_line: bytes) -> None:
    for limits in (PRE_AUTH, POST_AUTH):
        assert outcome(request_line, limits) == ([Hangup(silent=True)], b"")


@pytest.mark.parametrize("start", [b"\x16\x03\x01\x02\x00\x01", b"\x16", b"\x00", b"\x00CTL_RESET\r\n"])
def test_02_a_tls_hello_or_nul_is_hung_up_on_at_its_first_byte(start: bytes) -> None:
    server = ServerConnection()
    server.receive_data(start)
    assert server.next_event() == Hangup(silent=True)
    server.send(ok())
    assert server.data_to_send() == []
    assert server.next_event() is Signal.CLOSED


@pytest.mark.parametrize("ending", [b"\n", b"\r", b"\n.\r\n", b"\r\r\n", b"\x00\r\n", b"\n\r\n"])
def test_04_no_second_line_can_be_smuggled_into_a_program_s_stream(ending: bytes) -> None:
    found, _ = outcome(b'CTL_PING "a' + ending + b'CTL_RESET"\r\nCTL_STOP\n', level=1)
    assert not any(isinstance(event, Request) and event.verb != "CTL_PING" for event in found)


def test_04_a_relay_writes_what_it_understood_and_not_what_it_got() -> None:
    with pytest.raises(WireError, match="control character"):
        format_reply(ok(x="one\r\nR_OK"), 1)
    with pytest.raises(WireError, match="control character"):
        format_request(Request("CTL_PING", ("one\nCTL_RESET",)))
    typed = parse_request('ctl_ping   "a"\t  b')
    assert format_request(typed) == b'ctl_ping "a" b\r\n'


@pytest.mark.parametrize("after", [b"CTL_RESET\r\n", b"\n", b"\rx", b"xx", b"\n\r"])
def test_05_a_payload_that_is_not_closed_by_crlf_ends_the_connection(after: bytes) -> None:
    found, _ = outcome(b"API_Shape {3+}\r\nabc" + after + b"CTL_RESET\r\n")
    offer, hangup = found
    assert isinstance(offer, Offer)
    assert isinstance(hangup, Hangup)
    assert hangup.error is not None
    assert hangup.error.code is Code.FRAMING


@pytest.mark.parametrize("length", ["-1", "+5", "1e3", "0x10", "1234567890123", "9" * 5000, "00", "5.0", "", " 5", "٥"])
def test_06_a_length_that_is_not_plain_digits_is_a_framing_error(length: str) -> None:
    assert last_error(f"API_Shape {{{length}}}\r\n".encode()).code is Code.FRAMING


def test_06_many_lengths_cannot_overflow_their_sum() -> None:
    line = b"API_Shape" + b" {999999999999}" * 64 + b"\r\n"
    assert last_error(line).code is Code.TOO_LONG
    half = POST_AUTH.payload // 2 + 1
    assert "payload=" in last_error(f"API_Shape {{{half}}} {{{half}}}\r\n".encode()).message


def test_07_memory_follows_the_bytes_that_came_and_not_those_announced() -> None:
    server = ServerConnection()
    server.receive_data(b"API_Shape {4000000000}\r\n")
    assert isinstance(server.next_event(), Offer)
    gc.collect()
    tracemalloc.start()
    server.accept()
    assert len(server.get_buffer()) > 0
    server.receive_data(bytes(3 << 20))
    assert server.next_event() is Signal.NEED_DATA
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 16 << 20


def test_07_limits_are_checked_before_the_first_byte() -> None:
    narrow = WireLimits(payload=100, payloads=2)
    for line in (
        b"API_Shape {101}",
        b"API_Shape {1} {1} {1}",
        b"API_Shape {60} {60}",
        b"API_Shape {9;enc=zstd;ulen=101}",
    ):
        found, sent = outcome(line + b"\r\nCTL_STATUS\r\n", narrow)
        assert isinstance(found[0], BadLine)
        assert found[0].error.code is Code.TOO_LONG
        assert isinstance(found[1], Request)
        assert b"R_CONT" not in sent


def test_08_a_stranger_gets_short_lines_few_arguments_and_no_payloads() -> None:
    assert last_error(b"CTL_PING " + b"x" * 1020 + b"\n", PRE_AUTH).code is Code.TOO_LONG
    assert last_error(b"CTL_PING 1 2 3 4 5 6 7 8 9\n", PRE_AUTH).code is Code.TOO_LONG
    assert last_error(b"API_Shape {3}\n", PRE_AUTH).code is Code.AUTH_REQUIRED
    server = ServerConnection(PRE_AUTH)
    server.receive_data(b"CTL_PING\n" * 100)
    events = [server.next_event() for _ in range(PRE_AUTH.in_flight + 1)]
    assert events[-1] is Signal.PAUSED


def test_12_nothing_may_be_pipelined_behind_hello_or_auth() -> None:
    for line in (b"CTL_HELLO LRNAP/1\r\n", b"CTL_AUTH s3cret\r\n"):
        found, sent = outcome(line + b"CTL_RESET\r\n")
        request, hangup = found
        assert isinstance(request, Request)
        assert isinstance(hangup, Hangup)
        assert hangup.error is not None
        assert hangup.error.code is Code.FRAMING
        assert sent == b"R_OK\r\n"


def test_14_a_compression_bomb_stops_at_what_it_announced() -> None:
    packer = zstandard.ZstdCompressor().compressobj()
    bomb = b"".join(packer.compress(bytes(1 << 20)) for _ in range(256)) + packer.flush()
    assert len(bomb) < 1 << 16
    tracemalloc.start()
    with pytest.raises(WireError):
        Payload(len(bomb), enc="zstd", ulen=1000, data=bomb).content()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 100 << 20


@pytest.mark.parametrize("name", sorted(VERBS))
def test_16_no_spelling_of_a_verb_needs_fewer_rights(name: str) -> None:
    bare = name.removeprefix("API_").removeprefix("Lux") if name.startswith("API_") else None
    spellings = [name, name.lower(), name.swapcase()]
    spellings += [] if bare is None else [f"API_{bare}", f"api_lux{bare}", f"API_LUX{bare.lower()}"]
    for spelling in spellings:
        verb = find(spelling)
        assert verb is not None
        assert verb.role is VERBS[name].role
    assert VERBS["CTL_SET"].role is Role.ADMIN


@pytest.mark.parametrize("unit", ['"', "[", "\\", '\\"', "a=", "{1", "#", "-", "1.", " ", "?a", '"a" ', "[1 ", "1e"])
def test_18_reading_a_line_never_takes_the_square_of_its_length(unit: str) -> None:
    """A square of this length would be 10^12 steps: the test would not end."""
    line = '"' + unit * (1_000_000 // len(unit))
    for start in (0, 1):
        with contextlib.suppress(WireError):
            for _ in tokens(line, start, limit=1 << 30):
                pass


def test_18_a_line_that_comes_byte_by_byte_is_searched_once() -> None:
    starts: list[int] = []

    class Watched(bytearray):
        def find(self, sub: bytes, start: int = 0, *end: int) -> int:  # type: ignore[override]
            starts.append(start)
            return super().find(sub, start, *end)

    inbox = Inbox()
    inbox._bytes = Watched()
    for _ in range(2000):
        inbox.receive(b"x", None)
        assert inbox.line(65536) is None
    assert starts == list(range(2000))


def test_19_nothing_a_peer_sends_can_steer_a_terminal_or_forge_a_line() -> None:
    evil = "a\x1b[2J\r\nR_OK\u2028\x9b31m"
    assert printable(evil) == "a [2J R_OK 31m"
    for level in (0, 1):
        for reply in (error(Code.NOT_FOUND, evil, at=evil), text([evil])):
            said = format_reply(reply, level)
            assert b"\x1b" not in said
            assert said.count(b"\r\n") == said.count(b"\n") == (2 if reply.text else 1)
    for line in (b"CTL_STATUS \x1b[2J\r\n", b'CTL_STATUS "\x07"\r\n', b"F\x1bOO\r\n"):
        _, sent = outcome(line)
        assert b"\x1b" not in sent
        assert b"\x07" not in sent


def test_19_a_token_is_never_in_what_a_log_shows() -> None:
    assert "s3cret" not in repr(parse_request('ctl_auth "s3cret"'))
    assert "s3cret" not in repr(outcome(b'ctl_auth "s3cret"\r\n')[0])
    assert "s3cret" not in repr(outcome(b"ctl_auth s3cret s3cret\r\n"))


def test_24_an_unknown_verb_never_succeeds_and_a_scanner_is_cut_off() -> None:
    found, sent = outcome(b"FOO\r\nCTL_STATUS\r\nBAR\r\n")
    assert [type(event) for event in found] == [BadLine, Request, BadLine]
    assert sent.count(b"R_ERROR CODE = E_UNKNOWN_VERB") == 2
    for limits in (PRE_AUTH, POST_AUTH):
        found, _ = outcome(b"FOO\r\n" * 1000 + b"CTL_RESET\r\n", limits)
        assert len(found) == limits.bogus_lines
        assert isinstance(found[-1], Hangup)


def test_a_line_of_a_megabyte_is_answered_once_and_the_session_goes_on() -> None:
    found, sent = outcome(b"x" * (1 << 20) + b"\r\nCTL_STATUS\r\n")
    assert [type(event) for event in found] == [BadLine, Request]
    assert sent.startswith(b"R_ERROR CODE = E_TOO_LONG DESC = the line is longer than 65536 bytes (line=65536)\r\n")
    assert isinstance(outcome(b"x" * (1 << 20) + b"\r\nCTL_STATUS\r\n", level=1)[0][0], Hangup)


def test_a_line_that_cannot_be_read_never_lets_its_payload_run_as_lines() -> None:
    for line in (b'API_Shape "open {11+}', b"FOO\x07 {11+}", b"API_Shape {11+} {1}", b"API_Shape {11+;x=1}"):
        found, _ = outcome(line + b"\r\nCTL_RESET\r\n\r\n")
        assert not any(isinstance(event, Request) for event in found)
    found, _ = outcome(b"FOO {9+}\r\nCTL_RESET\r\nCTL_STATUS\r\n")
    assert [type(event) for event in found] == [BadLine, Request]
    assert isinstance(found[1], Request)
    assert found[1].verb == "CTL_STATUS"
