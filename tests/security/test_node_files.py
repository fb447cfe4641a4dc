"""Which files a node reads: those inside its roots, and assets whose content is what their names say."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from nodes import SCENE, Served, serving

from lrnap.errors import Code, LrnapError
from lrnap.limits import NodeLimits
from lrnap.node.assets import AssetStore
from lrnap.node.paths import Roots

TEXTURE = 'Texture "wood" "color" "imagemap" "string filename" ["{}"]'


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Served]:
    (tmp_path / "secret.lxs").write_text(SCENE)
    (tmp_path / "secret.png").write_bytes(b"png")
    with serving(tmp_path) as served:
        served.write("scene.lxs")
        yield served


def with_texture(name: str) -> str:
    return SCENE.replace("WorldBegin\n", f"WorldBegin\n{TEXTURE.format(name)}\n")


def test_a_name_may_differ_by_capitals_inside_the_roots(node: Served) -> None:
    (node.root / "Textures").mkdir()
    (node.root / "Textures" / "Wood.PNG").write_bytes(b"png")
    node.write("wood.lxs", with_texture("textures/wood.png"))
    with node.talk() as talk:
        assert talk.ask('API_LuxParse "Wood.lxs"') == "R_OK"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("../secret.lxs", "E_DENIED"),
        ("sub/../../secret.lxs", "E_DENIED"),
        ("..\\\\secret.lxs", "E_DENIED"),
        ("/etc/passwd", "E_DENIED"),
        ("/no/such/file", "E_DENIED"),
        ("link.lxs", "E_DENIED"),
        ("loop.lxs", "E_DENIED"),
        ("Link.lxs", "E_NOT_FOUND"),
        ("../SECRET.lxs", "E_DENIED"),
        ("folder", "E_NOT_FOUND"),
        ("pipe", "E_NOT_FOUND"),
        ("missing.lxs", "E_NOT_FOUND"),
        ("x:\\scene.lxs", "E_NOT_FOUND"),
        ("\\\\\\\\server\\share\\scene.lxs", "E_NOT_FOUND"),
        ("", "E_NOT_FOUND"),
    ],
)
def test_a_scene_outside_the_roots_is_refused(node: Served, name: str, code: str) -> None:
    (node.root / "link.lxs").symlink_to(node.root.parent / "secret.lxs")
    (node.root / "loop.lxs").symlink_to(node.root / "loop.lxs")
    (node.root / "folder").mkdir()
    os.mkfifo(node.root / "pipe")
    with node.talk() as talk:
        assert talk.ask(f'API_LuxParse "{name}"').startswith(f"R_ERROR CODE = {code} DESC = ")
        assert talk.ask("CTL_STATUS") == "R_STATUS IDLE"
        assert talk.all("API_LuxCleanup", 'API_LuxParse "scene.lxs"') == ["R_OK", "R_OK"]


def test_inside_the_roots_links_folders_and_backslashes_work(node: Served) -> None:
    node.write("shots/one.lxs")
    (node.root / "again.lxs").symlink_to(node.root / "shots" / "one.lxs")
    with node.talk() as talk:
        for name in ("again.lxs", "shots/one.lxs", "shots\\one.lxs", str(node.root / "scene.lxs")):
            assert talk.ask(f'API_LuxParse "{name}" "job"') == "R_OK", name


@pytest.mark.parametrize("name", ["../secret.lxs", "/etc/passwd"])
def test_an_include_outside_the_roots_is_refused_at_its_place(node: Served, name: str) -> None:
    node.write("scene.lxs", f'Include "{name}"\n{SCENE}')
    with node.talk() as talk:
        answer = talk.ask('API_LuxParse "scene.lxs"')
        assert answer.startswith("R_ERROR CODE = E_DENIED AT = ") and "scene.lxs:1:" in answer
        talk.ask("API_LuxCleanup")
        assert talk.ask(f'API_Include "{name}"').startswith("R_ERROR CODE = E_DENIED ")


@pytest.mark.parametrize(
    ("name", "code"),
    [("../secret.png", "E_DENIED"), ("/etc/passwd", "E_DENIED"), ("missing.png", "E_NOT_FOUND")],
)
def test_a_texture_outside_the_roots_is_refused_at_its_place(node: Served, name: str, code: str) -> None:
    node.write("scene.lxs", with_texture(name))
    with node.talk() as talk:
        answer = talk.ask('API_LuxParse "scene.lxs"')
        assert answer.startswith(f"R_ERROR CODE = {code} AT = ") and "scene.lxs:6:" in answer


def test_a_texture_from_another_machine_is_found_beside_the_scene(node: Served) -> None:
    node.write("shots/wood.png", "png")
    node.write("shots/one.lxs", with_texture("C:\\\\textures\\\\wood.png"))
    with node.talk() as talk:
        assert talk.all('API_LuxParse "shots/one.lxs"', "API_Render") == ["R_OK", "R_OK"]
    [scene] = node.engine.scenes
    assert list(scene.files.values()) == [str(node.root / "shots" / "wood.png")]


# --- assets -------------------------------------------------------------------------------------------------------


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def put(talk: object, data: bytes, **options: object) -> str:
    given = {"sha256": sha256(data), **options}
    return _send(talk, data, " ".join(f"{key}={value}" for key, value in given.items()))


def _send(talk: object, data: bytes, options: str) -> str:
    talk.send(f"ASSET_PUT {{{len(data)}+}} {options}")  # type: ignore[attr-defined]
    talk.raw(data + b"\r\n")  # type: ignore[attr-defined]
    return str(talk.line())  # type: ignore[attr-defined]


def test_a_bound_asset_is_what_the_scene_gets(node: Served) -> None:
    data = b"not really a picture"
    with node.talk() as talk:
        assert put(talk, data) == "R_OK OFFSET = 20"
        assert talk.ask(f'ASSET_BIND "C:\\art\\wood.PNG" sha256={sha256(data)}') == "R_OK"
        node.write("scene.lxs", with_texture("C:\\\\art\\\\wood.PNG"))
        assert talk.all('API_LuxParse "scene.lxs"', "API_Render") == ["R_OK", "R_OK"]
    [path] = node.engine.scenes[0].files.values()
    assert Path(path).read_bytes() == data and path.endswith(".png")


def test_names_are_bound_for_one_connection_only(node: Served) -> None:
    with node.talk() as talk, node.talk() as other:
        put(talk, b"abc")
        assert talk.ask(f'ASSET_BIND "wood.png" sha256={sha256(b"abc")}') == "R_OK"
        node.write("scene.lxs", with_texture("wood.png"))
        assert other.ask('API_LuxParse "scene.lxs"').startswith("R_ERROR CODE = E_NOT_FOUND ")
        assert talk.ask('API_LuxParse "scene.lxs"') == "R_OK"


def test_an_upload_goes_on_where_it_broke_off(node: Served) -> None:
    with node.talk() as talk:
        assert _send(talk, b"ab", f"sha256={sha256(b'abc')} size=3") == "R_OK OFFSET = 2"
    with node.talk() as talk:
        assert talk.text(f"ASSET_HAVE {sha256(b'abc')} {sha256(b'')}") == [f"{sha256(b'abc')} 2", f"{sha256(b'')} 0"]
        assert _send(talk, b"x", f"sha256={sha256(b'abc')} offset=3 size=4").startswith("R_ERROR CODE = E_SEQ")
        assert _send(talk, b"c", f"sha256={sha256(b'abc')} offset=2") == "R_OK OFFSET = 3"
        assert talk.text(f"ASSET_HAVE {sha256(b'abc')}") == []


def test_bytes_that_are_not_what_they_claim_are_dropped(node: Served) -> None:
    with node.talk() as talk:
        assert _send(talk, b"abd", f"sha256={sha256(b'abc')}").startswith("R_ERROR CODE = E_HASH DESC = ")
        assert talk.text(f"ASSET_HAVE {sha256(b'abc')}") == [f"{sha256(b'abc')} 0"]
        answer = talk.ask(f'ASSET_BIND "wood.png" sha256={sha256(b"abc")}')
        assert answer.startswith("R_ERROR CODE = E_NOT_FOUND DESC = ")


def test_the_store_forgets_what_was_not_used_for_longest_but_nothing_in_use(tmp_path: Path) -> None:
    store = AssetStore(tmp_path, NodeLimits(asset_bytes=25))
    parts = [bytes([65 + i]) * 10 for i in range(4)]
    for age, data in enumerate(parts[:2]):
        store.put(sha256(data), 0, data, None)
        os.utime(store.path(sha256(data)), (1000 + age, 1000 + age))
    store.hold([sha256(parts[0])])
    store.put(sha256(parts[2]), 0, parts[2], None)
    assert store.have(sha256(parts[0])) is None, "in use"
    assert store.have(sha256(parts[1])) == 0, "the oldest of the others"
    store.release([sha256(parts[0])])
    os.utime(store.folder / sha256(parts[0])[:2] / sha256(parts[0]), (1000, 1000))
    store.put(sha256(parts[3]), 0, parts[3], None)
    assert store.have(sha256(parts[0])) == 0


def test_two_senders_of_one_asset_do_not_spoil_it(tmp_path: Path) -> None:
    store = AssetStore(tmp_path, NodeLimits())
    data = os.urandom(1 << 16)
    failed: list[BaseException] = []

    def send() -> None:
        try:
            for start in range(0, len(data), 4096):
                here = store.have(sha256(data))
                if here is not None and here >= start:
                    store.put(sha256(data), start, data[start : start + 4096], len(data))
        except LrnapError as error:
            failed.append(error)

    threads = [threading.Thread(target=send) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    assert store.have(sha256(data)) is None
    assert store.path(sha256(data)).read_bytes() == data


def test_an_asset_over_the_bound_is_refused_before_it_comes(tmp_path: Path) -> None:
    with serving(tmp_path, limits=NodeLimits(asset_bytes=100)) as node, node.talk() as talk:
        answer = talk.ask(f"ASSET_PUT {{101}} sha256={sha256(b'x' * 101)}")
        assert answer.startswith("R_ERROR CODE = E_QUOTA DESC = ")
        assert talk.ask("CTL_PING 1") == "R_OK 1"


def test_a_root_that_is_not_there_is_named() -> None:
    with pytest.raises(LrnapError, match="nowhere") as caught:
        Roots(["/nowhere/at/all"])
    assert caught.value.code is Code.NOT_FOUND
