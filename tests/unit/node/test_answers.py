"""What a node answers, verb by verb, with an engine that does as it is told."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zstandard
from nodes import PATIENCE, SCENE, SIZE, Served, Talk, film_of, number, serving

from lrnap.engine.devices import Device, Hardware
from lrnap.engine.process import ProcessEngine
from lrnap.engine.protocol import Halt, RunState
from lrnap.errors import EngineError
from lrnap.film import accum, flm, flm_parameters
from lrnap.film.flm_convert import to_snapshot
from lrnap.film.radiance import resolve
from lrnap.limits import NodeLimits
from lrnap.lux import reader
from lrnap.lux.call import Call

CALLS = [f"API_{line}" for line in SCENE.split("\n") if line]


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Served]:
    with serving(tmp_path) as served:
        served.write("scene.lxs")
        served.write("other.lxs")
        yield served


@pytest.fixture
def talk(node: Served) -> Iterator[Talk]:
    with node.talk() as talking:
        yield talking


def rendering(talk: Talk, job: str = "job", file: str = "scene.lxs", options: str = "") -> None:
    assert talk.all(f'API_LuxParse "{file}" "{job}"', f'API_Render "{job}" {options}') == ["R_OK", "R_OK"]


def hello(talk: Talk) -> None:
    assert talk.ask("CTL_HELLO LRNAP/1").startswith("R_OK LRNAP/1.0 ")


# --- jobs ---------------------------------------------------------------------------------------------------------


def test_the_job_is_named_after_its_file_unless_it_is_named(talk: Talk) -> None:
    assert talk.ask('API_LuxParse "scene.lxs"') == "R_OK"
    assert talk.ask("CTL_STATUS") == 'R_STATUS READY JOBNAME "scene"'


def test_a_scene_that_was_typed_renders(node: Served, talk: Talk) -> None:
    assert talk.all(*CALLS) == ["R_OK"] * (len(CALLS) - 1) + ['R_OK JOBNAME = "scene1"']
    assert talk.ask("API_LuxCleanup") == "R_OK"
    assert talk.ask("API_Render seed=9 threads=3 spp=100 seconds=5") == "R_OK"
    run = node.engine.runs[0]
    assert (run.seed, run.options.threads, run.halt) == (9, 3, Halt(100, 5))
    assert 'JOBNAME "scene1" THREAD 3 SAMPLES 0' in talk.ask("CTL_STATUS")


def test_rendering_goes_on_without_the_one_who_started_it(node: Served, talk: Talk) -> None:
    rendering(talk)
    talk.close()
    with node.talk() as other:
        assert other.ask("CTL_STATUS").startswith('R_STATUS RENDERING JOBNAME "job"')
        assert film_of(other.data("API_DumpFilmBuffer")).shape == (SIZE[1], SIZE[0], 4)


def test_one_job_at_a_time_and_the_answer_says_what_to_do(talk: Talk) -> None:
    rendering(talk, "first")
    talk.ask('API_LuxParse "other.lxs" "second"')
    answer = talk.ask('API_Render "second"')
    assert answer.startswith("R_ERROR CODE = E_BUSY ") and 'CTL_STOP "first"' in answer
    assert talk.all("CTL_PAUSE", 'API_Render "second"')[1].startswith("R_ERROR CODE = E_BUSY ")
    assert talk.all('CTL_STOP "first"', 'API_Render "second"') == ["R_OK", "R_OK"]


def test_pause_resume_stop_and_reset(talk: Talk) -> None:
    rendering(talk)
    for line, state in (("CTL_PAUSE", "PAUSED"), ("CTL_PAUSE", "PAUSED"), ("CTL_RESUME", "RENDERING")):
        assert talk.ask(line) == "R_OK"
        assert talk.ask("CTL_STATUS").startswith(f"R_STATUS {state} ")
    assert talk.ask("CTL_STOP") == "R_OK"
    assert talk.ask("CTL_STATUS").startswith("R_STATUS STOPPED ")
    assert talk.ask("CTL_PAUSE").startswith("R_ERROR CODE = E_STATE ")
    assert len(talk.data("API_DumpFilmBuffer")) == SIZE[0] * SIZE[1] * 16
    assert talk.all("CTL_RESET", "CTL_STATUS") == ["R_OK", "R_STATUS IDLE"]
    assert talk.ask("API_DumpFilmBuffer").startswith("R_ERROR CODE = E_STATE ")


def test_the_calls_of_the_lux_api_steer_the_same_job(talk: Talk) -> None:
    rendering(talk)
    assert talk.all("API_LuxPause", "API_luxStart", "API_LuxAddThread") == ["R_OK", "R_OK", "R_OK VALUE = 3"]
    assert talk.ask("API_LuxExit") == "R_OK"
    assert talk.ask('API_LuxStatistics "terminated"') == "R_OK VALUE = 1"
    assert talk.ask("API_LuxWait") == "R_OK"
    assert talk.ask("API_LuxAddServer otherhost").startswith("R_ERROR CODE = E_UNSUPPORTED DESC = a node renders alone")


def test_wait_lasts_until_the_job_is_over(node: Served, talk: Talk) -> None:
    rendering(talk)
    talk.send("API_LuxWait", "CTL_STATUS")
    node.do(lambda: node.engine.runs[0].enter(RunState.DONE))
    assert talk.line() == "R_OK"
    assert talk.line().startswith("R_STATUS DONE ")


def test_threads_come_and_go_while_rendering(node: Served, talk: Talk) -> None:
    rendering(talk)
    assert talk.all("CTL_ADDTHREAD", "CTL_REMOVETHREAD", "CTL_REMOVETHREAD") == [
        "R_OK THREAD = 3",
        "R_OK THREAD = 2",
        "R_OK THREAD = 1",
    ]
    assert talk.ask("CTL_REMOVETHREAD") == "R_OK THREAD = 1"  # one always stays
    assert talk.all("CTL_SET threads 4", "CTL_GET threads") == ["R_OK", "R_OK THREADS = 4"]
    assert node.engine.runs[0].status().threads == 4


def test_a_job_that_is_rendered_again_adds_to_its_film_with_another_seed(node: Served, talk: Talk) -> None:
    rendering(talk, options="seed=5")
    talk.data("API_DumpFilmBuffer")
    talk.ask("CTL_STOP")
    assert talk.ask("API_Render seed=5").startswith("R_ERROR CODE = E_ARGS ")
    assert talk.ask("API_Render") == "R_OK"
    samples = SIZE[0] * SIZE[1] * 2  # one snapshot of each run
    reply = talk.ask("API_DumpFilmBuffer format=accum")
    assert f" SAMPLES = {float(samples)} " in reply and f" RUN = {node.engine.runs[0].name} " in reply
    talk.bytes(number(reply, "LENGTH"))
    talk.ask("CTL_STOP")
    assert f" SAMPLES {samples} " in talk.ask("CTL_STATUS")


def test_an_engine_that_fails_leaves_its_last_words(node: Served, talk: Talk) -> None:
    rendering(talk)
    failure = EngineError("the render engine was killed by SIGKILL", log=("boom",))
    node.do(lambda: node.engine.runs[0].enter(RunState.FAILED, failure))
    status = talk.until("CTL_STATUS", "R_STATUS ERROR")
    assert status.endswith('CODE E_ENGINE DESC "the render engine was killed by SIGKILL"')
    assert any(line.endswith("engine: boom") for line in talk.text("CTL_LOG"))
    assert any(line.startswith("engine of ") for line in talk.text('CTL_LOG 100 "job"'))
    assert talk.ask("API_Render") == "R_OK"


def test_warnings_are_in_the_log_and_counted(node: Served, talk: Talk) -> None:
    node.write("scene.lxs", SCENE.replace('"matte"', '"matte" "float sigmaa" [1]'))
    rendering(talk)
    log = talk.text('CTL_LOG 100 "job"')
    assert any("sigmaa" in line for line in log) and any("the moon is approximated" in line for line in log)
    assert " WARNINGS 2 " in talk.ask("CTL_STATUS")


def test_only_the_last_finished_films_are_kept(tmp_path: Path) -> None:
    with serving(tmp_path, limits=NodeLimits(films=2)) as node, node.talk() as talk:
        node.write("scene.lxs")
        for name in "abc":
            rendering(talk, name)
            talk.ask("CTL_STOP")
        assert [line.split()[0] for line in talk.text("CTL_JOBS")] == ['"b"', '"c"']
        assert any('"a" and its film are dropped' in line for line in talk.text("CTL_LOG"))


# --- errors -------------------------------------------------------------------------------------------------------


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


def test_a_node_answers_while_it_reads_a_scene(node: Served, talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    go_on = threading.Event()
    read = reader.read

    def slowly(*args: Any, **options: Any) -> Iterator[Call]:
        assert go_on.wait(PATIENCE)
        yield from read(*args, **options)

    monkeypatch.setattr(reader, "read", slowly)
    talk.send('API_LuxParse "scene.lxs" "slow"')
    with node.talk() as other:
        assert other.until("CTL_STATUS", "R_STATUS PARSING").endswith('JOBNAME "slow"')
        assert other.ask('API_Render "slow"').startswith("R_ERROR CODE = E_STATE ")
        assert other.ask('API_LuxInit "slow"').startswith("R_ERROR CODE = E_EXISTS ")
        go_on.set()
    assert talk.line() == "R_OK"


def test_a_program_gives_up_its_scene_but_not_while_it_is_read(
    node: Served, talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = threading.Event()
    read = reader.read

    def slowly(*args: Any, **options: Any) -> Iterator[Call]:
        assert go_on.wait(PATIENCE)
        yield from read(*args, **options)

    monkeypatch.setattr(reader, "read", slowly)
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


# --- whose job is meant -------------------------------------------------------------------------------------------


def test_a_first_call_that_fails_leaves_no_job(talk: Talk) -> None:
    assert talk.ask("API_AttributeEnd").startswith("R_ERROR CODE = E_SCENE ")
    assert talk.ask('API_Include "missing.lxo"').startswith("R_ERROR CODE = E_NOT_FOUND ")
    assert talk.ask("CTL_STATUS") == "R_STATUS IDLE"
    assert talk.text("CTL_JOBS") == []


def test_an_include_that_fails_changes_nothing(node: Served, talk: Talk) -> None:
    node.write("half.lxo", 'AttributeBegin\nTexture "t" "color" "constant"\nShape "spehre"\n')
    assert talk.all(*CALLS[:4]) == ["R_OK"] * 4
    assert "half.lxo:3" in talk.ask('API_Include "half.lxo"')
    assert talk.ask("API_AttributeEnd").startswith("R_ERROR CODE = E_SCENE ")
    assert talk.all(*CALLS[4:])[-1].startswith("R_OK JOBNAME")
    assert talk.ask("API_Render") == "R_OK"
    assert [call.name for call in node.engine.scenes[0].calls] == [line.split()[0][4:] for line in CALLS]


def test_a_scene_that_is_being_described_is_not_meant_by_others(node: Served, talk: Talk) -> None:
    with node.talk() as other:
        rendering(other)
        assert talk.ask(CALLS[0]) == "R_OK"
        assert other.ask("CTL_STATUS").startswith('R_STATUS RENDERING JOBNAME "job"')
        assert other.ask("CTL_STOP") == "R_OK"
        assert other.ask("CTL_STATUS").startswith('R_STATUS STOPPED JOBNAME "job"')
        assert talk.ask("CTL_STATUS") == 'R_STATUS PARSING JOBNAME "scene1"'
        assert len(talk.data("API_DumpFilmBuffer")) == SIZE[0] * SIZE[1] * 16
        assert other.ask('CTL_RESET "scene1"').startswith("R_ERROR CODE = E_STATE ")
        assert other.ask("CTL_RESET") == "R_OK"
        assert talk.ask("CTL_STATUS") == 'R_STATUS PARSING JOBNAME "scene1"'
        assert talk.ask("CTL_RESET") == "R_OK"
        assert talk.ask("CTL_STATUS") == "R_STATUS IDLE"


def test_reset_gives_up_ones_own_half_of_a_scene_and_nobodys_rendering(node: Served, talk: Talk) -> None:
    with node.talk() as other:
        rendering(other)
        talk.ask(CALLS[0])
        assert talk.ask("CTL_RESET") == "R_OK"
        assert [line.split()[:2] for line in talk.text("CTL_JOBS")] == [['"job"', "RENDERING"]]


def test_the_old_job_of_a_name_is_there_until_the_new_one_is_ready(node: Served, talk: Talk) -> None:
    rendering(talk)
    talk.ask("CTL_STOP")
    with node.talk() as other:
        assert other.all('API_LuxInit "job"', CALLS[0]) == ["R_OK", "R_OK"]
        assert talk.ask('CTL_STATUS "job"').startswith("R_STATUS STOPPED ")
        assert len(talk.data('API_DumpFilmBuffer "job"')) == SIZE[0] * SIZE[1] * 16
        assert talk.ask('API_Render "job"') == "R_OK"
        assert other.all(*CALLS[1:])[-1].startswith("R_ERROR CODE = E_EXISTS ")
        assert talk.ask("CTL_STOP") == "R_OK"
        assert other.ask("API_Render") == "R_OK"  # the scene was not lost
        assert len(node.engine.scenes) == 3


# --- settings -----------------------------------------------------------------------------------------------------


def test_developing_changes_pictures_and_no_samples(talk: Talk) -> None:
    rendering(talk)
    talk.ask("CTL_STOP")
    before = talk.data("API_DumpFilmBuffer format=png"), talk.data("API_DumpFilmBuffer format=accum")
    assert talk.all("CTL_SET tonemapkernel linear", "CTL_GET tonemapkernel") == ["R_OK", "R_OK TONEMAPKERNEL = linear"]
    after = talk.data("API_DumpFilmBuffer format=png"), talk.data("API_DumpFilmBuffer format=accum")
    assert before[0] != after[0] and before[1] == after[1]


def test_lens_effects_are_settings_of_a_job(talk: Talk) -> None:
    rendering(talk)
    talk.ask("CTL_STOP")
    pictures = [talk.data("API_DumpFilmBuffer format=png")]
    for line, shown in (
        ("bloom_enabled true", "BLOOM_ENABLED = true"),
        ("vignetting_scale -0.5", "VIGNETTING_SCALE = -0.5"),
        ("glare_blades 5", "GLARE_BLADES = 5"),
        ("vignetting_enabled 1", "VIGNETTING_ENABLED = true"),
        ("tonemapkernel falsecolors", "TONEMAPKERNEL = falsecolors"),
    ):
        assert talk.all(f"CTL_SET {line}", f"CTL_GET {line.split()[0]}") == ["R_OK", f"R_OK {shown}"]
        pictures.append(talk.data("API_DumpFilmBuffer format=png"))
    assert pictures[0] != pictures[-2] != pictures[-1]
    assert "vignetting_enabled true" in talk.text("CTL_GET")


def test_a_camera_response_is_a_file_of_the_scene(node: Served, talk: Talk) -> None:
    node.write("film.crf", "Pan graph\nI =\n0 0.5 1\nB =\n1 0.5 0\n")  # a negative
    node.write("other.crf", "Pan graph\nI =\n0 1\nB =\n0 1\n")
    node.write("scene.lxs", SCENE.replace('"fleximage"', '"fleximage" "string cameraresponse" ["film.crf"]'))
    rendering(talk)
    talk.ask("CTL_STOP")
    assert talk.ask("CTL_GET cameraresponse") == "R_OK CAMERARESPONSE = film.crf"
    with_it = talk.data("API_DumpFilmBuffer format=png")
    assert "E_NOT_FOUND" in talk.ask("CTL_SET cameraresponse other.crf"), "no client chooses what the node reads"
    assert talk.ask("CTL_GET cameraresponse") == "R_OK CAMERARESPONSE = film.crf"
    assert talk.ask('CTL_SET cameraresponse ""') == "R_OK"
    assert talk.data("API_DumpFilmBuffer format=png") != with_it


def test_a_scene_with_a_film_of_classic_lux_is_rendered_without_it(node: Served, talk: Talk) -> None:
    node.write("scene.lxs", SCENE.replace('"fleximage"', '"fleximage" "string cameraresponse" ["Portra_400NCCD"]'))
    rendering(talk)
    assert "E_UNSUPPORTED" in talk.ask("CTL_SET cameraresponse Portra_400NCCD")


def test_halt_conditions_can_be_changed_while_rendering(node: Served, talk: Talk) -> None:
    node.write("scene.lxs", SCENE.replace('"fleximage"', '"fleximage" "integer halttime" [60]'))
    rendering(talk)
    assert talk.ask("CTL_GET halttime") == "R_OK HALTTIME = 60.0"
    assert talk.ask("CTL_SET haltspp 500") == "R_OK"
    assert node.engine.runs[0].halt == Halt(500, 60)
    assert talk.ask("CTL_SET halttime 0") == "R_OK"
    assert node.engine.runs[0].halt == Halt(500, float("inf"))


def test_halt_conditions_are_those_that_ctl_get_shows(node: Served, talk: Talk) -> None:
    talk.ask('API_LuxParse "scene.lxs" "job"')
    assert talk.all("CTL_SET haltspp 7", "API_Render seconds=30") == ["R_OK", "R_OK"]
    assert talk.ask("CTL_GET haltspp") == "R_OK HALTSPP = 7.0"
    assert node.engine.runs[0].options.halt == Halt(7, 30)
    assert talk.all("CTL_STOP", "API_Render spp=9") == ["R_OK", "R_OK"]
    assert node.engine.runs[1].options.halt == Halt(9, 30)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("CTL_SET gama 2", "gamma"),
        ("CTL_SET gamma high", "number"),
        ("CTL_SET tonemapkernel sepia", "reinhard"),
        ("CTL_SET threads -1", "threads"),
        ("CTL_SET haltspp many", "haltspp"),
        ("CTL_GET gama", "gamma"),
        ("CTL_SET gamma {4}", "value"),
        ("CTL_PING {4}", "number"),
        ("CTL_PING [1 2]", "number"),
    ],
)
def test_a_setting_that_cannot_be_is_refused_and_changes_nothing(talk: Talk, line: str, says: str) -> None:
    rendering(talk)
    before = talk.text("CTL_GET")
    answer = talk.ask(line)
    assert answer.startswith("R_ERROR CODE = E_") and says in answer
    assert talk.text("CTL_GET") == before


# --- films --------------------------------------------------------------------------------------------------------


def test_every_format(talk: Talk) -> None:
    rendering(talk)
    talk.ask("CTL_STOP")
    plain = film_of(talk.data("API_DumpFilmBuffer"))
    assert np.allclose(plain, 1.0)
    half = talk.data("API_DumpFilmBuffer format=half")
    assert np.array_equal(np.frombuffer(half, "<f2").astype(np.float32), plain.ravel())
    assert talk.data("API_DumpFilmBuffer format=png").startswith(b"\x89PNG")
    assert talk.data("API_DumpFilmBuffer format=jpeg").startswith(b"\xff\xd8")
    assert talk.data("API_DumpFilmBuffer format=exr").startswith(b"v/1\x01")
    classic = flm.decode(talk.data("API_DumpFilmBuffer format=flm"))
    assert np.allclose(resolve(to_snapshot(classic))[0], plain[..., :3], atol=1e-5)
    packed = talk.data("API_DumpFilmBuffer compress=zstd")
    assert zstandard.ZstdDecompressor().decompress(packed) == plain.tobytes()


def test_a_classic_film_is_developed_as_the_job_is(talk: Talk) -> None:
    rendering(talk)
    talk.ask("CTL_STOP")
    wishes = []
    for kernel in ("linear", "maxwhite"):
        talk.ask(f"CTL_SET tonemapkernel {kernel}")
        film = flm.decode(talk.data("API_DumpFilmBuffer format=flm"))
        wishes.append(flm_parameters.film_params(film.parameters)["tonemapkernel"])
    assert wishes == ["linear", "maxwhite"]


def test_accumulators_are_those_of_the_engine(node: Served, talk: Talk) -> None:
    rendering(talk)
    hello(talk)
    talk.send("#1 API_DumpFilmBuffer format=accum")
    frame = talk.line()
    assert frame.startswith("R_DATA #1 off=0 len=")
    fields = dict(word.split("=") for word in frame.split()[2:])
    data = talk.bytes(int(fields["len"]))
    assert talk.bytes(2) == b"\r\n"
    final = talk.line()
    assert final.startswith("R_OK #1 ") and final.endswith(f"sha256={hashlib.sha256(data).hexdigest()}")
    snapshot = accum.from_parts({key.upper(): value for key, value in fields.items()}, data)
    assert snapshot.run == node.engine.runs[0].name and snapshot.samples == SIZE[0] * SIZE[1]
    assert np.all(snapshot.block == 1)


def test_a_snapshot_never_changes_and_comes_in_ranges(talk: Talk) -> None:
    rendering(talk)
    hello(talk)
    talk.send("#1 API_DumpFilmBuffer")
    first = talk.line()
    whole = talk.bytes(SIZE[0] * SIZE[1] * 16)
    assert talk.lines(2)[1].startswith("R_OK #1")
    name = next(word.partition("=")[2] for word in first.split() if word.startswith("snapshot="))
    talk.send(f"#2 API_DumpFilmBuffer snapshot={name} range=100-299")
    assert talk.line().startswith("R_DATA #2 off=100 len=200 ")
    assert talk.bytes(202) == whole[100:300] + b"\r\n"
    assert " len=200 " in talk.line()
    outside = talk.ask(f"#3 API_DumpFilmBuffer snapshot={name} range=0-{len(whole)}")
    assert outside.startswith("R_ERROR #3 code=E_ARGS ")
    assert talk.ask("#4 API_DumpFilmBuffer snapshot=S99").startswith("R_ERROR #4 code=E_GONE ")


def test_a_broken_transfer_goes_on_without_a_hello_too(talk: Talk) -> None:
    rendering(talk)
    reply = talk.ask("API_DumpFilmBuffer format=float32 compress=zstd")
    assert " ENC = zstd ULEN = " in reply
    name = reply.partition(" SNAPSHOT = ")[2].split()[0]
    whole = talk.bytes(number(reply, "LENGTH"))
    with talk.__class__(talk.address) as again:
        rest = again.data(f"API_DumpFilmBuffer compress=zstd snapshot={name} range=10-{len(whole) - 1}")
    assert rest == whole[10:]


def test_a_rate_of_nothing_is_refused(talk: Talk) -> None:
    hello(talk)
    assert talk.ask("#1 CTL_SUBSCRIBE stats rate=0").startswith("R_ERROR #1 code=E_ARGS ")


def test_only_the_last_snapshots_are_kept(tmp_path: Path) -> None:
    with serving(tmp_path, limits=NodeLimits(snapshots=2)) as node, node.talk() as talk:
        node.write("scene.lxs")
        rendering(talk)
        for _ in range(3):
            talk.data("API_DumpFilmBuffer")
        assert talk.ask("API_DumpFilmBuffer snapshot=S1").startswith("R_ERROR CODE = E_GONE ")
        assert len(talk.data("API_DumpFilmBuffer snapshot=S2")) == SIZE[0] * SIZE[1] * 16


def test_readers_share_a_snapshot_of_a_film_that_does_not_change(node: Served, talk: Talk) -> None:
    rendering(talk)
    talk.ask("CTL_STOP")
    with node.talk() as other:
        assert talk.data("API_DumpFilmBuffer") == other.data("API_DumpFilmBuffer")
    assert len(node.node.snapshots.kept) == 1


# --- level 1 ------------------------------------------------------------------------------------------------------


def test_a_question_passes_a_film(node: Served, talk: Talk) -> None:
    """Its answer comes between two frames, not behind the last of them."""
    node.engine.size = (2048, 1024)
    rendering(talk)
    hello(talk)
    talk.send("#film API_DumpFilmBuffer")
    seen = []
    length = 2048 * 1024 * 16
    for _ in range(length // (1 << 20)):
        line = talk.line()
        while not line.startswith("R_DATA"):
            seen.append(line)
            line = talk.line()
        talk.bytes((1 << 20) + 2)
        if " off=0 " in line:
            talk.send("#ask CTL_PING 1")
    assert seen == ["R_OK #ask 1"]
    assert talk.line().startswith("R_OK #film ")


def test_calls_of_a_scene_are_answered_in_order_while_questions_overtake(talk: Talk) -> None:
    rendering(talk)
    hello(talk)
    talk.send("#1 API_LuxWait", "#2 API_LuxInit", "#3 CTL_PING 3")
    assert talk.line() == "R_OK #3 3"
    talk.send("#4 CTL_STOP")
    assert sorted(talk.lines(3)) == ["R_OK #1", "R_OK #2", "R_OK #4"]


def test_subscribers_hear_of_states_and_log_lines(node: Served, talk: Talk) -> None:
    hello(talk)
    assert talk.ask("#1 CTL_SUBSCRIBE state log").startswith("R_OK #1 sub=1 seq=0")
    with node.talk() as other:
        rendering(other)
        other.ask("CTL_STOP")
    states = []
    while "STOPPED" not in states:
        line = talk.line()
        assert line.startswith("R_EVENT sub=1 seq=")
        if " type=state " in line:
            assert 'jobname="job"' in line
            states.append(line.partition(" state=")[2].split()[0])
    assert states == ["PARSING", "READY", "RENDERING", "STOPPED"]
    assert talk.ask("#2 CTL_UNSUBSCRIBE 1") == "R_OK #2"
    assert talk.ask("#3 CTL_UNSUBSCRIBE 1").startswith("R_ERROR #3 code=E_NOT_FOUND ")


def test_hello_names_what_both_can(talk: Talk) -> None:
    assert talk.ask("CTL_HELLO LRNAP/2").startswith("R_ERROR CODE = E_VERSION ")
    answer = talk.ask('CTL_HELLO LRNAP/1 client="test/1" want=tags,teleport,zstd')
    assert " caps=tags,zstd " in answer and " node=" in answer


def test_help_and_info(talk: Talk) -> None:
    assert talk.ask("CTL_INFO").startswith("R_INFO LR V1.0 - PLATFORM ")
    assert any(line.startswith("API_Shape ") for line in talk.text("CTL_HELP luxshape"))
    assert any("API_<Name>, scene: " in line for line in talk.text("CTL_HELP"))
    assert talk.ask("CTL_HELP API_Shpe").startswith("R_ERROR CODE = E_NOT_FOUND ")


def test_help_leads_from_a_call_to_its_plugins_and_on_to_their_parameters(talk: Talk) -> None:
    shapes = " ".join(talk.text("CTL_HELP API_Shape"))
    assert "sphere, " in shapes
    assert "trianglemesh" in shapes
    (line,) = (line for line in talk.text("CTL_HELP sphere") if "zmax" in line)
    assert line.split() == ['"float', 'zmax"', "upper", "end;", "radius"]
    assert "did you mean 'sphere'" in talk.ask("CTL_HELP shpere")
    assert "write CTL_QUIT" in talk.ask("quit")


def test_the_node_says_what_it_renders_on(tmp_path: Path) -> None:
    """At level 0 only where it is not what everybody expects: the first line of the protocol stays as it always was."""
    for hardware, level_0, level_1 in (
        (Hardware(), r"R_INFO LR V1\.0 - PLATFORM \S+ - RAM \d+MB - CPU \d+", 'choice=auto device="CPU"'),
        (Hardware("pathcpu"), r"R_INFO .* - CPU \d+ - CHOICE pathcpu - DEVICE \"CPU\"", 'choice=pathcpu device="CPU"'),
        (Hardware("auto", (Device("A Card", "CUDA_GPU"),)), r".* - CHOICE auto - DEVICE \"A Card\"", 'device="A Card"'),
    ):
        with serving(tmp_path, ProcessEngine("fake", hardware)) as node, node.talk() as talk:
            assert re.fullmatch(level_0, talk.ask("CTL_INFO"))
            assert talk.ask("CTL_HELLO LRNAP/1").startswith("R_OK")
            assert level_1 in talk.ask("#1 CTL_INFO")
