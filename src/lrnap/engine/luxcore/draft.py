"""The translation while it grows: properties, names, warnings; and the rows that the plugin tables are made of.

Rules for this file: it knows how values become properties, not what any plugin means. Property values are lists of
plain numbers and strings. Names from the scene never reach the engine as they are: it splits names at dots and values
at blanks.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import OpenImageIO

from lrnap.engine.luxcore.rows import Fidelity as Fidelity
from lrnap.engine.luxcore.rows import Row as Row
from lrnap.errors import Code, SceneError
from lrnap.limits import MAX_IMAGE_PIXELS, MAX_NESTING
from lrnap.lux.description import Entity, Matrix, SceneDescription, Transform
from lrnap.lux.params import ParamSet
from lrnap.lux.plugins import find, row
from lrnap.lux.plugins.spec import Parameter

Value = list[Any]  # of one property: numbers, strings, booleans
Fields = dict[str, Value]  # of one thing: property name after the thing's prefix -> value
Image = npt.NDArray[np.float32]  # (height, width, channels), linear, the top row first


# What stands in for what cannot be translated, and why it is visible.
SUBSTITUTES: Mapping[str, tuple[Fields, str]] = {
    "material": ({"type": ["matte"], "kd": [1.0, 0.0, 1.0]}, "bright magenta, so that it is not taken for the design"),
    "float texture": ({"type": ["constfloat1"], "value": [0.5]}, "a middle value"),
    "color texture": ({"type": ["constfloat3"], "value": [1.0, 0.0, 1.0]}, "bright magenta"),
    "fresnel texture": (
        {"type": ["fresnelconst"], "n": [1.5, 1.5, 1.5], "k": [0.0, 0.0, 0.0]},
        "a dielectric of index 1.5",
    ),
}


@dataclass(slots=True)
class Draft:
    """`scene` and `config` are the properties so far, in an order in which nothing refers to something later."""

    description: SceneDescription
    files: Mapping[str, str]
    scene: dict[str, Value] = field(default_factory=dict)
    config: dict[str, Value] = field(default_factory=dict)
    warnings: dict[str, None] = field(default_factory=dict)  # an ordered set
    names: dict[tuple[str, str], str] = field(default_factory=dict)  # (prefix, name in the scene) -> engine name
    defined: dict[tuple[str, str], str] = field(default_factory=dict)  # things translated so far, by (kind, key)
    pending: list[tuple[str, str]] = field(default_factory=list)  # being translated: to find circles
    constants: dict[str, tuple[float, ...] | None] = field(default_factory=dict)  # of textures, where they are known
    used: dict[str, int] = field(default_factory=dict)  # engine names given away -> how many were asked for
    called: dict[str, str] = field(default_factory=dict)  # engine names of objects -> what the scene calls them
    groups: set[int] = field(default_factory=set)  # light groups that give light
    made: dict[object, Any] = field(default_factory=dict)  # what is made once of a file, by what it is made of
    images: dict[str, Image] = field(default_factory=dict)  # made here, by the name that stands for a file's

    def group(self, name: str) -> int:
        """The engine's number of a light group, which from now on is one that gives light."""
        number = self.description.light_groups.index(name) if name in self.description.light_groups else 0
        self.groups.add(number)
        return number

    def name(self, prefix: str, spelled: str) -> str:
        """The engine's name of a thing of the scene: always the same for the same thing, and never another's."""
        key = (prefix, spelled)
        if key not in self.names:
            self.names[key] = self.fresh(prefix, spelled)
        return self.names[key]

    def fresh(self, prefix: str, spelled: str) -> str:
        """A name that nothing has."""
        base = name = f"{prefix}_{re.sub(r'[^A-Za-z0-9_]', '_', spelled)[:80]}"
        while name in self.used:
            self.used[base] += 1
            name = f"{base}_{self.used[base]}"
        self.used[name] = 1
        return name

    def put(self, prefix: str, fields: Fields) -> None:
        for key, value in fields.items():
            self.scene[f"{prefix}.{key}" if key else prefix] = value

    def texture(self, hint: str, fields: Fields) -> str:
        """A texture that the scene does not have but the translation needs; its engine name."""
        name = self.fresh("tex", hint)
        self.put(f"scene.textures.{name}", fields)
        return name

    def image(self, hint: str, pixels: Image) -> str:
        """An image that no file holds; its name, which says its content, serves wherever the engine takes a file's."""
        name = f"img_{hint}_{hashlib.sha1(pixels.tobytes(), usedforsecurity=False).hexdigest()}"
        self.images[name] = pixels
        return name

    def once(self, kind: str, key: str, define: Callable[[], str]) -> str:
        """Defines a thing the first time it is asked for; refuses things made of themselves."""
        slot = (kind, key)
        if slot not in self.defined:
            with self.inside(*slot):
                self.defined[slot] = define()
        return self.defined[slot]

    @contextlib.contextmanager
    def inside(self, kind: str, key: str) -> Iterator[None]:
        """While a thing is translated: refuses circles, and what is nested too deep for anybody to follow."""
        slot = (kind, key)
        if slot in self.pending:
            chain = " -> ".join(k for _, k in [*self.pending[self.pending.index(slot) :], slot])
            raise SceneError(f"{kind} '{key}' is made of itself ({chain}): break the circle")
        if len(self.pending) >= MAX_NESTING:
            raise SceneError(f"{kind} '{key}' is nested in {MAX_NESTING} others: make the outermost of fewer")
        self.pending.append(slot)
        try:
            yield
        finally:
            self.pending.pop()

    def warn(self, entity: Entity, text: str) -> None:
        """One sentence, with place, kind and plugin before it; the same sentence only once."""
        where = f"{entity.at}: " if entity.at else ""
        self.warnings[f"{where}{entity.kind} '{entity.plugin}': {text}"] = None

    def finish(self, inputs: Inputs, by: Row[Any]) -> None:
        """Reports what the row does not do as classic Lux does, and parameters that nobody asked for."""
        if by.fidelity in (Fidelity.APPROXIMATED, Fidelity.IGNORED):
            self.warn(inputs.entity, f"{by.fidelity.value}: {by.how}")
        unread = set(inputs.params.unread())
        for given in inputs.params.given():
            name = given.split(" ", 1)[1]
            parameter, note = inputs.row(name), by.parameters.get(name)
            if parameter is None or parameter.obsolete or (note and note.fidelity is Fidelity.IGNORED):
                continue  # the checker has warned of what is not in the tables
            if note and note.fidelity is Fidelity.APPROXIMATED and not inputs.params.usual(given):
                self.warn(inputs.entity, f"parameter '{given}' is approximated: {note.how}")
            elif given in unread and not note:
                self.warn(inputs.entity, f"parameter '{given}' is not honoured")


