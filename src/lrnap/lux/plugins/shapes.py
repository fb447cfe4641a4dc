"""Shape and PortalShape: every shape plugin with its parameters.

Angles are degrees. Quadrics stand about the z axis.
"""

from __future__ import annotations

from lrnap.lux.plugins.rows import as_in, file, flag, old, only_with, real, texture, triplet, whole, word
from lrnap.lux.plugins.spec import Parameter, Plugin

NAME: tuple[Parameter, ...] = (word("name", None),)
PHIMAX: tuple[Parameter, ...] = (real("phimax", 360.0),)
ACCELERATION = ("auto", "kdtree", "qbvh", "bruteforce", "grid", "none", "embree")

SUBDIVISION: tuple[Parameter, ...] = (
    *only_with(
        '"texture displacementmap" ["f"] "integer nsubdivlevels" [2]',
        word("subdivscheme", "loop", "loop", "microdisplacement"),
    ),
    whole("nsubdivlevels", 0),
)
DISPLACED = '"texture displacementmap" ["f"] "integer nsubdivlevels" [2]'
DISPLACEMENT: tuple[Parameter, ...] = (
    *only_with('"integer nsubdivlevels" [2]', texture("displacementmap", also=("string",))),
    *only_with(
        DISPLACED,
        real("dmscale", 0.1, note="in units of the world, or of the object"),
        real("dmoffset", 0.0),
        flag("dmnormalsmooth", True, note="a subdivided mesh gets smooth normals"),
        flag("dmsharpboundary", False),
        flag("dmnormalsplit", False),
    ),
)
SURFACE: tuple[Parameter, ...] = (
    flag("generatetangents", False),
    real("gamma", 1.0, note="of the vertex colours"),
)
INLINE: tuple[Parameter, ...] = (
    triplet("point", "P", count=None),
    triplet("normal", "N", count=None),
    real("uv", count=None, note="two values a point"),
    real("st", count=None, note="older name of uv"),
    Parameter("C", "float", count=None, also=("color",), note="vertex colours: three values a point"),
    real("A", count=None, note="vertex alpha: a value a point"),
    whole("triindices", count=None, note="three a triangle"),
    whole("indices", count=None, note="the same; triindices rules"),
    whole("quadindices", count=None, note="four a quad"),
    word("tritype", "auto", "wald", "bary", "auto"),
    word("quadtype", "quadrilateral", "quadrilateral"),
    word("acceltype", "auto", *ACCELERATION),
    whole("nlevels", None, note="older name of nsubdivlevels"),
    flag("generatequadrilaterals", False),
    *old("integer", "nvertices", "ntris", "nquads", note="array lengths of the C interface; the arrays know theirs"),
)


MESH = (
    '"point P" [0 0 0 1 0 0 1 1 .2 0 1 0] "integer triindices" [0 1 2 0 2 3] "float uv" [0 0 1 0 1 1 0 1]'
    ' "float C" [0 0 0 .5 .5 .5 1 1 1 .5 .5 .5]'
)
SURFACE_NET = (
    '"integer nu" [3] "integer nv" [2] "integer uorder" [3] "integer vorder" [2] "float uknots" [0 0 0 1 1 1]'
    ' "float vknots" [0 0 1 1] "point P" [0 0 0 1 0 1 2 0 0 0 1 0 1 1 1 2 1 0]'
)


def shape(name: str, *parameters: Parameter, aliases: tuple[str, ...] = (), note: str = "", needs: str = "") -> Plugin:
    return Plugin("shape", name, parameters + NAME, aliases=aliases, note=note, needs=needs)


