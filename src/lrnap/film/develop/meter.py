"""What a film says about its picture in numbers: brightness, the camera settings that suit it, the histogram."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lrnap.film.develop import exposure, histogram
from lrnap.film.develop.histogram import Histogram
from lrnap.film.develop.pipeline import light_of, unlimited
from lrnap.film.develop.settings import Settings
from lrnap.film.radiance import Accumulators


@dataclass(frozen=True, slots=True)
class Brightness:
    """Luminances of a film before its tonemap; means are over the pixels that are not black. `ev`: at ISO 100."""

    mean: float
    log_mean: float
    highest: float
    ev: float


def brightness(film: Accumulators, settings: Settings | None = None) -> Brightness:
    light = light_of(film, settings or Settings())
    return Brightness(*light, ev=exposure.exposure_value(light))


def estimate_linear(film: Accumulators, settings: Settings | None = None) -> Settings:
    """The settings with the linear kernel, exposed as autolinear exposes the film, to within the steps of a shutter."""
    settings = settings or Settings()
    return exposure.estimate(settings, light_of(film, settings))


def histogram_of(film: Accumulators, settings: Settings | None = None, buckets: int = histogram.BUCKETS) -> Histogram:
    settings = settings or Settings()
    return histogram.histogram(unlimited(film, settings), settings.colour_system.luminance, buckets)


def histogram_image(
    film: Accumulators, settings: Settings | None, width: int, height: int, options: int = histogram.RGB
) -> npt.NDArray[np.uint8]:
    """(height, width, 3), top row first: classic Lux's getHistogramImage with its options. Raises LrnapError for sizes
    and options that there are not."""
    histogram.check(width, height, options)
    buckets = width - 2 * histogram.BORDER
    return histogram.plot(histogram_of(film, settings, buckets), width, height, options)
