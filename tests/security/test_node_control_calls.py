"""Control calls that are typed to a node reach nothing of the machine but what they may."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from nodes import SIZE, Served, Talk, number, serving

from lrnap.film import output
from lrnap.film.snapshot import FilmLayout, Snapshot

LAYOUT = FilmLayout(*SIZE)
FLM = output.encode("flm", Snapshot("saved", 1, 1, LAYOUT, np.ones(LAYOUT.floats, np.float32), samples=768.0))


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Served]:
    with serving(tmp_path) as served:
        served.write("scene.lxs")
        (served.root / "saved.flm").write_bytes(FLM)
        (tmp_path / "secret.flm").write_bytes(FLM)
        yield served


@pytest.fixture
def talk(node: Served) -> Iterator[Talk]:
    with node.talk() as talking:
        yield talking


def test_files_are_sent_and_never_written(node: Served, talk: Talk, tmp_path: Path) -> None:
    talk.all('API_LuxParse "scene.lxs" "job"', "API_Render")
    talk.data("API_DumpFilmBuffer")
    before = {path: path.stat().st_mtime_ns for path in sorted(tmp_path.rglob("*"))}
    for call in ("API_SaveFLM", "API_SaveEXR"):
        for name in ("scene.lxs", "../out", str(tmp_path / "out"), "saved.flm"):
            reply = talk.ask(f'{call} "{name}"' + (" true false 2 false" if call == "API_SaveEXR" else ""))
            assert reply.startswith("R_OK FILE = ")
            talk.bytes(number(reply, "LENGTH"))
    assert {path: path.stat().st_mtime_ns for path in sorted(tmp_path.rglob("*"))} == before


@pytest.mark.parametrize("name", ["../secret.flm", "/etc/passwd", "saved.flm/../../secret.flm"])
def test_films_are_loaded_from_inside_the_roots_only(talk: Talk, name: str) -> None:
    assert talk.ask(f'API_LoadFLM "{name}"').startswith(("R_ERROR CODE = E_DENIED", "R_ERROR CODE = E_NOT_FOUND"))
    assert talk.ask("CTL_STATUS") == "R_STATUS IDLE"


def test_a_loaded_film_is_a_job_that_can_be_shown_and_not_rendered(talk: Talk) -> None:
    assert talk.ask('API_LoadFLM "saved.flm"') == "R_OK"
    assert talk.ask("CTL_STATUS").startswith("R_STATUS STOPPED JOBNAME ")
    reply = talk.ask("API_Framebuffer")
    assert " SHAPE = 24,32,3 " in reply
    talk.bytes(number(reply, "LENGTH"))
    assert talk.data("API_DumpFilmBuffer format=png").startswith(b"\x89PNG")
    assert talk.ask("API_Render").startswith("R_ERROR CODE = E_STATE DESC = job ")
    assert talk.ask("CTL_RESET") == "R_OK"
    assert talk.ask("CTL_STATUS") == "R_STATUS IDLE"


def test_bytes_that_are_no_film_change_nothing(talk: Talk) -> None:
    for data in (b"", b"\x1f\x8b\x08junk", FLM[:-7], bytes(1000)):
        assert talk.ask(f"API_LoadFLMFromStream {{{len(data)}}} film") == "R_CONT"
        talk.raw(data + b"\r\n")
        assert talk.line().startswith("R_ERROR CODE = ")
    assert talk.ask("CTL_STATUS") == "R_STATUS IDLE"


def test_one_connection_cannot_silence_another(node: Served, talk: Talk) -> None:
    talk.all("API_ErrorHandler ignore", "API_ErrorFilter 3")
    with node.talk() as other:
        assert other.ask("API_GetErrorFilter") == "R_OK VALUE = 0"
        assert other.ask("API_GetAttribute no such").startswith("R_ERROR CODE = E_NOT_FOUND")
        assert other.ask("API_LastError") == "R_OK VALUE = 3"
    assert talk.ask("API_LastError") == "R_OK VALUE = 0"
    assert talk.ask('API_ErrorAbort 14 3 "the end"').startswith("R_ERROR CODE = E_STATE")
    assert talk.ask("CTL_PING 1") == "R_OK 1"
