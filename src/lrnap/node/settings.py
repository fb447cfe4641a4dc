"""What CTL_SET and CTL_GET know: a table of settings, of the node and of a job.

A job's developing is set by the names that the Film's parameters have in a scene (`tonemapkernel`, `gamma`,
`reinhard_burn`, `lightgroup.key.gain` ...); it changes the pictures that are dumped, never the samples. What nobody
has set is as the scene says, and becomes so again when it is set to nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

from lrnap.engine import halts
from lrnap.engine.protocol import Halt
from lrnap.errors import Code, LrnapError
from lrnap.film.develop import Settings, groups, not_honoured, notices, spelled
from lrnap.film.develop.fields import single
from lrnap.film.develop.presets import NAMED
from lrnap.film.snapshot import FilmLayout
from lrnap.limits import MAX_THREADS
from lrnap.lux.params import ParamSet
from lrnap.lux.scene import Scene
from lrnap.lux.spelling import did_you_mean
from lrnap.node.jobs import Job
from lrnap.wire import Scalar, Value, Word

DEVELOP: Mapping[str, object] = Settings().to_params()
NODE = ("threads", "yield")
ALL = "develop"  # all of the developing together, to set it to nothing
NAMES = (*NODE, *halts.PARAMETERS, *DEVELOP, *NAMED)


def check_name(name: str, job: Job | None) -> str:
    """The setting's own spelling. Raises LrnapError (ARGS) for an unknown one, or one of a light group that the job
    does not have."""
    known = name.lower() if name.lower() in NAMES else spelled(name)
    if known is None:
        raise LrnapError(Code.ARGS, f"there is no setting {name[:40]!r}{did_you_mean(name, NAMES)}; CTL_GET lists them")
    parts = groups.split(known)
    if parts is not None and job is not None and parts[0] not in (have := light_groups(job)):
        raise LrnapError(
            Code.ARGS,
            f"there is no light group {parts[0][:40]!r}{did_you_mean(parts[0], have)}; there are {', '.join(have)}",
        )
    return known


def light_groups(job: Job) -> tuple[str, ...]:
    """Those of the job's film; before there is one, those that its scene names."""
    if job.film is not None:
        return job.film.layout.groups
    calls = () if job.scene is None else job.scene.calls
    named = [str(call.args[0]) for call in calls if call.name == "LightGroup" and call.args]
    return tuple(dict.fromkeys(["default", *named]))


def film_params(scene: Scene | None) -> dict[str, object]:
    """The parameters of a scene's Film by name."""
    return {} if scene is None else {param.name: param.value for param in scene.film.params}


def developing(job: Job) -> Settings:
    """How the pictures of a job are developed: as its scene says, but for what CTL_SET has changed."""
    return Settings.from_params({**film_params(job.scene), **job.develop}, files=_files(job))


def gone_without(job: Job, layout: FilmLayout) -> tuple[str, ...]:
    """A sentence for each wish of developing that such a film cannot have."""
    return (*not_honoured(film_params(job.scene)), *notices(developing(job), layout))


def set_developing(job: Job, name: str, value: Value) -> None:
    """Raises LrnapError, and changes nothing, if the value cannot be."""
    changed = {**job.develop, name: list(value) if isinstance(value, tuple) else value}
    Settings.from_params({**film_params(job.scene), **changed}, files=_files(job))
    for sentence in not_honoured({name: value}):
        raise LrnapError(Code.UNSUPPORTED, sentence)
    job.develop = changed


def reset_developing(job: Job, name: str) -> None:
    """As the scene says again: one setting, or ALL."""
    job.develop = {} if name == ALL else {key: value for key, value in job.develop.items() if key != name}


def _files(job: Job) -> Mapping[str, str]:
    """Where the files lie that may be named: those of the scene, and no other."""
    return {} if job.scene is None else job.scene.files


def thread_count(value: Value) -> int:
    if not isinstance(value, int) or not 0 <= value <= MAX_THREADS:
        raise LrnapError(Code.TYPE, f"threads must be a whole number from 0 (all) to {MAX_THREADS}")
    return value


def asked_halt(asked: Mapping[str, float | None]) -> Halt:
    """The halt conditions that are asked for by the fields of Halt; None is what the scene says, 0 is never."""
    return Halt(**{name: None if value is None else _halt_value(name, value) for name, value in asked.items()})


def changed_halt(halt: Halt, name: str, value: Value | None) -> Halt:
    """The halt conditions with one of them changed, by the Film parameter that sets it; None: as the scene says."""
    return replace(halt, **{halts.PARAMETERS[name]: None if value is None else _halt_value(name, value)})


def values(threads: int, courtesy: str, job: Job | None) -> dict[str, object]:
    """All settings: the node's, and those of a job."""
    known: dict[str, object] = {"threads": threads, "yield": courtesy}
    if job is not None:
        halt = effective_halt(job)
        limits = {name: getattr(halt, field) for name, field in halts.PARAMETERS.items()}
        known |= {name: 0 if limit is None or math.isinf(limit) else limit for name, limit in limits.items()}
        now = developing(job)
        looks = {name: now.groups.get(name, groups.GroupLook()) for name in light_groups(job)}
        given = {**film_params(job.scene), **job.develop}
        named = {name: single(given[name]) for name in NAMED if name in given}
        known |= {**now.to_params(), **named, **groups.to_params(looks)}
    return known


def effective_halt(job: Job) -> Halt:
    """The halt conditions of a job: where nobody has set one, that of its scene."""
    return job.halt if job.scene is None else halts.first_of(job.halt, halts.of_film(ParamSet(job.scene.film)))


def _halt_value(name: str, value: Value) -> float:
    """The halt condition that a value means; 0 is never."""
    if not isinstance(value, int | float) or value < 0:
        raise LrnapError(Code.TYPE, f"{name} must be a number, 0 for never")
    return float(value) or math.inf


def shown(value: object) -> Scalar:
    """A setting's value as a field of a reply."""
    if isinstance(value, bool):
        return Word("true" if value else "false")
    if isinstance(value, tuple):
        return " ".join(f"{number:g}" for number in value)
    return Word(value) if isinstance(value, str) else value if isinstance(value, int | float) else str(value)
