"""The two sides of a connection, wired together and cut anywhere."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wire_pair import NARROW, Pair, events, serve, server_after

from lrnap.errors import Code
from lrnap.wire import (
    ClientConnection,
    Offer,
    Payload,
    Reply,
    Request,
    ServerConnection,
    Signal,
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


@pytest.mark.parametrize("size", [3, 66000])
def test_what_is_an_asset_is_followed_by_nothing(size: int) -> None:
    """Whatever stands before or behind it on its line."""
    asset, sent = Payload(12000, dtype="<f4", shape=(1000, 3), asset="ab" * 32), Payload.of(bytes(size))
    pair = Pair().hello()
    for tag, values in (("1", (asset,)), ("2", (asset, sent)), ("3", (sent, asset, sent))):
        assert pair.ask("API_Shape", "mesh", *values, tag=tag) == [ok(tag=tag)]
    requests = [event for event in pair.served if isinstance(event, Request) and event.call]
    assert [[len(p.content()) for p in request.payloads] for request in requests] == [[], [size], [size, size]]
    assert [request.assets for request in requests] == [(asset,)] * 3


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
