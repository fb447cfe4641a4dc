"""What the things are called whose ids a film holds: names travel with it, and damaged ones are refused."""

from __future__ import annotations

import base64
import zlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrnap.errors import LrnapError
from lrnap.film import accum, names
from lrnap.film.merge import Film
from lrnap.film.resume import check_fits
from lrnap.film.snapshot import FilmLayout, Snapshot
from lrnap.limits import MAX_NAMES_FIELD, MAX_NAMES_TEXT

LAYOUT = FilmLayout(2, 1, channels=("material_id", "object_id"))
KITCHEN = {"material_id": ("wood", 'Öl, "brushed"'), "object_id": ("table", "table_2", "Tür/Griff")}


def film(run: str = "a", called: names.Names = KITCHEN, epoch: int = 0) -> Snapshot:
    layout = replace(LAYOUT, names=called)
    return Snapshot(run, 1, 1, layout, layout.new_block(), 0, epoch=epoch)


def word(text: bytes) -> str:
    return base64.urlsafe_b64encode(zlib.compress(text)).decode()


@given(st.dictionaries(st.sampled_from(LAYOUT.channels), st.lists(st.text(max_size=9), max_size=9).map(tuple)))
def test_names_arrive_as_they_were_sent(called: names.Names) -> None:
    sent = {channel: tuple(n.encode(errors="replace").decode() for n in own) for channel, own in called.items()}
    assert names.unpacked(names.packed(called)) == sent
    assert names.of_text(names.as_text(sent)) == sent


def test_they_travel_with_the_film_and_are_no_part_of_what_makes_films_alike() -> None:
    fields = accum.describe(film())
    received = accum.from_parts(fields, accum.payload(film()))
    assert received.layout.names == KITCHEN
    assert received.layout == LAYOUT
    del fields["NAMES"]
    assert accum.from_parts(fields, accum.payload(film())).layout.names == {}


def test_of_a_hundred_thousand_things_as_many_have_names_as_fit_into_a_line() -> None:
    many = {"object_id": tuple(f"Baum.{i * 7919 % 100_000:05}/Zweig" for i in range(100_000))}
    sent = names.packed(many)
    assert len(sent) <= MAX_NAMES_FIELD
    some = names.unpacked(sent)["object_id"]
    assert 5_000 < len(some) < 100_000
    assert some == many["object_id"][: len(some)]


@pytest.mark.parametrize(
    ("sent", "says"),
    [
        ("*", "whole"),
        ("eJwr", "whole"),
        (base64.b64encode(b"plain").decode(), "packed as a film packs it"),
        (word(b" " * (MAX_NAMES_TEXT + 1)), "at most MAX_NAMES_TEXT"),
        (word(b"[" * 100_000), "must be JSON"),
        (word(b"\xff"), "must be JSON"),
        (word(b"[]"), "an object by channel"),
        (word(b'{"depth": []}'), "channels of ids"),
        (word(b'{"object_id": "table"}'), "names of at most MAX_NAME"),
        (word(b'{"object_id": [7]}'), "names of at most MAX_NAME"),
        (word(b'{"object_id": ["' + b"x" * 2000 + b'"]}'), "names of at most MAX_NAME"),
    ],
)
def test_damaged_names_are_refused(sent: str, says: str) -> None:
    with pytest.raises(LrnapError, match=says):
        accum.layout_of(accum.describe(film()) | {"NAMES": sent})


def test_a_job_knows_the_names_as_soon_as_one_of_its_films_says_them() -> None:
    whole = Film(LAYOUT)
    for snapshot in (film("a", {}), film("b", {"object_id": ("table",)}), film("c"), film("d", {})):
        whole.add(snapshot)
    assert whole.merged().layout.names == KITCHEN


def test_an_edited_scene_has_names_of_its_own() -> None:
    whole = Film(LAYOUT)
    whole.add(film("a"))
    whole.add(film("a", {"object_id": ("chair",)}, epoch=1))
    assert whole.merged().layout.names == {"object_id": ("chair",)}


def test_a_saved_film_whose_ids_mean_other_things_is_not_gone_on_with() -> None:
    check_fits(film().layout, LAYOUT)
    with pytest.raises(LrnapError, match="object 2 is 'chair' in one and 'table_2' in the other"):
        check_fits(film("b", {"object_id": ("table", "chair")}).layout, film().layout)
