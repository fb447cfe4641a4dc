"""How a job's film is developed, written and halted: its Film parameters, checked before they change."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from lrnap.control.job import Steered
from lrnap.engine import halts
from lrnap.errors import Code, LrnapError
from lrnap.film.develop import Settings, not_honoured, spelled
from lrnap.lux import plugins
from lrnap.lux.plugins.spec import Parameter
from lrnap.lux.spelling import did_you_mean

_FILM = plugins.find("film", "fleximage")
assert _FILM is not None
ROWS: Mapping[str, Parameter] = {row.name: row for row in _FILM.parameters if not row.obsolete}
KINDS: Mapping[str, type[Any]] = {"bool": bool, "integer": int, "float": float, "string": str}


def plain(value: object) -> object:
    """A value of a scene's parameter as a plain one: what holds one item is that item."""
    if isinstance(value, np.ndarray):
        value = tuple(value.reshape(-1).tolist())
    elif isinstance(value, list):
        value = tuple(value)
    return value[0] if isinstance(value, tuple) and len(value) == 1 else value


def value(job: Steered, name: str) -> Any:
    """Of a Film parameter: what counts now, else its default."""
    given = job.film_params()
    return plain(given[name]) if name in given else default(name)


def default(name: str) -> Any:
    return ROWS[name].default if name in ROWS else None


def settings(job: Steered) -> Settings:
    return Settings.from_params(job.film_params(), files=_files(job))


def _files(job: Steered) -> Mapping[str, str]:
    return {} if job.scene is None else job.scene.files


async def change(job: Steered, name: str, value: object) -> None:
    """Sets a Film parameter. Raises LrnapError, and changes nothing, for a name or a value that cannot be."""
    if name in halts.PARAMETERS:
        limit = float(value) if isinstance(value, int | float) and value > 0 else math.inf
        await job.set_halt(replace(job.figures().halt, **{halts.PARAMETERS[name]: limit}))
        return
    if spelled(name) is not None:
        await asyncio.to_thread(Settings.from_params, {**job.film_params(), name: value}, files=_files(job))
    else:
        value = _checked(name, value)
    for sentence in not_honoured({**job.film_params(), name: value}):
        if name in sentence:
            raise LrnapError(Code.UNSUPPORTED, sentence)
    job.keep_film_params({name: value})


def _checked(name: str, value: object) -> object:
    row = ROWS.get(name)
    if row is None:
        raise LrnapError(Code.ARGS, f"there is no Film parameter {name[:40]!r}{did_you_mean(name, ROWS)}")
    kind = KINDS.get(row.types[0], str)
    if kind is str and not isinstance(value, str):
        raise LrnapError(Code.TYPE, f"Film parameter {name!r} must be a text, not {value!r}")
    if kind is not str and not isinstance(value, bool | int | float):
        raise LrnapError(Code.TYPE, f"Film parameter {name!r} must be a number, not {value!r}")
    if row.choices and value not in row.choices:
        raise LrnapError(Code.ARGS, f"Film parameter {name!r} must be one of {', '.join(row.choices)}, not {value!r}")
    return kind(value)
