"""`lrnap film info`, `merge` and `convert`: films in files, of classic Lux and of ours."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from lrnap import __version__
from lrnap.cli import report
from lrnap.errors import Code, LrnapError
from lrnap.film import exr_film, films, flm, images, output
from lrnap.film.films import FilmFile
from lrnap.film.noise import Estimate
from lrnap.film.options import KINDS
from lrnap.film.snapshot import Snapshot


def info(file: Path, as_json: bool) -> int:
    found = films.load(file)
    film, layout = found.film, found.film.layout
    samples = (
        [group.samples for group in found.classic.groups] if found.classic else [film.samples] * len(layout.groups)
    )
    groups = list(zip(layout.groups, samples, strict=True))
    buffers = [kind.name for kind in found.classic.types] if found.classic else []
    if as_json:
        said = {
            "file": str(file),
            "width": layout.width,
            "height": layout.height,
            "spp": round(film.spp, 3),
            "noise": found.noise.value if found.noise else None,
            "buffers": buffers,
            "groups": [{"name": name, "samples": count} for name, count in groups],
            "channels": list(layout.channels),
            "names": layout.names,
            "film": found.look,
        }
        print(json.dumps(said, indent=2))
        return report.OK
    shown = f", buffers {flm.shown_types(found.classic)}" if found.classic else ""
    print(f"{file}: {layout.width}x{layout.height}, {film.spp:.1f} samples per pixel{shown}")
    if found.noise:
        print(f"noise {found.noise.value:.2g}")
    for name, count in groups:
        print(f"light group {name!r}: {count:.0f} samples")
    for channel in layout.channels:
        called = layout.names.get(channel, ())
        print(f"channel {channel}{f': {len(called)} names' if called else ''}")
    for name, value in found.look.items():
        print(f"{name} = {_shown(value)}")
    return report.OK


def merge(files: Sequence[Path], target: Path) -> int:
    _must_be_film(target, "merging makes a film: give a name that ends in .flm or .exr, then develop it")
    total: films.Sum | None = None
    copies = films.Copies()
    for file in files:
        try:
            found = films.load(file)
            report.say_warnings(copies.notice(found))
            if total is None:
                total = films.Sum(found)
            else:
                total.add(found)
        except LrnapError as error:
            at = error.at or str(file)
            report.say_warnings([f"left out: {LrnapError(error.code, error.message, at=at)}"])
    if total is None:
        raise LrnapError(Code.NOT_FOUND, "none of the films can be used; nothing was written")
    spp = _write_sum(total, target)
    print(f"{target}: {total.count} of {len(files)} films, {spp:.1f} samples per pixel")
    return report.OK


def convert(source: Path, target: Path) -> int:
    kind = output.kind_of(target)
    try:
        found = films.load(source)
    except LrnapError as error:
        if error.code not in (Code.TYPE, Code.ARGS) or source.suffix.lower() == flm.EXTENSION:
            raise
        if kind == output.FILM:  # a picture is no film, and cannot become one
            raise
        if images.is_light(source) and not KINDS[kind].linear:
            return _developed(films.load(source, pictures=True), target)
        picture, facts = images.read(source), images.read_metadata(source)
        grey = True if picture.shape[2] < 3 else None
        images.write(target, images.in_colour(picture), facts, grey=grey)
        print(f"{target}: a picture, as {source} is")
        return report.OK
    _save(target, found, found.film, found.noise)
    print(f"{target}: {found.film.layout.width}x{found.film.layout.height}, {found.film.spp:.1f} samples per pixel")
    return report.OK


def _developed(found: FilmFile, target: Path) -> int:
    """A picture of light as one that a display shows."""
    settings, notes = found.settings()
    report.say_warnings(notes)
    output.save(target, found.film, settings, {"software": f"lrnap {__version__}", "film": found.path.name})
    print(f"{target}: {found.film.layout.width}x{found.film.layout.height}, a picture")
    return report.OK


def _write_sum(total: films.Sum, target: Path) -> float:
    """The samples per pixel. Classic films that become one are added as they are."""
    if output.kind_of(target) == output.FILM and total.classic is not None:
        whole = total.classic
        flm.write(target, whole)
        return max(group.samples for group in whole.groups) / (whole.width * whole.height)
    _save(target, total.last, total.film, total.noise)
    return total.film.spp


def _save(target: Path, like: FilmFile, film: Snapshot, noise: Estimate | None) -> None:
    """Writes a film, developed or to be developed as `like` says."""
    settings, notes = like.settings()
    report.say_warnings(notes)
    facts = {"software": f"lrnap {__version__}", "film": like.path.name, "spp": round(film.spp, 3)}
    if output.kind_of(target) != exr_film.EXTENSION[1:]:
        output.save(target, film, settings, facts)
        return
    facts["runs"] = noise.runs if noise else 1
    output.save(target, film, settings, facts, noise, weights=True)


def _must_be_film(path: Path, otherwise: str) -> None:
    if path.suffix.lower() not in (flm.EXTENSION, exr_film.EXTENSION):
        raise LrnapError(Code.ARGS, otherwise, at=str(path))


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return " ".join(map(_shown, value))
    return repr(value) if isinstance(value, str) and not value.isprintable() else str(value)
