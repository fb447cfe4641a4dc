"""Camera: every camera plugin with its parameters. Distances are scene units, angles degrees."""

from __future__ import annotations

from lrnap.lux.plugins.rows import file, flag, real, whole, word
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
    real("screenwindow", None, count=4, note="left right bottom top; the shorter side is -1 to 1"),
    word("endtransform", None, note="a coordinate system: where the camera is at shutterclose"),
)
AUTOFOCUS: tuple[Parameter, ...] = (flag("autofocus", False, note="focus on what is in the middle of the picture"),)


def camera(name: str, *parameters: Parameter, obsolete: bool = False) -> Plugin:
    return Plugin("camera", name, parameters + COMMON, obsolete=obsolete)


PLUGINS: tuple[Plugin, ...] = (
    camera(
        "perspective",
        real("fov", 90.0, note="degrees over the shorter side"),
        *AUTOFOCUS,
        word(
            "distribution",
            "uniform",
            "uniform",
            "exponential",
            "inverse exponential",
            "gaussian",
            "inverse gaussian",
        ),
        whole("blades", 0, note="of the aperture; under 3, a circle"),
        whole("power", 3, note="of the exponential distributions"),
        real("clippingplane", None, count=None, note="a point and a normal each"),
    ),
    camera("orthographic", *AUTOFOCUS),
    camera("environment"),
    camera(
        "realistic",
        file("specfile"),
        real("filmdistance", 70.0),
        real("aperture_diameter", 1.0),
        real("filmdiag", 35.0),
    ),
)
