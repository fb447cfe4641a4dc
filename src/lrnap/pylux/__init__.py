"""A drop-in for pylux, the Python module of classic LuxRender: an exporter that was written for it needs only

    import lrnap.pylux as pylux

    ctx = pylux.Context("scene")
    ctx.film("fleximage", [("integer xresolution", 320), ("string filename", "picture")])
    ctx.worldBegin()
    ctx.shape("sphere", [("float radius", 1.0)])
    ctx.worldEnd()            # renders in the background, and writes the files that the Film names
    ctx.wait()

Names, arguments and what is returned are those of pylux; what is different, and why, stands in docs/pylux.md.

    context      Context, its methods made from the call table
    session      what one Context does, on `lrnap.Context`
    rendering    a job in the background, whose files are written as it renders
    calling      arguments and parameter lists as pylux takes them
    buffers      pictures as the lists and buffers that pylux returns
    reporting    errorHandler, errorFilter: one for the whole process
    constants    the enumerations
    Dynload      which plugins there are
    FlexImageFilm, servers    what else the module has

Rules for this package: it renders nothing itself. What a call means stands in `lrnap.control`, and what a scene is in
`lrnap.lux`; here is only how pylux spells it.
"""

from lrnap.control.rendering import VERSION as _VERSION
from lrnap.pylux import Dynload, FlexImageFilm
from lrnap.pylux.constants import (
    COMPONENTS as _COMPONENTS,
)
from lrnap.pylux.constants import (
    PARAMETERS as _PARAMETERS,
)
from lrnap.pylux.constants import (
    SEVERITIES as _SEVERITIES,
)
from lrnap.pylux.constants import Component, ComponentParameters, ErrorSeverity
from lrnap.pylux.context import Context
from lrnap.pylux.reporting import errorFilter, errorHandler
from lrnap.pylux.servers import RenderingServerInfo, RenderServer, RenderServerState

__all__ = [
    "Component",
    "ComponentParameters",
    "Context",
    "Dynload",
    "ErrorSeverity",
    "FlexImageFilm",
    "RenderServer",
    "RenderServerState",
    "RenderingServerInfo",
    "errorFilter",
    "errorHandler",
    "version",
]


def version() -> str:
    """Of classic LuxRender, whose calls these are."""
    return _VERSION


globals().update({**_COMPONENTS, **_PARAMETERS, **_SEVERITIES})  # LUX_FILM, LUX_FILM_BLOOMRADIUS, LUX_WARNING ...
