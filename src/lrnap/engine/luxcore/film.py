"""The film: its size and crop, the pixel filter, when to halt, and what is left for the darkroom."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lrnap.engine import halts
from lrnap.engine.luxcore.draft import Draft, Fidelity, Fields, Inputs, Row
from lrnap.engine.luxcore.rows import approximated, equivalent, ignored
from lrnap.engine.protocol import Halt
from lrnap.lux.builder import DEFAULTS
from lrnap.lux.call import Param

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Frame:
    """The pixels that are rendered, as a part of the whole picture; `top` and `left` count from its top left."""

    full_width: int
    full_height: int
    left: int
    top: int
    width: int
    height: int


def frame(inputs: Inputs) -> Frame:
    p = inputs.params
    width, height = p.int("xresolution"), p.int("yresolution")
    x0, x1, y0, y1 = (min(max(float(c), 0.0), 1.0) for c in p.floats("cropwindow"))
    left, top = math.ceil(width * min(x0, x1)), math.ceil(height * min(y0, y1))
    right, bottom = math.ceil(width * max(x0, x1)), math.ceil(height * max(y0, y1))
    return Frame(width, height, left, top, max(right - left, 1) if width > 0 else width, max(bottom - top, 1))


def develop(inputs: Inputs) -> dict[str, object]:
    """The Film's parameters as the scene gives them, by name: single values plain, several as tuples."""
    inputs.params.ignore(*(param.name for param in inputs.entity.params))
    return {param.name: _plain(param) for param in inputs.entity.params}


def _plain(param: Param) -> object:
    value = param.value.ravel().tolist() if isinstance(param.value, np.ndarray) else list(param.value)
    return value[0] if len(value) == 1 else tuple(value)


def put_film(draft: Draft) -> tuple[Frame, Halt, dict[str, object]]:
    """Writes size and filter."""
    inputs = Inputs(draft, draft.description.film)
    size, halt = frame(inputs), halts.of_film(inputs.params)
    draft.config |= {"film.width": [size.width], "film.height": [size.height]}
    _put_filter(draft)
    parameters = develop(inputs)
    draft.finish(inputs, FILM)
    return size, halt, parameters


def _put_filter(draft: Draft) -> None:
    inputs = Inputs(draft, draft.description.filter)
    row = FILTERS.get(inputs.plugin)
    if row is None:
        inputs.warn("cannot be rendered and is replaced by a box of one pixel")
        row = Row(lambda _inputs: {"type": ["BOX"], "xwidth": [0.5], "ywidth": [0.5]}, Fidelity.EXACT)
    draft.config |= {f"film.filter.{key}": value for key, value in row.build(inputs).items()}
    if inputs.entity != DEFAULTS["PixelFilter"]:  # nobody asked for that one
        draft.finish(inputs, row)


# ---- pixel filters -------------------------------------------------------------------------------------------------
# Both programs measure from the middle to the edge, and draw or weigh samples by the same curves. What LuxCore does
# not have, or draws wrongly because it has negative lobes, becomes a Blackman-Harris filter that spreads light as far.

Build = Callable[[Inputs], Fields]
Curve = Callable[[Numbers, Inputs], Numbers]  # of x from 0 at the middle to 1 at the edge
LEAST = 0.05  # pixels; a filter of no width has no samples
_X = np.linspace(0.0, 1.0, 2001)


def _same(engine_type: str, **engine_names: str) -> Build:
    def build(inputs: Inputs) -> Fields:
        p = inputs.params
        fields: Fields = {"type": [engine_type]}
        fields |= {axis: [max(p.float(axis), LEAST)] for axis in ("xwidth", "ywidth")}
        return fields | {engine.replace("_", "."): [p.float(lux)] for engine, lux in engine_names.items()}

    return build


def _as_wide(curve: Curve) -> Build:
    def build(inputs: Inputs) -> Fields:
        width = _spread(curve(_X, inputs)) / _spread(_blackman_harris(_X))
        sides = {axis: [max(inputs.params.float(axis) * width, LEAST)] for axis in ("xwidth", "ywidth")}
        return {"type": ["BLACKMANHARRIS"]} | sides

    return build


