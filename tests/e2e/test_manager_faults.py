"""What may go wrong around a manager: its wires, its database, its clients. Nothing is lost, nothing counts twice."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from managers import Program, manager_program, node_program
from nodes import PATIENCE
from proxies import Proxy, proxy
from test_manager_survives import check_film, finished, presence, rendering, submit, until


@contextlib.contextmanager
def behind_proxies(folder: Path, count: int = 1) -> Iterator[tuple[Program, list[Proxy]]]:
    """A manager, and the wires to its nodes."""
    with contextlib.ExitStack() as stack:
        nodes = []
        for i in range(count):
            nodes.append(node_program(folder / f"node{i}"))
            stack.callback(nodes[-1].end)
        wires = [stack.enter_context(proxy(node.address)) for node in nodes]
        manager = manager_program(folder / "manager", [wire.url for wire in wires])
        stack.callback(manager.end)
        manager.write("scene.lxs")
        yield manager, wires


def stop(manager: Program, name: str) -> None:
    with manager.talk() as talk:
        assert talk.ask(f'CTL_STOP "{name}"') == "R_OK"
    until(lambda: manager.facts(name)["state"] == "STOPPED", f"{name} is stopped")
    until(lambda: manager.facts(name)["rendering"] == 0, "its runs are over")


def states(manager: Program, name: str) -> list[object]:
    return [listed.args[1] for listed in manager.lines(f'CTL_JOB "{name}" show=runs')]


def test_a_wire_is_cut_in_either_direction_and_mended(tmp_path: Path) -> None:
    with behind_proxies(tmp_path, 2) as (manager, (one, other)):
        submit(manager, "cut", "spp=0")
        until(lambda: rendering(manager, "cut") == 2, "both nodes render")
        one.there.cut()  # the node hears nothing more
        other.back.cut()  # the manager hears nothing more
        until(lambda: states(manager, "cut") == ["LOST", "LOST"], "both are given up")
        assert manager.facts("cut")["samples"] > 0
        until(lambda: "HERE" not in presence(manager), "neither is here")
        assert manager.facts("cut")["state"] == "QUEUED"

        one.there.mend()
        other.back.mend()
        until(lambda: presence(manager) == ["HERE", "HERE"], "both are back")
        until(lambda: rendering(manager, "cut") == 2, "both go on")
        stop(manager, "cut")
        check_film(manager, "cut", 0)


def test_films_that_arrive_damaged_or_in_part_count_only_once_they_are_whole(tmp_path: Path) -> None:
    with behind_proxies(tmp_path) as (manager, [wire]):
        spoilt: list[str] = []

        def spoil(piece: bytes) -> bytes | None:
            """The first film has a wrong byte, of the second one the connection gives half."""
            if len(spoilt) == 2 or len(piece) < 4000:  # no film
                return piece
            spoilt.append("")
            if len(spoilt) == 1:
                middle = len(piece) // 2
                return piece[:middle] + bytes([piece[middle] ^ 0x40]) + piece[middle + 1 :]
            return None

        wire.back.garble = spoil
        submit(manager, "spoilt", "spp=2000")
        finished(manager, "spoilt")
        assert len(spoilt) == 2
        check_film(manager, "spoilt", 2000)


SUBMITTING = """
import sys, threading
import lrnap
url, scene, token = sys.argv[1:]
with lrnap.connect(url) as farm:
    print("here", flush=True)
    farm.submit(scene, name=token, spp=5, token=token, owner="ana")
    print("done", flush=True)
    threading.Event().wait()
