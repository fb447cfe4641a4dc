"""The rules of a scene, as a target: SceneError at the call that breaks one, and warnings for what has no effect.

An error: a call where it may not stand, ends that match no begin, an unknown plugin, a parameter of the wrong type or
number, a reference to nothing, numbers that are not finite, transforms without inverse, faces without vertices, a film
out of bounds. A warning: an unknown parameter (scenes carry parameters of older versions), an unknown choice (the
default holds, as in classic Lux), a redefinition. A call that raises leaves the checker as it was.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lrnap import limits
from lrnap.errors import SceneError
from lrnap.lux import plugins, transforms
from lrnap.lux.call import Call, Location, Param
from lrnap.lux.call_spec import CallSpec, Where
from lrnap.lux.calls import CALLS, STATEMENTS
from lrnap.lux.entities import KINDS, entity, known_plugin
from lrnap.lux.mesh_rules import check_mesh
from lrnap.lux.params import ParamSet
from lrnap.lux.plugins.spec import Parameter, Plugin
from lrnap.lux.scope import VARIANTS, Names, Reference, references
from lrnap.lux.spelling import did_you_mean

# Begin and end of the blocks; an end closes the block that was opened last.
ENDS = {
    "AttributeEnd": "AttributeBegin",
    "TransformEnd": "TransformBegin",
    "ObjectEnd": "ObjectBegin",
    "MotionEnd": "MotionBegin",
    "WorldEnd": "WorldBegin",
}
BEGINS = tuple(ENDS.values())
SCOPES = ("AttributeBegin", "ObjectBegin")  # blocks that save the graphics state

# Calls that refer to a thing by an argument: its kind, and the argument's position.
REFERRING = {
    "NamedMaterial": ("material", 0),
    "Interior": ("volume", 0),
    "Exterior": ("volume", 0),
    "ObjectInstance": ("object", 0),
    "PortalInstance": ("object", 0),
    "MotionInstance": ("object", 0),
    "CoordSysTransform": ("coordinate system", 0),
}
DEFINING = {"MakeNamedMaterial": "material", "MakeNamedVolume": "volume", "CoordinateSystem": "coordinate system"}


@dataclass(slots=True)
class Block:
    """An open block, and for a motion how many transforms it wants and has."""

    begin: str
    at: Location | None
    name: str = ""
    wanted: int = 0
    found: int = 0

    def __str__(self) -> str:
        return f"{self.begin} at {self.at}" if self.at else self.begin


class Checker:
    """A target that forwards nothing. `finished`: WorldEnd has come. `warnings`: sentences with their places.

    `call` is `check` and `commit`; what has reasons of its own to refuse a call does both itself, and that in between.
    """

    def __init__(self) -> None:
        self.warnings: list[str] = []
        self.finished = False
        self._blocks: list[Block] = []
        self._names = Names()
        self._in_world = False

    def call(self, call: Call, /) -> None:
        self.warnings += self.check(call)
        self.commit(call)

    def check(self, call: Call) -> list[str]:
        """Raises SceneError if the call may not come now, or returns warnings; changes nothing."""
        try:
            spec = CALLS.get(call.name)
            if spec is None:
                raise SceneError(f"unknown call '{call.name}'{did_you_mean(call.name, STATEMENTS)}")
            self._check_order(spec)
            _check_args(call, spec)
            found = self._check_plugin(call) if call.name in KINDS else []
            self._check_references(call)
            if spec.group == "transform" and call.name in transforms.MATRIX_CALLS:
                transforms.of_call(call)
        except SceneError as error:
            if error.at is None and call.at is not None:
                error.at = str(call.at)
            raise
        return found

    def require_finished(self) -> None:
        """Raises SceneError if the scene has not come to its WorldEnd."""
        if self.finished:
            return
        if self._blocks:
            top = self._blocks[-1]
            raise SceneError(f"the scene ends while a block is open; {_end(top.begin)} is missing ({top})")
        missing = "WorldEnd" if self._in_world else "WorldBegin and WorldEnd"
        raise SceneError(f"the scene is incomplete; {missing} is missing")

    # Order.

    def _check_order(self, spec: CallSpec) -> None:
        name, where = spec.name, spec.where
        if self.finished:
            raise SceneError(f"{name}: the scene has ended with WorldEnd; nothing may follow")
        if where is Where.ANY:
            raise SceneError(f"{name} is no part of a scene's description")
        top = self._blocks[-1] if self._blocks else None
        if top and top.begin == "MotionBegin":
            if where is not Where.TRANSFORM:
                raise SceneError(f"{name} may not stand in a motion; end it first, with MotionEnd ({top})")
            if name != "MotionEnd" and top.found == top.wanted:
                raise SceneError(f"{name}: the motion has {top.wanted} times and as many transforms already ({top})")
        if name == "WorldBegin" and self._in_world:
            raise SceneError("WorldBegin may stand only once: remove this one")
        if where is Where.OPTIONS and self._in_world:
            raise SceneError(f"{name} must stand before WorldBegin")
        if where is Where.WORLD and not self._in_world:
            raise SceneError(f"{name} must stand after WorldBegin")
        if name in ENDS:
            self._check_end(name, top)
        if name == "ObjectBegin" and (outer := self._object()):
            raise SceneError(f"ObjectBegin inside an object; end it first, with ObjectEnd ({outer})")

    def _check_end(self, name: str, top: Block | None) -> None:
        begin = ENDS[name]
        if name == "WorldEnd":
            if top:
                raise SceneError(f"WorldEnd while a block is open; end it first, with {_end(top.begin)} ({top})")
        elif top is None or not any(block.begin == begin for block in self._blocks):
            raise SceneError(f"{name} without {begin}")
        elif top.begin != begin:
            raise SceneError(f"{name} while another block is open; end it first, with {_end(top.begin)} ({top})")
        elif begin == "MotionBegin" and top.found != top.wanted:
            raise SceneError(f"the motion has {top.wanted} times, but {top.found} transforms ({top})")

    def _object(self) -> Block | None:
        return next((block for block in self._blocks if block.begin == "ObjectBegin"), None)

    # References.

    def _check_references(self, call: Call) -> None:
        if call.name in REFERRING:
            kind, position = REFERRING[call.name]
            name = str(call.args[position])
            if name or kind != "volume":  # Interior "" means: none
                self._require(call.name, kind, name)
        if call.name in ("ObjectInstance", "PortalInstance", "MotionInstance"):
            outer = self._object()
            if outer and outer.name == call.args[0]:
                raise SceneError(f"{call.name}: the object '{outer.name}' contains itself ({outer})")
        if call.name == "MotionInstance":
            self._require(call.name, "coordinate system", str(call.args[3]))
        if call.name == "MotionBegin":
            _check_times(call)
        if call.name == "SetEpsilon":
            _check_epsilon(call)

    def _require(self, what: str, kind: str, name: str) -> None:
        if self._names.find(kind, name) is None:
            meant = did_you_mean(name, self._names.known(kind)) or "; define it before it is used"
            raise SceneError(f"{what}: unknown {kind} '{name}'{meant}")

    # Plugins and their parameters.

    def _check_plugin(self, call: Call) -> list[str]:
        """Raises SceneError, or returns warnings."""
        plugin = known_plugin(call)
        variant = None
        if call.name == "Texture":
            variant = str(call.args[1])
            _check_variant(variant, plugin)
        warnings = []
        for param in call.params:
            if call.name == "MakeNamedMaterial" and (param.type, param.name) == ("string", "type"):
                continue
            warnings += self._check_param(plugin, param, variant)
        for reference in references(call, plugin):
            warnings += self._check_reference(plugin, reference)
        if plugin.kind in _RULES:
            _RULES[plugin.kind](call)
        return [f"{call.at}: {text}" if call.at else text for text in warnings]

    def _check_param(self, plugin: Plugin, param: Param, variant: str | None) -> list[str]:
        owner, given = f"{plugin.kind} '{plugin.name}'", f'"{param.type} {param.name}"'
        if isinstance(param.value, np.ndarray) and not np.isfinite(param.value).all():
            position = int(np.flatnonzero(~np.isfinite(param.value).ravel())[0])
            raise SceneError(f"{owner}: number {position + 1} of {given} is not finite")
        row = plugins.parameter(plugin, param.type, param.name, variant)
        if row is None:
            other = plugins.row(plugin, param.name)
            if other is None:
                meant = did_you_mean(param.name, plugin.by_name)
                return [f"unknown parameter {given} of {owner}{meant}; it has no effect"]
            expected = " or ".join(f'"{kind} {param.name}"' for kind in other.types)
            raise SceneError(f"{owner}: {given} should be {expected}")
        return _check_value(owner, given, row, param)

    def _check_reference(self, plugin: Plugin, reference: Reference) -> list[str]:
        what = f"{plugin.kind} '{plugin.name}': \"{reference.param.type} {reference.param.name}\""
        if reference.kind != "texture":
            self._require(what, reference.kind, reference.name)
            return []
        found = self._names.find_texture(reference.name, reference.variant)
        if found is None:
            known = [name for variant in VARIANTS for name in self._names.known(f"{variant} texture")]
            meant = did_you_mean(reference.name, known) or "; define it before it is used"
            raise SceneError(f"{what}: unknown texture '{reference.name}'{meant}")
        if found[0] != reference.variant:
            return [f"{what} needs a {reference.variant} texture; '{reference.name}' is a {found[0]} texture"]
        return []

    # What a call that is right changes.

    def commit(self, call: Call) -> None:
        """Counts a call that has passed `check`."""
        name, top = call.name, self._blocks[-1] if self._blocks else None
        if top and top.begin == "MotionBegin" and name != "MotionEnd":
            top.found += 1
        if name in ("WorldBegin", "WorldEnd"):
            self._in_world, self.finished = name == "WorldBegin", name == "WorldEnd"
            if name == "WorldBegin":
                self._names.define("coordinate system", "world", "world")
        elif name in BEGINS:
            self._begin(call)
        elif name in ENDS:
            self._end(self._blocks.pop())
        elif name == "Camera":
            self._names.define("coordinate system", "camera", "camera")
        elif name == "Texture":
            self._define(call, f"{call.args[1]} texture")
        elif name in DEFINING:
            self._define(call, DEFINING[name])

    def _begin(self, call: Call) -> None:
        block = Block(call.name, call.at)
        if call.name == "MotionBegin":
            block.wanted = len(call.args[0])  # type: ignore[arg-type]  # _check_args has seen an array
        if call.name == "ObjectBegin":
            block.name = str(call.args[0])
            self._define(call, "object")
        if call.name in SCOPES:
            self._names.push()
        self._blocks.append(block)

    def _end(self, block: Block) -> None:
        if block.begin in SCOPES:
            self._names.pop()

    def _define(self, call: Call, kind: str) -> None:
        name = str(call.args[0])
        if kind != "coordinate system" and self._names.find(kind, name) is not None:
            text = f"the {kind} '{name}' is defined again; the new one counts from here on"
            self.warnings.append(f"{call.at}: {text}" if call.at else text)
        self._names.define(kind, name, name)


def _end(begin: str) -> str:
    return next(end for end, start in ENDS.items() if start == begin)


def _check_args(call: Call, spec: CallSpec) -> None:
    """Number, type and value of the positional arguments, and whether parameters may follow."""
    if len(call.args) != len(spec.args):
        raise SceneError(f"{spec.name} takes {len(spec.args)} arguments, not {len(call.args)}: {spec.usage}")
    for arg, value in zip(spec.args, call.args, strict=True):
        if arg.kind == "string":
            right = isinstance(value, str)
        elif arg.kind == "numbers":
            right = isinstance(value, np.ndarray) and value.dtype == np.float32 and value.ndim == 1
            right = right and (arg.count is None or len(value) == arg.count)  # type: ignore[arg-type]
        else:
            right = isinstance(value, int | float) and not isinstance(value, bool)
        if not right:
            raise SceneError(f"{spec.name}: the argument {arg.name} is wrong; write {spec.usage}")
        if not isinstance(value, str) and not np.isfinite(value).all():
            raise SceneError(f"{spec.name}: {arg.name} is not finite")
    if call.params and not spec.takes_params:
        raise SceneError(f"{spec.name} takes no parameters: {spec.usage}")


def _check_times(call: Call) -> None:
    times = np.asarray(call.args[0])
    if not len(times):
        raise SceneError("MotionBegin needs at least one time")
    if (np.diff(times) <= 0).any():
        raise SceneError("the times of MotionBegin must grow")


def _check_epsilon(call: Call) -> None:
    least, largest = (float(number) for number in call.args)
    if 0 <= largest < least:
        raise SceneError(f"SetEpsilon: {least:g} is more than {largest:g}; give the smaller first, or -1 for the usual")


def _check_variant(variant: str, plugin: Plugin) -> None:
    if variant not in VARIANTS:
        raise SceneError(f"unknown texture variant '{variant}'{did_you_mean(variant, VARIANTS)}")
    if plugin.variants and variant not in plugin.variants:
        raise SceneError(
            f"the texture '{plugin.name}' is a {' or '.join(plugin.variants)} texture, not a {variant} one"
        )


def _check_value(owner: str, given: str, row: Parameter, param: Param) -> list[str]:
    count = len(param.value)
    if row.count is not None and count != row.count:
        raise SceneError(f"{owner}: {given} takes {row.count} value{'s' * (row.count != 1)}, not {count}")
    if row.obsolete:
        return [f"{given} of {owner} is of older versions; it has no effect"]
    if row.choices and param.type == "string":
        for value in map(str, param.value):
            if value not in row.choices:
                known = ", ".join(row.choices)
                meant = did_you_mean(value, row.choices)
                return [f"{given} of {owner} has no '{value}'{meant}; the default holds, choices are {known}"]
    return []


def _check_film(call: Call) -> None:
    params = ParamSet(entity(call))
    size = [params.int("xresolution", 800), params.int("yresolution", 600)]
    for side, name in zip(size, ("xresolution", "yresolution"), strict=True):
        if not 1 <= side <= limits.MAX_FILM_SIDE:
            raise SceneError(f'Film: "integer {name}" is {side}; it must be 1 to {limits.MAX_FILM_SIDE}')
    if size[0] * size[1] > limits.MAX_FILM_PIXELS:
        raise SceneError(
            f"Film: {size[0]}x{size[1]} is too large; at most {limits.MAX_FILM_PIXELS} pixels are possible"
        )
    if params.has("cropwindow", "float"):
        left, right, top, bottom = params.floats("cropwindow").tolist()
        if not (0 <= left < right <= 1 and 0 <= top < bottom <= 1):
            raise SceneError('Film: "float cropwindow" must be [left right top bottom], growing, each 0 to 1')


def _check_camera(call: Call) -> None:
    params = ParamSet(entity(call))
    if params.has("fov", "float") and not 0 < params.float("fov") < 180:
        raise SceneError(f'Camera: "float fov" is {params.float("fov"):g} degrees; it must be between 0 and 180')
    if params.has("screenwindow", "float"):
        left, right, bottom, top = params.floats("screenwindow").tolist()
        if left == right or bottom == top:
            raise SceneError(
                'Camera: "float screenwindow" is empty: of [left right bottom top], '
                "left and right, bottom and top must differ"
            )


_RULES = {"film": _check_film, "camera": _check_camera, "shape": check_mesh}
