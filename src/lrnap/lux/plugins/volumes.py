"""MakeNamedVolume (what fills a closed shape) and Volume (a box of fog): every plugin with its parameters."""

from __future__ import annotations

from lrnap.lux.plugins.rows import as_in, color, color_texture, fresnel, only_with, real, triplet, whole
from lrnap.lux.plugins.spec import Parameter, Plugin

# A cloud is a texture and a volume region, of the same shape.
CLOUD = (
    real("radius", 0.5),
    real("noisescale", 0.5),
    real("turbulence", 0.01),
    real("sharpness", 6.0),
    real("noiseoffset", 0.0),
    as_in("[30]", whole("spheres", 0)),
    whole("octaves", 1),
    *only_with('"integer octaves" [3]', real("omega", 0.75)),
    real("variability", 0.9),
    *only_with('"integer spheres" [30]', real("spheresize", 0.15)),
    real("baseflatness", 0.8),
)

INDEX: tuple[Parameter, ...] = (fresnel("fresnel", 1.5),)
SCATTERING: tuple[Parameter, ...] = (
    color_texture("sigma_a", 0.0),
    color_texture("sigma_s", 0.0),
    *only_with('"color sigma_s" [2 2 2]', color_texture("g", 0.0, note="-1 back to 1 forward")),
)

NAMED_PLUGINS: tuple[Plugin, ...] = (
    Plugin("volume", "clear", (*INDEX, color_texture("absorption", 0.0))),
    Plugin("volume", "homogeneous", INDEX + SCATTERING),
    Plugin(
        "volume", "heterogeneous", (*INDEX, *SCATTERING, *only_with('"color sigma_s" [2 2 2]', real("stepsize", 1.0)))
    ),
)

BOX: tuple[Parameter, ...] = (
    color("sigma_a", 0.0),
    color("sigma_s", 0.0),
    color("Le", 0.0),
    *only_with('"color sigma_s" [2 2 2]', real("g", 0.0)),
    as_in("[0.2 0.3 0.4]", triplet("point", "p0", (0.0, 0.0, 0.0))),
    as_in("[0.7 0.8 0.9]", triplet("point", "p1", (1.0, 1.0, 1.0))),
)


def region(name: str, *parameters: Parameter, needs: str = "") -> Plugin:
    return Plugin("volumeregion", name, BOX + parameters, needs=needs)


REGION_PLUGINS: tuple[Plugin, ...] = (
    region("homogeneous"),
    region("heterogeneous"),
    region("exponential", real("a", 1.0), real("b", 1.0), triplet("vector", "updir", (0.0, 1.0, 0.0))),
    region(
        "volumegrid",
        real("density", count=None, note="nx * ny * nz values, x running fastest"),
        whole("nx", 1),
        whole("ny", 1),
        whole("nz", 1),
        needs='"float density" [0.1 0.9 0.3 0.4 0.7 0.2 0.8 0.5] "integer nx" [2] "integer ny" [2] "integer nz" [2]',
    ),
    region(
        "cloud",
        *CLOUD,
    ),
)
