"""What a node answers to programs, and what it says of itself."""

from __future__ import annotations

import re
import socket
from pathlib import Path

from answering import hello, rendering
from nodes import Served, Talk, serving

from lrnap.engine.devices import Device, Hardware
from lrnap.engine.process import ProcessEngine


def test_a_question_passes_a_film(node: Served, talk: Talk) -> None:
    """Its answer comes between two frames, not behind the last of them."""
    node.engine.size = (2048, 1024)
    talk.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)  # or much of the film is here before it is read
    rendering(talk)
    hello(talk)
    talk.send("#film API_DumpFilmBuffer")
    seen = []
    length = 2048 * 1024 * 16
    for _ in range(length // (1 << 20)):
        line = talk.line()
        while not line.startswith("R_DATA"):
            seen.append(line)
            line = talk.line()
        talk.bytes((1 << 20) + 2)
        if " off=0 " in line:
            talk.send("#ask CTL_PING 1")
    assert seen == ["R_OK #ask 1"]
    assert talk.line().startswith("R_OK #film ")


def test_calls_of_a_scene_are_answered_in_order_while_questions_overtake(talk: Talk) -> None:
    rendering(talk)
    hello(talk)
    talk.send("#1 API_LuxWait", "#2 API_LuxInit", "#3 CTL_PING 3")
    assert talk.line() == "R_OK #3 3"
    talk.send("#4 CTL_STOP")
    assert sorted(talk.lines(3)) == ["R_OK #1", "R_OK #2", "R_OK #4"]


def test_subscribers_hear_of_states_and_log_lines(node: Served, talk: Talk) -> None:
    hello(talk)
    assert talk.ask("#1 CTL_SUBSCRIBE state log").startswith("R_OK #1 sub=1 seq=0")
    with node.talk() as other:
        rendering(other)
        other.ask("CTL_STOP")
    states = []
    while "STOPPED" not in states:
        line = talk.line()
        assert line.startswith("R_EVENT sub=1 seq=")
        if " type=state " in line:
            assert 'jobname="job"' in line
            states.append(line.partition(" state=")[2].split()[0])
    assert states == ["PARSING", "READY", "RENDERING", "STOPPED"]
    assert talk.ask("#2 CTL_UNSUBSCRIBE 1") == "R_OK #2"
    assert talk.ask("#3 CTL_UNSUBSCRIBE 1").startswith("R_ERROR #3 code=E_NOT_FOUND ")


def test_hello_names_what_both_can(talk: Talk) -> None:
    assert talk.ask("CTL_HELLO LRNAP/2").startswith("R_ERROR CODE = E_VERSION ")
    answer = talk.ask('CTL_HELLO LRNAP/1 client="test/1" want=tags,teleport,zstd')
    assert " caps=tags,zstd " in answer and " node=" in answer


def test_help_and_info(talk: Talk) -> None:
    assert talk.ask("CTL_INFO").startswith("R_INFO LR V1.0 - PLATFORM ")
    assert any(line.startswith("API_Shape ") for line in talk.text("CTL_HELP luxshape"))
    assert any("API_<Name>, scene: " in line for line in talk.text("CTL_HELP"))
    assert talk.ask("CTL_HELP API_Shpe").startswith("R_ERROR CODE = E_NOT_FOUND ")


def test_help_leads_from_a_call_to_its_plugins_and_on_to_their_parameters(talk: Talk) -> None:
    shapes = " ".join(talk.text("CTL_HELP API_Shape"))
    assert "sphere, " in shapes
    assert "trianglemesh" in shapes
    (line,) = (line for line in talk.text("CTL_HELP sphere") if "zmax" in line)
    assert line.split() == ['"float', 'zmax"', "upper", "end;", "radius"]
    assert "did you mean 'sphere'" in talk.ask("CTL_HELP shpere")
    assert "write CTL_QUIT" in talk.ask("quit")


def test_the_node_says_what_it_renders_on(tmp_path: Path) -> None:
    """At level 0 only where it is not what everybody expects: the first line of the protocol stays as it always was."""
    for hardware, level_0, level_1 in (
        (Hardware(), r"R_INFO LR V1\.0 - PLATFORM \S+ - RAM \d+MB - CPU \d+", 'choice=auto device="CPU"'),
        (Hardware("pathcpu"), r"R_INFO .* - CPU \d+ - CHOICE pathcpu - DEVICE \"CPU\"", 'choice=pathcpu device="CPU"'),
        (Hardware("auto", (Device("A Card", "CUDA_GPU"),)), r".* - CHOICE auto - DEVICE \"A Card\"", 'device="A Card"'),
    ):
        with serving(tmp_path, ProcessEngine("fake", hardware)) as node, node.talk() as talk:
            assert re.fullmatch(level_0, talk.ask("CTL_INFO"))
            assert talk.ask("CTL_HELLO LRNAP/1").startswith("R_OK")
            assert level_1 in talk.ask("#1 CTL_INFO")
