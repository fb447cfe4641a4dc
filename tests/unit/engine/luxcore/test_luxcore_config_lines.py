"""What a scene says to the engine in the engine's own words: handed on within bounds, or told."""

from __future__ import annotations

import pytest

from lrnap.engine.luxcore.config_lines import read


def config(translated, *lines: str, before: str = "") -> dict[str, list[object]]:
    given = " ".join(f'"{line}"' for line in lines)
    return translated(options=f'{before} Renderer "luxcore" "string config" [{given}]').config


def test_lines_count_more_than_what_the_scene_says_otherwise(translated):
    found = config(
        translated,
        "path.maxdepth = 4",
        "sampler.type = METROPOLIS # which it knows well",
        "sampler.metropolis.largesteprate = 0.25",
        "film.filter.type = NONE",
        "scene.epsilon.min = 0.001",
        before='SurfaceIntegrator "path" "integer maxdepth" [9] PixelFilter "box"',
    )
    assert found["path.pathdepth.total"] == found["path.pathdepth.glossy"] == [4]
    assert (found["sampler.type"], found["sampler.metropolis.largesteprate"]) == (["METROPOLIS"], [0.25])
    assert (found["film.filter.type"], found["scene.epsilon.min"]) == (["NONE"], [0.001])


@pytest.mark.parametrize("sampler", ["RANDOM", "SOBOL"])
def test_samples_stay_spread_evenly(translated, sampler):
    found = config(translated, f"sampler.type = {sampler}", before='Sampler "metropolis"')
    assert found[f"sampler.{sampler.lower()}.adaptive.strength"] == [0.0]


def test_an_engine_keeps_the_depths_that_the_scene_has(translated):
    path = 'SurfaceIntegrator "path" "integer maxdepth" [6]'
    both = config(translated, "renderengine.type = BIDIRVMCPU", before=path)
    assert (both["renderengine.type"], both["path.maxdepth"], both["light.maxdepth"]) == (["BIDIRCPU"], [7], [7])
    assert translated(options=f'{path} Renderer "slg" "string config" ["renderengine.type = BIDIRCPU"]').layout.screen
    one = config(translated, 'renderengine.type = \\"PATHOCL\\"', "path.pathdepth.glossy = 2", before=path)
    assert (one["renderengine.type"], one["path.pathdepth.total"]) == (["PATHCPU"], [7])
    assert one["path.pathdepth.glossy"] == [2]
    from_both = 'SurfaceIntegrator "bidirectional" "integer eyedepth" [5] "integer lightdepth" [3]'
    assert config(translated, "renderengine.type = PATHCPU", before=from_both)["path.pathdepth.total"] == [5]
    assert config(translated, before=from_both)["path.maxdepth"] == [5]


def test_what_only_changes_how_fast_it_converges_is_passed_over():
    said = read(
        ["lightstrategy.type = LOG_POWER", "opencl.cpu.use = 1", "accelerator.type = EMBREE", "", "# a comment"]
    )
    assert (said.values, said.unheard) == ({}, [])


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("path.maxdepth = 0", "a whole number from 1 to 10000"),
        ("path.maxdepth = 1 2", "a whole number"),
        ("path.maxdepth = many", "a whole number"),
        ("sampler.metropolis.largesteprate = nan", "a number from 0 to 1"),
        ("renderengine.type = FILESAVER", "one of PATHCPU"),
        ("renderengine.seed = 1", "seed of its own"),
        ("batch.haltspp = 100", "haltspp"),
        ("film.outputs.0.filename = /etc/passwd", "the Film says"),
        ("scene.objects.x.ply = y", "the scene itself"),
        ("path.maxdeth = 3", "did you mean 'path.maxdepth'"),
        ("nonsense", "write 'name = value'"),
    ],
)
def test_other_lines_are_told(line, told):
    said = read([line])
    assert said.values == {}
    (sentence,) = said.unheard
    assert line in sentence and told in sentence


def test_what_is_told_has_its_place(translated):
    warnings = translated(options='Renderer "luxcore" "string config" ["batch.halttime = 3"]').warnings
    assert any(text.startswith("test.lxs:1:1: renderer 'luxcore': the line 'batch.halttime = 3'") for text in warnings)


def test_the_engine_takes_what_is_handed_on(translated, refusals):
    from lrnap.engine.luxcore.config_lines import ENGINES, RULES

    words = {"renderengine.type": "PATHCPU", "sampler.type": "METROPOLIS", "film.filter.type": "GAUSSIAN"}
    lines = [f"{name} = {words.get(name, '1')}" for name in RULES]
    options = 'Renderer "luxcore" "string config" [{}]'
    each = [translated(options=options.format(f'"renderengine.type = {engine}"')) for engine in ENGINES]
    whole = translated(options=options.format(" ".join(f'"{line}"' for line in lines)))
    assert not [text for text in whole.warnings if "luxcore" in text]
    assert refusals([*each, whole]) == [""] * (len(ENGINES) + 1)
