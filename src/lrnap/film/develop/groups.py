"""How much of each light group is in a picture: a row of settings of its own, addressed by the group's name.

As parameters they are spelled `lightgroup.<name>.gain`, `.rgb`, `.temperature` and `.enabled`; the name may have dots.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from lrnap.errors import Code, LrnapError
from lrnap.film.develop.colour import black_body
from lrnap.film.develop.fields import flag, number, read, temperature, triple
from lrnap.film.radiance import Light

PREFIX = "lightgroup."


@dataclass(frozen=True, slots=True)
class GroupLook:
    """A light group's colours times `gain` times `rgb`, times the colour of a black body of `temperature` kelvin at
    luminance 1 (0: no such colour); nothing of it where it is not `enabled`."""

    gain: float = number(1.0, 0.0, 1e12)
    rgb: tuple[float, float, float] = triple((1.0, 1.0, 1.0), 0.0, 1e12)
    temperature: float = temperature()
    enabled: bool = flag(True)

    @property
    def light(self) -> Light:
        if not self.enabled:
            return Light(0.0, 0.0, 0.0)
        glow = black_body(self.temperature) if self.temperature else (1.0, 1.0, 1.0)
        return Light(*(self.gain * c * g for c, g in zip(self.rgb, glow, strict=True)))


ROWS = {row.name: row for row in fields(GroupLook)}
SPELLINGS = tuple(f"{PREFIX}<name>.{name}" for name in ROWS)


def split(name: str) -> tuple[str, str] | None:
    """The light group and the attribute that a parameter's name means; None if it is no light group's parameter."""
    group, dot, attribute = name[len(PREFIX) :].rpartition(".")
    if not name.startswith(PREFIX) or not dot or not group or attribute not in ROWS:
        return None
    return group, attribute


def from_params(params: Mapping[str, Any], looks: Mapping[str, GroupLook]) -> dict[str, GroupLook]:
    """`looks`, changed by those of the parameters that are light groups'; groups that look as rendered are none.

    Raises LrnapError that names the parameter, and what may stand there.
    """
    found = dict(looks)
    for name, value in params.items():
        if not name.startswith(PREFIX):
            continue
        parts = split(name)
        if parts is None:
            raise LrnapError(
                Code.ARGS, f"there is no Film parameter {name!r}: a light group has {', '.join(SPELLINGS)}"
            )
        group, attribute = parts
        change = {attribute: read(ROWS[attribute], value, name)}
        found[group] = replace(found.get(group, GroupLook()), **change)
    return {group: look for group, look in sorted(found.items()) if look != GroupLook()}


def to_params(looks: Mapping[str, GroupLook]) -> dict[str, Any]:
    """The parameters of light groups, all of those that are not as rendered."""
    return {f"{PREFIX}{group}.{name}": getattr(look, name) for group, look in looks.items() for name in ROWS}
