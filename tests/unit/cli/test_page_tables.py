"""Tables that pages have written by hand, against what they are about."""

from __future__ import annotations

import re
from pathlib import Path

from lrnap import limits
from lrnap.errors import Code

DOCS = Path(__file__).resolve().parents[3] / "docs"


def rows(page: str, section: str) -> list[list[str]]:
    """The cells of a section's table, without its head."""
    text = (DOCS / page).read_text().partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    lines = [line for line in text.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip("|"))] for line in lines]


def test_each_error_code_has_a_row_that_says_what_to_do() -> None:
    table = rows("trouble.md", "By code")
    assert [row[0] for row in table] == [f"`{code.wire_name}`" for code in Code]
    assert all(when and what for _, when, what in table)


def test_bounds_are_those_of_the_program() -> None:
    known = {name: value for name, value in vars(limits).items() if name.isupper()}
    for one in (limits.NodeLimits(), limits.ManagerLimits(), limits.POST_AUTH):
        known |= {name: getattr(one, name) for name in one.__slots__}
    table = rows("operating.md", "Bounds")
    assert len(table) > 10
    for name, value, _ in table:
        assert float(value) == known[name.strip("`")], name
