"""Textures: each plugin as a row, the two kinds of mapping, and the value of those that are constant.

A texture is translated when something asks for it, and what it is made of before it; one that nothing uses costs
nothing and warns of nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from lrnap.engine.luxcore import spectra
from lrnap.engine.luxcore.draft import (
    SUBSTITUTES,
    Draft,
    Fidelity,
    Fields,
    Inputs,
    Row,
    entity_error,
    inverse,
    matrix,
    plain,
)
from lrnap.lux.description import Entity, Matrix, Texture

Build = Callable[[Inputs], Fields]
Fold = Callable[[Inputs], tuple[float, ...] | None]

IMAGE_HARMLESS = ("maxanisotropy", "discardmipmaps", "trilinear")
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


# ---- asking for a texture ----------------------------------------------------------------------------------------


def texture(draft: Draft, name: str, by: Entity) -> str:
    """The engine's name of a texture, which is translated now if it was not yet."""
    found = _look_up(draft, name, by)

    def define() -> str:
        engine = draft.name("tex", name)
        draft.put(f"scene.textures.{engine}", _translate(draft, found))
        return engine

    return draft.once("texture", name, define)


def constant(draft: Draft, name: str, by: Entity) -> tuple[float, ...] | None:
    """One or three numbers if the texture is the same everywhere (light in units of `spectra.L_UNIT`), else None."""
    found = _look_up(draft, name, by)
    fold = FOLDS.get(found.entity.plugin)
    return fold(Inputs(draft, found.entity, found.variant)) if fold else None


def helper(draft: Draft, hint: str, fields: Fields) -> str:
    """A texture that the scene does not have but the translation needs."""
    name = draft.fresh("tex", hint)
    draft.put(f"scene.textures.{name}", fields)
    return name


def _look_up(draft: Draft, name: str, by: Entity) -> Texture:
    found = draft.description.textures.get(name)
    if found is None:
        raise entity_error(by, f"there is no texture '{name}': define it before it is used")
    return found


def _translate(draft: Draft, found: Texture) -> Fields:
    inputs = Inputs(draft, found.entity, found.variant)
    by = TEXTURES.get(found.entity.plugin)
    if by is None or (found.variant == "fresnel") != (found.entity.plugin in FRESNEL_PLUGINS):
        if not (found.variant == "fresnel" and found.entity.plugin == "constant"):
            fields, why = SUBSTITUTES[f"{found.variant} texture"]
            inputs.warn(f"'{found.name}' cannot be rendered and is replaced ({why})")
            return fields
        by = TEXTURES["constant"]
    fields = by.build(inputs)
    draft.finish(inputs, by)
    return fields


# ---- mappings ----------------------------------------------------------------------------------------------------


def mapping_2d(inputs: Inputs) -> Fields:
    """Which (u, v) a point has. The engine knows the mesh's own only."""
    p = inputs.params
    kind = p.string("mapping")
    if kind != "uv":
        inputs.warn(f"mapping '{kind}' is approximated: the mesh's own uv coordinates are used")
    return {
        "mapping.type": ["uvmapping2d"],
        "mapping.uvscale": [p.float("uscale"), p.float("vscale")],
        "mapping.uvdelta": [p.float("udelta"), p.float("vdelta")],
    }


COORDINATES = {
    "global": "globalmapping3d",
    "local": "localmapping3d",
    "uv": "uvmapping3d",
    "globalnormal": "globalmapping3d",
    "localnormal": "localmapping3d",
}


def mapping_3d(inputs: Inputs, *, scale: str = "scale") -> Fields:
    """Where in the pattern a point lies: world (or object, or uv) to texture."""
    p = inputs.params
    coordinates = p.string("coordinates")
    if coordinates.endswith("normal"):
        inputs.warn(f"coordinates '{coordinates}' are approximated by the position")
    place: Matrix = np.eye(4)
    found = next((t for t in inputs.draft.description.textures.values() if t.entity is inputs.entity), None)
    if found is not None and found.transform is not None and coordinates.startswith("global"):
        place = inverse(found.transform.matrix)
    if scale:
        place = place @ np.diag([*(1.0 / factor if factor else 1.0 for factor in p.vector(scale)), 1.0])
    for axis, angle in enumerate(p.vector("rotate")):
        place = place @ _rotation(axis, float(angle))
    shift = np.eye(4)
    shift[:3, 3] = -np.asarray(p.vector("translate"), np.float64)
    return {"mapping.type": [COORDINATES[coordinates]], "mapping.transformation": matrix(place @ shift)}


