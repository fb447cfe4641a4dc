"""Halt conditions, from the scene and from the call, here, on a node and on several engines together."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from contexts import PLACES, context_at

import lrnap
from lrnap.client.job import Job
from lrnap.engine.protocol import RunState

PATIENCE = 120
SPP, SECONDS, NOISE = 40, 0.4, 0.1

# condition -> what the scene's Film says, what `render` is told, and whether a job that is done has kept it
CONDITIONS: dict[str, tuple[dict[str, float], dict[str, float], Callable[[Job], bool]]] = {
    "haltspp": ({"integer haltspp": SPP}, {"spp": SPP}, lambda job: job.film.spp >= SPP),
    "halttime": ({"integer halttime": 1}, {"seconds": SECONDS}, lambda job: job.progress.seconds >= SECONDS),
    "haltthreshold": ({"float haltthreshold": NOISE}, {"noise": NOISE}, lambda job: job.progress.noise <= NOISE),
}


@pytest.fixture(params=PLACES)
def lux(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[lrnap.Context]:
    with context_at(request.param, tmp_path) as context:
        yield context


def describe(lux: lrnap.Context, film: dict[str, float]) -> None:
    lux.film("fleximage", {"integer xresolution": 32, "integer yresolution": 24, **film})
    lux.worldBegin()
    lux.lightSource("infinite")
    lux.shape("sphere")
    lux.worldEnd()


@pytest.mark.parametrize("condition", CONDITIONS)
@pytest.mark.parametrize("said_by", ["scene", "call"])
def test_a_job_is_done_when_its_condition_holds(lux: lrnap.Context, condition: str, said_by: str) -> None:
    film, asked, kept = CONDITIONS[condition]
    describe(lux, film if said_by == "scene" else {})
    job = lux.render(**({} if said_by == "scene" else asked))
    assert job.wait(PATIENCE)
    assert job.state is RunState.DONE
    assert kept(job)
    assert job.film.spp > 0


def test_the_call_replaces_the_conditions_of_the_scene(lux: lrnap.Context) -> None:
    describe(lux, {"integer haltspp": 2, "integer halttime": 1})
    job = lux.render(spp=900)  # for which the engine needs more than the scene's second
    assert job.wait(PATIENCE)
    assert (job.state, job.film.spp >= 900) == (RunState.DONE, True)


def test_whichever_comes_first(lux: lrnap.Context) -> None:
    describe(lux, {"integer haltspp": 20, "integer halttime": 1000, "float haltthreshold": 1e-6})
    job = lux.render()
    assert job.wait(PATIENCE)
    assert job.film.spp >= 20
    assert job.progress.seconds < 1000
