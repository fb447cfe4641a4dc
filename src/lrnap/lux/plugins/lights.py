"""LightSource and AreaLightSource: every light plugin with its parameters.

`power` (watts) and `efficacy` (lumens per watt) rule over the brightness of `L` where both are above 0.
"""

from __future__ import annotations

from lrnap.lux.plugins.rows import as_in, color, color_texture, file, flag, old, only_with, real, triplet, whole, word
from lrnap.lux.plugins.spec import Parameter, Plugin

COMMON: tuple[Parameter, ...] = (real("gain", 1.0), real("importance", 1.0))
SAMPLES: tuple[Parameter, ...] = (whole("nsamples", 1),)
L: tuple[Parameter, ...] = (color_texture("L", 1.0),)
FROM: tuple[Parameter, ...] = (triplet("point", "from", (0.0, 0.0, 0.0)),)
FROM_TO: tuple[Parameter, ...] = (*FROM, triplet("point", "to", (0.0, 0.0, 1.0)))
DISTRIBUTION: tuple[Parameter, ...] = (
    file("mapname", note="an image of how bright each direction is"),
    as_in('["light.ies"]', file("iesname", note="how bright it is in each direction, measured by its maker")),
    *only_with('"string iesname" ["light.ies"]', flag("flipz", False, note="turns the measured lamp upside down")),
)
SUN: tuple[Parameter, ...] = (
    triplet("vector", "sundir", (0.0, 0.0, 1.0), note="towards the sun"),
    real("turbidity", 2.0, note="2 to 6: clear to hazy"),
)
SUN_SIZE: tuple[Parameter, ...] = (as_in("[40]", real("relsize", 1.0)),)
PEREZ: tuple[Parameter, ...] = (
    real("horizonbrightness", 1.0),
    real("horizonsize", 1.0),
    real("sunhalobrightness", 1.0),
    real("sunhalosize", 1.0),
    real("backscattering", 1.0),
    *(real(f"{letter}const", None, note="the same; rules over the long name") for letter in "abcde"),
)
ENVIRONMENT: tuple[Parameter, ...] = (
    color("L", 1.0),
    file("mapname"),
    *only_with(
        '"string mapname" ["image.png"]',
        word("mapping", "latlong", "latlong", "angular", "vcross", note="which projection of the surroundings it is"),
        real("gamma", 1.0),
    ),
)


def power(watts: float, efficacy: float) -> tuple[Parameter, ...]:
    return (
        *only_with('"float efficacy" [17]', real("power", watts, note="watts")),
        *only_with('"float power" [100]', real("efficacy", efficacy, note="lumens per watt")),
    )


def light(name: str, *parameters: Parameter, aliases: tuple[str, ...] = (), note: str = "") -> Plugin:
    return Plugin("light", name, parameters + COMMON, aliases=aliases, note=note)


PLUGINS: tuple[Plugin, ...] = (
    light("point", *L, *FROM, *power(0.0, 0.0), *DISTRIBUTION, aliases=("goniometric",)),
    light(
        "spot",
        *L,
        *FROM_TO,
        real("coneangle", 30.0, note="degrees from the axis to the edge"),
        real("conedeltaangle", 5.0, note="degrees from full brightness to the edge"),
        *power(0.0, 0.0),
    ),
    light("distant", *L, *FROM_TO, real("theta", 0.0, note="degrees; half the angle it fills"), *SAMPLES),
    light("projection", *L, real("fov", 45.0), file("mapname")),
    light("infinite", *ENVIRONMENT, *SAMPLES),
    light("infinitesample", *ENVIRONMENT, whole("imapmaxresolution", 500), *SAMPLES),
    light("sun", *SUN, *SUN_SIZE, *SAMPLES),
    light("sky", *SUN, *PEREZ, *SAMPLES),
    light("sky2", *SUN, *SAMPLES, *old("float", *(row.name for row in PEREZ), note="of sky; sky2 has no use for it")),
    light("sunsky", *SUN, *SUN_SIZE, *PEREZ, *SAMPLES, note="sun and sky together"),
    light(
        "sunsky2",
        *SUN,
        *SUN_SIZE,
        *SAMPLES,
        *old("float", *(row.name for row in PEREZ), note="of sky; sky2 has no use for it"),
        note="sun and sky2 together",
    ),
)

AREA_PLUGINS: tuple[Plugin, ...] = (
    Plugin("arealight", "area", (*L, *power(100.0, 17.0), *DISTRIBUTION, *SAMPLES, *COMMON)),
)