def _spread(weights: Numbers) -> float:
    """Standard deviation of a filter's middle lobe."""
    falls = np.flatnonzero(weights <= 0)
    lobe = weights[: falls[0]] if falls.size and falls[0] > 0 else np.maximum(weights, 0)
    total = float(lobe.sum())
    return float(np.sqrt((lobe * _X[: lobe.size] ** 2).sum() / total)) if total > 0 else 1.0


def _blackman_harris(x: Numbers) -> Numbers:
    turn = np.pi * (x + 1)
    return 0.35875 - 0.48829 * np.cos(turn) + 0.14128 * np.cos(2 * turn) - 0.01168 * np.cos(3 * turn)


def _mitchell(x: Numbers, inputs: Inputs) -> Numbers:
    return _cubic(2 * x, inputs.params.float("B"), inputs.params.float("C"))


def _cubic(x: Numbers, b: float, c: float) -> Numbers:
    near = (12 - 9 * b - 6 * c) * x**3 + (-18 + 12 * b + 6 * c) * x**2 + 6 - 2 * b
    far = (-b - 6 * c) * x**3 + (6 * b + 30 * c) * x**2 + (-12 * b - 48 * c) * x + 8 * b + 24 * c
    return np.where(x < 1, near, np.where(x < 2, far, 0.0))


def _sinc(x: Numbers, inputs: Inputs) -> Numbers:
    return np.asarray(np.sinc(x) * np.sinc(x * inputs.params.float("tau")), np.float64)


def _catmull_rom(x: Numbers, inputs: Inputs) -> Numbers:
    return _cubic(x * inputs.params.float("xwidth"), 0.0, 0.5)


AS_WIDE = "by a Blackman-Harris filter as wide as its middle lobe"
FILTERS: Mapping[str, Row[Build]] = {
    "box": Row(_same("BOX"), Fidelity.EXACT),
    "gaussian": Row(_same("GAUSSIAN", gaussian_alpha="alpha"), Fidelity.EXACT),
    "blackmanharris": Row(_same("BLACKMANHARRIS"), Fidelity.EXACT),
    "triangle": Row(_as_wide(lambda x, _inputs: 1 - x), Fidelity.APPROXIMATED, AS_WIDE),
    "mitchell": Row(
        _as_wide(_mitchell), Fidelity.APPROXIMATED, AS_WIDE, ignored("a look-up table for speed", "supersample")
    ),
    "sinc": Row(_as_wide(_sinc), Fidelity.APPROXIMATED, AS_WIDE),
    "catmullrom": Row(_as_wide(_catmull_rom), Fidelity.APPROXIMATED, AS_WIDE),
}

# ---- the film itself -------------------------------------------------------------------------------------------------
# What it says beyond size and halt is read where pictures are developed and written, which is no engine's affair.
FILM: Row[None] = Row(
    None,
    Fidelity.EXACT,
    parameters=ignored("the film keeps its pixels in its own way", "filterquality", "tilecount", "write_flm_direct")
    | ignored("the noise of the film is measured all the time, and steers no samples", "convergencestep")
    | ignored("the noise of the film is measured all the time, and steers no samples", "disable_noisemap_update")
    | ignored("of the classic program's own making", "debug")
    | equivalent("how often `lrnap film view --watch` shows it anew", "displayinterval")
    | approximated("samples are spread evenly over the picture", "usersamplingmap_filename")
    | approximated("a picture of depth runs from the nearest to the farthest", "write_png_zbuf_normalizationtype")
    | approximated("a picture of depth runs from the nearest to the farthest", "write_tga_zbuf_normalizationtype")
    | approximated("of a finished film, its pixels are judged by their neighbours", "outlierrejection_k")
    | equivalent("the noise of the merged film, by its own estimate", "haltthreshold"),
)
