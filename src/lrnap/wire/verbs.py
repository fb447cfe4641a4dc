"""THE table of verbs: names, arguments, options, roles, and what a reply begins with.

Dispatch, `CTL_HELP`, authorisation, the client, completion, docs/protocol.md and the fuzzers derive from it. A new
verb is a new row, in `control_verbs` or `scene_verbs`. Rules for these files: a table and its lookup, no behaviour.
"""

from __future__ import annotations

from collections.abc import Mapping

from lrnap.errors import Code, WireError
from lrnap.wire.control_verbs import CONTROL_VERBS
from lrnap.wire.scene_verbs import LUX_CALL, SCENE_VERBS
from lrnap.wire.verb import Verb

_TABLE = (*CONTROL_VERBS, *SCENE_VERBS)

VERBS: Mapping[str, Verb] = {verb.name: verb for verb in _TABLE}


def key(name: str) -> str:
    """The one spelling under which a verb is looked up: upper case, without the lux prefix of an API verb."""
    name = name.upper()
    return "API_" + name[7:] if name.startswith("API_LUX") and len(name) > 7 else name


_BY_KEY = {key(verb.name): verb for verb in _TABLE}


def find(name: str) -> Verb | None:
    """The verb of any spelling; LUX_CALL for any other `API_...`; None if there is none."""
    upper = key(name)
    found = _BY_KEY.get(upper)
    if found is None and upper.startswith("API_") and len(upper) > 4:
        return LUX_CALL
    return found


def unknown(name: str) -> WireError:
    """That there is no such verb; people leave out the prefix."""
    meant = _BY_KEY.get(key(f"CTL_{name}")) or _BY_KEY.get(key(f"API_{name}"))
    cure = f"write {meant.name}" if meant else "CTL_HELP lists them"
    return WireError(Code.UNKNOWN_VERB, f"there is no verb {name[:40]}; {cure}")


def canonical(name: str) -> str:
    """`name` as the table spells it; a Lux call as `API_` and its name without the lux prefix, as typed."""
    verb = find(name)
    if verb is None:
        raise unknown(name)
    if verb is not LUX_CALL:
        return verb.name
    rest = name[4:]
    return "API_" + (rest[3:] if rest[:3].lower() == "lux" and len(rest) > 3 else rest)
