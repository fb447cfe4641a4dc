"""The order of developing, and the machine that goes through it.

A step is prepared with the picture and answers with what to do to each band of it (or, having changed the whole picture
in place, with nothing). Steps that need not see the picture are run together, so that each band goes through all of
them while it is in the cache. Another step is another entry of `steps`, at its place in classic Lux's order. A step
that is off is no entry.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lrnap.film.bands import Room, spans
from lrnap.film.channels import shown
from lrnap.film.develop import colour, denoise, falsecolours, legend, lens, outliers
from lrnap.film.develop.canvas import Canvas, Point
from lrnap.film.develop.settings import Settings
from lrnap.film.develop.tonemap import KERNEL, OF_MEANS, Measure, measure_bands, measured
from lrnap.film.develop.view import View
from lrnap.film.radiance import Accumulators
from lrnap.film.snapshot import Block, FilmLayout

Guides = Callable[[], Mapping[str, Block]]


@dataclass(frozen=True, slots=True)
class Step:
    """`prepare` looks at the picture as the steps before left it, or changes the whole of it."""

    name: str
    prepare: Callable[[Canvas], Point | None]


def steps(
    settings: Settings, *, guides: Guides = dict, display: bool = True, limited: bool = True, whole: bool = False
) -> list[Step]:
    """What happens to the mixed light groups, in classic Lux's order. Without `display`, up to linear light, and
    without `limited`, until before that is brought into the range of a display. `whole`: it becomes whole numbers
    afterwards, which cuts off by itself what is too bright.

    `guides` gives what helps denoising, when it comes to that.
    """
    delivering = _delivering(settings, display, whole) if display or limited else []
    light = _Light(settings.tonemapkernel)
    return [*_cleaning(settings), *_denoising(settings, guides, light), *_imaging(settings, light), *delivering]


class _Light:
    """How bright the picture is, measured once. Steps that spread light come after it: the faint light that they bring
    to a black background would count as lit, the mean of what is lit fall, and the picture become too bright."""

    def __init__(self, kernel: str) -> None:
        self._kernel = kernel
        self._measure: Measure | None = None

    def __call__(self, canvas: Canvas) -> Measure:
        if self._measure is None:
            self._measure = measured(canvas, self._kernel)
        return self._measure

    def look(self, canvas: Canvas) -> None:
        self(canvas)


def _cleaning(settings: Settings) -> list[Step]:
    return [_whole("outliers", outliers.reject, settings)] if settings.outlierrejection_k > 0 else []


def _denoising(settings: Settings, guides: Guides, light: _Light) -> list[Step]:
    if not (settings.denoise_enabled and denoise.available()):
        return []
    cleaned = _whole("denoise", lambda picture, chosen: denoise.denoise(picture, chosen, guides()), settings)
    if settings.tonemapkernel in OF_MEANS:
        return [Step("exposure", light.look), cleaned]
    return [cleaned]  # the brightest pixel is noise, while there is any


def _imaging(settings: Settings, light: _Light) -> list[Step]:
    """From light to how bright and coloured a picture is."""
    system = settings.colour_system
    matrix, weights = colour.conversion(system), system.luminance

    def tonemap(canvas: Canvas) -> Point:
        return KERNEL[settings.tonemapkernel](settings, light(canvas))

    def draw_legend(canvas: Canvas) -> None:
        legend.draw(canvas.whole(), settings, falsecolours.range_of(settings, light(canvas).highest))

    result: list[Step] = []
    if settings.bloom_enabled or settings.glare_enabled:  # classic Lux measures after these
        result.append(Step("exposure", light.look))
    if settings.bloom_enabled:
        result.append(_whole("bloom", lens.bloom, settings))
    if settings.glare_enabled:
        result.append(_whole("glare", lens.glare, settings))
    result.append(Step("tonemap", tonemap))
    if not _viewed(settings):
        if matrix is not None:
            result.append(Step("colour space", lambda _: lambda band: colour.convert(band, matrix, weights)))
        if settings.response is not None:
            response = settings.response.point(weights)
            result.append(Step("camera response", lambda _: response))
    if settings.abberation_enabled:
        result.append(_whole("aberration", lens.aberration, settings))
    if settings.vignetting_enabled:
        result.append(_whole("vignetting", lens.vignetting, settings))
    if settings.false_legend and settings.tonemapkernel == "falsecolors":
        result.append(Step("legend", draw_legend))
    return result


def _delivering(settings: Settings, display: bool, whole: bool) -> list[Step]:
    """From linear light to what a display is sent."""
    view = _viewed(settings)
    if view is not None and display:
        return [Step("view", lambda _: view.point)]
    weights = settings.colour_system.luminance
    result = []
    if not (whole and settings.ldr_clamp_method == "cut"):
        result.append(Step("limit", lambda _: lambda band: colour.limit(band, settings.ldr_clamp_method, weights)))
    if display:
        result.append(Step("gamma", lambda _: gamma(settings.gamma)))
    return result


def _viewed(settings: Settings) -> View | None:
    """The view of OpenColorIO that takes the place of the last steps; false colours are no light to look at."""
    return None if settings.tonemapkernel == "falsecolors" else settings.view


def _whole(name: str, change: Callable[[Block, Settings], None], settings: Settings) -> Step:
    """A step that changes the whole picture in place."""

    def prepare(canvas: Canvas) -> None:
        change(canvas.whole(), settings)

    return Step(name, prepare)


def gamma(value: float) -> Point:
    """Colour ** (1 / gamma), for colours in [0, 1]."""
    power = np.float32(1 / value)

    def point(band: Block) -> None:
        if power == 1:
            return
        with np.errstate(divide="ignore"):  # log(0) is -inf, and exp of that is the 0 it should be
            np.log(band, out=band)
        band *= power
        np.exp(band, out=band)

    return point


def develop(
    film: Accumulators,
    settings: Settings | None = None,
    *,
    display: bool = True,
    limited: bool = True,
    dtype: npt.DTypeLike = np.float32,
) -> npt.NDArray[np.generic]:
    """The picture of a film (a Snapshot, merged or of one run): (H, W, 4) red, green, blue, alpha; top row first.

    float32: in [0, 1], encoded for a display, or tonemapped linear light without `display`, which goes above 1 without
    `limited`. uint8, uint16: the same, quantised as `quantise` does. There is no NaN in it, whatever the film holds.
    Alpha is coverage; the colours are as rendered, not multiplied by it.
    """
    settings, kind = settings or Settings(), np.dtype(dtype)
    todo = steps(settings, guides=_guiding(film), display=display, limited=limited, whole=kind.kind == "u")
    return _deliver(_prepared(film, settings, todo), film.layout, kind)


def light_of(film: Accumulators, settings: Settings) -> Measure:
    """How bright the film is, as the tonemap kernel will see it."""
    return measure_bands(_prepared(film, settings, _cleaning(settings)).look)


def unlimited(film: Accumulators, settings: Settings) -> Block:
    """The picture's linear colours (3, H, W) before they are limited to what a display can show."""
    before = steps(settings, guides=_guiding(film), display=False, limited=False)
    return _prepared(film, settings, before).whole()


