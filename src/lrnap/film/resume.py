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
from lrnap.film import flm, flm_parameters
from lrnap.film.flm_convert import to_snapshot
from lrnap.film.snapshot import FilmLayout, Snapshot


def load(path: str | os.PathLike[str]) -> tuple[Snapshot, dict[str, object]]:
    """The film of a .flm as a run of its own, and how it says to develop it, by the names of Film's parameters.

    Raises LrnapError that names the file, the cause and the cure.
    """
    return _taken(flm.read(path), Path(path).name)


def decode(data: bytes | bytearray | memoryview, name: str = "film") -> tuple[Snapshot, dict[str, object]]:
    """As `load`, from the bytes of a file; `name` is what errors call it."""
    return _taken(flm.decode(data, name), name)


def _taken(film: flm.Flm, name: str) -> tuple[Snapshot, dict[str, object]]:
    run = f"resumed-{name[:80]}-{secrets.token_hex(4)}"
    return to_snapshot(film, run), flm_parameters.film_params(film.parameters)


def fitted(film: Snapshot, layout: FilmLayout, epoch: int = 0) -> Snapshot:
    """A film in the layout of the runs that it is to be merged with; what channels it lacks stay empty.

    Raises LrnapError that says in what it is another picture.
    """
    have, want = film.layout, layout
    differences = [
        f"{what} {theirs} instead of {ours}"
        for what, theirs, ours in (
            ("size", f"{have.width}x{have.height}", f"{want.width}x{want.height}"),
            ("light groups", ", ".join(have.groups), ", ".join(want.groups)),
            ("light traced from", _from(have), _from(want)),
        )
        if theirs != ours
    ]
    if differences:
        raise LrnapError(
            Code.STATE,
            f"the film that was saved cannot be gone on with: it has {'; '.join(differences)}. "
            "Render the scene that it is of, or begin without it",
        )
    if have.channels == want.channels:
        return replace(film, epoch=epoch)
    block = want.new_block()
    block[: want.light] = film.block[: have.light]
    planes = want.planes(block)
    for name, values in film.planes.channels.items():
        if name in planes.channels:
            planes.channels[name][:] = values
    return replace(film, layout=want, block=block, epoch=epoch)


def _from(layout: FilmLayout) -> str:
    return "camera and lights" if layout.screen else "the camera"
