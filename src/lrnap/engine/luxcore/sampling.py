"""Renderer, integrators and sampler: which engine of LuxCore does the work, how far paths go, how samples are drawn.

What only changes how fast the picture converges is ignored without a word: the picture is the same in the end.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from lrnap.engine.luxcore import config_lines
from lrnap.engine.luxcore.config_lines import BIDIRECTIONAL as BIDIRECTIONAL
from lrnap.engine.luxcore.draft import Draft, Fidelity, Fields, Inputs, Row
from lrnap.engine.luxcore.rows import approximated, equivalent, ignored

Build = Callable[[Inputs], Fields]  # properties of the configuration
LONGEST = 16  # bounces from either end: in a closed room of albedo 0.75 under 1% of the light has more than 16 in all

# Russian roulette makes the engine too bright: it weighs light by other chances of survival where it is sampled than
# where it is hit. The later it begins, and the more of the paths go on, the less.
ROULETTE: Fields = {"path.russianroulette.depth": [12], "path.russianroulette.cap": [0.9]}

# How quickly, not where to: light strategies, Russian roulette, shadow rays.
FASTER = "only how fast the picture converges, not to what"
CONVERGENCE = ignored(
    FASTER,
    *("lightstrategy", "strategy", "lightpathstrategy", "shadowraycount", "lightraycount", "directlightsampling"),
    *("rrstrategy", "rrcontinueprob", "eyerrthreshold", "lightrrthreshold", "hybridusemis", "debug"),
)


def put_sampling(draft: Draft) -> None:
    description = draft.description
    for end, epsilon in zip(("min", "max"), description.epsilon, strict=True):
        draft.config |= {f"scene.epsilon.{end}": [epsilon]} if epsilon >= 0 else {}
    for kind, entity, table, fallback in (
        ("surfaceintegrator", description.surface_integrator, SURFACE_INTEGRATORS, "path"),
        ("sampler", description.sampler, SAMPLERS, "sobol"),
        ("renderer", description.renderer, RENDERERS, "sampler"),
        ("volumeintegrator", description.volume_integrator, VOLUME_INTEGRATORS, "multi"),
    ):
        inputs = Inputs(draft, entity)
        row = table.get(inputs.plugin)
        if row is None:
            inputs.warn(f"cannot be used, and {kind} '{fallback}' does the work")
            draft.config |= _FALLBACK[kind]
            continue
        draft.config |= row.build(inputs)
        draft.finish(inputs, row)


def paths(engine: str, eye: int, light: int | None = None) -> Fields:
    """Bounces from the eye, and with `light` from the lights, too."""
    fields: Fields = {"renderengine.type": [engine]}
    fields |= {f"path.pathdepth.{kind}": [max(eye, 1)] for kind in ("total", "diffuse", "glossy", "specular")}
    fields |= ROULETTE
    if light is not None:
        unending = max(eye, light, 1) + 1
        fields |= {"path.maxdepth": [max(eye, 1)], "light.maxdepth": [max(light, 1)]}
        fields |= {"path.russianroulette.depth": [unending]}
    return fields


def _path(inputs: Inputs) -> Fields:
    p = inputs.params
    # In classic Lux, too, it is only the camera that does not see it, and only where lights are sampled.
    sampled, seen = p.bool("directlightsampling"), p.bool("includeenvironment")
    return paths("PATHCPU", _bounces(inputs)) | {"path.forceblackbackground.enable": [sampled and not seen]}


def _bounces(inputs: Inputs) -> int:
    """As many as classic Lux's `maxdepth` allows: the engine counts the lamp that is found at the end, too."""
    return max(inputs.params.int("maxdepth"), 0) + 1


def _bidirectional(inputs: Inputs) -> Fields:
    return paths(BIDIRECTIONAL, _cut(inputs, "eyedepth"), _cut(inputs, "lightdepth"))


def _cut(inputs: Inputs, name: str) -> int:
    """Bidirectional paths join each point of one with each of the other, so long ones cost by the square."""
    depth = inputs.params.int(name)
    if depth > LONGEST:
        inputs.warn(f"'{name}' {depth} is approximated by {LONGEST}: what is left out is hardly to be seen")
    return min(depth, LONGEST)


def _directlighting(inputs: Inputs) -> Fields:
    depth = inputs.params.int("maxdepth")
    return paths("PATHCPU", depth + 1) | {"path.pathdepth.diffuse": [1], "path.pathdepth.glossy": [1]}


def _sppm(inputs: Inputs) -> Fields:
    return paths(BIDIRECTIONAL, _cut(inputs, "maxeyedepth"), _cut(inputs, "maxphotondepth"))


