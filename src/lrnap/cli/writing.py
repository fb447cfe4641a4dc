"""The files that `lrnap render -o` names, with the options that `--write` gives them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lrnap.client.written import Output
from lrnap.errors import Code, LrnapError
from lrnap.film import output
from lrnap.film.options import ROWS, Options, takes


def chosen(paths: Sequence[Path], wishes: Sequence[str]) -> list[Output]:
    """The files that `-o` names, each with the options of `--write [KIND.]NAME=VALUE` that are for its kind.

    Raises LrnapError for an option that none of the files takes, and for a value that its file cannot have.
    """
    options: list[dict[str, Any]] = [{} for _ in paths]
    kinds = [output.kind_of(path) for path in paths]
    for wish in wishes:
        name, equals, value = wish.partition("=")
        only, dot, name = name.strip().rpartition(".")
        if not equals or (dot and only not in kinds):
            hint = f"none of the files is {only}" if equals else "as in --write depth=16 or --write exr.compression=piz"
            raise LrnapError(Code.ARGS, f"--write takes [KIND.]NAME=VALUE; {hint}", at=wish)
        takers = [i for i, kind in enumerate(kinds) if only in ("", kind) and takes(kind, name)]
        if not takers and name in ROWS:
            raise LrnapError(
                Code.ARGS, f"none of the files can have {name}; {' and '.join(ROWS[name].kinds)} can", at=wish
            )
        for i in takers or range(len(kinds)):
            options[i] |= Options.of(kinds[i], {name: value}).given()
    return [Output(path, given) for path, given in zip(paths, options, strict=True)]
