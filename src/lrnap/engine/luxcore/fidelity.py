"""How faithfully each plugin and each of its parameters is rendered: the rows that do the work, by kind and name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lrnap.engine.luxcore.area_lights import AREA_LIGHT
from lrnap.engine.luxcore.camera import CAMERAS
from lrnap.engine.luxcore.draft import SUBSTITUTES
from lrnap.engine.luxcore.film import FILM, FILTERS
from lrnap.engine.luxcore.lights import LIGHTS
from lrnap.engine.luxcore.materials import MATERIALS
from lrnap.engine.luxcore.regions import REGIONS
from lrnap.engine.luxcore.rows import Fidelity, Note, Row
from lrnap.engine.luxcore.sampling import RENDERERS, SAMPLERS, SURFACE_INTEGRATORS, VOLUME_INTEGRATORS
from lrnap.engine.luxcore.shapes import SHAPES
from lrnap.engine.luxcore.textures import TEXTURES
from lrnap.engine.luxcore.volumes import VOLUMES
from lrnap.lux.plugins import PLUGINS
from lrnap.lux.plugins.spec import Parameter, Plugin

ACCELERATOR: Row[None] = Row(None, Fidelity.IGNORED, "the engine finds triangles its own way, which shapes only speed")
ROWS: Mapping[str, Mapping[str, Row[Any]]] = {
    "material": MATERIALS,
    "texture": TEXTURES,
    "light": LIGHTS,
    "arealight": {"area": AREA_LIGHT},
    "volume": VOLUMES,
    "volumeregion": REGIONS,
    "shape": SHAPES,
    "camera": CAMERAS,
    "filter": FILTERS,
    "sampler": SAMPLERS,
    "surfaceintegrator": SURFACE_INTEGRATORS,
    "volumeintegrator": VOLUME_INTEGRATORS,
    "renderer": RENDERERS,
    "film": {"fleximage": FILM},
    "accelerator": dict.fromkeys((plugin.name for plugin in PLUGINS["accelerator"]), ACCELERATOR),
}
WITHOUT_ROW: Mapping[str, str] = {
    "material": f"matte, {SUBSTITUTES['material'][1]}",
    "texture": "; ".join(f"{kind}: {why}" for kind, (_, why) in SUBSTITUTES.items() if kind != "material"),
    "shape": "left out",
    "camera": "a perspective camera of 45 degrees",
    "surfaceintegrator": "'path'",
}
TITLES: Mapping[str, str] = {
    "material": "Materials",
    "texture": "Textures",
    "light": "Lights",
    "arealight": "Area lights",
    "volume": "Volumes",
    "volumeregion": "Volume regions",
    "shape": "Shapes",
    "camera": "Cameras",
    "filter": "Pixel filters",
    "sampler": "Samplers",
    "surfaceintegrator": "Surface integrators",
    "volumeintegrator": "Volume integrators",
    "renderer": "Renderers",
    "film": "Film",
    "accelerator": "Accelerators",
}


def whole(plugin: Plugin) -> Note:
    """What becomes of a plugin as a whole."""
    by = ROWS[plugin.kind].get(plugin.name)
    if by is None:
        return Note(Fidelity.SUBSTITUTED, WITHOUT_ROW[plugin.kind])
    return Note(by.fidelity, by.how)


def note(plugin: Plugin, parameter: Parameter) -> Note:
    """What becomes of a parameter of a plugin, whether or not there is a row for that plugin."""
    if parameter.obsolete:
        return Note(Fidelity.IGNORED, parameter.note)
    by = ROWS.get(plugin.kind, {}).get(plugin.name)
    if by is None:
        return Note(Fidelity.IGNORED, f"the plugin as a whole is {WITHOUT_ROW.get(plugin.kind, 'left out')}")
    return by.note(parameter.name)
