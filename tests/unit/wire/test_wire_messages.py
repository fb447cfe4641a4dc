"""Replies at both levels: the exact texts that a person sees, and the round trip that a program relies on."""

from __future__ import annotations

import contextlib
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_wire_grammar import NUMBER, TEXT, VALUE

from lrnap.errors import Code, RemoteError, SceneError, WireError
from lrnap.wire import (
    Payload,
    Reply,
    Request,
    Word,
    error,
    error_of,
    event,
    film,
    frames,
    gap,
    info,
    ok,
    status,
    text,
)  # fmt: skip
from lrnap.wire.messages import format_reply, format_request, parse_reply, parse_request


def lines(reply: Reply, level: int = 0) -> list[str]:
    return format_reply(reply, level).decode().split("\r\n")[:-1]


@pytest.mark.parametrize(
    ("reply", "level_0", "level_1"),
    [
        (ok(tag="7"), "R_OK", "R_OK #7"),
        (
            info("LINUX_X86_64", 24576, 2, tag="7"),
            "R_INFO LR V1.0 - PLATFORM LINUX_X86_64 - RAM 24576MB - CPU 2",
            "R_INFO #7 LR V1.0 platform=LINUX_X86_64 ram=24576MB cpu=2",
        ),
        (status("IDLE"), "R_STATUS IDLE", "R_STATUS IDLE"),
        (
            status("RENDERING", tag="7", jobname="myjob", thread=2, samples=10738494324),
            'R_STATUS RENDERING JOBNAME "myjob" THREAD 2 SAMPLES 10738494324',
            'R_STATUS #7 RENDERING jobname="myjob" thread=2 samples=10738494324',
        ),
        (
            error(Code.NOT_FOUND, "File not found: x:\\scene.lxs", tag="7"),
            "R_ERROR CODE = E_NOT_FOUND DESC = File not found: x:\\scene.lxs",
            'R_ERROR #7 code=E_NOT_FOUND number=15 blame=client retry=no desc="File not found: x:\\\\scene.lxs"',
        ),
        (
            error_of(SceneError("no such material", at="scene.lxs:41:7")),
            'R_ERROR CODE = E_SCENE AT = "scene.lxs:41:7" DESC = no such material',
            'R_ERROR code=E_SCENE number=23 blame=scene retry=no at="scene.lxs:41:7" desc="no such material"',
        ),
        (
            film("SPECTRUM_FLOAT32_RGBA", 800, 600, bytes(7680000)),
            "R_OK FILM = SPECTRUM_FLOAT32_RGBA DIMX = 800 DIMY = 600 LENGTH = 7680000 DATA FOLLOWS",
            "R_OK film=SPECTRUM_FLOAT32_RGBA dimx=800 dimy=600 length=7680000",
        ),
        (event(3, 812, "stats", spp=4.5), "R_EVENT SUB = 3 SEQ = 812 TYPE = stats SPP = 4.5",
         "R_EVENT sub=3 seq=812 type=stats spp=4.5"),
        (gap(3, 5, 9), "R_EVENT SUB = 3 SEQ = 9 TYPE = gap FROM = 5 TO = 9",
         "R_EVENT sub=3 seq=9 type=gap from=5 to=9"),
    ],
)  # fmt: skip
def test_a_reply_is_spelled_as_documented(reply: Reply, level_0: str, level_1: str) -> None:
    assert lines(reply, 0) == [level_0]
    assert lines(reply, 1) == [level_1]


def test_text_says_how_many_lines_follow() -> None:
    reply = text(["one\r\nR_ERROR forged", "\x1b[31mtwo"])
    assert lines(reply) == ["R_OK LINES = 2", "one R_ERROR forged", "[31mtwo"]
    assert lines(reply, 1)[0] == "R_OK lines=2"


KEY = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True).filter(lambda key: key not in ("lines", "length"))
FIELDS = st.dictionaries(KEY, TEXT | TEXT.map(Word) | NUMBER, max_size=4)
TAG = st.from_regex(r"[A-Za-z0-9-]{1,16}", fullmatch=True)
LINE = TEXT.map(lambda text: text.strip(" "))
REPLY = (
    st.builds(Reply, st.just("R_OK"), st.lists(TEXT | NUMBER, max_size=2).map(tuple), FIELDS)
    | st.builds(lambda state, fields: status(state, **fields), st.sampled_from(["IDLE", "ERROR"]), FIELDS)
    | st.builds(lambda fields: Reply("R_INFO", (Word("LR"), Word("V1.0")), fields), FIELDS)
    | st.builds(error, st.sampled_from(Code), TEXT, at=st.none() | TEXT)
)


