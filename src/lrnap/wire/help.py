"""The table of verbs as text: what CTL_HELP answers, and the reference section of docs/protocol.md.

Rules for this file: everything is made from the tables; nothing about a verb is written here.
"""

from __future__ import annotations

from collections.abc import Iterator

from lrnap.errors import Code
from lrnap.wire.scene_verbs import LUX_CALL
from lrnap.wire.verb import Role, Verb
from lrnap.wire.verbs import VERBS

_ROLES = {Role.NONE: "anyone", Role.READ: "read", Role.SUBMIT: "submit", Role.ADMIN: "admin"}


def overview() -> list[str]:
    """One line for each verb, as CTL_HELP without an argument answers."""
    verbs = [*VERBS.values(), LUX_CALL]
    width = max(len(verb.name) for verb in verbs)
    return [f"{verb.name:<{width}}  {verb.help}" for verb in verbs]


def explain(verb: Verb) -> list[str]:
    """How to use one verb, as CTL_HELP <verb> answers."""
    lines = [verb.usage, f"  {verb.help}", f"  example: {verb.example}"]
    lines += [f"  {option.name}=  {option.help}" for option in verb.options]
    return [*lines, f"  {_conditions(verb)}"]


def _conditions(verb: Verb) -> str:
    role = _ROLES[verb.role] + (" or node" if verb.joins else "")
    parts = [f"role: {role}", f"level: {verb.level}", f"order: {verb.order.value}", f"reply: {verb.reply}"]
    if verb.states:
        names = sorted(status.value for status in verb.states)
        parts.append(f"job is: {', '.join(names)}")
    return "; ".join(parts)


def verbs_markdown() -> str:
    """The verb reference of the protocol's text."""
    return "\n".join(line for verb in [*VERBS.values(), LUX_CALL] for line in _section(verb))


def _section(verb: Verb) -> Iterator[str]:
    yield f"### {verb.name}"
    yield ""
    yield f"{verb.help[0].upper()}{verb.help[1:]}."
    yield ""
    yield f"    {verb.usage}"
    yield f"    {verb.example}"
    yield ""
    for option in verb.options:
        yield f"- `{option}`: {option.help}"
    yield f"- {_conditions(verb)}"
    yield ""


def errors_markdown() -> str:
    """The table of error codes of the protocol's text."""
    head = ["| code | number | blame | retry | meaning |", "|---|---|---|---|---|"]
    rows = [
        f"| `{code.wire_name}` | {code.number} | {code.blame.value} | {code.retry.value} | {code.meaning} |"
        for code in Code
    ]
    return "\n".join([*head, *rows])
