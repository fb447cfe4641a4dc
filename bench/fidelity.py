"""What docs/fidelity.md says in numbers, and pictures side by side: `python -m bench.fidelity ../shared/scenes`.

Not a row of the table: it needs scenes that are not the project's own, and minutes. The pictures go to `out/fidelity`;
docs/images has small ones.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from lrnap.film import flm, images
from lrnap.film.flm_convert import to_snapshot
from lrnap.film.radiance import rgba

RGB = npt.NDArray[np.float32]  # (height, width, 3), linear
Y = npt.NDArray[np.float64]  # (height, width)
LUMINANCE = np.array([0.212671, 0.715160, 0.072169])
INTEGRATORS = ("path", "bidir", "sppm")


def rendered(scene: Path, spp: int) -> RGB:
    """A scene (height, width, 3) in the film's units, by one engine of this machine."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "film.exr"
        command = [sys.executable, "-m", "lrnap", "render", str(scene), "-o", str(out), "--spp", str(spp)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        return images.read(out)[..., :3]


def beside(out: Path, pictures: Sequence[RGB]) -> Path:
    """Writes pictures side by side, all exposed as the first one is: its mean becomes a middle grey."""
    exposure = 0.18 / max(float(luminance(pictures[0]).mean()), 1e-30)
    strip = np.concatenate([np.clip(picture * exposure, 0, 1) ** (1 / 2.2) for picture in pictures], axis=1)
    out.parent.mkdir(parents=True, exist_ok=True)
    images.write(out, strip.astype(np.float32))
    return out


def luminance(picture: RGB) -> Y:
    found: Y = picture[..., :3].astype(np.float64) @ LUMINANCE
    return found


def against_classic(folder: Path, spp: int, out: Path) -> str:
    """A film that classic LuxRender made, and ours of the same scene; nothing is fitted."""
    classic = rgba(to_snapshot(flm.read(folder / "reference.flm")))[..., :3]
    today = rendered(folder / "default.lxs", spp)
    beside(out / "bumpmapping.png", [today, classic])
    theirs, ours = luminance(classic), luminance(today)
    correlation = np.corrcoef(theirs.ravel(), ours.ravel())[0, 1]
    return f"mean luminance ratio {ours.mean() / theirs.mean():.4f}, correlation {correlation:.4f}"


def between_integrators(folder: Path, spp: int, out: Path) -> str:
    """Mean luminance of one scene by several integrators, where the lamp itself is not seen."""
    coloured = [rendered(folder / f"{name}.lxs", spp) for name in INTEGRATORS]
    beside(out / "cornell_box.png", coloured)
    pictures = dict(zip(INTEGRATORS, map(luminance, coloured), strict=True))
    usual = np.median(list(pictures.values()), axis=0)
    plain = usual < 50 * np.median(usual)  # judged by all three, so that no single one's fireflies are left out
    first = pictures[INTEGRATORS[0]][plain]
    error = first.std() / first.mean() / np.sqrt(first.size)
    means = ", ".join(f"{name} {p[plain].mean() / first.mean():.4f}" for name, p in pictures.items())
    return f"{means} of {INTEGRATORS[0]} (standard error at most {error:.4f})"


def materials(folder: Path, spp: int, out: Path) -> str:
    """All materials, each on a head of its own: to be looked at."""
    return str(beside(out / "allmaterials.png", [rendered(folder / "allmaterials_08.lxs", spp)]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scenes", type=Path)
    parser.add_argument("--spp", type=int, default=64)
    parser.add_argument("--out", type=Path, default=Path("out/fidelity"))
    given = parser.parse_args()
    scenes, spp, out = given.scenes, given.spp, given.out
    print(
        "bumpmapping against classic LuxRender's film:", against_classic(scenes / "bumpmapping", spp, out), flush=True
    )
    print("cornell_box between integrators:", between_integrators(scenes / "cornell_box", spp, out), flush=True)
    print("allmaterials_08, to be looked at:", materials(scenes / "allmaterials_08", spp, out))
    print(f"ours beside classic LuxRender's, and path beside bidir beside sppm: {out}")


if __name__ == "__main__":
    main()
