"""Edits of a scene that is rendered already: which calls may change it, and what it says afterwards.

An edit is a short sequence of calls. What a call changes is found by an address that a person can type:

    MakeNamedMaterial, MakeNamedVolume, Texture   the thing of that name (and variant), or a new one
    LookAt, Camera                                the camera: its placement, its parameters
    LightSource                                   the lights of the light group in force, all together
    AreaLightSource                               the emission of all shapes of the light group in force
    ObjectInstance                                the placements of that object, all together
    Film                                          how the film is developed, parameter by parameter

An edit starts with the identity transform and the light group "default". `Changes` is an edit by its addresses: later
ones replace earlier ones, so a scene carries one edit, however often it was edited. Pure: no engine, no I/O.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from lrnap.errors import SceneError
from lrnap.lux.builder import DEFAULT_GROUP
from lrnap.lux.call import Call, Param
from lrnap.lux.call_spec import CallSpec, Where
from lrnap.lux.calls import CALLS
from lrnap.lux.checker import Block, Checker
from lrnap.lux.recorder import Find, Recorder, Room
from lrnap.lux.scene import Scene, merged_params
from lrnap.lux.spelling import did_you_mean

DEFINITIONS = {"MakeNamedMaterial": "material", "MakeNamedVolume": "volume", "Texture": "texture"}
BLOCKS = ("AttributeBegin", "AttributeEnd", "TransformBegin", "TransformEnd")
MOVES = (
    *("Identity", "Translate", "Rotate", "Scale", "LookAt", "Transform", "ConcatTransform", "MotionBegin", "MotionEnd"),
)
EDITABLE = frozenset(
    (*DEFINITIONS, *BLOCKS, *MOVES, "LightGroup", "LightSource", "AreaLightSource", "ObjectInstance", "Camera", "Film")
)
_MATERIAL = "a shape keeps its material while it renders; change the material itself, with MakeNamedMaterial"
_SYSTEM = "an edit knows no coordinate systems; write the transform itself"
_OPTION = "what renders is chosen before; describe and render the scene anew"
_REFUSED: Mapping[str, str] = {
    **dict.fromkeys(("Shape", "PortalShape"), "geometry cannot change while rendering"),
    **dict.fromkeys(("ObjectBegin", "ObjectEnd"), "objects cannot be made while rendering; ObjectInstance places them"),
    **dict.fromkeys(("Material", "NamedMaterial"), _MATERIAL),
    **dict.fromkeys(("Interior", "Exterior"), "volumes stay where they are; change the volume, with MakeNamedVolume"),
    **dict.fromkeys(("CoordinateSystem", "CoordSysTransform"), _SYSTEM),
    **dict.fromkeys(("MotionInstance",), "write MotionBegin, two transforms, MotionEnd and ObjectInstance"),
    **dict.fromkeys(("WorldBegin", "WorldEnd"), "an edit has no world of its own; end it with API_EditEnd"),
    **dict.fromkeys(
        ("Renderer", "Sampler", "SurfaceIntegrator", "VolumeIntegrator", "Accelerator", "PixelFilter"), _OPTION
    ),
}
_FIXED_FILM: Mapping[str, str] = {  # parameters of Film that are not about developing
    **dict.fromkeys(("xresolution", "yresolution", "cropwindow"), "the film's size cannot change while rendering"),
    **dict.fromkeys(("outlierrejection_k", "usersamplingmap_filename"), "it cannot change while rendering"),
    **dict.fromkeys(("haltspp", "halttime", "haltthreshold"), "halt conditions are set with CTL_SET"),
}


# ---- an edit by its addresses --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Placed:
    """A call and the transforms in force, since the last that replaced all before it. None of them: as it was."""

    transforms: tuple[Call, ...]
    call: Call


@dataclass(frozen=True, slots=True)
class Changes:
    """`camera_place`: None, where the camera stays. `definitions`: by kind, name and, of a texture, variant."""

    camera_place: tuple[Call, ...] | None = None
    camera: Call | None = None
    film: tuple[Param, ...] = ()
    definitions: Mapping[tuple[str, ...], Placed] = field(default_factory=dict)
    lights: Mapping[str, tuple[Placed, ...]] = field(default_factory=dict)  # by light group
    area_lights: Mapping[str, Call] = field(default_factory=dict)  # by light group
    placements: Mapping[str, tuple[Placed, ...]] = field(default_factory=dict)  # by object

    @property
    def develops_only(self) -> bool:
        """Whether only the developing changes. An edit of nothing is none of this kind: it begins the film anew."""
        return bool(self.film) and self == Changes(film=self.film)

    def then(self, later: Changes) -> Changes:
        """Both as one."""
        return Changes(
            self.camera_place if later.camera_place is None else later.camera_place,
            later.camera or self.camera,
            merged_params(self.film, later.film),
            {**self.definitions, **later.definitions},
            {**self.lights, **later.lights},
            {**self.area_lights, **later.area_lights},
            {**self.placements, **later.placements},
        )

    def calls(self) -> tuple[Call, ...]:
        """The shortest edit that says this."""
        calls = [*(self.camera_place or ()), *([self.camera] if self.camera else [])]
        if self.film:
            calls.append(Call("Film", ("fleximage",), self.film))
        for placed in self.definitions.values():
            calls += _block(placed.call, placed.transforms)
        for group, lights in self.lights.items():
            for light in lights:
                calls += _block(light.call, light.transforms, group)
        for group, call in self.area_lights.items():
            calls += _block(call, (), group)
        for placements in self.placements.values():
            for placement in placements:
                calls += _block(placement.call, placement.transforms)
        return tuple(calls)


def _block(call: Call, transforms: Sequence[Call], group: str | None = None) -> list[Call]:
    named = [] if group is None else [Call("LightGroup", (group,))]
    inside = [*named, *transforms, call]
    return inside if len(inside) == 1 else [Call("AttributeBegin"), *inside, Call("AttributeEnd")]


@dataclass(slots=True)
class _State:
    transforms: tuple[Call, ...] = ()
    group: str = DEFAULT_GROUP
    moving: bool = False


class _Walk:
    """Sorts the calls of an edit by their addresses."""

    def __init__(self) -> None:
        self.camera_place: tuple[Call, ...] | None = None
        self.camera: Call | None = None
        self.film: tuple[Param, ...] = ()
        self.definitions: dict[tuple[str, ...], Placed] = {}
        self.lights: dict[str, list[Placed]] = {}
        self.area_lights: dict[str, Call] = {}
        self.placements: dict[str, list[Placed]] = {}
        self._state = _State()
        self._stack: list[_State] = []
        self._looking = False  # LookAt has come, and what follows it may still be of the camera

    def call(self, call: Call) -> None:
        if call.name in MOVES:
            self._move(call)
        elif call.name.endswith("Begin"):
            self._stack.append(replace(self._state))
        elif call.name.endswith("End"):
            outer = self._stack.pop()
            group = self._state.group if call.name == "TransformEnd" else outer.group
            self._state = replace(outer, group=group)
        else:
            _TAKE[call.name](self, call)

    def _move(self, call: Call) -> None:
        state = self._state
        if call.name in ("MotionBegin", "MotionEnd"):
            state.moving = call.name == "MotionBegin"
        fresh = call.name in ("Identity", "Transform") and not state.moving
        state.transforms = (call,) if fresh else (*state.transforms, call)
        if call.name == "LookAt" and not state.moving and not self._stack:
            self._take_camera_place()

    def _take_camera_place(self) -> None:
        """The camera takes the transform, and what is placed next begins anew, as behind WorldBegin."""
        before = self.camera_place if self._looking and self.camera_place else ()
        self.camera_place = (*before, *self._state.transforms)
        self._looking = True
        self._state.transforms = ()

    def _camera(self, call: Call) -> None:
        self.camera = call
        if self._state.transforms:
            self._take_camera_place()
        self._looking = False

    def _film(self, call: Call) -> None:
        self.film = merged_params(self.film, call.params)

    def _define(self, call: Call) -> None:
        names = call.args[:2] if call.name == "Texture" else call.args[:1]
        address = (DEFINITIONS[call.name], *map(str, names))
        self.definitions[address] = Placed(self._state.transforms if call.name == "Texture" else (), call)

    def _light_group(self, call: Call) -> None:
        self._state.group = str(call.args[0]) or DEFAULT_GROUP

    def _light(self, call: Call) -> None:
        self.lights.setdefault(self._state.group, []).append(Placed(self._state.transforms, call))

    def _area_light(self, call: Call) -> None:
        self.area_lights[self._state.group] = call

    def _place(self, call: Call) -> None:
        self.placements.setdefault(str(call.args[0]), []).append(Placed(self._state.transforms, call))

    def changes(self) -> Changes:
        return Changes(
            self.camera_place,
            self.camera,
            self.film,
            self.definitions,
            {group: tuple(lights) for group, lights in self.lights.items()},
            self.area_lights,
            {name: tuple(placements) for name, placements in self.placements.items()},
        )


_TAKE: Mapping[str, Callable[[_Walk, Call], None]] = {
    "Camera": _Walk._camera,
    "Film": _Walk._film,
    **dict.fromkeys(DEFINITIONS, _Walk._define),
    "LightGroup": _Walk._light_group,
    "LightSource": _Walk._light,
    "AreaLightSource": _Walk._area_light,
    "ObjectInstance": _Walk._place,
}


def changes_of(calls: Iterable[Call]) -> Changes:
    """What an edit changes; its calls have passed an EditChecker."""
    walk = _Walk()
    for call in calls:
        walk.call(call)
    return walk.changes()


# ---- what an edit may say ------------------------------------------------------------------------------------------


class EditChecker(Checker):
    """The rules of an edit of a scene: its names hold, and none of them only in a block."""

    def __init__(self, scene: Scene) -> None:
        super().__init__()
        self._in_world = True
        self._groups: set[str] = set()  # light groups that the film has
        self._glowing: set[str] = set()  # ... and those with area lights
        self._placed: set[str] = set()  # objects by where they stand: in the world, and inside other objects only
        self._nested: set[str] = set()
        self._group = [DEFAULT_GROUP]
        self._learn(scene.calls)
        for call in scene.edits:
            self.commit(call)

    def require_finished(self) -> None:
        """Raises SceneError if a block is open."""
        if self._blocks:
            top = self._blocks[-1]
            raise SceneError(f"the edit ends while a block is open: {top}; end it first")

    def check(self, call: Call) -> list[str]:
        found = super().check(call)
        try:
            self._check_address(call)
        except SceneError as error:
            error.at = error.at or (str(call.at) if call.at else None)
            raise
        return found

    def commit(self, call: Call) -> None:
        super().commit(call)
        if call.name == "LightGroup":
            self._group[-1] = str(call.args[0]) or DEFAULT_GROUP
        elif call.name == "AttributeBegin":
            self._group.append(self._group[-1])
        elif call.name == "AttributeEnd":
            self._group.pop()

    def _check_order(self, spec: CallSpec) -> None:
        if spec.name not in EDITABLE:
            raise SceneError(f"{spec.name}: {_REFUSED.get(spec.name, 'it cannot be edited while rendering')}")
        if spec.where is not Where.OPTIONS:
            super()._check_order(spec)
        elif self._blocks:
            raise SceneError(f"{spec.name} may not stand in a block; end it first ({self._blocks[-1]})")

    def _check_address(self, call: Call) -> None:
        group = self._group[-1]
        if call.name == "Film":
            for param in call.params:
                if param.name in _FIXED_FILM:
                    raise SceneError(f'Film: "{param.type} {param.name}": {_FIXED_FILM[param.name]}')
        elif call.name == "LightSource" and group not in self._groups:
            raise SceneError(f"LightSource: {_no_group(group, self._groups)}")
        elif call.name == "AreaLightSource" and group not in self._glowing:
            raise SceneError(f"AreaLightSource: no shape gives light; {_no_group(group, self._glowing)}")
        elif call.name == "ObjectInstance" and str(call.args[0]) in self._nested - self._placed:
            raise SceneError(f"ObjectInstance: '{call.args[0]}' is a part of other objects only; place those")

    def _begin(self, call: Call) -> None:
        times = len(call.args[0]) if call.name == "MotionBegin" else 0  # type: ignore[arg-type]  # an array
        self._blocks.append(Block(call.name, call.at, wanted=times))

    def _end(self, block: Block) -> None:
        """Names last: a block of an edit is about transforms and light groups only."""

    def _define(self, call: Call, kind: str) -> None:
        self._names.define(kind, str(call.args[0]), str(call.args[0]))

    def _learn(self, calls: Iterable[Call]) -> None:
        """The names of the scene, wherever they hold there, its light groups, and where its objects stand."""
        group, glows, stack, inside = DEFAULT_GROUP, False, [(DEFAULT_GROUP, False)], False
        for call in calls:
            name = call.name
            if name in ("AttributeBegin", "ObjectBegin"):
                stack.append((group, glows))
            elif name in ("AttributeEnd", "ObjectEnd"):
                group, glows = stack.pop()
            elif name == "LightGroup":
                group = str(call.args[0]) or DEFAULT_GROUP
            elif name == "AreaLightSource":
                glows = True
            elif name == "LightSource":
                self._groups.add(group)
            elif name == "Shape" and glows:
                self._groups.add(group)
                self._glowing.add(group)
            elif name in DEFINITIONS:
                kind = f"{call.args[1]} texture" if name == "Texture" else DEFINITIONS[name]
                self._define(call, kind)
            elif name in ("ObjectInstance", "MotionInstance"):
                (self._nested if inside else self._placed).add(str(call.args[0]))
            if name in ("ObjectBegin", "ObjectEnd"):
                inside = name == "ObjectBegin"
                if inside:
                    self._define(call, "object")


def _no_group(group: str, groups: Iterable[str]) -> str:
    known = ", ".join(f'"{name}"' for name in sorted(groups)) or "none"
    meant = did_you_mean(group, groups)
    return f"the film has no light group '{group}'{meant}; say LightGroup with one that it has before: {known}"


class Edit:
    """A Target: an edit of `scene` while it is being described. A call that raises changes nothing.

    `find`, `room` and `on_warning` are as for a Recorder. `scene` is what the scene is once the edit is done.
    """

    def __init__(self, scene: Scene, find: Find, room: Room, on_warning: Callable[[str], None] | None = None) -> None:
        self._base = scene
        self._recorder = Recorder(find, room, on_warning, EditChecker(scene), scene.files)

    def call(self, call: Call, /) -> None:
        self._recorder.call(call)

    @property
    def calls(self) -> tuple[Call, ...]:
        return tuple(self._recorder.calls)

    @property
    def files(self) -> Mapping[str, str]:
        """What the names mean that stand in the scene or in the edit."""
        return self._recorder.files

    @property
    def warnings(self) -> tuple[str, ...]:
        return tuple(self._recorder.warnings)

    def require_finished(self) -> None:
        """Raises SceneError if a block is open."""
        self._recorder.require_finished()

    def scene(self) -> Scene:
        """Raises SceneError if a block is open."""
        self.require_finished()
        return edited(self._base, self.calls, self.files)


def edited(scene: Scene, calls: Iterable[Call], files: Mapping[str, str] | None = None) -> Scene:
    """The scene after an edit; `files`: what the names in it mean."""
    both = changes_of(scene.edits).then(changes_of(calls))
    return replace(scene, edits=both.calls(), files={**scene.files, **(files or {})})


assert set(CALLS) >= EDITABLE
