"""Lights: each plugin as a row, and what an area light adds to the material of its shape.

Radiometry: `L` times `gain` is radiance (intensity of points and spots, irradiance of distant lights) in units of
`spectra.L_UNIT`; where `power` and `efficacy` are both above zero, their product is the light's whole flux in lumens
instead. Suns and skies have absolute units in the engine as in classic Lux.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from lrnap.engine.luxcore import spectra
from lrnap.engine.luxcore.draft import Draft, Fidelity, Fields, Inputs, Row, Value, image_aspect, matrix
from lrnap.engine.luxcore.rows import ignored
from lrnap.engine.luxcore.volumes import volume
from lrnap.lux.description import AreaLight, Light, Matrix

HARMLESS = ignored("only how fast the picture converges, not to what", "nsamples", "imapmaxresolution")
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


def put_light(draft: Draft, light: Light, place: Matrix) -> None:
    """Writes a light that is no surface."""
    inputs = Inputs(draft, light.entity)
    row = LIGHTS.get(inputs.plugin)
    if row is None:
        inputs.warn("cannot be rendered and is left out: the scene is darker than it was meant")
        return
    common: Fields = {
        "id": [draft.group(light.group)],
        "importance": [inputs.params.float("importance")],
    }
    if light.exterior is not None:
        common["volume"] = [volume(draft, light.exterior, light.entity)]
    for fields in row.build(Lamp(inputs, place)):
        name = draft.fresh("light", fields["type"][0])
        draft.put(f"scene.lights.{name}", {"transformation": matrix(place)} | fields | common)
    draft.finish(inputs, row)


# ---- area lights ---------------------------------------------------------------------------------------------------


def emission(draft: Draft, light: AreaLight, area: float) -> tuple[tuple[str, tuple[object, ...]], ...]:
    """What the material of an emitting shape of that surface area (world units) gets, as `Surface.emission`."""
    inputs = Inputs(draft, light.entity)
    p = inputs.params
    lumens = p.float("power") * p.float("efficacy")
    gain = p.float("gain")
    fields: Fields = {"": inputs.value("L"), ".id": [draft.group(light.group)], ".importance": [p.float("importance")]}
    spread = _spread(inputs)
    fields |= {f".{key}": value for key, value in spread.items()}
    color = inputs.constant("L")
    if color is not None:
        rgb = color if len(color) == 3 else color * 3
        fields[""] = list(rgb)
        luminance = spectra.luminance((rgb[0], rgb[1], rgb[2]))
    if lumens <= 0:
        gain *= spectra.L_UNIT
    elif color is None or spread:
        fields |= {".power": [p.float("power")], ".efficency": [p.float("efficacy")]}
    elif luminance > 0 and area > 0:
        gain *= lumens / (area * math.pi * luminance)
    gain = float(np.float32(gain))  # so that equal lamps share a material, although their areas differ by rounding
    fields |= {".gain": [gain] * 3, ".directlightsampling.type": ["ENABLED"]}
    draft.finish(inputs, AREA_LIGHT)
    return tuple((key, tuple(value)) for key, value in fields.items())


AREA_LIGHT: Row[None] = Row(None, Fidelity.EXACT, parameters=HARMLESS)


def _spread(inputs: Inputs) -> Fields:
    """In which directions how much light goes: an image, or an IES file."""
    fields: Fields = {}
    image, ies = inputs.image("mapname"), inputs.file("iesname")
    if image:
        fields |= {"mapfile": [image]}
    flip = inputs.params.bool("flipz")
    if ies:
        fields |= {"iesfile": [ies], "flipz": [flip]}
    return fields


# ---- lights that are no surfaces -----------------------------------------------------------------------------------


def _point(lamp: Lamp) -> list[Fields]:
    color, spread = lamp.color(), _spread(lamp.inputs)
    shift = np.eye(4)
    shift[:3, 3] = lamp.inputs.params.point("from")  # classic Lux moves in world space, whatever the placement
    fields: Fields = {
        "type": ["mappoint" if spread else "point"],
        "color": list(color),
        "gain": lamp.gain(color, 4 * math.pi, POINT_UNIT),
        "transformation": matrix(shift @ lamp.place),
    }
    return [fields | spread]


def _spot(lamp: Lamp) -> list[Fields]:
    p, color = lamp.inputs.params, lamp.color()
    outer, delta = p.float("coneangle"), p.float("conedeltaangle")
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


def _distant(lamp: Lamp) -> list[Fields]:
    p, color = lamp.inputs.params, lamp.color()
    direction = np.subtract(p.point("to"), p.point("from"))
    theta = p.float("theta")
    # The engine means radiance where the light fills an angle; classic Lux spreads the same irradiance over it.
    cone = 2 * math.pi * (1 - math.cos(math.radians(theta))) if theta else 1.0
    fields: Fields = {
        "type": ["distant" if theta else "sharpdistant"],
        "color": list(color),
        "gain": [p.float("gain") * spectra.L_UNIT / cone] * 3,
        "direction": [float(x) for x in direction],
    }
    return [fields | ({"theta": [theta]} if theta else {})]


def _projection(lamp: Lamp) -> list[Fields]:
    p, color, path = lamp.inputs.params, lamp.color(), lamp.inputs.image("mapname")
    aspect = image_aspect(path) if path else 1.0
    window = 4 * math.tan(math.radians(p.float("fov")) / 2) ** 2 / aspect  # what classic Lux spreads the light over
    fields: Fields = {
        "type": ["projection"],
        "color": list(color),
        "gain": [p.float("gain") * spectra.L_UNIT / window] * 3,
        "fov": [p.float("fov")],
    }
    return [fields | ({"mapfile": [path]} if path else {})]


def _infinite(lamp: Lamp) -> list[Fields]:
    p = lamp.inputs.params
    color, gain = p.color("L"), p.float("gain") * spectra.L_UNIT
    path = lamp.inputs.image("mapname")
    gamma = p.float("gamma")
    mapping = p.string("mapping")
    if path is None or mapping != "latlong":
        if path is not None:
            lamp.inputs.warn(f"mapping '{mapping}' cannot be rendered: the light is the same from everywhere")
        return [{"type": ["constantinfinite"], "color": list(color), "gain": [gain] * 3}]
    return [{"type": ["infinite"], "file": [path], "gamma": [gamma], "gain": [gain * c for c in color]}]


def _sun(lamp: Lamp) -> Fields:
    return _sky(lamp) | {"type": ["sun"], "relsize": [lamp.inputs.params.float("relsize")]}


def _sky(lamp: Lamp) -> Fields:
    p = lamp.inputs.params
    return {
        "type": ["sky2"],
        "dir": list(p.vector("sundir")),
        "turbidity": [p.float("turbidity")],
        "gain": [p.float("gain")] * 3,
    }


def _exact(build: Build) -> Row[Build]:
    return Row(build, Fidelity.EXACT, parameters=HARMLESS)


OLD_SKY = "by the newer sky model, sky2: the engine has no other"
LIGHTS: Mapping[str, Row[Build]] = {
    "point": Row(_point, Fidelity.EXACT),
    "spot": _exact(_spot),
    "distant": _exact(_distant),
    "projection": Row(_projection, Fidelity.APPROXIMATED, "as bright on the axis; edges may differ", HARMLESS),
    "infinite": _exact(_infinite),
    "infinitesample": _exact(_infinite),
    "sun": _exact(lambda lamp: [_sun(lamp)]),
    "sky": Row(lambda lamp: [_sky(lamp)], Fidelity.APPROXIMATED, OLD_SKY, HARMLESS),
    "sky2": _exact(lambda lamp: [_sky(lamp)]),
    "sunsky": Row(lambda lamp: [_sun(lamp), _sky(lamp)], Fidelity.APPROXIMATED, OLD_SKY, HARMLESS),
    "sunsky2": _exact(lambda lamp: [_sun(lamp), _sky(lamp)]),
}