def _rotation(axis: int, degrees: float) -> Matrix:
    turn = np.eye(4)
    a, b = [i for i in range(3) if i != axis]
    if axis == 1:
        a, b = b, a
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    turn[a, a] = turn[b, b] = c
    turn[a, b], turn[b, a] = -s, s
    return turn


# ---- building ----------------------------------------------------------------------------------------------------


def _numbers(fields: tuple[float, ...]) -> Fields:
    return {"type": [f"constfloat{len(fields)}"], "value": plain(fields)}


def _constant(inputs: Inputs) -> Fields:
    if inputs.variant == "fresnel":
        return {"type": ["fresnelconst"], "n": [inputs.params.float("value")] * 3, "k": [0.0] * 3}
    return _numbers(inputs.numbers("value"))


def _image(inputs: Inputs) -> Fields:
    p = inputs.params
    gain, gamma = p.float("gain"), p.float("gamma")
    if p.string("filtertype") == "nearest":
        inputs.warn("filtertype 'nearest' is approximated by 'bilinear'")
    fields: Fields = {
        "type": ["imagemap"],
        "file": [inputs.image("filename") or _nothing(inputs, "filename")],
        "gamma": [gamma],
        "gain": [max(gain, 0.0) ** gamma],  # classic Lux multiplies before it decodes
        "wrap": [p.string("wrap")],
    }
    return fields | mapping_2d(inputs)


def _nothing(inputs: Inputs, name: str) -> str:
    raise entity_error(inputs.entity, f"no '{name}' is given: name the file to use")


def _imagemap(inputs: Inputs) -> Fields:
    channel = inputs.params.string("channel")
    return _image(inputs) | ({"channel": [channel]} if inputs.variant == "float" else {})


def _normalmap(inputs: Inputs) -> Fields:
    return {"type": ["normalmap"], "texture": [helper(inputs.draft, "normals", _image(inputs))]}


def _pair(engine_type: str) -> Build:
    return lambda inputs: inputs.fields(engine_type, texture1="tex1", texture2="tex2")


def _mix(inputs: Inputs) -> Fields:
    return inputs.fields("mix", amount="amount", texture1="tex1", texture2="tex2")


def _band(inputs: Inputs) -> Fields:
    fields = inputs.fields("band", amount="amount")
    for i, offset in enumerate(inputs.params.floats("offsets")):
        value = inputs.constant(f"tex{i + 1}")
        if value is None:
            inputs.warn(f"'tex{i + 1}' is approximated by grey: only constant textures can be banded")
            value = (0.5,)
        fields[f"offset{i}"] = [float(offset)]
        fields[f"value{i}"] = plain(value * 3 if len(value) == 1 else value)
    return fields


def _multimix(inputs: Inputs) -> Fields:
    """The sum of weight times texture, as a chain of additions."""
    total: list[object] = [0.0]
    for i, weight in enumerate(inputs.params.floats("weights")):
        scaled: Fields = {"type": ["scale"], "texture1": [float(weight)], "texture2": inputs.value(f"tex{i + 1}")}
        term = helper(inputs.draft, "weighted", scaled)
        total = [helper(inputs.draft, "sum", {"type": ["add"], "texture1": total, "texture2": [term]})]
    return {"type": ["add"], "texture1": total, "texture2": [0.0]}


def _bilerp(inputs: Inputs) -> Fields:
    return inputs.fields("bilerp", texture00="v00", texture01="v01", texture10="v10", texture11="v11")


def _checkerboard(inputs: Inputs) -> Fields:
    flat = inputs.params.int("dimension") == 2
    fields = inputs.fields("checkerboard2d" if flat else "checkerboard3d", texture1="tex1", texture2="tex2")
    return fields | (mapping_2d(inputs) if flat else mapping_3d(inputs))


BONDS = {"chain link": "ketting"}


def _brick(inputs: Inputs) -> Fields:
    p = inputs.params
    numbers = ("brickwidth", "brickheight", "brickdepth", "mortarsize", "brickrun", "brickbevel")
    fields = inputs.fields("brick", bricktex="bricktex", mortartex="mortartex", brickmodtex="brickmodtex")
    bond = p.string("brickbond")
    fields |= {"brickbond": [BONDS.get(bond, bond)]} | {name: [p.float(name)] for name in numbers}
    return fields | mapping_3d(inputs)


def _procedural(engine_type: str, *numbers: str) -> Build:
    """A pattern in space whose numbers have the same names in the engine."""

    def build(inputs: Inputs) -> Fields:
        fields: Fields = {"type": [engine_type]}
        fields |= {name: [_number(inputs, name)] for name in numbers}
        return fields | mapping_3d(inputs)

    return build


