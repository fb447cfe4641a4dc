"""From what a scene says to what LuxCore reads: properties, meshes, and what others need to know of the film.

The walk: film, camera, sampling, then shapes, which ask for their materials, which ask for textures and volumes; each
thing is written after what it is made of, so that no property refers to a later one. What is not rendered as classic
Lux would is a warning that names place, plugin and parameter.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from lrnap.engine.devices import Hardware
from lrnap.engine.geometry.mesh import Mesh
from lrnap.engine.luxcore.camera import put_camera, window_of
from lrnap.engine.luxcore.channels import number_things
from lrnap.engine.luxcore.choice import chosen
from lrnap.engine.luxcore.draft import Draft, Image, Value
from lrnap.engine.luxcore.film import put_film
from lrnap.engine.luxcore.regions import put_regions
from lrnap.engine.luxcore.sampling import BIDIRECTIONAL, put_sampling
from lrnap.engine.luxcore.shapes import Geometry
from lrnap.engine.luxcore.window import Window
from lrnap.engine.protocol import Halt
from lrnap.film.snapshot import FilmLayout
from lrnap.lux.description import SceneDescription


@dataclass(slots=True)
class Kept:
    """What of one translation serves the next, of the same scene after an edit: the meshes, which the engine has."""

    made: dict[object, str] = field(default_factory=dict)  # as in Geometry
    areas: dict[tuple[str, bytes], tuple[float, int]] = field(default_factory=dict)
    names: dict[str, int] = field(default_factory=dict)  # of meshes, as in Draft.used


@dataclass(slots=True)
class Translation:
    """Plain data: nothing of it is the engine's own.

    `config` and `scene`: properties, name -> values. `meshes`, and `images` that are no files, are defined before
    `scene` is parsed; objects carry their transformations. `groups`: light groups; the position is the engine's id.
    `develop`: the Film's parameters by name.
    """

    config: dict[str, Value]
    scene: dict[str, Value]
    meshes: list[Mesh]
    images: dict[str, Image]
    groups: tuple[str, ...]
    layout: FilmLayout
    halt: Halt
    develop: dict[str, object]
    warnings: list[str]
    window: Window | None  # where the picture lies in the engine's film; None: it is all of it
    kept: Kept


def translate(
    description: SceneDescription,
    files: Mapping[str, str],
    kept: Kept | None = None,
    hardware: Hardware = Hardware(),  # noqa: B008  # a constant
) -> Translation:
    """Raises SceneError for what cannot be rendered at all: missing files, things that are not there, broken meshes.

    `kept`: of a translation of the same scene before an edit; then `meshes` are those that are new. `hardware`: what
    it is to be rendered on.
    """
    kept = kept or Kept()
    draft = Draft(description, files, used=dict(kept.names))
    frame, halt, develop = put_film(draft)
    put_camera(draft, frame)
    window = window_of(description, frame)
    draft.config |= {} if window is None else window.config()
    put_sampling(draft)
    draft.config = chosen(draft.config, hardware)
    geometry = Geometry(draft, made=dict(kept.made), areas=dict(kept.areas))
    geometry.put_scene()
    put_regions(draft, geometry)
    names = number_things(draft)
    if not draft.groups:
        draft.warnings["nothing in the scene gives light: the picture will be black"] = None
    groups = _groups(draft)
    screen = draft.config["renderengine.type"] == [BIDIRECTIONAL]
    return Translation(
        config=draft.config,
        scene=draft.scene,
        meshes=geometry.meshes,
        images=draft.images,
        groups=groups,
        layout=FilmLayout(frame.width, frame.height, groups, screen, names=names),
        halt=halt,
        develop=develop,
        warnings=[*draft.warnings],
        window=window,
        kept=Kept(geometry.made, geometry.areas, {n: i for n, i in draft.used.items() if n.startswith("mesh_")}),
    )


def _groups(draft: Draft) -> tuple[str, ...]:
    """The light groups up to the last one that gives light: as many as the engine keeps."""
    names = tuple(draft.description.light_groups) or ("default",)
    return names[: max(draft.groups, default=0) + 1]
