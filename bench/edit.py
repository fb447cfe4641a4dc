"""edit_*: from the first call of an edit to the first sample of the changed scene / of a whole scene to its first.

A hill of a million triangles, sent by a client to a node, both as a user would do it. The kinds of edits differ in what
the engine must do again: nothing for the camera, its acceleration structure where objects move.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from statistics import median

import numpy as np

import lrnap
from bench.row import Row
from lrnap.client.editing import JobEdit
from lrnap.client.job import Job
from lrnap.launch.local import local_node

SIDE = 708  # points of the hill: 999,698 triangles
TIMES = 5


def rows() -> list[Row]:
    fresh, edits = [], {name: [] for name in EDITS}
    with local_node(threads=os.cpu_count() or 1) as node:
        for turn in range(TIMES):
            with lrnap.Context(node.url) as lux:
                began = time.perf_counter()
                describe(lux)
                job = lux.render()
                first_sample(job, 0)
                fresh.append(time.perf_counter() - began)
                for epoch, (name, edit) in enumerate(EDITS.items(), 1):
                    began = time.perf_counter()
                    with job.edit() as change:
                        edit(change, turn)
                    first_sample(job, epoch)
                    edits[name].append(time.perf_counter() - began)
    detail = f"{2 * (SIDE - 1) ** 2} triangles, median of {TIMES}: first sample after {median(fresh):.2f} s"
    return [
        Row(f"edit_{name}", median(times) / median(fresh), None, f"{detail}, after the edit {median(times):.3f} s")
        for name, times in edits.items()
    ]


def describe(lux: lrnap.Context) -> None:
    y, x = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32) / (SIDE - 1)
    points = np.stack([x, y, 0.1 * np.sin(9 * x) * np.cos(7 * y)], axis=-1).reshape(-1, 3)
    corner = (np.arange(SIDE - 1)[:, None] * SIDE + np.arange(SIDE - 1)).reshape(-1, 1)
    triangles = np.concatenate([corner + np.array([0, 1, SIDE]), corner + np.array([1, SIDE + 1, SIDE])])
    lux.lookAt(0.5, -1, 1, 0.5, 0.5, 0, 0, 0, 1)
    lux.camera("perspective", {"float fov": 40})
    lux.film("fleximage", {"integer xresolution": 320, "integer yresolution": 240})
    lux.worldBegin()
    lux.lightSource("distant", {"point from": [1, -1, 2], "point to": [0, 0, 0]})
    lux.makeNamedMaterial("earth", {"string type": ["matte"]})
    lux.objectBegin("hill")
    lux.namedMaterial("earth")
    lux.shape("trianglemesh", {"integer indices": triangles.astype(np.int32).reshape(-1), "point P": points})
    lux.objectEnd()
    lux.objectInstance("hill")
    lux.worldEnd()


def camera(edit: JobEdit, turn: int) -> None:
    edit.lookAt(0.5 + 0.1 * turn, -1.5, 1, 0.5, 0.5, 0, 0, 0, 1)


def material(edit: JobEdit, turn: int) -> None:
    edit.makeNamedMaterial("earth", {"string type": ["matte"], "color Kd": [0.5, 0.1 * turn, 0]})


def light(edit: JobEdit, turn: int) -> None:
    edit.lightSource("distant", {"point from": [turn, -1, 2], "point to": [0, 0, 0]})


def placement(edit: JobEdit, turn: int) -> None:
    edit.translate(0, 0, 0.1 * (turn + 1))
    edit.objectInstance("hill")


EDITS: dict[str, Callable[[JobEdit, int], None]] = {
    "camera": camera,
    "material": material,
    "light": light,
    "placement": placement,
}


def first_sample(job: Job, epoch: int) -> None:
    for progress in job:
        if any(member.status.epoch == epoch and member.status.samples > 0 for member in progress.members):
            return
