"""The page on developing says of every setting what the settings' own table says."""

from __future__ import annotations

from pathlib import Path

import pytest

from lrnap.film.develop import Settings
from lrnap.film.develop.pipeline import steps
from lrnap.film.develop.response import Curve, Response
from lrnap.film.develop.settings import rows

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "develop.md").read_text(encoding="utf-8")
TABLE = {
    cells[0].strip("`"): cells[1:]
    for cells in ([cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.splitlines() if "| `" in line)
}


def test_the_table_has_every_setting_in_their_order() -> None:
    assert list(TABLE) == [row.name for row in rows()]


@pytest.mark.parametrize("name", [row.name for row in rows()])
def test_a_row_has_the_default_and_what_may_be(name: str) -> None:
    row = Settings.__dataclass_fields__[name]
    default, allowed, meaning = TABLE[name]
    value = row.default
    if isinstance(value, tuple):
        assert default == " ".join(f"{number:g}" for number in value)
    else:
        assert default == (
            str(value).lower() if isinstance(value, bool) else f"{value}".removesuffix(".0") or "nothing"
        )
    assert allowed == row.metadata["allowed"]
    assert len(meaning) > 3


def test_the_order_is_that_of_the_steps() -> None:
    chosen = Settings(
        tonemapkernel="maxwhite",  # others measure before denoising
        outlierrejection_k=1,
        denoise_enabled=True,
        bloom_enabled=True,
        glare_enabled=True,
        abberation_enabled=True,
        vignetting_enabled=True,
        colorspace_white=(0.3, 0.3),
        response=Response((Curve((0.0, 1.0), (0.0, 1.0)),)),
    )
    order = PAGE.partition("## The order\n\n")[2].partition(":")[0]
    places = [order.replace("\n", " ").index(step.name) for step in steps(chosen)]
    assert places == sorted(places)
