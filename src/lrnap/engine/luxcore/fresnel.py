"""Fresnel textures: how much metals and glasses reflect, by name, file, colour or formula."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lrnap.engine.luxcore import maths, spectra
from lrnap.engine.luxcore.draft import Draft, Fidelity, Fields, Inputs, Row, Value, entity_error, plain
from lrnap.engine.luxcore.mixes import MIXES
from lrnap.engine.luxcore.patterns import PATTERNS
from lrnap.lux.description import Entity

Build = Callable[[Inputs], Fields]


def cauchy(inputs: Inputs) -> tuple[float, float]:
    """Cauchy's A and B (um2): index = A + B / wavelength**2. `index` is that in the middle of the visible range."""
    p = inputs.params
    b = p.float("cauchyb")
    index = p.float("index") if p.has("index") else -1.0
    if p.has("cauchya"):
        p.ignore("index")
        return p.float("cauchya"), b
    return (index - b * 1e6 / (720.0 * 380.0) if index > 0 else 1.5), b


def indices(inputs: Inputs) -> tuple[float, ...] | None:
    """The index of refraction in red, green and blue of a texture that is a formula or a number; None for others."""
    formula = FORMULAS.get(inputs.plugin)
    return None if formula is None else tuple(formula(inputs, micrometres) for micrometres in RGB_WAVELENGTHS)


def _by_cauchy(inputs: Inputs, micrometres: float) -> float:
    a, b = cauchy(inputs)
    return a + b / micrometres**2


def _by_sellmeier(inputs: Inputs, micrometres: float) -> float:
    p = inputs.params
    b, c = plain(p.floats("B")), plain(p.floats("C"))
    if len(b) != len(c):
        raise entity_error(inputs.entity, f"'B' has {len(b)} values and 'C' has {len(c)}: give as many of both")
    return spectra.sellmeier(p.float("A"), b, c, micrometres)


def _by_abbe(inputs: Inputs, micrometres: float) -> float:
    """Abbe's number as Cauchy's A and B: V = (n - 1) / (n(F) - n(C)), at the lines that `type` names."""
    p = inputs.params
    lines = {"d": (0.58756, 0.48613, 0.65627), "D": (0.58929, 0.48613, 0.65627), "e": (0.54607, 0.47999, 0.64385)}
    mode = p.string("type")
    if mode == "custom":
        middle, blue, red = (p.float(f"lambda_{c}") / 1000.0 for c in "DFC")
    else:
        middle, blue, red = lines[mode]
        p.ignore("lambda_D", "lambda_F", "lambda_C")
    n, v = p.float("n"), p.float("V")
    if v == 0.0 or blue == red:
        raise entity_error(inputs.entity, "'V' is 0, or the lines F and C are the same: there is no such glass")
    b = (n - 1.0) / (v * (blue**-2 - red**-2))
    return n - b / middle**2 + b / micrometres**2


# Where the engine's red, green and blue lie (um): there Cauchy's formula gives what the engine makes of it.
RGB_WAVELENGTHS = (0.6546, 0.5455, 0.4411)
FORMULAS: Mapping[str, Callable[[Inputs, float], float]] = {
    "constant": lambda inputs, _micrometres: inputs.params.float("value"),
    "cauchy": _by_cauchy,
    "sellmeier": _by_sellmeier,
    "abbe": _by_abbe,
}


def _formula(inputs: Inputs) -> Fields:
    return _dielectric(indices(inputs) or ())


def _dielectric(n: tuple[float, ...]) -> Fields:
    return {"type": ["fresnelconst"], "n": list(n), "k": [0.0, 0.0, 0.0]}


def _nk_file(inputs: Inputs) -> Fields:
    return _nk(inputs, inputs.needed(inputs.file, "filename"))


def _nk(inputs: Inputs, path: str) -> Fields:
    """An .nk file of either kind: sopra's begins with four numbers in a line, luxpop's has three in all."""
    return {"type": [f"fresnel{_table(inputs, path)[0]}"], "file": [path]}


def _table(inputs: Inputs, path: str) -> tuple[str, list[list[float]]]:
    """The kind of an .nk file, and its rows: wavelength (nm), n, k."""
    shown = inputs.spelled(path)
    try:
        lines = Path(path).read_text("latin-1").splitlines()
        rows = [
            [float(word) for word in line.split()] for line in lines if line.strip() and line.lstrip()[0] not in ";#"
        ]
    except (OSError, ValueError) as error:
        raise entity_error(inputs.entity, f"'{shown}' is no table of n and k: {error}") from None
    if rows and len(rows[0]) == 4 and all(len(row) == 2 for row in rows[1:]) and len(rows) == rows[0][3] + 2:
        kind, table = "sopra", _sopra(rows)
    elif len(rows) >= 2 and all(len(row) == 3 for row in rows):
        kind, table = "luxpop", [[angstroms / 10.0, n, k] for angstroms, n, k in rows]
    else:
        raise entity_error(inputs.entity, f"'{shown}' is no table of n and k, neither of sopra's nor of luxpop's kind")
    if not any(380.0 <= row[0] <= 780.0 for row in table):
        raise entity_error(
            inputs.entity,
            f"'{shown}' says nothing of visible light: a luxpop table gives wavelengths in angstroms",
        )
    return kind, table


def _sopra(rows: list[list[float]]) -> list[list[float]]:
    """Evenly spaced in a unit that the first number names: eV, um, 1/cm or nm."""
    unit, first, last, steps = rows[0]
    table = []
    for i, (n, k) in enumerate(rows[1:]):
        x = first + (last - first) * i / max(steps, 1.0)
        nanometres = {1.0: 1239.84 / x, 2.0: 1e3 * x, 3.0: 1e7 / x}.get(unit, x) if x else 0.0
        table.append([nanometres, n, k])
    return sorted(table)


