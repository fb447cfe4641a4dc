"""The body of a PLY file: one element after the other, each into columns.

Rules for this file: nothing about meshes. An element whose lists all have the same length is one numpy array; only
where lengths differ (triangles among quads) are the rows walked one by one, and that only for where they begin.
"""

from __future__ import annotations

import struct
from array import array
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from lrnap.errors import SceneError


@dataclass(frozen=True, slots=True)
class Property:
    name: str
    type: str  # numpy's, without byte order: "f4"
    counts: str | None = None  # of a list: the type of its length

    @property
    def size(self) -> int:
        """The fewest bytes it can take in a binary file."""
        return int((self.counts or self.type)[1])


@dataclass(frozen=True, slots=True)
class Element:
    name: str
    count: int
    properties: tuple[Property, ...]


@dataclass(frozen=True, slots=True)
class Lists:
    """Lists of different lengths, one a row: `counts[i]` items from `items[starts[i]]` on."""

    counts: npt.NDArray[np.int64]
    starts: npt.NDArray[np.int64]
    items: npt.NDArray[Any]

    def of_length(self, length: int) -> npt.NDArray[Any]:
        """(k, length): the lists of that length, in order."""
        starts = self.starts[self.counts == length]
        rows: npt.NDArray[Any] = self.items[starts[:, None] + np.arange(length)]
        return rows


@dataclass(slots=True)
class Columns:
    count: int
    scalars: dict[str, npt.NDArray[Any]] = field(default_factory=dict)
    lists: dict[str, Lists] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)


def _uniform_lists(counts: int, rows: npt.NDArray[Any]) -> Lists:
    """Lists that all have the same length, given as (n, length)."""
    starts = np.arange(len(rows), dtype=np.int64) * counts
    return Lists(np.full(len(rows), counts, np.int64), starts, np.ascontiguousarray(rows).reshape(-1))


class BinaryBody:
    """Reads elements from `offset` on. `order` is "<" or ">"."""

    def __init__(self, data: bytes, offset: int, order: str, shown: str) -> None:
        self._data = data
        self._offset = offset
        self._order = order
        self._shown = shown

    def read(self, element: Element, keep: bool) -> Columns:
        """The next element's columns; none of them if it is only to be skipped. Raises SceneError if cut off.

        The element has at least one row and one property.
        """
        if element.count * sum(p.size for p in element.properties) > len(self._data) - self._offset:
            raise self._cut_off(element)
        row = self._row_type(element)
        if row is None or self._offset + element.count * row.itemsize > len(self._data):
            return self._walk(element, keep)
        rows = np.frombuffer(self._data, row, element.count, self._offset)
        lists = [p for p in element.properties if p.counts]
        if any((rows[_length_field(p)] != rows[_length_field(p)][0]).any() for p in lists):
            return self._walk(element, keep)
        self._offset += rows.nbytes
        columns = Columns(element.count, types={p.name: p.type for p in element.properties})
        for p in element.properties if keep else ():
            if p.counts:
                columns.lists[p.name] = _uniform_lists(int(rows[_length_field(p)][0]), rows[p.name])
            else:
                columns.scalars[p.name] = rows[p.name]
        return columns

    def _row_type(self, element: Element) -> np.dtype[Any] | None:
        """What every row looks like if all lists are as long as those of the first; None if that one is cut off."""
        fields: list[Any] = []
        offset = self._offset
        for p in element.properties:
            if p.counts:
                count = self._length(p, offset)
                if count is None:
                    return None
                fields.append((_length_field(p), self._order + p.counts))
                fields.append((p.name, self._order + p.type, (count,)))
                offset += p.size + count * int(p.type[1])
            else:
                fields.append((p.name, self._order + p.type))
                offset += p.size
            if offset > len(self._data):
                return None
        try:
            return np.dtype(fields)
        except ValueError:
            raise SceneError(
                f"the element '{element.name}' has a property twice; export the mesh again", at=self._shown
            ) from None

    def _length(self, p: Property, offset: int) -> int | None:
        if offset + p.size > len(self._data):
            return None
        count = int(np.frombuffer(self._data, self._order + str(p.counts), 1, offset)[0])
        if count < 0:
            raise SceneError(f"a list '{p.name}' has {count} items; the file is damaged", at=self._at(offset))
        return count

    def _walk(self, element: Element, keep: bool) -> Columns:
        """Find row after row where its lists begin, as their lengths differ."""
        begins = {p.name: array("q") for p in element.properties}
        counts = {p.name: array("q") for p in element.properties if p.counts}
        steps = [(begins[p.name], *self._step(p, counts)) for p in element.properties]
        data, offset, size = self._data, self._offset, len(self._data)
        try:
            for _ in range(element.count):
                for begin, unpack, width, lengths, item in steps:
                    if unpack is None:
                        begin.append(offset)
                        offset += item
                        continue
                    length = unpack(data, offset)[0]
                    begin.append(offset + width)
                    lengths.append(length)
                    offset += width + length * item
                    if length < 0 or offset > size:
                        raise self._cut_off(element)
        except struct.error:
            raise self._cut_off(element) from None
        if offset > size:
            raise self._cut_off(element)
        self._offset = offset
        columns = Columns(element.count, types={p.name: p.type for p in element.properties})
        for p in element.properties if keep else ():
            places = np.array(begins[p.name], np.int64)
            if p.counts:
                columns.lists[p.name] = self._gather(p, places, np.array(counts[p.name], np.int64))
            else:
                columns.scalars[p.name] = self._gather(p, places, np.ones(len(places), np.int64)).items
        return columns

    def _step(self, p: Property, counts: dict[str, array[int]]) -> tuple[Any, int, array[int], int]:
        if p.counts is None:
            return None, 0, array("q"), p.size
        codes = {"i1": "b", "u1": "B", "i2": "h", "u2": "H", "i4": "i", "u4": "I"}
        return struct.Struct(self._order + codes[p.counts]).unpack_from, p.size, counts[p.name], int(p.type[1])

    def _gather(self, p: Property, places: npt.NDArray[np.int64], counts: npt.NDArray[np.int64]) -> Lists:
        """The items that lie at byte `places`, `counts` of them at each, put one after the other."""
        size = int(p.type[1])
        starts = np.concatenate([[0], np.cumsum(counts)])
        within = np.arange(starts[-1]) - np.repeat(starts[:-1], counts)
        first_bytes = np.repeat(places, counts) + within * size
        every_byte = np.frombuffer(self._data, np.uint8)
        raw = np.empty((len(first_bytes), size), np.uint8)
        for byte in range(size):
            raw[:, byte] = every_byte[first_bytes + byte]
        return Lists(counts, starts[:-1], raw.reshape(-1).view(self._order + p.type))

    def _at(self, offset: int) -> str:
        return f"{self._shown}, byte {offset}"

    def _cut_off(self, element: Element) -> SceneError:
        return SceneError(
            f"the file ends, or is damaged, before all {element.count} of the element '{element.name}'; copy or "
            "export it again",
            at=self._at(self._offset),
        )


