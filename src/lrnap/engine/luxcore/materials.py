"""Materials: each plugin as a row; and what a shape adds to its material: light, volumes.

The engine keeps emission and volumes with the material, classic Lux with the shape. So a material is written once for
each combination that shapes ask for (`Surface`); most ask for none.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from lrnap.engine.luxcore.draft import SUBSTITUTES, Draft, Fidelity, Fields, Inputs, Row, Value, entity_error
from lrnap.engine.luxcore.fresnel import of_metal, preset
from lrnap.engine.luxcore.volumes import SODIUM, dispersion, volume
from lrnap.lux.description import Entity

MATTE = Entity("material", "matte")  # what shapes without material are made of


@dataclass(frozen=True, slots=True)
class Surface:
    """What a shape adds to its material. `emission`: properties of the light it gives, as a tuple to be compared."""

    emission: tuple[tuple[str, tuple[object, ...]], ...] = ()
    interior: str | None = None
    exterior: str | None = None


PLAIN = Surface()


@dataclass(slots=True)
class Maker:
    """What a row gets: the material's inputs, and the surface it is made for."""

    inputs: Inputs
    surface: Surface

    def other(self, parameter: str) -> str:
        """The engine's name of the material that a parameter names, for the same volumes and without light."""
        name = self.inputs.params.string(parameter, "")
        if not name:
            raise entity_error(self.inputs.entity, f"no '{parameter}' is given: name a material")
        inside = Surface(interior=self.surface.interior, exterior=self.surface.exterior)
        return material(self.inputs.draft, name, inside, self.inputs.entity)


Build = Callable[[Maker], Fields]


def material(draft: Draft, name: str | None, surface: Surface = PLAIN, by: Entity = MATTE) -> str:
    """The engine's name of a material for such surfaces, which is translated now if it was not yet."""
    entity = MATTE if name is None else draft.description.materials.get(name)
    if entity is None:
        raise entity_error(by, f"there is no material '{name}': define it with MakeNamedMaterial")
    spelled = "default" if name is None else name
    key = spelled if surface == PLAIN else f"{spelled} {surface}"

    def define() -> str:
        fields = _translate(draft, entity, surface)  # before the name, so that what it is made of comes first
        engine = draft.name("mat", spelled) if surface == PLAIN else draft.fresh("mat", spelled)
        draft.put(f"scene.materials.{engine}", fields)
        return engine

    return draft.once("material", key, define)


def _translate(draft: Draft, entity: Entity, surface: Surface) -> Fields:
    inputs = Inputs(draft, entity)
    row = MATERIALS.get(inputs.plugin)
    if row is None:
        substitute, why = SUBSTITUTES["material"]
        inputs.warn(f"cannot be rendered and is replaced ({why})")
        fields = dict(substitute)
    else:
        fields = row.build(Maker(inputs, surface))
        if fields["type"] != ["null"]:
            fields |= _bump(inputs)
        elif surface.emission:
            fields = _glowing_nothing(inputs)
        fields |= _compositing(inputs)
        draft.finish(inputs, row)
    fields |= {f"emission{key}": list(value) for key, value in surface.emission}
    for side in ("interior", "exterior"):
        filled_with: str | None = getattr(surface, side)
        if filled_with is not None:
            fields[f"volume.{side}"] = [volume(draft, filled_with, entity)]
    return fields


def _glowing_nothing(inputs: Inputs) -> Fields:
    """Null that gives light: black from the front, and from behind not there."""
    inputs.warn("with an area light is approximated: seen from the front it hides what is behind")
    return {"type": ["matte"], "kd": [0.0, 0.0, 0.0], "transparency.back": [0.0]}


def _bump(inputs: Inputs) -> Fields:
    if inputs.params.texture("bumpmap") is None:
        inputs.params.ignore("bumpmapsampledistance")
        return {}
    distance = inputs.params.float("bumpmapsampledistance")
    bump = inputs.value("bumpmap")
    found = inputs.draft.description.textures[str(inputs.params.texture("bumpmap"))]
    if found.entity.plugin != "normalmap":
        # By itself the engine leaves the scale of an image's uv mapping out of the slope. What it has no formula for,
        # as for a clamped texture, it measures over the sample distance, as classic Lux does.
        unlimited = {"type": ["clamp"], "texture": bump, "min": [-1e30], "max": [1e30]}
        bump = [inputs.draft.texture("bump", unlimited)]
    return {"bumptex": bump, "bumpsamplingdistance": [distance]}


