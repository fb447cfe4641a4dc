"""`python -m bench [NAME ...]`: one table of ratios against baselines of the same run; also bench/results.json.

Each part is a module with `rows() -> list[Row]`. A value is a ratio wherever a baseline exists (these machines are
shared and noisy); plain figures have no aim. Naming parts runs only those.
"""

from __future__ import annotations

import json
import sys
from importlib import import_module
from pathlib import Path

from bench.row import Row
from bench.table import show

PARTS = (
    *("lxs_reader", "merge", "merge_incremental", "film_dump", "darkroom", "node_overhead", "noise"),
    *("noise_calibration", "channels", "commands", "store", "deciding", "edit", "manager", "animation"),
)
RESULTS = Path(__file__).with_name("results.json")


def main(names: list[str]) -> int:
    if unknown := set(names) - set(PARTS):
        print(f"no such part: {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}", file=sys.stderr)
        return 2
    rows: list[Row] = []
    for part in names or PARTS:
        print(f"measuring {part} ...", file=sys.stderr, flush=True)
        rows += import_module(f"bench.{part}").rows()
    RESULTS.write_text(json.dumps([row.as_dict() for row in rows], indent=1) + "\n")
    show(rows)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
