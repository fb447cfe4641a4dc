"""Likewise of what stands before the world: filters, samplers, integrators, renderers, accelerators, and the film.

Together with its two siblings this covers every kind of plugin there is.
"""

from __future__ import annotations

from pathlib import Path

import example_files
import numpy as np
import pytest
import test_parameters
import test_scene_parameters

import bench
from lrnap.client.scene_film import scene_film
from lrnap.client.written import of_scene
from lrnap.engine.luxcore import fidelity
from lrnap.engine.luxcore.rows import Fidelity
from lrnap.engine.luxcore.translate import Translation, translate
from lrnap.film.develop import develop
from lrnap.film.snapshot import FilmLayout, Snapshot
from lrnap.lux.builder import describe
from lrnap.lux.call import Call
from lrnap.lux.plugins import PLUGINS, examples
from lrnap.lux.plugins.spec import Parameter, Plugin
from lrnap.lux.reader import read_bytes
from lrnap.lux.scene import Scene

STATEMENTS = {
    "filter": "PixelFilter",
    "sampler": "Sampler",
    "surfaceintegrator": "SurfaceIntegrator",
    "volumeintegrator": "VolumeIntegrator",
    "renderer": "Renderer",
    "accelerator": "Accelerator",
}
SEES = 'LookAt 0.5 -2 2.5  0.5 0.5 0  0 0 1 Camera "perspective" "float fov" [50]'
# A glass ball, a mirror and walls under a lamp and a sky: light that takes many bounces of each kind.
WORLD = f"""
LightSource "infinite" "color L" [0.3 0.35 0.4]
AttributeBegin AreaLightSource "area" "color L" [9 8 7] "float power" [0]
Translate 0 0 2 Rotate 180 1 0 0 {bench.SQUARE} AttributeEnd
Material "matte" {bench.SQUARE}
AttributeBegin Rotate 90 1 0 0 Translate 0 0 -1 {bench.SQUARE} AttributeEnd
AttributeBegin Material "mirror" Rotate -90 0 1 0 {bench.SQUARE} AttributeEnd
AttributeBegin Material "glass" Translate 0.6 0.4 0.4 Shape "sphere" "float radius" [0.3] AttributeEnd
"""


def test_all_kinds_are_covered() -> None:
    covered = (*test_parameters.KINDS, *test_scene_parameters.KINDS, *STATEMENTS, "film")
    assert sorted(covered) == sorted(PLUGINS)


def shown(plugin: Plugin, params: str) -> Translation:
    statement = f'{STATEMENTS[plugin.kind]} "{plugin.name}" {params}'
    return bench.scene(WORLD, options=statement, camera=SEES, size=12, depth=9)


def told(translation: Translation) -> tuple[object, ...]:
    """All that the engine hears."""
    return translation.config, translation.scene


@pytest.mark.parametrize("kind", STATEMENTS)
def test_what_is_called_honoured_is_seen(kind: str) -> None:
    scenes: dict[tuple[str, str], Translation] = {}
    pairs = []
    for plugin in PLUGINS[kind]:
        for parameter, _, given in test_parameters.honoured(plugin):
            keys = [(plugin.name, parameter.beside), (plugin.name, f"{parameter.beside} {given}")]
            scenes |= {key: shown(plugin, key[1]) for key in keys if key not in scenes}
            pairs.append((f"{plugin.name}: {given}", *keys))
    if scenes:
        bench.render(list(scenes.values()), spp=8)  # the engine takes them all; pictures differ by chance here
    unseen = [name for name, before, after in pairs if told(scenes[before]) == told(scenes[after])]
    assert not unseen, "\n".join(unseen)


def test_nothing_is_hit_that_is_nearer_than_epsilon() -> None:
    """A white floor close under a black cover, seen from between them: rays to the sky start beyond the cover."""
    cover = f'Material "matte" "color Kd" [0 0 0] Translate -20 -20 0.02 Scale 41 41 1 {bench.SQUARE}'
    world = f'LightSource "infinite" Material "matte" "color Kd" [1 1 1] {bench.SQUARE} {cover}'
    between = f'{bench.ABOVE} "float hither" [4.99]'
    told = [(), (Call("SetEpsilon", (0.5, 1.0)),), (Call("SetEpsilon", (-1.0, -1.0)),)]
    scenes = [bench.scene(world, camera=between, before=calls) for calls in told]
    usual, beyond, usual_again = (picture.mean() for picture in bench.render(scenes))
    assert (usual, usual_again) == (pytest.approx(0, abs=1e-5), pytest.approx(0, abs=1e-5))
    assert beyond == pytest.approx(1, abs=0.01)


