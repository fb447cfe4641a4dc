"""Denoising by Intel's Open Image Denoise, the only module that knows it. It takes the place of classic Lux's filters.

It sees linear light, before anything else spreads or bends it, with the albedo and the normals of what is seen where
the film holds them. They tell it texture from noise, so what a film lacks is worth saying: see `missing`.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

import numpy as np

from lrnap.errors import Code, LrnapError
from lrnap.film.develop.settings import Settings
from lrnap.film.snapshot import Block, FilmLayout

GUIDES = ("albedo", "normal")
INSTALL = "pip install 'lrnap[darkroom]'"
_one_at_a_time = threading.Lock()  # it has threads of its own


def available() -> bool:
    return find_spec("pyoidn") is not None


def missing(layout: FilmLayout) -> tuple[str, ...]:
    """The guides that a film does not hold. Normals help only beside albedo."""
    return tuple(name for name in GUIDES if name not in layout.channels)


def guides(planes_of: Mapping[str, Block]) -> dict[str, Block]:
    """What a film's channels, as means (H, W, 3), offer: albedo in [0, 1], or that and normals in [-1, 1]."""
    if "albedo" not in planes_of:
        return {}
    found = {"albedo": np.clip(np.nan_to_num(planes_of["albedo"]), 0, 1).astype(np.float32)}
    if "normal" in planes_of:
        found["normal"] = np.clip(np.nan_to_num(planes_of["normal"]), -1, 1).astype(np.float32)
    return found


def denoise(picture: Block, settings: Settings, guided: Mapping[str, Block]) -> None:
    """In place, colours (3, H, W): as much of the denoised picture as `denoise_strength` says."""
    strength = np.float32(settings.denoise_strength)
    if not strength:
        return
    colour = np.ascontiguousarray(np.moveaxis(picture, 0, -1))
    cleaned = _filter(colour, guided)
    for channel in range(3):
        plane = np.maximum(cleaned[..., channel], 0)
        plane *= strength
        picture[channel] *= 1 - strength
        picture[channel] += plane


def _filter(colour: Block, guided: Mapping[str, Block]) -> Block:
    try:
        import pyoidn
    except ImportError as error:
        raise LrnapError(Code.UNSUPPORTED, f"there is no Open Image Denoise here ({error}): {INSTALL}") from None
    highest = float(colour.max())
    if not highest > 0:
        return colour
    scale = np.float32(min(1.0, 1e4 / highest))  # its half floats end at 65504
    with _one_at_a_time:
        result: Any = pyoidn.denoise(colour * scale, hdr=True, **guided)
    return np.nan_to_num(np.asarray(result, np.float32)) / scale


def from_classic(chiu_radius: float | None, greyc: tuple[float, float] | None) -> float:
    """The strength that stands for classic Lux's filters, those that are on: Chiu by its radius in pixels, up to 9, of
    which 3 is usual and half; GREYCstoration by amplitude times number of iterations, of which 60 is usual and full."""
    of_chiu = 0.0 if chiu_radius is None else 0.5 * chiu_radius / 3
    of_greyc = 0.0 if greyc is None else greyc[0] * greyc[1] / 60
    return round(min(1.0, max(of_chiu, of_greyc, 0.0)), 3)
