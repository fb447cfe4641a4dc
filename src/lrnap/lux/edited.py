"""A description after an edit: the same things, but those that the edit has changed.

A redefinition in a scene gets a key of its own. An edit means a name, so it replaces the things of all its keys; what
refers to a name in an edit means the last of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from lrnap.lux import placing
from lrnap.lux.call import Call, Param
from lrnap.lux.description import (
    AreaLight,
    Entity,
    Instance,
    Light,
    SceneDescription,
    Shape,
    Texture,
    Transform,
)
from lrnap.lux.editing import Changes, Placed
from lrnap.lux.entities import entity, known_plugin
from lrnap.lux.scene import merged_params
from lrnap.lux.scope import VARIANTS, Reference, references


def apply(description: SceneDescription, changes: Changes) -> SceneDescription:
    """What the scene says after the edit. The description that is given stays as it is; the rest is shared."""
    new = replace(
        description,
        textures=dict(description.textures),
        materials=dict(description.materials),
        volumes=dict(description.volumes),
        renamed=dict(description.renamed),
    )
    keys = {address: _keys(new, *address) or [_new_key(new, *address)] for address in changes.definitions}
    for address, placed in changes.definitions.items():
        for key in keys[address]:
            _define(new, address, key, placed)
    _camera(new, changes)
    new.film = replace(new.film, params=merged_params(new.film.params, changes.film))
    new.lights = _lights(new, changes)
    new.shapes = _shapes(new, new.shapes, changes)
    new.objects = {
        key: replace(found, shapes=_shapes(new, found.shapes, changes)) for key, found in new.objects.items()
    }
    new.instances = _instances(new, changes)
    return new


# ---- names ---------------------------------------------------------------------------------------------------------


def _table(description: SceneDescription, kind: str) -> dict[str, Any]:
    """Keys to things."""
    tables: dict[str, dict[str, Any]] = {
        "texture": description.textures,
        "material": description.materials,
        "volume": description.volumes,
        "object": description.objects,
    }
    return tables[kind]


def _keys(description: SceneDescription, kind: str, name: str, variant: str = "") -> list[str]:
    """All keys of a name, in the order of definition."""
    again = [key for (k, key), spelled in description.renamed.items() if (k, spelled) == (kind, name)]
    first = [] if (kind, name) in description.renamed else [name]
    found = [key for key in (*first, *again) if key in _table(description, kind)]
    return [key for key in found if kind != "texture" or description.textures[key].variant == variant]


def _new_key(description: SceneDescription, kind: str, name: str, variant: str = "") -> str:
    key, number = name, 1
    while key in _table(description, kind):
        number += 1
        key = f"{name}#{number}"
    if key != name:
        description.renamed[kind, key] = name
    if kind == "texture":  # others of the edit shall find it
        description.textures[key] = Texture(key, variant, Entity("texture", "constant"))
    else:
        _table(description, kind)[key] = Entity(kind, "matte")
    return key


def _resolved(description: SceneDescription, call: Call) -> Entity:
    """The entity of a call of an edit, with keys instead of names."""
    found = entity(call)
    keys = {}
    for reference in references(call, known_plugin(call)):
        key = _meant(description, reference)
        if key is not None and key != reference.name:
            keys[reference.param.type, reference.param.name] = key
    params = tuple(
        Param(p.type, p.name, (keys[p.type, p.name],)) if (p.type, p.name) in keys else p for p in found.params
    )
    return replace(found, params=params)


def _meant(description: SceneDescription, reference: Reference) -> str | None:
    variants = (reference.variant, *VARIANTS) if reference.kind == "texture" else ("",)
    for variant in variants:
        keys = _keys(description, reference.kind, reference.name, variant)
        if keys:
            return keys[-1]
    return None


# ---- things --------------------------------------------------------------------------------------------------------


def _transform(calls: Sequence[Call]) -> Transform:
    place = placing.Place()
    for call in calls:
        place.call(call)
    return place.current


def _define(description: SceneDescription, address: tuple[str, ...], key: str, placed: Placed) -> None:
    kind, found = address[0], _resolved(description, placed.call)
    if kind == "texture":
        old = description.textures[key]
        at = _transform(placed.transforms) if placed.transforms else old.transform or placing.IDENTITY
        description.textures[key] = Texture(key, address[2], found, at)
    else:
        _table(description, kind)[key] = found


def _camera(description: SceneDescription, changes: Changes) -> None:
    if changes.camera is not None:
        description.camera = entity(changes.camera)
    if changes.camera_place is not None:
        description.camera_transform = _transform(changes.camera_place)


def _lights(description: SceneDescription, changes: Changes) -> list[Light]:
    """The lights of an edited group stand where its first one stood."""
    lights: list[Light] = []
    told: set[str] = set()
    for light in description.lights:
        if light.group not in changes.lights:
            lights.append(light)
        elif light.group not in told:
            told.add(light.group)
            lights += _lights_of(description, light.group, changes.lights[light.group])
    for group, placed in changes.lights.items():
        if group not in told:
            lights += _lights_of(description, group, placed)
    return lights


def _lights_of(description: SceneDescription, group: str, placed: Iterable[Placed]) -> Iterable[Light]:
    before = [light for light in description.lights if light.group == group]
    for i, new in enumerate(placed):
        old = before[min(i, len(before) - 1)] if before else None
        exterior = None if old is None else old.exterior
        yield Light(_resolved(description, new.call), _transform(new.transforms), group, exterior)


def _shapes(description: SceneDescription, shapes: list[Shape], changes: Changes) -> list[Shape]:
    if not changes.area_lights:
        return shapes
    new = {group: _resolved(description, call) for group, call in changes.area_lights.items()}

    def lit(shape: Shape) -> Shape:
        light = shape.area_light
        if light is None or light.group not in new:
            return shape
        return replace(shape, area_light=AreaLight(new[light.group], light.group))

    return [lit(shape) for shape in shapes]


def _instances(description: SceneDescription, changes: Changes) -> list[Instance]:
    """Each placement of an edited object stands where one stood, with what that one said of material and volumes;
    those that are more than before follow the last."""
    objects = {key: name for name in changes.placements for key in _keys(description, "object", name)}
    before: dict[str, list[Instance]] = {}
    for instance in description.instances:
        if instance.object in objects and not instance.portal:
            before.setdefault(objects[instance.object], []).append(instance)
    instances: list[Instance] = []
    told = dict.fromkeys(changes.placements, 0)
    for instance in description.instances:
        name = objects.get(instance.object)
        if name is None or instance.portal:
            instances.append(instance)
            continue
        placed, first = changes.placements[name], told[name]
        told[name] = first + 1
        last = len(placed) if told[name] == len(before[name]) else first + 1
        instances += [_moved(instance, new) for new in placed[first:last]]
    for name, placed in changes.placements.items():
        if not before.get(name):
            key = _keys(description, "object", name)[-1]
            instances += [_moved(Instance(key, placing.IDENTITY), new) for new in placed]
    return instances


def _moved(instance: Instance, new: Placed) -> Instance:
    return replace(instance, transform=_transform(new.transforms), at=new.call.at)
