"""Materials of one kind each: matte, glass, metal, glossy and the like."""

from __future__ import annotations

import math
from collections.abc import Mapping

from lrnap.engine.luxcore import maths
from lrnap.engine.luxcore.draft import Fidelity, Fields, Inputs, Row, Value
from lrnap.engine.luxcore.fresnel import of_metal, preset
from lrnap.engine.luxcore.maker import Build, Maker
from lrnap.engine.luxcore.rows import Notes, approximated, equivalent, ignored
from lrnap.engine.luxcore.volumes import SODIUM, dispersion


def _same(engine_type: str, **engine_names: str) -> Build:
    return lambda maker: maker.inputs.fields(engine_type, **engine_names)


def _sigma(inputs: Inputs) -> Value | None:
    """Oren-Nayar's sigma in radians, as the engine has it; None for a smooth surface."""
    constant = inputs.constant("sigma")
    if constant is not None:
        degrees = min(max(constant[0], 0.0), 90.0)
        return [math.radians(degrees)] if degrees else None
    scaled: Fields = {"type": ["scale"], "texture1": inputs.value("sigma"), "texture2": [math.radians(1.0)]}
    return [inputs.draft.texture("sigma", scaled)]


def _matte(maker: Maker) -> Fields:
    sigma = _sigma(maker.inputs)
    return maker.inputs.fields("roughmatte" if sigma else "matte", kd="Kd") | ({"sigma": sigma} if sigma else {})


def _mattetranslucent(maker: Maker) -> Fields:
    """The engine lets pass a share of what is not reflected; classic Lux a share of all, unless told otherwise."""
    inputs = maker.inputs
    sigma = _sigma(inputs)
    name = "roughmattetranslucent" if sigma else "mattetranslucent"
    fields = inputs.fields(name, kr="Kr", kt="Kt") | ({"sigma": sigma} if sigma else {})
    if not inputs.params.bool("energyconserving"):
        kr, kt = inputs.constant("Kr"), inputs.constant("Kt")
        if kr is None or kt is None:
            rest: Fields = {"type": ["subtract"], "texture1": [1.0, 1.0, 1.0], "texture2": fields["kr"]}
            divisor = inputs.draft.texture("rest", rest)
            share: Fields = {"type": ["divide"], "texture1": fields["kt"], "texture2": [divisor]}
            fields["kt"] = [inputs.draft.texture("share", share)]
        else:
            fields["kt"] = [min(t / (1.0 - r), 1.0) if r < 1.0 else 0.0 for r, t in zip(kr, kt, strict=True)]
            if any(r + t > 1.0 for r, t in zip(kr, kt, strict=True)):
                inputs.warn("reflects and transmits more light than there is; transmission is reduced to the rest")
    return fields


def _film(inputs: Inputs) -> Fields:
    """A thin film (nm) on top."""
    if inputs.constant("film") == (0.0,):
        inputs.params.ignore("filmindex")
        return {}
    return {"filmthickness": inputs.value("film"), "filmior": inputs.value("filmindex")}


def _mirror(maker: Maker) -> Fields:
    return _mirrored(maker.inputs, maker.inputs.value("Kr"))


SOLID: Fields = {"type": ["glass"], "kt": [0.0] * 3, "exteriorior": [1.0], "interiorior": [1e6]}  # reflects all light


def _mirrored(inputs: Inputs, kr: Value) -> Fields:
    """A mirror. The engine's has no thin film, so one with a film is glass that lets nothing in."""
    film = _film(inputs)
    return ({**SOLID, **film} if film else {"type": ["mirror"]}) | {"kr": kr}


def _glass(maker: Maker) -> Fields:
    inputs = maker.inputs
    architectural = inputs.params.bool("architectural")
    fields = inputs.fields("archglass" if architectural else "glass", kr="Kr", kt="Kt") | _film(inputs)
    return fields | {"exteriorior": [1.0]} | (_index(inputs, slope=not architectural))


