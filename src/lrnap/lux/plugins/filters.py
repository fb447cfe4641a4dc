"""PixelFilter: every filter plugin with its parameters. Widths are pixels from the middle to the edge."""

from __future__ import annotations

from lrnap.lux.plugins.rows import flag, real
from lrnap.lux.plugins.spec import Parameter, Plugin


def pixel_filter(name: str, width: float, *parameters: Parameter) -> Plugin:
    return Plugin("filter", name, (real("xwidth", width), real("ywidth", width), *parameters))


PLUGINS: tuple[Plugin, ...] = (
    pixel_filter("box", 0.5),
    pixel_filter("triangle", 2.0),
    pixel_filter("gaussian", 2.0, real("alpha", 2.0)),
    pixel_filter("mitchell", 2.0, real("B", 1 / 3), real("C", 1 / 3), flag("supersample", False)),
    pixel_filter("sinc", 4.0, real("tau", 3.0)),
    pixel_filter("catmullrom", 4.0),
    pixel_filter("blackmanharris", 4.0),
)
