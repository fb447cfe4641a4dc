"""What the renderer "luxcore" of a scene says to the engine in the engine's own words: `"string config" [...]`.

Lines that say how light is traced or samples are drawn are handed on, within bounds; whatever belongs to whoever
renders (threads, devices, files, halts, what the film keeps) is not, nor is anything that would make films add up
wrongly. A line that is not handed on is told, unless it changes only how fast the picture converges.

Rules for this file: lines in, properties and sentences out; nothing here knows the rest of the translation.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from lrnap.engine.luxcore.draft import Value
from lrnap.lux.spelling import did_you_mean

PATH = "PATHCPU"
BIDIRECTIONAL = "BIDIRCPU"  # the engine that also traces from the lights
_DEEPEST = 10_000
_FAR = 1e30

Read = Callable[[str], object]  # what a word means; ValueError says what it should be


def _number(least: float, most: float) -> Read:
    def read(word: str) -> float:
        value = float(word)
        if not (math.isfinite(value) and least <= value <= most):
            raise ValueError
        return value

    read.__doc__ = f"a number from {least:g} to {most:g}"
    return read


def _whole(least: int, most: int) -> Read:
    def read(word: str) -> int:
        value = int(word)
        if not least <= value <= most:
            raise ValueError
        return value

    read.__doc__ = f"a whole number from {least} to {most}"
    return read


def _one_of(meanings: Mapping[str, str]) -> Read:
    def read(word: str) -> str:
        found = meanings.get(word.upper())
        if found is None:
            raise ValueError
        return found

    read.__doc__ = f"one of {', '.join(meanings)}"
    return read


def _same(*words: str) -> Mapping[str, str]:
    return {word: word for word in words}


# Engines that trace other ways to the same picture, or the same way on other devices, which `--engine` chooses.
ENGINES = dict.fromkeys(
    ("PATHCPU", "PATHOCL", "BIASPATHCPU", "BIASPATHOCL", "TILEPATHCPU", "TILEPATHOCL", "RTPATHCPU", "RTPATHOCL"), PATH
) | dict.fromkeys(("BIDIRCPU", "BIDIRVMCPU", "LIGHTCPU"), BIDIRECTIONAL)

DEPTHS = tuple(f"path.pathdepth.{kind}" for kind in ("total", "diffuse", "glossy", "specular"))
RULES: Mapping[str, Read] = {
    "renderengine.type": _one_of(ENGINES),
    "path.maxdepth": _whole(1, _DEEPEST),
    "light.maxdepth": _whole(1, _DEEPEST),
    **dict.fromkeys(DEPTHS, _whole(1, _DEEPEST)),
    "path.clamping.variance.maxvalue": _number(0.0, _FAR),
    "sampler.type": _one_of(_same("RANDOM", "SOBOL", "METROPOLIS")),
    "sampler.metropolis.largesteprate": _number(0.0, 1.0),
    "sampler.metropolis.maxconsecutivereject": _whole(0, 1_000_000),
    "sampler.metropolis.imagemutationrate": _number(0.0, 1.0),
    "film.filter.type": _one_of(_same("NONE", "BOX", "GAUSSIAN", "BLACKMANHARRIS")),
    "film.filter.width": _number(0.05, 64.0),
    "film.filter.xwidth": _number(0.05, 64.0),
    "film.filter.ywidth": _number(0.05, 64.0),
    "film.filter.gaussian.alpha": _number(0.0, 1e3),
    "scene.epsilon.min": _number(0.0, _FAR),
    "scene.epsilon.max": _number(0.0, _FAR),
}
# Beginnings of names that change nothing in a finished picture.
HARMLESS = ("lightstrategy.", "accelerator.", "path.russianroulette.", "opencl.", "screen.", "ui.", "native.", "cuda.")
# ... and of those that are others' business: why.
ELSEWHERE: Mapping[str, str] = {
    "batch.": "the Film's haltspp, halttime and haltthreshold say when to halt",
    "renderengine.seed": "each engine of a picture has a seed of its own",
    "film.width": "the Film's xresolution says it",
    "film.height": "the Film's yresolution says it",
    "film.": "the Film says how it is kept and developed",
    "image.": "the Film says what is written",
    "scene.": "the scene itself says it",
    "periodicsave.": "the Film says what is written",
}


@dataclass(slots=True)
class Said:
    """`values`: by property, of those that are handed on. `unheard`: a sentence for each line that is not."""

    values: dict[str, Value] = field(default_factory=dict)
    unheard: list[str] = field(default_factory=list)


def read(lines: Iterable[str]) -> Said:
    """The later of two lines on the same property counts."""
    said = Said()
    for text in lines:
        for line in text.splitlines():
            plain = line.split("#", 1)[0].strip()
            if plain:
                _read_line(plain, said)
    return said


def _read_line(line: str, said: Said) -> None:
    name, equals, rest = (part.strip() for part in line.partition("="))
    rule = RULES.get(name)
    if rule is None or not equals:
        why = _why_not(name) if equals else "it is no property: write 'name = value'"
        if why:
            said.unheard.append(f"the line '{line[:80]}' is not honoured: {why}")
        return
    words = rest.replace('"', " ").split()
    try:
        (value,) = (rule(word) for word in words)
    except ValueError:
        said.unheard.append(f"the line '{line[:80]}' is not honoured: {name} is {rule.__doc__}")
    else:
        said.values[name] = [value]


def _why_not(name: str) -> str:
    if name.startswith(HARMLESS):
        return ""
    reason = next((why for start, why in ELSEWHERE.items() if name.startswith(start)), "")
    return reason or f"it is none of the properties that are handed on{did_you_mean(name, RULES)}"
