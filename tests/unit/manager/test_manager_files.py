"""What the manager keeps in files: films of runs and frames, scenes and assets."""

from __future__ import annotations

import hashlib
import os
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from lrnap.errors import LrnapError
from lrnap.film.merge import MERGED
from lrnap.film.snapshot import FilmLayout, Snapshot
from lrnap.limits import NodeLimits
from lrnap.manager.content import Content, Kept
from lrnap.manager.films import FilmStore

LAYOUT = FilmLayout(4, 3, ("sun", "sky"))


def snapshot(run: str, number: int = 1, value: float = 1.0) -> Snapshot:
    block = np.full(LAYOUT.floats, value, np.float32)
    return Snapshot(run=run, seed=7, number=number, layout=LAYOUT, block=block, samples=value * 12, seconds=value)


def total(films: FilmStore, epoch: int = 0) -> float:
    return sum(kept.snapshot.samples for kept in films.load("k1", 1, epoch))


@pytest.fixture
def films(tmp_path: Path) -> FilmStore:
    return FilmStore(tmp_path / "films")


def test_the_newest_snapshot_of_a_run_is_kept(films: FilmStore) -> None:
    assert films.save(snapshot("k1.1.0.7", 2, 2.0))
    assert not films.save(snapshot("k1.1.0.7", 1, 1.0))
    (kept,) = films.load("k1", 1, 0)
    assert kept.runs == {"k1.1.0.7": 2}
    assert np.array_equal(kept.snapshot.block, snapshot("x", 2, 2.0).block)
    assert [(known.run, known.count.number, known.spp) for known in films.counted("k1")] == [("k1.1.0.7", 2, 2.0)]


def test_a_folded_film_holds_its_runs_once_however_late_their_files_come(films: FilmStore) -> None:
    films.save(snapshot("k1.1.0.7", 1, 1.0))
    films.save(snapshot("k1.1.0.8", 1, 2.0))
    merged = films.fold("k1", 1, 0)
    assert merged is not None
    assert merged.samples == 36
    assert not films.save(snapshot("k1.1.0.7", 1, 1.0))
    films.save(snapshot("k1.1.0.9", 1, 4.0))
    assert total(films) == 84
    again = films.fold("k1", 1, 0)
    assert again is not None
    assert again.samples == 84
    assert total(films) == 84


def test_a_checkpoint_beside_its_runs_counts_nothing_twice(films: FilmStore) -> None:
    films.save(snapshot("k1.1.0.7", 3, 1.0))
    films.save(snapshot("k1.1.0.8", 1, 2.0))
    films.checkpoint("k1", 1, 0, [*films.load("k1", 1, 0)])
    assert total(films) == 36
    films._frame("k1", 1).joinpath("k1.1.0.8.run").unlink()
    assert total(films) == 36
    films.tidy()
    assert total(films) == 36
    assert [path.name for path in films.folder.glob("*/*/*")] == ["merged.film"]


def test_the_film_of_a_single_run_becomes_that_of_its_frame_without_being_written_again(films: FilmStore) -> None:
    films.save(snapshot("k1.1.0.7", 3, 1.0))
    (path,) = films.folder.glob("*/*/*.run")
    written = path.stat()
    merged = films.fold("k1", 1, 0)
    assert merged is not None
    assert (merged.run, merged.samples) == (MERGED, 12)
    (path,) = films.folder.glob("*/*/*")
    assert (path.name, path.stat().st_ino) == ("merged.film", written.st_ino)
    assert not films.save(snapshot("k1.1.0.7", 3, 1.0))
    assert [known.count.samples for known in films.counted("k1")] == [12.0]


def test_films_of_an_older_epoch_do_not_count_and_can_be_forgotten(films: FilmStore) -> None:
    films.save(snapshot("k1.1.0.7"))
    films.save(snapshot("k1.1.1.8", value=2.0))
    assert total(films, epoch=1) == 24
    films.forget("k1", before=1)
    assert [known.run for known in films.counted("k1")] == ["k1.1.1.8"]
    films.forget("k1")
    assert films.keys() == set()


def test_a_film_is_read_where_it_lies_and_can_leave_the_memory(films: FilmStore) -> None:
    for seed, groups in enumerate((("sun",), ("sun", "sky"), ("sun", "sky", "a long name of a lamp"))):
        layout = FilmLayout(5, 3, groups)
        block = np.arange(layout.floats, dtype=np.float32)
        films.save(Snapshot(f"k{seed}.1.0.7", 7, 1, layout, block, samples=15.0))
        (kept,) = films.load(f"k{seed}", 1, 0)
        assert kept.snapshot.block.flags.aligned
        assert not kept.snapshot.block.flags.owndata
        kept.unload()
        assert np.array_equal(kept.snapshot.block, block)


def test_a_file_that_is_not_whole_is_passed_over(films: FilmStore) -> None:
    films.save(snapshot("k1.1.0.7"))
    (path,) = films.folder.glob("*/*/*.run")
    path.write_bytes(path.read_bytes()[:-5])
    assert [*films.load("k1", 1, 0)] == []
    path.write_bytes(b"nonsense")
    assert [*films.counted("k1")] == []


@pytest.mark.parametrize("run", ["../../etc.1.0.7", "k1.1.0", "k1.1.0.7.8", "k1.x.0.7"])
def test_names_that_lead_elsewhere_are_refused(films: FilmStore, run: str) -> None:
    with pytest.raises(LrnapError):
        films.save(snapshot(run))


