"""The table of verbs, and requests compared with it."""

from __future__ import annotations

import pytest

from lrnap.errors import Code, WireError
from lrnap.limits import POST_AUTH, PRE_AUTH
from lrnap.wire import LUX_CALL, VERBS, Kind, Role, Verb, find
from lrnap.wire.check import check_payloads, check_request
from lrnap.wire.messages import FINAL, Request, parse_request
from lrnap.wire.verbs import canonical

H = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"


def check(line: str, level: int = 1) -> Request:
    return check_request(parse_request(line), level)


@pytest.mark.parametrize("verb", [*VERBS.values(), LUX_CALL], ids=lambda verb: verb.name)
def test_every_row_is_complete_and_its_example_works(verb: Verb) -> None:
    assert check(verb.example).spec is verb
    assert verb.help
    assert not verb.help.endswith(".")
    assert verb.reply in FINAL
    assert verb.name in verb.usage
    assert not any(argument.repeated for argument in verb.args[:-1])
    assert [a.optional for a in verb.args] == sorted(a.optional for a in verb.args)


@pytest.mark.parametrize("name", sorted(VERBS))
def test_a_verb_has_the_same_row_in_every_spelling(name: str) -> None:
    bare = name.replace("API_Lux", "API_")
    spellings = {
        name,
        name.lower(),
        name.upper(),
        bare,
        bare.replace("API_", "API_Lux"),
        bare.replace("API_", "api_lux"),
    }
    assert {find(spelling) for spelling in spellings} == {VERBS[name]}
    assert {canonical(spelling) for spelling in spellings} == {name}


@pytest.mark.parametrize(
    ("typed", "call"),
    [("API_Shape", "Shape"), ("API_LuxShape", "Shape"), ("api_luxworldbegin", "worldbegin"), ("API_lux", "lux")],
)
def test_any_other_api_verb_is_a_lux_call(typed: str, call: str) -> None:
    request = check(f"{typed} 1")
    assert request.spec is LUX_CALL
    assert request.call == call
    assert check("API_Render").call is None


@pytest.mark.parametrize("verb", ["FOO", "API_", "CTL_", "CTL_STATUSES", "__class__", "API"])
def test_an_unknown_verb_is_said_to_be_one(verb: str) -> None:
    with pytest.raises(WireError, match="there is no verb") as caught:
        check(verb)
    assert caught.value.code is Code.UNKNOWN_VERB
    with pytest.raises(WireError, match="there is no verb"):
        Request(verb).spec  # noqa: B018


@pytest.mark.parametrize(
    ("line", "code", "says"),
    [
        ("CTL_INFO now", Code.ARGS, "1 arguments do not fit: CTL_INFO"),
        ("API_LuxParse", Code.ARGS, r"API_LuxParse <file> \[<job>\]"),
        ("CTL_STATUS 42", Code.TYPE, 'goes in quotes: "42"'),
        ("CTL_LOG many", Code.TYPE, "<lines> is a whole number"),
        ("CTL_LOG -1", Code.TYPE, "<lines> is a whole number"),
        ("CTL_SUBSCRIBE weather", Code.TYPE, "one of state, stats, log"),
        ("API_Render spp=many", Code.TYPE, "spp= is a number"),
        ("API_Render spp=-1", Code.TYPE, "spp= is a number"),
        ("API_Render speed=9", Code.ARGS, "no option speed"),
        ("API_Render spp=1 spp=2", Code.ARGS, "given twice"),
        ("API_Render spp=1 ?spp=2", Code.ARGS, "given twice"),
        ("API_DumpFilmBuffer format=bmp", Code.TYPE, "one of accum"),
        ("API_DumpFilmBuffer range=5", Code.TYPE, "first-last"),
        ("ASSET_HAVE abc", Code.TYPE, "SHA-256"),
        ("ASSET_PUT {4}", Code.ARGS, "needs sha256="),
        (f"ASSET_PUT 4 sha256={H}", Code.TYPE, "a payload"),
        ("CTL_SET a=1 b", Code.SYNTAX, "come last"),
        ('"CTL_INFO"', Code.SYNTAX, "begins with a verb"),
        ("12", Code.SYNTAX, "begins with a verb"),
        ("#", Code.SYNTAX, "a tag is"),
        ("#7", Code.SYNTAX, "a tag is"),
        ("#12345678901234567 CTL_INFO", Code.SYNTAX, "a tag is"),
    ],
)
def test_a_request_that_does_not_fit_is_told_why(line: str, code: Code, says: str) -> None:
    with pytest.raises(WireError, match=says) as caught:
        check(line)
    assert caught.value.code is code


def test_an_unknown_option_may_be_marked_as_one_to_ignore() -> None:
    assert check("API_Render ?glow=9 ?spp=2").options == {"spp": 2}


def test_level_0_knows_neither_tags_nor_subscriptions() -> None:
    for line in ("#7 CTL_STATUS", "CTL_SUBSCRIBE state"):
        with pytest.raises(WireError, match="CTL_HELLO") as caught:
            check(line, level=0)
        assert caught.value.code is Code.STATE


def test_before_authentication_only_harmless_verbs_are_allowed() -> None:
    assert {name for name, verb in VERBS.items() if verb.role is Role.NONE} == {
        "CTL_HELLO", "CTL_AUTH", "CTL_HELP", "CTL_PING", "CTL_QUIT",
    }  # fmt: skip
    assert LUX_CALL.role is Role.SUBMIT
    with pytest.raises(WireError) as caught:
        check_payloads(check(f"ASSET_PUT {{4}} sha256={H}"), PRE_AUTH)
    assert caught.value.code is Code.AUTH_REQUIRED


def test_what_is_an_asset_counts_against_the_bound_of_payloads() -> None:
    """A line may not have more read from the disk than it may send."""
    line = f'API_Shape "trianglemesh" "point P" {{{3 << 30};asset={H}}} "normal N" {{{3 << 30};asset={H}}}'
    for limits in (POST_AUTH, PRE_AUTH):
        with pytest.raises(WireError, match="payload=") as caught:
            check_payloads(check(line), limits)
        assert caught.value.code is Code.TOO_LONG
    with pytest.raises(WireError) as caught:
        check(f"ASSET_PUT {{4;asset={H}}} sha256={H}")
    assert caught.value.code is Code.TYPE


def test_every_kind_of_argument_is_used() -> None:
    used = {spec.kind for verb in (*VERBS.values(), LUX_CALL) for spec in (*verb.args, *verb.options)}
    assert used == set(Kind)


def test_a_log_never_shows_a_token() -> None:
    assert "s3cret" not in repr(check('CTL_AUTH "s3cret"'))
    assert "s3cret" not in repr(check('CTL_ADDNODE lrnaps://n7 fingerprint="sha256:0" token="s3cret"'))
    assert "myjob" in repr(check('CTL_STATUS "myjob"'))