def _distributed(inputs: Inputs) -> Fields:
    """As many bounces of each kind as there may be; the engine does not tell reflected from transmitted ones."""
    p = inputs.params
    depths = {
        "diffuse": max(p.int("diffusereflectdepth"), p.int("diffuserefractdepth")),
        "glossy": max(p.int("glossyreflectdepth"), p.int("glossyrefractdepth")),
        "specular": max(p.int("specularreflectdepth"), p.int("specularrefractdepth")),
    }
    fields = paths("PATHCPU", sum(max(depth, 0) for depth in depths.values()) + 1)
    return fields | {f"path.pathdepth.{kind}": [max(depth, 0) + 1] for kind, depth in depths.items()}


def _maxdepth(inputs: Inputs) -> Fields:
    return paths("PATHCPU", _bounces(inputs))


def _metropolis(inputs: Inputs) -> Fields:
    p, film = inputs.params, Inputs(inputs.draft, inputs.draft.description.film).params
    fields: Fields = {
        "sampler.type": ["METROPOLIS"],
        "sampler.metropolis.largesteprate": [min(max(p.float("largemutationprob"), 0.0), 1.0)],
        "sampler.metropolis.maxconsecutivereject": [max(p.int("maxconsecrejects"), 0)],
    }
    if p.has("mutationrange"):
        rate = 2 * p.float("mutationrange") / max(film.int("yresolution"), 1)
        fields["sampler.metropolis.imagemutationrate"] = [min(max(rate, 0.0), 1.0)]
    return fields


def _even(name: str) -> Build:
    """Samples spread evenly over the picture: adaptive ones would give some pixels more than others for looks."""
    return lambda _inputs: {"sampler.type": [name], f"sampler.{name.lower()}.adaptive.strength": [0.0]}


def _luxcore(inputs: Inputs) -> Fields:
    """The engine's own words, which count more than what was said before in classic Lux's."""
    said = config_lines.read(inputs.params.strings("config"))
    for sentence in said.unheard:
        inputs.warn(sentence)
    values, before = said.values, inputs.draft.config
    width = values.pop("film.filter.width", None)
    sides = {} if width is None else {"film.filter.xwidth": width, "film.filter.ywidth": width}
    (sampler,) = values.get("sampler.type", ["METROPOLIS"])
    even = {} if sampler == "METROPOLIS" else _even(sampler)(inputs)
    return sides | even | _depths(inputs, values, before) | values


def _depths(inputs: Inputs, values: Fields, before: Fields) -> Fields:
    """An engine with depths for each of its ends. Takes them from `values`, where they do not suit each other."""
    (engine,) = values.pop("renderengine.type", before["renderengine.type"])
    asked = [values.pop(name, None) for name in ("path.maxdepth", "light.maxdepth")]
    usual = before.get("path.maxdepth", before["path.pathdepth.total"])
    eye, light = (int((depth or usual)[0]) for depth in asked)
    if engine != BIDIRECTIONAL:
        eye = int(values.get("path.pathdepth.total", [eye])[0])
        changed = asked[0] is not None or "path.pathdepth.total" in values or engine != before["renderengine.type"][0]
        return paths(engine, eye) if changed else {}
    for name in config_lines.DEPTHS:
        values.pop(name, None)
    if max(eye, light) > LONGEST:
        inputs.warn(f"'path.maxdepth' and 'light.maxdepth' are at most {LONGEST} for paths from both ends")
    return paths(engine, min(eye, LONGEST), min(light, LONGEST))


def _nothing(_inputs: Inputs) -> Fields:
    return {}


_FALLBACK: Mapping[str, Fields] = {
    "surfaceintegrator": paths("PATHCPU", 16),
    "sampler": {"sampler.type": ["SOBOL"], "sampler.sobol.adaptive.strength": [0.0]},
    "renderer": {},
    "volumeintegrator": {},
}

