"""What a node answers of its jobs, with an engine that does as it is told."""

from __future__ import annotations

from pathlib import Path

from answering import CALLS, rendering
from nodes import SCENE, SIZE, Served, Talk, film_of, number, serving

from lrnap.engine.protocol import Halt, RunState
from lrnap.errors import EngineError
from lrnap.limits import NodeLimits


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


def test_light_groups_are_known_before_anybody_has_looked_at_the_film(talk: Talk) -> None:
    assert talk.ask('API_GetParameterValue "LUX_FILM" "LG_COUNT"') == "R_OK VALUE = 0"
    rendering(talk)
    assert talk.ask('API_GetParameterValue "LUX_FILM" "LG_COUNT"') == "R_OK VALUE = 1"
    assert talk.ask('API_GetStringParameterValue "LUX_FILM" "LG_NAME" 0') == 'R_OK VALUE = "default"'
    assert talk.ask('API_SetParameterValue "LUX_FILM" "LG_SCALE" 2.5 0') == "R_OK"
    assert talk.ask('API_GetParameterValue "LUX_FILM" "LG_SCALE" 0') == "R_OK VALUE = 2.5"


def test_the_crop_is_known_before_anything_renders(node: Served, talk: Talk) -> None:
    film = '"integer xresolution" [100] "integer yresolution" [50] "float cropwindow" [0.25 0.755 0 0.5]'
    (node.root / "cropped.lxs").write_text(f'Film "fleximage" {film}\nWorldBegin\nWorldEnd\n')
    assert talk.ask('API_GetAttribute "film" "xPixelCount"') == "R_OK VALUE = 0"
    assert talk.ask('API_LuxParse "cropped.lxs"') == "R_OK"
    assert talk.ask('API_GetAttribute "film" "xPixelCount"') == "R_OK VALUE = 51"
    assert talk.ask('API_GetAttribute "film" "yPixelCount"') == "R_OK VALUE = 25"


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
