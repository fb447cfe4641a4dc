"""A server whose port somebody else has says so in a line, with what helps."""

from __future__ import annotations

import re
import socket
from pathlib import Path

import pytest

from lrnap.errors import Code, LrnapError
from lrnap.node.main import run_node


def test_a_port_that_is_taken_is_said_once(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        where = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(LrnapError) as refused:
            run_node([where], data=tmp_path, engine="fake")
    assert refused.value.code is Code.UNAVAILABLE
    said = rf"cannot listen on {re.escape(where)}: [A-Za-z ]+ in use; is another node or manager running there\? .*"
    assert re.fullmatch(said, refused.value.message)
