"""What the scene calls the things whose ids a film holds: by channel, the names of the ids 1, 2, 3 ...

All runs of a scene number its things alike, so names are facts of the picture as its size is. A film may know only the
first of them, or none; films whose names contradict each other are of different scenes.
"""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from collections.abc import Mapping

from lrnap.errors import Code, LrnapError
from lrnap.film.channels import CHANNELS, Kind
from lrnap.limits import MAX_NAME, MAX_NAMES_FIELD, MAX_NAMES_TEXT

Names = Mapping[str, tuple[str, ...]]


def as_text(names: Names) -> str:
    return json.dumps(names, ensure_ascii=False, separators=(",", ":"))


def of_text(text: str | bytes) -> Names:
    """Raises LrnapError for what is no such text."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise _bad("JSON") from None
    if not isinstance(found, dict):
        raise _bad("an object by channel")
    for channel, names in found.items():
        if channel not in CHANNELS or CHANNELS[channel].kind is not Kind.VOTES:
            raise _bad("channels of ids")
        if not (isinstance(names, list) and all(isinstance(name, str) and len(name) <= MAX_NAME for name in names)):
            raise _bad(f"names of at most MAX_NAME = {MAX_NAME} characters")
    return {channel: tuple(names) for channel, names in found.items()}


def packed(names: Names) -> str:
    """One word of at most MAX_NAMES_FIELD characters; of more names than fit, the first."""
    share = 1.0
    while True:
        some = {channel: all_[: int(share * len(all_))] for channel, all_ in names.items()}
        word = base64.urlsafe_b64encode(zlib.compress(as_text(some).encode(errors="replace"))).decode()
        if len(word) <= MAX_NAMES_FIELD:
            return word
        share *= min(0.9, MAX_NAMES_FIELD / len(word))


def unpacked(word: str) -> Names:
    """Raises LrnapError for what is no such word, or says more than MAX_NAMES_TEXT bytes."""
    try:
        inflate = zlib.decompressobj()
        text = inflate.decompress(base64.urlsafe_b64decode(word), MAX_NAMES_TEXT)
    except (binascii.Error, ValueError, zlib.error):
        raise _bad("packed as a film packs it") from None
    if inflate.unconsumed_tail or not inflate.eof:
        raise _bad(f"whole, and at most MAX_NAMES_TEXT = {MAX_NAMES_TEXT} bytes")
    return of_text(text)


def difference(some: Names, others: Names) -> str:
    """In what they contradict each other; empty if they do not."""
    for channel in some.keys() & others.keys():
        for number, (one, other) in enumerate(zip(some[channel], others[channel], strict=False), 1):
            if one != other:
                return f"{channel.removesuffix('_id')} {number} is {one[:80]!r} in one and {other[:80]!r} in the other"
    return ""


def joined(some: Names, others: Names) -> Names:
    """Of each channel the more that is known."""
    return {
        channel: max(some.get(channel, ()), others.get(channel, ()), key=len)
        for channel in CHANNELS
        if channel in some or channel in others
    }


def _bad(wanted: str) -> LrnapError:
    return LrnapError(Code.TYPE, f"the names of a film's ids must be {wanted}")