@dataclass(slots=True)
class Inputs:
    """An entity's parameters in the engine's form: textures by their engine names, constants as numbers."""

    draft: Draft
    entity: Entity
    variant: str = ""  # of a texture: what `value` and `tex1` are
    place: Transform | None = None  # of a texture: where it was defined
    params: ParamSet = field(init=False)

    def __post_init__(self) -> None:
        self.params = ParamSet(self.entity)

    def value(self, name: str) -> Value:
        """A parameter that may be a texture: its engine name, or 1 or 3 numbers (the default if it is absent)."""
        from lrnap.engine.luxcore.textures import texture  # textures are made of inputs: the one cycle

        given = self.params.texture(name)
        if given is not None:
            self.check_variant(name, given)
            return [texture(self.draft, given, self.entity)]
        return list(self.numbers(name))

    def check_variant(self, name: str, given: str) -> None:
        """Refuses a fresnel texture where a number or colour is meant, and the other way round."""
        parameter, found = self.row(name), self.draft.description.textures.get(given)
        if parameter is None or found is None:
            return
        own = parameter.type.startswith("variant")
        wanted = self.variant == "fresnel" if own else parameter.type == "fresnel"
        if (found.variant == "fresnel") != wanted:
            needed = "a fresnel one is" if wanted else "a float or color one is"
            raise entity_error(
                self.entity, f"'{name}': the texture '{given}' is a {found.variant} texture, and {needed} needed"
            )

    def constant(self, name: str) -> tuple[float, ...] | None:
        """The same as numbers, also where it is given as a texture that is constant; None if it varies."""
        from lrnap.engine.luxcore.textures import constant

        given = self.params.texture(name)
        return constant(self.draft, given, self.entity) if given is not None else self.numbers(name)

    @property
    def plugin(self) -> str:
        """The plugin's canonical name; as spelled if it is none that the tables know."""
        plugin = find(self.entity.kind, self.entity.plugin)
        return plugin.name if plugin else self.entity.plugin

    def row(self, name: str) -> Parameter | None:
        """What the plugin's table says of a parameter."""
        plugin = find(self.entity.kind, self.entity.plugin)
        return row(plugin, name) if plugin else None

    def numbers(self, name: str) -> tuple[float, ...]:
        """The number or colour of a parameter, leaving aside a texture."""
        parameter = self.row(name)
        kind = parameter.type.removesuffix("|texture") if parameter else "float"
        if kind == "variant":
            kind = self.variant
        return self.params.color(name) if kind == "color" else (self.params.float(name),)

    def number(self, name: str) -> float | int:
        """One number, whole if the plugin's table says so."""
        parameter = self.row(name)
        return self.params.int(name) if parameter and parameter.type == "integer" else self.params.float(name)

    def needed(self, read: Callable[[str], str | None], name: str) -> str:
        """What `read` finds for a parameter that must be given."""
        found = read(name)
        if found is None:
            raise entity_error(self.entity, f"no '{name}' is given: name the file to use")
        return found

    def fields(self, engine_type: str, **engine_names: str) -> Fields:
        """Parameters that only change their names: `fields("velvet", kd="Kd")`."""
        return {"type": [engine_type]} | {engine: self.value(lux) for engine, lux in engine_names.items()}

    def spelled(self, path: str) -> str:
        """A file as the scene names it."""
        return next((name for name, found in self.draft.files.items() if found == path), Path(path).name)

    def file(self, name: str) -> str | None:
        """Absolute path of the file that a parameter names; None if it names none. SceneError if it is missing."""
        spelled = self.params.string(name, "")
        if not spelled:
            return None
        path = self.draft.files.get(spelled)
        if path is None or not Path(path).is_file():
            raise SceneError(
                f"{self.entity.kind} '{self.entity.plugin}' needs the file '{spelled}' (parameter '{name}'), which was "
                "not found: put it beside the scene file, or correct the name",
                at=self.entity.at,
                code=Code.NOT_FOUND,
            )
        return path

    def image(self, name: str) -> str | None:
        """The same for an image that can be read to its end: the engine would render what is missing as black."""
        path = self.file(name)

        def whole() -> str:
            wrong = _damage(str(path))
            if wrong:
                spelled = self.params.string(name)
                reason = " ".join(wrong.replace(str(path), spelled).split())
                raise entity_error(self.entity, f"the image '{spelled}' cannot be read: {reason}")
            return str(path)

        return None if path is None else self.draft.once("image", path, whole)

    def warn(self, text: str) -> None:
        self.draft.warn(self.entity, text)


