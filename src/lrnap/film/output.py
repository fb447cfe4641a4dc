"""From a film to a finished file or its bytes: what each kind of file shows of a film.

Files for looking show the developed picture. EXR holds linear radiance, untouched by the tonemap, with each light
group as a layer where there are several; `tonemapped` asks for the tonemapped linear picture instead.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping

from lrnap.film import images
from lrnap.film.develop import Settings, develop
from lrnap.film.radiance import BRIGHTEST, Accumulators, clean, resolve, rgba
from lrnap.film.snapshot import Block


def save(
    path: str | os.PathLike[str],
    film: Accumulators,
    settings: Settings | None = None,
    metadata: Mapping[str, object] | None = None,
    *,
    tonemapped: bool | None = None,
    depth: str | None = None,
    alpha: bool | None = None,
) -> None:
    """Writes the film as a picture file, atomically; see `images.write` for depth, alpha and errors."""
    settings = settings or Settings()
    picture, layers = _shown(images.kind_of(path), film, settings, tonemapped)
    images.write(path, picture, _facts(settings, metadata), depth=depth, alpha=alpha, layers=layers)


def encode(
    kind: str,
    film: Accumulators,
    settings: Settings | None = None,
    metadata: Mapping[str, object] | None = None,
    *,
    tonemapped: bool | None = None,
    depth: str | None = None,
    alpha: bool | None = None,
) -> bytes:
    """The bytes of the file that `save` would write; `kind` as in `images.KINDS`: "png", "jpeg", "exr" ..."""
    settings = settings or Settings()
    picture, layers = _shown(kind, film, settings, tonemapped)
    return images.encode(kind, picture, _facts(settings, metadata), depth=depth, alpha=alpha, layers=layers)


def _shown(
    kind: str, film: Accumulators, settings: Settings, tonemapped: bool | None
) -> tuple[images.Picture, dict[str, Block]]:
    linear = kind in images.KINDS and images.KINDS[kind].linear
    if not linear:
        return develop(film, settings), {}
    if tonemapped:
        return develop(film, settings, display=False), {}
    groups = film.layout.groups
    layers = {}
    if len(groups) > 1:
        colours, _ = resolve(film)
        clean(colours, BRIGHTEST)
        layers = dict(zip(groups, colours, strict=True))
    return rgba(film, lights=settings.lights(groups)), layers


def _facts(settings: Settings, metadata: Mapping[str, object] | None) -> dict[str, object]:
    """The caller's facts first, so that they fit where room is short, then the settings."""
    return {**(metadata or {}), "settings": json.dumps(settings.to_params())}
