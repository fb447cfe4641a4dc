"""Decimal text to arrays: as exact as C's own reading, whatever way is taken."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lrnap.lux import decimals

FINITE = st.floats(width=32, allow_nan=False, allow_infinity=False)
SPACES = st.sampled_from([" ", "\n", "\t", "  ", " \r\n"])
FORMS = st.sampled_from(["%r", "%.6f", "%.15f", "%.9g", "%e", "%+.3f", "%d"])


def reference(words):
    with np.errstate(over="ignore"):
        return np.array([float(word) for word in words], np.float64).astype(np.float32)


@given(st.lists(FINITE, min_size=1, max_size=20), FORMS, SPACES, st.booleans())
@settings(max_examples=200, deadline=None)
def test_reads_what_formats_write(numbers, form, space, long):
    words = [form % number for number in numbers] * (40 if long else 1)
    text = f"{space}{space.join(words)}{space}".encode()
    result, expected = decimals.floats(text), reference(words)
    assert result.dtype == np.float32
    np.testing.assert_allclose(result, expected, rtol=1.2e-7, atol=0)
    np.testing.assert_array_equal(np.signbit(result), np.signbit(expected))


@given(st.lists(FINITE, min_size=30, max_size=200))
@settings(max_examples=100, deadline=None)
def test_shortest_decimals_are_exact(numbers):
    array = np.array(numbers, np.float32)
    result = decimals.floats(" ".join(array.astype("U24")).encode())
    np.testing.assert_array_equal(result, array)


@pytest.mark.parametrize("filler", ["1.5 ", "0.25\n"])
@pytest.mark.parametrize(
    "odd", [".5", "5.", "+3", "-0.0", "1e-5", "2E+3", "12345678901234567890.5", "0." + "0" * 30 + "1"]
)
def test_odd_numbers_among_many(odd, filler):
    words = [*(filler.split() * 100), odd, *(filler.split() * 100)]
    result = decimals.floats(" ".join(words).encode())
    np.testing.assert_array_equal(result, reference(words))
    assert np.signbit(result[100]) == odd.startswith("-")


def test_text_longer_than_a_chunk():
    numbers = np.random.default_rng(7).normal(size=200_000).astype(np.float32)
    text = "\n".join(numbers.astype("U24")).encode()
    assert len(text) > 3 * decimals._CHUNK
    np.testing.assert_array_equal(decimals.floats(text), numbers)


@pytest.mark.parametrize("text", [b"", b"   ", b"\n" * 1000])
def test_nothing_is_an_empty_array(text):
    assert decimals.floats(text).tolist() == decimals.integers(text).tolist() == []


@pytest.mark.parametrize(
    "bad", [b"x", b"nan", b"inf", b"0x10", b"1,2", b"-", b".", b"1e", b"--1", b"1_000", b'"a"', b"\xff"]
)
@pytest.mark.parametrize("amount", [1, 200])
def test_what_is_no_number_raises_doubt(bad, amount):
    words = [b"1.5"] * amount
    with pytest.raises(decimals.Doubt):
        decimals.floats(b" ".join([*words, bad, *words]))
    with pytest.raises(decimals.Doubt):
        decimals.integers(b" ".join([b"1"] * amount + [bad]))


def test_integers_are_exact_and_bounded():
    values = [0, -1, 16777217, 2147483647, -2147483648] * 50
    text = " ".join(map(str, values)).encode()
    result = decimals.integers(text)
    assert result.dtype == np.int32
    assert result.tolist() == values
    for beyond in (b"2147483648", b"-2147483649", b"99999999999999999999", b"1.0", b"1e3"):
        with pytest.raises(decimals.Doubt):
            decimals.integers(text + b" " + beyond)


@pytest.mark.parametrize("odd", ["1.23 456", ".12 345", "-.5", "-0.000", "-00.000", "-.000", "0.000"])
def test_among_numbers_with_as_many_decimals_each(odd):
    words = [*["7.125"] * 100, *odd.split(), *["7.125"] * 100]
    result, expected = decimals.floats(" ".join(words).encode()), reference(words)
    np.testing.assert_array_equal(result, expected)
    np.testing.assert_array_equal(np.signbit(result), np.signbit(expected))


@pytest.mark.parametrize("odd", ["1.2.34 5", "1-2.345", ". 1234", "-. 123", "- .123", ".", "1.-23"])
def test_what_is_left_to_reading_token_by_token(odd):
    with pytest.raises(decimals.Doubt):
        decimals.floats(" ".join(["7.125"] * 100 + [odd] + ["7.125"] * 100).encode())