def _damage(path: str) -> str:
    """Why an image cannot be read; empty if its header and its last row can."""
    opened = OpenImageIO.ImageInput.open(path)
    if opened is None:
        return OpenImageIO.geterror() or "unknown format"
    spec = opened.spec()
    last = spec.y + spec.height - 1
    if spec.width * spec.height * spec.depth > MAX_IMAGE_PIXELS:
        rows, wrong = None, f"{spec.width} x {spec.height} are more than {MAX_IMAGE_PIXELS} pixels"
    elif spec.tile_width:
        column, row = (spec.width - 1) // spec.tile_width, (spec.height - 1) // spec.tile_height
        place = (spec.x + column * spec.tile_width, spec.y + row * spec.tile_height, spec.z)
        rows, wrong = opened.read_tile(*place, OpenImageIO.UINT8), opened.geterror()
    else:
        rows = opened.read_scanlines(last, last + 1, spec.z, 0, spec.nchannels, OpenImageIO.UINT8)
        wrong = opened.geterror()
    opened.close()
    return wrong or ("its data are damaged" if rows is None else "")


def inverse(m: Matrix) -> Matrix:
    return np.asarray(np.linalg.inv(m), np.float64)


def matrix(m: Matrix) -> Value:
    """A placement as the engine reads it: 16 numbers, column by column."""
    return [float(x) for x in m.T.reshape(-1)]


def image_size(path: str) -> tuple[int, int]:
    """Width and height of an image that `Inputs.image` has checked."""
    spec = OpenImageIO.ImageBuf(path).spec()
    return spec.width, spec.height


def entity_error(entity: Entity, text: str) -> SceneError:
    return SceneError(f"{entity.kind} '{entity.plugin}': {text}", at=entity.at)


@contextlib.contextmanager
def named_by(entity: Entity) -> Iterator[None]:
    """Errors that are found in a file, and say its name, say also where in the scene the file is named."""
    try:
        yield
    except SceneError as error:
        if error.at is None or entity.at is None:
            error.at = error.at or (None if entity.at is None else str(entity.at))
            raise
        if error.at == str(entity.at):
            raise
        raise SceneError(f"{entity.kind} '{entity.plugin}': {error}", at=entity.at, code=error.code) from None


def plain(values: Iterable[Any]) -> Value:
    """Numbers of any origin as Python's own."""
    return [float(v) for v in values]
