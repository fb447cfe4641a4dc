"""Materials that are made of other materials."""

from __future__ import annotations

from collections.abc import Mapping

from lrnap.engine.luxcore.draft import Fidelity, Fields, Row, entity_error
from lrnap.engine.luxcore.finishes import COAT, multibounce
from lrnap.engine.luxcore.maker import Build, Maker
from lrnap.engine.luxcore.rows import approximated


def _glossycoating(maker: Maker) -> Fields:
    base = maker.other("basematerial")
    return maker.inputs.fields("glossycoating", **COAT) | {"base": [base]} | multibounce(maker.inputs)


def _mix(maker: Maker) -> Fields:
    first, second = maker.other("namedmaterial1"), maker.other("namedmaterial2")
    return maker.inputs.fields("mix", amount="amount") | {"material1": [first], "material2": [second]}


def _layered(maker: Maker) -> Fields:
    """Each layer covers what is under it by its opacity; under the lowest there is nothing."""
    inputs = maker.inputs
    given = [i for i in (1, 2, 3, 4) if inputs.params.has(f"namedmaterial{i}")]
    if not given:
        raise entity_error(inputs.entity, "no 'namedmaterial1' is given: name a material")
    inputs.params.ignore(*(f"opacity{i}" for i in (1, 2, 3, 4) if i not in given))  # of layers that there are not
    below, fields = maker.part("nothing", {"type": ["null"]}), Fields()
    for i in reversed(given):
        top = maker.other(f"namedmaterial{i}")
        fields = {"type": ["mix"], "material1": [below], "material2": [top], "amount": inputs.value(f"opacity{i}")}
        if i != given[0]:
            below = maker.part("layer", fields)
    return fields


def _doubleside(maker: Maker) -> Fields:
    front, back = maker.other("frontnamedmaterial"), maker.other("backnamedmaterial")
    return {"type": ["twosided"], "frontmaterial": [front], "backmaterial": [back]}


COMPOSITES: Mapping[str, Row[Build]] = {
    "glossycoating": Row(_glossycoating, Fidelity.EXACT),
    "mix": Row(_mix, Fidelity.EXACT),
    "layered": Row(
        _layered,
        Fidelity.APPROXIMATED,
        "a mix by opacity: what a layer itself lets through does not reach the one below",
    ),
    "doubleside": Row(
        _doubleside,
        Fidelity.EQUIVALENT,
        "the engine's twosided",
        approximated(
            "as true: matters only for materials whose own front and back differ", "usefrontforfront", "usefrontforback"
        ),
    ),
}
