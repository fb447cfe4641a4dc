"""Materials that are made of other materials."""

from __future__ import annotations

from collections.abc import Mapping

from lrnap.engine.luxcore import maths
from lrnap.engine.luxcore.draft import Draft, Fidelity, Fields, Inputs, Row, Value, entity_error
from lrnap.engine.luxcore.finishes import COAT, multibounce
from lrnap.engine.luxcore.maker import Build, Maker
from lrnap.engine.luxcore.rows import Note, approximated


def _glossycoating(maker: Maker) -> Fields:
    base = maker.other("basematerial")
    return maker.inputs.fields("glossycoating", **COAT) | {"base": [base]} | multibounce(maker.inputs)


def _mix(maker: Maker) -> Fields:
    inputs, draft = maker.inputs, maker.inputs.draft
    amount = inputs.value("amount")
    nothing = [_is_null(maker, name) for name in ("namedmaterial1", "namedmaterial2")]
    if nothing == [True, True]:
        return {"type": ["null"]}
    if nothing[0]:
        return seen_through(maker.other("namedmaterial2"), amount)
    if nothing[1]:
        return seen_through(maker.other("namedmaterial1"), _rest(draft, amount))
    first, second = maker.other("namedmaterial1"), maker.other("namedmaterial2")
    return {"type": ["mix"], "amount": amount, "material1": [first], "material2": [second]}


def _is_null(maker: Maker, parameter: str) -> bool:
    """Whether a parameter names a material that is not there."""
    entity = maker.inputs.draft.description.materials.get(maker.inputs.params.string(parameter, ""))
    return entity is not None and Inputs(maker.inputs.draft, entity).plugin == "null"


def seen_through(material: str, opacity: Value) -> Fields:
    """A material that is there by its opacity. Mixed with null, it would lose a fifth of its light in the engine."""
    fields: Fields = {"type": ["mix"], "material1": [material], "material2": [material], "amount": [0.5]}
    return fields | {"transparency": opacity}


def _rest(draft: Draft, value: Value) -> Value:
    """1 minus a value."""
    return [1.0 - value[0]] if isinstance(value[0], float) else maths.line(draft, value, -1.0, 1.0)


def _layered(maker: Maker) -> Fields:
    """Each layer covers what is under it by its opacity; under the lowest there is nothing.

    From below: what there is so far has an opacity as a whole, and the next layer a share of the sum.
    """
    inputs, draft = maker.inputs, maker.inputs.draft
    given = [i for i in (1, 2, 3, 4) if inputs.params.has(f"namedmaterial{i}")]
    if not given:
        raise entity_error(inputs.entity, "no 'namedmaterial1' is given: name a material")
    inputs.params.ignore(*(f"opacity{i}" for i in (1, 2, 3, 4) if i not in given))  # of layers that there are not
    below = maker.other(f"namedmaterial{given[-1]}")
    opacity = inputs.value(f"opacity{given[-1]}")
    for i in reversed(given[:-1]):
        own, top = inputs.value(f"opacity{i}"), maker.other(f"namedmaterial{i}")
        together = _rest(draft, _product(draft, _rest(draft, own), _rest(draft, opacity)))
        fields: Fields = {"type": ["mix"], "material1": [below], "material2": [top]}
        below = maker.part("layer", fields | {"amount": _share(draft, own, together)})
        opacity = together
    return seen_through(below, opacity)


def _product(draft: Draft, a: Value, b: Value) -> Value:
    if isinstance(a[0], float) and isinstance(b[0], float):
        return [a[0] * b[0]]
    return maths.times(draft, a, b)


def _share(draft: Draft, a: Value, b: Value) -> Value:
    if isinstance(a[0], float) and isinstance(b[0], float):
        return [a[0] / b[0] if b[0] else 0.0]
    return maths.node(draft, "divide", texture1=a, texture2=b)


def _doubleside(maker: Maker) -> Fields:
    front, back = maker.other("frontnamedmaterial"), maker.other("backnamedmaterial")
    return {"type": ["twosided"], "frontmaterial": [front], "backmaterial": [back]}


COMPOSITES: Mapping[str, Row[Build]] = {
    "glossycoating": Row(_glossycoating, Fidelity.EXACT),
    "mix": Row(
        _mix, Fidelity.EXACT, "", {"amount": Note(Fidelity.EQUIVALENT, "opacity, where one of the two is null")}
    ),
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
