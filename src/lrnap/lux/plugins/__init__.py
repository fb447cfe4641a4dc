"""Every plugin of classic Lux, with its parameters: what validation, translation and the reference pages read.

One file per kind holds the rows; this one finds them. Names are exact, as classic Lux has them; a parameter's LXS
type is a part of its name (`"float fov"`), so the same name with another type is another parameter.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from lrnap.lux.plugins import (
    accelerators,
    cameras,
    films,
    filters,
    integrators,
    lights,
    materials,
    renderers,
    samplers,
    shapes,
    textures,
    volumes,
)
from lrnap.lux.plugins.spec import Default, Parameter, Plugin

__all__ = ["KINDS", "PLUGINS", "defaults", "find", "names", "parameter", "row", "spellings"]

PLUGINS: Mapping[str, tuple[Plugin, ...]] = {
    "material": materials.PLUGINS,
    "texture": textures.PLUGINS,
    "light": lights.PLUGINS,
    "arealight": lights.AREA_PLUGINS,
    "shape": shapes.PLUGINS,
    "camera": cameras.PLUGINS,
    "film": films.PLUGINS,
    "filter": filters.PLUGINS,
    "sampler": samplers.PLUGINS,
    "surfaceintegrator": integrators.SURFACE_PLUGINS,
    "volumeintegrator": integrators.VOLUME_PLUGINS,
    "renderer": renderers.PLUGINS,
    "accelerator": accelerators.PLUGINS,
    "volume": volumes.NAMED_PLUGINS,
    "volumeregion": volumes.REGION_PLUGINS,
}
KINDS: tuple[str, ...] = tuple(PLUGINS)

_BY_NAME: Mapping[str, Mapping[str, Plugin]] = {
    kind: {name: plugin for plugin in plugins for name in (plugin.name, *plugin.aliases)}
    for kind, plugins in PLUGINS.items()
}

# "string filename_data" carries the file of "string filename" inside the scene, as base64 lines.
EMBEDDED = "_data"


def find(kind: str, name: str) -> Plugin | None:
    """The plugin of that name or alias; None if there is none. Raises KeyError for a kind that is not in KINDS."""
    return _BY_NAME[kind].get(name)


def names(kind: str) -> tuple[str, ...]:
    """The canonical names of a kind's plugins."""
    return tuple(plugin.name for plugin in PLUGINS[kind])


def spellings(kind: str) -> tuple[str, ...]:
    """Every name under which a kind's plugins can be given: canonical names and aliases."""
    return tuple(_BY_NAME[kind])


def row(plugin: Plugin, name: str) -> Parameter | None:
    """The row of a parameter, whatever its type: also of a numbered one (`tex7`) and of an embedded file."""
    found = plugin.by_name.get(name)
    if found is None and name.endswith(EMBEDDED):
        of_file = plugin.by_name.get(name.removesuffix(EMBEDDED))
        if of_file is not None and (of_file.file or of_file.name == "filename"):
            found = Parameter(name, "string", count=None, note=f"the content of {of_file.name}, as base64")
    if found is None and plugin.open and (stem := name.rstrip("0123456789")) != name:
        series = next((p for p in plugin.parameters if p.name == f"{stem}1"), None)
        found = series and replace(series, name=name)
    return found


def parameter(plugin: Plugin, type: str, name: str, variant: str | None = None) -> Parameter | None:
    """The row that `"type name"` means, e.g. the one of "Kd" for `("texture", "Kd")`; None if there is none.

    `variant` is a texture's own ("float", "color" or "fresnel"), where known: it decides whether `value` and `tex1`
    are floats or colours.
    """
    found = row(plugin, name)
    if found is None or type not in found.types:
        return None
    if variant is not None and found.type.startswith("variant") and type != "texture":
        return found if type == ("color" if variant == "color" else "float") else None
    return found


def defaults(plugin: Plugin) -> dict[str, Default]:
    """The defaults of all parameters that have one, by name."""
    return {p.name: p.default for p in plugin.parameters if p.default is not None}