"""


def test_a_client_killed_while_submitting_submits_again(tmp_path: Path) -> None:
    """What goes to the manager stops after so many bytes; there the client dies."""
    with contextlib.ExitStack() as stack:
        manager = manager_program(tmp_path / "manager")
        stack.callback(manager.end)
        scene = str(manager.write("scene.lxs"))
        for most in (0, 300, 900, 1 << 20):
            token = f"t-{most}"
            with proxy(manager.address) as wire:
                left, seen = [most], []

                def few(piece: bytes, left: list[int] = left, seen: list[int] = seen) -> bytes:
                    if seen:
                        piece, left[0] = piece[: left[0]], max(0, left[0] - len(piece))
                        if not left[0]:
                            seen.append(1)
                    return piece

                wire.there.garble = few
                client = subprocess.Popen(
                    [sys.executable, "-c", SUBMITTING, wire.url, scene, token], stdout=subprocess.PIPE, text=True
                )
                try:
                    assert client.stdout is not None
                    assert client.stdout.readline() == "here\n"
                    seen.append(0)
                    if most == 1 << 20:
                        assert client.stdout.readline() == "done\n"
                    else:
                        until(lambda seen=seen: len(seen) > 1, "it has sent so much")  # type: ignore[misc]
                finally:
                    client.kill()
                    client.wait(PATIENCE)
                    client.stdout.close()
            again = subprocess.run(
                [sys.executable, "-c", SUBMITTING.replace("threading.Event().wait()", ""), manager.url, scene, token],
                capture_output=True,
                text=True,
                timeout=PATIENCE,
            )
            assert again.stdout == "here\ndone\n", again.stderr
            assert len(manager.lines(f"CTL_JOBS owner=ana token={token}")) == 1
        assert len(manager.lines("CTL_JOBS")) == 4


def test_a_database_that_is_locked_for_a_while_delays_and_loses_nothing(tmp_path: Path) -> None:
    with behind_proxies(tmp_path) as (manager, _):
        submit(manager, "kept", "spp=0")
        until(lambda: rendering(manager, "kept") == 1, "it renders")
        with contextlib.closing(sqlite3.connect(manager.root / "data" / "manager.sqlite", timeout=PATIENCE)) as other:
            other.execute("BEGIN IMMEDIATE")
            with manager.talk() as talk:
                assert talk.ask('API_LuxParse "scene.lxs" "late"') == "R_OK"
                talk.send('API_Render "late" spp=10')
                with manager.talk() as looking:  # who only looks is served
                    assert looking.ask('CTL_STATUS "kept"').startswith("R_STATUS RENDERING")
                other.rollback()
                assert talk.line() == "R_OK"
        before = manager.facts("kept")["samples"]
        until(lambda: manager.facts("kept")["samples"] > before, "it goes on")
        stop(manager, "kept")
        finished(manager, "late")
        check_film(manager, "kept", 0)
        check_film(manager, "late", 10)


def test_a_manager_on_the_database_of_yesterday_takes_its_nodes_back(tmp_path: Path) -> None:
    """The database is older than the films and than what the node renders: no seed is used twice, and what is done of
    a job that is known goes on to its goal."""
    with behind_proxies(tmp_path) as (manager, _):
        submit(manager, "first", "spp=0")
        until(lambda: rendering(manager, "first") == 1, "it renders")
        data = manager.root / "data"
        with (
            contextlib.closing(sqlite3.connect(data / "manager.sqlite")) as live,
            contextlib.closing(sqlite3.connect(tmp_path / "yesterday.sqlite")) as copy,
        ):
            live.backup(copy)
        stop(manager, "first")
        submit(manager, "second", "spp=0")
        until(lambda: rendering(manager, "second") == 1, "the next one renders")

        manager.kill()
        for path in data.glob("manager.sqlite*"):
            path.unlink()
        shutil.copy(tmp_path / "yesterday.sqlite", data / "manager.sqlite")
        manager.again()
        assert [listed.args[0] for listed in manager.lines("CTL_JOBS")] == ["first"]
        until(lambda: presence(manager) == ["HERE"], "its node is taken back")
        until(lambda: "RENDERING" in states(manager, "first"), "what was rendering then renders")
        before = manager.facts("first")["samples"]
        until(lambda: manager.facts("first")["samples"] > before, "it goes on")
        stop(manager, "first")
        check_film(manager, "first", 0)
