"""From a film to a finished file or its bytes: what each kind of file shows of a film.

Files for looking show the developed picture. EXR holds linear radiance, untouched by the tonemap, with each light
group as a layer where there are several; `tonemapped` asks for the tonemapped linear picture instead. A .flm is no
picture: it holds the sums, for classic Lux and for merging, with the settings but without other facts.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

from lrnap.errors import LrnapError
from lrnap.film import flm, images
from lrnap.film.develop import Settings, develop
from lrnap.film.flm_convert import from_snapshot
from lrnap.film.radiance import BRIGHTEST, Accumulators, clean, resolve, rgba
from lrnap.film.snapshot import Block, Snapshot

FILM = "flm"


def kind_of(path: str | os.PathLike[str]) -> str:
    """FILM for a .flm, otherwise as `images.kind_of`. Raises LrnapError that lists the extensions there are."""
    if Path(path).suffix.lower() == flm.EXTENSION:
        return FILM
    try:
        return images.kind_of(path)
    except LrnapError as error:
        raise LrnapError(error.code, f"{error.message}, a film's in {flm.EXTENSION}", at=error.at) from None


def save(
    path: str | os.PathLike[str],
    film: Snapshot,
    settings: Settings | None = None,
    metadata: Mapping[str, object] | None = None,
    *,
    tonemapped: bool | None = None,
    depth: str | None = None,
    alpha: bool | None = None,
) -> None:
    """Writes the film as a file, atomically; see `images.write` for a picture's depth and alpha, and for errors."""
    settings = settings or Settings()
    kind = kind_of(path)
    if kind == FILM:
        flm.write(path, from_snapshot(film, settings))
        return
    picture, layers = _shown(kind, film, settings, tonemapped)
    images.write(path, picture, _facts(settings, metadata), depth=depth, alpha=alpha, layers=layers)


def encode(
    kind: str,
    film: Snapshot,
    settings: Settings | None = None,
    metadata: Mapping[str, object] | None = None,
    *,
    tonemapped: bool | None = None,
    depth: str | None = None,
    alpha: bool | None = None,
) -> bytes:
    """The bytes of the file that `save` would write; `kind` is FILM or as in `images.KINDS`: "png", "jpeg" ..."""
    settings = settings or Settings()
    if kind == FILM:
        return flm.encode(from_snapshot(film, settings))
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
