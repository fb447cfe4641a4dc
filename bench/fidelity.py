"""What docs/fidelity.md says in numbers: `python -m bench.fidelity ../shared/scenes [--spp N]`.

Not a row of the table: it needs scenes that are not the project's own, and minutes.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import numpy.typing as npt

from lrnap.film import flm, images
from lrnap.film.flm_convert import to_snapshot
from lrnap.film.radiance import rgba

Y = npt.NDArray[np.float64]
LUMINANCE = np.array([0.212671, 0.715160, 0.072169])
INTEGRATORS = ("path", "bidir", "sppm")


def rendered(scene: Path, spp: int) -> Y:
    """Luminance (height, width) of a scene in the film's units, by one engine of this machine."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "film.exr"
        command = [sys.executable, "-m", "lrnap", "render", str(scene), "-o", str(out), "--spp", str(spp)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        return luminance(images.read(out))


def luminance(picture: npt.NDArray[np.float32]) -> Y:
    found: Y = picture[..., :3].astype(np.float64) @ LUMINANCE
    return found


def against_classic(folder: Path, spp: int) -> str:
    """A film that classic LuxRender made, and ours of the same scene; nothing is fitted."""
    theirs = luminance(rgba(to_snapshot(flm.read(folder / "reference.flm"))))
    ours = rendered(folder / "default.lxs", spp)
    correlation = np.corrcoef(theirs.ravel(), ours.ravel())[0, 1]
    return f"mean luminance ratio {ours.mean() / theirs.mean():.4f}, correlation {correlation:.4f}"


def between_integrators(folder: Path, spp: int) -> str:
    """Mean luminance of one scene by several integrators, where the lamp itself is not seen."""
    pictures = {name: rendered(folder / f"{name}.lxs", spp) for name in INTEGRATORS}
    usual = np.median(list(pictures.values()), axis=0)
    plain = usual < 50 * np.median(usual)  # judged by all three, so that no single one's fireflies are left out
    first = pictures[INTEGRATORS[0]][plain]
    error = first.std() / first.mean() / np.sqrt(first.size)
    means = ", ".join(f"{name} {p[plain].mean() / first.mean():.4f}" for name, p in pictures.items())
    return f"{means} of {INTEGRATORS[0]} (standard error at most {error:.4f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scenes", type=Path)
    parser.add_argument("--spp", type=int, default=64)
    given = parser.parse_args()
    print("bumpmapping against classic LuxRender's film:", against_classic(given.scenes / "bumpmapping", given.spp))
    print("cornell_box between integrators:", between_integrators(given.scenes / "cornell_box", given.spp))


if __name__ == "__main__":
    main()
