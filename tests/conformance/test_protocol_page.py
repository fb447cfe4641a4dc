"""docs/protocol.md says what the tables say, and its sessions can be read."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest
from transcript import Do, Session, Step, sessions

from lrnap.errors import WireError
from lrnap.limits import POST_AUTH, PRE_AUTH
from lrnap.wire import LUX_CALL, VERBS, Status
from lrnap.wire.check import check_payloads, check_request
from lrnap.wire.help import errors_markdown, explain, overview, verbs_markdown
from lrnap.wire.messages import WORDS, parse_request, split_tag

PAGE = Path(__file__).resolve().parents[2] / "docs" / "protocol.md"
SESSIONS = list(sessions(PAGE))


def limits_markdown() -> str:
    rows = (
        f"| `{field.name}` | {getattr(PRE_AUTH, field.name):,} | {getattr(POST_AUTH, field.name):,} |"
        for field in fields(PRE_AUTH)
    )
    return "\n".join(["| limit | before authentication | after it |", "|---|---|---|", *rows])


@pytest.mark.parametrize(
    ("section", "made"),
    [("errors", errors_markdown()), ("verbs", verbs_markdown()), ("limits", limits_markdown())],
    ids=["errors", "verbs", "limits"],
)
def test_the_reference_sections_are_those_of_the_tables(section: str, made: str) -> None:
    _, rest = PAGE.read_text(encoding="utf-8").split(f"<!-- {section}: made from the table -->\n")
    written, _ = rest.split("<!-- end -->", 1)
    assert written.strip() == made.strip()


def test_the_page_names_every_state_and_verb() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert all(f"| `{status.value}` |" in page for status in Status)
    assert all(f"### {verb}\n" in page for verb in VERBS)


def test_help_names_every_verb_and_explains_each() -> None:
    assert len(overview()) == len(VERBS) + 1
    for verb in (*VERBS.values(), LUX_CALL):
        lines = explain(verb)
        assert lines[0] == verb.usage
        assert all(any(f"{option.name}=" in line for line in lines[3:]) for option in verb.options)


def test_the_session_that_everything_began_with_is_on_the_page() -> None:
    sent = [step.text for step in SESSIONS[0].steps if step.do in (Do.SEND, Do.ASK_UNTIL)]
    assert sent[:5] == [
        "CTL_INFO",
        "CTL_STATUS",
        'API_LuxParse "x:\\scene.lxs" "myjob"',
        "API_LuxCleanup",
        "API_Render",
    ]
    assert len({session.name for session in SESSIONS}) == len(SESSIONS)


@pytest.mark.parametrize("session", SESSIONS, ids=lambda session: session.name)
def test_every_line_of_a_session_is_one_the_wire_understands(session: Session) -> None:
    """Requests that the page shows as wrong are answered with an error there; all others fit the table."""
    level = 0
    for step, following in zip(session.steps, [*session.steps[1:], None], strict=True):
        if step.do not in (Do.SEND, Do.ASK_UNTIL):
            continue
        try:
            request = check_request(parse_request(step.filled({"sub": "3"})), level)
            check_payloads(request, POST_AUTH)
        except WireError as error:
            assert following is not None
            assert error.code.wire_name in following.text
            continue
        level = 1 if request.verb == "CTL_HELLO" else level


@pytest.mark.parametrize("session", SESSIONS, ids=lambda session: session.name)
def test_every_reply_of_a_session_is_of_its_level(session: Session) -> None:
    """Level 1 begins with the reply to the hello; from there on each reply has a tag that was sent."""
    tags: set[str] = set()
    level = 0
    for step in session.steps:
        if step.do in (Do.SEND, Do.ASK_UNTIL):
            tag, _ = split_tag(step.text)
            tags |= {f"#{tag}"} if tag else set()
        elif step.do in (Do.EXPECT, Do.UNTIL):
            word, *rest = step.text.split(" ")
            assert word in WORDS
            greets = rest[:1] == ["LRNAP/1.0"]
            assert (bool(rest) and rest[0] in tags) is (level == 1 and not greets)
            level = 1 if greets else level


@pytest.mark.parametrize(
    ("pattern", "said", "fits"),
    [
        ("R_OK", "R_OK", True),
        ("R_OK", "R_OK x", False),
        ("R_OK *", "R_OK x y", True),
        ("*a.b*", "xa.by", True),
        ("*a.b*", "xazby", False),
        ("LENGTH = <n>", "LENGTH = 12", True),
        ("LENGTH = <n>", "LENGTH = 1 2", False),
        ("<a> <a>", "1 1", None),
    ],
)
def test_a_pattern_takes_what_it_should(pattern: str, said: str, fits: bool | None) -> None:
    step = Step(Do.EXPECT, pattern, 1)
    if fits is None:
        with pytest.raises(Exception, match="redefinition"):
            step.matches(said, {})
    else:
        assert step.matches(said, {}) is fits


def test_what_a_pattern_found_is_remembered() -> None:
    known: dict[str, str] = {}
    assert Step(Do.EXPECT, "R_OK sub=<sub>*", 1).matches("R_OK sub=7", known)
    assert known == {"sub": "7"}
    assert Step(Do.SEND, "CTL_UNSUBSCRIBE <sub>", 2).filled(known) == "CTL_UNSUBSCRIBE 7"
    assert Step(Do.EXPECT_BYTES, "<sub>", 3).count(known) == 7
    assert not Step(Do.EXPECT, "R_OK <sub>", 4).matches("R_OK 8", known)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("```lrnap\n```", "begins with"),
        ("```lrnap name=a\nX: a\n```", "line 2: no step begins with"),
        ("```lrnap name=a\nC:a\n```", "space is missing"),
        ("```lrnap name=a\nC: a", "not closed"),
        ("```lrnap name=a\nC? a\nS: b\n```", "go together"),
        ("```lrnap name=a\nS? b\n```", "has no C"),
    ],
)
def test_what_is_not_in_the_notation_is_named(tmp_path: Path, text: str, says: str) -> None:
    page = tmp_path / "page.md"
    page.write_text(text)
    with pytest.raises(ValueError, match=says):
        list(sessions(page))
