"""The demo: two render nodes on this machine render one picture together.

It types what a user would type: `lrnap node` twice, then `lrnap render` with both. Nothing here is special to it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

from lrnap.launch.local import local_node

HERE = Path(__file__).resolve().parent
SCENE = HERE / "beads" / "beads.lxs"
PICTURE = HERE.parent / "out" / "beads.png"


def main() -> int:
    PICTURE.parent.mkdir(exist_ok=True)
    threads = max(1, (os.cpu_count() or 2) // 2)
    with ExitStack() as nodes:
        print("Starting two render nodes on this machine ...", flush=True)
        urls = [nodes.enter_context(local_node(threads=threads)).url for _ in range(2)]
        command = ["lrnap", "render", str(SCENE.relative_to(HERE.parent)), "-o", str(PICTURE.relative_to(HERE.parent))]
        for url in urls:
            command += ["--node", url]
        command += sys.argv[1:] or ["--spp", "40"]
        print("$", " ".join(command), flush=True)
        status = subprocess.call([sys.executable, "-m", "lrnap", *command[1:]], cwd=HERE.parent)
    if status == 0:
        print(
            f"\nThe picture: {PICTURE}\n"
            "Try next:\n"
            "  .venv/bin/lrnap node                       # a render node; telnet localhost 1978 and type CTL_HELP\n"
            "  .venv/bin/lrnap render scene.lxs -o a.png  # your own scene, here; add --node URL for each machine\n"
            "  .venv/bin/lrnap shell                      # talk to a node, with completion"
        )
    return status


if __name__ == "__main__":
    sys.exit(main())
