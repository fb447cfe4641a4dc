"""LuxApiMode and its like: where a Context goes that is made without a target of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import lrnap
from lrnap import API_LOCAL, LXS_OUTPUT, TCP_LRNAP, LuxApiLRNAPHost, LuxApiLxsOutputFile, LuxApiMode


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    before = LuxApiMode(API_LOCAL), LuxApiLRNAPHost(None), LuxApiLxsOutputFile(None)
    yield
    LuxApiMode(before[0])
    LuxApiLRNAPHost(before[1])
    LuxApiLxsOutputFile(before[2])


def test_a_context_renders_here_unless_told_otherwise() -> None:
    assert repr(lrnap.Context()) == "<lrnap.Context local>"


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("host.network", "lrnap://host.network:1978"),
        ("host.network:2000", "lrnap://host.network:2000"),
        ("lrnap://host.network", "lrnap://host.network:1978"),
        ("lrnaps://host.network", "lrnaps://host.network:1979"),
        ("[::1]:2000", "lrnap://[::1]:2000"),
    ],
)
def test_a_host_may_have_a_port_and_a_scheme(host: str, url: str) -> None:
    LuxApiMode(TCP_LRNAP)
    LuxApiLRNAPHost(host)
    assert repr(lrnap.Context()) == f"<lrnap.Context {url}>"


def test_a_file_is_written(tmp_path: Path) -> None:
    LuxApiLxsOutputFile(tmp_path / "scene.lxs")
    LuxApiMode(LXS_OUTPUT)
    with lrnap.Context() as lux:
        lux.worldBegin()
        lux.worldEnd()
    assert (tmp_path / "scene.lxs").read_text() == "WorldBegin\nWorldEnd\n"


def test_a_target_of_its_own_counts_more() -> None:
    LuxApiMode(TCP_LRNAP)
    LuxApiLRNAPHost("host.network")
    assert repr(lrnap.Context(None)) == "<lrnap.Context local>"
    assert repr(lrnap.Context("lrnap://other")) == "<lrnap.Context lrnap://other>"


def test_a_context_stays_what_it_was_made_as() -> None:
    here = lrnap.Context()
    LuxApiMode(TCP_LRNAP)
    LuxApiLRNAPHost("host.network")
    assert repr(here) == "<lrnap.Context local>"


def test_each_call_returns_what_was_before() -> None:
    assert LuxApiMode("TCP_LRNAP") is API_LOCAL
    assert LuxApiMode(LXS_OUTPUT) is TCP_LRNAP
    assert LuxApiLRNAPHost("a") is None
    assert LuxApiLRNAPHost("b") == "lrnap://a:1978"
    assert LuxApiLxsOutputFile("a.lxs") is None
    assert LuxApiLxsOutputFile("b.lxs") == Path("a.lxs")


@pytest.mark.parametrize(("mode", "cure"), [(TCP_LRNAP, "LuxApiLRNAPHost"), (LXS_OUTPUT, "LuxApiLxsOutputFile")])
def test_a_mode_without_its_host_or_file_says_what_to_call(mode: object, cure: str) -> None:
    LuxApiMode(mode)  # type: ignore[arg-type]  # one of the two
    with pytest.raises(lrnap.LrnapError, match=f"{mode.name}.*call {cure}") as caught:  # type: ignore[attr-defined]
        lrnap.Context()
    assert caught.value.code is lrnap.Code.STATE


@pytest.mark.parametrize(
    ("call", "given", "says"),
    [
        (LuxApiMode, "REMOTE", "API_LOCAL, TCP_LRNAP, LXS_OUTPUT"),
        (LuxApiMode, 1, "API_LOCAL, TCP_LRNAP, LXS_OUTPUT"),
        (LuxApiLRNAPHost, "http://host", "is no address"),
        (LuxApiLRNAPHost, 1978, "the name of a node"),
        (LuxApiLxsOutputFile, "scene.txt", "SCENE.lxs"),
        (LuxApiLxsOutputFile, 7, "SCENE.lxs"),
    ],
)
def test_what_they_cannot_be_given_changes_nothing(call, given, says) -> None:
    with pytest.raises(lrnap.LrnapError, match=says) as caught:
        call(given)
    assert caught.value.code is lrnap.Code.ARGS
    assert repr(lrnap.Context()) == "<lrnap.Context local>"


def test_the_names_load_neither_numpy_nor_the_engine() -> None:
    script = (
        "import sys; from lrnap import LuxApiMode, LuxApiLRNAPHost, LuxApiLxsOutputFile, TCP_LRNAP\n"
        "LuxApiMode(TCP_LRNAP), LuxApiLRNAPHost('a'), LuxApiLxsOutputFile('a.lxs')\n"
        "print([m for m in ('numpy', 'pyluxcore', 'asyncio', 'ssl') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout.strip() == "[]"
