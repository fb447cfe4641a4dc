"""What a scene says about its own picture: the halt condition, the file's name, and how the film is developed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lrnap.engine.protocol import Halt
from lrnap.lux.description import Entity
from lrnap.lux.params import ParamSet
from lrnap.lux.scene import Scene

if TYPE_CHECKING:
    from lrnap.film.develop import Settings

DEFAULT_FILM = "fleximage"
HALT_PARAMETERS = ("haltspp", "halttime", "haltthreshold")


@dataclass(frozen=True, slots=True)
class SceneFilm:
    """`filename` has no extension and no folder: the folder that a scene names is of another machine."""

    halt: Halt
    filename: str
    settings: Settings
    notes: tuple[str, ...] = ()  # what the darkroom does not honour, one sentence each


def scene_film(scene: Scene) -> SceneFilm:
    """Read from the scene's Film statement, the last one if there are several, with classic Lux's defaults."""
    from lrnap.film.develop import Settings, not_honoured

    call = next((c for c in reversed(scene.calls) if c.name == "Film"), None)
    entity = Entity("film", str(call.args[0]) if call else DEFAULT_FILM, call.params if call else ())
    given = {p.name: p.value for p in entity.params}
    params = ParamSet(entity)
    return SceneFilm(
        Halt(
            spp=_positive(params.int("haltspp")),
            seconds=_positive(params.int("halttime")),
            noise=_positive(params.float("haltthreshold")),
        ),
        params.string("filename").replace("\\", "/").rpartition("/")[2] or "luxout",
        Settings.from_params(given),
        not_honoured(given),
    )


def without_halt(scene: Scene) -> Scene:
    """The scene without its own halt condition: what is asked for replaces it, wherever it is rendered."""
    place = next((i for i in reversed(range(len(scene.calls))) if scene.calls[i].name == "Film"), None)
    if place is None:
        return scene
    film = scene.calls[place]
    film = replace(film, params=tuple(p for p in film.params if p.name not in HALT_PARAMETERS))
    return replace(scene, calls=(*scene.calls[:place], film, *scene.calls[place + 1 :]))


def _positive(value: float) -> float | None:
    return value if value > 0 else None
