"""Area lights: what they add to the material of their shape.

`L` times `gain` is radiance in units of `spectra.L_UNIT`; where `power` and `efficacy` are both above zero, `gain` is
multiplied so that the whole surface gives their product in lumens.
"""

from __future__ import annotations

import math

import numpy as np

from lrnap.engine.luxcore import spectra
from lrnap.engine.luxcore.draft import Draft, Fidelity, Fields, Inputs, Row
from lrnap.engine.luxcore.lights import check_bright
from lrnap.engine.luxcore.rows import ignored
from lrnap.engine.luxcore.spread import spread
from lrnap.lux.description import AreaLight

Emission = tuple[tuple[str, tuple[object, ...]], ...]
SEEN = 0.01  # share of the light behind the surface from which on it is told that it is left out


def emission(draft: Draft, light: AreaLight, area: float, triangles: int) -> Emission:
    """What the material of an emitting shape of that surface area (world units) gets, as `Surface.emission`.

    `triangles`: of the shape.
    """
    inputs = Inputs(draft, light.entity)
    p = inputs.params
    lumens = p.float("power") * p.float("efficacy")
    gain = p.float("gain")
    fields: Fields = {"": inputs.value("L"), ".id": [draft.group(light.group)]}
    color = inputs.constant("L")
    luminance = 0.0
    if color is not None:
        rgb = color if len(color) == 3 else color * 3
        fields[""] = list(rgb)
        luminance = spectra.luminance((rgb[0], rgb[1], rgb[2]))
    shape, factor = spread(inputs), 1.0
    if shape is not None:
        factor = math.pi  # both programs take the image for what a surface sends into the directions, not for radiance
        fields |= {".mapfile": [shape.image], ".gamma": [1.0]}
        if shape.behind > SEEN:
            inputs.warn(f"{shape.behind:.0%} of its light goes behind the surface, and is left out")
    if lumens <= 0:
        gain *= spectra.L_UNIT
    elif color is None:
        fields |= {".power": [p.float("power")], ".efficency": [p.float("efficacy")]}
    elif luminance > 0 and area > 0:
        gain *= lumens / (area * math.pi * luminance)
    check_bright(inputs, gain * factor, *(() if color is None else color))
    gain = float(np.float32(gain * factor))  # so that equal lamps share a material, although areas differ by rounding
    flux = lumens if lumens > 0 else gain * (luminance or 1.0) * area * math.pi
    fields |= {".gain": [gain] * 3, ".importance": [p.float("importance") * _share(flux, triangles)]}
    fields[".directlightsampling.type"] = ["ENABLED"]
    draft.finish(inputs, AREA_LIGHT)
    return tuple((key, tuple(value)) for key, value in fields.items())


def _share(flux: float, triangles: int) -> float:
    """How much less important a triangle is than its lamp.

    To the engine each triangle is a lamp of its own, which it looks at by the logarithm of its flux. So those of a ball
    would get all samples but a few, and the sun hardly one: together they are to get what one lamp of that flux does.
    """
    if not flux > 0 or triangles < 2:
        return 1.0 / max(triangles, 1)
    share = math.log1p(flux) / (triangles * math.log1p(flux / triangles))
    return float(f"{share:.2g}")  # so that equal lamps share a material, although areas differ by rounding


AREA_LIGHT: Row[None] = Row(
    None,
    Fidelity.EXACT,
    parameters=ignored("only how fast the picture converges, not to what", "nsamples", "importance"),
)
