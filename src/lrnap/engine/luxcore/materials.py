"""Materials: each plugin as a row; and what a shape adds to its material: light, volumes.

The engine keeps emission and volumes with the material, classic Lux with the shape. So a material is written once for
each combination that shapes ask for (`Surface`); most ask for none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from lrnap.engine.luxcore.composites import COMPOSITES
from lrnap.engine.luxcore.draft import Draft, Fields, Inputs, Row, entity_error
from lrnap.engine.luxcore.finishes import FINISHES
from lrnap.engine.luxcore.maker import MATTE, PLAIN, Build, Maker, Surface
from lrnap.engine.luxcore.old_materials import OLD
from lrnap.engine.luxcore.rows import Notes, approximated, ignored
from lrnap.engine.luxcore.volumes import volume
from lrnap.lux.description import Entity

__all__ = ["MATERIALS", "PLAIN", "Surface", "material"]


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
        raise entity_error(entity, "there is no such material")  # the checker has said so before
    fields = row.build(Maker(inputs, surface, material))
    if fields["type"] != ["null"]:
        fields |= _bump(inputs)
    elif surface.emission:
        fields = _glowing_nothing(inputs)
    asked = Inputs(draft, draft.description.surface_integrator).plugin == ASKING
    draft.finish(inputs, row if asked else replace(row, parameters={**row.parameters, **UNASKED}))
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


ASKING = "distributedpath"  # the one integrator of classic Lux that asks a material whether it is seen
SEEN = (
    *("compo_visible_material", "compo_visible_emission"),
    *("compo_visible_indirect_material", "compo_visible_indirect_emission"),
    *("compo_override_alpha", "compo_override_alpha_value"),
)
COMPOSITING: Notes = approximated(
    f"not honoured: the picture shows all there is. Classic Lux itself looks at it only under '{ASKING}'",
    *SEEN,
)
UNASKED: Notes = ignored(f"classic Lux, too, looks at it only under '{ASKING}'", *SEEN)
WITHOUT_BUMPS: Notes = ignored("it has no bump map", "bumpmapsampledistance")


def _with_common(name: str, row: Row[Build]) -> Row[Build]:
    """The row with the notes on what all materials share."""
    bumpless = WITHOUT_BUMPS if name in ("doubleside", "scatter", "null") else {}
    return replace(row, parameters={**COMPOSITING, **bumpless, **row.parameters})


MATERIALS: Mapping[str, Row[Build]] = {
    name: _with_common(name, row) for name, row in {**FINISHES, **COMPOSITES, **OLD}.items()
}
