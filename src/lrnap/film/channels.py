"""Auxiliary channels: what a film can hold beside light. One table says what each is and how two of it become one.

    MEAN      sums of weight x value, and last that weight: a film may hold light of runs without the channel
    NEAREST   the least value above 0; 0 where nothing was hit
    VOTES     SLOTS pairs of a whole number and the weight that spoke for it, the most weight first; 0 is nothing

Zero is neutral for all of them, as it is for light: an empty block adds nothing. Only MEAN is added, too. Merging is
commutative, and as long as a pixel has at most SLOTS different numbers, films of films give what their runs would:
a film keeps its runs apart (see merge.py), so only what a film hands on as one run can forget a third number.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np
import numpy.typing as npt

from lrnap.errors import Code, LrnapError

Values = npt.NDArray[np.float32]

SLOTS = 2  # an edge has two sides; three ids in one pixel are rare


class Kind(Enum):
    MEAN = "mean"
    NEAREST = "nearest"
    VOTES = "votes"


@dataclass(frozen=True, slots=True)
class Channel:
    """`names`: of its values in a picture. `floats`: what a pixel of a film holds."""

    kind: Kind
    names: tuple[str, ...]
    doc: str

    @property
    def floats(self) -> int:
        return {Kind.MEAN: len(self.names) + 1, Kind.NEAREST: 1, Kind.VOTES: 2 * SLOTS}[self.kind]

    @property
    def summed(self) -> bool:
        return self.kind is Kind.MEAN


CHANNELS: Mapping[str, Channel] = {  # in the order in which films hold them: what is summed comes first
    "albedo": Channel(Kind.MEAN, ("R", "G", "B"), "colour of what is seen, without light; black beside it"),
    "normal": Channel(
        Kind.MEAN, ("X", "Y", "Z"), "shading normal, in the scene's coordinates; shorter at edges, 0 beside them"
    ),
    "geometry_normal": Channel(Kind.MEAN, ("X", "Y", "Z"), "normal of the face itself"),
    "position": Channel(Kind.MEAN, ("X", "Y", "Z"), "place of what is seen, in the scene's coordinates"),
    "uv": Channel(Kind.MEAN, ("U", "V"), "texture coordinates"),
    "depth": Channel(Kind.NEAREST, ("Z",), "distance from the camera to the nearest thing seen"),
    "material_id": Channel(Kind.VOTES, ("ID",), "number of the material"),
    "object_id": Channel(Kind.VOTES, ("ID",), "number of the shape"),
}


def of_votes(name: str) -> str:
    """The layer of a picture that has all votes of a channel of ids, not only the id with the most of them."""
    return f"{name}.votes"


def is_votes(values: Values) -> bool:
    """Whether values (..., 2 * SLOTS) of others can be a channel's votes: whole numbers, and weights from 0 on."""
    numbers, weights = values[..., ::2], values[..., 1::2]
    finite = bool(np.isfinite(values).all())
    return finite and bool((numbers >= 0).all() and (numbers == np.floor(numbers)).all() and (weights >= 0).all())


def in_order(names: Iterable[str]) -> tuple[str, ...]:
    """Names of channels as a layout has them: each once, in the table's order. Raises LrnapError for an unknown one."""
    wanted = {name.strip() for name in names} - {""}
    for name in sorted(wanted - CHANNELS.keys()):
        raise LrnapError(Code.ARGS, f"there is no channel {name[:40]!r}; there are {', '.join(CHANNELS)}")
    return tuple(name for name in CHANNELS if name in wanted)


def combine(kind: Kind, parts: Sequence[Values], out: Values) -> None:
    """What several films hold of pixels (N, floats), as one, for kinds that are not summed; in any order."""
    if kind is Kind.VOTES:
        _count_votes(parts, out)
        return
    out[:] = 0
    for part in parts:
        np.minimum(out, part, out=out, where=(out > 0) & (part > 0))
        np.copyto(out, part, where=~(out > 0))


def _count_votes(parts: Sequence[Values], out: Values) -> None:
    """Most pixels have one number in all parts; only the others are sorted."""
    out[:] = 0
    if not parts:
        return
    first, total = parts[0][:, 0], np.zeros(len(out), np.float32)
    others = np.zeros(len(out), bool)
    for part in parts:
        for slot in range(0, 2 * SLOTS, 2):
            number, votes = part[:, slot], part[:, slot + 1]
            others |= (number != first) & (votes > 0)
            total += votes
    out[:, 0], out[:, 1] = first, total
    if others.any():
        pairs = [part[others].reshape(-1, SLOTS, 2) for part in parts]
        out[others] = _ranked(np.concatenate(pairs, axis=1))


def _ranked(pairs: Values) -> Values:
    """The SLOTS numbers with the most weight of each pixel's pairs (N, many, 2); of equals, the lesser number."""
    order = np.argsort(pairs[..., 0], axis=1, kind="stable")
    numbers, votes = (np.take_along_axis(pairs[..., i], order, axis=1) for i in (0, 1))
    for i in range(1, numbers.shape[1]):  # each number's votes gather at its last place
        same = numbers[:, i] == numbers[:, i - 1]
        votes[:, i] += np.where(same, votes[:, i - 1], 0)
        votes[same, i - 1] = 0
    result = np.zeros((len(pairs), SLOTS, 2), np.float32)
    rows = np.arange(len(pairs))
    for slot in range(SLOTS):
        best = votes.argmax(axis=1)
        result[:, slot, 1] = votes[rows, best]
        result[:, slot, 0] = np.where(votes[rows, best] > 0, numbers[rows, best], 0)
        votes[rows, best] = 0
    return result.reshape(len(pairs), 2 * SLOTS)


def shown(name: str, values: Values) -> Values:
    """A channel of a film's planes (H, W, floats) as a picture shows it, (H, W, values): means, infinite depth where
    nothing was hit, ids."""
    kind = CHANNELS[name].kind
    if kind is Kind.NEAREST:
        return np.where(values > 0, values, np.float32(np.inf))
    if kind is Kind.VOTES:
        return np.ascontiguousarray(values[..., :1])
    weight = values[..., -1:]
    result = np.zeros((*values.shape[:2], values.shape[2] - 1), np.float32)
    with np.errstate(over="ignore", invalid="ignore"):
        np.divide(values[..., :-1], weight, out=result, where=weight > 0)
    return result


def from_shown(name: str, picture: Values, weight: Values) -> Values:
    """The values (H, W, floats) of a channel that a picture shows so, where each pixel (H, W) has that weight: what
    `shown` makes the same picture of."""
    most = np.finfo(np.float32).max / np.maximum(weight[..., None], 1)  # so that a sum is finite
    values = np.where(np.abs(picture) <= most, picture, np.float32(0))
    kind = CHANNELS[name].kind
    if kind is Kind.NEAREST:
        return np.maximum(values, 0)
    given = weight[..., None]
    if kind is Kind.VOTES:
        result = np.zeros((*weight.shape, 2 * SLOTS), np.float32)
        result[..., :2] = np.concatenate([values, given], axis=2) * (values > 0)
        return result
    return np.concatenate([values * given, given], axis=2)
