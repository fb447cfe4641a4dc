"""What a scene says about its own picture: the halt condition, the file's name, and how the film is developed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lrnap.engine import halts
from lrnap.engine.protocol import Halt
from lrnap.lux.params import ParamSet
from lrnap.lux.scene import Scene

if TYPE_CHECKING:
    from lrnap.film.develop import Settings
    from lrnap.film.preset_file import Preset


@dataclass(frozen=True, slots=True)
class SceneFilm:
    """`filename` has no extension and no folder: the folder that a scene names is of another machine."""

    halt: Halt
    filename: str
    settings: Settings
    notes: tuple[str, ...] = ()  # what the darkroom does not honour, one sentence each


def scene_film(scene: Scene, look: Preset | None = None) -> SceneFilm:
    """Read from the scene's Film statement, the last one if there are several, with classic Lux's defaults. What `look`
    says of developing counts more."""
    from lrnap.film.develop import Settings, not_honoured
    from lrnap.film.develop.presets import expand

    given: dict[str, object] = {p.name: p.value for p in scene.film.params}
    files = dict(scene.files)
    if look is not None:
        given, files = {**expand(given), **expand(look.params)}, {**files, **look.files}
    params = ParamSet(scene.film)
    return SceneFilm(
        halts.of_film(params),
        params.string("filename").replace("\\", "/").rpartition("/")[2] or "luxout",
        Settings.from_params(given, files=files),
        not_honoured(given),
    )


def without_halt(scene: Scene) -> Scene:
    """The scene without its own halt condition: what is asked for replaces it, wherever it is rendered."""
    place = next((i for i in reversed(range(len(scene.calls))) if scene.calls[i].name == "Film"), None)
    if place is None:
        return scene
    film = scene.calls[place]
    film = replace(film, params=tuple(p for p in film.params if p.name not in halts.PARAMETERS))
    return replace(scene, calls=(*scene.calls[:place], film, *scene.calls[place + 1 :]))
