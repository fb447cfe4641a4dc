"""Blender's patterns: engine names -> the scene's names. All lie between the textures `tex1` and `tex2`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from lrnap.engine.luxcore.draft import Fidelity, Fields, Inputs, Row
from lrnap.engine.luxcore.mappings import in_space
from lrnap.engine.luxcore.rows import Notes, ignored

Build = Callable[[Inputs], Fields]

NOISE = {"voronoi_f2f1": "voronoi_f2_f1"}
BLEND_TYPES = {
    "lin": "linear",
    "quad": "quadratic",
    "ease": "easing",
    "diag": "diagonal",
    "sphere": "spherical",
    "halo": "halo",
    "radial": "radial",
}


def _blender(engine_type: str, **engine_names: str) -> Build:
    """A pattern of Blender: `tex1` where it is 0 and `tex2` where it is 1."""

    def build(inputs: Inputs) -> Fields:
        fields: Fields = {"type": [engine_type]}
        for engine, lux in {"bright": "bright", "contrast": "contrast", **engine_names}.items():
            fields[engine] = [_word_or_number(inputs, lux)]
        if engine_type != "blender_noise":
            fields = in_space(inputs, fields)
        low, high = inputs.constant("tex1"), inputs.constant("tex2")
        if low is not None and high is not None and set(low) == {0.0} and set(high) == {1.0}:
            return fields
        amount = inputs.draft.texture(engine_type, fields)
        return inputs.fields("mix", texture1="tex1", texture2="tex2") | {"amount": [amount]}

    return build


WORDS = ("noisetype", "noisebasis", "noisebasis2", "type", "distmetric")


def _word_or_number(inputs: Inputs, name: str) -> str | float | int:
    if name == "flipxy":
        return "vertical" if inputs.params.bool(name) else "horizontal"
    if name in WORDS:
        word = inputs.params.string(name).lower().replace(" ", "_").replace("minkovsky", "minkowski")
        return BLEND_TYPES.get(word, NOISE.get(word, word))
    return inputs.number(name)


def _exact(build: Build, notes: Notes | None = None) -> Row[Build]:
    return Row(build, Fidelity.EXACT, parameters=notes or {})


SLOPE = ignored("a step for slopes, which bump maps measure over their own", "nabla")
BLENDER: Mapping[str, Row[Build]] = {
    "blender_blend": _exact(_blender("blender_blend", progressiontype="type", direction="flipxy")),
    "blender_clouds": _exact(
        _blender(
            "blender_clouds",
            noisetype="noisetype",
            noisebasis="noisebasis",
            noisesize="noisesize",
            noisedepth="noisedepth",
        ),
        ignored("a float texture has no colour", "type"),
    ),
    "blender_distortednoise": _exact(
        _blender(
            "blender_distortednoise",
            noise_distortion="type",
            noisebasis="noisebasis",
            noisesize="noisesize",
            distortion="distamount",
        ),
        SLOPE,
    ),
    "blender_magic": _exact(_blender("blender_magic", noisedepth="noisedepth", turbulence="turbulence")),
    "blender_marble": _exact(
        _blender(
            "blender_marble",
            marbletype="type",
            noisetype="noisetype",
            noisebasis="noisebasis",
            noisebasis2="noisebasis2",
            noisesize="noisesize",
            noisedepth="noisedepth",
            turbulence="turbulence",
        )
    ),
    "blender_musgrave": _exact(
        _blender(
            "blender_musgrave",
            musgravetype="type",
            noisebasis="noisebasis",
            noisesize="noisesize",
            dimension="h",
            lacunarity="lacu",
            octaves="octs",
            gain="gain",
            offset="offset",
            intensity="outscale",
        )
    ),
    "blender_noise": _exact(
        _blender("blender_noise", noisedepth="noisedepth"),
        ignored("another value at every sample, wherever it lies", "coordinates", "scale", "rotate", "translate"),
    ),
    "blender_stucci": _exact(
        _blender(
            "blender_stucci",
            stuccitype="type",
            noisetype="noisetype",
            noisebasis="noisebasis",
            noisesize="noisesize",
            turbulence="turbulence",
        )
    ),
    "blender_voronoi": _exact(
        _blender(
            "blender_voronoi",
            distmetric="distmetric",
            exponent="minkovsky_exp",
            intensity="outscale",
            noisesize="noisesize",
            w1="w1",
            w2="w2",
            w3="w3",
            w4="w4",
        ),
        SLOPE | ignored("colours, which no float texture has", "coltype"),
    ),
    "blender_wood": _exact(
        _blender(
            "blender_wood",
            woodtype="type",
            noisetype="noisetype",
            noisebasis="noisebasis",
            noisebasis2="noisebasis2",
            noisesize="noisesize",
            turbulence="turbulence",
        )
    ),
}
