"""Payloads describe themselves, and are believed only as far as that is checked."""

from __future__ import annotations

import hashlib

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from lrnap.errors import Code, WireError
from lrnap.wire import Payload
from lrnap.wire.payload import expand, pack, parse_payload


@pytest.mark.parametrize(
    "text",
    [
        "0",
        "12+",
        "1200000;dtype=<f4;shape=100000,3",
        "7;dtype=|u1;shape=7",
        "8;dtype=<f8",
        f"9+;enc=zstd;ulen=999999999999;sha256={'a' * 64}",
        f"1200000;dtype=<f4;shape=100000,3;asset={'a' * 64}",
    ],
)
def test_a_placeholder_is_written_as_it_is_read(text: str) -> None:
    assert str(parse_payload(text)) == f"{{{text}}}"


@pytest.mark.parametrize(
    "text",
    [
        "", "-1", "+5", "1e3", "0x10", "007", "1234567890123", "9" * 5000, " 5", "5 ", "٣", "5++",
        "5;", "5;dtype", "5;dtype=", "5;length=6", "5;dtype=|u1;dtype=|u1",
        "4;dtype=f4", "4;dtype=>f4", "4;dtype=|O", "5;dtype=<f4", "4;shape=4", "4;dtype=|u1;shape=-4",
        "4;dtype=|u1;shape=2,3", "4;dtype=|u1;shape=1,1,1,1,4", "8;dtype=<f4;shape=4294967296,4294967296",
        "4;enc=zstd", "4;ulen=8", "4;enc=gzip;ulen=8", "4;sha256=abc", f"4;sha256={'A' * 64}",
        "4;asset=abc", f"4+;asset={'a' * 64}", f"4;sha256={'a' * 64};asset={'a' * 64}",
        f"4;enc=zstd;ulen=8;asset={'a' * 64}", f"5;dtype=<f4;asset={'a' * 64}",
    ],
)  # fmt: skip
def test_a_placeholder_that_is_not_exact_is_a_framing_error(text: str) -> None:
    with pytest.raises(WireError) as caught:
        parse_payload(text)
    assert caught.value.code is Code.FRAMING
    assert caught.value.fatal
    assert len(caught.value.message) < 200


@given(st.binary(max_size=300), st.booleans(), st.booleans())
def test_content_comes_back(data: bytes, compress: bool, sha256: bool) -> None:
    payload = Payload.of(data, compress=compress, sha256=sha256)
    assert bytes(payload.content()) == data
    assert payload.size == len(data)
    assert parse_payload(str(payload)[1:-1]) == payload


def test_compression_is_used_only_where_it_helps() -> None:
    assert Payload.of(bytes(1000), compress=True).enc == "zstd"
    assert Payload.of(hashlib.sha256(b"x").digest(), compress=True).enc is None


def test_an_array_must_fill_its_shape() -> None:
    assert Payload.of(bytes(24), dtype="<f4", shape=(2, 3)).shape == (2, 3)
    with pytest.raises(WireError, match="do not hold"):
        Payload.of(bytes(20), dtype="<f4", shape=(2, 3))


def test_a_wrong_hash_is_noticed() -> None:
    with pytest.raises(WireError) as caught:
        Payload(3, sha256=hashlib.sha256(b"abd").hexdigest(), data=b"abc").content()
    assert caught.value.code is Code.HASH


def test_a_payload_that_is_not_here_has_no_content() -> None:
    with pytest.raises(WireError, match="not arrived"):
        Payload(3).content()


@pytest.mark.parametrize(
    ("data", "ulen"),
    [
        (pack(bytes(1000)), 999),
        (pack(bytes(1000)), 1001),
        (pack(bytes(1000))[:-1], 1000),
        (pack(bytes(1000)) + b"x", 1000),
        (b"no zstd at all", 14),
        (b"", 0),
    ],
)
def test_what_does_not_decode_to_the_announced_length_is_refused(data: bytes, ulen: int) -> None:
    with pytest.raises(WireError) as caught:
        expand(data, ulen)
    assert caught.value.code is Code.HASH


def test_incompressible_and_large_content_decodes() -> None:
    data = b"".join(hashlib.sha256(bytes([i, j])).digest() for i in range(40) for j in range(200))
    assert expand(zstandard.compress(data), len(data)) == data
