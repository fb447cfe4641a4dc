"""`lrnap film compare` and `noise`: how far two pictures are from each other, and one from what it converges to."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from lrnap.cli import report
from lrnap.errors import Code, LrnapError
from lrnap.film import compare as figures
from lrnap.film import films, flm, images
from lrnap.film.develop import develop
from lrnap.film.heat import heat, top
from lrnap.film.noise import Display
from lrnap.film.options import KINDS
from lrnap.film.radiance import BRIGHTEST, clean, rgba
from lrnap.film.snapshot import Block, Snapshot
from lrnap.lux.spelling import did_you_mean


@dataclass(frozen=True, slots=True, eq=False)
class _Side:
    """One of two pictures (H, W, 3): as light, or as it is shown, or both."""

    light: Block | None
    shown: Block | None


def compare(
    picture: Path, reference: Path, output: Path | None, metric: str, limit: float | None, as_json: bool
) -> int:
    if metric not in figures.METRICS:
        known = ", ".join(figures.METRICS)
        raise LrnapError(Code.ARGS, f"there is no figure {metric!r}{did_you_mean(metric, figures.METRICS)}; {known}")
    if output is not None:
        images.kind_of(output)
    sides = [_read(picture), _read(reference)]
    lights, shown = _as_light(sides), _as_shown(sides)
    found = figures.figures(shown[0], shown[1], lights[0], lights[1])
    good = limit is None or figures.passes(found, metric, limit)
    if output is not None:
        _write_difference(output, shown)
    if as_json:
        said = {"picture": str(picture), "reference": str(reference), **asdict(found)}
        print(json.dumps(said if limit is None else {**said, "metric": metric, "limit": limit, "passes": good}))
    else:
        for name, value in asdict(found).items():
            missing = "not here: pip install 'lrnap[compare]'"
            print(f"{name:7} {missing if value is None else f'{value:.5g}'}")
        if output is not None:
            print(output)
        if not good:
            report.say(f"{metric} is {asdict(found)[metric]:.5g}, and not within {limit:g}")
    return report.OK if good else report.MISSING


def noise(files: Sequence[Path], output: Path | None, below: float | None, as_json: bool) -> int:
    if output is not None:
        images.kind_of(output)
    layout, estimate = films.noise_of(_each_once(files))
    if estimate is None:
        raise LrnapError(
            Code.STATE,
            "one film says nothing of its own error: give films of several runs, or an .exr that "
            "`lrnap film merge` has made of them",
            at=str(files[0]),
        )
    level = estimate.value
    if output is not None:
        error = np.where(estimate.known, estimate.error, 0).reshape(layout.height, layout.width)
        linear = KINDS[images.kind_of(output)].linear
        images.write(output, np.repeat(error[..., None], 3, axis=2) if linear else heat(error, top(error)))
    if as_json:
        said = {"noise": level, "runs": estimate.runs, "spp": round(estimate.spp, 3), "films": [str(f) for f in files]}
        print(json.dumps(said))
    else:
        print(f"noise {level:.3g}, {estimate.runs} runs, {estimate.spp:.1f} samples per pixel")
        if level > 0:
            print(f"half of it: about {4 * estimate.spp:.0f} samples per pixel")
        if output is not None:
            print(output)
    if below is not None and level > below:
        report.say(f"the noise is {level:.3g}, and not below {below:g}")
        return report.MISSING
    return report.OK


def _each_once(files: Sequence[Path]) -> Iterator[films.FilmFile]:
    copies = films.Copies()
    for file in files:
        found = films.load(file)
        report.say_warnings(copies.notice(found))
        yield found


def _read(path: Path) -> _Side:
    """A film has both sides; a picture is either light or what is shown."""
    if path.suffix.lower() == flm.EXTENSION:
        found = films.load(path)
        return _Side(_light(found.film), np.asarray(develop(found.film, found.settings()[0]), np.float32)[..., :3])
    colours = images.read_colours(path)
    if images.is_light(path):
        light = np.array(colours, np.float32)
        clean(light, BRIGHTEST)
        return _Side(light, None)
    return _Side(None, colours)


def _light(film: Snapshot) -> Block:
    return np.asarray(rgba(film)[..., :3], np.float32)


def _as_light(sides: Sequence[_Side]) -> list[Block]:
    """Of both the light if both have it, else what is shown, decoded."""
    if all(side.light is not None for side in sides):
        return [side.light for side in sides if side.light is not None]
    return [np.asarray(np.power(np.maximum(shown, 0), 2.2), np.float32) for shown in _as_shown(sides)]


def _as_shown(sides: Sequence[_Side]) -> list[Block]:
    """Of both what is shown: of light, with the exposure that suits the reference."""
    reference = sides[1]
    if all(side.light is not None for side in sides):
        lights = [side.light for side in sides if side.light is not None]
        figures.check_sizes(*lights)
        display = Display(lights[1].reshape(-1, 3))
        return [display(light.reshape(-1, 3)).reshape(light.shape) for light in lights]
    return [_displayed(side, reference) for side in sides]


def _displayed(side: _Side, reference: _Side) -> Block:
    if side.shown is not None:
        return side.shown
    assert side.light is not None
    own = reference.light if reference.light is not None else side.light
    return Display(own.reshape(-1, 3))(side.light.reshape(-1, 3)).reshape(side.light.shape)


def _write_difference(path: Path, shown: Sequence[Block]) -> None:
    """As it is in an EXR, else as colours; white is the most that there is."""
    difference = shown[0] - shown[1]
    size = np.sqrt(np.mean(np.square(difference), axis=2))
    images.write(path, difference if KINDS[images.kind_of(path)].linear else heat(size, top(size)))
