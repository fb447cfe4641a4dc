"""Shapes and instances: meshes, what is done to them, and objects that put them in their places.

A mesh is made once and shared by all objects that show it. Lights of an object's shapes and the like are asked for
through `materials.Surface`, so that they end up with the right material.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePath
from typing import TypeVar

import numpy as np

from lrnap.engine.geometry import build_mesh
from lrnap.engine.geometry.build import BUILDERS, is_displaced
from lrnap.engine.geometry.mesh import Mesh, reverse_mesh, transform_mesh
from lrnap.engine.geometry.quadrics import QUADRICS, TOLERANCE
from lrnap.engine.luxcore.area_lights import emission
from lrnap.engine.luxcore.draft import Draft, Fidelity, Fields, Inputs, Row, inverse, matrix, named_by
from lrnap.engine.luxcore.lights import put_light
from lrnap.engine.luxcore.materials import Surface, material
from lrnap.engine.luxcore.rows import approximated, ignored
from lrnap.engine.luxcore.shutter import Shutter
from lrnap.errors import SceneError
from lrnap.lux import placing
from lrnap.lux.call import Param
from lrnap.lux.description import Entity, Instance, Matrix, Object, Shape, Transform
from lrnap.lux.params import ParamSet
from lrnap.lux.placing import multiply

WHOLE = Transform((np.eye(4),))
Seen = TypeVar("Seen", Shape, Instance)
SMALL = 4096  # bytes of parameters up to which two shapes are compared to share a mesh


@dataclass(slots=True)
class Geometry:
    """The meshes so far, and where the engine finds what was made of them."""

    draft: Draft
    meshes: list[Mesh] = field(default_factory=list)
    made: dict[object, str] = field(default_factory=dict)  # key of a shape -> engine name of its mesh
    bare: dict[str, Mesh] = field(default_factory=dict)  # engine name -> the mesh before displacement
    areas: dict[tuple[str, bytes], tuple[float, int]] = field(default_factory=dict)

    def put_scene(self) -> None:
        description = self.draft.description
        for shape in description.shapes:
            self._put_shape(shape, WHOLE, _own_name(shape))
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
        placing.check(place, f"object '{instance.object}'", at)
        self._put_object(found, instance, place, (*inside, instance.object))

    def _put_object(self, found: Object, instance: Instance, place: Transform, inside: tuple[str, ...]) -> None:
        for shape in found.shapes:
            own = () if len(found.shapes) == 1 else (_own_name(shape),)
            self._put_shape(_override(shape, instance), place, "/".join((*inside, *own)))
        for light in found.lights:
            put_light(self.draft, light, multiply(place, light.transform))
        for nested in found.instances:
            self._put_instance(_override(nested, instance), place, inside)

    def _put_shape(self, shape: Shape, outer: Transform, called: str) -> None:
        if shape.portal:
            return
        inner, fixed = shape.transform, None
        if is_displaced(ParamSet(shape.entity)):
            # Displacement counts in the units of the world, or of the object; so it is done there.
            fixed = inner.matrix
            inner = Transform(tuple(m @ inverse(fixed) for m in inner.matrices), inner.times)
        place = multiply(outer, inner)
        placing.check(place, f"shape '{shape.entity.plugin}'", shape.entity.at)
        mesh = self._mesh(shape, fixed, mirrored=float(np.linalg.det(place.matrix[:3, :3])) < 0)
        if mesh is None:
            return
        light: tuple[tuple[str, tuple[object, ...]], ...] = ()
        if shape.area_light is not None:
            light = emission(self.draft, shape.area_light, *self._area(mesh, inner.matrix))
        surface = Surface(light, shape.interior, shape.exterior)
        fields: Fields = {"shape": [mesh], "material": [material(self.draft, shape.material, surface, shape.entity)]}
        name = self.draft.fresh("obj", mesh.removeprefix("mesh_"))
        self.draft.called[name] = called
        self.draft.put(f"scene.objects.{name}", fields | _place(Shutter.of(self.draft).engine(place)))

    # ---- meshes

    def _mesh(self, shape: Shape, fixed: Matrix | None, *, mirrored: bool) -> str | None:
        """The engine's name of the shape's mesh; None if there is none to show. `fixed`: placed so, and displaced."""
        key = (_key(shape.entity), shape.reverse, mirrored, None if fixed is None else fixed.tobytes())
        if key not in self.made:
            self.made[key] = self._make(shape, fixed, mirrored=mirrored)
        return self.made[key] or None

    def _make(self, shape: Shape, fixed: Matrix | None, *, mirrored: bool) -> str:
        """The mesh in its own space, and inside out if the scene says so; "" for a shape that cannot be rendered.

        In classic Lux fronts stay fronts in a mirrored place. The engine takes the front from the corners as they run
        in the world, and turns the normals, so there it gets the mesh inside out.
        """
        inputs = Inputs(self.draft, shape.entity)
        name = self.draft.fresh("mesh", inputs.params.string("name", "") or shape.entity.plugin)
        row = SHAPES.get(inputs.plugin)
        if row is None:
            inputs.warn("is left out: shapes of this plugin cannot be rendered; convert it to a mesh")
            return ""
        with named_by(shape.entity):
            mesh, warnings = build_mesh(shape, inputs.params, self.draft.files, name)
        for warning in warnings:
            inputs.warn(warning)
        turned = shape.reverse != mirrored
        if fixed is not None:
            mesh = transform_mesh(mesh, fixed)
        self.meshes.append(reverse_mesh(mesh) if turned else mesh)
        shown = name if fixed is None else self._displaced(inputs, name, -1.0 if turned else 1.0)
        # Exporters say of each mesh how it would be displaced.
        self.draft.finish(inputs, row if fixed is not None else replace(row, parameters=row.parameters | FLAT))
        self.bare[shown] = mesh
        return shown

    def _displaced(self, inputs: Inputs, name: str, outwards: float) -> str:
        """Displacement, which the engine does along the normals that it was given."""
        p = inputs.params
        height = inputs.value("displacementmap")
        if p.string("subdivscheme") == "microdisplacement":
            limited: Fields = {"type": ["clamp"], "texture": height, "min": [-1.0], "max": [1.0]}
            height = [self.draft.texture("height", limited)]
        return self._refine(
            name,
            {
                "type": ["displacement"],
                "map": height,
                "map.type": ["height"],
                "scale": [outwards * p.float("dmscale")],
                "offset": [outwards * p.float("dmoffset")],
                "normalsmooth": [True],  # a mesh that is to be flat was taken apart
            },
        )

    def _refine(self, source: str, fields: Fields) -> str:
        name = self.draft.fresh("mesh", f"{source.removeprefix('mesh_')}_{fields['type'][0]}")
        self.draft.put(f"scene.shapes.{name}", fields | {"source": [source]})
        return name

    def _area(self, name: str, place: Matrix) -> tuple[float, int]:
        """Surface of a mesh in its place, and of how many triangles it is (before displacement)."""
        key = (name, place.tobytes())
        if key not in self.areas:
            self.areas[key] = area(self.bare[name], place), len(self.bare[name].triangles)
        return self.areas[key]


def _own_name(shape: Shape) -> str:
    """What the scene calls a shape: its name, or else that of its file, or its plugin's."""
    params = ParamSet(shape.entity)
    return params.string("name", "") or PurePath(params.string("filename", "")).stem or shape.entity.plugin


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


