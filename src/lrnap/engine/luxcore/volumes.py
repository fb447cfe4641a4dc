"""Named volumes (what fills a closed shape), and their indices of refraction.

The engine keeps volumes and materials in one space of names; the prefixes `vol_` and `mat_` keep them apart.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from lrnap.engine.luxcore import maths
from lrnap.engine.luxcore.draft import Draft, Fidelity, Fields, Inputs, Row, Value, entity_error
from lrnap.engine.luxcore.fresnel import FORMULAS, parts
from lrnap.lux.description import Entity

Build = Callable[[Inputs], Fields]
SODIUM = 0.58756  # um; where an index that stands for all wavelengths is taken


def volume(draft: Draft, name: str, by: Entity) -> str:
    """The engine's name of a volume, which is translated now if it was not yet."""
    entity = draft.description.volumes.get(name)
    if entity is None:
        raise entity_error(by, f"there is no volume '{name}': define it with MakeNamedVolume")

    def define() -> str:
        inputs, engine = Inputs(draft, entity), draft.name("vol", name)
        row = VOLUMES.get(inputs.plugin)
        if row is None:
            inputs.warn("cannot be rendered and is replaced by a clear volume, so that light passes")
            draft.put(f"scene.volumes.{engine}", {"type": ["clear"]})
            return engine
        fields = row.build(inputs)
        draft.put(f"scene.volumes.{engine}", fields)
        draft.finish(inputs, row)
        return engine

    return draft.once("volume", name, define)


def dispersion(draft: Draft, name: str) -> float:
    """Cauchy's B (um2) of a volume whose index is a formula, through the lines F and C; 0 where it is not."""
    entity = draft.description.volumes.get(name)
    given = Inputs(draft, entity).params.texture("fresnel") if entity else None
    found = draft.description.textures.get(given) if given else None
    formula = FORMULAS.get(found.entity.plugin) if found else None
    if found is None or formula is None:
        return 0.0
    blue, red = (formula(Inputs(draft, found.entity, "fresnel"), line) for line in (0.48613, 0.65627))
    return (blue - red) / (0.48613**-2 - 0.65627**-2)


def _index(inputs: Inputs) -> Value:
    """The engine takes one index for all wavelengths; it may vary from place to place."""
    given = inputs.params.texture("fresnel")
    if given is None:
        return [inputs.params.float("fresnel")]
    inputs.check_variant("fresnel", given)
    n, _ = parts(inputs.draft, given, inputs.entity)
    found = inputs.draft.description.textures[given]
    formula = FORMULAS.get(found.entity.plugin)
    if formula is not None:
        return [formula(Inputs(inputs.draft, found.entity, "fresnel"), SODIUM)]
    return [n[len(n) // 2]]  # green, or a texture


def _clear(inputs: Inputs) -> Fields:
    return {"ior": _index(inputs)} | inputs.fields("clear", absorption="absorption")


def _scattering(engine_type: str) -> Build:
    def build(inputs: Inputs) -> Fields:
        fields: Fields = {"type": [engine_type], "ior": _index(inputs)}
        return fields | scattering(inputs.draft, *(inputs.value(name) for name in ("sigma_a", "sigma_s", "g")))

    return build


def scattering(draft: Draft, absorbed: Value, scattered: Value, asymmetry: Value) -> Fields:
    """What becomes of light by the volume integrator: under "emission", what is scattered is only lost."""
    integrator = draft.description.volume_integrator.plugin
    if integrator == "emission":
        lost = absorbed if not any(scattered) else maths.add(draft, absorbed, scattered)
        absorbed, scattered = lost, [0.0, 0.0, 0.0]
    fields: Fields = {"absorption": absorbed, "scattering": scattered, "asymmetry": asymmetry}
    return fields | {"multiscattering": [integrator == "multi"]}


def _heterogeneous(inputs: Inputs) -> Fields:
    return _scattering("heterogeneous")(inputs) | {"steps.size": [inputs.params.float("stepsize")]}


VOLUMES: Mapping[str, Row[Build]] = {
    "clear": Row(_clear, Fidelity.EXACT),
    "homogeneous": Row(_scattering("homogeneous"), Fidelity.EXACT),
    "heterogeneous": Row(_heterogeneous, Fidelity.EXACT),
}
