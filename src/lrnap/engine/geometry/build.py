"""From a Shape of the scene to its mesh: one table row a shape plugin.

Rules for this file: dispatch and what plugins share (subdivision, vertex colours' gamma, the final check). What
cannot be rendered as the scene asks is a warning here; what cannot be rendered at all is an error.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from lrnap.engine.geometry import hair, ply, stl
from lrnap.engine.geometry.hair import Style
from lrnap.engine.geometry.inline import heightfield, inline_mesh
from lrnap.engine.geometry.mesh import Mesh, check, has_area, mend_normals, smooth_normals, taken_apart
from lrnap.engine.geometry.nurbs import nurbs
from lrnap.engine.geometry.quadrics import QUADRICS
from lrnap.engine.geometry.subdivide import diced, subdivide
from lrnap.errors import Code, SceneError
from lrnap.lux import plugins
from lrnap.lux.description import Matrix, Shape
from lrnap.lux.params import ParamSet
from lrnap.lux.spelling import did_you_mean

# Parameters that shape no triangle: how classic Lux stored and intersected meshes, and what the arrays say themselves.
WITHOUT_EFFECT = (
    "name",
    "acceltype",
    "tritype",
    "quadtype",
    "generatequadrilaterals",
    "generatetangents",
    "nvertices",
    "ntris",
    "nquads",
)


@dataclass(slots=True)
class _Work:
    """What a shape's row of the table works with."""

    params: ParamSet
    files: Mapping[str, str]
    name: str
    at: object
    place: Matrix  # of the shape in the world, or in its object
    warnings: list[str] = field(default_factory=list)

    def warn(self, message: str) -> None:
        self.warnings.append(f"the shape '{self.name}': {message}")

    def file(self) -> tuple[str, str]:
        """Path and spelling of "string filename"."""
        if not self.params.has("filename", "string"):
            raise SceneError(f"the shape '{self.name}' names no file; give \"string filename\"", at=self.at)
        spelled = self.params.string("filename")
        if spelled not in self.files:
            raise SceneError(
                f"the file '{spelled}' of the shape '{self.name}' was not found; is the name right, relative to the "
                "scene's folder?",
                at=self.at,
                code=Code.NOT_FOUND,
            )
        return self.files[spelled], spelled


def build_mesh(shape: Shape, params: ParamSet, files: Mapping[str, str], name: str) -> tuple[Mesh, list[str]]:
    """The checked mesh of a shape in its own space, called `name`, and what about it is not as the scene asks.

    `params` are the shape's parameters; `files` maps file names as the scene spells them to paths. The shape's
    transform and its `reverse` are not applied. Raises SceneError, at the shape's place where the fault is the scene's
    and at the file's where it is the file's; with Code.UNSUPPORTED for a shape that has no mesh here.
    """
    at = shape.entity.at
    work = _Work(params, files, name, at, shape.transform.matrix)
    params.ignore(*WITHOUT_EFFECT)
    mesh = _builder(shape.entity.plugin, work)(work)
    mended = mend_normals(mesh)
    if mended:
        work.warn(f"{mended} normals have no direction; they were computed from the faces")
    check(mesh, at)
    if not has_area(mesh):
        work.warn("none of its faces has an area: nothing of it is seen; export it again")
    return mesh, work.warnings


def _builder(spelled: str, work: _Work) -> Callable[[_Work], Mesh]:
    if spelled == "deferred":  # another shape, which classic Lux made when a ray first met its box
        work.params.ignore("shapebbox", "shapename")
        spelled = work.params.string("shapename", "")
    plugin = plugins.find("shape", spelled)
    if plugin is None:
        meant = did_you_mean(spelled, plugins.spellings("shape"))
        raise SceneError(f"there is no shape plugin '{spelled}'{meant}", at=work.at)
    builder = BUILDERS.get(plugin.name)
    if builder is None:
        raise SceneError(
            f"shapes of the plugin '{plugin.name}' cannot be rendered; convert '{work.name}' to a mesh",
            at=work.at,
            code=Code.UNSUPPORTED,
        )
    return builder


def _ply(work: _Work) -> Mesh:
    """As in classic Lux, a file without normals is smooth all the same."""
    mesh = ply.read(work.file()[0], work.name, work.file()[1])
    if work.params.bool("smooth", False) or mesh.normals is None:
        mesh.normals = None
        check(mesh, work.file()[1])
        mesh.normals = smooth_normals(mesh.points, mesh.triangles)
    return _subdivided(mesh, work)


