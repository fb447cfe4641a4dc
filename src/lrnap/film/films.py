"""Any file that holds a film, as one of ours: classic Lux's .flm, and EXR with weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lrnap.errors import Code, LrnapError
from lrnap.film import exr_film, flm, flm_parameters
from lrnap.film.develop import Settings
from lrnap.film.flm_convert import to_snapshot
from lrnap.film.merge import Film
from lrnap.film.noise import Estimate, estimate
from lrnap.film.snapshot import Snapshot


@dataclass(frozen=True, slots=True, eq=False)
class FilmFile:
    """A film, how it says that it is developed (by the names of Film's parameters), and what it knows of its error.
    `classic`: as it is in a .flm."""

    path: Path
    film: Snapshot
    look: dict[str, object]
    noise: Estimate | None = None
    classic: flm.Flm | None = None

    def settings(self) -> tuple[Settings, tuple[str, ...]]:
        """As it says, and a sentence for each wish that is not honoured. Raises LrnapError that names the parameter."""
        if self.classic is not None:
            return flm_parameters.settings(self.classic.parameters, self.film.layout.groups)
        return Settings.from_params(self.look), ()


def load(path: Path, run: str | None = None) -> FilmFile:
    """`run`: under which name it counts. Raises LrnapError that names the file, the cause and the cure."""
    name = run or path.name
    match path.suffix.lower():
        case flm.EXTENSION:
            classic = flm.read(path)
            return FilmFile(
                path, to_snapshot(classic, name), flm_parameters.film_params(classic.parameters), None, classic
            )
        case exr_film.EXTENSION:
            film = exr_film.read(path, name)
            return FilmFile(path, film, exr_film.look(path), exr_film.uncertainty(path, film))
    raise LrnapError(Code.ARGS, "a film's name ends in .flm, or in .exr where it has weights", at=str(path))


def merged(films: Sequence[FilmFile]) -> Snapshot:
    """Their sum. Each counts, whatever it is called. Raises LrnapError if two are not of one scene."""
    film = Film(films[0].film.layout)
    for one in films:
        film.add(one.film)
    return film.merged()


def noise_of(films: Sequence[FilmFile]) -> Estimate | None:
    """The error of their sum: from how they differ, or as one says of itself; None where nothing tells it."""
    return films[0].noise if len(films) == 1 else estimate(one.film for one in films)
