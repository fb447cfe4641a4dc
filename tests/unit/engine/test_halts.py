"""Halt conditions: of the scene, of who asks, and never."""

from __future__ import annotations

import math

import numpy as np

from lrnap.engine import halts
from lrnap.engine.protocol import Halt
from lrnap.lux.call import Call, Param
from lrnap.lux.params import ParamSet
from lrnap.lux.scene import Scene


def film(*params: Param) -> Scene:
    return Scene("job", (Call("Film", ("fleximage",)), Call("Film", ("fleximage",), params)))


def of(scene: Scene) -> Halt:
    return halts.of_film(ParamSet(scene.film))


def test_the_last_film_says_when_to_halt_and_zero_is_never():
    spp = Param("integer", "haltspp", np.array([8], np.int32))
    never = Param("integer", "halttime", np.array([0], np.int32))
    noise = Param("float", "haltthreshold", np.array([0.5], np.float32))
    assert of(film(spp, never, noise)) == Halt(spp=8.0, noise=0.5)
    assert of(Scene("job", ())) == Halt()


def test_a_single_sample_or_second_is_a_condition_like_any_other():
    one = (Param("integer", name, np.array([1], np.int32)) for name in ("haltspp", "halttime"))
    assert of(film(*one)) == Halt(spp=1.0, seconds=1.0)


def test_what_is_asked_for_comes_before_the_scene_condition_by_condition():
    assert halts.first_of(Halt(spp=4), Halt(spp=8, noise=0.5)) == Halt(spp=4, noise=0.5)
    assert halts.first_of(Halt(noise=math.inf), Halt(spp=8, noise=0.5)) == Halt(spp=8, noise=math.inf)


def test_an_engine_is_not_told_of_limits_that_never_hold():
    assert halts.without_never(Halt(spp=4, noise=math.inf)) == Halt(spp=4)


def test_every_condition_has_a_name_in_scenes():
    assert Halt(**dict.fromkeys(halts.PARAMETERS.values(), 1.0)) == Halt(1.0, 1.0, 1.0)
