"""Between classic Lux's films and ours: XYZ and RGB, buffers and planes.

Theirs has a weight and an alpha in every buffer, ours one for all. They are the same wherever classic Lux counts every
sample in every light group; where it does not, sums are scaled so that each radiance is what it was. Colours go
through ROOM, the colour system in which films are rendered here (see develop/colour.py), in float64.

What a buffer's sums mean, L being XYZ; nothing is seen where its weight is 0:

    PER_PIXEL          L / weight
    PER_SCREEN         L * (W * H) / samples
    PER_SCREEN_SCALED  L / samples
    RAW                L
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lrnap.film import flm_parameters
from lrnap.film.bands import each
from lrnap.film.develop import Settings
from lrnap.film.develop.colour import ROOM, Matrix
from lrnap.film.flm import CHANNELS, BufferType, Flm, Group
from lrnap.film.snapshot import Block, FilmLayout, Planes, Snapshot

RUN = "flm"
_SCREEN = (BufferType.PER_SCREEN, BufferType.PER_SCREEN_SCALED)
_Wide = npt.NDArray[np.float64]


def to_snapshot(flm: Flm, run: str = RUN) -> Snapshot:
    """A classic film as one of ours, which can be developed, and merged with others of its scene."""
    names = flm_parameters.names(flm.parameters, len(flm.groups))
    layout = FilmLayout(flm.width, flm.height, names, any(kind in _SCREEN for kind in flm.types))
    block = layout.new_block()
    planes = layout.planes(block)
    samples = max(group.samples for group in flm.groups)
    to_rgb: Matrix = np.linalg.inv(ROOM.to_xyz).T.astype(np.float64)
    flat = _flat(planes)

    def one(span: slice) -> None:
        with np.errstate(over="ignore", invalid="ignore"):  # what is not finite stays so, for merging to drop
            _read_band(flm, span, flat, samples, to_rgb)

    each(one, flm.width * flm.height)
    return Snapshot(run, 0, 1, layout, block, samples=samples, screen_samples=samples if layout.screen else 0.0)


def _read_band(flm: Flm, span: slice, planes: Planes, samples: float, to_rgb: Matrix) -> None:
    pixels = flm.width * flm.height
    bands = [[buffer.reshape(-1, CHANNELS)[span] for buffer in group.buffers] for group in flm.groups]
    weight = _common_weight(flm, bands)
    planes.weight[span] = weight
    planes.alpha[span] = _common_alpha(bands, weight)
    for index, (group, buffers) in enumerate(zip(flm.groups, bands, strict=True)):
        pixel = np.zeros((len(weight), 3))
        screen = np.zeros((len(weight), 3))
        for kind, band in zip(flm.types, buffers, strict=True):
            own = band[:, 4].astype(np.float64)
            light = np.where(own[:, None] > 0, band[:, :3].astype(np.float64), 0)
            if kind is BufferType.PER_PIXEL:
                pixel += light * _ratio(weight, own)[:, None]
            elif kind is BufferType.RAW:
                pixel += light * weight[:, None]
            elif group.samples > 0:
                factor = samples / group.samples
                screen += light * (factor if kind is BufferType.PER_SCREEN else factor / pixels)
        planes.pixel[index, span] = pixel @ to_rgb
        if planes.screen is not None:
            planes.screen[index, span] = screen @ to_rgb


def _common_weight(flm: Flm, bands: list[list[Block]]) -> _Wide:
    """The largest weight that a camera sample has left, or where the camera took none, any other."""
    sources = [i for i, kind in enumerate(flm.types) if kind is BufferType.PER_PIXEL] or range(len(flm.types))
    weights = [buffers[i][:, 4] for buffers in bands for i in sources]
    largest = np.zeros(len(weights[0]))
    for weight in weights:
        np.fmax(largest, weight, out=largest)
    return largest


def _common_alpha(bands: list[list[Block]], weight: _Wide) -> _Wide:
    """Coverage is the mean over all buffers, as in classic Lux."""
    covered, counted = np.zeros_like(weight), np.zeros_like(weight)
    for band in (band for buffers in bands for band in buffers):
        seen = band[:, 4] > 0
        covered += np.where(seen, band[:, 3], 0)
        counted += np.where(seen, band[:, 4], 0)
    return covered * _ratio(weight, counted)


def _ratio(above: _Wide, below: _Wide) -> _Wide:
    """above / below, and 0 where nothing is below."""
    result = np.zeros_like(above)
    np.divide(above, below, out=result, where=below > 0)
    return result


def from_snapshot(snapshot: Snapshot, settings: Settings | None = None) -> Flm:
    """One of our films as a classic one, with everything that it can hold: not time, seed, run or other facts."""
    layout, planes = snapshot.layout, snapshot.planes
    samples = snapshot.samples if snapshot.samples > 0 else snapshot.screen_samples
    scale = samples / snapshot.screen_samples if snapshot.screen_samples > 0 else 0.0
    to_xyz = ROOM.to_xyz.T
    groups = []
    for index in range(len(layout.groups)):
        buffers = [_written(planes.pixel[index], planes, to_xyz)]
        if planes.screen is not None:
            buffers.append(_written(planes.screen[index], planes, to_xyz * scale, lit=True))
        groups.append(Group(samples, tuple(buffers)))
    types = (BufferType.PER_PIXEL, BufferType.PER_SCREEN) if layout.screen else (BufferType.PER_PIXEL,)
    parameters = flm_parameters.from_settings(settings or Settings(), layout.groups)
    return Flm(layout.width, layout.height, types, tuple(groups), parameters)


def _written(colours: Block, planes: Planes, matrix: Matrix, *, lit: bool = False) -> Block:
    """A buffer. `lit`: give weight to pixels that only light paths have reached, or classic Lux shows them black."""
    buffer = np.empty((*planes.weight.shape, CHANNELS), np.float32)
    flat, rgb = buffer.reshape(-1, CHANNELS), colours.reshape(-1, 3)
    weight, alpha = planes.weight.reshape(-1), planes.alpha.reshape(-1)

    def one(span: slice) -> None:
        band = flat[span]
        with np.errstate(over="ignore", invalid="ignore"):
            band[:, :3] = rgb[span].astype(np.float64) @ matrix
        band[:, 3] = alpha[span]
        band[:, 4] = weight[span]
        if lit:
            band[(band[:, 4] <= 0) & band[:, :3].any(axis=1), 4] = 1

    each(one, weight.size)
    return buffer


def _flat(planes: Planes) -> Planes:
    """The same planes with all pixels in a row."""
    groups = len(planes.pixel)
    screen = None if planes.screen is None else planes.screen.reshape(groups, -1, 3)
    return Planes(planes.weight.reshape(-1), planes.alpha.reshape(-1), planes.pixel.reshape(groups, -1, 3), screen)
