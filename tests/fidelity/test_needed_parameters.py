"""What a plugin cannot do without matters, too: files with other contents, other materials, points and numbers.

The siblings of this file leave such parameters alone, because they have no default to be away from.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import example_files
import numpy as np
import pytest
import test_parameters
import test_scene_parameters

import bench
from lrnap.engine.luxcore.translate import Translation
from lrnap.lux.plugins import PLUGINS, examples
from lrnap.lux.plugins.spec import Plugin

OTHER = "other_"  # before the name of a file with other contents
# Which part of what a plugin needs is changed into what; of meshes and surfaces only what leaves the rest in shape.
CHANGES = {
    **{
        f'["{name}"]': f'["{OTHER}{name}"]'
        for name in ("image.png", "metal.nk", "spectrum.txt", "lens.dat", "mesh.ply", "mesh.stl", "strands.hair")
    },
    '"string basematerial" ["a"]': '"string basematerial" ["c"]',
    '"string namedmaterial1" ["a"]': '"string namedmaterial1" ["c"]',
    '"string namedmaterial2" ["b"]': '"string namedmaterial2" ["c"]',
    '"string frontnamedmaterial" ["a"]': '"string frontnamedmaterial" ["c"]',
    '"string backnamedmaterial" ["b"]': '"string backnamedmaterial" ["c"]',
    '"float density" [0.1 0.9': '"float density" [0.9 0.1',
    '"float Pz" [0 .1': '"float Pz" [.3 .1',
    '"float offsets" [0.2 0.8]': '"float offsets" [0.1 0.8]',
    '"float weights" [0.5 0.5]': '"float weights" [0.2 0.5]',
    '"float amount" [0.4]': '"float amount" [0.6]',
    '"float wavelengths" [400 700]': '"float wavelengths" [400 600]',
    '"float data" [0.2 1]': '"float data" [0.7 1]',
    '"float data" [0 1]': '"float data" [0.7 1]',
    '"float B" [1.04': '"float B" [2.04',
    '"float C" [0.006': '"float C" [0.1',
    "[0 0 0 1 0 0 1 1 .2": "[0 0 0 1 0 .4 1 1 .2",  # corners of a mesh
    "[0 0 0 1 0 1 2 0 0": "[0 0 .5 1 0 1 2 0 0",  # of a surface
    '"float uv" [0 0 1': '"float uv" [.4 .3 1',
    '"float C" [0 0 0 .5': '"float C" [1 0 0 .5',
}
COVERED = ("layered", '"string namedmaterial2" ["b"]')  # by a layer of opacity 1, which is the default
KINDS = (*test_parameters.KINDS, *test_scene_parameters.KINDS)


@pytest.fixture(scope="module", autouse=True)
def files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    bench.FILES.update(example_files.write(tmp_path_factory.mktemp("files")))
    folder = tmp_path_factory.mktemp("others")
    for name, path in example_files.write(folder, other=True).items():
        bench.FILES[OTHER + name] = path
    yield
    bench.FILES.clear()


def changed(plugin: Plugin) -> Iterator[str]:
    """What a plugin needs, with one thing changed."""
    for old, new in CHANGES.items():
        if old in plugin.needs and (plugin.name, old) != COVERED:
            yield plugin.needs.replace(old, new)


def shown(plugin: Plugin, params: str, variant: str) -> Translation:
    if plugin.kind in test_parameters.KINDS:
        return test_parameters.shown(plugin, params, variant)
    return test_scene_parameters.shown(plugin, params)


def test_what_a_plugin_needs_is_seen() -> None:
    scenes: dict[str, tuple[Translation, Translation]] = {}
    for kind in KINDS:
        for plugin in PLUGINS[kind]:
            for needs in changed(plugin):
                variant = (plugin.variants or ("",))[0]
                params = examples.filled(needs, variant)
                scenes[f"{plugin.name}: {needs}"] = (shown(plugin, "", variant), shown(plugin, params, variant))
    assert len(scenes) > 30
    pictures = bench.render([scene for pair in scenes.values() for scene in pair], spp=4, exactly=True)
    unseen = [
        name
        for name, before, after in zip(scenes, pictures[::2], pictures[1::2], strict=True)
        if np.array_equal(before, after)
    ]
    assert not unseen, "\n".join(unseen)


def test_the_changes_are_of_something_that_is_needed() -> None:
    needs = " ".join(plugin.needs for kind in KINDS for plugin in PLUGINS[kind])
    assert not [old for old in CHANGES if old not in needs]


def test_other_files_are_other_files(tmp_path: Path) -> None:
    for name, path in example_files.write(tmp_path).items():
        if OTHER + name in bench.FILES and name != "light.ies":
            assert Path(path).read_bytes() != Path(bench.FILES[OTHER + name]).read_bytes(), name
