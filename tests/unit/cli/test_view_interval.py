"""How often `lrnap film view --watch` shows a job anew: as often as its Film wants to be displayed, if that says it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from nodes import SCENE, serving

from lrnap.cli.view import PAUSE, displayed
from lrnap.client.connection import connect


def asked(url: str) -> float:
    async def ask() -> float:
        async with await connect(url) as connection:
            return await displayed(connection)

    return asyncio.run(ask())


@pytest.mark.parametrize(
    ("film", "seconds"),
    [("", PAUSE), ('"integer displayinterval" [4]', 4), ('"integer displayinterval" [0]', PAUSE)],
)
def test_a_job_is_shown_as_often_as_its_film_says(tmp_path: Path, film: str, seconds: float) -> None:
    with serving(tmp_path) as node, node.talk() as talk:
        node.write("scene.lxs", SCENE.replace('"fleximage"', f'"fleximage" {film}'))
        assert talk.ask('API_LuxParse "scene.lxs" "job"') == "R_OK"
        assert talk.ask("API_Render") == "R_OK"
        assert asked(node.address.url) == seconds
        assert talk.ask("API_SetAttribute film displayInterval 7") == "R_OK"
        assert asked(node.address.url) == 7


def test_where_nothing_renders_nobody_says_it(tmp_path: Path) -> None:
    with serving(tmp_path) as node:
        assert asked(node.address.url) == PAUSE