def test_content_is_kept_by_what_it_is_and_once(tmp_path: Path) -> None:
    content = Content(tmp_path, NodeLimits())
    scene = content.put(b"WorldBegin")
    assert content.put(b"WorldBegin") == scene
    assert content.get(scene) == b"WorldBegin"
    with pytest.raises(LrnapError):
        content.get("0" * 64)


def test_content_that_nobody_needs_is_listed_first_and_collected_then(tmp_path: Path) -> None:
    content = Content(tmp_path, NodeLimits())
    scene, other = content.put(b"WorldBegin"), content.put(b"old")
    assert content.garbage({scene}).files == {}, "it came just now, for a job that may be about to be stored"
    content.assets.path(other, ".png")
    long_since(content, scene, other)
    assert content.garbage({scene}).files == {other: 3}
    assert content.assets.path(other).exists()
    long_since(content, other)
    assert content.collect({scene}).files == {other: 3}
    assert content.get(scene) == b"WorldBegin"
    with pytest.raises(LrnapError):
        content.get(other)
    assert not [*tmp_path.rglob(f"{other}*")], "its other name is gone, too"
    assert content.kept() == Kept(1, 10, NodeLimits().asset_bytes)


def test_content_that_is_held_or_asked_for_is_not_collected(tmp_path: Path) -> None:
    content = Content(tmp_path, NodeLimits())
    held, asked, gone = (content.put(data) for data in (b"held", b"asked", b"gone"))
    content.hold([held])
    long_since(content, held, asked, gone)
    assert content.garbage(set()).files.keys() == {asked, gone}
    assert content.assets.have(asked) is None  # by a client that is about to describe a scene with it
    assert content.collect(set()).files == {gone: 4}
    assert content.get(held) == b"held"
    assert content.collect(set()).files == {}


def long_since(content: Content, *hashes: str) -> None:
    """Nobody has asked for them for an hour."""
    for sha256 in hashes:
        path = content.assets.path(sha256)
        os.utime(path, (time.time() - 3600,) * 2)


def test_an_asset_that_is_an_array_is_in_memory_once_for_all_who_have_it(tmp_path: Path) -> None:
    content = Content(tmp_path, NodeLimits())
    mesh = content.put(bytes(range(100)))
    first, second = (content.assets.array(mesh, 100) for _ in range(2))
    assert first is second and bytes(first) == bytes(range(100)) and not first.flags.writeable
    for name, size in ((mesh, 99), (mesh, 101), ("0" * 64, 100)):
        with pytest.raises(LrnapError):
            content.assets.array(name, size)


def test_an_array_that_many_frames_have_is_in_memory_as_long_as_one_of_them_is(tmp_path: Path) -> None:
    content = Content(tmp_path, NodeLimits())
    mesh = content.put(bytes(120))
    frames = [np.frombuffer(content.assets.array(mesh, 120), np.float32).reshape(10, 3) for _ in range(2)]
    assert np.shares_memory(*frames)
    del frames[0]
    assert np.shares_memory(frames[0], content.assets.array(mesh, 120))


def test_many_assets_come_at_once(tmp_path: Path) -> None:
    """Each in its own thread, as small arrays of a scene do; whole ones beside some that come in parts."""
    content = Content(tmp_path, NodeLimits())
    pieces = [number.to_bytes(4, "big") * 100 for number in range(400)]

    def put(piece: bytes) -> None:
        sha256 = hashlib.sha256(piece).hexdigest()
        parts = (0, 400) if piece[3] % 2 else (0, 200, 400)
        for start, end in pairwise(parts):
            content.assets.put(sha256, start, piece[start:end], 400)

    with ThreadPoolExecutor(8) as threads:
        assert [*threads.map(put, pieces)] == [None] * len(pieces)
    assert all(content.get(hashlib.sha256(piece).hexdigest()) == piece for piece in pieces)
    assert not [*(tmp_path / "partial").iterdir()]
    assert content.assets.bytes == content.assets.received == sum(map(len, pieces))
    assert Content(tmp_path, NodeLimits()).assets.bytes == content.assets.bytes


def test_what_stored_jobs_need_stays_whatever_the_bound_says(tmp_path: Path) -> None:
    first = Content(tmp_path, NodeLimits())
    scene = first.put(b"x" * 100)
    again = Content(tmp_path, NodeLimits(asset_bytes=150), {scene})
    again.put(b"y" * 100)
    again.put(b"z" * 100)
    assert again.get(scene) == b"x" * 100


def test_what_no_job_needs_any_more_goes_when_room_is_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = Content(tmp_path, NodeLimits(asset_bytes=250))
    kept, removed = content.put(b"a" * 100), content.put(b"b" * 100)
    content.hold([kept, removed])
    assert content.release_all_but({kept}, content.held()) == 0  # its job may be about to be stored
    monkeypatch.setattr("lrnap.manager.content.STORING", 0.0)
    before = content.held()
    new = content.put(b"c" * 100)
    content.hold([new])  # after it was asked what is needed
    assert content.release_all_but({kept}, before) == 1
    content.assets.trim()
    assert content.assets.have(removed) is not None
    assert content.assets.have(kept) is content.assets.have(new) is None