def _index(inputs: Inputs, *, slope: bool) -> Fields:
    """Index and Cauchy's B. Classic Lux means A by `index`, the engine the index of yellow light."""
    b = inputs.constant("cauchyb")
    if b is None:
        inputs.warn("parameter 'texture cauchyb' is not honoured: the engine takes one number")
        b = (0.0,)
    index = inputs.constant("index")
    if not slope or b == (0.0,) or index is None:
        return {"interiorior": inputs.value("index")}
    return {"interiorior": [index[0] + b[0] / SODIUM**2], "cauchyb": [b[0]]}


def _glass2(maker: Maker) -> Fields:
    p = maker.inputs.params
    fields: Fields = {"type": ["archglass" if p.bool("architectural") else "glass"], "kr": [1.0] * 3, "kt": [1.0] * 3}
    if p.bool("dispersion") and maker.surface.interior is not None and not p.bool("architectural"):
        b = dispersion(maker.inputs.draft, maker.surface.interior)
        fields |= {"cauchyb": [b]} if b else {}
    return fields


ROUGH = {"uroughness": "uroughness", "vroughness": "vroughness"}
COAT = {"ks": "Ks", "ka": "Ka", "index": "index", "d": "d", **ROUGH}


def _roughglass(maker: Maker) -> Fields:
    inputs = maker.inputs
    fields = inputs.fields("roughglass", kr="Kr", kt="Kt", **ROUGH) | {"exteriorior": [1.0]}
    return fields | {"interiorior": inputs.value("index")}


def _rough(inputs: Inputs) -> Fields:
    """Roughness along u and v; in scenes of older versions, one for both."""
    if inputs.params.has("roughness") and not any(map(inputs.params.has, ROUGH)):
        return dict.fromkeys(ROUGH, inputs.value("roughness"))
    inputs.params.ignore("roughness")
    return {engine: inputs.value(lux) for engine, lux in ROUGH.items()}


def _metal(maker: Maker) -> Fields:
    fields = maker.inputs.fields("metal2") | _rough(maker.inputs)
    return fields | {"fresnel": [maker.inputs.draft.texture("metal", preset(maker.inputs))]}


def _metal2(maker: Maker) -> Fields:
    inputs = maker.inputs
    return inputs.fields("metal2", **ROUGH) | of_metal(inputs)


def _shinymetal(maker: Maker) -> Fields:
    """The sum of a rough metal and a mirror: half of each, twice as bright."""
    inputs, draft = maker.inputs, maker.inputs.draft
    halves = []
    for parameter in ("Ks", "Kr"):
        limited = maths.clamp(draft, maths.times(draft, inputs.value(parameter), [2.0]), 0.0, 0.999)
        if parameter == "Kr":
            fields = _mirrored(inputs, limited)
        else:
            fields = inputs.fields("metal2") | _rough(inputs)
            fields["fresnel"] = maths.node(draft, "fresnelcolor", kr=limited)
        halves.append(maker.part("half", fields))
    return {"type": ["mix"], "material1": [halves[0]], "material2": [halves[1]], "amount": [0.5]}


def multibounce(inputs: Inputs) -> Fields:
    return {"multibounce": [inputs.params.bool("multibounce")]}


def _glossy(maker: Maker) -> Fields:
    inputs = maker.inputs
    sigma = _sigma(inputs)
    if sigma is None:
        return inputs.fields("glossy2", kd="Kd", **COAT) | multibounce(inputs)
    base = maker.part("base", inputs.fields("roughmatte", kd="Kd") | {"sigma": sigma})
    return inputs.fields("glossycoating", **COAT) | {"base": [base]} | multibounce(inputs)


def _glossy_lossy(maker: Maker) -> Fields:
    return maker.inputs.fields("glossy2", kd="Kd", **COAT) | _rough(maker.inputs)


def _glossytranslucent(maker: Maker) -> Fields:
    inputs = maker.inputs
    back = "" if inputs.params.bool("onesided") else "backface_"
    fields = inputs.fields("glossytranslucent", kd="Kd", kt="Kt", **COAT) | multibounce(inputs)
    fields |= {f"{engine}_bf": inputs.value(f"{back}{lux}") for engine, lux in COAT.items()}
    fields["multibounce_bf"] = [inputs.params.bool(f"{back}multibounce")]
    if not back:
        inputs.params.ignore(*(f"backface_{lux}" for lux in (*COAT.values(), "multibounce")))
    return fields