def _number(inputs: Inputs, name: str) -> float | int:
    whole = name in ("octaves", "spheres", "noisedepth", "nx", "ny", "nz")
    return inputs.params.int(name) if whole else inputs.params.float(name)


def _marble(inputs: Inputs) -> Fields:
    p = inputs.params
    fields: Fields = {"type": ["marble"], "octaves": [p.int("octaves")]}
    fields |= {name: [p.float(name)] for name in ("roughness", "scale", "variation")}
    return fields | mapping_3d(inputs, scale="")


def _densitygrid(inputs: Inputs) -> Fields:
    p = inputs.params
    size = [p.int(name) for name in ("nx", "ny", "nz")]
    density = plain(p.floats("density"))
    if min(size) < 1 or len(density) != size[0] * size[1] * size[2]:
        raise entity_error(
            inputs.entity, f"{len(density)} densities are given for a grid of {size[0]} x {size[1]} x {size[2]}"
        )
    fields: Fields = {"type": ["densitygrid"], "wrap": [p.string("wrap")], "data": density}
    return fields | dict(zip(("nx", "ny", "nz"), ([n] for n in size), strict=True)) | mapping_3d(inputs)


def _flat(engine_type: str, **engine_names: str) -> Build:
    """A pattern over uv."""
    return lambda inputs: inputs.fields(engine_type, **engine_names) | mapping_2d(inputs)


def _hitpointgrey(inputs: Inputs) -> Fields:
    channel = inputs.params.int("channel")
    return {"type": ["hitpointgrey"], "channel": [channel if channel in (0, 1, 2) else -1]}


def _colordepth(inputs: Inputs) -> Fields:
    return inputs.fields("colordepth", kt="Kt") | {"depth": [inputs.params.float("depth")]}


def _lampspectrum(inputs: Inputs) -> Fields:
    return {"type": ["lampspectrum"], "name": [inputs.params.string("name")]}


# ---- Blender's patterns: engine names -> (the scene's name, how to write it) ----------------------------------------


def _blender(engine_type: str, **engine_names: str) -> Build:
    """A pattern of Blender: `tex1` where it is 0 and `tex2` where it is 1."""

    def build(inputs: Inputs) -> Fields:
        fields: Fields = {"type": [engine_type]}
        for engine, lux in {"bright": "bright", "contrast": "contrast", **engine_names}.items():
            fields[engine] = [_word_or_number(inputs, lux)]
        if engine_type != "blender_noise":
            fields |= mapping_3d(inputs)
        low, high = inputs.constant("tex1"), inputs.constant("tex2")
        if low is not None and high is not None and set(low) == {0.0} and set(high) == {1.0}:
            return fields
        amount = helper(inputs.draft, engine_type, fields)
        return inputs.fields("mix", texture1="tex1", texture2="tex2") | {"amount": [amount]}

    return build


WORDS = ("noisetype", "noisebasis", "noisebasis2", "type", "distmetric")


def _word_or_number(inputs: Inputs, name: str) -> str | float | int:
    if name == "flipxy":
        return "vertical" if inputs.params.bool(name) else "horizontal"
    if name in WORDS:
        word = inputs.params.string(name).lower().replace(" ", "_").replace("minkovsky", "minkowski")
        return BLEND_TYPES.get(word, NOISE.get(word, word))
    return _number(inputs, name)


# ---- fresnel -----------------------------------------------------------------------------------------------------


def cauchy(inputs: Inputs) -> tuple[float, float]:
    """Cauchy's A and B (um2): index = A + B / wavelength**2. `index` is that in the middle of the visible range."""
    p = inputs.params
    b = p.float("cauchyb")
    index = p.float("index") if p.has("index") else -1.0
    if p.has("cauchya"):
        return p.float("cauchya"), b
    return (index - b * 1e6 / (720.0 * 380.0) if index > 0 else 1.5), b


def _cauchy(inputs: Inputs) -> Fields:
    a, b = cauchy(inputs)
    return {"type": ["fresnelcauchy"], "a": [a], "b": [b]}


def _sellmeier(inputs: Inputs) -> Fields:
    p = inputs.params
    b, c = plain(p.floats("B")), plain(p.floats("C"))
    if len(b) != len(c):
        raise entity_error(inputs.entity, f"'B' has {len(b)} values and 'C' has {len(c)}: give as many of both")
    first, second = (spectra.sellmeier(p.float("A"), b, c, line) for line in (0.48613, 0.65627))
    a, slope = spectra.cauchy_fit(first, second)
    return {"type": ["fresnelcauchy"], "a": [a], "b": [slope]}


