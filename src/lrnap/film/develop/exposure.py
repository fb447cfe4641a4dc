"""Exposure as a camera has it: which settings of the linear kernel would give the picture that autolinear gives.

Of the steps that cameras have, as in classic Lux's "estimate settings": starting from ISO 200 and f/5.6, the shutter is
chosen; where no shutter is short or long enough, first the sensitivity is changed, then the opening.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import replace
from math import log2

from lrnap.film.develop.settings import Settings
from lrnap.film.develop.tonemap import CALIBRATION, MIDDLE_GREY, Measure

STOPS = (2.8, 4.0, 5.6, 8.0, 11.0, 16.0, 22.0, 32.0, 45.0, 64.0)
SHUTTERS = (*(1 / n for n in (1000, 500, 250, 125, 60, 30, 15, 8, 4, 2)), 1.0, 2.0, 3.0, 5.0, 10.0, 20.0, 30.0)
SENSITIVITIES = (50.0, 100.0, 200.0, 400.0, 800.0, 1600.0, 3200.0, 6400.0)


def exposure_value(light: Measure) -> float:
    """EV at ISO 100, from the mean luminance; 0 for a black picture."""
    return log2(light.mean * 8) if light.mean > 0 else 0.0


def estimate(settings: Settings, light: Measure) -> Settings:
    """The settings with the linear kernel, set so that a picture of this light comes out as autolinear shows it, to
    within the steps of a shutter. A black picture changes nothing but the kernel."""
    linear = replace(settings, tonemapkernel="linear", linear_gamma=settings.gamma)
    if not light.mean > 0:
        return linear
    stop, iso = STOPS.index(5.6), SENSITIVITIES.index(200.0)
    factor = 1.25 / light.mean * MIDDLE_GREY**settings.gamma
    while True:
        per_second = CALIBRATION * SENSITIVITIES[iso] / STOPS[stop] ** 2 * MIDDLE_GREY**linear.linear_gamma
        wanted = factor / per_second
        if wanted < SHUTTERS[0] and iso > 0:
            iso -= 1
        elif wanted < SHUTTERS[0] and stop < len(STOPS) - 1:
            stop += 1
        elif wanted > SHUTTERS[-1] and iso < len(SENSITIVITIES) - 1:
            iso += 1
        elif wanted > SHUTTERS[-1] and stop > 0:
            stop -= 1
        else:
            break
    shutter = SHUTTERS[max(0, bisect_right(SHUTTERS, wanted) - 1)]
    return replace(
        linear,
        linear_sensitivity=SENSITIVITIES[iso],
        linear_fstop=STOPS[stop],
        linear_exposure=float(f"{shutter:.6g}"),
    )