def _carpaint(maker: Maker) -> Fields:
    inputs = maker.inputs
    numbers = ("R1", "R2", "R3", "M1", "M2", "M3")
    fields = inputs.fields("carpaint", ka="Ka", d="d")
    name = inputs.params.string("name", "")
    if name:
        inputs.params.ignore("Kd", "Ks1", "Ks2", "Ks3", *numbers)
        return fields | {"preset": [name]}
    names = ("Kd", "Ks1", "Ks2", "Ks3", *numbers)
    return fields | {lux.lower(): inputs.value(lux) for lux in names}


FABRICS = {"wool_gabardine": "wool_garbardine"}  # the engine's spelling


def _cloth(maker: Maker) -> Fields:
    inputs = maker.inputs
    name = inputs.params.string("presetname")
    fields = inputs.fields("cloth", warp_kd="warp_Kd", warp_ks="warp_Ks", weft_kd="weft_Kd", weft_ks="weft_Ks")
    repeats = {n: [inputs.params.float(n)] for n in ("repeat_u", "repeat_v")}
    return fields | {"preset": [FABRICS.get(name, name)]} | repeats


def _scatter(maker: Maker) -> Fields:
    """A layer that scatters: Schlick's phase function sends (1 + k) / 2 of the light forward, through the surface."""
    inputs, draft = maker.inputs, maker.inputs.draft
    g = maths.clamp(draft, inputs.value("g"), -1.0, 1.0)
    cubic = maths.line(draft, maths.times(draft, g, g), -0.55, 1.55)
    k = maths.times(draft, g, cubic)
    kd = inputs.value("Kd")
    back = maths.times(draft, kd, maths.line(draft, k, -0.5, 0.5))
    forward = maths.times(draft, kd, maths.line(draft, k, 0.5, 0.5))
    rest = maths.subtract(draft, [1.0, 1.0, 1.0], back)  # the engine takes what passes as a share of this
    passed = maths.node(draft, "divide", texture1=forward, texture2=rest)
    return {"type": ["mattetranslucent"], "kr": back, "kt": passed}


def _exact(build: Build, notes: Notes | None = None) -> Row[Build]:
    return Row(build, Fidelity.EXACT, parameters=notes or {})


FILM = equivalent("a mirror with a film is glass that lets nothing in", "film", "filmindex")
NO_DISPERSION = approximated("not honoured: the engine's rough glass does not disperse", "dispersion") | ignored(
    "only beside dispersion, which is not honoured", "cauchyb"
)
PRESET = ignored("a preset by name rules over it", "Kd", "Ks1", "Ks2", "Ks3", "R1", "R2", "R3", "M1", "M2", "M3")

FINISHES: Mapping[str, Row[Build]] = {
    "matte": _exact(_matte),
    "mattetranslucent": Row(_mattetranslucent, Fidelity.EQUIVALENT, "transmission as a share of what is not reflected"),
    "mirror": _exact(_mirror, FILM),
    "glass": _exact(_glass),
    "glass2": _exact(_glass2),
    "roughglass": _exact(_roughglass, NO_DISPERSION),
    "metal": Row(_metal, Fidelity.EQUIVALENT, "metal2 with the same n and k"),
    "metal2": _exact(_metal2),
    "shinymetal": Row(
        _shinymetal,
        Fidelity.APPROXIMATED,
        "half rough metal, half mirror, each twice as bright, so that no more light is reflected than falls on it",
        FILM,
    ),
    "glossy": _exact(_glossy, approximated("as true: base and coat do not share what the coat lets pass", "separable")),
    "glossy_lossy": Row(_glossy_lossy, Fidelity.APPROXIMATED, "by 'glossy', which loses less of the light"),
    "glossytranslucent": _exact(_glossytranslucent),
    "carpaint": _exact(_carpaint),
    "cloth": _exact(_cloth),
    "velvet": _exact(_same("velvet", kd="Kd", p1="p1", p2="p2", p3="p3", thickness="thickness")),
    "scatter": Row(_scatter, Fidelity.APPROXIMATED, "as much light to either side, but spread as by a matte surface"),
    "null": _exact(lambda _maker: {"type": ["null"]}),
}