class AsciiBody:
    """Reads elements from the numbers after the header. `lines` is how many lines the header has."""

    def __init__(self, data: bytes, offset: int, lines: int, shown: str) -> None:
        self._text = data[offset:].strip()
        self._first_line = lines + 1
        self._shown = shown
        self._offset = 0
        try:
            self._numbers = np.fromstring(self._text, np.float64, sep=" ") if self._text else np.zeros(0)
        except (ValueError, DeprecationWarning):
            raise self._misread() from None

    def read(self, element: Element, keep: bool) -> Columns:
        """As of BinaryBody, in numbers instead of bytes."""
        names = [p.name for p in element.properties]
        if len(set(names)) < len(names):
            raise SceneError(
                f"the element '{element.name}' has a property twice; export the mesh again", at=self._shown
            )
        if element.count * len(element.properties) > len(self._numbers) - self._offset:
            raise self._cut_off(element)
        columns = Columns(element.count, types={p.name: p.type for p in element.properties})
        begins = self._begins(element)
        for p in element.properties if keep else ():
            places = begins[p.name]
            if p.counts is None:
                columns.scalars[p.name] = self._numbers[places]
            else:
                counts = self._numbers[places].astype(np.int64)
                columns.lists[p.name] = Lists(counts, places + 1, self._numbers)
        return columns

    def _begins(self, element: Element) -> dict[str, npt.NDArray[np.int64]]:
        """Where, among the numbers, each property of each row begins; then the next element follows."""
        numbers, first = self._numbers, self._offset
        width, heads = 0, []
        for p in element.properties:
            heads.append(width)
            width += 1 + (self._length(element, first + width) if p.counts else 0)
        lists = [head for head, p in zip(heads, element.properties, strict=True) if p.counts]
        end = first + width * element.count
        if end <= len(numbers):
            rows = numbers[first:end].reshape(element.count, width)
            if all((rows[:, head] == rows[0, head]).all() for head in lists):
                self._offset = end
                starts = first + np.arange(element.count, dtype=np.int64) * width
                return {p.name: starts + head for head, p in zip(heads, element.properties, strict=True)}
        return self._walk(element)

    def _walk(self, element: Element) -> dict[str, npt.NDArray[np.int64]]:
        begins = {p.name: array("q") for p in element.properties}
        offset = self._offset
        steps = [(begins[p.name], p.counts is not None) for p in element.properties]
        for _ in range(element.count):
            for begin, is_list in steps:
                begin.append(offset)
                offset += 1 + (self._length(element, offset) if is_list else 0)
        if offset > len(self._numbers):
            raise self._cut_off(element)
        self._offset = offset
        return {name: np.array(places, np.int64) for name, places in begins.items()}

    def _length(self, element: Element, offset: int) -> int:
        if offset >= len(self._numbers):
            raise self._cut_off(element)
        length = self._numbers[offset]
        if not (0 <= length <= len(self._numbers) - offset - 1) or length != int(length):
            raise self._cut_off(element)
        return int(length)

    def _misread(self) -> SceneError:
        """The error of the first word that is no number."""
        for number, line in enumerate(self._text.splitlines(), self._first_line):
            for word in line.split():
                try:
                    float(word)
                except ValueError:
                    shown = word[:40].decode("latin-1")
                    return SceneError(f"'{shown}' is not a number; the file is damaged", at=f"{self._shown}:{number}")
        return SceneError("the file is damaged: its body is not numbers only", at=self._shown)

    def _cut_off(self, element: Element) -> SceneError:
        line = self._first_line + self._text.count(b"\n")
        return SceneError(
            f"the file ends, or has wrong list lengths, before all {element.count} of the element '{element.name}'; "
            "copy or export it again",
            at=f"{self._shown}:{line}",
        )


def _length_field(p: Property) -> str:
    """The name of a list's length among the fields of a row."""
    return f"{p.name}\0length"
