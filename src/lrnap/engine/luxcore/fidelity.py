"""How faithfully each plugin is rendered, as text for docs/fidelity.md: made from the tables that do the work.

`python -m lrnap.engine.luxcore.fidelity` prints the section; a test compares it with the page.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lrnap.engine.luxcore.area_lights import AREA_LIGHT
from lrnap.engine.luxcore.camera import CAMERAS
from lrnap.engine.luxcore.draft import SUBSTITUTES
from lrnap.engine.luxcore.film import FILTERS
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
    "volume": "Volumes inside shapes",
    "volumeregion": "Volume regions",
    "shape": "Shapes",
    "camera": "Cameras",
    "filter": "Pixel filters",
    "sampler": "Samplers",
    "surfaceintegrator": "Surface integrators",
    "volumeintegrator": "Volume integrators",
    "renderer": "Renderers",
}


def note(plugin: Plugin, parameter: Parameter) -> Note:
    """What becomes of a parameter of a plugin, whether or not there is a row for that plugin."""
    if parameter.obsolete:
        return Note(Fidelity.IGNORED, parameter.note)
    by = ROWS.get(plugin.kind, {}).get(plugin.name)
    if by is None:
        return Note(Fidelity.IGNORED, f"the plugin as a whole is {WITHOUT_ROW.get(plugin.kind, 'left out')}")
    return by.note(parameter.name)


def markdown() -> str:
    return "\n\n".join("\n\n".join(_section(kind)) for kind in ROWS)


def _section(kind: str) -> Iterator[str]:
    yield f"### {TITLES[kind]}"
    rows = {plugin.name: ROWS[kind].get(plugin.name) for plugin in PLUGINS[kind]}
    exact = [f"`{name}`" for name, row in rows.items() if row and row.fidelity is Fidelity.EXACT]
    if exact:
        yield f"Exact: {', '.join(exact)}."
    others = [_line(kind, name, row) for name, row in rows.items() if f"`{name}`" not in exact]
    if others:
        yield "\n".join(["| plugin | fidelity | how |", "|---|---|---|", *others])


def _line(kind: str, name: str, row: Row[Any] | None) -> str:
    fidelity, how = (row.fidelity.value, row.how) if row else ("substituted", WITHOUT_ROW[kind])
    return f"| `{name}` | {fidelity} | {how} |"


if __name__ == "__main__":
    print(markdown())
