"""Sampler: every sampler plugin with its parameters. Pixel samplers are named by a parameter, not by a statement."""

from __future__ import annotations

from lrnap.lux.plugins.rows import flag, old, real, whole, word
from lrnap.lux.plugins.spec import Parameter, Plugin

PIXEL_SAMPLERS = ("hilbert", "linear", "lowdiscrepancy", "tile", "grid", "vegas", "random")
PIXEL_SAMPLER = word("pixelsampler", "vegas", *PIXEL_SAMPLERS)
NOISE_AWARE: tuple[Parameter, ...] = (flag("noiseaware", False),)

PLUGINS: tuple[Plugin, ...] = (
    Plugin(
        "sampler",
        "metropolis",
        (
            whole("maxconsecrejects", 512),
            real("largemutationprob", 0.4),
            real("mutationrange", None, note="pixels; (width + height) / 32"),
            flag("usevariance", False),
            flag("usecooldown", True),
            real("mutationsizelow", 1 / 1024),
            real("mutationsizehigh", 1 / 64),
            *NOISE_AWARE,
            *old("integer", "initsamples", "stratawidth"),
            *old("float", "micromutationprob"),
            *old("bool", "useqr"),
        ),
    ),
    Plugin("sampler", "lowdiscrepancy", (PIXEL_SAMPLER, whole("pixelsamples", 4), *NOISE_AWARE)),
    Plugin(
        "sampler",
        "random",
        (PIXEL_SAMPLER, whole("pixelsamples", 4), *NOISE_AWARE, *old("integer", "xsamples", "ysamples")),
    ),
    *(
        Plugin("sampler", name, (PIXEL_SAMPLER, whole("pixelsamples", 4)), obsolete=True, note="of older versions")
        for name in ("halton", "stratified")
    ),
    Plugin("sampler", "sobol", NOISE_AWARE),
    Plugin(
        "sampler",
        "erpt",
        (
            whole("chainlength", 100),
            real("mutationrange", None, note="pixels; (width + height) / 50"),
            word("basesampler", "random", "random", "lowdiscrepancy", "sobol"),
            *old("integer", "initsamples", "stratawidth"),
        ),
    ),
)
