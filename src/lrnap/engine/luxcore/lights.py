"""Lights that are no surfaces: each plugin as a row.

Radiometry: `L` times `gain` is radiance (intensity of points and spots, irradiance of distant lights) in units of
`spectra.L_UNIT`; where `power` and `efficacy` are both above zero, their product is the light's whole flux in lumens
instead. Suns and skies have absolute units in the engine as in classic Lux.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from lrnap import limits
from lrnap.engine.luxcore import spectra
from lrnap.engine.luxcore.draft import Draft, Fidelity, Fields, Inputs, Row, Value, entity_error, matrix
from lrnap.engine.luxcore.images import pixels
from lrnap.engine.luxcore.rows import Note, Notes, ignored
from lrnap.engine.luxcore.shutter import Shutter
from lrnap.engine.luxcore.sphere_maps import PROJECTIONS, sky, square_slide, unrolled
from lrnap.engine.luxcore.spread import UNIT, spread
from lrnap.engine.luxcore.volumes import volume
from lrnap.lux.description import Light, Matrix, Transform
from lrnap.lux.placing import at_time

HARMLESS = ignored("only how fast the picture converges, not to what", "nsamples", "importance", "imapmaxresolution")
NO_TEXTURE = {"L": Note(Fidelity.EXACT, "a texture is approximated by white, with a warning")}
TOO_BRIGHT = 1e30  # of what 32 bits hold, with room for what it is multiplied with
MOMENTS = 16  # in which a moving light stands still
POINT_UNIT = 1 / (4 * math.pi)  # the engine's point light of gain one has a flux of one, classic Lux's an intensity


@dataclass(slots=True)
class Lamp:
    """What a row gets: the light's inputs and its placement."""

    inputs: Inputs
    place: Matrix

    def color(self) -> spectra.RGB:
        """`L` as a colour; the engine's lights that are no surfaces cannot have textures."""
        value = self.inputs.constant("L")
        if value is None:
            self.inputs.warn(f"texture '{self.inputs.params.texture('L')}' of L is approximated by white")
            return 1.0, 1.0, 1.0
        r, g, b = value if len(value) == 3 else value * 3
        return r, g, b

    def lumens(self) -> float:
        p = self.inputs.params
        return p.float("power") * p.float("efficacy")

    def gain(self, color: spectra.RGB, steradians: float, unit: float = 1.0) -> Value:
        """Gain of a light that shines into so many steradians alike; `unit`: the engine's intensity of gain one."""
        factor = self.inputs.params.float("gain") * spectra.L_UNIT / unit
        luminance = spectra.luminance(color) * spectra.L_UNIT
        if self.lumens() > 0 and luminance > 0 and steradians > 0:
            factor *= self.lumens() / (luminance * steradians)
        return [factor] * 3


Build = Callable[[Lamp], list[Fields]]


def put_light(draft: Draft, light: Light, place: Transform) -> None:
    """Writes a light that is no surface; a moving one as several that share its brightness."""
    inputs = Inputs(draft, light.entity)
    row = LIGHTS.get(inputs.plugin)
    if row is None:
        inputs.warn("cannot be rendered and is left out: the scene is darker than it was meant")
        return
    moments = _moments(draft, place)
    common: Fields = {
        "id": [draft.group(light.group)],
        "importance": [inputs.params.float("importance") / len(moments)],
    }
    if light.exterior is not None:
        common["volume"] = [volume(draft, light.exterior, light.entity)]
    for moment in moments:
        for fields in row.build(Lamp(inputs, moment)):
            check_bright(inputs, *fields.get("color", ()), *fields["gain"])
            fields["gain"] = [gain / len(moments) for gain in fields["gain"]]
            name = draft.fresh("light", fields["type"][0])
            draft.put(f"scene.lights.{name}", {"transformation": matrix(moment)} | fields | common)
    draft.finish(inputs, row)


def check_bright(inputs: Inputs, *numbers: float) -> None:
    """Refuses what takes light away, or is too bright to be counted: engines choose lights by their brightness."""
    if not all(0 <= number < TOO_BRIGHT for number in numbers):
        raise entity_error(
            inputs.entity, f"a light cannot be darker than 0 or brighter than {TOO_BRIGHT:g}: mend its L, gain or power"
        )


