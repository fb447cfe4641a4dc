"""Textures: asking for one, the plugins as rows, and the values of those that are constant.

A texture is translated when something asks for it, and what it is made of before it; one that nothing uses costs
nothing and warns of nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt

from lrnap.engine.luxcore import maths, spectra
from lrnap.engine.luxcore.blender import BLENDER
from lrnap.engine.luxcore.draft import (
    SUBSTITUTES,
    Draft,
    Fidelity,
    Fields,
    Inputs,
    Row,
    Value,
    entity_error,
    image_size,
    plain,
)
from lrnap.engine.luxcore.fresnel import FRESNEL
from lrnap.engine.luxcore.lamp_spectra import LAMPS
from lrnap.engine.luxcore.mappings import coordinates, flat
from lrnap.engine.luxcore.mixes import MIXES
from lrnap.engine.luxcore.patterns import PATTERNS
from lrnap.engine.luxcore.rows import Notes, approximated, ignored
from lrnap.lux.description import Entity, Texture

Build = Callable[[Inputs], Fields]
Fold = Callable[[Inputs], tuple[float, ...] | None]
Samples = npt.NDArray[np.float64]

IMAGE_NOTES = approximated("as bilinear: every sample is filtered by the picture itself", "filtertype") | ignored(
    "only how textures are filtered for speed: every sample is filtered by the picture itself",
    "maxanisotropy",
    "discardmipmaps",
)


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
    if fold is None:
        return None
    if name not in draft.constants:
        with draft.inside("texture", f"{name} (its value)"):
            draft.constants[name] = fold(Inputs(draft, found.entity, found.variant, found.transform))
    return draft.constants[name]


def _look_up(draft: Draft, name: str, by: Entity) -> Texture:
    found = draft.description.textures.get(name)
    if found is None:
        raise entity_error(by, f"there is no texture '{name}': define it before it is used")
    return found


def _translate(draft: Draft, found: Texture) -> Fields:
    inputs = Inputs(draft, found.entity, found.variant, found.transform)
    by = TEXTURES.get(found.entity.plugin)
    if by is None or (found.variant == "fresnel") != (found.entity.plugin in FRESNEL):
        if not (found.variant == "fresnel" and found.entity.plugin == "constant"):
            fields, why = SUBSTITUTES[f"{found.variant} texture"]
            inputs.warn(f"'{found.name}' cannot be rendered and is replaced ({why})")
            return fields
        by = TEXTURES["constant"]
    fields = by.build(inputs)
    draft.finish(inputs, by)
    return fields


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
    fields: Fields = {
        "type": ["imagemap"],
        "file": [inputs.needed(inputs.image, "filename")],
        "gamma": [gamma],
        "gain": [max(gain, 0.0) ** gamma],  # classic Lux multiplies before it decodes
        "wrap": [p.string("wrap")],
    }
    row = inputs.row("channel")
    if row is not None and not row.obsolete:
        channel = inputs.params.string("channel")
        fields |= {"channel": [channel]} if inputs.variant == "float" else {}
    return _white_around(inputs, fields) if fields["wrap"] == ["white"] else flat(inputs, fields)


def _white_around(inputs: Inputs, fields: Fields) -> Fields:
    """White outside an image, which the engine shows as red: black, and white by how much the image is not there."""
    draft = inputs.draft
    shown = maths.made(draft, flat(inputs, fields | {"wrap": ["black"]}))
    there: Value = [1.0]
    for value, size in zip(coordinates(inputs), image_size(str(fields["file"][0])), strict=True):
        for slope, offset in ((size, 0.5), (-size, size + 0.5)):  # interpolated over half a pixel to either side
            there = maths.times(draft, there, maths.clamp(draft, maths.line(draft, value, slope, offset), 0.0, 1.0))
    return {"type": ["add"], "texture1": shown, "texture2": maths.line(draft, there, -1.0, 1.0)}


def _normalmap(inputs: Inputs) -> Fields:
    return {"type": ["normalmap"], "texture": [inputs.draft.texture("normals", _image(inputs))]}


def _hitpointgrey(inputs: Inputs) -> Fields:
    channel = inputs.params.int("channel")
    return {"type": ["hitpointgrey"], "channel": [channel if channel in (0, 1, 2) else -1]}


def _colordepth(inputs: Inputs) -> Fields:
    return inputs.fields("colordepth", kt="Kt") | {"depth": [inputs.params.float("depth")]}


def _lampspectrum(inputs: Inputs) -> Fields:
    """The engine's is in cd/m2."""
    lamp: Fields = {"type": ["lampspectrum"], "name": [inputs.params.string("name")]}
    return {"type": ["scale"], "texture1": maths.made(inputs.draft, lamp), "texture2": [1.0 / spectra.L_UNIT]}


