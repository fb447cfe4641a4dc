"""SurfaceIntegrator and VolumeIntegrator: every integrator plugin with its parameters."""

from __future__ import annotations

from lrnap.lux.plugins.rows import flag, old, real, whole, word
from lrnap.lux.plugins.samplers import PIXEL_SAMPLERS
from lrnap.lux.plugins.spec import Parameter, Plugin

LIGHT_STRATEGIES = (
    "auto",
    "one",
    "all",
    "importance",
    "powerimp",
    "allpowerimp",
    "autopowerimp",
    "logpowerimp",
)


def light_strategy(name: str = "lightstrategy") -> Parameter:
    return word(name, "auto", *LIGHT_STRATEGIES)


HINTS: tuple[Parameter, ...] = (
    light_strategy(),
    whole("shadowraycount", 1),
    word("strategy", None, *LIGHT_STRATEGIES, note="older name of lightstrategy"),
)
ROULETTE: tuple[Parameter, ...] = (
    word("rrstrategy", "efficiency", "efficiency", "probability", "none"),
    real("rrcontinueprob", 0.65),
)
ENVIRONMENT: tuple[Parameter, ...] = (flag("includeenvironment", True), flag("directlightsampling", True))
# Of distributedpath: how many bounces and rays for each kind of scattering.
SCATTERINGS = {"diffusereflect": 3, "diffuserefract": 5, "glossyreflect": 2, "glossyrefract": 5}


def surface(name: str, *parameters: Parameter, note: str = "", obsolete: bool = False) -> Plugin:
    return Plugin("surfaceintegrator", name, parameters, note=note, obsolete=obsolete)


def _scattering(name: str, depth: int) -> tuple[Parameter, ...]:
    return (
        whole(f"{name}depth", depth),
        whole(f"{name}samples", 1),
        flag(f"{name}reject", False),
        real(f"{name}reject_threshold", 10.0),
    )


SURFACE_PLUGINS: tuple[Plugin, ...] = (
    surface("path", whole("maxdepth", 16), *ROULETTE, *ENVIRONMENT, *HINTS),
    surface(
        "bidirectional",
        whole("eyedepth", 8),
        whole("lightdepth", 8),
        real("eyerrthreshold", 0.0),
        real("lightrrthreshold", 0.0),
        whole("lightraycount", 1),
        light_strategy("lightpathstrategy"),
        flag("hybridusemis", False),
        flag("debug", False),
        *HINTS,
    ),
    surface("directlighting", whole("maxdepth", 5), *HINTS),
    surface(
        "distributedpath",
        flag("directsampleall", True),
        whole("directsamples", 1),
        flag("directdiffuse", True),
        flag("directglossy", True),
        flag("indirectsampleall", False),
        whole("indirectsamples", 1),
        flag("indirectdiffuse", True),
        flag("indirectglossy", True),
        *(row for name, depth in SCATTERINGS.items() for row in _scattering(name, depth)),
        whole("specularreflectdepth", 2),
        whole("specularrefractdepth", 5),
        word("strategy", "auto", "auto", "one", "all"),
    ),
    surface(
        "exphotonmap",
        whole("maxdepth", 5),
        whole("maxphotondepth", 10),
        whole("directphotons", 200_000),
        whole("causticphotons", 20_000),
        whole("indirectphotons", 200_000),
        whole("radiancephotons", 200_000),
        whole("nphotonsused", 50),
        real("maxphotondist", 0.5),
        flag("finalgather", True),
        whole("finalgathersamples", 32),
        word("renderingmode", "directlighting", "directlighting", "path"),
        real("gatherangle", 10.0),
        *ROULETTE,
        real("distancethreshold", None, note="1.25 * maxphotondist"),
        word("photonmapsfile", None),
        flag("dbg_enabledirect", True),
        flag("dbg_enableradiancemap", False),
        flag("dbg_enableindircaustic", True),
        flag("dbg_enableindirdiffuse", True),
        flag("dbg_enableindirspecular", True),
        *HINTS,
    ),
    surface("igi", whole("nsets", 4), whole("nlights", 64), whole("maxdepth", 5), real("mindist", 0.1)),
    surface(
        "sppm",
        word("photonsampler", "halton", "halton", "amc"),
        word("lookupaccel", "hybridhashgrid", "hashgrid", "kdtree", "hybridhashgrid", "parallelhashgrid"),
        word("pixelsampler", "hilbert", *PIXEL_SAMPLERS),
        whole("maxeyedepth", 16),
        whole("maxphotondepth", 16),
        real("alpha", 0.7),
        real("startradius", 2.0),
        whole("startk", 0, note="version 1.9"),
        real("parallelhashgridspare", 1.0),
        whole("photonperpass", 1_000_000),
        whole("hitpointperpass", 0),
        whole("schedulerblocksize", 1000, note="version 1.9"),
        *ENVIRONMENT,
        flag("useproba", True),
        whole("wavelengthstratificationpasses", 8),
        flag("storeglossy", False),
        flag("debug", False),
        *HINTS,
    ),
    surface("particletracing", *old("integer", "maxdepth"), *HINTS, note="of older versions", obsolete=True),
)

STEP: tuple[Parameter, ...] = (real("stepsize", 1.0),)

VOLUME_PLUGINS: tuple[Plugin, ...] = (
    *(Plugin("volumeintegrator", name, STEP) for name in ("emission", "single", "multi")),
    Plugin("volumeintegrator", "none", ()),
)