def _moments(draft: Draft, place: Transform) -> list[Matrix]:
    """Where a light is while the shutter is open, evenly over the samples: the lights of the engine stand still."""
    if not place.moving:
        return [place.matrix]
    shutter = Shutter.of(draft)
    return [at_time(place, shutter.time((i + 0.5) / MOMENTS)) for i in range(MOMENTS)]


# ---- lights that are no surfaces -----------------------------------------------------------------------------------


def _point(lamp: Lamp) -> list[Fields]:
    color, shape = lamp.color(), spread(lamp.inputs)
    shift = np.eye(4)
    shift[:3, 3] = lamp.inputs.params.point("from")  # classic Lux moves in world space, whatever the placement
    fields: Fields = {
        "type": ["point"],
        "color": list(color),
        "gain": lamp.gain(color, 4 * math.pi, POINT_UNIT),
        "transformation": matrix(shift @ lamp.place),
    }
    if shape is None:
        return [fields]
    gain = lamp.gain(color, 4 * math.pi, POINT_UNIT * UNIT)
    return [fields | {"type": ["mappoint"], "mapfile": [shape.image], "gamma": [1.0], "gain": gain}]


def _spot(lamp: Lamp) -> list[Fields]:
    p, color = lamp.inputs.params, lamp.color()
    outer, delta = p.float("coneangle"), p.float("conedeltaangle")
    _direction(lamp.inputs)  # which the engine takes of these two points itself
    half_lit = 0.5 * (math.cos(math.radians(outer)) + math.cos(math.radians(outer - delta)))
    return [
        {
            "type": ["spot"],
            "color": list(color),
            "gain": lamp.gain(color, 2 * math.pi * (1 - half_lit)),
            "position": list(p.point("from")),
            "target": list(p.point("to")),
            "coneangle": [outer],
            "conedeltaangle": [delta],
        }
    ]


def _direction(inputs: Inputs) -> Value:
    """From "point from" to "point to"; refuses a light that shines nowhere."""
    way = np.subtract(inputs.params.point("to"), inputs.params.point("from"))
    if not 0 < float(way @ way) < limits.MAX_COORDINATE**2:
        raise entity_error(inputs.entity, '"point from" and "point to" say where it shines: give two different points')
    return [float(x) for x in way]


def _distant(lamp: Lamp) -> list[Fields]:
    p, color = lamp.inputs.params, lamp.color()
    direction = _direction(lamp.inputs)
    theta = p.float("theta")
    # The engine means radiance where the light fills an angle; classic Lux spreads the same irradiance over it.
    cone = 2 * math.pi * (1 - math.cos(math.radians(theta))) if theta else 1.0
    fields: Fields = {
        "type": ["distant" if theta else "sharpdistant"],
        "color": list(color),
        "gain": [p.float("gain") * spectra.L_UNIT / cone] * 3,
        "direction": direction,
    }
    return [fields | ({"theta": [theta]} if theta else {})]


def _projection(lamp: Lamp) -> list[Fields]:
    """The engine turns the image, and its light falls off to the edges; so it gets a square one that is turned back,
    with the picture in the middle and brighter to the edges."""
    inputs, p, color = lamp.inputs, lamp.inputs.params, lamp.color()
    path, half = inputs.image("mapname"), math.tan(math.radians(min(max(p.float("fov"), 0.01), 175.0)) / 2)

    def thrown() -> tuple[str, float, float]:
        slide = pixels(path) if path else np.ones((2, 2, 3), np.float32)
        aspect = slide.shape[1] / slide.shape[0]
        width, height = (half * max(aspect, 1.0), half * max(1 / aspect, 1.0))
        return (
            inputs.draft.image("slide", square_slide(slide, width, height).swapaxes(0, 1)),
            max(width, height),
            aspect,
        )

    key = ("slide", path, half)
    if key not in inputs.draft.made:
        inputs.draft.made[key] = thrown()
    name, side, aspect = inputs.draft.made[key]
    window = 4 * half**2 / aspect  # what classic Lux spreads the light over
    return [
        {
            "type": ["projection"],
            # The engine does not look at its color.
            "gain": [p.float("gain") * spectra.L_UNIT / window * c for c in color],
            "fov": [math.degrees(2 * math.atan(side))],
            "mapfile": [name],
            "gamma": [1.0],
        }
    ]


