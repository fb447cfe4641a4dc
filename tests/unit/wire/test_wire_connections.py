"""The two machines: wired together, cut anywhere, and each alone at its edges."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wire_pair import Pair, events, serve

from lrnap.errors import Code, WireError
from lrnap.limits import POST_AUTH, PRE_AUTH, WireLimits
from lrnap.wire import (
    BadLine,
    ClientConnection,
    Hangup,
    Offer,
    Payload,
    Reply,
    Request,
    ServerConnection,
    Signal,
    State,
    Word,
    error,
    event,
    film,
    frames,
    ok,
    status,
    text,
)

MESH = bytes(range(256)) * 600  # 153,600 bytes: more than may be sent without waiting


def server_after(data: bytes, cut: int = 1 << 30, **options: object) -> tuple[ServerConnection, list[object]]:
    """A server that was sent `data` in pieces of `cut` bytes, answering as it goes; and its events."""
    server = ServerConnection(**options)  # type: ignore[arg-type]
    found: list[object] = []
    for start in range(0, len(data), cut):
        server.receive_data(data[start : start + cut])
        found += serve(server)
    return server, found


# --- together


@pytest.mark.parametrize("cut", [1, 7, 1 << 30])
def test_a_session_of_a_person(cut: int) -> None:
    def answer(request: Request) -> Reply:
        return status("RENDERING", jobname="myjob") if request.verb == "CTL_STATUS" else ok()

    pair = Pair(answer, cut)
    assert pair.ask("API_LuxParse", "x:\\scene.lxs", "myjob") == [ok()]
    assert pair.ask("ctl_status") == [status("RENDERING", jobname="myjob")]
    assert [request.verb for request in pair.served] == ["API_LuxParse", "CTL_STATUS"]  # type: ignore[attr-defined]


@pytest.mark.parametrize("cut", [1, 1000, 1 << 30])
def test_small_payloads_go_at_once_and_large_ones_wait_for_the_server(cut: int) -> None:
    if cut == 1:
        small, large = b"abc", bytes(66000)
    else:
        small, large = b"abc" * 1000, MESH
    pair = Pair(cut=cut).hello()
    assert pair.ask("API_Shape", "mesh", "string x", Payload.of(small), "y", Payload.of(b""), tag="1") == [ok(tag="1")]
    assert b"{" + str(len(small)).encode() + b"+}" in pair.to_server
    assert b"R_CONT" not in pair.to_client
    shape = Payload.of(large, dtype="|u1")
    assert pair.ask("API_Shape", "mesh", "point P", shape, tag="2") == [ok(tag="2")]
    assert b"R_CONT #2\r\n" in pair.to_client
    requests = [event for event in pair.served if isinstance(event, Request)]
    assert [bytes(payload.content()) for request in requests for payload in request.payloads] == [small, b"", large]
    assert sum(isinstance(event, Offer) for event in pair.served) == 2


def test_requests_behind_a_waiting_payload_wait_too() -> None:
    pair = Pair().hello()
    for tag, args in (("1", ("mesh", Payload.of(MESH))), ("2", ("sphere",))):
        pair.client.send(Request("API_Shape", args, {}, tag))
    assert pair.client.unanswered == 2
    line = b"".join(pair.client.data_to_send())
    assert line == b'#1 API_Shape "mesh" {153600}\r\n'
    pair.server.receive_data(line)
    pair.served += serve(pair.server)
    pair.client.receive_data(b"".join(pair.server.data_to_send()))
    assert events(pair.client) == []
    assert pair.exchange() == [ok(tag="1"), ok(tag="2")]


def test_hello_unlocks_tags_on_both_sides() -> None:
    pair = Pair(lambda request: ok(Word("LRNAP/1.0"), node="n7"))
    assert pair.ask("CTL_HELLO", "LRNAP/1", client="x/2.1") == [ok(Word("LRNAP/1.0"), node="n7")]
    assert (pair.client.level, pair.server.level) == (1, 1)


def test_a_refused_hello_leaves_level_0() -> None:
    pair = Pair(lambda request: error(Code.VERSION, "only LRNAP/1 is spoken here"))
    (reply,) = pair.ask("CTL_HELLO", "LRNAP/9")
    assert reply.code is Code.VERSION
    assert (pair.client.level, pair.server.level) == (0, 0)
    with pytest.raises(ValueError, match="level 1"):
        pair.client.send(Request("CTL_STATUS", tag="1"))


@pytest.mark.parametrize("cut", [1, 1 << 30])
def test_text_and_film_at_level_0(cut: int) -> None:
    data = bytes(range(100))
    answers = {"CTL_LOG": text(["one", "", "R_OK"]), "CTL_JOBS": text([]), "API_DumpFilmBuffer": film("X", 5, 5, data)}
    pair = Pair(lambda request: answers[request.verb], cut)
    assert pair.ask("CTL_LOG") == [text(["one", "", "R_OK"])]
    assert pair.ask("CTL_JOBS")[0].text == ()
    (dump,) = pair.ask("API_DumpFilmBuffer")
    assert bytes(dump.data or b"") == data
    assert dump.fields == film("X", 5, 5, data).fields
    assert pair.to_client.endswith(b"LENGTH = 100 DATA FOLLOWS\r\n" + data)


def test_a_film_at_level_1_arrives_where_it_is_wanted() -> None:
    data = MESH * 16
    pair = Pair().hello()
    pair.answer = lambda request: film("X", 5, 5, data, tag=request.tag)
    room = memoryview(bytearray(len(data)))
    pair.client.send(Request("API_DumpFilmBuffer", tag="9"), into=room)
    *parts, last = pair.exchange()
    assert room == data
    assert [part.word for part in parts] == ["R_DATA"] * 3
    assert last.fields["sha256"] == hashlib.sha256(data).hexdigest()
    assert pair.client.unanswered == pair.server.unanswered == 0


def test_a_status_is_answered_between_two_frames_of_a_film() -> None:
    pair = Pair().hello()
    for tag in ("1", "2"):
        pair.server.receive_data(f"#{tag} CTL_STATUS\r\n".encode())
    assert len(events(pair.server)) == 2
    first, *rest = frames(film("X", 1, 1, b"abcdef", tag="1"), size=4)
    for reply in (first, status("IDLE", tag="2"), event(1, 1, "state"), *rest):
        pair.server.send(reply)
    for tag in ("1", "2"):
        pair.client.send(Request("CTL_STATUS", tag=tag))
    for piece in pair.server.data_to_send():
        pair.client.receive_data(piece)
    words = [(reply.word, reply.tag) for reply in events(pair.client)]  # type: ignore[attr-defined]
    assert words == [("R_DATA", "1"), ("R_STATUS", "2"), ("R_EVENT", None), ("R_DATA", "1"), ("R_OK", "1")]


# --- cut anywhere

LINES = st.lists(
    st.sampled_from(
        [
            b"CTL_STATUS\r\n",
            b'API_Shape "sphere" "float radius" [2]\n',
            b"nonsense\r\n",
            b"\r\n",
            b"\xff\xfe\r\n",
            b"CTL_PING " + b"x" * 200 + b"\n",
            b"CTL_PING " + b"y" * 119 + b"\r\n",
            b"CTL_PING " + b"z" * 120 + b"\r\n",
            b"API_Shape {3+} {0+}\r\nabc\r\n\r\n",
            b"API_Shape {5}\r\nhello\r\n",
            b"API_Shape {3+} [\r\n",
            b"API_Shape {3+} {1}\r\n",
            b"API_Shape {2+}\r\nabc\r\n",
            b"CTL_STATUS {3+}\r\nabc\r\n",
            b"CTL_STATUS {3}\r\n",
            b"CTL_STATUS {99999+}\r\n",
            b"#1 CTL_STATUS\r\n",
        ]
    ),
    max_size=6,
)
NARROW = WireLimits(line=128, payload=1 << 17, bogus_lines=4)


def comparable(events: list[object]) -> list[object]:
    """Events as values: errors by their text, payloads with their bytes."""
    return [
        (repr(event), [bytes(payload.data or b"") for payload in event.payloads])
        if isinstance(event, Request)
        else repr(event)
        for event in events
    ]


@given(LINES.map(b"".join) | st.binary(max_size=80), st.sampled_from([1, 2, 3, 5, 17]))
@settings(max_examples=200)
def test_any_cut_of_a_stream_gives_the_same_events(data: bytes, cut: int) -> None:
    whole = server_after(data, limits=NARROW)
    pieces = server_after(data, cut, limits=NARROW)
    assert comparable(whole[1]) == comparable(pieces[1])
    assert b"".join(whole[0].data_to_send()) == b"".join(pieces[0].data_to_send())
    assert whole[0].state is pieces[0].state


@given(LINES.map(b"".join), st.integers(1, 50))
def test_receiving_in_place_is_the_same_as_receiving_bytes(data: bytes, most: int) -> None:
    server, found, at = ServerConnection(NARROW), list[object](), 0
    while at < len(data):
        buffer = server.get_buffer()
        count = min(len(buffer), most, len(data) - at)
        buffer[:count] = data[at : at + count]
        server.buffer_updated(count)
        found += serve(server)
        at += count
    assert comparable(found) == comparable(server_after(data, limits=NARROW)[1])


REPLIES = st.lists(
    st.sampled_from(
        [ok(), status("IDLE"), text(["a", "b"]), text([]), film("X", 1, 1, b"12345"), error(Code.BUSY, "later")]
    ),
    max_size=5,
)


@given(REPLIES, st.sampled_from([1, 2, 3, 17]))
def test_any_cut_of_the_replies_gives_the_same_replies(replies: list[Reply], cut: int) -> None:
    pair = Pair(cut=cut)
    for _ in replies:
        pair.client.send(Request("CTL_STATUS"))
    queue = iter(replies)
    pair.answer = lambda request: next(queue)
    assert pair.exchange() == replies


@given(st.binary(max_size=60), st.sampled_from([0, 1]), st.sampled_from([b"", b"R_OK LINES = 2\r\n", b"R_OK #1 "]))
def test_whatever_arrives_no_exception_leaves(data: bytes, level: int, start: bytes) -> None:
    server = ServerConnection(NARROW, level=level)
    server.receive_data(data)
    server.receive_eof()
    serve(server)
    client = ClientConnection(NARROW, level=level)
    client.send(Request("CTL_STATUS", tag="1" if level else None))
    client.receive_data(start + data)
    client.receive_eof()
    assert events(client)[-1] is Signal.CLOSED


# --- the server alone


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


# --- the client alone


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
