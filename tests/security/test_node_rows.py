"""What such servers have been broken by, row by row: rights, identities, replays, and data that becomes code."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from nodes import serving

import lrnap
from lrnap.errors import Code, LrnapError
from lrnap.net.gate import authorize
from lrnap.net.service import Session
from lrnap.net.session_verbs import SESSION_VERBS
from lrnap.wire import VERBS, Role

PACKAGE = Path(lrnap.__file__).parent
CHILD_AND_PARENT = PACKAGE / "engine" / "pipe.py"  # a process and its own child: one trusts the other
TOO_STRONG = {"pickle", "marshal", "shelve", "dill", "cloudpickle", "code", "codeop"}


def test_13_without_a_token_a_verb_can_say_who_it_is_and_nothing_else() -> None:
    """One gate for all verbs, which knows nothing of how a line was typed."""
    stranger = Session(peer="?", local=True, role=Role.NONE)
    for verb in VERBS.values():
        if verb.role is Role.NONE:
            assert verb.name in SESSION_VERBS or verb.name == "CTL_INFO", "it could tell of jobs, or change them"
            authorize(stranger, verb)
            continue
        with pytest.raises(LrnapError) as caught:
            authorize(stranger, verb)
        assert caught.value.code is Code.AUTH_REQUIRED


def test_15_what_a_client_calls_itself_gives_it_nothing(tmp_path: Path) -> None:
    with serving(tmp_path, token="s3cret") as node, node.talk() as talk:
        said = talk.ask('CTL_HELLO LRNAP/1 client="admin at 127.0.0.1"')
        assert " role=none" in said
        assert talk.ask("#1 CTL_RESET").startswith("R_ERROR #1 code=E_AUTH_REQUIRED ")
    with serving(tmp_path / "open") as node, node.talk() as talk:
        node.write("scene.lxs")
        talk.ask('CTL_HELLO LRNAP/1 client="127.0.0.1:1"')
        assert talk.ask('#1 API_LuxParse "scene.lxs" "job"').startswith("R_OK")
        port = talk.sock.getsockname()[1]
        with node.talk() as other:
            assert any(f'owner="127.0.0.1:{port}"' in line for line in other.text("CTL_JOBS"))


def test_21_what_is_sent_twice_counts_once(tmp_path: Path) -> None:
    with serving(tmp_path) as node, node.talk() as talk:
        node.write("scene.lxs")
        start = 'API_Render "job" seed=7 run="one"'
        assert talk.all('API_LuxParse "scene.lxs" "job"', start, "CTL_STOP") == ["R_OK"] * 3
        assert talk.ask(start).startswith("R_ERROR CODE = E_")
        assert talk.ask('API_Render "job" seed=7 run="two"').startswith("R_ERROR CODE = E_ARGS DESC = ")
        assert talk.ask('API_Render "job" seed=8 run="one"').startswith("R_ERROR CODE = E_EXISTS DESC = ")
        assert len(node.engine.runs) == 1


def test_23_nothing_that_is_received_can_become_code() -> None:
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import | ast.ImportFrom) and path != CHILD_AND_PARENT:
                names = {alias.name for alias in node.names} | {getattr(node, "module", None)}
                assert not names & TOO_STRONG, f"{path}:{node.lineno}"
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id not in ("eval", "exec", "compile", "__import__"), f"{path}:{node.lineno}"