PHOTONS = ignored(
    "there are no photon maps, and paths converge without",
    *("photonsampler", "lookupaccel", "pixelsampler", "alpha", "startradius", "startk", "parallelhashgridspare"),
    *("photonperpass", "hitpointperpass", "schedulerblocksize", "useproba", "wavelengthstratificationpasses"),
    *("storeglossy", "includeenvironment"),
)
PHOTON_MAPS = (
    CONVERGENCE
    | ignored(
        "there are no photon maps, and paths converge without",
        *("maxphotondepth", "directphotons", "causticphotons", "indirectphotons", "radiancephotons", "nphotonsused"),
        *("maxphotondist", "finalgather", "finalgathersamples", "renderingmode", "gatherangle", "distancethreshold"),
        *("photonmapsfile", "dbg_enableradiancemap"),
    )
    | approximated(
        "all light is shown, of whatever kind",
        *(f"dbg_enable{kind}" for kind in ("direct", "indircaustic", "indirdiffuse", "indirspecular")),
    )
)
_SCATTERINGS = tuple(f"{kind}{way}" for kind in ("diffuse", "glossy") for way in ("reflect", "refract"))
SPLITTING = (
    CONVERGENCE
    | ignored(FASTER, "directsampleall", "directsamples", "indirectsampleall", "indirectsamples")
    | ignored(FASTER, *(f"{name}samples" for name in _SCATTERINGS))
    | approximated(
        "all light is shown, of whatever kind",
        *(f"{way}{k}" for way in ("direct", "indirect") for k in ("diffuse", "glossy")),
    )
    | approximated(
        "of the two for reflected and for transmitted light, the larger counts for both",
        *(f"{name}depth" for name in (*_SCATTERINGS, "specularreflect", "specularrefract")),
    )
    | approximated(
        "bright samples stay: the film's outlierrejection_k rejects them, where it is wanted",
        *(f"{name}{end}" for name in _SCATTERINGS for end in ("reject", "reject_threshold")),
    )
)
SURFACE_INTEGRATORS: Mapping[str, Row[Build]] = {
    "path": Row(_path, Fidelity.EXACT, parameters=CONVERGENCE),
    "bidirectional": Row(_bidirectional, Fidelity.EXACT, parameters=CONVERGENCE),
    "directlighting": Row(
        _directlighting, Fidelity.EQUIVALENT, "paths that end at the first surface that is not specular", CONVERGENCE
    ),
    "sppm": Row(
        _sppm, Fidelity.EQUIVALENT, "bidirectional paths converge to the same picture", {**CONVERGENCE, **PHOTONS}
    ),
    "distributedpath": Row(
        _distributed,
        Fidelity.APPROXIMATED,
        "by paths with as many bounces of each kind, whether they are reflected or transmitted",
        SPLITTING,
    ),
    "exphotonmap": Row(_maxdepth, Fidelity.APPROXIMATED, "by paths, which have no photon map's blur", PHOTON_MAPS),
    "igi": Row(
        _maxdepth,
        Fidelity.APPROXIMATED,
        "by paths, which have no virtual lights' splotches",
        CONVERGENCE | ignored("there are no virtual lights, and paths converge without", "nsets", "nlights", "mindist"),
    ),
}
PIXELS = ignored(FASTER, "pixelsampler", "pixelsamples", "noiseaware")
SAMPLERS: Mapping[str, Row[Build]] = {
    "metropolis": Row(
        _metropolis,
        Fidelity.EXACT,
        parameters=ignored(FASTER, "usevariance", "usecooldown", "noiseaware", "mutationsizelow", "mutationsizehigh"),
    ),
    "random": Row(_even("RANDOM"), Fidelity.EXACT, parameters=PIXELS),
    "stratified": Row(_even("RANDOM"), Fidelity.EQUIVALENT, "random samples", PIXELS),
    "halton": Row(_even("SOBOL"), Fidelity.EQUIVALENT, "Sobol's sequence", PIXELS),
    "sobol": Row(_even("SOBOL"), Fidelity.EXACT, parameters=ignored(FASTER, "noiseaware")),
    "lowdiscrepancy": Row(_even("SOBOL"), Fidelity.EQUIVALENT, "Sobol's sequence", PIXELS),
    "erpt": Row(
        lambda _inputs: {"sampler.type": ["METROPOLIS"]},
        Fidelity.EQUIVALENT,
        "the Metropolis sampler, which converges to the same picture",
        ignored(FASTER, "chainlength", "mutationrange", "basesampler"),
    ),
}
RENDERERS: Mapping[str, Row[Build]] = {
    "sampler": Row(_nothing, Fidelity.EXACT),
    "sppm": Row(_nothing, Fidelity.EQUIVALENT, "the surface integrator decides"),
    "hybrid": Row(
        _nothing,
        Fidelity.EQUIVALENT,
        "the same paths on the processor",
        ignored(
            "of another program: the engine has settings of its own",
            *(f"opencl.{n}" for n in ("platform.index", "gpu.use", "gpu.workgroup.size", "devices.select")),
            *(
                "opencl.cpu.threads",
                "configfile",
                "raybuffersize",
                "statebuffercount",
                "accelerator.qbvh.stacksize.max",
            ),
        ),
    ),
    "luxcore": Row(
        _luxcore,
        Fidelity.EQUIVALENT,
        "integrator and sampler are taken from the scene, unless its lines for the engine say otherwise",
        equivalent("lines on depths, samplers, filters and epsilon are handed on; each other one is told", "config")
        | approximated("not read: a scene says how it is rendered by 'config'", "localconfigfile", "configfile"),
    ),
}
VOLUME_INTEGRATORS: Mapping[str, Row[Build]] = {
    name: Row(
        _nothing,
        Fidelity.EQUIVALENT,
        "volumes say themselves how light scatters in them",
        ignored("each heterogeneous volume has its own", "stepsize"),
    )
    for name in ("emission", "single", "multi", "none")
}
