"""Beyond this machine: who may come in, with what, and what a stranger learns."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from nodes import PATIENCE, Served, serving

import lrnap
from lrnap.client.connection import Connection
from lrnap.engine.process import ProcessEngine
from lrnap.errors import Code, LrnapError, RemoteError
from lrnap.net import keyring, known
from lrnap.net.address import Address
from lrnap.net.identity import Identity, load_or_make
from lrnap.net.tls import ALPN, parse_fingerprint
from lrnap.wire import Role


@pytest.fixture(autouse=True)
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A user who knows no server yet."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    for name in ("LRNAP_TOKEN", "LRNAP_FINGERPRINT"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Served]:
    with serving(tmp_path, tls=True) as served:
        yield served


def identity_of(node: Served) -> Identity:
    return load_or_make(node.root.parent / "identity")


def log_in(node: Served, role: Role = Role.ADMIN) -> None:
    identity = identity_of(node)
    known.remember(node.address, known.Credentials(identity.fingerprint, identity.token(role)))


def ask(node: Served, *verbs: str) -> list[str]:
    async def answers() -> list[str]:
        async with Connection(node.address) as connection:
            await connection.open()
            return [(await connection.request(verb)).word for verb in verbs]

    return asyncio.run(answers())


def test_a_scene_renders_over_an_encrypted_connection(tmp_path: Path) -> None:
    with serving(tmp_path, ProcessEngine("fake"), tls=True) as node:
        log_in(node)
        scene = node.write("scene.lxs")
        with lrnap.Context(node.address.url) as lux:
            lux.parse(scene)
            job = lux.render(spp=4)
            assert job.wait(PATIENCE)
            assert job.spp >= 4
            assert job.picture().mean() > 0


def test_a_stranger_is_told_how_to_become_known(node: Served) -> None:
    with pytest.raises(RemoteError, match="lrnap token") as refused:
        ask(node, "CTL_STATUS")
    assert refused.value.code is Code.AUTH_REQUIRED


def test_who_forgets_to_encrypt_is_told(node: Served) -> None:
    async def answers() -> None:
        async with Connection(replace(node.address, tls=False)) as connection:
            await connection.open()

    with pytest.raises(RemoteError, match="begins with lrnaps://"):
        asyncio.run(answers())


def test_nothing_is_sent_to_a_server_with_another_certificate(node: Served) -> None:
    """Whoever sits in between can encrypt, too; but the token stays here."""
    identity = identity_of(node)
    other = "sha256:" + "00" * 32
    known.remember(node.address, known.Credentials(other, identity.token(Role.ADMIN)))
    with pytest.raises(RemoteError, match="another certificate") as refused:
        ask(node, "CTL_STATUS")
    assert identity.token(Role.ADMIN) not in str(refused.value)


def test_a_wrong_token_is_refused_and_the_third_ends_the_connection(node: Served) -> None:
    known.remember(node.address, known.Credentials(identity_of(node).fingerprint, "not the token"))
    with pytest.raises(RemoteError) as refused:
        ask(node, "CTL_STATUS")
    assert refused.value.code is Code.AUTH_FAILED
    with encrypted(node) as talk, talk.makefile("rb") as said:
        for _ in range(3):
            talk.sendall(b'CTL_AUTH "guess"\r\n')
            assert b"E_AUTH_FAILED" in said.readline()
        assert said.read() == b""


@pytest.mark.parametrize(
    ("role", "may", "may_not"),
    [(Role.READ, "CTL_STATUS", "CTL_STOP"), (Role.SUBMIT, "CTL_JOBS", 'CTL_SET "threads" 1')],
)
def test_a_role_may_what_the_table_of_verbs_says(node: Served, role: Role, may: str, may_not: str) -> None:
    with encrypted(node) as talk, talk.makefile("rb") as said:
        talk.sendall(f'CTL_AUTH "{identity_of(node).token(role)}"\r\n'.encode())
        assert f"ROLE = {role.name.lower()}".encode() in said.readline()
        talk.sendall(f"{may}\r\n".encode())
        assert not said.readline().startswith(b"R_ERROR")
        talk.sendall(f"{may_not}\r\n".encode())
        assert b"CODE = E_DENIED" in said.readline()


@pytest.mark.parametrize("alpn", [None, "http/1.1"])
def test_an_https_client_that_was_led_here_is_not_heard(node: Served, alpn: str | None) -> None:
    with pytest.raises(OSError), encrypted(node, alpn) as talk:
        talk.sendall(b'CTL_PING 1\r\nCTL_AUTH "x"\r\n')
        if talk.recv(4096) == b"":
            raise ConnectionResetError


def test_a_plain_client_at_an_encrypted_address_learns_nothing(node: Served) -> None:
    with socket.create_connection((node.address.host, node.address.port), timeout=PATIENCE) as plain:
        plain.sendall(b"CTL_STATUS\r\n")
        answer = b""
        try:
            while piece := plain.recv(4096):
                answer += piece
        except ConnectionResetError:
            pass
    assert b"R_" not in answer


def test_an_encrypted_client_at_a_plain_address_is_told(tmp_path: Path) -> None:
    with serving(tmp_path) as node:
        address = Address(node.address.host, node.address.port, tls=True)
        known.remember(address, known.Credentials("sha256:" + "00" * 32, "x"))
        with pytest.raises(RemoteError, match="without s"):
            asyncio.run(Connection(address).open())


def test_key_and_tokens_are_for_the_owner_alone_and_stay(tmp_path: Path) -> None:
    made = load_or_make(tmp_path / "identity")
    assert made.new
    for name in ("key.pem", "tokens.json"):
        assert stat.S_IMODE((tmp_path / "identity" / name).stat().st_mode) == 0o600
    again = load_or_make(tmp_path / "identity")
    assert not again.new
    assert (again.fingerprint, again.tokens) == (made.fingerprint, made.tokens)
    keyring.renew(tmp_path / "identity" / "tokens.json", "ana")
    anew = load_or_make(tmp_path / "identity")
    assert anew.fingerprint == made.fingerprint
    assert not {*anew.tokens} & {*made.tokens}


@pytest.mark.parametrize("held", ["", "[]", '{"admin": "short"}', '{"read": "a", "submit": "a", "admin": "a"}'])
def test_tokens_that_cannot_be_used_are_refused_by_name(tmp_path: Path, held: str) -> None:
    load_or_make(tmp_path / "identity")
    (tmp_path / "identity" / "tokens.json").write_text(held)
    with pytest.raises(LrnapError, match="identity holds no usable key and tokens"):
        load_or_make(tmp_path / "identity")


def test_what_a_user_knows_is_for_the_user_alone(node: Served) -> None:
    log_in(node)
    assert stat.S_IMODE(known.servers_file().stat().st_mode) == 0o600
    assert [*json.loads(known.servers_file().read_text())] == [str(node.address)]
    assert ask(node, "CTL_STATUS") == ["R_STATUS"]
    assert known.forget(node.address)
    assert not known.forget(node.address)
    known.servers_file().write_text("{")
    with pytest.raises(LrnapError, match="log in again"):
        known.find(node.address)


def test_in_a_container_the_environment_knows(node: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    identity = identity_of(node)
    monkeypatch.setenv("LRNAP_TOKEN", identity.token(Role.READ))
    monkeypatch.setenv("LRNAP_FINGERPRINT", identity.fingerprint.removeprefix("sha256:").upper())
    assert ask(node, "CTL_STATUS") == ["R_STATUS"]


@pytest.mark.parametrize("text", ["", "sha256:", "sha256:" + "0" * 63, "md5:" + "0" * 64, "0" * 65])
def test_what_is_no_fingerprint(text: str) -> None:
    with pytest.raises(LrnapError, match="64 hexadecimal digits"):
        parse_fingerprint(text)


def test_credentials_do_not_show_their_token() -> None:
    assert "s3cret" not in repr(known.Credentials("sha256:" + "00" * 32, "s3cret"))


def encrypted(node: Served, alpn: str | None = ALPN) -> ssl.SSLSocket:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if alpn is not None:
        context.set_alpn_protocols([alpn])
    plain = socket.create_connection((node.address.host, node.address.port), timeout=PATIENCE)
    return context.wrap_socket(plain)
