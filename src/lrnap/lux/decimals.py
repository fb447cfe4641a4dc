"""Decimal numbers in text to numpy arrays, fast: the inside of `[ ... ]` in a scene file.

A mesh is millions of decimal numbers, and C's `strtod` reads some four million a second. Exporters write as many
decimals behind every dot, so the first digits of all numbers are taken at once, then their second ones, and so on.
Other numbers are read as integers (the dot deleted) and divided by the power of ten that the dot's place says; those
with an exponent, if few, one by one. What does not fit either (more than 18 digits, many exponents) takes the slower
way, one chunk at a time.

Rules for this file: bytes in, arrays out. It only ever accepts what the grammar accepts; on any doubt it raises
`Doubt`, and the caller reads token by token, which finds the exact place of what is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from lrnap.lux.call import FloatArray, IntArray

NUMBER = re.compile(rb"[-+]?(?:[0-9]++(?:\.[0-9]*+)?|\.[0-9]++)(?:[eE][-+]?[0-9]++)?")

_CHUNK = 1 << 19  # bytes converted at a time: it stays in the cache, and other threads get their turn in between
_SMALL = 256  # bytes up to which splitting is faster than array operations
_SPACE = re.compile(rb"[ \t\r\n]")
_NOT_DECIMAL = re.compile(rb"[^-+.0-9eE \t\r\n]")
_POWERS = 10.0 ** np.arange(23)  # the powers of ten that float64 holds exactly
_LIMITS = np.iinfo(np.int64)
_ZERO = np.uint8(ord("0"))
_MOST_WHOLE, _MOST_DECIMALS = 6, 9  # digits before and behind the dot that are read all numbers at once

_Bytes = npt.NDArray[np.uint8]
_Positions = npt.NDArray[np.int64]
_T = TypeVar("_T", np.float32, np.int32)


class Doubt(ValueError):
    """Not plainly a list of numbers."""


def floats(text: bytes) -> FloatArray:
    """(n,) float32 of numbers separated by white space."""
    if len(text) <= _SMALL:
        return _few(text)
    with np.errstate(over="ignore"):
        arrays = [_exponents(chunk) if b"e" in chunk or b"E" in chunk else _scaled(chunk) for chunk in _chunks(text)]
        return _join(arrays, np.float32)


def integers(text: bytes) -> IntArray:
    """(n,) int32. Numbers with a dot, an exponent or more than 32 bits raise Doubt, also where they are whole."""
    if len(text) <= _SMALL and not text.isspace() and text:
        return _whole(text)
    return _join([_whole(chunk) for chunk in _chunks(text)], np.int32)


def _chunks(text: bytes) -> Iterator[bytes]:
    """`text` in pieces that end between two numbers."""
    start = 0
    while start < len(text):
        space = _SPACE.search(text, start + _CHUNK)
        end = space.start() if space else len(text)
        chunk = text[start:end]
        if not chunk.isspace():
            yield chunk
        start = end


def _join(arrays: list[npt.NDArray[_T]], dtype: type[_T]) -> npt.NDArray[_T]:
    if len(arrays) == 1:
        return arrays[0]
    return np.concatenate(arrays) if arrays else np.zeros(0, dtype)


def _few(text: bytes) -> FloatArray:
    words = text.split()
    if not all(map(NUMBER.fullmatch, words)):
        raise Doubt
    values = list(map(float, words))
    with np.errstate(over="ignore"):
        return np.array(values, np.float32)


def _whole(chunk: bytes) -> IntArray:
    if not _signs_fit(chunk, np.frombuffer(chunk, np.uint8)):
        raise Doubt
    values = _strtoll(chunk)
    if values.min() < -(1 << 31) or values.max() >= 1 << 31:
        raise Doubt
    return values.astype(np.int32)


def _strtoll(text: bytes) -> npt.NDArray[np.int64]:
    try:
        return np.fromstring(text, np.int64, sep=" ")
    except (ValueError, DeprecationWarning):
        raise Doubt from None


def _exponents(chunk: bytes) -> FloatArray:
    """With the numbers that have an exponent read one by one, if they are few."""
    text = np.frombuffer(chunk, np.uint8)
    letters = np.flatnonzero((text | 32) == ord("e"))
    if len(letters) > len(chunk) // 200:
        return _strtod(chunk)
    space = text <= 32
    ends = np.flatnonzero(space[1:] & ~space[:-1]) + 1
    ends = np.append(ends, len(chunk))
    starts = np.flatnonzero(~space[1:] & space[:-1]) + 1
    starts = starts if space[0] else np.insert(starts, 0, 0)
    words = np.searchsorted(starts, letters, side="right") - 1
    masked = bytearray(chunk)
    values = []
    for start, end in zip(starts[words].tolist(), ends[words].tolist(), strict=True):
        word = chunk[start:end]
        if not NUMBER.fullmatch(word):
            return _strtod(chunk)
        values.append(float(word))
        masked[start:end] = b"0" * (end - start)
    result = _scaled(bytes(masked))
    result[words] = values
    return result


def _scaled(chunk: bytes) -> FloatArray:
    """As integers, divided by powers of ten."""
    padded = b" " + chunk + b" "  # so that every number has white space on both sides
    text = np.frombuffer(padded, np.uint8)
    even = _even(padded, text)
    if even is not None:
        return even
    points, decimals = _points(text)
    if int(np.max(decimals)) >= len(_POWERS) or not _signs_fit(padded, text):
        return _strtod(chunk)
    values = _integers_without_dots(padded)
    if values is None or len(values) != len(points):
        return _strtod(chunk)
    if values.max() == _LIMITS.max or values.min() == _LIMITS.min:
        return _strtod(chunk)  # clamped: too many digits
    result = (values / _POWERS[decimals]).astype(np.float32)
    zeros = np.flatnonzero(values == 0)
    result[zeros[_minus_before(points[zeros], text)]] = -0.0
    return result


def _even(padded: bytes, text: _Bytes) -> FloatArray | None:
    """The numbers, if after each dot there is the same number of decimals; None if not, or if digits are many."""
    points = np.flatnonzero(text == ord("."))
    end = _SPACE.search(padded, int(points[0])) if points.size else None
    decimals = end.start() - int(points[0]) - 1 if end else 0
    if not 0 < decimals <= _MOST_DECIMALS or points[-1] + decimals >= len(text) - 1:
        return None
    values = np.zeros(len(points))  # whole ones of at most 15 digits, which float64 holds exactly
    length = np.zeros(len(points), np.intp)  # of what stands before the dot
    inside = np.ones(len(points), np.bool_)
    for place in range(_MOST_WHOLE + 1):
        digit = text[points - 1 - place] - _ZERO  # what is no digit becomes more than 9
        inside &= digit <= 9
        if not inside.any():
            break
        values += np.where(inside, digit, 0) * _POWERS[place]
        length += inside
    digits = text[points + np.arange(1, decimals + 1)[:, None]] - _ZERO
    if digits.max() > 9:
        return None
    for digit in digits:
        values *= 10
        values += digit
    before = text[points - 1 - length]
    minus = before == ord("-")
    length += minus | (before == ord("+"))
    between = (text[points - 1 - length] <= 32) & (text[points + 1 + decimals] <= 32)
    spaces = sum(np.count_nonzero(text == space) for space in b" \t\r\n")
    if inside.any() or not between.all() or length.sum() + len(points) * (1 + decimals) + spaces != len(text):
        return None  # too many digits, or something else stands there
    values /= np.array([_POWERS[decimals], -_POWERS[decimals]]).take(minus)
    return values.astype(np.float32)


def _points(text: _Bytes) -> tuple[_Positions, _Positions]:
    """Where each number has its dot, or ends if it has none; and how many decimals it has."""
    marks = np.flatnonzero((text <= 32) | (text == ord(".")))
    dotted = text[marks] == ord(".")
    ends = np.flatnonzero(~dotted)[1:]  # indices into marks: white space ...
    ends = ends[text[marks[ends] - 1] > 32]  # ... that ends a number
    with_dot = dotted[ends - 1]
    decimals = np.where(with_dot, marks[ends] - marks[ends - 1] - 1, 0)
    if (dotted[1:] & dotted[:-1]).any():
        decimals[:] = len(_POWERS)  # two dots in a number: too many for our way
    return marks[ends - with_dot], decimals


def _minus_before(points: _Positions, text: _Bytes) -> npt.NDArray[np.bool_]:
    """Whether a number that is zero has a minus, which its integer has lost; `points` are of such numbers."""
    before = points - 1
    while (zero := text[before] == ord("0")).any():
        before = before - zero
    minus: npt.NDArray[np.bool_] = text[before] == ord("-")
    return minus


def _integers_without_dots(padded: bytes) -> npt.NDArray[np.int64] | None:
    try:
        return _strtoll(padded.translate(None, b"."))
    except Doubt:
        return None  # exponents, most likely


def _signs_fit(chunk: bytes, text: _Bytes) -> bool:
    """Whether each sign begins a number. For strtoll `1-2` is two numbers, and a sign alone is zero."""
    if b"-" not in chunk and b"+" not in chunk:
        return True
    minus = text == ord("-")
    signs = np.flatnonzero(minus | (text == ord("+")) if b"+" in chunk else minus)
    if not signs.size:
        return True
    if signs[-1] == len(text) - 1 or (text[signs[signs > 0] - 1] > 32).any():
        return False
    following = text[signs + 1]
    if (following >= ord("0")).all():
        return True
    dots = signs[following == ord(".")]
    digits = following[following != ord(".")]
    return bool((digits >= ord("0")).all() and (text[np.minimum(dots + 2, len(text) - 1)] >= ord("0")).all())


def _strtod(chunk: bytes) -> FloatArray:
    if _NOT_DECIMAL.search(chunk):
        raise Doubt  # also what strtod takes for a number and a scene file does not: nan, inf, hexadecimal
    try:
        return np.fromstring(chunk, np.float32, sep=" ")
    except (ValueError, DeprecationWarning):
        raise Doubt from None
