"""What a node answers of a job's settings and films."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
import zstandard
from answering import hello, rendering
from nodes import SCENE, SIZE, Served, Talk, film_of, number, serving

from lrnap.engine.protocol import Halt
from lrnap.film import accum, flm, flm_parameters
from lrnap.film.flm_convert import to_snapshot
from lrnap.film.radiance import resolve
from lrnap.limits import NodeLimits

# --- settings -----------------------------------------------------------------------------------------------------


def test_developing_changes_pictures_and_no_samples(talk: Talk) -> None:
    rendering(talk)
    talk.ask("CTL_STOP")
    before = talk.data("API_DumpFilmBuffer format=png"), talk.data("API_DumpFilmBuffer format=accum")
    assert talk.all("CTL_SET tonemapkernel linear", "CTL_GET tonemapkernel") == ["R_OK", "R_OK TONEMAPKERNEL = linear"]
    after = talk.data("API_DumpFilmBuffer format=png"), talk.data("API_DumpFilmBuffer format=accum")
    assert before[0] != after[0] and before[1] == after[1]


def test_lens_effects_are_settings_of_a_job(talk: Talk) -> None:
    rendering(talk)
    talk.ask("CTL_STOP")
    pictures = [talk.data("API_DumpFilmBuffer format=png")]
    for line, shown in (
        ("bloom_enabled true", "BLOOM_ENABLED = true"),
        ("vignetting_scale -0.5", "VIGNETTING_SCALE = -0.5"),
        ("glare_blades 5", "GLARE_BLADES = 5"),
        ("vignetting_enabled 1", "VIGNETTING_ENABLED = true"),
        ("tonemapkernel falsecolors", "TONEMAPKERNEL = falsecolors"),
    ):
        assert talk.all(f"CTL_SET {line}", f"CTL_GET {line.split()[0]}") == ["R_OK", f"R_OK {shown}"]
        pictures.append(talk.data("API_DumpFilmBuffer format=png"))
    assert pictures[0] != pictures[-2] != pictures[-1]
    assert "vignetting_enabled true" in talk.text("CTL_GET")


def test_a_camera_response_is_a_file_of_the_scene(node: Served, talk: Talk) -> None:
    node.write("film.crf", "Pan graph\nI =\n0 0.5 1\nB =\n1 0.5 0\n")  # a negative
    node.write("other.crf", "Pan graph\nI =\n0 1\nB =\n0 1\n")
    node.write("scene.lxs", SCENE.replace('"fleximage"', '"fleximage" "string cameraresponse" ["film.crf"]'))
    rendering(talk)
    talk.ask("CTL_STOP")
    assert talk.ask("CTL_GET cameraresponse") == "R_OK CAMERARESPONSE = film.crf"
    with_it = talk.data("API_DumpFilmBuffer format=png")
    assert "E_NOT_FOUND" in talk.ask("CTL_SET cameraresponse other.crf"), "no client chooses what the node reads"
    assert talk.ask("CTL_GET cameraresponse") == "R_OK CAMERARESPONSE = film.crf"
    assert talk.ask('CTL_SET cameraresponse ""') == "R_OK"
    assert talk.data("API_DumpFilmBuffer format=png") != with_it


def test_a_scene_with_a_film_of_classic_lux_is_rendered_without_it(node: Served, talk: Talk) -> None:
    node.write("scene.lxs", SCENE.replace('"fleximage"', '"fleximage" "string cameraresponse" ["Portra_400NCCD"]'))
    rendering(talk)
    assert "E_UNSUPPORTED" in talk.ask("CTL_SET cameraresponse Portra_400NCCD")


def test_halt_conditions_can_be_changed_while_rendering(node: Served, talk: Talk) -> None:
    node.write("scene.lxs", SCENE.replace('"fleximage"', '"fleximage" "integer halttime" [60]'))
    rendering(talk)
    assert talk.ask("CTL_GET halttime") == "R_OK HALTTIME = 60.0"
    assert talk.ask("CTL_SET haltspp 500") == "R_OK"
    assert node.engine.runs[0].halt == Halt(500, 60)
    assert talk.ask("CTL_SET halttime 0") == "R_OK"
    assert node.engine.runs[0].halt == Halt(500, float("inf"))


def test_halt_conditions_are_those_that_ctl_get_shows(node: Served, talk: Talk) -> None:
    talk.ask('API_LuxParse "scene.lxs" "job"')
    assert talk.all("CTL_SET haltspp 7", "API_Render seconds=30") == ["R_OK", "R_OK"]
    assert talk.ask("CTL_GET haltspp") == "R_OK HALTSPP = 7.0"
    assert node.engine.runs[0].options.halt == Halt(7, 30)
    assert talk.all("CTL_STOP", "API_Render spp=9") == ["R_OK", "R_OK"]
    assert node.engine.runs[1].options.halt == Halt(9, 30)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("CTL_SET gama 2", "gamma"),
        ("CTL_SET gamma high", "number"),
        ("CTL_SET tonemapkernel sepia", "reinhard"),
        ("CTL_SET threads -1", "threads"),
        ("CTL_SET haltspp many", "haltspp"),
        ("CTL_GET gama", "gamma"),
        ("CTL_SET gamma {4}", "value"),
        ("CTL_PING {4}", "number"),
        ("CTL_PING [1 2]", "number"),
    ],
)
def test_a_setting_that_cannot_be_is_refused_and_changes_nothing(talk: Talk, line: str, says: str) -> None:
    rendering(talk)
    before = talk.text("CTL_GET")
    answer = talk.ask(line)
    assert answer.startswith("R_ERROR CODE = E_") and says in answer
    assert talk.text("CTL_GET") == before


# --- films --------------------------------------------------------------------------------------------------------


def test_every_format(talk: Talk) -> None:
    rendering(talk)
    talk.ask("CTL_STOP")
    plain = film_of(talk.data("API_DumpFilmBuffer"))
    assert np.allclose(plain, 1.0)
    half = talk.data("API_DumpFilmBuffer format=half")
    assert np.array_equal(np.frombuffer(half, "<f2").astype(np.float32), plain.ravel())
    assert talk.data("API_DumpFilmBuffer format=png").startswith(b"\x89PNG")
    assert talk.data("API_DumpFilmBuffer format=jpeg").startswith(b"\xff\xd8")
    assert talk.data("API_DumpFilmBuffer format=exr").startswith(b"v/1\x01")
    classic = flm.decode(talk.data("API_DumpFilmBuffer format=flm"))
    assert np.allclose(resolve(to_snapshot(classic))[0], plain[..., :3], atol=1e-5)
    packed = talk.data("API_DumpFilmBuffer compress=zstd")
    assert zstandard.ZstdDecompressor().decompress(packed) == plain.tobytes()


def test_a_classic_film_is_developed_as_the_job_is(talk: Talk) -> None:
    rendering(talk)
    talk.ask("CTL_STOP")
    wishes = []
    for kernel in ("linear", "maxwhite"):
        talk.ask(f"CTL_SET tonemapkernel {kernel}")
        film = flm.decode(talk.data("API_DumpFilmBuffer format=flm"))
        wishes.append(flm_parameters.film_params(film.parameters)["tonemapkernel"])
    assert wishes == ["linear", "maxwhite"]


def test_accumulators_are_those_of_the_engine(node: Served, talk: Talk) -> None:
    rendering(talk)
    hello(talk)
    talk.send("#1 API_DumpFilmBuffer format=accum")
    frame = talk.line()
    assert frame.startswith("R_DATA #1 off=0 len=")
    fields = dict(word.split("=") for word in frame.split()[2:])
    data = talk.bytes(int(fields["len"]))
    assert talk.bytes(2) == b"\r\n"
    final = talk.line()
    assert final.startswith("R_OK #1 ") and final.endswith(f"sha256={hashlib.sha256(data).hexdigest()}")
    snapshot = accum.from_parts({key.upper(): value for key, value in fields.items()}, data)
    assert snapshot.run == node.engine.runs[0].name and snapshot.samples == SIZE[0] * SIZE[1]
    assert np.all(snapshot.block == 1)


def test_a_snapshot_never_changes_and_comes_in_ranges(talk: Talk) -> None:
    rendering(talk)
    hello(talk)
    talk.send("#1 API_DumpFilmBuffer")
    first = talk.line()
    whole = talk.bytes(SIZE[0] * SIZE[1] * 16)
    assert talk.lines(2)[1].startswith("R_OK #1")
    name = next(word.partition("=")[2] for word in first.split() if word.startswith("snapshot="))
    talk.send(f"#2 API_DumpFilmBuffer snapshot={name} range=100-299")
    assert talk.line().startswith("R_DATA #2 off=100 len=200 ")
    assert talk.bytes(202) == whole[100:300] + b"\r\n"
    assert " len=200 " in talk.line()
    outside = talk.ask(f"#3 API_DumpFilmBuffer snapshot={name} range=0-{len(whole)}")
    assert outside.startswith("R_ERROR #3 code=E_ARGS ")
    assert talk.ask("#4 API_DumpFilmBuffer snapshot=S99").startswith("R_ERROR #4 code=E_GONE ")


def test_a_broken_transfer_goes_on_without_a_hello_too(talk: Talk) -> None:
    rendering(talk)
    reply = talk.ask("API_DumpFilmBuffer format=float32 compress=zstd")
    assert " ENC = zstd ULEN = " in reply
    name = reply.partition(" SNAPSHOT = ")[2].split()[0]
    whole = talk.bytes(number(reply, "LENGTH"))
    with talk.__class__(talk.address) as again:
        rest = again.data(f"API_DumpFilmBuffer compress=zstd snapshot={name} range=10-{len(whole) - 1}")
    assert rest == whole[10:]


def test_a_rate_of_nothing_is_refused(talk: Talk) -> None:
    hello(talk)
    assert talk.ask("#1 CTL_SUBSCRIBE stats rate=0").startswith("R_ERROR #1 code=E_ARGS ")


def test_only_the_last_snapshots_are_kept(tmp_path: Path) -> None:
    with serving(tmp_path, limits=NodeLimits(snapshots=2)) as node, node.talk() as talk:
        node.write("scene.lxs")
        rendering(talk)
        for _ in range(3):
            talk.data("API_DumpFilmBuffer")
        assert talk.ask("API_DumpFilmBuffer snapshot=S1").startswith("R_ERROR CODE = E_GONE ")
        assert len(talk.data("API_DumpFilmBuffer snapshot=S2")) == SIZE[0] * SIZE[1] * 16


def test_readers_share_a_snapshot_of_a_film_that_does_not_change(node: Served, talk: Talk) -> None:
    rendering(talk)
    talk.ask("CTL_STOP")
    with node.talk() as other:
        assert talk.data("API_DumpFilmBuffer") == other.data("API_DumpFilmBuffer")
    assert len(node.node.snapshots.kept) == 1
