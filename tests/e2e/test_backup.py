"""A manager's folder is copied while it works, as docs/operating.md says, and another manager goes on with the copy."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

from managers import Program, farm, manager_program
from nodes import PATIENCE, SIZE

PAGE = Path(__file__).resolve().parents[2] / "docs" / "operating.md"
FILM = 4 * 4 * SIZE[0] * SIZE[1]  # bytes: float32 RGBA


def commands(section: str) -> list[str]:
    text = PAGE.read_text().partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    return re.findall(r"^\$ (.*)$", text, re.MULTILINE)


def submit(manager: Program, name: str, wishes: str) -> None:
    with manager.talk() as talk:
        assert talk.ask(f'API_LuxParse "scene.lxs" "{name}"') == "R_OK"
        assert talk.ask(f'API_Render "{name}" {wishes}') == "R_OK"


def film(manager: Program, name: str) -> bytes:
    with manager.talk() as talk:
        return talk.data(f'API_DumpFilmBuffer "{name}" format=float32')[:FILM]


def test_a_manager_goes_on_from_a_backup_that_was_made_while_it_worked(tmp_path: Path) -> None:
    restored = tmp_path / "restored"
    backup = restored / "root" / "data"
    backup.mkdir(parents=True)
    with farm(tmp_path / "farm", nodes=1) as programs:
        manager = programs.manager
        manager.write("scene.lxs")
        submit(manager, "kept", "spp=4")
        with manager.talk() as talk:
            talk.until('CTL_STATUS "kept"', r"R_STATUS DONE .*")
        was = film(manager, "kept")
        submit(manager, "going", "spp=0")
        with manager.talk() as talk:
            talk.until('CTL_STATUS "going"', r"R_STATUS RENDERING .*SPP [1-9].*")
        there, *typed = commands("Backup and restore")
        assert there == "cd /srv/farm/manager"
        assert len(typed) == 2
        for line in typed:
            here = line.replace("/backup", f"'{backup}'" if line.startswith("cp") else str(backup))
            subprocess.run(
                here.replace("python3", sys.executable), shell=True, cwd=manager.root / "data", timeout=PATIENCE
            )  # of films that come and go meanwhile, cp may have to say something
        submit(manager, "forgotten", "spp=1")
        manager.kill()

        again = manager_program(restored)
        try:
            assert film(again, "kept") == was
            assert again.facts("kept")["state"] == "DONE"
            with again.talk() as talk:
                talk.until('CTL_STATUS "going"', r"R_STATUS RENDERING .*")
                assert talk.ask('CTL_STATUS "forgotten"').startswith("R_ERROR CODE = E_NOT_FOUND")
                assert talk.ask('CTL_STOP "going"') == "R_OK"
                talk.until('CTL_STATUS "going"', r"R_STATUS STOPPED .*")
        finally:
            again.end()
    shutil.rmtree(restored)
