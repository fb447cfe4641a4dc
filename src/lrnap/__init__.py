"""lrnap: network rendering for LuxRender.

The public names load on first use: `import lrnap` takes milliseconds and never loads the engine.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lrnap.client.context import Context as Context
    from lrnap.client.mode import API_LOCAL as API_LOCAL
    from lrnap.client.mode import LXS_OUTPUT as LXS_OUTPUT
    from lrnap.client.mode import TCP_LRNAP as TCP_LRNAP
    from lrnap.client.mode import LuxApiLRNAPHost as LuxApiLRNAPHost
    from lrnap.client.mode import LuxApiLxsOutputFile as LuxApiLxsOutputFile
    from lrnap.client.mode import LuxApiMode as LuxApiMode
    from lrnap.client.queue import connect as connect
    from lrnap.errors import Code as Code
    from lrnap.errors import EngineError as EngineError
    from lrnap.errors import LrnapError as LrnapError
    from lrnap.errors import RemoteError as RemoteError
    from lrnap.errors import SceneError as SceneError

__version__ = "0.1.0"

_HOME = {  # public name -> module
    "Context": "lrnap.client.context",
    "LuxApiMode": "lrnap.client.mode",
    "LuxApiLRNAPHost": "lrnap.client.mode",
    "LuxApiLxsOutputFile": "lrnap.client.mode",
    "API_LOCAL": "lrnap.client.mode",
    "TCP_LRNAP": "lrnap.client.mode",
    "LXS_OUTPUT": "lrnap.client.mode",
    "connect": "lrnap.client.queue",
    "Code": "lrnap.errors",
    "LrnapError": "lrnap.errors",
    "SceneError": "lrnap.errors",
    "EngineError": "lrnap.errors",
    "RemoteError": "lrnap.errors",
}
__all__ = ["__version__", *sorted(_HOME)]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module 'lrnap' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
