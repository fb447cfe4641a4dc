"""Tokens for people and machines by name: made, told apart, revoked, and seen by a server that runs."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import pwd
from pathlib import Path

import pytest

from lrnap.errors import Code, LrnapError
from lrnap.net import keyring, peers
from lrnap.net.gate import Gate, authorize
from lrnap.net.identity import load_or_make
from lrnap.net.keyring import Keyring
from lrnap.net.peers import user_of
from lrnap.net.secret_file import write_secret
from lrnap.net.service import Session
from lrnap.wire import Role, find


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return load_or_make(tmp_path / "identity").folder / "tokens.json"


def test_a_token_gives_its_role_and_says_whose_it_is(path: Path) -> None:
    ana = keyring.add(path, "ana", Role.SUBMIT, "root@127.0.0.1")
    gate = Gate(Keyring(path))
    found = gate.authenticate(ana.token)
    assert found is not None
    assert (found.name, found.role, found.by) == ("ana", Role.SUBMIT, "root@127.0.0.1")
    assert ana.token not in repr(found)
    with pytest.raises(LrnapError) as refused:
        gate.authenticate(ana.token + "x")
    assert refused.value.code is Code.AUTH_FAILED


def test_what_is_revoked_counts_no_more_and_is_remembered(path: Path) -> None:
    keyring.add(path, "ana", Role.SUBMIT, "root@127.0.0.1")
    keys = Keyring(path)
    keyring.add(path, "desk", Role.NODE, "root@127.0.0.1")
    keyring.revoke(path, "ana", "bo@127.0.0.1")
    made, gone = keys.refresh()
    assert [(one.name, one.role) for one in made] == [("desk", Role.NODE)]
    assert [(one.name, one.by) for one in gone] == [("ana", "bo@127.0.0.1")]
    assert keys.refresh() == ([], [])
    told = keyring.revoked(path)["ana"]
    assert (told["role"], told["by"], told["revoked_by"]) == ("submit", "root@127.0.0.1", "bo@127.0.0.1")
    assert "token" not in told
    with pytest.raises(LrnapError, match="no token of 'ana'"):
        keyring.revoke(path, "ana", "bo@127.0.0.1")


def test_new_tokens_for_all_void_every_old_one(path: Path) -> None:
    keyring.add(path, "ana", Role.SUBMIT, "root@127.0.0.1")
    keys = Keyring(path)
    before = {grant.token for grant in keys.grants}
    keyring.renew(path, "root@127.0.0.1")
    keys.refresh()
    assert not before & {grant.token for grant in keys.grants}
    assert keys.named("ana") is None


@pytest.mark.parametrize("name", ["", "admin", "node", "a b", "-x", "a/b", "x" * 64])
def test_what_is_no_name(path: Path, name: str) -> None:
    with pytest.raises(LrnapError, match="no name for a token"):
        keyring.add(path, name, Role.READ, "")


def test_one_name_has_one_token(path: Path) -> None:
    keyring.add(path, "ana", Role.READ, "")
    with pytest.raises(LrnapError, match="ana has a token already, with the role read"):
        keyring.add(path, "ana", Role.ADMIN, "")


def test_a_file_of_before_there_were_machines_gets_what_it_lacks(path: Path) -> None:
    held = json.loads(path.read_text())
    del held["node"]
    path.write_text(json.dumps(held))
    again = load_or_make(path.parent)
    assert again.token(Role.ADMIN) == held["admin"]
    assert again.token(Role.NODE).startswith("node-")


def test_a_file_that_is_being_edited_changes_nothing(path: Path) -> None:
    keys = Keyring(path)
    before = keys.grants
    path.write_text("{")
    with pytest.raises(ValueError):
        keys.refresh()
    assert keys.grants == before


def test_a_machine_that_joins_may_do_that_and_nothing_else() -> None:
    desk = Session("10.0.0.7:4711", local=False, role=Role.NODE, name="desk")
    for verb in ("CTL_ADDNODE", "CTL_PING", "CTL_HELP"):
        spec = find(verb)
        assert spec is not None
        authorize(desk, spec)
    for verb in ("CTL_STATUS", "CTL_JOBS", "CTL_NODES", "CTL_NODE", "API_Render", "API_DumpFilmBuffer", "CTL_AUDIT"):
        spec = find(verb)
        assert spec is not None
        with pytest.raises(LrnapError, match="yours is node"):
            authorize(desk, spec)


def test_who_somebody_is() -> None:
    assert Session("10.0.0.7:4711", local=False, role=Role.SUBMIT, name="ana").who == "ana@10.0.0.7"
    assert Session("10.0.0.7:4711", local=False, role=Role.ADMIN).who == "admin@10.0.0.7"
    assert Session("127.0.0.1:0", local=True, role=Role.ADMIN).who == "admin@127.0.0.1", "nobody has that port"


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_the_user_of_a_peer_on_this_machine_is_known_to_the_system(host: str) -> None:
    tables = Path("/proc/net/tcp")
    if not tables.exists():
        pytest.skip("this system does not tell")

    async def user() -> str:
        met: asyncio.Future[asyncio.StreamWriter] = asyncio.get_running_loop().create_future()

        try:
            server = await asyncio.start_server(lambda _, writer: met.set_result(writer), host, 0)
        except OSError:
            pytest.skip(f"there is no {host} here")
        async with server:
            _, writer = await asyncio.open_connection(host, server.sockets[0].getsockname()[1])
            there = await met
            ends = (there.get_extra_info(name) for name in ("peername", "sockname"))
            found = user_of(*(":".join(map(str, end[:2])) for end in ends))
            for end in (writer, there):
                end.close()
                await end.wait_closed()
            return found

    assert asyncio.run(user()) == pwd.getpwuid(os.getuid()).pw_name


def test_a_port_that_others_have_had_or_use_elsewhere_is_not_taken_for_theirs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A port of a client leads to many servers at once, and stays in the table for a while when it is closed."""
    rows = (
        ("0100007F:C3CB 0100007F:07BA 06", 0, 0),  # closed
        ("0100007F:C3CB 0100007F:07BB 01", 54321, 11),  # to another server
        ("0100007F:C3CB 0100007F:07BA 01", 98765, 12),
    )
    lines = (f"{n}: {ends} 0:0 0:0 0 {user} 0 {inode} 1" for n, (ends, user, inode) in enumerate(rows))
    (tmp_path / "tcp").write_text("\n".join(["sl local_address ...", *lines]))
    monkeypatch.setattr(peers, "TABLES", (tmp_path / "tcp",))
    assert user_of("127.0.0.1:50123", "127.0.0.1:1978") == "98765"
    assert user_of("127.0.0.1:50123", "127.0.0.1:1980") == ""
    assert user_of("127.0.0.1:50123", "") == ""


def test_a_disk_that_is_full_leaves_the_tokens_as_they_were_and_no_draft_of_new_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "tokens.json"
    write_secret(path, b"old")
    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_secret(path, b"new")
    assert [file.name for file in tmp_path.iterdir()] == ["tokens.json"]
    assert path.read_bytes() == b"old"
    assert path.stat().st_mode & 0o777 == 0o600


def full(_: int) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")
