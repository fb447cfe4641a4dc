"""Films in EXR files: pictures of linear light that also say how many samples each pixel has, so that they can be
added to others.

Beside what every EXR of ours holds there is a layer for each light group, even if there is one, `weight.W`, and in a
film that was merged from several runs `variance.R`, `.G`, `.B`: the square of what each colour is uncertain by. What
was traced from the lights is divided by the whole film's samples, so it is told as if each pixel had got its share.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np

from lrnap.errors import Code, LrnapError
from lrnap.film import images
from lrnap.film.channels import CHANNELS
from lrnap.film.images import WEIGHT
from lrnap.film.noise import Estimate
from lrnap.film.radiance import BRIGHTEST, clean, resolve
from lrnap.film.snapshot import Block, FilmLayout, Snapshot

EXTENSION = ".exr"
VARIANCE = "variance"
RUN = "exr"


def layers(film: Snapshot, noise: Estimate | None = None) -> dict[str, Block]:
    """What a picture of the film needs beside its colours to be a film; (H, W, 3), and (H, W, 1) for the weight."""
    for name in {WEIGHT, VARIANCE, *CHANNELS}.intersection(film.layout.groups):
        raise LrnapError(Code.STATE, f"an EXR file cannot tell light group {name!r} from what it says of films")
    colours, _ = resolve(film)
    clean(colours, BRIGHTEST)
    shape = (film.layout.height, film.layout.width)
    weight = film.planes.weight if film.planes.screen is None else np.full(shape, _spp(film), np.float32)
    result = dict(zip(film.layout.groups, colours, strict=True)) | {WEIGHT: np.asarray(weight)[..., None]}
    if noise is not None:
        result[VARIANCE] = noise.variance.reshape(*shape, 3)
    return result


def read(path: str | os.PathLike[str], run: str = RUN) -> Snapshot:
    """The film of an EXR file. Raises LrnapError if it is a picture only, or no EXR at all."""
    found = images.read_layers(path)
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
    groups = tuple(name for name in found if name not in (WEIGHT, VARIANCE, *CHANNELS))
    if not groups or any(found[group].shape[2] != 3 for group in groups):
        raise LrnapError(Code.TYPE, "it holds weights, but no light group", at=os.fspath(path))
    layout = FilmLayout(weight.shape[1], weight.shape[0], groups)
    block = layout.new_block()
    planes = layout.planes(block)
    planes.weight[:] = weight
    own = images.read(path)
    planes.alpha[:] = own[..., 3] * weight if own.shape[2] > 3 else weight
    for index, group in enumerate(groups):
        np.multiply(found[group], weight[..., None], out=planes.pixel[index])
    return Snapshot(run, 0, 1, layout, block, samples=float(weight.sum(dtype=np.float64)))


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