# ---- the film, whose parameters matter in the darkroom, in the files written, or to the halt

# What a parameter needs beside it to matter.
BESIDE = {
    "write_exr": ['"bool write_exr" ["true"]', '"bool write_exr_ZBuf" ["true"]'],
    "write_tga": ['"bool write_tga" ["true"]'],
    "restart": ['"bool write_resume_flm" ["true"]'],
    "reinhard": ['"string tonemapkernel" ["reinhard"]'],
    "linear": ['"string tonemapkernel" ["linear"]'],
    "contrast": ['"string tonemapkernel" ["contrast"]'],
    "false": ['"string tonemapkernel" ["falsecolors"]', '"float false_max" [50]'],
    "bloom": ['"bool bloom_enabled" ["true"]', '"float bloom_weight" [0.5]'],
    "vignetting": ['"bool vignetting_enabled" ["true"]'],
    "abberation": ['"bool abberation_enabled" ["true"]', '"float abberation_amount" [0.5]'],
    "glare": ['"bool glare_enabled" ["true"]', '"float glare_amount" [0.4]', '"float glare_radius" [0.15]'],
    "glare_map": ['"string glarepupilfilename" ["image.png"]'],
    "glarepupil": ['"bool glare_map" ["true"]', '"string glarelashesfilename" ["image.png"]'],
    "glarelashes": ['"bool glare_map" ["true"]', '"string glarepupilfilename" ["image.png"]'],
    "write_exr_straightcolors": ['"bool premultiplyalpha" ["true"]'],
    "ldr_clamp": ['"string tonemapkernel" ["linear"]', '"float linear_exposure" [9]'],
    "ocio": ['"string ocio" ["ocio://default"]'],
    "denoise": ['"bool denoise_enabled" ["true"]'],
}
ELSEWHERE = {
    "displayinterval": "tests/unit/cli/test_view_interval.py",
    "usersamplingmap_filename": "said to be approximated",
    "ocio_display": "tests/unit/film",
    "ocio_view": "tests/unit/film",
}


def _film() -> Snapshot:
    """Noise, some of it very bright, seen by half of the samples."""
    layout = FilmLayout(128, 96, ("default",))
    block = layout.new_block()
    planes = layout.planes(block)
    planes.pixel[:] = np.random.default_rng(1).random((1, 96, 128, 3)) ** 4 * 300
    planes.weight[:], planes.alpha[:] = 1.0, 0.5
    return Snapshot("run", 1, 1, layout, block, samples=128 * 96)


FILM = _film()


def film(params: str, files: dict[str, str], folder: Path) -> tuple[object, ...]:
    """All that comes of a Film statement: the frame, the halt, the files, and a picture as developed."""
    text = f'Film "fleximage" "integer xresolution" [40] {params} WorldBegin LightSource "sun" WorldEnd'
    calls: tuple[Call, ...] = tuple(read_bytes(text.encode(), "film.lxs"))
    scene, translation = Scene("film", calls, files), translate(describe(calls), files)
    said = scene_film(scene)
    picture = develop(FILM, said.settings).tobytes()
    return translation.layout, said.halt, said.filename, of_scene(scene, folder), picture


def beside(parameter: Parameter) -> str:
    found = [text for start, given in BESIDE.items() if parameter.name.startswith(start) for text in given]
    return " ".join(text for text in found if f' {parameter.name}"' not in text)


def test_what_the_film_honours_makes_a_difference(tmp_path: Path) -> None:
    files = example_files.write(tmp_path)
    plugin = PLUGINS["film"][0]
    lost = []
    for parameter in plugin.parameters:
        fate = fidelity.note(plugin, parameter).fidelity
        if fate not in (Fidelity.EXACT, Fidelity.EQUIVALENT) or parameter.name in ELSEWHERE:
            continue
        besides, given = beside(parameter), next(examples.away(parameter))
        if film(besides, files, tmp_path) == film(f"{besides} {given}", files, tmp_path):
            lost.append(f"{besides} | {given}")
    assert not lost, "\n".join(lost)
