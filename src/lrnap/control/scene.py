"""What a scene says of its camera and of how it is rendered, for the queryable attributes of those names."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from lrnap.lux.builder import describe
from lrnap.lux.call import Call
from lrnap.lux.description import Entity, SceneDescription
from lrnap.lux.params import ParamSet
from lrnap.lux.plugins import find
from lrnap.lux.scene import Scene
from lrnap.lux.transforms import inverse

_FIELDS = {
    "renderer": "renderer",
    "sampler": "sampler",
    "surfaceintegrator": "surface_integrator",
    "volumeintegrator": "volume_integrator",
    "filter": "filter",
    "camera": "camera",
}
_COLUMNS = {"position": 3, "normal": 2, "up": 1}  # of the camera's place in the world


class Plugins:
    """The options of a scene; classic Lux's defaults without one."""

    def __init__(self, scene: Scene | None) -> None:
        self._scene = scene

    @cached_property
    def _options(self) -> SceneDescription:
        calls: list[Call] = []
        for call in () if self._scene is None else self._scene.calls:
            if call.name == "WorldBegin":
                break
            calls.append(call)
        return describe([*calls, Call("WorldBegin"), Call("WorldEnd")])

    def _entity(self, kind: str) -> Entity:
        found: Entity = getattr(self._options, _FIELDS[kind])
        return found

    def value(self, kind: str, parameter: str) -> Any:
        """Of a plugin's parameter; without one, the plugin's name. None for what the plugin does not have."""
        entity = self._entity(kind)
        if not parameter:
            return entity.plugin
        given = next((param.value[0] for param in reversed(entity.params) if param.name == parameter), None)
        if given is not None:
            return given.item() if isinstance(given, np.generic) else given
        plugin = find(entity.kind, entity.plugin)
        row = plugin.by_name.get(parameter) if plugin is not None else None
        return row.default if row is not None else None

    def camera(self, vector: str) -> tuple[float, ...]:
        """The camera's "position", "normal" (where it looks) or "up", in the world."""
        place = inverse(self._options.camera_transform.matrix)
        return tuple(float(number) for number in place[:3, _COLUMNS[vector]])

    def screen_window(self) -> tuple[float, ...]:
        """Left, right, bottom, top: the shorter side is -1 to 1, unless the camera says otherwise."""
        camera, film = ParamSet(self._options.camera), ParamSet(self._options.film)
        if camera.has("screenwindow", "float"):
            return tuple(float(number) for number in camera.floats("screenwindow"))
        width, height = film.int("xresolution"), film.int("yresolution")
        aspect = camera.float("frameaspectratio", width / max(height, 1))
        x, y = (aspect, 1.0) if aspect >= 1 else (1.0, 1 / max(aspect, 1e-9))
        return -x, x, -y, y
