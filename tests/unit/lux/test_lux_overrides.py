"""Film parameters that count whatever the scene says."""

from __future__ import annotations

from lrnap.lux.call import Call, Param
from lrnap.lux.overrides import FilmOverrides

MINE, THEIRS = (Param("string", "filename", (name,)) for name in ("mine", "theirs"))
FLAG = Param("bool", "write_exr", (True,))
FILM = Call("Film", ("fleximage",), (THEIRS, FLAG))
WORLD = Call("WorldBegin")


def test_a_film_that_comes_later_gets_them() -> None:
    overrides = FilmOverrides()
    overrides.add([MINE])
    assert overrides.calls(FILM) == (Call("Film", ("fleximage",), (FLAG, MINE)),)
    assert overrides.calls(WORLD) == (WORLD,)
    assert overrides.film.params == (FLAG, MINE)


def test_a_film_that_came_before_is_said_again() -> None:
    overrides = FilmOverrides()
    assert overrides.calls(FILM) == (FILM,)
    overrides.add([MINE])
    assert overrides.calls(WORLD) == (Call("Film", ("fleximage",), (FLAG, MINE)), WORLD)
    assert overrides.late


def test_a_scene_without_a_film_gets_one() -> None:
    overrides = FilmOverrides()
    overrides.add([MINE])
    assert overrides.calls(WORLD) == (Call("Film", ("fleximage",), (MINE,)), WORLD)


def test_without_any_nothing_changes() -> None:
    overrides = FilmOverrides()
    assert overrides.calls(WORLD) == (WORLD,)
    assert overrides.calls(WORLD) == (WORLD,)
    assert overrides.film.params == ()


def test_they_stay_for_the_next_scene_until_they_are_cleared() -> None:
    overrides = FilmOverrides()
    overrides.calls(WORLD)
    overrides.add([MINE])
    overrides.restart()
    assert not overrides.late
    assert overrides.calls(FILM)[0].params == (FLAG, MINE)
    overrides.clear()
    overrides.restart()
    assert overrides.calls(FILM) == (FILM,)
