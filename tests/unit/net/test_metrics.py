"""Figures for Prometheus, and a log that programs can read."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from nodes import SCENE, Talk, serving

from lrnap.engine.process import ProcessEngine
from lrnap.errors import LrnapError
from lrnap.manager import figures
from lrnap.net.address import Address
from lrnap.net.metrics import Figure, MetricsServer, Page
from lrnap.node.metrics import FIGURES

PATIENCE = 120
DOCS = Path(__file__).resolve().parents[3] / "docs"
HERE = Address("127.0.0.1", 0)


def page_of(url: str) -> dict[str, float]:
    with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
        text = answer.read().decode()
    return {name: float(value) for name, value in re.findall(r"^(\w\S*) (\S+)$", text, re.MULTILINE)}


def test_a_row_is_a_line_of_the_page() -> None:
    shelf = {"apples": 3.0, "pears": 4.0}
    rows = (
        Figure("fruit", "By kind.", lambda s: s, label="kind"),
        Figure("eaten_total", "All of them.", lambda s: sum(s.values()), kind="counter"),
    )
    server = MetricsServer(HERE, [Page("shop", rows, shelf)])
    try:
        shelf["pears"] = 5.0
        known = page_of(server.url)
    finally:
        server.close()
    assert known['shop_fruit{kind="apples"}'] == 3
    assert known['shop_fruit{kind="pears"}'] == 5
    assert known["shop_eaten_total"] == 8


def test_a_port_that_is_taken_is_named() -> None:
    server = MetricsServer(HERE, [])
    try:
        with pytest.raises(LrnapError, match=f"cannot show metrics at {server.address}"):
            MetricsServer(server.address, [])
    finally:
        server.close()


def test_the_page_has_every_figure_as_it_is() -> None:
    page = (DOCS / "watching.md").read_text()
    assert page == figures.written(page), "make reference writes it anew"


def test_the_dashboard_asks_for_figures_that_there_are() -> None:
    board = json.loads((DOCS.parent / "examples" / "watching" / "grafana-dashboard.json").read_text())
    asked = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    named = {name for question in asked for name in re.findall(r"lrnap_\w+", question)}
    assert named <= figures.names()
    assert named >= {"lrnap_manager_jobs", "lrnap_manager_nodes", "lrnap_node_samples_per_second"}
    labels = {f"{prefix}_{row.name}": row.label for prefix, rows in figures.PREFIXES.items() for row in rows}
    for question in asked:
        for name, label in re.findall(r"(lrnap_\w+)\{(\w+)", question):
            assert labels[name] == label, question


def test_a_node_counts_what_it_renders(tmp_path: Path) -> None:
    with serving(tmp_path, ProcessEngine("fake")) as node, node.talk() as talk:
        node.write("scene.lxs")
        server = MetricsServer(HERE, [Page("lrnap_node", FIGURES, node.node)])
        try:
            talk.all('API_LuxParse "scene.lxs" "one"', "API_Render spp=4")
            talk.until('CTL_STATUS "one"', "R_STATUS DONE")
            known = page_of(server.url)
        finally:
            server.close()
    assert known['lrnap_node_jobs{state="done"}'] == 1
    assert known["lrnap_node_runs_total"] == 1
    assert known["lrnap_node_runs_failed_total"] == 0
    assert known["lrnap_node_samples_total"] > 0
    assert known["lrnap_node_threads"] == 0
    assert known["lrnap_node_assets_bytes"] == known["lrnap_node_assets_received_bytes_total"] == 0


def test_a_log_in_json_names_the_job_and_its_run(tmp_path: Path) -> None:
    (tmp_path / "scene.lxs").write_text(SCENE)
    node = subprocess.Popen(
        [sys.executable, "-m", "lrnap", "node", "--listen", "127.0.0.1:0", "--metrics", "127.0.0.1:0", "--log-json",
         "--data", str(tmp_path / "data")],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert node.stdout is not None
        url = node.stdout.readline().strip().removeprefix("node ready at ")
        metrics = node.stdout.readline().strip().removeprefix("metrics at ")
        with Talk(Address.parse(url)) as talk:
            talk.all('API_LuxParse "scene.lxs" "one"', "API_Render spp=1")
            talk.until('CTL_STATUS "one"', "R_STATUS DONE")
        assert page_of(metrics)["lrnap_node_runs_total"] == 1
    finally:
        node.send_signal(signal.SIGTERM)
        _, said = node.communicate(timeout=PATIENCE)
    lines = [json.loads(line) for line in said.splitlines()]
    assert {"timestamp", "level", "logger", "event"} <= {*lines[0]}
    assert any(line.get("job") == "one" and line.get("run") for line in lines)