@given(REPLY)
def test_reading_a_reply_gives_it_back_at_level_0(reply: Reply) -> None:
    (line,) = lines(reply, 0)
    assert parse_reply(line, 0) == reply


@given(REPLY, st.none() | TAG)
def test_reading_a_reply_gives_it_back_at_level_1(reply: Reply, tag: str | None) -> None:
    tagged = Reply(reply.word, reply.args, reply.fields, tag)
    (line,) = lines(tagged, 1)
    assert parse_reply(line, 1) == tagged


@given(
    st.sampled_from(["CTL_STATUS", "API_Shape", "API_LuxParse"]),
    st.lists(VALUE, max_size=5).map(tuple),
    st.dictionaries(KEY, TEXT | NUMBER, max_size=3),
    st.none() | TAG,
)
def test_reading_a_request_gives_it_back(verb: str, args: tuple, options: dict, tag: str | None) -> None:
    request = Request(verb, args, options, tag)
    line = format_request(request)
    assert line.endswith(b"\r\n")
    assert parse_request(line[:-2].decode()) == request


@given(
    st.text(), st.sampled_from([0, 1]), st.sampled_from(["", "R_OK ", "R_ERROR ", "R_INFO ", "R_STATUS ", "R_OK #1 "])
)
def test_whatever_a_server_says_only_wire_errors_leave(said: str, level: int, start: str) -> None:
    with contextlib.suppress(WireError):
        parse_reply(start + said, level)


def test_errors_of_other_servers_are_understood_too() -> None:
    assert parse_reply("R_ERROR DESC = File not found", 0).fields["desc"] == "File not found"
    assert parse_reply("R_ERROR what now", 0).code is Code.INTERNAL
    newer = parse_reply("R_ERROR CODE = E_BRAND_NEW DESC = hm", 0)
    assert newer.code is Code.INTERNAL
    assert newer.fields["code"] == "E_BRAND_NEW"
    assert lines(Reply("R_ERROR", (), {"desc": "bare"})) == ["R_ERROR DESC = bare"]


def test_an_error_becomes_an_exception_with_code_and_place() -> None:
    with pytest.raises(RemoteError, match=r"a\.lxs:1:2: bad") as caught:
        error(Code.SCENE, "bad", at="a.lxs:1:2").check()
    assert caught.value.code is Code.SCENE
    good = ok()
    assert good.check() is good
    assert good.final
    assert not event(1, 1, "log").final


def test_what_is_no_reply_is_a_fatal_error() -> None:
    with pytest.raises(WireError, match="not a reply"):
        parse_reply("HTTP/1.1 200 OK", 0)


def test_a_film_travels_in_frames_that_describe_it_and_a_hash_that_closes_it() -> None:
    data = bytes(range(256)) * 10
    first, second, third, last = frames(film("X", 8, 8, data, tag="7"), offset=100, size=1000)
    assert [lines(frame, 1) for frame in (first, second)] == [
        ["R_DATA #7 off=100 len=1000 film=X dimx=8 dimy=8 length=2560"],
        ["R_DATA #7 off=1100 len=1000"],
    ]
    assert b"".join(bytes(frame.data or b"") for frame in (first, second, third)) == data
    assert last.fields["sha256"] == hashlib.sha256(data).hexdigest()
    assert last.fields["len"] == 2560
    with pytest.raises(ValueError, match="no data"):
        next(frames(ok()))


def test_a_request_finds_its_payloads() -> None:
    payload = Payload.of(b"abc")
    assert Request("API_Shape", ("mesh", payload)).payloads == (payload,)


def test_what_a_reply_should_not_hold_is_passed_over() -> None:
    assert parse_reply("R_OK #1 [1 2] x {3}", 1) == Reply("R_OK", ("x",), {}, "1")
    assert parse_reply("R_INFO LR [1] - CPU 2 - ODD", 0) == Reply("R_INFO", ("LR",), {"cpu": 2})


def test_no_line_of_text_is_longer_than_a_client_takes() -> None:
    for reply in (text(['"' * 100_000]), error(Code.SYNTAX, "\U0001f600" * 100_000, at="x" * 100_000)):
        assert all(len(line.encode()) < 65536 for level in (0, 1) for line in lines(reply, level))
