"""Auxiliary channels out of LuxCore's film, and the numbers of materials and shapes that it writes into some of them.

The engine keeps place, texture coordinates, face and ids of the nearest sample of a pixel, the least depth, and means
of albedo and shading normal. Where nothing was hit it has infinity, or 2^32 - 1 for ids.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from lrnap.engine.luxcore.draft import Draft, Value
from lrnap.film.channels import CHANNELS, Kind
from lrnap.film.snapshot import Planes

if TYPE_CHECKING:
    from lrnap.engine.luxcore.native import pyluxcore

OUTPUTS: Mapping[str, str] = {  # channel -> the engine's output
    "albedo": "ALBEDO",
    "normal": "AVG_SHADING_NORMAL",
    "geometry_normal": "GEOMETRY_NORMAL",
    "position": "POSITION",
    "uv": "UV",
    "depth": "DEPTH",
    "material_id": "MATERIAL_ID",
    "object_id": "OBJECT_ID",
}
_NOTHING = 0xFFFFFFFF


def outputs(channels: Sequence[str], start: int) -> dict[str, Value]:
    """The properties that make the engine keep the channels; outputs are numbered from `start`."""
    properties: dict[str, Value] = {}
    for number, channel in enumerate(channels, start):
        extension = "png" if CHANNELS[channel].kind is Kind.VOTES else "exr"  # never written; ids refuse exr
        properties[f"film.outputs.{number}.type"] = [OUTPUTS[channel]]
        properties[f"film.outputs.{number}.filename"] = [f"{channel}.{extension}"]
    return properties


def number_things(draft: Draft) -> dict[str, tuple[str, ...]]:
    """Gives materials and objects ids from 1 on, in the order of the scene, the same for every run of it; and says, by
    channel, what the scene calls those of each id.

    All that a material of the scene has become, for shapes that give light and shapes that do not, has one id.
    """
    materials: dict[str, int] = {}
    for (kind, key), engine in draft.defined.items():
        if kind == "material":
            number = materials.setdefault(key.partition(" Surface(")[0], len(materials) + 1)
            draft.scene[f"scene.materials.{engine}.id"] = [number]
    shapes = [key for key in draft.scene if key.startswith("scene.objects.") and key.endswith(".shape")]
    draft.scene |= {f"{key.removesuffix('shape')}id": [number] for number, key in enumerate(shapes, 1)}
    objects = [key.removeprefix("scene.objects.").removesuffix(".shape") for key in shapes]
    return {
        "material_id": _distinct(_shown(draft, key) for key in materials),
        "object_id": _distinct(draft.called.get(engine, engine) for engine in objects),
    }


def _shown(draft: Draft, key: str) -> str:
    """A material's name; one without is called by its plugin, too."""
    known = draft.description.materials.get(key)
    return f"{known.plugin} {key}" if known is not None and key.startswith("#") else key


def _distinct(names: Iterable[str]) -> tuple[str, ...]:
    """The names, each once: what is called as another before it gets a number behind."""
    counts: dict[str, int] = {}
    taken: dict[str, None] = {}
    for name in names:
        own = name
        while own in taken:
            counts[name] = counts.get(name, 1) + 1
            own = f"{name}_{counts[name]}"
        taken[own] = None
    return tuple(taken)


def read(film: Any, types: type[pyluxcore.FilmOutputType], planes: Planes) -> None:
    """Fills the channels of a film whose weights have been read already."""
    height, width = planes.weight.shape
    for name, target in planes.channels.items():
        channel, output = CHANNELS[name], getattr(types, OUTPUTS[name])
        if channel.kind is Kind.VOTES:
            ids = np.empty(height * width, np.uint32)
            film.GetOutputUInt(output, ids, 0, False)
            target[..., 0] = np.where(ids == _NOTHING, 0, ids).reshape(height, width)[::-1]
            target[..., 1] = planes.weight
            continue
        flat = np.empty(height * width * len(channel.names), np.float32)
        film.GetOutputFloat(output, flat, 0, False)
        values = flat.reshape(height, width, -1)[::-1]
        hit: npt.NDArray[np.bool_] = np.asarray(np.isfinite(values).all(axis=2))
        if channel.kind is Kind.NEAREST:
            target[..., 0] = np.where(hit, np.maximum(values[..., 0], 0), 0)
            continue
        if name == "geometry_normal":
            hit = (values != 0).any(axis=2)
        target[..., -1] = planes.weight * hit
        np.multiply(np.where(hit[..., None], values, 0), target[..., -1:], out=target[..., :-1])