# ---- values of constant textures ---------------------------------------------------------------------------------


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
    path = inputs.needed(inputs.file, "filename")
    try:
        table = np.loadtxt(path, comments="#", ndmin=2)[:, :2]
    except (ValueError, IndexError, OSError) as error:
        raise entity_error(
            inputs.entity, f"'{inputs.spelled(path)}' is no table of wavelengths and values: {error}"
        ) from None
    return spectra.irregular(table[:, 0], table[:, 1])


def _columns(inputs: Inputs, numbers: str) -> tuple[Samples, Samples] | None:
    """The numbers of a list, and the values `tex1`, `tex2` ... that belong to them (n, 1 or 3); None if one varies."""
    size = {"float": 1, "color": 3}.get(inputs.variant, 0)
    given, values = inputs.params.floats(numbers), []
    for i in range(len(given)):
        name = f"tex{i + 1}"
        there = inputs.params.has(name, inputs.variant, "texture")
        value = inputs.constant(name) if there else (0.0,) * size
        if value is None or len(value) not in (1, size):
            return None
        values.append(value * size if len(value) == 1 else value)
    return (np.asarray(given, np.float64), np.asarray(values, np.float64)) if values and size else None


def _multimixed(inputs: Inputs) -> tuple[float, ...] | None:
    found = _columns(inputs, "weights")
    return None if found is None else tuple(float(x) for x in found[0] @ found[1])


def _banded(inputs: Inputs) -> tuple[float, ...] | None:
    found, amount = _columns(inputs, "offsets"), inputs.constant("amount")
    if found is None or amount is None:
        return None
    return tuple(float(np.interp(amount[0], found[0], column)) for column in found[1].T)


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
    "lampspectrum": lambda i: LAMPS[i.params.string("name")],
    "multimix": _multimixed,
    "band": _banded,
}
DRAWN = ("constant", "scale", "add", "subtract", "mix", "lampspectrum", "multimix", "band")  # by the engine itself


def _spectrum(plugin: str) -> Row[Build]:
    def build(inputs: Inputs) -> Fields:
        return _numbers(FOLDS[plugin](inputs) or (0.0, 0.0, 0.0))

    return Row(build, Fidelity.EQUIVALENT, "its colour, since the engine renders in RGB")


def _exact(build: Build, notes: Notes | None = None) -> Row[Build]:
    return Row(build, Fidelity.EXACT, parameters=notes or {})


TEXTURES: Mapping[str, Row[Build]] = {
    "constant": _exact(_constant),
    "imagemap": _exact(_image, IMAGE_NOTES),
    "normalmap": _exact(_normalmap, IMAGE_NOTES),
    **MIXES,
    **PATTERNS,
    "hitpointcolor": _exact(lambda _inputs: {"type": ["hitpointcolor"]}),
    "hitpointgrey": _exact(_hitpointgrey),
    "hitpointalpha": _exact(lambda _inputs: {"type": ["hitpointalpha"]}),
    "colordepth": _exact(_colordepth),
    "lampspectrum": _exact(_lampspectrum),
    **BLENDER,
    **{name: _spectrum(name) for name in FOLDS if name not in DRAWN},
    **FRESNEL,
}
