"""Volume regions: boxes of fog (the `Volume` statement), as boxes without surface that are filled with a volume.

How dense a region is at a point is a texture over the region's own space, which the volume's coefficients are
multiplied with.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping

import numpy as np

from lrnap.engine.geometry.mesh import Mesh
from lrnap.engine.luxcore import maths, spectra
from lrnap.engine.luxcore.draft import Draft, Fidelity, Fields, Inputs, Row, Value, entity_error, inverse, matrix
from lrnap.engine.luxcore.patterns import NO_FLAT_BASE, cloud, density_grid
from lrnap.engine.luxcore.rows import approximated
from lrnap.engine.luxcore.shapes import Geometry
from lrnap.engine.luxcore.volumes import scattering
from lrnap.lux.description import Matrix, Region

STEPS = 128  # in which the engine crosses a box whose density varies


class Box:
    """A region's box: its corners, and the way into its space and into the unit cube."""

    def __init__(self, inputs: Inputs, region: Region) -> None:
        p0, p1 = np.asarray(inputs.params.point("p0")), np.asarray(inputs.params.point("p1"))
        self.low, self.high = np.minimum(p0, p1), np.maximum(p0, p1)
        self.size = self.high - self.low
        if not (self.size > 0).all():
            raise entity_error(inputs.entity, "its box has no volume: give 'p0' and 'p1' that differ in x, y and z")
        self.place = region.transform.matrix
        self.into: Matrix = inverse(self.place)

    @property
    def corners(self) -> list[Matrix]:
        return [np.array(corner) for corner in itertools.product(*zip(self.low, self.high, strict=True))]

    def to_cube(self, size: Matrix) -> Matrix:
        """From the world to where the box begins at 0 and `size` is 1."""
        scaled = np.diag([*(1.0 / size), 1.0])
        shift = np.eye(4)
        shift[:3, 3] = -self.low
        return scaled @ shift @ self.into


Density = Callable[[Inputs, Box], Value | None]  # None: 1 everywhere


def _even(_inputs: Inputs, _box: Box) -> None:
    return None


def _exponential(inputs: Inputs, box: Box) -> Value | None:
    """a * exp(-b * height): the exponent is a gradient between its lowest and its highest value in the box."""
    p, draft = inputs.params, inputs.draft
    up = np.asarray(p.vector("updir"))
    length = float(np.linalg.norm(up))
    if length == 0.0:
        raise entity_error(inputs.entity, "'updir' has no length: say where up is")
    slope = -p.float("b") * up / length
    exponents = [float(slope @ (corner - box.low)) for corner in box.corners]
    low, high = min(exponents), max(exponents)
    if high - low < 1e-6:
        return [p.float("a") * math.exp(low)]
    row = np.append(slope, -float(slope @ box.low)) @ box.into  # the exponent, from the world
    place = np.eye(4)
    place[0] = row * 2.0 / (high - low)
    place[0, 3] -= 1.0 + 2.0 * low / (high - low)  # the gradient is (1 + x) / 2
    place[1:3] = np.delete(np.eye(4)[:3], int(np.argmax(np.abs(row[:3]))), axis=0)
    gradient = maths.made(draft, maths.blend("linear", "globalmapping3d", place))
    power = maths.node(draft, "power", base=[math.e], exponent=maths.line(draft, gradient, high - low, low))
    return maths.times(draft, power, [p.float("a")])


def _grid(inputs: Inputs, box: Box) -> Value:
    fields = density_grid(inputs, "clamp")
    centre = np.eye(4)
    cells = np.array([inputs.params.int(name) for name in ("nx", "ny", "nz")])
    centre[:3, 3] = -0.5 / cells  # values lie in the middles of cells, the engine's at their corners
    return maths.made(inputs.draft, fields | _mapped(centre @ box.to_cube(box.size)))


