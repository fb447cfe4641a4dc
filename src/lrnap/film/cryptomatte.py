"""Ids as Cryptomatte has them, so that a compositor picks a shape or a material with a click.

Psyop's specification 1.2: a name's MurmurHash3 (32 bits, seed 0) is an id, made a float whose exponent is neither 0 nor
255; layers NAME00 ... hold pairs of id and coverage, the most coverage first; the header says which layers
they are, and what the names are: the scene's own, or `object_7` and `material_3` by the numbers where it is not known.

LuxCore tells the id of the nearest sample of a pixel, so the edges of one run are hard; those of many runs are mixed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import numpy as np

from lrnap.film.channels import SLOTS, Values

LAYERS: Mapping[str, str] = {"object_id": "CryptoObject", "material_id": "CryptoMaterial"}  # channel -> layer
MOST = 1 << 24  # a float32 counts so far
LOSSY = ("dwa", "b44", "pxr24")  # beginnings of compressions that change numbers
_PAIRS = 2  # of id and coverage in one layer of four values


def is_layer(name: str) -> bool:
    return name.startswith(tuple(LAYERS.values()))


def layers(channel: str, values: Values, called: Sequence[str] = ()) -> tuple[dict[str, Values], dict[str, str]]:
    """Of a film's channel of ids (H, W, floats): the layers (H, W, 4) by name, and what the header has to say.

    `called`: the names of the ids 1, 2, 3 ...; those beyond are called by their numbers.
    """
    name = LAYERS[channel]
    pairs = values.reshape(*values.shape[:2], SLOTS, 2)
    numbers, where = np.unique(pairs[..., 0], return_inverse=True)
    known = [number for number in numbers.tolist() if 1 <= number < MOST]
    names = {number: _name(channel, int(number), called) for number in known}
    hashes = {number: _float_safe(murmur3(text.encode())) for number, text in names.items()}
    ids = np.array([hashes.get(number, 0) for number in numbers.tolist()], np.uint32).view(np.float32)
    votes = np.nan_to_num(np.maximum(pairs[..., 1], 0)).astype(np.float64)
    total = votes.sum(axis=2, keepdims=True)
    coverage = np.divide(votes, total, out=np.zeros_like(votes), where=total > 0).astype(np.float32)
    coverage[ids[where.reshape(coverage.shape)] == 0] = 0
    mixed = np.stack([ids[where.reshape(pairs.shape[:3])], coverage], axis=-1).reshape(*values.shape[:2], -1)
    mixed = np.ascontiguousarray(mixed, np.float32)
    found = {f"{name}{i // 2 // _PAIRS:02d}": mixed[..., i : i + 2 * _PAIRS] for i in range(0, 2 * SLOTS, 2 * _PAIRS)}
    key = f"cryptomatte/{murmur3(name.encode()):08x}"[:19]
    manifest = json.dumps({text: f"{hashes[number]:08x}" for number, text in names.items()})
    return found, {
        f"{key}/name": name,
        f"{key}/hash": "MurmurHash3_32",
        f"{key}/conversion": "uint32_to_float32",
        f"{key}/manifest": manifest,
    }


def _name(channel: str, number: int, called: Sequence[str]) -> str:
    return called[number - 1] if number <= len(called) else f"{channel.removesuffix('_id')}_{number}"


def murmur3(data: bytes) -> int:
    """MurmurHash3_x86_32 with seed 0."""
    value, mask = 0, 0xFFFFFFFF
    for start in range(0, len(data), 4):
        part = int.from_bytes(data[start : start + 4], "little")
        part = part * 0xCC9E2D51 & mask
        value ^= _rotated(part, 15) * 0x1B873593 & mask
        if start + 4 <= len(data):
            value = _rotated(value, 13) * 5 + 0xE6546B64 & mask
    value ^= len(data)
    value = (value ^ value >> 16) * 0x85EBCA6B & mask
    value = (value ^ value >> 13) * 0xC2B2AE35 & mask
    return value ^ value >> 16


def _rotated(value: int, by: int) -> int:
    return (value << by | value >> 32 - by) & 0xFFFFFFFF


def _float_safe(value: int) -> int:
    """An id that is a float of its own: no zero, no infinity, no NaN."""
    return value ^ 1 << 23 if value >> 23 & 0xFF in (0, 0xFF) else value