def _infinite(lamp: Lamp) -> list[Fields]:
    inputs, p = lamp.inputs, lamp.inputs.params
    color, gain = p.color("L"), p.float("gain") * spectra.L_UNIT
    path, gamma, mapping = inputs.image("mapname"), p.float("gamma"), p.string("mapping")
    if path is None:
        return [{"type": ["constantinfinite"], "color": list(color), "gain": [gain] * 3}]
    if mapping in PROJECTIONS:
        key = ("unrolled", path, gamma, mapping)
        if key not in inputs.draft.made:
            inputs.draft.made[key] = inputs.draft.image("surroundings", unrolled(pixels(path, gamma), mapping))
        path, gamma = inputs.draft.made[key], 1.0
    return [{"type": ["infinite"], "file": [path], "gamma": [gamma], "gain": [gain * c for c in color]}]


def _sun(lamp: Lamp) -> Fields:
    return _sky2(lamp) | {"type": ["sun"], "relsize": [lamp.inputs.params.float("relsize")]}


def _sky2(lamp: Lamp) -> Fields:
    p = lamp.inputs.params
    return {
        "type": ["sky2"],
        "dir": list(_towards_sun(lamp.inputs)),
        "turbidity": [p.float("turbidity")],
        "gain": [p.float("gain")] * 3,
    }


def _sky(lamp: Lamp) -> Fields:
    """The sky model that the engine has no more, drawn once for each sun."""
    inputs, p = lamp.inputs, lamp.inputs.params
    sun, turbidity = _towards_sun(inputs), p.float("turbidity")
    factors = tuple(p.float(short) if p.has(short) else p.float(long) for short, long in PEREZ)
    p.ignore(*(long for _, long in PEREZ))
    key = ("sky", sun, turbidity, factors)
    if key not in inputs.draft.made:
        drawn = sky(sun, turbidity, factors)
        if not np.isfinite(drawn).all():
            raise entity_error(
                inputs.entity, "no sky has these numbers: give a turbidity from 2 to 10, and factors near 1"
            )
        inputs.draft.made[key] = inputs.draft.image("sky", drawn)
    return {
        "type": ["infinite"],
        "file": [inputs.draft.made[key]],
        "gamma": [1.0],
        "gain": [p.float("gain")] * 3,
    }


def _towards_sun(inputs: Inputs) -> tuple[float, float, float]:
    x, y, z = inputs.params.vector("sundir")
    if not 0 < x * x + y * y + z * z < math.inf:
        raise entity_error(inputs.entity, f"sundir is {x:g} {y:g} {z:g}: give the direction towards the sun")
    return x, y, z


PEREZ = tuple(
    (f"{letter}const", name)
    for letter, name in zip(
        "abcde", ("horizonbrightness", "horizonsize", "sunhalobrightness", "sunhalosize", "backscattering"), strict=True
    )
)


def _exact(build: Build, notes: Notes | None = None) -> Row[Build]:
    return Row(build, Fidelity.EXACT, parameters=HARMLESS | (notes or {}))


BY_IMAGE = "the same model, drawn as an image of the surroundings"
LIGHTS: Mapping[str, Row[Build]] = {
    "point": _exact(_point, NO_TEXTURE),
    "spot": _exact(_spot, NO_TEXTURE),
    "distant": _exact(_distant, NO_TEXTURE),
    "projection": Row(
        _projection, Fidelity.EQUIVALENT, "a square slide with the picture in the middle", HARMLESS | NO_TEXTURE
    ),
    "infinite": _exact(_infinite),
    "infinitesample": _exact(_infinite),
    "sun": _exact(lambda lamp: [_sun(lamp)]),
    "sky": Row(lambda lamp: [_sky(lamp)], Fidelity.EQUIVALENT, BY_IMAGE, HARMLESS),
    "sky2": _exact(lambda lamp: [_sky2(lamp)]),
    "sunsky": Row(lambda lamp: [_sun(lamp), _sky(lamp)], Fidelity.EQUIVALENT, f"the sky is {BY_IMAGE}", HARMLESS),
    "sunsky2": _exact(lambda lamp: [_sun(lamp), _sky2(lamp)]),
}
