"""A frame of an animation is the picture of its scene alone, however little of it has travelled for that frame: to the
last bit, from what a manager has given to a node's engine one frame after the other."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from managers import Program, manager_program
from nodes import PATIENCE, Served, StillEngine, serving

import lrnap
from bench import Picture, render
from lrnap.client.recording import scene_of_file
from lrnap.engine.luxcore.translate import Translation, translate
from lrnap.engine.protocol import RunState
from lrnap.lux.builder import describe
from lrnap.lux.edited import apply
from lrnap.lux.editing import changes_of
from lrnap.lux.scene import Scene

FRAMES = (1, 2, 3)
SIDE = 40  # points of a hill, whose arrays are large enough to travel by content

SCENE = """
LookAt 0.5 -1 1.2  0.5 0.5 0  0 0 1
Camera "perspective" "float fov" [45] "float shutteropen" [0] "float shutterclose" [1]
Film "fleximage" "integer xresolution" [24] "integer yresolution" [16]
Sampler "sobol"
WorldBegin
LightSource "distant" "point from" [1 -1 2] "point to" [0 0 0]
ObjectBegin "hill"
Material "matte" "color Kd" [.7 .5 .3]
Shape "trianglemesh" "integer indices" [INDICES] "point P" [POINTS]
ObjectEnd
TURN
ObjectInstance "hill"
WorldEnd
"""


def text(turn: str) -> str:
    y, x = np.mgrid[0:SIDE, 0:SIDE] / (SIDE - 1)
    points = np.stack([x, y, 0.1 * np.sin(9 * x) * np.cos(7 * y)], axis=-1)
    corner = (np.arange(SIDE - 1)[:, None] * SIDE + np.arange(SIDE - 1)).reshape(-1, 1)
    triangles = np.concatenate([corner + np.array([0, 1, SIDE]), corner + np.array([1, SIDE + 1, SIDE])])
    numbers = {"INDICES": triangles, "POINTS": points.round(4)}
    return (
        SCENE.replace("TURN", turn)
        .replace("INDICES", _plain(numbers["INDICES"]))
        .replace("POINTS", _plain(numbers["POINTS"]))
    )


def _plain(numbers: np.ndarray) -> str:
    return " ".join(map(str, numbers.ravel().tolist()))


def motion(frame: int) -> str:
    return f"MotionBegin [0 1] Rotate {10 * frame} 0 0 1 Rotate {10 * frame + 20} 0 0 1 MotionEnd"


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Served]:
    with serving(tmp_path / "node", StillEngine((24, 16))) as served:
        yield served


@pytest.fixture
def manager(tmp_path: Path, node: Served) -> Iterator[Program]:
    program = manager_program(tmp_path / "manager", [node.address.url])
    yield program
    program.end()


def given_to_the_engine(node: Served, manager: Program, scene: Path, changes: Path | None) -> dict[int, Scene]:
    """The scenes of the frames as the node's engine gets them, one after the other."""
    with lrnap.connect(manager.url) as farm:
        job = farm.submit(scene, frames=FRAMES, changes=changes)
        for count in range(1, len(FRAMES) + 1):
            until(lambda count=count: len(node.engine.runs) == count)  # type: ignore[misc]
            node.do(lambda: node.engine.runs[-1].enter(RunState.DONE))
        assert job.wait(PATIENCE)
    return {int(run.name.split(".")[1]): scene for run, scene in zip(node.engine.runs, node.engine.scenes, strict=True)}


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 2 * PATIENCE
    while not holds():
        assert time.monotonic() < end, "it never comes"
        time.sleep(0.01)


def translated(scene: Scene) -> Translation:
    return translate(apply(describe(scene.calls), changes_of(scene.edits)), scene.files)


def alone(path: Path) -> Scene:
    scene, recording = scene_of_file(path)
    recording.close()
    return scene


def assert_are_frames(scenes: dict[int, Scene], alone: dict[int, Scene]) -> None:
    pictures: list[Picture] = render([translated(found[n]) for found in (scenes, alone) for n in FRAMES], exactly=True)
    ours, theirs = pictures[: len(FRAMES)], pictures[len(FRAMES) :]
    for our, their in zip(ours, theirs, strict=True):
        assert our.max() > 0 and np.array_equal(our, their)
    assert not np.array_equal(ours[0], ours[1]) and not np.array_equal(ours[1], ours[2])


def test_a_scene_for_each_frame(node: Served, manager: Program, tmp_path: Path) -> None:
    files = {number: tmp_path / f"turn.{number:04d}.lxs" for number in FRAMES}
    for number, path in files.items():
        path.write_text(text(motion(number)))
    scenes = given_to_the_engine(node, manager, tmp_path / "turn.####.lxs", None)
    assert_are_frames(scenes, {number: alone(path) for number, path in files.items()})


def test_one_scene_with_changes_for_each_frame(node: Served, manager: Program, tmp_path: Path) -> None:
    """The picture of a scene that says at once what they come to."""
    (tmp_path / "turn.lxs").write_text(text(""))
    for number in FRAMES:
        (tmp_path / f"move.{number:04d}.lxs").write_text(f'{motion(number)}\nObjectInstance "hill"\n')
        (tmp_path / f"whole.{number:04d}.lxs").write_text(text(motion(number)))
    scenes = given_to_the_engine(node, manager, tmp_path / "turn.lxs", tmp_path / "move.####.lxs")
    assert all(scene.edits for scene in scenes.values())
    assert_are_frames(scenes, {number: alone(tmp_path / f"whole.{number:04d}.lxs") for number in FRAMES})
