"""`make fuzz`: random scenes through the whole of it, for as long as wanted; what goes wrong is kept in out/fuzz.

A scene may become a picture or a refusal with its place. All else is a finding: any other error, the death of the
engine, and more time than so small a scene can need. Each finding is reported once, by where it comes from, with its
number: `--first NUMBER --count 1` tries it again.
"""

from __future__ import annotations

import argparse
import json
import queue
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from random import Random

import example_files
from fuzz.scenes import scene

PATIENCE = 60  # seconds for 8 x 8 pixels


class Trials:
    """A process that renders scenes, started anew where it has died or hangs."""

    def __init__(self, files: dict[str, str]) -> None:
        self._files = files
        self._begin()

    def _begin(self) -> None:
        command = [sys.executable, "-m", "fuzz.trial"]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
        self._process = subprocess.Popen(command, text=True, **pipes)  # type: ignore[call-overload]
        self._said: queue.SimpleQueue[str] = queue.SimpleQueue()
        threading.Thread(target=self._hear, args=(self._process, self._said), daemon=True).start()

    @staticmethod
    def _hear(process: subprocess.Popen[str], said: queue.SimpleQueue[str]) -> None:
        assert process.stdout
        for line in process.stdout:
            if line.startswith("TRIAL "):
                said.put(line[6:])
        said.put(json.dumps({"is": "defect", "what": f"died: exit code {process.wait()}", "where": "the engine"}))

    def of(self, text: str) -> dict[str, str]:
        assert self._process.stdin
        self._process.stdin.write(json.dumps({"text": text, "files": self._files}) + "\n")
        self._process.stdin.flush()
        try:
            found: dict[str, str] = json.loads(self._said.get(timeout=PATIENCE))
        except queue.Empty:
            found = {"is": "defect", "what": f"no end after {PATIENCE} s", "where": "somewhere"}
        if found.get("where") in ("the engine", "somewhere"):
            self.end()
            self._begin()
        return found

    def end(self) -> None:
        self._process.kill()
        self._process.wait()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__.split(":")[0])
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--first", type=int, default=0, help="number of the first scene")
    parser.add_argument("--count", type=int, default=1 << 60, help="how many scenes at most")
    parser.add_argument("--wrong", type=float, default=0.005, help="how often something is wrong in them, 0 to 1")
    parser.add_argument("--out", type=Path, default=Path("out/fuzz"))
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    ended, results, known = time.monotonic() + 60 * given.minutes, Counter[str](), set[str]()
    with tempfile.TemporaryDirectory() as folder:
        trials = Trials(example_files.write(Path(folder)))
        for number in range(given.first, given.first + given.count):
            if time.monotonic() > ended:
                break
            text = scene(Random(number), given.wrong)
            found = trials.of(text)
            results[found["is"]] += 1
            if found["is"] == "defect":
                keep(given.out, number, text, found, known)
        trials.end()
    print(f"{sum(results.values())} scenes: {dict(results)}; {len(known)} different defects, kept in {given.out}")
    return 1 if known else 0


def keep(out: Path, number: int, text: str, found: dict[str, str], known: set[str]) -> None:
    what = re.sub(r"[0-9.]+|'[^']*'", "*", found["what"])[:80]
    key = f"{found['where']} {what}" if "engine" not in found["where"] else f"{found['what']} {number}"
    if key in known:
        return
    known.add(key)
    (out / f"{number}.lxs").write_text(f"# {found['what']!r} ({found['where']})\n{text}")
    print(f"{number}: {found['what'][:300]} ({found['where']})", flush=True)


if __name__ == "__main__":
    sys.exit(main())
