"""Films in EXR files: pictures of linear light that also say how many samples each pixel has, so that they can be
added to others.

Beside what every EXR of ours holds there is a layer for each light group, even if there is one, `weight.W`, and in a
film that was merged from several runs `variance.R`, `.G`, `.B`: the square of what each colour is uncertain by. Where
runs do not agree on an id, `object_id.votes` has all votes. What was traced from the lights is divided by the whole
film's samples, so it is told as if each pixel had got its share.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from lrnap.errors import Code, LrnapError
from lrnap.film import images, names
from lrnap.film.channels import CHANNELS, Kind, from_shown, is_votes, of_votes
from lrnap.film.cryptomatte import is_layer
from lrnap.film.images import WEIGHT
from lrnap.film.noise import Estimate
from lrnap.film.radiance import BRIGHTEST, Accumulators, clean, resolve
from lrnap.film.snapshot import Block, FilmLayout, Snapshot

EXTENSION = ".exr"
VARIANCE = "variance"
RUN = "exr"
_ESCAPE = "light "
_GROUPS = "groups"
_NAMES = "names"
_ONLY = "default"  # the light group of a picture


def layers(film: Snapshot, noise: Estimate | None = None) -> dict[str, Block]:
    """What a picture of the film needs beside its colours to be a film; (H, W, 3), and (H, W, 1) for the weight."""
    colours, _ = resolve(film)
    clean(colours, BRIGHTEST)
    shape = (film.layout.height, film.layout.width)
    weight = film.planes.weight if film.planes.screen is None else np.full(shape, _spp(film), np.float32)
    result = dict(zip(map(layer_of, film.layout.groups), colours, strict=True)) | {
        WEIGHT: np.asarray(weight)[..., None]
    }
    result |= {of_votes(name): votes for name, votes in film.planes.channels.items() if _divided(name, votes)}
    if noise is not None:
        result[VARIANCE] = noise.variance.reshape(*shape, 3)
    return result


def _divided(name: str, values: Block) -> bool:
    """Whether a channel is one of ids, and holds more than the one that a picture shows."""
    return CHANNELS[name].kind is Kind.VOTES and bool(values[..., 3::2].any())


def is_film(path: str | os.PathLike[str]) -> bool:
    """Whether an EXR file has weights; read from its head alone."""
    try:
        return f"{WEIGHT}.W" in images.read_names(path)
    except LrnapError:
        return False


def read(path: str | os.PathLike[str], run: str = RUN, *, pictures: bool = False) -> Snapshot:
    """The film of an EXR file. Raises LrnapError if it is a picture only, unless `pictures` are wanted, too (then each
    of its pixels has one sample), or no EXR at all."""
    found = images.read_layers(path)
    if WEIGHT not in found and pictures:
        found = {name: values for name, values in found.items() if name in CHANNELS}
        found[_ONLY] = images.read_colours(path)
        found[WEIGHT] = np.ones_like(found[_ONLY][..., :1])
    if WEIGHT not in found:
        raise LrnapError(
            Code.TYPE,
            "this is a picture, not a film: nothing says how many samples its pixels have. "
            "`lrnap render --write weights=true` and `lrnap film convert` write EXR files that do",
            at=os.fspath(path),
        )
    weight = found[WEIGHT][..., 0]
    if not (np.isfinite(weight).all() and weight.min(initial=0) >= 0):
        raise LrnapError(Code.TYPE, "its weights are not all numbers from 0 on", at=os.fspath(path))
    light = {_group_of(name): values for name, values in found.items() if not _reserved(name)}
    if not light or any(values.shape[2] != 3 for values in light.values()):
        raise LrnapError(Code.TYPE, "it holds weights, but no light group", at=os.fspath(path))
    channels = [name for name, row in CHANNELS.items() if name in found and found[name].shape[2] == len(row.names)]
    called = {name: said for name, said in _called(path).items() if name in channels}
    layout = FilmLayout(weight.shape[1], weight.shape[0], _ordered(path, light), channels=tuple(channels), names=called)
    block = layout.new_block()
    planes = layout.planes(block)
    planes.weight[:] = weight
    own = images.in_colour(images.read(path))
    planes.alpha[:] = own[..., 3] * weight if own.shape[2] > 3 else weight
    with np.errstate(over="ignore", invalid="ignore"):
        for index, group in enumerate(layout.groups):
            np.multiply(light[group], weight[..., None], out=planes.pixel[index])
    for name in channels:
        votes = found.get(of_votes(name))
        whole = votes is not None and votes.shape == planes.channels[name].shape and is_votes(votes)
        planes.channels[name][:] = votes if whole else from_shown(name, found[name], weight)
    return Snapshot(run, 0, 1, layout, block, samples=float(weight.sum(dtype=np.float64)))


def layer_of(group: str) -> str:
    """A light group's layer; one that is called as another layer is called otherwise there."""
    return f"{_ESCAPE}{group}" if _reserved(group) or group.startswith(_ESCAPE) else group


def _group_of(layer: str) -> str:
    return layer.removeprefix(_ESCAPE)


def _reserved(layer: str) -> bool:
    return layer in (WEIGHT, VARIANCE, *CHANNELS, *map(of_votes, CHANNELS)) or is_layer(layer)


def facts(film: Snapshot) -> dict[str, str]:
    """What a file says besides: layers have no order."""
    return {_GROUPS: json.dumps(film.layout.groups)}


def names_of(film: Accumulators) -> dict[str, str]:
    """What a file with the film's ids says of them."""
    return {_NAMES: names.as_text(film.layout.names)} if film.layout.names else {}


def _called(path: str | os.PathLike[str]) -> names.Names:
    """What the things are called whose ids the file holds, where it says it."""
    try:
        return names.of_text(images.read_metadata(path).get(_NAMES, "{}"))
    except LrnapError:  # not ours
        return {}


def _ordered(path: str | os.PathLike[str], groups: Iterable[str]) -> tuple[str, ...]:
    """Light groups as the film had them, where the file says it."""
    found = sorted(groups)
    try:
        said = json.loads(images.read_metadata(path).get(_GROUPS, "[]"))
    except ValueError:
        return tuple(found)
    return tuple(said) if isinstance(said, list) and sorted(map(str, said)) == found else tuple(found)


def uncertainty(path: str | os.PathLike[str], film: Snapshot) -> Estimate | None:
    """What the file, whose film this is, says of its error; None if it does not."""
    variance = images.read_layers(path).get(VARIANCE)
    if variance is None:
        return None
    radiance = resolve(film)[0].sum(axis=0).reshape(-1, 3)
    known = np.isfinite(variance).all(axis=2).reshape(-1) & (film.planes.weight.reshape(-1) > 0)
    spread = np.where(known[:, None], np.maximum(variance.reshape(-1, 3), 0), 0)
    return Estimate(radiance, spread.astype(np.float32), known, film.spp, int(_fact(path, "runs") or 1))


def look(path: str | os.PathLike[str]) -> dict[str, object]:
    """How the film says that it is developed, by the names of Film's parameters."""
    try:
        said = json.loads(images.read_metadata(path).get("settings", "{}"))
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _fact(path: str | os.PathLike[str], name: str) -> float:
    try:
        return float(images.read_metadata(Path(path)).get(name, ""))
    except ValueError:
        return 0.0


def _spp(film: Snapshot) -> float:
    """Samples per pixel, from the camera or from the lights where nothing comes from the camera."""
    return (film.samples or film.screen_samples) / (film.layout.width * film.layout.height)
