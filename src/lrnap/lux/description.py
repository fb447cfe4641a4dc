"""What a scene says once its graphics state is resolved: things with their place, material and light group.

`builder.py` makes a description from calls; an engine translates it. Nothing here knows an engine.

Matrices are 4x4 float64 in the usual column-vector form (`world = M @ local`; translation in the last column). LXS
writes them column by column; the builder transposes.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from lrnap.lux.call import Location, Param

Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Transform:
    """A placement: one matrix, or several at times in [0, 1] for motion blur (`matrices[i]` holds at `times[i]`)."""

    matrices: tuple[Matrix, ...]
    times: tuple[float, ...] = (0.0,)

    @property
    def matrix(self) -> Matrix:
        return self.matrices[0]

    @property
    def moving(self) -> bool:
        return len(self.matrices) > 1


@dataclass(frozen=True, slots=True)
class Entity:
    """A plugin with its parameters as the scene gives them; `ParamSet` (params.py) reads them with defaults."""

    kind: str  # as in the plugin tables: "material", "texture", "shape", ...
    plugin: str  # the plugin's name as spelled, e.g. "matte"
    params: tuple[Param, ...] = ()
    at: Location | None = None


@dataclass(frozen=True, slots=True)
class Texture:
    name: str
    variant: str  # "float", "color" or "fresnel"
    entity: Entity
    transform: Transform | None = None  # texture to world, where it was defined; None: the world itself


@dataclass(frozen=True, slots=True)
class AreaLight:
    entity: Entity
    group: str


@dataclass(frozen=True, slots=True)
class Shape:
    entity: Entity
    transform: Transform  # shape to world, or to the object it stands in
    material: str | None  # a key of `SceneDescription.materials`; None: the classic default, matte
    area_light: AreaLight | None = None
    interior: str | None = None  # keys of `SceneDescription.volumes`
    exterior: str | None = None
    reverse: bool = False  # ReverseOrientation
    portal: bool = False


@dataclass(frozen=True, slots=True)
class Light:
    entity: Entity
    transform: Transform
    group: str
    exterior: str | None = None


@dataclass(frozen=True, slots=True)
class Region:
    """A box of fog (the `Volume` statement): its transform is that of the box to the world."""

    entity: Entity
    transform: Transform


@dataclass(frozen=True, slots=True)
class Instance:
    """ObjectInstance (or MotionInstance, then with a moving transform); its material overrides the shapes' own."""

    object: str
    transform: Transform
    material: str | None = None
    interior: str | None = None
    exterior: str | None = None
    portal: bool = False
    at: Location | None = None


@dataclass(slots=True)
class Object:
    """What stands between ObjectBegin and ObjectEnd, in the object's own space."""

    name: str
    shapes: list[Shape] = field(default_factory=list)
    lights: list[Light] = field(default_factory=list)
    instances: list[Instance] = field(default_factory=list)


@dataclass(slots=True)
class SceneDescription:
    """A whole scene. Dictionaries keep the order of definition; a redefinition gets a new key and wins afterwards."""

    renderer: Entity
    camera: Entity
    camera_transform: Transform  # world to camera
    film: Entity
    filter: Entity
    sampler: Entity
    surface_integrator: Entity
    volume_integrator: Entity
    accelerator: Entity
    textures: dict[str, Texture] = field(default_factory=dict)
    materials: dict[str, Entity] = field(default_factory=dict)  # named ones, and unnamed as "#1", "#2" ...
    volumes: dict[str, Entity] = field(default_factory=dict)
    volume_regions: list[Region] = field(default_factory=list)
    light_groups: list[str] = field(default_factory=list)  # in order of first use; "default" first if used
    lights: list[Light] = field(default_factory=list)
    shapes: list[Shape] = field(default_factory=list)
    objects: dict[str, Object] = field(default_factory=dict)
    instances: list[Instance] = field(default_factory=list)
    camera_volume: str | None = None  # the exterior at WorldEnd
    epsilon: tuple[float, float] = (-1.0, -1.0)  # least and largest way from a surface to the next; < 0: the engine's
    renamed: dict[tuple[str, str], str] = field(default_factory=dict)  # (kind, key) -> name, where they differ
