"""Edits from Python: a block of a job, or the calls of a Context; here and on a node."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from contexts import PLACES, context_at

import lrnap
from lrnap.engine.process import ProcessEngine
from lrnap.errors import LrnapError, SceneError


def describe(lux) -> None:
    lux.film("fleximage", {"integer xresolution": 32, "integer yresolution": 24})
    lux.worldBegin()
    lux.lightSource("point")
    lux.makeNamedMaterial("m", {"string type": ["matte"]})
    lux.objectBegin("ball")
    lux.shape("sphere", {})
    lux.objectEnd()
    lux.objectInstance("ball")
    lux.worldEnd()


@pytest.fixture(params=PLACES)
def lux(request: pytest.FixtureRequest, tmp_path: Path):
    """A context that renders with the fake engine."""
    with context_at(request.param, tmp_path) as context:
        yield context


def brightness(job) -> float:
    planes = job.snapshot().planes
    return float(planes.pixel.sum() / planes.weight.sum())


def until_rendered(job) -> None:
    for progress in job:
        if all(member.status.samples > 3000 for member in progress.members):
            return


def test_a_block_of_a_job_is_one_edit(lux):
    describe(lux)
    job = lux.render()
    until_rendered(job)
    before = brightness(job)
    with job.edit() as edit:
        edit.makeNamedMaterial("m", {"string type": ["mirror"]})
        edit.lookAt(0, -9, 2, 0, 0, 1, 0, 0, 1)
        edit.attributeBegin()
        edit.translate(0, 0, 1)
        edit.objectInstance("ball")
        edit.attributeEnd()
    assert job.snapshot().epoch == 1
    until_rendered(job)
    assert brightness(job) == pytest.approx(2 * before, rel=0.05)  # of the fake, after one edit
    assert len(job.film.planes.weight) == 24


def test_the_calls_of_a_context_are_an_edit_between_its_begin_and_end(lux):
    describe(lux)
    job = lux.render()
    until_rendered(job)
    lux.editBegin()
    lux.makeNamedMaterial("m", {"string type": ["mirror"]})
    assert job.snapshot().epoch == 0
    assert lux.editEnd() == 1
    assert [call.name for call in lux.scene.edits] == ["MakeNamedMaterial"]
    lux.editBegin()
    lux.camera("perspective", {"float fov": 20})
    assert lux.editEnd() == 2
    assert [call.name for call in lux.scene.edits] == ["Camera", "MakeNamedMaterial"]
    assert job.snapshot().epoch == 2


def test_a_wrong_call_raises_at_its_line_and_an_error_in_the_block_changes_nothing():
    with lrnap.Context(ProcessEngine("fake")) as lux:
        describe(lux)
        job = lux.render()
        until_rendered(job)
        with pytest.raises(SceneError, match=r"test_context_edits.py:\d+:1: Shape: geometry cannot change"):
            lux.editBegin()
            lux.shape("sphere", {})
        lux.attributeBegin()
        with pytest.raises(SceneError, match="a block is open"):
            lux.editEnd()
        lux.attributeEnd()
        assert lux.editEnd() == 1
        with pytest.raises(ZeroDivisionError), job.edit() as edit:
            edit.makeNamedMaterial("m", {"string type": ["mirror"]})
            raise ZeroDivisionError
        with (
            pytest.raises(SceneError, match=r"test_context_edits.py:\d+:1: .*unknown object 'cube'"),
            job.edit() as edit,
        ):
            edit.objectInstance("cube")
        until_rendered(job)  # anew, since the edit
        assert job.snapshot().epoch == 1
        assert not hasattr(edit, "shape")
        with pytest.raises(LrnapError, match="no edit is open"):
            lux.editEnd()


def test_developing_is_edited_without_touching_the_film():
    with lrnap.Context(ProcessEngine("fake")) as lux:
        describe(lux)
        job = lux.render(spp=30)
        until_rendered(job)
        with job.edit() as edit:
            edit.film("fleximage", {"string tonemapkernel": ["linear"], "float linear_exposure": [0.0]})
        job.wait()
        assert (job.film.epoch, job.spp >= 30) == (0, True)
        assert np.asarray(job.picture())[..., :3].max() == 0


def test_what_cannot_be_edited_says_why(tmp_path: Path):
    with lrnap.Context(tmp_path / "ball.lxs") as lux:
        with pytest.raises(LrnapError, match="nothing renders that could be edited"):
            lux.editBegin()
        describe(lux)
    with lrnap.Context(ProcessEngine("fake")) as lux:
        describe(lux)
        with pytest.raises(LrnapError, match=r"start it with render\(\)"):
            lux.editBegin()
        job = lux.render(spp=4)
        job.wait()
        with pytest.raises(LrnapError, match="render it anew"), job.edit() as edit:
            edit.lookAt(0, -9, 2, 0, 0, 1, 0, 0, 1)
