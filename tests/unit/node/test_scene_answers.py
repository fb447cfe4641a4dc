"""What a node answers to calls of a scene, above all to wrong ones."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from answering import CALLS, hello, rendering
from nodes import PATIENCE, Served, Talk

from lrnap.lux import reader
from lrnap.lux.call import Call


def test_a_wrong_call_changes_nothing_and_a_person_tries_again(node: Served, talk: Talk) -> None:
    for line in CALLS[:4]:
        assert talk.ask(line) == "R_OK"
    assert talk.ask('API_Shape "spehre"').startswith("R_ERROR CODE = E_SCENE DESC = ")
    assert talk.ask('API_Film "fleximage"').startswith("R_ERROR CODE = E_SCENE DESC = ")
    assert talk.ask("API_Render").startswith("R_ERROR CODE = E_SCENE DESC = the scene is incomplete")
    assert talk.all(*CALLS[4:])[-1].startswith("R_OK JOBNAME")
    assert talk.ask("API_Render") == "R_OK"
    assert len(node.engine.scenes[0].calls) == len(CALLS)


def test_a_program_fails_once(node: Served, talk: Talk) -> None:
    hello(talk)
    lines = [*CALLS[:4], "API_AttributeEnd", *CALLS[4:], "API_Render"]
    talk.send(*(f"#{i} {line}" for i, line in enumerate(lines)))
    codes = [line.split()[2] if line.startswith("R_ERROR") else "R_OK" for line in talk.lines(len(lines))]
    assert codes == ["R_OK"] * 4 + ["code=E_SCENE"] + ["code=E_SKIPPED"] * (len(lines) - 5)
    assert talk.ask("#1 CTL_STATUS").startswith("R_STATUS #1 PARSING")
    assert talk.ask("#1 API_Sync") == "R_OK #1"
    assert talk.ask(f"#1 {CALLS[4]}") == "R_OK #1"
    assert talk.ask("#1 API_Nonsense").startswith("R_ERROR #1 code=E_UNKNOWN_VERB")
    assert talk.ask("#1 API_LuxInit") == "R_OK #1"
    assert talk.ask(f"#1 {CALLS[0]}") == "R_OK #1"


@pytest.fixture
def go_on(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Scene files are not read before it is set."""
    event, read = threading.Event(), reader.read

    def slowly(*args: Any, **options: Any) -> Iterator[Call]:
        assert event.wait(PATIENCE)
        yield from read(*args, **options)

    monkeypatch.setattr(reader, "read", slowly)
    return event


def test_a_node_answers_while_it_reads_a_scene(node: Served, talk: Talk, go_on: threading.Event) -> None:
    talk.send('API_LuxParse "scene.lxs" "slow"')
    with node.talk() as other:
        assert other.until("CTL_STATUS", "R_STATUS PARSING").endswith('JOBNAME "slow"')
        assert other.ask('API_Render "slow"').startswith("R_ERROR CODE = E_STATE ")
        assert other.ask('API_LuxInit "slow"').startswith("R_ERROR CODE = E_EXISTS ")
        go_on.set()
    assert talk.line() == "R_OK"


def test_a_program_gives_up_its_scene_but_not_while_it_is_read(
    node: Served, talk: Talk, go_on: threading.Event
) -> None:
    hello(talk)
    talk.send('#1 API_LuxParse "scene.lxs" "slow"')
    talk.until("#2 CTL_STATUS", "R_STATUS #2 PARSING")
    assert talk.ask("#3 CTL_RESET").startswith("R_ERROR #3 code=E_STATE ")
    go_on.set()
    assert talk.line().startswith("R_OK #1 ")
    assert talk.ask('#4 API_LuxInit "half"') == "R_OK #4"
    assert talk.ask("#5 CTL_RESET") == "R_OK #5"
    assert talk.ask("#6 CTL_STATUS") == 'R_STATUS #6 READY jobname="slow"'


def test_a_place_that_the_client_names_comes_back(talk: Talk) -> None:
    answer = talk.ask('API_Shape "sphere" at="my scene.lxs:41:7"')
    assert answer.startswith('R_ERROR CODE = E_SCENE AT = "my scene.lxs:41:7" DESC = ')


def test_a_scene_file_that_is_wrong_leaves_the_old_job_and_is_not_rendered(talk: Talk, node: Served) -> None:
    rendering(talk)
    talk.ask("CTL_STOP")
    node.write("bad.lxs", "WorldBegin\nShape\n")
    answer = talk.ask('API_LuxParse "bad.lxs" "job"')
    assert answer.startswith("R_ERROR CODE = E_SCENE AT = ") and "bad.lxs:" in answer
    assert talk.ask("API_Render").startswith("R_ERROR CODE = E_SKIPPED DESC = ")
    assert talk.ask("API_Render").startswith("R_ERROR CODE = E_SKIPPED DESC = ")
    assert talk.ask("CTL_STATUS").startswith('R_STATUS STOPPED JOBNAME "job"')
    assert talk.all("API_LuxCleanup", 'API_Render "job"') == ["R_OK", "R_OK"]


@pytest.mark.parametrize("verb", ["CTL_STATUS", "CTL_STOP", "API_Render", "API_DumpFilmBuffer", "CTL_LOG 5"])
def test_a_job_that_is_not_there_is_named(talk: Talk, verb: str) -> None:
    answer = talk.ask(f'{verb} "nobody"')
    assert answer.startswith("R_ERROR CODE = E_NOT_FOUND DESC = ") and "nobody" in answer


# --- calls that were sent together --------------------------------------------------------------------------------


