"""A snapshot survives its way between machines, and whoever receives one trusts nothing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lrnap.errors import LrnapError
from lrnap.film.accum import describe, from_parts, layout_of, payload
from lrnap.film.snapshot import FilmLayout, Snapshot

names = st.lists(st.text(st.characters(codec="utf-8"), max_size=20), min_size=1, max_size=4, unique=True).map(tuple)
layouts = st.builds(FilmLayout, st.integers(1, 5), st.integers(1, 5), names, st.booleans())
amounts = st.floats(0, 1e300)


def snapshot() -> Snapshot:
    layout = FilmLayout(3, 2)
    return Snapshot("node-1/7", 5, 9, layout, np.arange(layout.floats, dtype=np.float32), 12.5, 3.0, 0.1)


@given(layouts, amounts, amounts, amounts)
@settings(max_examples=50, deadline=None)
def test_a_round_trip_changes_nothing(layout: FilmLayout, samples: float, screen: float, seconds: float) -> None:
    block = np.arange(layout.floats, dtype=np.float32)
    sent = Snapshot("run 1", 5, 9, layout, block, samples, screen, seconds)
    received = from_parts(describe(sent), bytes(payload(sent)))
    for name in ("run", "seed", "number", "layout", "samples", "screen_samples", "seconds"):
        assert getattr(received, name) == getattr(sent, name)
    assert np.array_equal(received.block, block)
    assert received.planes.weight.shape == (layout.height, layout.width)


def test_the_bytes_are_little_endian_floats() -> None:
    assert bytes(payload(snapshot())[:8]) == np.array([0, 1], "<f4").tobytes()
    assert describe(snapshot())["LENGTH"] == str(len(payload(snapshot())))


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("FILM", "SPECTRUM_FLOAT32_RGBA", "FILM of a film must be ACCUM_FLOAT32"),
        ("DIMX", "0", "DIMX of a film must be a whole number from 1"),
        ("DIMX", "-3", "DIMX"),
        ("DIMX", "3.0", "DIMX"),
        ("DIMX", "²", "DIMX"),
        ("DIMX", "9" * 5000, "DIMX"),
        ("DIMY", "65537", "DIMY"),
        ("LENGTH", "0", "LENGTH of a film must be 120"),
        ("SCREEN", "2", "SCREEN"),
        ("GROUPS", "a,a", "names that differ"),
        ("GROUPS", ",".join(map(str, range(300))), "at most MAX_LIGHT_GROUPS = 256"),
        ("GROUPS", "x" * 2000, "MAX_NAME"),
        ("RUN", "", "RUN of a film must have 1 to MAX_NAME"),
        ("SAMPLES", "nan", "SAMPLES of a film must be a number, finite"),
        ("SAMPLES", "-1", "SAMPLES"),
        ("SCREENSAMPLES", "inf", "SCREENSAMPLES"),
        ("SECONDS", "soon", "SECONDS"),
        ("NUMBER", "1e3", "NUMBER"),
        ("SEED", "99999999999999999999", "SEED"),
    ],
)
def test_a_wrong_field_is_refused_by_name(field: str, value: str, said: str) -> None:
    sent = snapshot()
    with pytest.raises(LrnapError, match=said) as caught:
        from_parts(describe(sent) | {field: value}, payload(sent))
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("field", list(describe(snapshot())))
def test_a_missing_field_is_refused(field: str) -> None:
    fields = describe(snapshot())
    del fields[field]
    with pytest.raises(LrnapError, match=field):
        from_parts(fields, payload(snapshot()))


def test_a_size_that_no_machine_holds_is_refused_before_there_are_bytes() -> None:
    with pytest.raises(LrnapError, match="MAX_FILM_PIXELS"):
        layout_of(describe(snapshot()) | {"DIMX": "65536", "DIMY": "65536"})


@pytest.mark.parametrize("size", [0, 1, 119, 121, 240])
def test_bytes_that_do_not_fit_the_fields_are_refused(size: int) -> None:
    with pytest.raises(LrnapError, match=f"120 bytes was announced, and {size} bytes came"):
        from_parts(describe(snapshot()), bytes(size))
