"""What nodes announce in the network, and what of it is believed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lrnap.errors import LrnapError
from lrnap.net.discovery import SERVICE, Announcement, _read

TOKEN = "admin-of-the-farm-0123456789"
URL, PRINT = "lrnaps://192.168.1.7:40521", "sha256:" + "ab" * 32
OURS = Announcement.make(URL, PRINT, TOKEN)


def told(one: Announcement) -> dict[str, str | None]:
    return {"url": one.url, "fingerprint": one.fingerprint, "salt": one.salt, "proof": one.proof}


def test_a_node_of_ours_is_known_by_the_token_which_it_does_not_tell() -> None:
    heard = _read(f"{OURS.name}.{SERVICE}", told(OURS))
    assert heard == OURS
    assert heard.holds(TOKEN)
    assert not heard.holds(TOKEN + "x")
    assert TOKEN not in repr(OURS)


@pytest.mark.parametrize(
    "change",
    [
        {"url": "lrnaps://192.168.1.66:40521"},
        {"fingerprint": "sha256:" + "cd" * 32},
        {"salt": "0000000000000000"},
        {"proof": ""},
        {"proof": "0" * 64},
    ],
)
def test_a_proof_holds_for_one_address_and_certificate(change: dict[str, str]) -> None:
    """Whoever repeats what a node of ours has announced brings us to that node, and nowhere else."""
    assert not replace(OURS, **change).holds(TOKEN)


@pytest.mark.parametrize(
    "change",
    [
        {"url": None},
        {"url": "lrnap://192.168.1.7:40521"},
        {"url": "lrnaps://a b"},
        {"fingerprint": "sha256:12"},
        {"salt": "\x1b[31m"},
        {"proof": "caf\xe9"},
    ],
)
def test_what_no_node_says_is_nobodys_node(change: dict[str, str | None]) -> None:
    with pytest.raises((LrnapError, ValueError)):
        _read(f"desk.{SERVICE}", {**told(OURS), **change})


def test_names_that_would_do_something_to_a_terminal_are_not_taken() -> None:
    with pytest.raises(ValueError, match="plain text"):
        _read(f"desk\x1b[2J.{SERVICE}", told(OURS))