def _abbe(inputs: Inputs) -> Fields:
    """Abbe's number as Cauchy's A and B: V = (n - 1) / (n(F) - n(C)), at the lines that `type` names."""
    p = inputs.params
    lines = {"d": (0.58756, 0.48613, 0.65627), "D": (0.58929, 0.48613, 0.65627), "e": (0.54607, 0.47999, 0.64385)}
    mode = p.string("type")
    if mode == "custom":
        middle, blue, red = (p.float(f"lambda_{c}") / 1000.0 for c in "DFC")
    else:
        middle, blue, red = lines[mode]
    n = p.float("n")
    b = (n - 1.0) / (p.float("V") * (blue**-2 - red**-2))
    return {"type": ["fresnelcauchy"], "a": [n - b / middle**2], "b": [b]}


def _nk_file(inputs: Inputs) -> Fields:
    return _nk(inputs, inputs.file("filename") or _nothing(inputs, "filename"))


def _nk(inputs: Inputs, path: str) -> Fields:
    """An .nk file of either kind: sopra's begins with four numbers in a line, luxpop's has three in all."""
    try:
        lines = Path(path).read_text("latin-1").splitlines()
        rows = [
            [float(word) for word in line.split()] for line in lines if line.strip() and line.lstrip()[0] not in ";#"
        ]
    except (OSError, ValueError) as error:
        raise entity_error(inputs.entity, f"'{path}' is no table of n and k: {error}") from None
    if rows and len(rows[0]) == 4 and all(len(row) == 2 for row in rows[1:]) and len(rows) == rows[0][3] + 2:
        return {"type": ["fresnelsopra"], "file": [path]}
    if len(rows) >= 2 and all(len(row) == 3 for row in rows):
        return {"type": ["fresnelluxpop"], "file": [path]}
    raise entity_error(inputs.entity, f"'{path}' is no table of n and k, neither of sopra's nor of luxpop's kind")


METALS = ("amorphous carbon", "silver", "gold", "copper", "aluminium")


def preset(inputs: Inputs) -> Fields:
    """A metal by name, or by an .nk file."""
    p = inputs.params
    path = inputs.file("filename") if p.has("filename") else None
    name = p.string("name", "")
    if path is None and name not in METALS and name in inputs.draft.files:
        path = inputs.file("name")
    if path is not None:
        return _nk(inputs, path)
    if name not in METALS:
        inputs.warn(f"there is no metal '{name}': aluminium is used, as classic Lux does")
        name = "aluminium"
    return {"type": ["fresnelpreset"], "name": [name]}


# ---- values of constant textures ------------------------------------------------------------------------------------


def _together(combine: Callable[..., float], *names: str) -> Fold:
    def fold(inputs: Inputs) -> tuple[float, ...] | None:
        values = [inputs.constant(name) for name in names]
        if any(v is None for v in values):
            return None
        size = max(len(v) for v in values if v)
        columns = [v * size if len(v) == 1 else v for v in values if v]
        return tuple(combine(*column) for column in zip(*columns, strict=True))

    return fold


def _irregular(inputs: Inputs) -> tuple[float, ...]:
    wavelengths, data = inputs.params.floats("wavelengths"), inputs.params.floats("data")
    if len(wavelengths) != len(data) or len(data) < 2:
        raise entity_error(inputs.entity, f"{len(wavelengths)} wavelengths are given for {len(data)} values")
    return spectra.irregular(np.asarray(wavelengths, np.float64), np.asarray(data, np.float64))


def _regular(inputs: Inputs) -> tuple[float, ...]:
    data = np.asarray(inputs.params.floats("data"), np.float64)
    if not data.size:
        raise entity_error(inputs.entity, "no 'data' is given")
    return spectra.irregular(np.linspace(inputs.params.float("start"), inputs.params.float("end"), len(data)), data)


def _tabulated(inputs: Inputs) -> tuple[float, ...]:
    path = inputs.file("filename") or _nothing(inputs, "filename")
    try:
        table = np.loadtxt(path, comments="#", ndmin=2)[:, :2]
    except (ValueError, IndexError, OSError) as error:
        raise entity_error(inputs.entity, f"'{path}' is no table of wavelengths and values: {error}") from None
    return spectra.irregular(table[:, 0], table[:, 1])


