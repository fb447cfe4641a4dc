"""From a film to a finished file or its bytes: what each kind of file shows of a film.

Files for looking show the developed picture. EXR holds linear radiance, untouched by the tonemap, with each light
group as a layer where there are several, and each auxiliary channel that the film has; `tonemapped` asks for the
tonemapped linear picture instead of the radiance. A .flm is no picture: it holds the sums, for classic Lux and for
merging, with the settings but without other facts. See options.py for what can be chosen.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from lrnap.errors import Code, LrnapError
from lrnap.film import cryptomatte, exr_film, flm, images
from lrnap.film.channels import shown
from lrnap.film.develop import Settings, develop
from lrnap.film.develop.pipeline import unlimited
from lrnap.film.flm_convert import from_snapshot
from lrnap.film.noise import Estimate
from lrnap.film.options import KINDS, Options, known_kind
from lrnap.film.radiance import BRIGHTEST, Accumulators, clean, resolve, rgba
from lrnap.film.replace import replace_file
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
    noise: Estimate | None = None,
    **options: Any,
) -> None:
    """Writes the film as a file, atomically; raises LrnapError as `replace_file` and `Options.of` do. `noise`: what is
    known of its error, for files that hold it (EXR with weights)."""
    kind = kind_of(path)
    if kind == FILM:
        _no_options(options)
        flm.write(path, from_snapshot(film, settings))
    else:
        replace_file(path, [encode(kind, film, settings, metadata, noise, **options)], "picture")


def encode(
    kind: str,
    film: Snapshot,
    settings: Settings | None = None,
    metadata: Mapping[str, object] | None = None,
    noise: Estimate | None = None,
    **options: Any,
) -> bytes:
    """The bytes of the file that `save` would write; `kind` is FILM or one of KINDS: "png", "jpeg" ..."""
    settings = settings or Settings()
    if kind == FILM:
        _no_options(options)
        return flm.encode(from_snapshot(film, settings))
    known_kind(kind)
    chosen = Options.of(kind, options)
    facts = {**(metadata or {}), "settings": json.dumps(settings.to_params())}  # room may be short: what can go last
    layers = _layers(kind, film, chosen)
    if layers.keys() & film.layout.names.keys():
        facts |= exr_film.names_of(film)
    if chosen.weights:
        if chosen.depth == "half":
            raise LrnapError(Code.ARGS, "weights need depth float: half floats end at 65504 samples")
        if chosen.depth_range == "minmax":
            raise LrnapError(Code.ARGS, "weights need depth_range none: films merge by the least distance")
        layers |= exr_film.layers(film, noise)
        facts = exr_film.facts(film) | facts
    header: dict[str, str] = {}
    for name in cryptomatte.LAYERS if chosen.cryptomatte else ():
        if name in film.layout.channels:
            found, said = cryptomatte.layers(name, film.planes.channels[name], film.layout.names.get(name, ()))
            layers, header = layers | found, header | said
    if chosen.cryptomatte and (chosen.compression or "").startswith(cryptomatte.LOSSY):
        raise LrnapError(Code.ARGS, f"cryptomatte needs a compression that changes no number, not {chosen.compression}")
    if chosen.cryptomatte and not header:
        raise LrnapError(Code.STATE, "the film holds no ids: render it with the channels object_id or material_id")
    return images.encode(kind, _picture(kind, film, settings, chosen), facts, layers=layers, header=header, **options)


def encode_depth(kind: str, film: Snapshot, metadata: Mapping[str, object] | None = None, **options: Any) -> bytes:
    """The film's depth as a grey picture of its own, for kinds without layers: 1 for the nearest, 0 for the farthest.

    Raises LrnapError if the film holds no depth.
    """
    if "depth" not in film.layout.channels:
        raise LrnapError(Code.STATE, "the film holds no depth: render it with the channel depth")
    near = _ranged(shown("depth", film.planes.channels["depth"]))
    return images.encode(kind, np.repeat(near, 3, axis=2), metadata, **options | {"grey": True, "alpha": False})


def _no_options(options: Mapping[str, Any]) -> None:
    for name, value in options.items():
        if value is not None:
            raise LrnapError(Code.ARGS, f"a .flm has no {name}: it holds all of the light, as it is")


def _picture(kind: str, film: Accumulators, settings: Settings, chosen: Options) -> images.Picture:
    clamped = chosen.clamped is not False
    if not KINDS[kind].linear:
        return develop(film, settings if clamped else replace(settings, ldr_clamp_method="cut"))
    if chosen.tonemapped and clamped:
        return develop(film, settings, display=False)
    if chosen.tonemapped:
        alpha = rgba(film)[..., 3:]
        return np.concatenate([np.moveaxis(unlimited(film, settings), 0, 2), alpha], axis=2)
    return rgba(film, lights=settings.lights(film.layout.groups))


def _layers(kind: str, film: Accumulators, chosen: Options) -> dict[str, Block]:
    if not KINDS[kind].linear:
        return {}
    layers: dict[str, Block] = {}
    groups = film.layout.groups
    wanted = len(groups) > 1 and not chosen.tonemapped if chosen.groups is None else chosen.groups
    if wanted:
        colours, _ = resolve(film)
        clean(colours, BRIGHTEST)
        layers = dict(zip(map(exr_film.layer_of, groups), colours, strict=True))
    for name, values in film.planes.channels.items():
        if chosen.channels is None or name in chosen.channels:
            picture = shown(name, values)
            layers[name] = _ranged(picture) if name == "depth" and chosen.depth_range == "minmax" else picture
    return layers


def _ranged(depth: Block) -> Block:
    """1 for the nearest, 0 for the farthest, as classic Lux has it, and for nothing."""
    seen = np.isfinite(depth)
    near, far = (depth[seen].min(), depth[seen].max()) if seen.any() else (0.0, 1.0)
    return np.where(seen, (far - depth) / max(far - near, np.float32(1e-12)), 0).astype(np.float32)