def _compositing(inputs: Inputs) -> Fields:
    """The `compo_` parameters, which are almost always given and almost never set."""
    p = inputs.params
    for name, usual in COMPOSITING.items():
        if p.has(name, "bool") and p.bool(name) != usual:
            inputs.warn(f"parameter 'bool {name}' is not honoured")
    p.ignore(*COMPOSITING, "compo_override_alpha_value")
    return {}


COMPOSITING = {
    "compo_visible_material": True,
    "compo_visible_emission": True,
    "compo_visible_indirect_material": True,
    "compo_visible_indirect_emission": True,
    "compo_override_alpha": False,
}


# ---- the plugins ---------------------------------------------------------------------------------------------------


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
    inputs = maker.inputs
    if inputs.constant("film") != (0.0,):
        inputs.warn("parameter 'film' is not honoured: the engine's mirror has no thin film")
    inputs.params.ignore("filmindex")
    return inputs.fields("mirror", kr="Kr")


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
    if inputs.params.bool("dispersion") and inputs.constant("cauchyb") != (0.0,):
        inputs.warn("dispersion by 'cauchyb' is not honoured: the engine's rough glass has none")
    inputs.params.ignore("cauchyb")
    return fields | {"interiorior": inputs.value("index")}


def _metal(maker: Maker) -> Fields:
    fields = maker.inputs.fields("metal2", **ROUGH)
    return fields | {"fresnel": [maker.inputs.draft.texture("metal", preset(maker.inputs))]}


def _metal2(maker: Maker) -> Fields:
    inputs = maker.inputs
    return inputs.fields("metal2", **ROUGH) | of_metal(inputs)


def _shinymetal(maker: Maker) -> Fields:
    """The sum of a rough metal and a mirror: half of each, twice as bright."""
    inputs, draft = maker.inputs, maker.inputs.draft
    _mirror_film(inputs)
    halves = []
    for parameter, fields in (("Ks", inputs.fields("metal2", **ROUGH)), ("Kr", inputs.fields("mirror"))):
        double = draft.texture("double", {"type": ["scale"], "texture1": inputs.value(parameter), "texture2": [2.0]})
        limited = draft.texture("most", {"type": ["clamp"], "texture": [double], "min": [0.0], "max": [0.999]})
        if fields["type"] == ["mirror"]:
            fields["kr"] = [limited]
        else:
            fields["fresnel"] = [draft.texture("metal", {"type": ["fresnelcolor"], "kr": [limited]})]
        halves.append(draft.fresh("mat", "half"))
        draft.put(f"scene.materials.{halves[-1]}", fields)
    return {"type": ["mix"], "material1": [halves[0]], "material2": [halves[1]], "amount": [0.5]}


def _mirror_film(inputs: Inputs) -> None:
    if inputs.constant("film") != (0.0,):
        inputs.warn("parameter 'film' is not honoured: the engine's metal has no thin film")
    inputs.params.ignore("filmindex")


def _multibounce(inputs: Inputs) -> Fields:
    return {"multibounce": [inputs.params.bool("multibounce")]}


def _glossy(maker: Maker) -> Fields:
    inputs = maker.inputs
    if not inputs.params.bool("separable"):
        inputs.warn("separable 'false' is approximated by 'true'")
    sigma = _sigma(inputs)
    if sigma is None:
        return inputs.fields("glossy2", kd="Kd", **COAT) | _multibounce(inputs)
    base = inputs.draft.fresh("mat", "base")
    inputs.draft.put(f"scene.materials.{base}", inputs.fields("roughmatte", kd="Kd") | {"sigma": sigma})
    return inputs.fields("glossycoating", **COAT) | {"base": [base]} | _multibounce(inputs)


def _glossycoating(maker: Maker) -> Fields:
    base = maker.other("basematerial")
    return maker.inputs.fields("glossycoating", **COAT) | {"base": [base]} | _multibounce(maker.inputs)


