"""Views of OpenColorIO, the only module that knows it: the modern alternative to classic Lux's last steps.

A view takes linear light and gives what a display shows, so it stands in the place of colour space, camera response,
limit and gamma. The kernel before it says how bright the picture is exposed; `linear` suits it best. Film colours are
linear with the primaries of sRGB, which is how LuxCore means them. A configuration that has no such colour space is
asked how its own linear light is to be had from them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from lrnap.errors import Code, LrnapError
from lrnap.film.snapshot import Block

BUILT_IN = "ocio://"
INSTALL = "pip install 'lrnap[darkroom]'"
LINEAR = ("lin_rec709", "lin_rec709_srgb", "Linear Rec.709 (sRGB)", "lin_srgb", "Linear", "linear")
INTERCHANGE = ("scene_linear", "aces_interchange")  # roles, of the space that film colours are converted to


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """A view made ready. `point` changes a band of colours (3, n) in place; what it gives is encoded for a display.
    `note`: a sentence on what was taken for granted, or nothing."""

    display: str
    view: str
    point: Callable[[Block], None]
    note: str = ""


def load(config: str, display: str = "", view: str = "") -> View:
    """A view of a configuration: a file's path, or one that is built into OpenColorIO: `ocio://default` ...

    Without `display` or `view`, the configuration's own first. Raises LrnapError that lists those there are.
    """
    path = None if config.startswith(BUILT_IN) else Path(config)
    changed = path.stat().st_mtime_ns if path is not None and path.is_file() else 0
    return _load(config, display, view, changed)


@lru_cache(maxsize=8)
def _load(name: str, display: str, view: str, _changed: int) -> View:
    try:
        import PyOpenColorIO as ocio
    except ImportError as error:
        raise LrnapError(Code.UNSUPPORTED, f"there is no OpenColorIO here ({error}): {INSTALL}", at=name) from None
    try:
        config: Any = ocio.Config.CreateFromFile(name)
    except (ocio.Exception, ocio.ExceptionMissingFile) as error:
        cure = "give the path of a config.ocio, or ocio://default"
        raise LrnapError(Code.NOT_FOUND, f"no OpenColorIO configuration: {_first(error)}; {cure}", at=name) from None
    display = _known("display", display or config.getDefaultDisplay(), list(config.getDisplays()), name)
    view = _known("view", view or config.getDefaultView(display), list(config.getViews(display)), name)
    source, before, note = _from_film(config, name)
    try:
        transform = ocio.DisplayViewTransform(src=source, display=display, view=view)
        processors = [*before, config.getProcessor(transform).getDefaultCPUProcessor()]
    except (ocio.Exception, ocio.ExceptionMissingFile) as error:  # tables are in files of their own
        raise LrnapError(Code.UNSUPPORTED, f"view {view!r} cannot be made: {_first(error)}", at=name) from None

    def point(band: Block) -> None:
        red, green, blue = (np.ascontiguousarray(channel) for channel in band)
        for processor in processors:
            processor.apply(ocio.PlanarImageDesc(red, green, blue, red.size, 1))
        for channel, values in zip(band, (red, green, blue), strict=True):
            np.fmin(np.fmax(values, np.float32(0)), np.float32(1), out=channel)

    return View(display, view, point, note)


def _from_film(config: Any, name: str) -> tuple[str, list[Any], str]:
    """A colour space of the configuration, what turns film colours into its, and what was taken for granted."""
    import PyOpenColorIO as ocio

    for space in LINEAR:
        if config.getColorSpace(space) is not None and not config.hasRole(space):
            return space, [], ""
    cure = f"call one of its colour spaces {LINEAR[0]}, or give it the role {INTERCHANGE[-1]}"
    roles = [role for role in INTERCHANGE if config.hasRole(role)]
    if not roles:
        raise LrnapError(Code.UNSUPPORTED, f"it has no colour space for linear light that is known; {cure}", at=name)
    try:
        converted: Any = ocio.Config.GetProcessorFromBuiltinColorSpace(LINEAR[0], config, roles[0])
    except ocio.Exception:
        linear = config.getColorSpace(roles[0]).getName()
        return roles[0], [], f"{name}: its linear light, {linear!r}, is taken to have the primaries of sRGB; {cure}"
    return roles[0], [converted.getDefaultCPUProcessor()], ""


def _known(what: str, name: str, names: list[str], at: str) -> str:
    if name not in names:
        there = ", ".join(repr(one) for one in names)
        raise LrnapError(Code.ARGS, f"there is no {what} {name!r}; there are {there}", at=at)
    return name


def _first(error: Exception) -> str:
    return str(error).splitlines()[0][:300] if str(error) else type(error).__name__