FOLDS: Mapping[str, Fold] = {
    "constant": lambda i: i.numbers("value"),
    "scale": _together(lambda a, b: a * b, "tex1", "tex2"),
    "add": _together(lambda a, b: a + b, "tex1", "tex2"),
    "subtract": _together(lambda a, b: a - b, "tex1", "tex2"),
    "mix": _together(lambda a, b, amount: a + (b - a) * amount, "tex1", "tex2", "amount"),
    "blackbody": lambda i: spectra.blackbody(i.params.float("temperature")),
    "equalenergy": lambda i: spectra.illuminant(np.full_like(spectra.WAVELENGTHS, i.params.float("energy"))),
    "gaussian": lambda i: spectra.gaussian(*(i.params.float(n) for n in ("wavelength", "width", "energy"))),
    "frequency": lambda i: spectra.frequency(*(i.params.float(n) for n in ("freq", "phase", "energy"))),
    "irregulardata": _irregular,
    "regulardata": _regular,
    "tabulateddata": _tabulated,
}


def _spectrum(plugin: str) -> Row[Build]:
    def build(inputs: Inputs) -> Fields:
        return _numbers(FOLDS[plugin](inputs) or (0.0, 0.0, 0.0))

    return Row(build, Fidelity.EQUIVALENT, "its colour, since the engine renders in RGB")


def _exact(build: Build, *harmless: str) -> Row[Build]:
    return Row(build, Fidelity.EXACT, harmless=harmless)


FRESNEL: Mapping[str, Row[Build]] = {
    "fresnelcolor": _exact(lambda i: i.fields("fresnelcolor", kr="Kr")),
    "cauchy": _exact(_cauchy),
    "abbe": Row(_abbe, Fidelity.EQUIVALENT, "as Cauchy's formula"),
    "sellmeier": Row(_sellmeier, Fidelity.APPROXIMATED, "Cauchy's formula through the index at 486 and 656 nm"),
    "sopra": _exact(_nk_file),
    "luxpop": _exact(_nk_file),
    "preset": _exact(preset),
    "fresnelname": _exact(preset),
}
FRESNEL_PLUGINS = frozenset(FRESNEL)

TEXTURES: Mapping[str, Row[Build]] = {
    "constant": _exact(_constant),
    "imagemap": _exact(_imagemap, *IMAGE_HARMLESS),
    "normalmap": _exact(_normalmap, *IMAGE_HARMLESS),
    "add": _exact(_pair("add")),
    "subtract": _exact(_pair("subtract")),
    "scale": _exact(_pair("scale")),
    "mix": _exact(_mix),
    "band": _exact(_band),
    "multimix": Row(_multimix, Fidelity.EQUIVALENT, "a chain of additions"),
    "bilerp": _exact(_bilerp),
    "checkerboard": _exact(_checkerboard, "aamode"),
    "dots": _exact(_flat("dots", inside="inside", outside="outside")),
    "uv": _exact(_flat("uv")),
    "windy": _exact(_procedural("windy")),
    "fbm": _exact(_procedural("fbm", "octaves", "roughness")),
    "wrinkled": _exact(_procedural("wrinkled", "octaves", "roughness")),
    "marble": _exact(_marble),
    "brick": _exact(_brick),
    "cloud": _exact(
        _procedural(
            "cloud",
            *("radius", "noisescale", "turbulence", "sharpness", "noiseoffset", "spheres", "octaves", "omega"),
            *("variability", "baseflatness", "spheresize"),
        )
    ),
    "densitygrid": _exact(_densitygrid),
    "hitpointcolor": _exact(lambda _inputs: {"type": ["hitpointcolor"]}),
    "hitpointgrey": _exact(_hitpointgrey),
    "hitpointalpha": _exact(lambda _inputs: {"type": ["hitpointalpha"]}),
    "colordepth": _exact(_colordepth),
    "lampspectrum": _exact(_lampspectrum),
    "blender_blend": _exact(_blender("blender_blend", progressiontype="type", direction="flipxy")),
    "blender_clouds": _exact(
        _blender(
            "blender_clouds",
            noisetype="noisetype",
            noisebasis="noisebasis",
            noisesize="noisesize",
            noisedepth="noisedepth",
        )
    ),
    "blender_distortednoise": _exact(
        _blender(
            "blender_distortednoise",
            noise_distortion="type",
            noisebasis="noisebasis",
            noisesize="noisesize",
            distortion="distamount",
        ),
        "nabla",
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
    "blender_noise": _exact(_blender("blender_noise", noisedepth="noisedepth")),
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
        "nabla",
        "coltype",
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
    **{name: _spectrum(name) for name in FOLDS if name not in ("constant", "scale", "add", "subtract", "mix")},
    **FRESNEL,
}