def codes(replies: list[str]) -> list[str]:
    return [reply.split()[3] if reply.startswith("R_ERROR CODE = ") else reply.split()[0] for reply in replies]


BAD_LINES = {
    "scene": 'API_Shape "spehre"',
    "verb": 'API_Shpere "sphere"',
    "syntax": 'API_Shape "sphere',
    "option": "API_Shape x=1",
    "long": "API_LookAt " + "1" * 70000,
}


@pytest.mark.parametrize("bad", BAD_LINES.values(), ids=BAD_LINES)
def test_calls_sent_together_fail_once_without_a_hello_too(node: Served, talk: Talk, bad: str) -> None:
    answers = talk.all(*CALLS[:4], bad, *CALLS[4:], "CTL_PING 1", "API_LuxCleanup", "API_Render", "CTL_PING 2")
    assert codes(answers[:5])[:4] == ["R_OK"] * 4 and answers[4].startswith("R_ERROR ")
    skipped = len(CALLS) - 4
    assert codes(answers[5 : 5 + skipped]) == ["E_SKIPPED"] * skipped
    assert codes(answers[5 + skipped :]) == ["R_OK", "E_SKIPPED", "E_SKIPPED", "R_OK"]
    assert talk.ask(CALLS[4]) == "R_OK"  # a person may go on ...
    assert codes([talk.ask(line) for line in CALLS[5:-1]]) == ["R_OK"] * (len(CALLS) - 6)
    for line in (CALLS[-1], "API_Render"):  # ... but what was skipped is missing
        refused = talk.ask(line)
        assert refused.startswith("R_ERROR CODE = E_SKIPPED ") and "API_Sync" in refused and "API_LuxCleanup" in refused
        assert refused.count("failed") == 1
    with node.talk() as other:  # so nobody else renders it either
        assert other.ask('API_Render "scene1"').startswith("R_ERROR CODE = E_STATE ")
    assert talk.all("API_Sync", "API_Render") == ["R_OK", "R_OK"]


def test_a_scene_whose_beginning_was_skipped_is_no_scene(talk: Talk) -> None:
    assert codes(talk.all("API_Nonsense", *CALLS[:2])) == ["E_UNKNOWN_VERB", "E_SKIPPED", "E_SKIPPED"]
    assert talk.all(*CALLS[2:])[-1].startswith("R_ERROR CODE = E_SKIPPED ")
    assert talk.all("CTL_RESET", *CALLS)[-1].startswith("R_OK JOBNAME")


@pytest.mark.parametrize("cure", ["API_Sync", "API_LuxInit", "API_LuxCleanup"])
def test_who_knows_of_the_hole_says_so(node: Served, talk: Talk, cure: str) -> None:
    talk.all(CALLS[0], "API_AttributeEnd", *CALLS[1:4])
    assert talk.ask(cure) == "R_OK"
    assert talk.all(*CALLS[(cure == "API_Sync") :])[-1].startswith("R_OK JOBNAME")
    assert talk.ask("API_Render") == "R_OK"


def test_a_new_scene_in_the_same_breath_begins_with_init(node: Served, talk: Talk) -> None:
    answers = talk.all(CALLS[0], "API_AttributeEnd", CALLS[1], 'API_LuxInit "b"', *CALLS, "API_Render")
    assert codes(answers) == ["R_OK", "E_SCENE", "E_SKIPPED", "R_OK", *["R_OK"] * len(CALLS), "R_OK"]


def test_a_call_in_pieces_behind_a_failure_is_still_the_same_breath(talk: Talk) -> None:
    talk.raw(b"API_AttributeEnd\r\nAPI_LookAt 0 -4 1 ")
    assert talk.line().startswith("R_ERROR CODE = E_SCENE ")
    talk.raw(b"0 0 1 0 0 1\r\n")
    assert talk.line().startswith("R_ERROR CODE = E_SKIPPED ")
    assert talk.ask(CALLS[0]) == "R_OK"


def test_many_calls_behind_a_failure_are_skipped_to_the_last(talk: Talk) -> None:
    count = 20000
    sender = threading.Thread(target=talk.send, args=("API_AttributeEnd", *["API_Identity"] * count))
    sender.start()
    answers = talk.lines(count + 1)
    sender.join()
    assert codes(answers) == ["E_SCENE"] + ["E_SKIPPED"] * count


def test_a_line_that_cannot_be_read_spoils_a_programs_scene(talk: Talk) -> None:
    hello(talk)
    assert talk.ask('#1 API_Shape "sphere').startswith("R_ERROR #1 code=E_SYNTAX")
    assert talk.ask(f"#2 {CALLS[0]}").startswith("R_ERROR #2 code=E_SKIPPED")


def test_a_refused_payload_is_one_failure_and_the_next_call_a_new_try(talk: Talk) -> None:
    for _ in range(20):
        talk.raw(b'API_Shpere "a" {3+}\r\nabc\r\n')
        assert talk.line().startswith("R_ERROR CODE = E_UNKNOWN_VERB ")
        assert talk.ask('API_Shpere "a" {3}').startswith("R_ERROR CODE = E_UNKNOWN_VERB ")
        assert talk.ask("API_Shpere").startswith("R_ERROR CODE = E_UNKNOWN_VERB ")


def test_what_is_no_part_of_a_scene_may_fail(node: Served, talk: Talk) -> None:
    others = ["API_DumpFilmBuffer format=bmp", "API_Render spp=x", "API_LuxPause", "CTL_FOO"]
    answers = talk.all(*CALLS[:2], *others, *CALLS[2:], "API_Render")
    assert [answer for answer in answers if "E_SKIPPED" in answer] == [] and answers[-1] == "R_OK"
