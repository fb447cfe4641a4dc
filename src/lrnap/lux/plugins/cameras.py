"""Camera: every camera plugin with its parameters. Distances are scene units, angles degrees."""

from __future__ import annotations

from lrnap.lux.plugins.rows import as_in, file, flag, only_with, real, whole, word
from lrnap.lux.plugins.spec import Parameter, Plugin

COMMON: tuple[Parameter, ...] = (
    real("hither", 1e-3),
    real("yon", 1e30),
    real("shutteropen", 0.0),
    real("shutterclose", 1.0),
    word("shutterdistribution", "uniform", "uniform", "gaussian"),
    real("lensradius", 0.0),
    real("focaldistance", 1e30),
    real("frameaspectratio", None, note="xresolution / yresolution"),
    as_in(
        "[-0.5 0.5 -0.5 0.5]",
        real("screenwindow", None, count=4, note="left right bottom top; the shorter side is -1 to 1"),
    ),
    word("endtransform", None, note="a coordinate system: where the camera is at shutterclose"),
)
SHAPES = ("uniform", "exponential", "inverse exponential", "gaussian", "inverse gaussian")  # of light over the opening
AUTOFOCUS: tuple[Parameter, ...] = (flag("autofocus", False, note="focus on what is in the middle of the picture"),)


def camera(name: str, *parameters: Parameter, needs: str = "") -> Plugin:
    return Plugin("camera", name, parameters + COMMON, needs=needs)


PLUGINS: tuple[Plugin, ...] = (
    camera(
        "perspective",
        real("fov", 90.0, note="degrees over the shorter side"),
        *AUTOFOCUS,
        *only_with('"integer blades" [5]', word("distribution", SHAPES[0], *SHAPES)),
        as_in("[5]", whole("blades", 0, note="of the aperture; under 3, a circle")),
        *only_with(
            '"integer blades" [5] "string distribution" ["exponential"]',
            whole("power", 3, note="of the exponential distributions"),
        ),
        as_in("[0 0 0 0 1 0]", real("clippingplane", None, count=None, note="a point and a normal each")),
    ),
    camera("orthographic", *AUTOFOCUS),
    camera("environment"),
    camera(
        "realistic",
        file("specfile"),
        real("filmdistance", 70.0),
        real("aperture_diameter", 1.0),
        real("filmdiag", 35.0),
        needs='"string specfile" ["lens.dat"]',
    ),
)
