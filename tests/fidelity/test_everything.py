"""One scene with every plugin and every parameter away from its default: the engine takes it, and says only what the
tables announce."""

from __future__ import annotations

import re
from collections.abc import Iterator

import example_files
import pytest

import bench
from lrnap.engine.luxcore import fidelity
from lrnap.engine.luxcore.rows import Fidelity
from lrnap.engine.luxcore.translate import translate
from lrnap.lux.builder import describe
from lrnap.lux.plugins import PLUGINS, examples
from lrnap.lux.plugins.spec import Parameter, Plugin
from lrnap.lux.reader import read_bytes

# What is said of values rather than of parameters: light of the lamp's file, and a way to displace nothing.
OF_VALUES = ("goes behind the surface, and is left out", "takes an nsubdivlevels and a displacementmap")
PARAM = re.compile(r'"(\w+) ([^"]+)" (\[[^]]*\])')
OPTIONS = {
    "film": "Film",
    "filter": "PixelFilter",
    "sampler": "Sampler",
    "surfaceintegrator": "SurfaceIntegrator",
    "volumeintegrator": "VolumeIntegrator",
    "renderer": "Renderer",
    "accelerator": "Accelerator",
    "camera": "Camera",
}
EYE = "LookAt 0 -4 1  0 0 1  0 0 1"
# Values that make sense beside all others only.
TOGETHER = {
    "integer xresolution": "[16]",
    "integer yresolution": "[12]",
    "integer triindices": "",
    "integer indices": "",
    "integer nlevels": "",
    "string shapename": '["sphere"]',
    "string endtransform": "",
    "float radius": "[0.8]",
    "float thetamax": "[180]",
    "point to": "[0 0 -1]",
    "float turbidity": "[4]",
    "float u0": "[0.1]",
    "float u1": "[0.9]",
    "float v0": "[0.1]",
    "float v1": "[0.9]",
    "float zmin": "[-0.3]",
    "float zmax": "[0.4]",
}


def params(plugin: Plugin, variant: str = "") -> str:
    """Every parameter of a plugin once: as it is needed, as others need it, or as its example is."""
    rows = [row for row in plugin.parameters if not row.obsolete]
    needed = PARAM.findall(
        " ".join([examples.needed(plugin, variant), *(_fitting(plugin, row, variant) for row in rows)])
    )
    chosen = {name: f'"{type} {name}" {value}' for type, name, value in reversed(needed)}
    for row in rows:
        spelled = f"{row.types[0]} {row.name}"
        if spelled in TOGETHER and row.name not in chosen:
            chosen |= {row.name: f'"{spelled}" {value}'} if (value := TOGETHER[spelled]) else {}
        else:
            chosen.setdefault(row.name, next(examples.away(row, variant), ""))
    return " ".join(chosen.values())


def _fitting(plugin: Plugin, row: Parameter, variant: str) -> str:
    """What a parameter needs beside it, of what the plugin has."""
    found = PARAM.findall(examples.beside(row, variant))
    return " ".join(f'"{type} {name}" {value}' for type, name, value in found if name in plugin.by_name)


def world() -> Iterator[str]:
    yield examples.THINGS
    for plugin in PLUGINS["texture"]:
        for variant in plugin.variants:
            name = f"{plugin.name} {variant}"
            yield f'Texture "{name}" "{variant}" "{plugin.name}" {params(plugin, variant)}'
            kind = "metal2" if variant == "fresnel" else "matte"
            use = {"fresnel": "fresnel", "color": "Kd"}.get(variant, "bumpmap")
            yield f'AttributeBegin Material "{kind}" "texture {use}" ["{name}"] {bench.SQUARE} AttributeEnd'
    for plugin in PLUGINS["material"]:
        yield f'AttributeBegin Material "{plugin.name}" {params(plugin)} {bench.SQUARE} AttributeEnd'
    for plugin in PLUGINS["volume"]:
        yield f'MakeNamedVolume "{plugin.name}" "{plugin.name}" {params(plugin)}'
        yield f'AttributeBegin Interior "{plugin.name}" Material "glass2" Shape "sphere" AttributeEnd'
    for plugin in PLUGINS["volumeregion"]:
        yield f'Volume "{plugin.name}" {params(plugin)}'
    for plugin in PLUGINS["light"]:
        yield f'LightSource "{plugin.name}" {params(plugin)}'
    for plugin in PLUGINS["arealight"]:
        yield f'AttributeBegin AreaLightSource "{plugin.name}" {params(plugin)} {bench.SQUARE} AttributeEnd'
    for plugin in PLUGINS["shape"]:
        yield f'Shape "{plugin.name}" {params(plugin)}'


def announced(kind: str) -> list[str]:
    """What the rows of a kind let us expect, as the ends of warnings."""
    said = []
    for plugin in PLUGINS[kind]:
        notes = [fidelity.whole(plugin), *(fidelity.note(plugin, row) for row in plugin.parameters)]
        said += [note.how for note in notes if note.fidelity in (Fidelity.APPROXIMATED, Fidelity.IGNORED)]
        said += ["and surfaceintegrator 'path' does the work"] * (
            fidelity.whole(plugin).fidelity is Fidelity.SUBSTITUTED
        )
    return [text for text in said if text]


@pytest.fixture(scope="module", autouse=True)
def files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    bench.FILES.update(example_files.write(tmp_path_factory.mktemp("files")))
    yield
    bench.FILES.clear()


def unexplained(text: str) -> list[str]:
    """Warnings about a scene that no row announces."""
    said: list[str] = []
    translation = translate(describe(read_bytes(text.encode(), "all.lxs"), said.append), bench.FILES)
    expected = tuple(how for kind in PLUGINS for how in announced(kind))
    return [warning for warning in (*said, *translation.warnings) if not warning.endswith((*expected, *OF_VALUES))]


def test_everything_is_rendered_and_nothing_else_is_said() -> None:
    scene = bench.scene("\n".join(world()), camera=f'{bench.ABOVE} {"Renderer"} "sampler"', size=8, depth=4)
    (picture,) = bench.render([scene], spp=1)
    assert picture.shape == (8, 8, 3)
    assert unexplained(f"{bench.ABOVE} WorldBegin\n" + "\n".join(world()) + "\nWorldEnd") == []


@pytest.mark.parametrize("kind", OPTIONS)
def test_each_option_is_taken_and_nothing_else_is_said(kind: str) -> None:
    for plugin in PLUGINS[kind]:
        text = f'{EYE} {OPTIONS[kind]} "{plugin.name}" {params(plugin)} WorldBegin LightSource "distant" WorldEnd'
        assert unexplained(text) == [], plugin.name
