"""Textures that are made of other textures point by point: sums, products, mixes and bands."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping

from lrnap.engine.luxcore import maths
from lrnap.engine.luxcore.draft import Fidelity, Fields, Inputs, Row, Value, entity_error
from lrnap.limits import MAX_NESTING

Build = Callable[[Inputs], Fields]
MOST = MAX_NESTING - 2  # textures in a series: the engine follows them one within the other


def _pair(engine_type: str) -> Build:
    return lambda inputs: inputs.fields(engine_type, texture1="tex1", texture2="tex2")


def _mix(inputs: Inputs) -> Fields:
    return inputs.fields("mix", amount="amount", texture1="tex1", texture2="tex2")


def _series(inputs: Inputs, numbers: str) -> list[tuple[float, Value]]:
    """The numbers of a list, each with the texture or value `tex1`, `tex2` ... that belongs to it."""
    given = inputs.params.floats(numbers)
    if not given.size:
        raise entity_error(inputs.entity, f"no '{numbers}' are given: give as many as there are textures")
    if given.size > MOST:
        raise entity_error(inputs.entity, f"{given.size} '{numbers}' are given, and {MOST} are the most")
    return [(float(number), _member(inputs, f"tex{i + 1}")) for i, number in enumerate(given)]


def _member(inputs: Inputs, name: str) -> Value:
    kind = "color" if inputs.variant == "color" else "float"
    if inputs.params.texture(name) is None and not inputs.params.has(name, kind):
        return [0.0]  # as in classic Lux
    return inputs.value(name)


def _band(inputs: Inputs) -> Fields:
    """From one texture to the next as the amount goes from one offset to the next: a chain of mixes."""
    series, draft = _series(inputs, "offsets"), inputs.draft
    offsets = [offset for offset, _ in series]
    if offsets != sorted(offsets):
        raise entity_error(inputs.entity, "the 'offsets' are not ascending: sort them, with their textures")
    amount = inputs.value("amount")
    shown = series[0][1]
    for (low, _), (high, texture) in itertools.pairwise(series):
        share = _share(inputs, amount, low, high)
        shown = maths.mix(draft, shown, texture, share)
    return {"type": ["add"], "texture1": shown, "texture2": [0.0]}


def _share(inputs: Inputs, amount: Value, low: float, high: float) -> Value:
    """How far the amount is from one offset to the next, 0 to 1; between equal offsets there is a step."""
    if high > low:
        width = high - low
        rising = maths.line(inputs.draft, amount, 1.0 / width, -low / width)
        return maths.clamp(inputs.draft, rising, 0.0, 1.0)
    below = maths.node(inputs.draft, "lessthan", texture1=amount, texture2=[low])
    return maths.line(inputs.draft, below, -1.0, 1.0)


def _multimix(inputs: Inputs) -> Fields:
    """The sum of weight times texture, as a chain of additions."""
    total: Value = [0.0]
    for weight, texture in _series(inputs, "weights"):
        total = maths.add(inputs.draft, total, maths.times(inputs.draft, [weight], texture))
    return {"type": ["add"], "texture1": total, "texture2": [0.0]}


MIXES: Mapping[str, Row[Build]] = {
    "add": Row(_pair("add"), Fidelity.EXACT),
    "subtract": Row(_pair("subtract"), Fidelity.EXACT),
    "scale": Row(_pair("scale"), Fidelity.EXACT),
    "mix": Row(_mix, Fidelity.EXACT),
    "band": Row(_band, Fidelity.EQUIVALENT, "a chain of mixes"),
    "multimix": Row(_multimix, Fidelity.EQUIVALENT, "a chain of additions"),
}
