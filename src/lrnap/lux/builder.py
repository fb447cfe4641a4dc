"""Calls to a SceneDescription: the graphics state resolved as classic Lux does.

What a scene means by a name depends on where the name stands: between AttributeBegin and AttributeEnd, material,
area light, light group, volumes, orientation and all names defined there hold only until the end. Here every name is
replaced by the key of the thing it means; the engine sees keys only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from lrnap.lux import placing
from lrnap.lux.call import Call, Param
from lrnap.lux.checker import Checker
from lrnap.lux.description import (
    AreaLight,
    Entity,
    Instance,
    Light,
    Object,
    Region,
    SceneDescription,
    Shape,
    Texture,
    Transform,
)
from lrnap.lux.entities import entity, known_plugin
from lrnap.lux.params import ParamSet
from lrnap.lux.scope import Names, references

DEFAULT_GROUP = "default"

# What renders if the scene does not say, and the call that says it.
DEFAULTS = {
    "Renderer": Entity("renderer", "sampler"),
    "Sampler": Entity("sampler", "random"),
    "SurfaceIntegrator": Entity("surfaceintegrator", "path"),
    "VolumeIntegrator": Entity("volumeintegrator", "emission"),
    "Accelerator": Entity("accelerator", "kdtree"),
    "PixelFilter": Entity("filter", "mitchell"),
    "Film": Entity("film", "fleximage"),
    "Camera": Entity("camera", "perspective"),
}


def describe(calls: Iterable[Call], on_warning: Callable[[str], None] | None = None) -> SceneDescription:
    """The description of a whole scene. Raises SceneError for calls that break a rule, or that end too early."""
    checker, builder = Checker(), Builder()
    for call in calls:
        checker.call(call)
        builder.call(call)
    checker.require_finished()
    for warning in checker.warnings:
        if on_warning:
            on_warning(warning)
    return builder.description


@dataclass(slots=True)
class GraphicsState:
    """What AttributeBegin saves, besides names and the transform. Values are keys of the description."""

    material: str | None = None
    area_light: Entity | None = None
    group: str = ""
    interior: str | None = None
    exterior: str | None = None
    reverse: bool = False


class Builder:
    """A target for calls that a Checker has let pass."""

    def __init__(self) -> None:
        self.description = SceneDescription(
            renderer=DEFAULTS["Renderer"],
            camera=DEFAULTS["Camera"],
            camera_transform=placing.IDENTITY,
            film=DEFAULTS["Film"],
            filter=DEFAULTS["PixelFilter"],
            sampler=DEFAULTS["Sampler"],
            surface_integrator=DEFAULTS["SurfaceIntegrator"],
            volume_integrator=DEFAULTS["VolumeIntegrator"],
            accelerator=DEFAULTS["Accelerator"],
        )
        self._state = GraphicsState()
        self._stack: list[GraphicsState] = []
        self._names = Names()
        self._place = placing.Place()
        self._object: Object | None = None
        self._unnamed = 0  # materials so far
        self._again: dict[tuple[str, str], int] = {}  # (kind, name) -> number of things of that name, from two on

    def call(self, call: Call, /) -> None:
        _ACTIONS[call.name](self, call)

    # Options.

    def _option(self, call: Call) -> None:
        setattr(self.description, _OPTIONS[call.name], entity(call))

    def _camera(self, call: Call) -> None:
        camera = entity(call)
        self.description.camera = camera
        self.description.camera_transform = transform = self._camera_transform(camera)
        self._place.systems["camera"] = placing.inverse(transform)

    def _camera_transform(self, camera: Entity) -> Transform:
        """The current transform, or the older way to say a motion: to the coordinate system `endtransform`."""
        current, params = self._place.current, ParamSet(camera)
        end = params.string("endtransform", "") if params.has("endtransform") else ""
        if current.moving or end not in self._place.systems:
            return current
        times = (params.float("shutteropen", 0.0), params.float("shutterclose", 1.0))
        if times[0] >= times[1]:
            return current
        moving = Transform((current.matrix, self._place.systems[end].matrix), times)
        placing.check(moving, "Camera", camera.at)
        return moving

    def _world_begin(self, _call: Call) -> None:
        self._place.current = placing.IDENTITY
        self._place.systems["world"] = placing.IDENTITY

    def _world_end(self, _call: Call) -> None:
        self.description.camera_volume = self._state.exterior

    # Blocks.

    def _attribute_begin(self, _call: Call) -> None:
        self._stack.append(replace(self._state))
        self._names.push()
        self._place.push()

    def _attribute_end(self, _call: Call) -> None:
        self._state = self._stack.pop()
        self._names.pop()
        self._place.pop()

    def _object_begin(self, call: Call) -> None:
        name = str(call.args[0])
        key = self._new_key("object", name, self.description.objects)
        self._names.define("object", name, key)
        self._object = self.description.objects[key] = Object(key)
        self._attribute_begin(call)

    def _object_end(self, call: Call) -> None:
        self._object = None
        self._attribute_end(call)

    # Named things.

    def _texture(self, call: Call) -> None:
        name, variant = str(call.args[0]), str(call.args[1])
        found = self._resolved(call)  # before the name is its own: it may refer to the texture that it replaces
        key = self._new_key("texture", name, self.description.textures)
        self.description.textures[key] = Texture(key, variant, found, self._place.current)
        self._names.define(f"{variant} texture", name, key)

    def _material(self, call: Call) -> None:
        found = self._resolved(call)
        self._unnamed += 1
        self._state.material = self._new_key("material", f"#{self._unnamed}", self.description.materials)
        self.description.materials[self._state.material] = found

    def _make_named_material(self, call: Call) -> None:
        self._define(call, "material", self.description.materials)

    def _make_named_volume(self, call: Call) -> None:
        self._define(call, "volume", self.description.volumes)

    def _define(self, call: Call, kind: str, table: dict[str, Entity]) -> None:
        name, found = str(call.args[0]), self._resolved(call)
        key = self._new_key(kind, name, table)
        table[key] = found
        self._names.define(kind, name, key)

    def _new_key(self, kind: str, name: str, table: dict[str, Any]) -> str:
        """The name itself, or with a number behind it if another thing has it."""
        key = name
        while key in table:
            self._again[kind, name] = number = self._again.get((kind, name), 1) + 1
            key = f"{name}#{number}"
        if key != name:
            self.description.renamed[kind, key] = name
        return key

    def _resolved(self, call: Call) -> Entity:
        """The entity of a call, with keys instead of names in its parameters."""
        found = entity(call)
        keys: dict[tuple[str, str], str] = {}
        for reference in references(call, known_plugin(call)):
            if reference.kind == "texture":
                texture = self._names.find_texture(reference.name, reference.variant)
                key = texture[1] if texture else None
            else:
                key = self._names.find(reference.kind, reference.name)
            if key is not None and key != reference.name:
                keys[reference.param.type, reference.param.name] = key
        if not keys:
            return found
        params = tuple(
            Param(p.type, p.name, (keys[p.type, p.name],)) if (p.type, p.name) in keys else p for p in found.params
        )
        return replace(found, params=params)

    # State.

    def _named_material(self, call: Call) -> None:
        self._state.material = self._names.find("material", str(call.args[0]))

    def _interior(self, call: Call) -> None:
        self._state.interior = self._names.find("volume", str(call.args[0]))

    def _exterior(self, call: Call) -> None:
        self._state.exterior = self._names.find("volume", str(call.args[0]))

    def _reverse_orientation(self, _call: Call) -> None:
        self._state.reverse = not self._state.reverse

    def _light_group(self, call: Call) -> None:
        self._state.group = str(call.args[0])
        self._group()

    def _group(self) -> str:
        """The light group of a light that is made now. The default group, if it is used, is the first."""
        groups, name = self.description.light_groups, self._state.group or DEFAULT_GROUP
        if name not in groups:
            groups.insert(0 if name == DEFAULT_GROUP else len(groups), name)
        return name

    def _area_light_source(self, call: Call) -> None:
        self._state.area_light = self._resolved(call)

    # Things that are seen.

    def _light_source(self, call: Call) -> None:
        light = Light(self._resolved(call), self._place.current, self._group(), self._state.exterior)
        (self._object or self.description).lights.append(light)

    def _shape(self, call: Call) -> None:
        state = self._state
        portal = call.name == "PortalShape"
        area = AreaLight(state.area_light, self._group()) if state.area_light and not portal else None
        shape = Shape(
            self._resolved(call),
            self._place.current,
            state.material,
            area,
            state.interior,
            state.exterior,
            state.reverse,
            portal,
        )
        (self._object or self.description).shapes.append(shape)

    def _instance(self, call: Call) -> None:
        transform = self._place.current
        if call.name == "MotionInstance":
            start, end = float(call.args[1]), float(call.args[2])
            goal = self._place.systems[str(call.args[3])]
            if start < end:
                transform = Transform((transform.matrix, goal.matrix), (start, end))
                placing.check(transform, "MotionInstance", call.at)
        state = self._state
        instance = Instance(
            self._names.find("object", str(call.args[0])) or "",
            transform,
            state.material,
            state.interior,
            state.exterior,
            call.name == "PortalInstance",
            call.at,
        )
        (self._object or self.description).instances.append(instance)

    def _volume_region(self, call: Call) -> None:
        self.description.volume_regions.append(Region(self._resolved(call), self._place.current))

    def _transform(self, call: Call) -> None:
        self._place.call(call)

    def _transform_begin(self, _call: Call) -> None:
        self._place.push()

    def _transform_end(self, _call: Call) -> None:
        self._place.pop()

    def _set_epsilon(self, call: Call) -> None:
        least, largest = (float(number) for number in call.args)
        self.description.epsilon = least, largest

    def _nothing(self, _call: Call) -> None:
        """They steer a classic engine and describe nothing."""


_OPTIONS = {
    "Renderer": "renderer",
    "Sampler": "sampler",
    "SurfaceIntegrator": "surface_integrator",
    "VolumeIntegrator": "volume_integrator",
    "Accelerator": "accelerator",
    "PixelFilter": "filter",
    "Film": "film",
}

_ACTIONS: dict[str, Callable[[Builder, Call], None]] = {
    **dict.fromkeys(_OPTIONS, Builder._option),
    "Camera": Builder._camera,
    "WorldBegin": Builder._world_begin,
    "WorldEnd": Builder._world_end,
    "AttributeBegin": Builder._attribute_begin,
    "AttributeEnd": Builder._attribute_end,
    "ObjectBegin": Builder._object_begin,
    "ObjectEnd": Builder._object_end,
    "TransformBegin": Builder._transform_begin,
    "TransformEnd": Builder._transform_end,
    **dict.fromkeys(
        (
            "Identity",
            "Translate",
            "Rotate",
            "Scale",
            "LookAt",
            "Transform",
            "ConcatTransform",
            "CoordinateSystem",
            "CoordSysTransform",
            "MotionBegin",
            "MotionEnd",
        ),
        Builder._transform,
    ),
    "Texture": Builder._texture,
    "Material": Builder._material,
    "MakeNamedMaterial": Builder._make_named_material,
    "NamedMaterial": Builder._named_material,
    "MakeNamedVolume": Builder._make_named_volume,
    "Interior": Builder._interior,
    "Exterior": Builder._exterior,
    "Volume": Builder._volume_region,
    "LightGroup": Builder._light_group,
    "LightSource": Builder._light_source,
    "AreaLightSource": Builder._area_light_source,
    "Shape": Builder._shape,
    "PortalShape": Builder._shape,
    "ReverseOrientation": Builder._reverse_orientation,
    "ObjectInstance": Builder._instance,
    "PortalInstance": Builder._instance,
    "MotionInstance": Builder._instance,
    "SetEpsilon": Builder._set_epsilon,
    "EnableDebugMode": Builder._nothing,
    "DisableRandomMode": Builder._nothing,
}
