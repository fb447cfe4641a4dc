"""What an edit changes of a scene that the engine has: only that is told to it.

The unit is a thing with all its properties (a material, an object, the camera), because the engine replaces things as a
whole. Pure: properties in, properties out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from lrnap.engine.luxcore.draft import Image, Value

Units = dict[str, dict[str, Value]]  # "scene.materials.mat_red" -> its properties, in an order that can be read
DELETED = ("objects", "lights")  # kinds of which a thing too many would be seen


def units(scene: Mapping[str, Value]) -> Units:
    """The things of a scene, by their prefix."""
    found: Units = {}
    for key, value in scene.items():
        words = key.split(".")
        found.setdefault(".".join(words[: 2 if words[1] == "camera" else 3]), {})[key] = value
    return found


@dataclass(slots=True)
class Known:
    """What the engine has been told of its scene."""

    config: Mapping[str, Value]
    things: Units
    images: Mapping[str, Image]

    def has(self, kind: str) -> bool:
        return any(name.split(".")[1] == kind for name in self.things)


@dataclass(slots=True)
class Difference:
    """`properties`: of things that are new or not what they were. `gone`: (kind, name) of what is there no more.

    `whole`: the engine cannot be told in parts, because something changes that it looks at once, when it starts.
    """

    properties: dict[str, Value] = field(default_factory=dict)
    images: dict[str, Image] = field(default_factory=dict)
    gone: list[tuple[str, str]] = field(default_factory=list)
    whole: bool = False


def difference(
    known: Known, config: Mapping[str, Value], scene: Mapping[str, Value], images: Mapping[str, Image]
) -> Difference:
    """From what the engine has to what it should have. Things that only others refer to may stay in it unused."""
    new = units(scene)
    changed = [name for name, properties in new.items() if known.things.get(name) != properties]
    result = Difference()
    for name in _with_volumes(changed, new):
        result.properties |= new[name]
    kinds = {name.split(".")[1] for name in changed}
    result.gone = [(kind, thing) for kind, thing in _named(known.things) if f"scene.{kind}.{thing}" not in new]
    result.images = {name: pixels for name, pixels in images.items() if name not in known.images}
    replaced = any(name in known.images and not np.array_equal(known.images[name], images[name]) for name in images)
    # Shapes are what the engine has made of meshes and textures: of both, once.
    reshaped = "shapes" in kinds or (known.has("shapes") and "textures" in kinds)
    result.whole = dict(config) != dict(known.config) or replaced or reshaped
    return result


def told(known: Known, change: Difference) -> Known:
    """What the engine has after a change."""
    gone = {f"scene.{kind}.{name}" for kind, name in change.gone}
    things = {name: unit for name, unit in known.things.items() if name not in gone} | units(change.properties)
    return Known(known.config, things, {**known.images, **change.images})


def _with_volumes(changed: Sequence[str], new: Units) -> list[str]:
    """What changes, and what is filled with a volume that does: the engine goes on with the old one otherwise."""
    volumes = {name.split(".")[2] for name in changed if name.startswith("scene.volumes.")}
    if not volumes:
        return [*changed]
    told = set(changed) | {
        name for name, unit in new.items() if any(volumes.intersection(map(str, value)) for value in unit.values())
    }
    return [name for name in new if name in told]


def _named(things: Iterable[str]) -> Iterable[tuple[str, str]]:
    for thing in things:
        _, kind, *name = thing.split(".")
        if kind in DELETED:
            yield kind, name[0]
