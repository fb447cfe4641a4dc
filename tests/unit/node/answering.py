"""What many questions to a node begin with."""

from __future__ import annotations

from nodes import SCENE, Talk

CALLS = [f"API_{line}" for line in SCENE.split("\n") if line]


def rendering(talk: Talk, job: str = "job", file: str = "scene.lxs", options: str = "") -> None:
    assert talk.all(f'API_LuxParse "{file}" "{job}"', f'API_Render "{job}" {options}') == ["R_OK", "R_OK"]


def hello(talk: Talk) -> None:
    assert talk.ask("CTL_HELLO LRNAP/1").startswith("R_OK LRNAP/1.0 ")
