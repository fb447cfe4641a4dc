"""Any file that holds a film, as one of ours: classic Lux's .flm, and EXR with weights."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from lrnap.errors import Code, LrnapError
from lrnap.film import exr_film, flm, flm_parameters, images, names
from lrnap.film.develop import Settings
from lrnap.film.flm_convert import to_snapshot
from lrnap.film.independent import Independent
from lrnap.film.merge import Film, check_layout
from lrnap.film.noise import Estimate
from lrnap.film.radiance import mix
from lrnap.film.snapshot import FilmLayout, Snapshot, with_channels

STRIPS = 32  # that a film is known by
ROUNDING = 1e-5  # as much light may differ by, of a film that went through another kind of file
_NONE = (
    "a film's name ends in .flm, or in .exr where it has weights",
    "this is a finished picture: films (.flm, .exr) and pictures of light (.exr, .hdr, .pfm ...) can be developed",
)


@dataclass(frozen=True, slots=True, eq=False)
class FilmFile:
    """A film, how it says that it is developed (by the names of Film's parameters), and what it knows of its error.
    `classic`: as it is in a .flm. `picture`: it is none, and knows no samples."""

    path: Path
    film: Snapshot
    look: dict[str, object]
    noise: Estimate | None = None
    classic: flm.Flm | None = None
    picture: bool = False

    def settings(
        self, changed: Mapping[str, object] | None = None, files: Mapping[str, str] | None = None
    ) -> tuple[Settings, tuple[str, ...]]:
        """As it says, and a sentence for each wish that is not honoured. `changed` and `files`: see
        `flm_parameters.settings`. Raises LrnapError that names the parameter."""
        if self.classic is not None:
            return flm_parameters.settings(self.classic.parameters, self.film.layout.groups, changed, files)
        return flm_parameters.changed_settings(self.look, changed, files)


def load(path: Path, run: str | None = None, *, pictures: bool = False) -> FilmFile:
    """`run`: under which name it counts. `pictures`: any picture of light will do, as a film of one sample a pixel.
    Raises LrnapError that names the file, the cause and the cure."""
    name = run or path.name
    match _kind(path):
        case flm.EXTENSION:
            classic = flm.read(path)
            return FilmFile(
                path, to_snapshot(classic, name), flm_parameters.film_params(classic.parameters), None, classic
            )
        case exr_film.EXTENSION:
            picture = pictures and not exr_film.is_film(path)
            if picture and not images.is_light(path):
                raise LrnapError(Code.TYPE, _NONE[True], at=str(path))
            film = exr_film.read(path, name, pictures=pictures)
            return FilmFile(path, film, exr_film.look(path), exr_film.uncertainty(path, film), picture=picture)
    if pictures and images.is_light(path):
        return FilmFile(path, exr_film.read(path, name, pictures=True), {}, picture=True)
    raise LrnapError(Code.ARGS, _NONE[pictures], at=str(path))


def is_film(path: Path) -> bool:
    """Whether a file is meant to be a film, as far as its name and its head say."""
    kind = _kind(path)
    return path.is_file() and (kind == flm.EXTENSION or (kind == exr_film.EXTENSION and exr_film.is_film(path)))


def _kind(path: Path) -> str:
    """The extension; a .flm that was put aside by a restart, as .flm1, is one still."""
    return path.suffix.lower().rstrip("0123456789")


class Copies:
    """Finds films that hold the same samples, whatever their files are called and of whichever kind they are: what is
    added twice looks twice as certain as it is. A film is known by the light of some strips of it."""

    def __init__(self) -> None:
        self._seen: list[tuple[Path, npt.NDArray[np.float64]]] = []

    def notice(self, film: FilmFile) -> tuple[str, ...]:
        """A sentence, if it seems to be one that was seen before."""
        strips = np.array_split(mix(film.film)[:3].reshape(3, -1), STRIPS, axis=1)
        light = np.array([film.film.spp, *(strip.sum(dtype=np.float64) for strip in strips)])
        same = [path for path, other in self._seen if np.allclose(light, other, rtol=ROUNDING, atol=0)]
        self._seen.append((film.path, light))
        if not (same and light.any()):
            return ()
        return (f"{film.path}: it has the same samples as {same[0]}. A copy makes a film look better than it is",)


class Sum:
    """Films of one scene, added one at a time: of those that were, only the sum is held. Each counts, whatever it is
    called. `classic`: their sum as classic Lux has it, as long as all are its. `last`: the newest, which says how the
    sum is developed. `noise`: of the sum, from how they differ, or as one alone says of itself."""

    def __init__(self, first: FilmFile) -> None:
        self.count = 1
        self.last = first
        self.classic = first.classic
        self.film = _added([first.film])
        self._apart = Independent(first.film.layout)
        self._apart.add(first.film)

    def add(self, other: FilmFile) -> None:
        """Raises LrnapError that says in what it differs from those before; then nothing has changed."""
        check_alike(self.classic, self.film, other)
        if self.classic is not None:
            self.classic = None if other.classic is None else flm.merge(self.classic, other.classic)
        self.film = _added([self.film, replace(other.film, run=f"not {self.film.run}")])
        self._apart.add(other.film)
        self.last = other
        self.count += 1

    @property
    def noise(self) -> Estimate | None:
        return self.last.noise if self.count == 1 else self._apart.estimate()


def _added(parts: Sequence[Snapshot]) -> Snapshot:
    channels = {name for one in parts for name in one.layout.channels}
    parts = [with_channels(one, channels) for one in parts]
    film = Film(parts[0].layout)
    for part in parts:
        film.add(part)
    return film.merged()


def noise_of(films: Iterable[FilmFile]) -> tuple[FilmLayout, Estimate | None]:
    """The layout and the error of the sum of at least one film: from how they differ, or as one says of itself; None
    where nothing tells it. They are taken one at a time. Raises LrnapError if two are not of one scene."""
    waiting = iter(films)
    first = next(waiting)
    apart, alone = Independent(first.film.layout), True
    apart.add(first.film)
    for other in waiting:
        check_alike(first.classic, first.film, other)
        apart.add(other.film)
        alone = False
    return first.film.layout, first.noise if alone else apart.estimate()


def check_alike(classic: flm.Flm | None, film: Snapshot, other: FilmFile) -> None:
    """Raises LrnapError that says in what a film, as classic Lux has it where it does, and another differ that should
    be of one scene; channels they may lack."""
    if classic is not None and other.classic is not None:
        if difference := flm.differences(classic, other.classic):
            raise LrnapError(Code.STATE, f"it cannot be merged: {difference}", at=str(other.path))
        return
    check_layout(with_channels(other.film, film.layout.channels), film.layout)
    if difference := names.difference(other.film.layout.names, film.layout.names):
        message = f"it cannot be merged, as it is of another scene: {difference}"
        raise LrnapError(Code.STATE, message, at=str(other.path))
