"""One line of LRNAP: what a person types, and the round trip of every value."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrnap.errors import Code, WireError
from lrnap.wire import Payload, Word, printable, quote
from lrnap.wire.grammar import MAX_NUMBER, Option, decode, format_option, number, tokens


def read(text: str) -> list[object]:
    return list(tokens(text))


@pytest.mark.parametrize(
    ("line", "values"),
    [
        (r'"x:\scene.lxs" "myjob"', ["x:\\scene.lxs", "myjob"]),
        (r'"\\server\share\"', None),
        (r'"\\\\server\\share"', ["\\\\server\\share"]),
        (r'"say \"hello\""', ['say "hello"']),
        ('""', [""]),
        ("0 -4 1 0 -3 1 0 0 1", [0, -4, 1, 0, -3, 1, 0, 0, 1]),
        ('"sphere" "float radius" [2]', ["sphere", "float radius", (2,)]),
        ('"float fov" 35', ["float fov", 35]),
        ('"color Kd" [.7 1. -2.5e-3]', ["color Kd", (0.7, 1.0, -0.0025)]),
        ('"string name"["a" "b"]', ["string name", ("a", "b")]),
        ('["a b]" true]', [("a b]", "true")]),
        ("[ 1\t2 ] []", [(1, 2), ()]),
        ('spp=64 job="my job" ?new=x', [Option("spp", 64), Option("job", "my job"), Option("?new", "x")]),
        ("http://host?a=b x.png", ["http://host?a=b", "x.png"]),
        ("nan infinity 0x10 1e", ["nan", "infinity", "0x10", "1e"]),
        ("1234567890123456789 1e300", [1234567890123456789.0, 1e300]),
        ("{12;dtype=<f4;shape=1,3}", [Payload(12, dtype="<f4", shape=(1, 3))]),
        ("{0+}", [Payload(0, now=True)]),
        ("", []),
        (" \t ", []),
    ],
)
def test_a_line_reads_as_it_looks(line: str, values: list[object] | None) -> None:
    if values is None:
        with pytest.raises(WireError, match="doubled"):
            read(line)
    else:
        assert read(line) == values


@pytest.mark.parametrize(
    ("line", "code", "says"),
    [
        ('"open', Code.SYNTAX, "not closed"),
        ("[1 2", Code.SYNTAX, "not closed"),
        ("[[1]]", Code.SYNTAX, "not closed"),
        ("]", Code.SYNTAX, "opens nothing"),
        ('ab"cd"', Code.SYNTAX, "space is missing at column 3"),
        ('"a""b"', Code.SYNTAX, "space is missing"),
        ('[1 "a"]', Code.TYPE, "either numbers or strings"),
        ("1e999", Code.TYPE, "too large"),
        ("{12", Code.FRAMING, "not closed"),
        ('a "open', Code.SYNTAX, r"at column 3 is not closed"),
        ("a {12", Code.FRAMING, r"at column 3 is not closed"),
        ("a ]", Code.SYNTAX, r"at column 3 opens nothing"),
        ("a [1 2", Code.SYNTAX, r"column 7"),
    ],
)
def test_what_cannot_be_read_is_named(line: str, code: Code, says: str) -> None:
    with pytest.raises(WireError, match=says) as caught:
        read(line)
    assert caught.value.code is code


def test_long_runs_of_digits_stay_words_so_that_hashes_survive() -> None:
    digits = "1" * 64
    assert read(f"sha256={digits}") == [Option("sha256", digits)]
    assert number("1" * MAX_NUMBER) is not None
    assert number("1" * (MAX_NUMBER + 1)) is None


def test_too_many_arguments_stop_at_the_limit() -> None:
    assert len(list(tokens("1 2 3", limit=3))) == 3
    with pytest.raises(WireError, match="args=2") as caught:
        list(tokens("1 2 3", limit=2))
    assert caught.value.code is Code.TOO_LONG


@pytest.mark.parametrize(
    "line", [b"\xff\xfe", b"a\x00b", b"a\x1b[31m", b"a\rb", b"\x7f", "\x9b".encode(), b"\xed\xa0\x80"]
)
def test_only_clean_utf8_is_text(line: bytes) -> None:
    with pytest.raises(WireError) as caught:
        decode(line)
    assert caught.value.code is Code.SYNTAX


def test_a_tab_is_a_space() -> None:
    assert decode(b"CTL_LOG\t5") == "CTL_LOG\t5"
    assert read("a\tb") == ["a", "b"]


TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]) | st.sampled_from('"\\{}[]= #-\t'))
NUMBER = st.integers(-(10**18) + 1, 10**18 - 1) | st.floats(allow_nan=False, allow_infinity=False)
VALUE = TEXT | TEXT.map(Word) | NUMBER | st.lists(NUMBER).map(tuple) | st.lists(TEXT).map(tuple)


@given(VALUE)
def test_reading_a_quoted_value_gives_it_back(value: object) -> None:
    assert read(quote(value)) == [value]  # type: ignore[arg-type]


@given(TEXT | TEXT.map(Word) | NUMBER)
def test_reading_an_option_gives_it_back(value: str | float) -> None:
    assert read(format_option("key", value)) == [Option("key", value)]


@given(st.text())
def test_whatever_a_line_holds_only_wire_errors_leave(text: str) -> None:
    with contextlib.suppress(WireError):
        read(text)


@given(st.text(st.sampled_from('a1.-+e"\\{}[];=< #\t~'), max_size=40))
def test_whatever_the_punctuation_only_wire_errors_leave(text: str) -> None:
    with contextlib.suppress(WireError):
        read(text)


@given(st.text())
def test_printable_text_is_one_line_and_stays_as_it_is(text: str) -> None:
    once = printable(text)
    assert once == printable(once)
    assert once.isprintable() or not any(ord(c) < 32 or 127 <= ord(c) < 160 for c in once)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "a\nb", "\x1b[0m", "\ud800"])
def test_what_no_line_can_carry_is_refused_before_it_is_sent(value: str | float) -> None:
    with pytest.raises(WireError):
        quote(value)


def test_words_stay_bare_and_text_is_quoted() -> None:
    assert [quote(v) for v in (Word("RENDERING"), Word("two words"), Word("12"), Word("a=b"), "x", True, 10**20)] == [
        "RENDERING", '"two words"', '"12"', '"a=b"', '"x"', "true", "1e+20",
    ]  # fmt: skip
    assert repr(Word("x")) == "Word('x')"


def test_an_option_needs_a_proper_name() -> None:
    with pytest.raises(WireError, match="name of an option"):
        format_option("two words", 1)
