"""Materials of versions before 1.0, from what the later ones are made of.

Six of them were measured surfaces, given as sums of lobes (after Lafortune); what they reflect on the whole was
computed from their coefficients, over all directions of light and eye.
"""

from __future__ import annotations

from collections.abc import Mapping

from lrnap.engine.luxcore import maths
from lrnap.engine.luxcore.composites import seen_through
from lrnap.engine.luxcore.draft import Fidelity, Fields, Row
from lrnap.engine.luxcore.maker import Build, Maker

GLASSY = 0.04  # what a dielectric of index 1.5 reflects straight back: the specular parts of uber and translucent


def _matte(*reflected: float) -> Row[Build]:
    fields: Fields = {"type": ["matte"], "kd": list(reflected)}
    return Row(lambda _maker: dict(fields), Fidelity.APPROXIMATED, "matte, as bright on the whole")


def _bluepaint(_maker: Maker) -> Fields:
    ks = [GLASSY] * 3
    return {"type": ["glossy2"], "kd": [0.309, 0.397, 0.708], "ks": ks, "uroughness": [0.2], "vroughness": [0.2]}


def _brushedmetal(maker: Maker) -> Fields:
    colour = maths.node(maker.inputs.draft, "fresnelcolor", kr=[0.758, 0.769, 0.815])
    return {"type": ["metal2"], "fresnel": colour, "uroughness": [0.1], "vroughness": [0.1]}


def _gloss(maker: Maker, name: str) -> Fields:
    rough = maker.inputs.value("roughness")
    ks = maths.times(maker.inputs.draft, maker.inputs.value(name), [GLASSY])
    return {"ks": ks, "uroughness": rough, "vroughness": rough}


def _uber(maker: Maker) -> Fields:
    """Diffuse under a gloss under a polish, all of it there by its opacity."""
    inputs = maker.inputs
    glossy = maker.part("base", inputs.fields("glossy2", kd="Kd") | _gloss(maker, "Ks"))
    polish = maths.times(inputs.draft, inputs.value("Kr"), [GLASSY])
    smooth: Fields = {"uroughness": [1e-4], "vroughness": [1e-4]}
    whole = maker.part("polished", {"type": ["glossycoating"], "base": [glossy], "ks": polish} | smooth)
    return seen_through(whole, inputs.value("opacity"))


def _translucent(maker: Maker) -> Fields:
    inputs, draft = maker.inputs, maker.inputs.draft
    kd = inputs.value("Kd")
    kr, kt = (maths.times(draft, kd, inputs.value(name)) for name in ("reflect", "transmit"))
    gloss = _gloss(maker, "Ks")
    fields: Fields = {"type": ["glossytranslucent"], "kd": kr, "kt": kt}
    return fields | gloss | {f"{name}_bf": value for name, value in gloss.items()}


OLD: Mapping[str, Row[Build]] = {
    "bluepaint": Row(_bluepaint, Fidelity.APPROXIMATED, "glossy, of the same colour"),
    "brushedmetal": Row(_brushedmetal, Fidelity.APPROXIMATED, "metal2, as bright on the whole"),
    "clay": _matte(0.412, 0.288, 0.300),
    "felt": _matte(0.029, 0.029, 0.029),
    "primer": _matte(0.188, 0.191, 0.202),
    "skin": _matte(0.487, 0.360, 0.388),
    "translucent": Row(_translucent, Fidelity.APPROXIMATED, "glossytranslucent, its gloss that of index 1.5"),
    "uber": Row(_uber, Fidelity.APPROXIMATED, "glossy under a smooth coat of index 1.5"),
}