def notices(settings: Settings, layout: FilmLayout) -> tuple[str, ...]:
    """One sentence for each step that goes without something, or that is gone without, in developing such a film."""
    found = []
    if settings.denoise_enabled and not denoise.available():
        found.append(f"the picture is not denoised: there is no Open Image Denoise here; {denoise.INSTALL}")
    elif settings.denoise_enabled and (missing := denoise.missing(layout)):
        found.append(f"the film has no channel {' and no '.join(missing)}: denoising goes without")
    if settings.glare_enabled and settings.glare_map and not settings.apertures:
        found.append("glare_map is on, and there is no picture of a pupil or of lashes: glare is a star")
    if settings.view is not None and settings.view.note:
        found.append(settings.view.note)
    if strangers := [group for group in settings.groups if group not in layout.groups]:
        groups = ", ".join(repr(group) for group in layout.groups)
        found.append(f"the film has no light group {', '.join(map(repr, strangers))}; it has {groups}")
    return tuple(found)


def _guiding(film: Accumulators) -> Guides:
    held = film.planes.channels
    return lambda: denoise.guides({name: shown(name, held[name]) for name in denoise.GUIDES if name in held})


def _prepared(film: Accumulators, settings: Settings, todo: list[Step]) -> Canvas:
    """The picture after the steps, but for what is still to be done to each band of it."""
    canvas = Canvas(film, settings.lights(film.layout.groups))
    for step in todo:
        point = step.prepare(canvas)
        if point is not None:
            canvas.then(point)
    return canvas


def quantise(picture: Block, dtype: npt.DTypeLike = np.uint8) -> npt.NDArray[np.generic]:
    """A picture with values in [0, 1], of any shape, as integers: floor(256 * value), at most 255, as classic Lux;
    for uint16 floor(65536 * value). NaN becomes 0."""
    kind = np.dtype(dtype)
    source = np.ascontiguousarray(picture, np.float32).reshape(-1)
    result = np.empty(source.shape, kind)
    for span in spans(source.size):
        values = source[span].copy()
        values[np.isnan(values)] = 0
        _scale(values, kind)
        result[span] = values
    return result.reshape(picture.shape)


def to_8bit(picture: Block) -> npt.NDArray[np.uint8]:
    return quantise(picture, np.uint8).astype(np.uint8, copy=False)


def _deliver(canvas: Canvas, layout: FilmLayout, dtype: np.dtype[np.generic]) -> npt.NDArray[np.generic]:
    """From planes to pixels (H, W, 4)."""
    pixels = np.empty((canvas.pixels, 4), dtype)
    room = Room()

    def one(span: slice, band: Block) -> None:
        if dtype == np.uint8:
            _pack(band, room("words", *band.shape).view("<i4"), pixels[span])
            return
        if dtype.kind == "u":
            _scale(band, dtype)
        for channel in range(4):
            np.copyto(pixels[span, channel], band[channel], casting="unsafe")

    canvas.finish(one)
    return pixels.reshape(layout.height, layout.width, 4)


def _scale(values: Block, dtype: np.dtype[np.generic]) -> None:
    """In place: from [0, 1] to what an unsigned integer holds. There must be no NaN."""
    most = 256**dtype.itemsize - 1
    with np.errstate(over="ignore"):
        values *= np.float32(most + 1)
    np.clip(values, np.float32(0), np.float32(most), out=values)


def _pack(band: Block, words: npt.NDArray[np.int32], pixels: npt.NDArray[np.generic]) -> None:
    """Puts a band (4, n) into pixels (n, 4) of 8 bits, as words of 32: half the time of writing every fourth byte."""
    _scale(band, pixels.dtype)
    np.copyto(words, band, casting="unsafe")  # casts to unsigned are slower
    words <<= np.array([[0], [8], [16], [24]], np.int32)
    np.bitwise_or(words[:2], words[2:], out=words[:2])
    np.bitwise_or(words[0], words[1], out=pixels.view("<i4")[:, 0])