def _glossytranslucent(maker: Maker) -> Fields:
    inputs = maker.inputs
    back = "" if inputs.params.bool("onesided") else "backface_"
    fields = inputs.fields("glossytranslucent", kd="Kd", kt="Kt", **COAT) | _multibounce(inputs)
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


def _mix(maker: Maker) -> Fields:
    first, second = maker.other("namedmaterial1"), maker.other("namedmaterial2")
    return maker.inputs.fields("mix", amount="amount") | {"material1": [first], "material2": [second]}


def _layered(maker: Maker) -> Fields:
    """Each layer covers what is under it by its opacity; the lowest is opaque."""
    inputs, draft = maker.inputs, maker.inputs.draft
    given = [i for i in (1, 2, 3, 4) if inputs.params.has(f"namedmaterial{i}")]
    if not given:
        raise entity_error(inputs.entity, "no 'namedmaterial1' is given: name a material")
    below = maker.other(f"namedmaterial{given[-1]}")
    inputs.params.ignore(f"opacity{given[-1]}")
    fields: Fields = {"type": ["mix"], "material1": [below], "material2": [below], "amount": [1.0]}
    for i in reversed(given[:-1]):
        top = maker.other(f"namedmaterial{i}")
        fields = {"type": ["mix"], "material1": [below], "material2": [top], "amount": inputs.value(f"opacity{i}")}
        if i != given[0]:
            below = draft.fresh("mat", "layer")
            draft.put(f"scene.materials.{below}", fields)
    return fields


def _doubleside(maker: Maker) -> Fields:
    p = maker.inputs.params
    if not p.bool("usefrontforfront") or not p.bool("usefrontforback"):
        maker.inputs.warn("'usefrontforfront' and 'usefrontforback' are not honoured when false")
    front, back = maker.other("frontnamedmaterial"), maker.other("backnamedmaterial")
    return {"type": ["twosided"], "frontmaterial": [front], "backmaterial": [back]}


def _scatter(maker: Maker) -> Fields:
    kd = maker.inputs.value("Kd")
    half = [x / 2 for x in kd] if isinstance(kd[0], float) else None
    if half is None:
        halved = {"type": ["scale"], "texture1": kd, "texture2": [0.5]}
        half = [maker.inputs.draft.texture("half", halved)]
    # What passes is a share of what is not reflected: equal amounts of both.
    rest = maker.inputs.draft.texture("rest", {"type": ["subtract"], "texture1": [1.0] * 3, "texture2": half})
    passed = maker.inputs.draft.texture("passed", {"type": ["divide"], "texture1": half, "texture2": [rest]})
    return {"type": ["mattetranslucent"], "kr": half, "kt": [passed]}


def _exact(build: Build) -> Row[Build]:
    return Row(build, Fidelity.EXACT)


MATERIALS: Mapping[str, Row[Build]] = {
    "matte": _exact(_matte),
    "mattetranslucent": Row(_mattetranslucent, Fidelity.EQUIVALENT, "transmission as a share of what is not reflected"),
    "mirror": _exact(_mirror),
    "glass": _exact(_glass),
    "glass2": _exact(_glass2),
    "roughglass": _exact(_roughglass),
    "metal": Row(_metal, Fidelity.EQUIVALENT, "metal2 with the same n and k"),
    "metal2": _exact(_metal2),
    "shinymetal": Row(_shinymetal, Fidelity.APPROXIMATED, "half rough metal, half mirror, each twice as bright"),
    "glossy": _exact(_glossy),
    "glossy_lossy": Row(_same("glossy2", kd="Kd", **COAT), Fidelity.APPROXIMATED, "'glossy'"),
    "glossycoating": _exact(_glossycoating),
    "glossytranslucent": _exact(_glossytranslucent),
    "carpaint": _exact(_carpaint),
    "cloth": _exact(_cloth),
    "velvet": _exact(_same("velvet", kd="Kd", p1="p1", p2="p2", p3="p3", thickness="thickness")),
    "mix": _exact(_mix),
    "layered": Row(_layered, Fidelity.APPROXIMATED, "a mix by opacity"),
    "doubleside": Row(_doubleside, Fidelity.EQUIVALENT, "the engine's twosided"),
    "scatter": Row(_scatter, Fidelity.APPROXIMATED, "as much light reflected as transmitted, all diffuse"),
    "null": _exact(lambda _maker: {"type": ["null"]}),
}
