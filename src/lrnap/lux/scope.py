"""The names that a scene has defined, as far as they hold: textures, materials, volumes, objects, coordinate systems.

Classic Lux keeps textures, materials and volumes in the graphics state, so what is defined between AttributeBegin and
AttributeEnd is gone after it; objects and coordinate systems last. Textures have a namespace for each variant.

Rules for this file: names only. Checker and builder share it, so that both mean the same thing by a name.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from lrnap.lux.call import Call, Param
from lrnap.lux.plugins import parameter
from lrnap.lux.plugins.spec import Plugin

VARIANTS = ("float", "color", "fresnel")
LASTING = ("object", "coordinate system")

# The variant of texture that a parameter takes, by its type in the plugin table.
_VARIANT = {"color|texture": "color", "float|texture": "float", "fresnel": "fresnel", "texture": "float"}


@dataclass(slots=True)
class Names:
    """Name to key, for each kind: "material", "volume", "object", "coordinate system", "float texture" ..."""

    _tables: dict[str, dict[str, str]] = field(default_factory=dict)
    _stack: list[dict[str, dict[str, str]]] = field(default_factory=list)
    _shared: set[str] = field(default_factory=set)  # kinds whose table also stands on the stack

    def find(self, kind: str, name: str) -> str | None:
        return self._tables.get(kind, {}).get(name)

    def known(self, kind: str) -> tuple[str, ...]:
        return tuple(self._tables.get(kind, ()))

    def define(self, kind: str, name: str, key: str) -> None:
        table = self._tables.get(kind, {})
        if kind in self._shared or not table:
            self._tables[kind] = table = dict(table)
            self._shared.discard(kind)
        table[name] = key

    def push(self) -> None:
        self._stack.append(dict(self._tables))
        self._shared = set(self._tables)

    def pop(self) -> None:
        lasting = {kind: self._tables[kind] for kind in LASTING if kind in self._tables}
        self._tables = self._stack.pop() | lasting
        self._shared = set(self._tables)  # perhaps with tables further down: copied once too often, never too rarely

    def find_texture(self, name: str, variant: str) -> tuple[str, str] | None:
        """Variant and key of a texture: of the variant that is wanted, or else of another one."""
        for candidate in (variant, *VARIANTS):
            key = self.find(f"{candidate} texture", name)
            if key is not None:
                return candidate, key
        return None


@dataclass(frozen=True, slots=True)
class Reference:
    """A parameter that names a thing of the scene."""

    param: Param
    kind: str  # "texture", "material" or "volume"
    variant: str = ""  # of a texture: which one the parameter takes

    @property
    def name(self) -> str:
        return str(self.param.value[0])


def references(call: Call, plugin: Plugin) -> Iterator[Reference]:
    """What the parameters of a call refer to. Of repeated parameters only the last counts, and is given."""
    variant = str(call.args[1]) if call.name == "Texture" else None
    last = {(param.type, param.name): param for param in call.params}
    for param in last.values():
        if param.type not in ("texture", "string") or not param.value or not param.value[0]:
            continue
        row = parameter(plugin, param.type, param.name, variant)
        if row is None:
            continue
        if param.type == "texture" or row.names == "texture":
            yield Reference(param, "texture", _VARIANT.get(row.type, variant or "float"))
        elif row.names:
            yield Reference(param, row.names)
