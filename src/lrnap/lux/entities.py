"""Which plugin a call means: `Shape "sphere"` is the shape sphere, `MakeNamedMaterial` says it in "string type".

Rules for this file: the way from calls to the plugin tables and to Entity, and nothing else.
"""

from __future__ import annotations

from lrnap.errors import SceneError
from lrnap.lux import plugins
from lrnap.lux.call import Call
from lrnap.lux.description import Entity
from lrnap.lux.plugins.spec import Plugin
from lrnap.lux.spelling import did_you_mean

# The calls that name a plugin: its kind, and the position of its name among the arguments (None: "string type").
KINDS: dict[str, tuple[str, int | None]] = {
    "Renderer": ("renderer", 0),
    "Sampler": ("sampler", 0),
    "SurfaceIntegrator": ("surfaceintegrator", 0),
    "VolumeIntegrator": ("volumeintegrator", 0),
    "Accelerator": ("accelerator", 0),
    "PixelFilter": ("filter", 0),
    "Film": ("film", 0),
    "Camera": ("camera", 0),
    "Texture": ("texture", 2),
    "Material": ("material", 0),
    "MakeNamedMaterial": ("material", None),
    "MakeNamedVolume": ("volume", 1),
    "Volume": ("volumeregion", 0),
    "LightSource": ("light", 0),
    "AreaLightSource": ("arealight", 0),
    "Shape": ("shape", 0),
    "PortalShape": ("shape", 0),
}


def kind_of(call: Call) -> str | None:
    """The kind of plugin that a call names, or None if it names none."""
    found = KINDS.get(call.name)
    return found[0] if found else None


def plugin_name(call: Call) -> str:
    """The plugin's name as spelled; a named material without a type is matte, as in classic Lux."""
    position = KINDS[call.name][1]
    if position is not None:
        return str(call.args[position])
    types = [p.value[0] for p in call.params if (p.type, p.name) == ("string", "type") and p.value]
    return str(types[-1]) if types else "matte"


def plugin_of(call: Call) -> Plugin | None:
    """The table of the plugin that a call names; None if it names none, or one that nobody knows."""
    kind = kind_of(call)
    return plugins.find(kind, plugin_name(call)) if kind else None


def known_plugin(call: Call) -> Plugin:
    """Like `plugin_of`, for a call that names one; raises SceneError if nobody knows it."""
    kind = KINDS[call.name][0]
    name = plugin_name(call)
    plugin = plugins.find(kind, name)
    if plugin is None:
        meant = did_you_mean(name, plugins.spellings(kind))
        raise SceneError(f"{call.name}: unknown {kind} '{name}'{meant}", at=call.at)
    return plugin


def entity(call: Call) -> Entity:
    """The plugin with its parameters, without the "string type" that a named material has."""
    params = call.params
    if KINDS[call.name][1] is None:
        params = tuple(p for p in params if (p.type, p.name) != ("string", "type"))
    return Entity(KINDS[call.name][0], plugin_name(call), params, call.at)
