"""Fresnel textures: how much metals and glasses reflect, by name, file, colour or formula."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from lrnap.engine.luxcore import spectra
from lrnap.engine.luxcore.draft import Fidelity, Fields, Inputs, Row, entity_error, plain

Build = Callable[[Inputs], Fields]


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
    return _nk(inputs, inputs.needed(inputs.file, "filename"))


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


def _exact(build: Build) -> Row[Build]:
    return Row(build, Fidelity.EXACT)


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
