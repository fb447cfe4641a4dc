"""Shapes and instances: meshes, what is done to them, and objects that put them in their places.

A mesh is made once and shared by all objects that show it. Lights of an object's shapes and the like are asked for
through `materials.Surface`, so that they end up with the right material.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

import numpy as np

from lrnap.engine.geometry import build_mesh
from lrnap.engine.geometry.mesh import Mesh, reverse_mesh
from lrnap.engine.luxcore.area_lights import emission
from lrnap.engine.luxcore.draft import Draft, Fields, Inputs, matrix
from lrnap.engine.luxcore.lights import put_light
from lrnap.engine.luxcore.materials import Surface, material
from lrnap.engine.luxcore.shutter import Shutter
from lrnap.errors import Code, SceneError
from lrnap.lux.call import Param
from lrnap.lux.description import Entity, Instance, Matrix, Object, Shape, Transform
from lrnap.lux.params import ParamSet
from lrnap.lux.placing import multiply

WHOLE = Transform((np.eye(4),))
DISPLACEMENT = ("displacementmap", "dmscale", "dmoffset")  # what the engine does, not the geometry
Seen = TypeVar("Seen", Shape, Instance)
SMALL = 4096  # bytes of parameters up to which two shapes are compared to share a mesh


@dataclass(slots=True)
class Geometry:
    """The meshes so far, and where the engine finds what was made of them."""

    draft: Draft
    meshes: list[Mesh] = field(default_factory=list)
    made: dict[object, str] = field(default_factory=dict)  # key of a shape -> engine name of its mesh
    bare: dict[str, Mesh] = field(default_factory=dict)  # engine name -> the mesh before displacement
    areas: dict[tuple[str, bytes], float] = field(default_factory=dict)

    def put_scene(self) -> None:
        description = self.draft.description
        for shape in description.shapes:
            self._put_shape(shape, WHOLE)
        for light in description.lights:
            put_light(self.draft, light, light.transform)
        for instance in description.instances:
            self._put_instance(instance, WHOLE, ())

    def _put_instance(self, instance: Instance, outer: Transform, inside: tuple[str, ...]) -> None:
        if instance.portal:
            return  # only tells where light comes in
        at = instance.at
        found = self.draft.description.objects.get(instance.object)
        if found is None:
            raise SceneError(f"there is no object '{instance.object}': define it with ObjectBegin", at=at)
        if instance.object in inside:
            raise SceneError(f"object '{instance.object}' contains itself: break the circle", at=at)
        place = multiply(outer, instance.transform)
        self._put_object(found, instance, place, (*inside, instance.object))

    def _put_object(self, found: Object, instance: Instance, place: Transform, inside: tuple[str, ...]) -> None:
        for shape in found.shapes:
            self._put_shape(_override(shape, instance), place)
        for light in found.lights:
            put_light(self.draft, light, multiply(place, light.transform))
        for nested in found.instances:
            self._put_instance(_override(nested, instance), place, inside)

    def _put_shape(self, shape: Shape, outer: Transform) -> None:
        if shape.portal:
            return
        place = multiply(outer, shape.transform)
        mesh = self._mesh(shape, mirrored=float(np.linalg.det(place.matrix[:3, :3])) < 0)
        if mesh is None:
            return
        light: tuple[tuple[str, tuple[object, ...]], ...] = ()
        if shape.area_light is not None:
            light = emission(self.draft, shape.area_light, self._area(mesh, shape.transform.matrix))
        surface = Surface(light, shape.interior, shape.exterior)
        fields: Fields = {"shape": [mesh], "material": [material(self.draft, shape.material, surface, shape.entity)]}
        name = self.draft.fresh("obj", mesh.removeprefix("mesh_"))
        self.draft.put(f"scene.objects.{name}", fields | _place(Shutter.of(self.draft).engine(place)))

    # ---- meshes

    def _mesh(self, shape: Shape, *, mirrored: bool) -> str | None:
        """The engine's name of the shape's mesh, displaced if need be; None if there is nothing to show."""
        key = (_key(shape.entity), shape.reverse, mirrored)
        if key not in self.made:
            self.made[key] = self._make(shape, mirrored=mirrored)
        return self.made[key] or None

    def _make(self, shape: Shape, *, mirrored: bool) -> str:
        """The mesh in its own space, and inside out if the scene says so; "" for a shape that cannot be rendered.

        In classic Lux fronts stay fronts in a mirrored place. The engine takes the front from the corners as they run
        in the world, and turns the normals, so there it gets the mesh inside out.
        """
        inputs = Inputs(self.draft, shape.entity)
        name = self.draft.fresh("mesh", inputs.params.string("name", "") or shape.entity.plugin)
        bare = replace(shape.entity, params=tuple(p for p in shape.entity.params if p.name not in DISPLACEMENT))
        params = ParamSet(bare)
        try:
            mesh, warnings = build_mesh(replace(shape, entity=bare), params, self.draft.files, name)
        except SceneError as error:
            if error.code is not Code.UNSUPPORTED:
                raise
            inputs.warn(f"is left out: {error.message}")
            return ""
        for warning in warnings:
            inputs.warn(warning)
        for unread in params.unread():
            if inputs.row(unread.split(" ", 1)[1]) is not None:  # the checker has warned of others
                inputs.warn(f"parameter '{unread}' is not honoured")
        self.meshes.append(reverse_mesh(mesh) if shape.reverse != mirrored else mesh)
        shown = self._displaced(inputs, name)
        self.bare[shown] = mesh
        return shown

    def _displaced(self, inputs: Inputs, name: str) -> str:
        """Displacement, which the engine does; the whole of its parameters is read here."""
        if inputs.row("displacementmap") is None or inputs.params.texture("displacementmap") is None:
            return name
        p = inputs.params
        fields: Fields = {
            "type": ["displacement"],
            "map": inputs.value("displacementmap"),
            "map.type": ["height"],
            "scale": [p.float("dmscale")],
            "offset": [p.float("dmoffset")],
            "normalsmooth": [p.bool("dmnormalsmooth")],
        }
        return self._refine(name, fields)

    def _refine(self, source: str, fields: Fields) -> str:
        name = self.draft.fresh("mesh", f"{source.removeprefix('mesh_')}_{fields['type'][0]}")
        self.draft.put(f"scene.shapes.{name}", fields | {"source": [source]})
        return name

    def _area(self, name: str, place: Matrix) -> float:
        """Surface of a mesh in its place (before displacement)."""
        key = (name, place.tobytes())
        if key not in self.areas:
            self.areas[key] = area(self.bare[name], place)
        return self.areas[key]


def _override(inner: Seen, instance: Instance) -> Seen:
    """A shape or instance within an object, with what the instance of that object says of material and volumes."""
    return replace(
        inner,
        material=inner.material if instance.material is None else instance.material,
        interior=inner.interior if instance.interior is None else instance.interior,
        exterior=inner.exterior if instance.exterior is None else instance.exterior,
    )


def area(mesh: Mesh, place: Matrix) -> float:
    points = mesh.points.astype(np.float64) @ place[:3, :3].T
    a, b, c = (points[mesh.triangles[:, i]] for i in range(3))
    return float(np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2)


def _place(transform: Transform) -> Fields:
    if not transform.moving:
        still = np.array_equal(transform.matrix, np.eye(4))
        return {} if still else {"transformation": matrix(transform.matrix)}
    fields: Fields = {}
    for i, (time, place) in enumerate(zip(transform.times, transform.matrices, strict=True)):
        fields |= {f"motion.{i}.time": [float(time)], f"motion.{i}.transformation": matrix(place)}
    return fields


def _key(entity: Entity) -> object:
    """Equal for shapes that surely have the same mesh. Long ones are not compared, but known by who they are."""
    if sum(_size(param) for param in entity.params) > SMALL:
        return id(entity)
    shown = (param for param in entity.params if param.name != "name")
    return entity.plugin, tuple((param.type, param.name, _content(param)) for param in shown)


def _size(param: Param) -> int:
    return param.value.nbytes if isinstance(param.value, np.ndarray) else len(param.value)


def _content(param: Param) -> bytes | Sequence[object]:
    return param.value.tobytes() if isinstance(param.value, np.ndarray) else param.value
