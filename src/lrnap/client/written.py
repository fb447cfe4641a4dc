"""What a scene's Film writes: which files, how, how often, and whether an earlier film is gone on with.

The parameters are those of classic Lux (`write_png_channels`, `write_exr_halftype`, `flmwriteinterval` ...); each
file's options are those of `lrnap.film.options`. Where a picture cannot hold depth, depth is a grey picture beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from lrnap.film import resume
from lrnap.film.flm import EXTENSION
from lrnap.film.options import KINDS
from lrnap.film.snapshot import Snapshot
from lrnap.lux.params import ParamSet
from lrnap.lux.scene import Scene

FALLBACK = "luxout"
COMPRESSIONS = {
    "RLE (lossless)": "rle",
    "PIZ (lossless)": "piz",
    "ZIP (lossless)": "zip",
    "Pxr24 (lossy)": "pxr24",
    "None": "none",
}
RANGES = {"None": "none", "Min/Max": "minmax", "Camera Start/End clip": "none"}  # classic Lux leaves it as it is, too


@dataclass(frozen=True, slots=True)
class Output:
    """One file. `options`: see `lrnap.film.options`. `depth`: it shows the film's depth and nothing else."""

    path: Path
    options: Mapping[str, Any] = field(default_factory=dict)
    depth: bool = False

    @property
    def film(self) -> bool:
        return self.path.suffix.lower() == EXTENSION


@dataclass(frozen=True, slots=True)
class Written:
    """`interval` and `film_interval`: seconds between two writings of pictures and of films; None: as the renderer
    likes. `resume`: the film file that rendering goes on from if it is there; `restart`: which is put aside instead."""

    outputs: tuple[Output, ...]
    interval: float | None = None
    film_interval: float | None = None
    resume: Path | None = None
    restart: bool = False
    notes: tuple[str, ...] = ()


def of_scene(scene: Scene, folder: Path, channels: Sequence[str] = (), *, anywhere: bool = False) -> Written:
    """What the scene writes, in `folder` or below it. `channels`: auxiliary ones that its EXR gets beside its own.
    `anywhere`: in whatever folder it names, because the program that asks has made it itself."""
    film = ParamSet(scene.film)
    base, notes = _base(film.string("filename"), folder, anywhere)
    outputs: list[Output] = []
    for kind, options in _ROWS.items():
        if film.bool(f"write_{kind}"):
            outputs.append(Output(_file(base, kind), options(film, channels)))
        if film.bool(f"write_{kind}") and film.bool(f"write_{kind}_ZBuf") and not KINDS[kind].linear:
            bits = options(film, channels).get("depth")
            outputs.append(Output(_file(base.with_name(f"{base.name}-depth"), kind), {"depth": bits}, depth=True))
    resume = base.with_name(base.name + EXTENSION) if film.bool("write_resume_flm") else None
    if not outputs:
        outputs.append(Output(_file(base, "png")))
        notes.append(f"the scene's Film writes no picture; {outputs[0].path.name} is written nevertheless")
    if resume is not None:
        outputs.append(Output(resume))
    return Written(
        tuple(outputs),
        _seconds(film, "writeinterval"),
        _seconds(film, "flmwriteinterval"),
        resume,
        film.bool("restart_resume_flm"),
        tuple(notes),
    )


def put_aside(written: Written) -> Path | None:
    """The old film of a scene that begins anew (`restart_resume_flm`), where it is kept then, as in classic Lux."""
    if written.resume is None or not written.restart or not written.resume.exists():
        return None
    aside = written.resume.with_name(f"{written.resume.name}1")
    written.resume.replace(aside)
    return aside


def own_film(scene: Scene, folder: Path) -> Snapshot | None:
    """The film that the scene goes on with (`write_resume_flm`), if it is there. Raises LrnapError for one that is no
    film."""
    written = of_scene(scene, folder)
    if written.resume is None or written.restart or not written.resume.exists():
        return None
    return resume.load(written.resume)[0]


def _shared(film: ParamSet, kind: str) -> dict[str, Any]:
    wanted = film.string(f"write_{kind}_channels")
    return {
        "grey": wanted.startswith("Y"),
        "alpha": wanted.endswith("A") or film.bool("premultiplyalpha"),  # classic Lux then insists on it
        "clamped": film.bool(f"write_{kind}_gamutclamp"),
    }


def _exr(film: ParamSet, channels: Sequence[str]) -> dict[str, Any]:
    depth = ("depth",) if film.bool("write_exr_ZBuf") else ()
    return _shared(film, "exr") | {
        "depth": "half" if film.bool("write_exr_halftype") else "float",
        "compression": COMPRESSIONS.get(film.string("write_exr_compressiontype"), "piz"),
        "tonemapped": film.bool("write_exr_applyimaging"),
        "premultiplied": film.bool("premultiplyalpha") and not film.bool("write_exr_straightcolors"),
        "channels": tuple(dict.fromkeys((*depth, *channels))),
        "depth_range": RANGES.get(film.string("write_exr_zbuf_normalizationtype"), "none"),
    }


def _png(film: ParamSet, channels: Sequence[str]) -> dict[str, Any]:  # noqa: ARG001
    return _shared(film, "png") | {"depth": "16" if film.bool("write_png_16bit") else "8"}


def _tga(film: ParamSet, channels: Sequence[str]) -> dict[str, Any]:  # noqa: ARG001
    return _shared(film, "tga")


_ROWS = {"png": _png, "exr": _exr, "tga": _tga}


def _base(filename: str, folder: Path, anywhere: bool) -> tuple[Path, list[str]]:
    """The files' path without extension: in the folder that the scene names, if that is here and below ours, else in
    ours. A scene of another machine shall not write wherever it likes."""
    windows = "\\" in filename or PureWindowsPath(filename).drive
    pure = PurePosixPath(PureWindowsPath(filename).as_posix() if windows else filename)
    name = pure.name.lstrip(".") or FALLBACK
    place = folder / pure.parent
    inside = not pure.is_absolute() and not PureWindowsPath(filename).drive and ".." not in pure.parts
    if place.is_dir() and (anywhere or (inside and place.resolve().is_relative_to(folder.resolve()))):
        return place / name, []
    where = "is not here" if anywhere else "is no folder below this one"
    said = f"the scene writes to {filename!r}, which {where}: its files are written here"
    return folder / name, [said]


def _file(base: Path, kind: str) -> Path:
    extension = KINDS[kind].extensions[0]
    return base if base.suffix.lower() == extension else base.with_name(base.name + extension)


def _seconds(film: ParamSet, name: str) -> float | None:
    """What the scene says itself; classic Lux's default of a minute is not what anybody has asked for."""
    return max(float(film.int(name)), 1.0) if film.has(name) else None
