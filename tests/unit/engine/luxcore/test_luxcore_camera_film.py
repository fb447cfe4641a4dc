"""Camera, film, filters, samplers and integrators."""

from __future__ import annotations

import numpy as np
import pytest

from lrnap.engine.luxcore.sampling import SAMPLERS
from lrnap.engine.protocol import Halt

FILM = 'Film "fleximage" "integer xresolution" [{w}] "integer yresolution" [{h}] {params}'


def film(w: int = 40, h: int = 20, params: str = "") -> str:
    return FILM.format(w=w, h=h, params=params)


def window(translation) -> list[float]:
    """The screen window without the row by which the engine's camera is off."""
    left, right, bottom, top = translation.scene["scene.camera.screenwindow"]
    row = (top - bottom) / translation.layout.height
    return [left, right, bottom + row, top + row]


def test_the_shorter_side_of_the_picture_is_the_field_of_view(translated):
    assert window(translated(film=film(40, 20))) == pytest.approx([-2, 2, -1, 1])
    assert window(translated(film=film(20, 40))) == pytest.approx([-1, 1, -2, 2])
    assert translated(film=film()).scene["scene.camera.fieldofview"] == [45.0]


def test_a_crop_is_a_smaller_film_that_sees_a_part(translated):
    translation = translated(film=film(40, 20, '"float cropwindow" [.5 .75 0 .5]'))
    assert (translation.layout.width, translation.layout.height) == (10, 10)
    assert window(translation) == pytest.approx([0, 1, 0, 1])


def test_the_camera_stands_where_look_at_says(translated):
    scene = translated(camera='LookAt 1 2 3  1 12 3  0 0 1 Camera "perspective"').scene
    assert scene["scene.camera.lookat.orig"] == pytest.approx([1, 2, 3])
    assert scene["scene.camera.lookat.target"] == pytest.approx([1, 3, 3])
    assert scene["scene.camera.up"] == pytest.approx([0, 0, 1])


def test_a_mirrored_camera_sees_the_mirrored_window(translated):
    scene = translated(film=film(), camera='Scale -1 1 1 LookAt 0 -5 3  0 0 0  0 0 1 Camera "perspective"').scene
    assert scene["scene.camera.screenwindow"][:2] == pytest.approx([2, -2])


def test_lengths_of_a_scaled_camera_are_lengths_in_the_world(translated):
    camera = 'Scale 2 2 2 LookAt 0 -5 3  0 0 0  0 0 1 Camera "perspective"'
    scene = translated(camera=f'{camera} "float hither" [4] "float lensradius" [.2] "float focaldistance" [10]').scene
    found = {name: scene[f"scene.camera.{name}"][0] for name in ("cliphither", "lensradius", "focaldistance")}
    assert found == pytest.approx({"cliphither": 2.0, "lensradius": 0.1, "focaldistance": 5.0}, rel=1e-5)


def test_a_lens_focused_at_infinity_keeps_its_rays_finite(translated):
    scene = translated(camera='LookAt 0 -5 3  0 0 0  0 0 1 Camera "perspective" "float lensradius" [.1]').scene
    assert 1e4 < scene["scene.camera.focaldistance"][0] < 1e9


def test_a_moving_camera_moves(translated):
    motion = "MotionBegin [0 1] LookAt 0 -5 3 0 0 0 0 0 1 LookAt 1 -5 3 1 0 0 0 0 1 MotionEnd"
    scene = translated(camera=f'{motion} Camera "perspective"').scene
    motion = {key: value for key, value in scene.items() if key.startswith("scene.camera.motion.")}
    steps = [value[0] for key, value in motion.items() if key.endswith("time")]
    assert (steps[0], steps[-1]) == (0.0, 1.0)
    ends = (0, len(steps) - 1)
    first, last = (np.array(scene[f"scene.camera.motion.{i}.transformation"]).reshape(4, 4).T for i in ends)
    assert first == pytest.approx(np.eye(4))
    assert last[:3, 3] == pytest.approx([1, 0, 0])


def test_halt_conditions_are_the_scenes_own(translated):
    params = '"integer haltspp" [8] "integer halttime" [60] "float haltthreshold" [.01]'
    assert translated(film=film(params=params)).halt == Halt(spp=8.0, seconds=60.0, noise=pytest.approx(0.01))
    assert translated().halt == Halt()


def test_what_the_darkroom_needs_is_handed_on_by_name(translated):
    params = '"string tonemapkernel" ["linear"] "float linear_fstop" [4] "float colorspace_red" [.6 .3]'
    develop = translated(film=film(params=params)).develop
    assert (develop["tonemapkernel"], develop["linear_fstop"]) == ("linear", 4.0)
    assert develop["colorspace_red"] == pytest.approx((0.6, 0.3))


@pytest.mark.parametrize("plugin", ["box", "gaussian", "blackmanharris"])
def test_filters_are_as_wide_in_the_engine(translated, plugin):
    config = translated(options=f'PixelFilter "{plugin}" "float xwidth" [1.5] "float ywidth" [2.5]').config
    found = [config[f"film.filter.{name}"] for name in ("type", "xwidth", "ywidth")]
    assert found == [[plugin.upper()], [1.5], [2.5]]