def _stl(work: _Work) -> Mesh:
    mesh = stl.read(work.file()[0], work.name, work.file()[1])
    if work.params.bool("recenter_mesh", False):
        mesh = stl.recentered(mesh)
    return _subdivided(mesh, work)


def _inline(work: _Work) -> Mesh:
    return _subdivided(inline_mesh(work.params, work.name, work.at), work)


def _nurbs(work: _Work) -> Mesh:
    return nurbs(work.params, work.name, work.at)


def _hair(work: _Work) -> Mesh:
    p = work.params
    style = Style(
        solid=p.string("tesseltype").startswith("solid"),
        adaptive=p.string("tesseltype").endswith("adaptive"),
        max_depth=p.int("adaptive_maxdepth"),
        error=p.float("adaptive_error"),
        sides=p.int("solid_sidecount"),
        cap_bottom=p.bool("solid_capbottom"),
        cap_top=p.bool("solid_captop"),
        eye=_in_own_space(p.point("camerapos"), work) if p.has("camerapos", "point") else None,
    )
    path, shown = work.file()
    mesh = hair.read(path, work.name, style, shown)
    _linear_colors(mesh, p)
    return mesh


def _in_own_space(point: tuple[float, float, float], work: _Work) -> tuple[float, float, float]:
    x, y, z, _ = np.linalg.inv(work.place) @ [*point, 1.0]
    return float(x), float(y), float(z)


def _linear_colors(mesh: Mesh, params: ParamSet) -> None:
    gamma = params.float("gamma", 1.0)
    if mesh.colors is not None and gamma != 1.0:
        mesh.colors = np.power(np.maximum(mesh.colors, 0.0), np.float32(gamma))


def _subdivided(mesh: Mesh, work: _Work) -> Mesh:
    """What all meshes share: the gamma of vertex colours, subdivision, and what displacement needs."""
    params = work.params
    _linear_colors(mesh, params)
    levels = params.int("nsubdivlevels", 0)
    if levels <= 0 and params.has("nlevels", "integer"):
        levels = params.int("nlevels")
    smooth, split = params.bool("dmnormalsmooth", True), params.string("subdivscheme", "loop") == "microdisplacement"
    displaced = params.texture("displacementmap") is not None
    params.ignore("displacementmap", "dmscale", "dmoffset", "dmsharpboundary", "dmnormalsplit")
    if levels <= 0 or (split and not displaced):
        if displaced or split:
            work.warn("nothing is displaced: as in classic Lux, that takes an nsubdivlevels and a displacementmap")
        return mesh
    if split:
        mesh.normals = smooth_normals(mesh.points, mesh.triangles) if mesh.normals is None else mesh.normals
        check(mesh, work.at)
        finer = diced(mesh, levels)
    else:
        mesh.normals = None  # the subdivided surface has its own
        check(mesh, work.at)
        finer = subdivide(mesh, levels, smooth or displaced)
    return finer if smooth or not displaced else taken_apart(finer)


def is_displaced(params: ParamSet) -> bool:
    """Whether the texture "displacementmap" moves the points of the mesh that `build_mesh` makes."""
    levels = max(params.int("nsubdivlevels", 0), params.int("nlevels", 0))
    return levels > 0 and params.texture("displacementmap") is not None


def _quadric(plugin: str) -> Callable[[_Work], Mesh]:
    tessellate = QUADRICS[plugin]
    rows = next(row for row in plugins.PLUGINS["shape"] if row.name == plugin).parameters

    def build(work: _Work) -> Mesh:
        given: dict[str, float | tuple[float, float, float]] = {}
        for row in rows:
            if row.type == "float" and work.params.has(row.name, "float"):
                given[row.name] = work.params.float(row.name)
            elif row.type == "point" and work.params.has(row.name, "point"):
                given[row.name] = work.params.point(row.name)
        for parameter, value in given.items():
            if not np.isfinite(value).all():
                raise SceneError(f"the shape '{work.name}' has no finite {parameter}; give a number", at=work.at)
        try:
            return tessellate(work.name, **given)
        except SceneError as error:
            raise SceneError(error.message, at=work.at) from None

    return build


BUILDERS: Mapping[str, Callable[[_Work], Mesh]] = {
    "plymesh": _ply,
    "stlmesh": _stl,
    "mesh": _inline,
    "barytrianglemesh": _inline,
    "loopsubdiv": _inline,
    "nurbs": _nurbs,
    "hairfile": _hair,
    "heightfield": lambda work: heightfield(work.params, work.name, work.at),
    **{plugin: _quadric(plugin) for plugin in QUADRICS},
}
