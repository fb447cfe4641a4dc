"""What CTL_HELP answers: the table of verbs and the table of calls, for a person at a terminal."""

from __future__ import annotations

from lrnap.errors import Code, LrnapError
from lrnap.lux import calls, manual, plugins
from lrnap.lux.spelling import did_you_mean
from lrnap.wire import LUX_CALL, VERBS, Reply, find, text
from lrnap.wire.help import explain, overview


def help_reply(topic: str | None) -> Reply:
    """All verbs and calls, or how to use the one that `topic` names in any spelling, or a plugin."""
    return text(_overview() if topic is None else _usage(topic))


def _overview() -> list[str]:
    groups: dict[str, list[str]] = {}
    for spec in calls.CALLS.values():
        groups.setdefault(spec.group, []).append(spec.name)
    lists = [f"{LUX_CALL.name}, {group}: {' '.join(sorted(names))}" for group, names in groups.items()]
    how = "CTL_HELP <name> says how to use a verb, a call or a plugin: CTL_HELP CTL_SET, API_Shape, sphere"
    return [*overview(), *lists, how]


def _usage(topic: str) -> list[str]:
    verb = find(topic) or find(f"CTL_{topic}")
    if verb is None or verb is LUX_CALL:
        return _call_usage(topic[4:] if topic.upper().startswith("API_") else topic)
    return explain(verb)


def _call_usage(name: str) -> list[str]:
    spec = calls.find(name)
    if spec is not None:
        more = ["  CTL_HELP <plugin> lists its parameters"] if manual.plugins_of(spec) else []
        return [*manual.of_call(spec, "API_"), *more]
    lines = manual.of_plugin(name)
    if not lines:
        known = [
            *VERBS,
            *(f"API_{call}" for call in calls.CALLS),
            *(n for k in plugins.KINDS for n in plugins.names(k)),
        ]
        raise LrnapError(Code.NOT_FOUND, f"there is no {name[:40]}{did_you_mean(name, known)}; CTL_HELP lists all")
    return lines