def test_a_filter_with_negative_lobes_becomes_one_as_wide_as_its_middle(translated):
    soft, sharp = (
        translated(options=f'PixelFilter "mitchell" "float B" [{b}] "float C" [{c}]').config["film.filter.xwidth"][0]
        for b, c in ((1, 0), (0, 0.5))
    )
    assert 1.0 < sharp < soft < 3.0


ENGINES = [
    (
        'SurfaceIntegrator "path" "integer maxdepth" [7]',
        {"renderengine.type": ["PATHCPU"], "path.pathdepth.total": [8]},
    ),
    (
        'SurfaceIntegrator "bidirectional" "integer eyedepth" [5] "integer lightdepth" [6]',
        {"renderengine.type": ["BIDIRCPU"], "path.maxdepth": [5], "light.maxdepth": [6]},
    ),
    (
        'SurfaceIntegrator "sppm" "integer maxeyedepth" [5] "integer maxphotondepth" [6]',
        {"renderengine.type": ["BIDIRCPU"], "path.maxdepth": [5], "light.maxdepth": [6]},
    ),
    (
        'SurfaceIntegrator "directlighting" "integer maxdepth" [4]',
        {"renderengine.type": ["PATHCPU"], "path.pathdepth.diffuse": [1], "path.pathdepth.specular": [5]},
    ),
    ('Sampler "random"', {"sampler.type": ["RANDOM"], "sampler.random.adaptive.strength": [0.0]}),
    ('Sampler "lowdiscrepancy"', {"sampler.type": ["SOBOL"], "sampler.sobol.adaptive.strength": [0.0]}),
    (
        'Sampler "metropolis" "float largemutationprob" [.25] "integer maxconsecrejects" [64]',
        {
            "sampler.type": ["METROPOLIS"],
            "sampler.metropolis.largesteprate": [0.25],
            "sampler.metropolis.maxconsecutivereject": [64],
        },
    ),
]


@pytest.mark.parametrize(("options", "expected"), ENGINES)
def test_integrators_and_samplers(translated, options, expected):
    config = translated(options=options).config
    assert {key: config.get(key) for key in expected} == expected


def test_no_usual_path_plays_russian_roulette_since_it_makes_the_picture_too_bright(translated):
    both = 'SurfaceIntegrator "bidirectional" "integer eyedepth" [5] "integer lightdepth" [9]'
    assert translated(options=both).config["path.russianroulette.depth"][0] > 9
    paths = translated(options='SurfaceIntegrator "path"').config
    assert paths["path.russianroulette.depth"][0] >= 12 and paths["path.russianroulette.cap"][0] >= 0.9


def test_only_engines_that_trace_from_the_lights_have_a_screen_film(translated):
    assert translated(options='SurfaceIntegrator "bidirectional"').layout.screen
    assert not translated(options='SurfaceIntegrator "path"').layout.screen


def test_what_only_changes_how_fast_it_converges_is_no_warning(translated):
    options = 'SurfaceIntegrator "path" "string rrstrategy" ["none"] "string lightstrategy" ["one"] PixelFilter "box"'
    assert translated(options=options).warnings == []


def test_a_filter_that_the_scene_does_not_name_is_nothing_to_warn_of(translated):
    assert not any("mitchell" in warning for warning in translated().warnings)
    assert any("mitchell" in warning for warning in translated(options='PixelFilter "mitchell"').warnings)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_no_sampler_prefers_pixels_for_their_looks(translated, sampler):
    config = translated(options=f'Sampler "{sampler}"').config
    kind = config["sampler.type"][0]
    adaptive = config.get(f"sampler.{kind.lower()}.adaptive.strength")
    assert adaptive == ([0.0] if kind in ("SOBOL", "RANDOM") else None), "films of several engines add up only so"


def test_bidirectional_paths_are_no_longer_than_they_need_be(translated):
    translation = translated(
        options='SurfaceIntegrator "bidirectional" "integer eyedepth" [48] "integer lightdepth" [16]'
    )
    assert [translation.config[f"{end}.maxdepth"] for end in ("path", "light")] == [[16], [16]]
    assert [w for w in translation.warnings if "48" in w and "16" in w]
    assert not any("lightdepth" in w for w in translation.warnings)


def test_distributed_paths_have_depths_of_their_kinds_and_photon_maps_are_no_matter(translated):
    depths = '"integer diffusereflectdepth" [4] "integer diffuserefractdepth" [2] "integer specularrefractdepth" [7]'
    config = translated(options=f'SurfaceIntegrator "distributedpath" {depths}').config
    found = [config[f"path.pathdepth.{kind}"] for kind in ("diffuse", "glossy", "specular", "total")]
    assert found == [[5], [6], [8], [17]]  # glossyrefractdepth is 5 by default
    given = '"integer directphotons" [9] "bool finalgather" ["false"] "bool dbg_enabledirect" ["false"]'
    warnings = translated(options=f'SurfaceIntegrator "exphotonmap" {given}').warnings
    assert len([w for w in warnings if "exphotonmap" in w]) == 2  # the plugin as a whole, and the light it leaves out
