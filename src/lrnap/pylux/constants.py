"""The enumerations of pylux. Their members are numbers, those of the C API, and are names of the module, too."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import TYPE_CHECKING

from lrnap.control.errors import Severity
from lrnap.control.parameters import PREFIX, ROWS


class Component(IntEnum):
    LUX_FILM = 0


if TYPE_CHECKING:

    class ComponentParameters(IntEnum):
        """LUX_FILM_TM_TONEMAPKERNEL ..., the film parameters by their numbers."""

    class ErrorSeverity(IntEnum):
        """LUX_DEBUG, LUX_INFO, LUX_WARNING, LUX_ERROR, LUX_SEVERE."""
else:
    ComponentParameters = IntEnum("ComponentParameters", {PREFIX + row.name: n for n, row in sorted(ROWS.items())})
    ErrorSeverity = IntEnum("ErrorSeverity", {f"LUX_{severity.name}": severity.value for severity in Severity})

COMPONENTS: Mapping[str, IntEnum] = dict(Component.__members__)
PARAMETERS: Mapping[str, IntEnum] = dict(ComponentParameters.__members__)
SEVERITIES: Mapping[str, IntEnum] = dict(ErrorSeverity.__members__)
