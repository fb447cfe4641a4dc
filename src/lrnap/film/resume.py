"""Films from files that rendering goes on with: a film that was saved counts as one more run, which never changes.

Nothing else is needed, because a film is a counter keyed by run (merge.py). A classic .flm does not say which seeds it
was rendered with; a run's seed is one of 2^31, so that a new one hardly ever is one of them.
"""

from __future__ import annotations

import os
import secrets
from dataclasses import replace
from pathlib import Path

from lrnap.errors import Code, LrnapError
from lrnap.film import films, flm, flm_parameters, names
from lrnap.film.flm_convert import to_snapshot
from lrnap.film.snapshot import FilmLayout, Snapshot, with_channels


def load(path: str | os.PathLike[str]) -> tuple[Snapshot, dict[str, object]]:
    """The film of a file as a run of its own, and how it says to develop it, by the names of Film's parameters.

    Raises LrnapError that names the file, the cause and the cure.
    """
    found = films.load(Path(path), _run(Path(path).name))
    return found.film, found.look


def decode(data: bytes | bytearray | memoryview, name: str = "film") -> tuple[Snapshot, dict[str, object]]:
    """As `load`, from the bytes of a .flm; `name` is what errors call it."""
    film = flm.decode(data, name)
    return to_snapshot(film, _run(name)), flm_parameters.film_params(film.parameters)


def _run(name: str) -> str:
    return f"resumed-{name[:80]}-{secrets.token_hex(4)}"


def fitted(film: Snapshot, layout: FilmLayout, epoch: int = 0) -> Snapshot:
    """A film in the layout of the runs that it is to be merged with; what channels it lacks stay empty.

    Raises LrnapError that says in what it is another picture.
    """
    check_fits(film.layout, layout)
    return replace(with_channels(film, layout.channels), layout=layout, epoch=epoch)


def check_fits(have: FilmLayout, want: FilmLayout) -> None:
    """Raises LrnapError that says in what the one, of a film that was saved, is another picture's than the other."""
    differences = [
        f"{what} {theirs} instead of {ours}"
        for what, theirs, ours in (
            ("size", f"{have.width}x{have.height}", f"{want.width}x{want.height}"),
            ("light groups", ", ".join(have.groups), ", ".join(want.groups)),
            ("light traced from", _from(have), _from(want)),
        )
        if theirs != ours
    ]
    if difference := names.difference(have.names, want.names):
        differences.append(f"other things in it ({difference})")
    if differences:
        raise LrnapError(
            Code.STATE,
            f"the film that was saved cannot be gone on with: it has {'; '.join(differences)}. "
            "Render the scene that it is of, or begin without it",
        )


def _from(layout: FilmLayout) -> str:
    return "camera and lights" if layout.screen else "the camera"