# ---- as two textures, n and k --------------------------------------------------------------------------------------


@dataclass(slots=True)
class Side(Inputs):
    """The inputs of a fresnel texture that is made of others, seen as n (side 0) or as k (side 1)."""

    side: int = 0

    def value(self, name: str) -> Value:
        parameter = self.row(name)
        if parameter is None or not parameter.type.startswith("variant"):
            return Inputs.value(self, name)
        given = self.params.texture(name)
        if given is not None:
            self.check_variant(name, given)
            return parts(self.draft, given, self.entity)[self.side]
        number = self.params.float(name)
        return [0.0 if self.side else number]


def parts(draft: Draft, name: str, by: Entity) -> tuple[Value, Value]:
    """n and k of a fresnel texture, each as numbers or a texture."""
    found = draft.description.textures.get(name)
    if found is None:
        raise entity_error(by, f"there is no texture '{name}': define it before it is used")
    inputs = Inputs(draft, found.entity, "fresnel", found.transform)
    plugin = inputs.plugin
    if plugin in MIXED:
        with draft.inside("texture", name):
            sides = [Side(draft, found.entity, "fresnel", found.transform, side=side) for side in (0, 1)]
            n, k = (maths.made(draft, MIXED[plugin].build(side)) for side in sides)
        draft.finish(sides[0], MIXED[plugin])
        return n, k
    known = indices(inputs)
    if known is not None:
        return [*known], [0.0]
    if plugin == "fresnelcolor":
        kr = inputs.value("Kr")
        return maths.node(draft, "fresnelapproxn", texture=kr), maths.node(draft, "fresnelapproxk", texture=kr)
    if plugin in ("sopra", "luxpop"):
        return _in_rgb(_table(inputs, inputs.needed(inputs.file, "filename"))[1])
    path, metal = _preset(inputs)
    if path is not None:
        return _in_rgb(_table(inputs, path)[1])
    return [*METALS[metal][0]], [*METALS[metal][1]]


def of_metal(inputs: Inputs) -> Fields:
    """What the engine's metals get: a fresnel texture, or n and k where it is made of others."""
    given = inputs.params.texture("fresnel")
    if given is None:
        return {"fresnel": maths.made(inputs.draft, _dielectric((inputs.params.float("fresnel"),) * 3))}
    inputs.check_variant("fresnel", given)
    found = inputs.draft.description.textures.get(given)
    if found is not None and found.entity.plugin in MIXED:
        n, k = parts(inputs.draft, given, inputs.entity)
        return {"n": n, "k": k}
    return {"fresnel": inputs.value("fresnel")}


def _in_rgb(table: list[list[float]]) -> tuple[Value, Value]:
    wavelengths, n, k = np.array(table).T
    asked = np.array(RGB_WAVELENGTHS) * 1000.0
    return plain(np.interp(asked, wavelengths, n)), plain(np.interp(asked, wavelengths, k))


# n and k in red, green and blue, as the engine has them for the metals that it knows by name.
METALS: Mapping[str, tuple[tuple[float, ...], tuple[float, ...]]] = {
    "amorphous carbon": ((2.450182, 2.35089, 2.168346), (0.7292154, 0.8435424, 0.8962982)),
    "silver": ((0.1295209, 0.1223102, 0.1516005), (4.064717, 3.300159, 2.377164)),
    "gold": ((0.09812042, 0.3736585, 1.57058), (3.353643, 2.526033, 1.767798)),
    "copper": ((0.1121254, 0.9801518, 1.210294), (3.311729, 2.575431, 2.362716)),
    "aluminium": ((1.411617, 0.9282954, 0.5786613), (7.737687, 6.621731, 5.341959)),
}


def preset(inputs: Inputs) -> Fields:
    """A metal by name, or by an .nk file."""
    path, name = _preset(inputs)
    return _nk(inputs, path) if path is not None else {"type": ["fresnelpreset"], "name": [name]}


def _preset(inputs: Inputs) -> tuple[str | None, str]:
    """The file of a metal, or its name."""
    p = inputs.params
    path = inputs.file("filename") if p.has("filename") else None
    name = p.string("name", "")
    if path is None and name not in METALS and name in inputs.draft.files:
        path = inputs.file("name")
    if path is None and name not in METALS:
        inputs.warn(f"there is no metal '{name}': aluminium is used, as classic Lux does")
        name = "aluminium"
    return path, name


def _exact(build: Build) -> Row[Build]:
    return Row(build, Fidelity.EXACT)


FRESNEL: Mapping[str, Row[Build]] = {
    "fresnelcolor": _exact(lambda i: i.fields("fresnelcolor", kr="Kr")),
    "cauchy": _exact(_formula),
    "abbe": Row(_formula, Fidelity.EQUIVALENT, "its index in red, green and blue"),
    "sellmeier": Row(_formula, Fidelity.EQUIVALENT, "its index in red, green and blue"),
    "sopra": _exact(_nk_file),
    "luxpop": _exact(_nk_file),
    "preset": _exact(preset),
    "fresnelname": _exact(preset),
}
# Fresnel textures that are made of others: what their fresnel variant shares with the float and color ones.
MIXED: Mapping[str, Row[Build]] = {
    "mix": MIXES["mix"],
    "band": MIXES["band"],
    "multimix": MIXES["multimix"],
    "bilerp": PATTERNS["bilerp"],
}
