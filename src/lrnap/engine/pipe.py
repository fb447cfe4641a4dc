"""What a run's parent and its child process say to each other.

Parent to child: a line of JSON, `{"do": ..., "lengths": [...]}`, followed by as many raw bytes as `lengths` say. A
scene's calls travel as slices of pickled calls with their large arrays beside them: the child trusts its parent.
Child to parent: lines of JSON only. The parent does not trust native code that reads other people's files.
"""

from __future__ import annotations

import json
import pickle
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO

from lrnap.lux.call import Call

Message = dict[str, Any]

_SLICE_CALLS = 256  # calls that are pickled at once: some milliseconds, in which nothing else runs
_INLINE = 32768  # bytes of an array below which it travels inside the pickle


def line(message: Message) -> bytes:
    return json.dumps(message, separators=(",", ":")).encode() + b"\n"


def slices(calls: Sequence[Call]) -> Iterator[tuple[Message, list[memoryview]]]:
    """The calls as messages, each with its raw parts (read-only views, not copies, of large arrays)."""
    for start in range(0, len(calls), _SLICE_CALLS):
        yield packed({"do": "calls"}, calls[start : start + _SLICE_CALLS])


def packed(message: Message, calls: Sequence[Call]) -> tuple[Message, list[memoryview]]:
    """A message with its calls, all at once: for few."""
    arrays: list[pickle.PickleBuffer] = []

    def keep(buffer: pickle.PickleBuffer) -> bool:
        if buffer.raw().nbytes < _INLINE:
            return True
        arrays.append(buffer)
        return False

    head = pickle.dumps(tuple(calls), protocol=5, buffer_callback=keep)
    parts = [memoryview(head), *(buffer.raw() for buffer in arrays)]
    return {**message, "lengths": [part.nbytes for part in parts]}, parts


def receive(source: BinaryIO) -> tuple[Message, list[bytearray]] | None:
    """The next message of the parent with its raw parts; None if the parent is gone."""
    head = source.readline()
    if not head.endswith(b"\n"):
        return None
    message: Message = json.loads(head)
    parts = []
    for length in message.get("lengths", ()):
        part = bytearray(length)
        if not _fill(source, memoryview(part)):
            return None
        parts.append(part)
    return message, parts


def calls_of(parts: Sequence[bytearray]) -> tuple[Call, ...]:
    calls: tuple[Call, ...] = pickle.loads(parts[0], buffers=parts[1:])
    return calls


def _fill(source: BinaryIO, view: memoryview) -> bool:
    while view:
        count = source.readinto(view)  # type: ignore[attr-defined]
        if not count:
            return False
        view = view[count:]
    return True