ACCELERATION = ignored("only how fast rays find the mesh", "acceltype", "tritype", "quadtype", "generatequadrilaterals")
SHARED = ACCELERATION | ignored("a name for messages", "name")
MESH = (
    SHARED
    | ignored("tangents belong to the engine", "generatetangents")
    | approximated("borders of a displaced surface are displaced along with it", "dmsharpboundary")
    | approximated("a displaced surface has no creases along its texture's seams", "dmnormalsplit")
)
FLAT = ignored("only a displaced surface has it", "dmsharpboundary", "dmnormalsplit")
SHAPES: Mapping[str, Row[None]] = {
    **{name: Row(None, Fidelity.EXACT, parameters=MESH) for name in BUILDERS},
    **{
        name: Row(
            None, Fidelity.EQUIVALENT, f"triangles, off the surface by at most {TOLERANCE:.2%} of the radius", SHARED
        )
        for name in QUADRICS
    },
    "nurbs": Row(
        None, Fidelity.EQUIVALENT, f"triangles, off the surface by about {TOLERANCE:.2%} of half its size", SHARED
    ),
    "hairfile": Row(
        None,
        Fidelity.EQUIVALENT,
        "the same triangles; adaptive ones are spread evenly along a strand",
        SHARED | ignored("only how fast rays find the mesh", "acceltype"),
    ),
    "deferred": Row(
        None, Fidelity.EXACT, parameters=SHARED | ignored("the shape is made at once, so its box is known", "shapebbox")
    ),
}
