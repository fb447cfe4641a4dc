"""`lrnap film info` and `merge`: what to do with films of classic Lux."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from lrnap.cli import report
from lrnap.errors import Code, LrnapError
from lrnap.film import flm, flm_parameters, output


def info(file: Path, as_json: bool) -> int:
    film = flm.read(file)
    names = flm_parameters.names(film.parameters, len(film.groups))
    params = flm_parameters.film_params(film.parameters)
    spp = max(group.samples for group in film.groups) / (film.width * film.height)
    if as_json:
        said = {
            "file": str(file),
            "width": film.width,
            "height": film.height,
            "spp": round(spp, 3),
            "buffers": [kind.name for kind in film.types],
            "groups": [{"name": n, "samples": g.samples} for n, g in zip(names, film.groups, strict=True)],
            "film": params,
        }
        print(json.dumps(said, indent=2))
        return report.OK
    print(f"{file}: {film.width}x{film.height}, {spp:.1f} samples per pixel, buffers {flm.shown_types(film)}")
    for name, group in zip(names, film.groups, strict=True):
        print(f"light group {name!r}: {group.samples:.0f} samples")
    for name, value in params.items():
        print(f"{name} = {_shown(value)}")
    return report.OK


def merge(files: Sequence[Path], target: Path) -> int:
    if output.kind_of(target) != output.FILM:
        raise LrnapError(
            Code.ARGS, "merging makes a film: give a name that ends in .flm, then develop it", at=str(target)
        )
    merged: flm.Flm | None = None
    used = 0
    for file in files:
        try:
            film = flm.read(file)
            merged = film if merged is None else flm.merge(merged, film)
        except LrnapError as error:
            at = error.at or str(file)
            report.say_warnings([f"left out: {LrnapError(error.code, error.message, at=at)}"])
        else:
            used += 1
    if merged is None:
        raise LrnapError(Code.NOT_FOUND, "none of the films can be used; nothing was written")
    flm.write(target, merged)
    spp = max(group.samples for group in merged.groups) / (merged.width * merged.height)
    print(f"{target}: {used} of {len(files)} films, {spp:.1f} samples per pixel")
    return report.OK


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return " ".join(map(_shown, value))
    return repr(value) if isinstance(value, str) and not value.isprintable() else str(value)
