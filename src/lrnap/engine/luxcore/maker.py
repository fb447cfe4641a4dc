"""What a material's row gets to work with: its inputs, and what a shape adds to it.

The engine keeps emission and volumes with the material, classic Lux with the shape. So a material is written once for
each combination that shapes ask for (`Surface`); most ask for none.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lrnap.engine.luxcore.draft import Draft, Fields, Inputs, entity_error
from lrnap.lux.description import Entity

MATTE = Entity("material", "matte")  # what shapes without material are made of


@dataclass(frozen=True, slots=True)
class Surface:
    """What a shape adds to its material. `emission`: properties of the light it gives, as a tuple to be compared."""

    emission: tuple[tuple[str, tuple[object, ...]], ...] = ()
    interior: str | None = None
    exterior: str | None = None


PLAIN = Surface()


@dataclass(slots=True)
class Maker:
    """The material's inputs, the surface it is made for, and how to ask for other materials by name."""

    inputs: Inputs
    surface: Surface
    ask: Callable[[Draft, str, Surface, Entity], str]

    def other(self, parameter: str) -> str:
        """The engine's name of the material that a parameter names, for the same volumes and without light."""
        name = self.inputs.params.string(parameter, "")
        if not name:
            raise entity_error(self.inputs.entity, f"no '{parameter}' is given: name a material")
        inside = Surface(interior=self.surface.interior, exterior=self.surface.exterior)
        return self.ask(self.inputs.draft, name, inside, self.inputs.entity)

    def part(self, hint: str, fields: Fields) -> str:
        """The engine's name of a material that the scene does not have but this one is made of."""
        name = self.inputs.draft.fresh("mat", hint)
        self.inputs.draft.put(f"scene.materials.{name}", fields)
        return name


Build = Callable[[Maker], Fields]