PLUGINS: tuple[Plugin, ...] = (
    shape(
        "sphere",
        real("radius", 1.0),
        real("zmin", None, note="-radius"),
        real("zmax", None, note="radius"),
        *PHIMAX,
    ),
    shape("cylinder", real("radius", 1.0), real("zmin", -1.0), real("zmax", 1.0), *PHIMAX),
    shape("cone", real("radius", 1.0), real("radius2", 0.0, note="at the top"), real("height", 1.0), *PHIMAX),
    shape("disk", real("height", 0.0), real("radius", 1.0), real("innerradius", 0.0), *PHIMAX),
    shape(
        "hyperboloid",
        triplet("point", "p1", (0.0, 0.0, 0.0)),
        as_in("[0.7 0.8 0.9]", triplet("point", "p2", (1.0, 1.0, 1.0))),
        *PHIMAX,
        note="the segment p1 p2, turned about z",
    ),
    shape("paraboloid", real("radius", 1.0, note="at zmax"), real("zmin", 0.0), real("zmax", 1.0), *PHIMAX),
    shape(
        "torus",
        real("majorradius", 1.0),
        real("minorradius", 0.25),
        real("thetamin", 0.0),
        real("thetamax", 360.0),
        *PHIMAX,
    ),
    shape(
        "heightfield",
        whole("nu", 0, note="points along x"),
        whole("nv", 0, note="points along y"),
        real("Pz", count=None, note="nu * nv heights, x running fastest"),
        note="over the unit square",
        needs='"integer nu" [2] "integer nv" [2] "float Pz" [0 .1 .2 .4]',
    ),
    shape(
        "nurbs",
        whole("nu", -1),
        whole("nv", -1),
        whole("uorder", -1),
        whole("vorder", -1),
        real("uknots", count=None),
        real("vknots", count=None),
        real("u0", None, note="the knot at uorder - 1"),
        real("u1", None, note="the knot at nu"),
        real("v0", None, note="the knot at vorder - 1"),
        real("v1", None, note="the knot at nv"),
        triplet("point", "P", count=None),
        real("Pw", count=None, note="four values a point; instead of P"),
        needs=SURFACE_NET,
    ),
    shape(
        "mesh", *INLINE, *SUBDIVISION, *DISPLACEMENT, *SURFACE, aliases=("trianglemesh", "waldtrianglemesh"), needs=MESH
    ),
    shape("barytrianglemesh", *INLINE, *SUBDIVISION, *DISPLACEMENT, *SURFACE, needs=MESH),
    shape("loopsubdiv", *INLINE, *SUBDIVISION, *DISPLACEMENT, *SURFACE, needs=MESH),
    shape(
        "plymesh",
        file("filename"),
        flag("smooth", False, note="compute normals although the file has some"),
        *SUBDIVISION,
        *DISPLACEMENT,
        *SURFACE,
        needs='"string filename" ["mesh.ply"]',
    ),
    shape(
        "stlmesh",
        file("filename"),
        flag("recenter_mesh", False, note="move the middle of its box to the origin"),
        *only_with(
            '"integer nsubdivlevels" [2]',
            word("subdivscheme", "loop", "loop", "microdisplacement", note="loop is the only one that shows"),
        ),
        whole("nsubdivlevels", 0),
        needs='"string filename" ["mesh.stl"]',
    ),
    shape(
        "hairfile",
        file("filename"),
        triplet("point", "camerapos", None),
        word("acceltype", "qbvh", *ACCELERATION),
        as_in('["solid"]', word("tesseltype", "ribbon", "ribbon", "ribbonadaptive", "solid", "solidadaptive")),
        *only_with(
            '"string tesseltype" ["ribbonadaptive"] "float adaptive_error" [.001]',
            whole("adaptive_maxdepth", 8, note="halvings of a strand at most"),
        ),
        *only_with(
            '"string tesseltype" ["ribbonadaptive"]',
            as_in("[.001]", real("adaptive_error", 0.1, note="distance from the curve over the length of its chord")),
        ),
        *only_with(
            '"string tesseltype" ["solid"]',
            as_in("[5]", whole("solid_sidecount", 3)),
            flag("solid_capbottom", False),
            flag("solid_captop", False),
        ),
        real("gamma", 1.0, note="of the strands' colours"),
        needs='"string filename" ["strands.hair"]',
    ),
    Plugin(
        "shape",
        "lenscomponent",
        (real("radius", 1.0), real("zmin", None), real("zmax", None), *PHIMAX, real("aperture", 1.0), *NAME),
        obsolete=True,
        note="a lens of the realistic camera",
    ),
    Plugin(
        "shape",
        "deferred",
        (word("shapename", None), real("shapebbox", count=6), *NAME),
        open=True,
        note="another shape, made when first seen; takes that shape's parameters too",
    ),
)
