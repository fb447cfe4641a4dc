"""docs/fidelity.md says of each plugin what the tables say."""

from __future__ import annotations

from pathlib import Path

import pytest

from lrnap.engine.luxcore import fidelity
from lrnap.lux.plugins import PLUGINS

PAGE = Path(__file__).resolve().parents[4] / "docs" / "fidelity.md"


def test_the_page_is_made_from_the_tables() -> None:
    _, rest = PAGE.read_text(encoding="utf-8").split("<!-- plugins: made from the tables -->\n")
    written, _ = rest.split("<!-- end -->", 1)
    assert written.strip() == fidelity.markdown(), "run `python -m lrnap.engine.luxcore.fidelity` for what is due"


@pytest.mark.parametrize("kind", fidelity.ROWS)
def test_each_plugin_is_named_once_with_what_happens_to_it(kind: str) -> None:
    section = fidelity.markdown().split(f"### {fidelity.TITLES[kind]}\n")[1].split("###")[0]
    for plugin in PLUGINS[kind]:
        assert section.count(f"`{plugin.name}`") == 1
    assert "|  |" not in section
    assert len(PLUGINS[kind]) == section.count("`") // 2


def test_what_the_page_leaves_out_has_no_picture_of_its_own() -> None:
    assert set(PLUGINS) - set(fidelity.ROWS) == {"film", "accelerator"}