def _cloud(inputs: Inputs, box: Box) -> Value:
    return maths.made(inputs.draft, cloud(inputs) | _mapped(box.to_cube(box.size)))


def _mapped(place: Matrix) -> Fields:
    return {"mapping.type": ["globalmapping3d"], "mapping.transformation": matrix(place)}


GLOW = approximated("counted in steps, so up to a step too bright", "Le")
REGIONS: Mapping[str, Row[Density]] = {
    "homogeneous": Row(_even, Fidelity.EQUIVALENT, "a box without surface, filled with a volume", GLOW),
    "heterogeneous": Row(_even, Fidelity.EQUIVALENT, "a box without surface, filled with a volume", GLOW),
    "exponential": Row(_exponential, Fidelity.EQUIVALENT, "a box without surface, its density a texture", GLOW),
    "volumegrid": Row(_grid, Fidelity.EQUIVALENT, "a box without surface, its density a texture", GLOW),
    "cloud": Row(_cloud, Fidelity.APPROXIMATED, "the cloud texture in a box without surface", GLOW | NO_FLAT_BASE),
}
SIDES = ((0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3))


def put_regions(draft: Draft, geometry: Geometry) -> None:
    """Writes the regions of a scene: a volume, an invisible material and a box for each."""
    for region in draft.description.volume_regions:
        inputs = Inputs(draft, region.entity)
        row = REGIONS.get(inputs.plugin)
        if row is None:
            inputs.warn("cannot be rendered and is left out")
            continue
        box = Box(inputs, region)
        volume = draft.fresh("vol", f"region_{inputs.plugin}")
        draft.put(f"scene.volumes.{volume}", _volume(inputs, box, row.build(inputs, box)))
        material = draft.fresh("mat", "region")
        draft.put(f"scene.materials.{material}", {"type": ["null"], "volume.interior": [volume]})
        name = draft.fresh("obj", "region")
        placed = {"transformation": matrix(box.place)}
        draft.put(f"scene.objects.{name}", {"shape": [_mesh(geometry, box)], "material": [material]} | placed)
        draft.finish(inputs, row)


def _volume(inputs: Inputs, box: Box, density: Value | None) -> Fields:
    p, draft = inputs.params, inputs.draft
    coefficients: dict[str, Value] = {name: list(p.color(name)) for name in ("sigma_a", "sigma_s", "Le")}
    glow = any(coefficients["Le"])
    if density is not None:
        coefficients = {name: maths.times(draft, value, density) for name, value in coefficients.items()}
    # What glows is heterogeneous: the engine's homogeneous volumes glow the same however far light goes in them.
    even = density is None and not glow
    fields: Fields = {"type": ["homogeneous" if even else "heterogeneous"], "ior": [1.0]}
    fields |= scattering(draft, coefficients["sigma_a"], coefficients["sigma_s"], [p.float("g")] * 3)
    if not even:
        step = float(np.linalg.norm(box.place[:3, :3] @ box.size)) / STEPS
        fields |= {"steps.size": [step], "steps.maxcount": [4 * STEPS]}
        if glow:  # the engine adds it once for each step
            fields["emission"] = maths.times(draft, coefficients["Le"], [spectra.L_UNIT * step])
            draft.group("default")
    return fields


def _mesh(geometry: Geometry, box: Box) -> str:
    """The engine's name of the box's mesh, its fronts outside."""
    points = np.array(box.corners, np.float32)
    inside_out = float(np.linalg.det(box.place[:3, :3])) < 0
    key = ("region", points.tobytes(), inside_out)
    if key not in geometry.made:
        name = geometry.draft.fresh("mesh", "region")
        faces = [triangle for a, b, c, d in SIDES for triangle in ((a, b, c), (a, c, d))]
        triangles = np.array(faces, np.uint32)
        geometry.meshes.append(Mesh(name, points, triangles[:, ::-1].copy() if inside_out else triangles))
        geometry.made[key] = name
    return geometry.made[key]
