"""Which of LuxCore's engines renders: what the scene asks for, on the device that somebody wants, if that can be.

Bidirectional paths are traced by processors only. Path tracing is the same on both, sample for sample of weight 1, so
films of processors and graphics processors merge.
"""

from __future__ import annotations

from collections.abc import Mapping

from lrnap.engine.devices import AUTO, CPU, GPU, Hardware, check_choice, usable
from lrnap.engine.luxcore.draft import Value
from lrnap.engine.luxcore.sampling import BIDIRECTIONAL, LONGEST, paths
from lrnap.errors import Code, SceneError

PATH, PATH_GPU = "PATHCPU", "PATHOCL"
_ENGINES = {"pathcpu": PATH, "bidircpu": BIDIRECTIONAL, "pathocl": PATH_GPU}
_BY_PATHS = (PATH, PATH_GPU)


def chosen(config: Mapping[str, Value], hardware: Hardware) -> dict[str, Value]:
    """The configuration with the engine that renders. Raises SceneError where what is wanted cannot be."""
    choice = check_choice(hardware.choice, hardware.devices)
    asked = str(config["renderengine.type"][0])
    if choice in _ENGINES:
        return _with(config, _ENGINES[choice])
    if choice == CPU or (choice == AUTO and not usable(hardware.devices)):
        return dict(config)
    if asked == PATH:
        return _with(config, PATH_GPU)
    if choice == GPU:
        message = f"graphics processors trace paths only, and the scene asks for {asked}: choose auto, cpu or pathocl"
        raise SceneError(message, code=Code.UNSUPPORTED)
    return dict(config)


def _with(config: Mapping[str, Value], engine: str) -> dict[str, Value]:
    """The same depths for another engine."""
    asked = str(config["renderengine.type"][0])
    changed = dict(config)
    if asked not in _BY_PATHS and engine in _BY_PATHS:
        changed |= paths(engine, int(config["path.maxdepth"][0]))
    elif asked in _BY_PATHS and engine == BIDIRECTIONAL:
        depth = min(int(config["path.pathdepth.total"][0]), LONGEST)
        changed |= paths(engine, depth, depth)
    return changed | {"renderengine.type": [engine]}
