"""API_EditBegin and API_EditEnd at a node, as a person types them."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from nodes import Served, Talk, serving

SCENE = """
LookAt 0 -4 1  0 0 1  0 0 1
Camera "perspective" "float fov" [35]
Film "fleximage" "integer xresolution" [32] "integer yresolution" [24]
WorldBegin
MakeNamedMaterial "m" "string type" ["matte"]
LightSource "point" "color L" [10 10 10] "point from" [0 -3 3]
NamedMaterial "m"
Shape "sphere" "float radius" [1]
WorldEnd
"""
MIRROR = 'API_MakeNamedMaterial "m" "string type" ["mirror"]'


@pytest.fixture
def served(tmp_path: Path):
    """Connections are closed in the end."""
    with serving(tmp_path) as node, contextlib.ExitStack() as stack:
        connect = node.talk
        node.talk = lambda: stack.enter_context(connect())
        node.write("scene.lxs", SCENE)
        yield node


def rendering(served: Served) -> Talk:
    talk = served.talk()
    for line in ('API_LuxParse "scene.lxs" "job"', "API_Render"):
        assert talk.ask(line) == "R_OK"
    return talk


def answers(talk: Talk, *lines: str) -> list[str]:
    return [talk.ask(line) for line in lines]


def test_an_edit_reaches_the_engine_as_a_whole_at_its_end(served: Served):
    talk = rendering(served)
    run = served.engine.runs[0]
    assert answers(talk, 'API_EditBegin "job"', MIRROR, "API_LookAt 0 -9 1 0 0 1 0 0 1") == ["R_OK"] * 3
    assert run.edits == []
    assert talk.ask("API_EditEnd") == "R_OK EPOCH = 1"
    assert [call.name for call in run.edits[0][0]] == ["MakeNamedMaterial", "LookAt"]
    assert " EPOCH 1" in talk.ask("CTL_STATUS")
    assert answers(talk, "API_EditBegin", MIRROR, "API_EditEnd")[-1] == "R_OK EPOCH = 2"


def test_what_a_connection_leaves_open_changes_nothing(served: Served):
    talk = rendering(served)
    answers(talk, "API_EditBegin", MIRROR)
    talk.close()
    other = served.talk()
    assert "E_STATE" in other.ask("API_EditEnd")
    assert served.engine.runs[0].edits == []
    assert "EPOCH" not in other.ask("CTL_STATUS")


def test_wrong_calls_are_refused_one_by_one_and_the_edit_goes_on(served: Served):
    talk = rendering(served)
    talk.ask("API_EditBegin")
    assert "geometry cannot change" in talk.ask('API_Shape "sphere"')
    assert "unknown object 'x'" in talk.ask('API_ObjectInstance "x"')
    assert "File not found" in talk.ask('API_Texture "t" "color" "imagemap" "string filename" ["no.png"]')
    assert talk.ask(MIRROR) == "R_OK"
    assert talk.ask("API_EditEnd") == "R_OK EPOCH = 1"
    assert len(served.engine.runs[0].edits[0][0]) == 1


def test_what_is_sent_behind_a_failed_call_is_skipped_and_nothing_changes(served: Served):
    talk = rendering(served)
    replies = talk.all("API_EditBegin", 'API_Shape "sphere"', MIRROR, "API_EditEnd")
    assert replies[0] == "R_OK"
    assert ["E_SCENE" in replies[1], *("E_SKIPPED" in reply for reply in replies[2:])] == [True] * 3
    assert served.engine.runs[0].edits == []
    assert "E_SKIPPED" in talk.ask("API_EditEnd")  # half an edit is not done, either
    assert answers(talk, "API_EditBegin", MIRROR, "API_EditEnd")[-1] == "R_OK EPOCH = 1"


def test_an_edit_that_the_engine_refuses_leaves_everything_as_it_was(served: Served):
    talk = rendering(served)
    replies = answers(talk, "API_EditBegin", 'API_MakeNamedMaterial "refused"', "API_EditEnd")
    assert "E_SCENE" in replies[-1]
    assert "the engine cannot render this" in replies[-1]
    assert "EPOCH" not in talk.ask("CTL_STATUS")
    assert "E_STATE" in talk.ask("API_EditEnd")  # it is given up
    assert served.node.jobs.find("job").scene.edits == ()


def test_a_block_that_is_open_can_still_be_ended(served: Served):
    talk = rendering(served)
    answers(talk, "API_EditBegin", "API_AttributeBegin", MIRROR)
    assert "a block is open" in talk.ask("API_EditEnd")
    assert answers(talk, "API_AttributeEnd", "API_EditEnd") == ["R_OK", "R_OK EPOCH = 1"]


def test_developing_alone_keeps_film_and_epoch_and_replaces_what_was_set(served: Served):
    talk = rendering(served)
    assert talk.ask("CTL_SET gamma 1.5") == "R_OK"
    assert answers(talk, "API_EditBegin", 'API_Film "fleximage" "float gamma" [3]', "API_EditEnd")[-1] == (
        "R_OK EPOCH = 0"
    )
    assert talk.ask("CTL_GET gamma") == "R_OK GAMMA = 3.0"
    assert served.engine.runs[0].edits == []


def test_epochs_are_given_by_a_master_and_only_grow(served: Served):
    talk = rendering(served)
    assert answers(talk, "API_EditBegin", MIRROR, "API_EditEnd epoch=5")[-1] == "R_OK EPOCH = 5"
    assert "E_SEQ" in answers(talk, "API_EditBegin", MIRROR, "API_EditEnd epoch=5")[-1]


def test_the_film_of_before_is_gone_and_the_next_run_renders_the_edited_scene(served: Served):
    talk = rendering(served)
    talk.data("API_DumpFilmBuffer format=accum")
    assert talk.ask("CTL_STOP") == "R_OK"
    assert answers(talk, "API_EditBegin", MIRROR, "API_EditEnd")[-1] == "R_OK EPOCH = 1"
    assert talk.ask("CTL_STATUS").startswith("R_STATUS READY")
    assert "has no film yet" in talk.ask("API_DumpFilmBuffer")
    assert talk.ask("API_Render") == "R_OK"
    assert served.engine.scenes[-1].edits != ()
    assert "EPOCH = 1 " in talk.ask("API_DumpFilmBuffer format=accum")
    assert served.engine.runs[1].options.epoch == 1


def test_an_edit_needs_a_job_and_no_scene_that_is_half_described(served: Served):
    talk = served.talk()
    assert "there is no job" in talk.ask("API_EditBegin")
    rendering(served).close()
    assert talk.ask("API_WorldBegin") == "R_OK"
    assert "a scene is being described" in talk.ask("API_EditBegin")
    assert talk.ask("API_LuxCleanup") == "R_OK"
    assert answers(talk, "API_EditBegin", MIRROR) == ["R_OK", "R_OK"]
    assert talk.ask("API_LuxCleanup") == "R_OK"  # gives it up
    assert "E_STATE" in talk.ask("API_EditEnd")
