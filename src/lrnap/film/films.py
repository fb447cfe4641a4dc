"""Any file that holds a film, as one of ours: classic Lux's .flm, and EXR with weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lrnap.errors import Code, LrnapError
from lrnap.film import exr_film, flm, flm_parameters
from lrnap.film.develop import Settings
from lrnap.film.flm_convert import to_snapshot
from lrnap.film.merge import Film, check_layout
from lrnap.film.noise import Estimate, estimate
from lrnap.film.snapshot import Snapshot, with_channels


@dataclass(frozen=True, slots=True, eq=False)
class FilmFile:
    """A film, how it says that it is developed (by the names of Film's parameters), and what it knows of its error.
    `classic`: as it is in a .flm."""

    path: Path
    film: Snapshot
    look: dict[str, object]
    noise: Estimate | None = None
    classic: flm.Flm | None = None

    def settings(
        self, changed: Mapping[str, object] | None = None, files: Mapping[str, str] | None = None
    ) -> tuple[Settings, tuple[str, ...]]:
        """As it says, and a sentence for each wish that is not honoured. `changed` and `files`: see
        `flm_parameters.settings`. Raises LrnapError that names the parameter."""
        if self.classic is not None:
            return flm_parameters.settings(self.classic.parameters, self.film.layout.groups, changed, files)
        return flm_parameters.changed_settings(self.look, changed, files)


def load(path: Path, run: str | None = None) -> FilmFile:
    """`run`: under which name it counts. Raises LrnapError that names the file, the cause and the cure."""
    name = run or path.name
    match _kind(path):
        case flm.EXTENSION:
            classic = flm.read(path)
            return FilmFile(
                path, to_snapshot(classic, name), flm_parameters.film_params(classic.parameters), None, classic
            )
        case exr_film.EXTENSION:
            film = exr_film.read(path, name)
            return FilmFile(path, film, exr_film.look(path), exr_film.uncertainty(path, film))
    raise LrnapError(Code.ARGS, "a film's name ends in .flm, or in .exr where it has weights", at=str(path))


def is_film(path: Path) -> bool:
    """Whether a file is meant to be a film, as far as its name and its head say."""
    kind = _kind(path)
    return path.is_file() and (kind == flm.EXTENSION or (kind == exr_film.EXTENSION and exr_film.is_film(path)))


def _kind(path: Path) -> str:
    """The extension; a .flm that was put aside by a restart, as .flm1, is one still."""
    return path.suffix.lower().rstrip("0123456789")


def merged(films: Sequence[FilmFile]) -> Snapshot:
    """Their sum. Each counts, whatever it is called. Raises LrnapError if two are not of one scene."""
    channels = {name for one in films for name in one.film.layout.channels}
    parts = [with_channels(one.film, channels) for one in films]
    film = Film(parts[0].layout)
    for part in parts:
        film.add(part)
    return film.merged()


def noise_of(films: Sequence[FilmFile]) -> Estimate | None:
    """The error of their sum: from how they differ, or as one says of itself; None where nothing tells it. Raises
    LrnapError if two are not of one scene."""
    for one in films[1:]:
        check_alike(films[0], one)
    return films[0].noise if len(films) == 1 else estimate(one.film for one in films)


def check_alike(first: FilmFile, other: FilmFile) -> None:
    """Raises LrnapError that says in what two films differ that should be of one scene; channels they may lack."""
    if first.classic is not None and other.classic is not None:
        if difference := flm.differences(first.classic, other.classic):
            raise LrnapError(Code.STATE, f"it cannot be merged: {difference}", at=str(other.path))
        return
    channels = first.film.layout.channels
    check_layout(with_channels(other.film, channels), first.film.layout)
