"""`lrnap lxs check` and `lrnap lxs convert`."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from lrnap.cli import report
from lrnap.client.context import Context
from lrnap.client.recording import scene_of_file
from lrnap.errors import Code, LrnapError
from lrnap.lux.scene import Scene


@dataclass(slots=True)
class Findings:
    """What is wrong with a scene, what is hardly meant, and what the engine renders otherwise."""

    error: LrnapError | None = None
    warnings: list[str] = field(default_factory=list)
    not_honoured: list[str] = field(default_factory=list)
    facts: dict[str, object] = field(default_factory=dict)


def check(file: Path, as_json: bool) -> int:
    findings = examine(file)
    if as_json:
        error = findings.error
        print(
            json.dumps(
                {
                    "file": str(file),
                    "error": None if error is None else {"at": error.at, "message": error.message},
                    "warnings": findings.warnings,
                    "not_honoured": findings.not_honoured,
                    **findings.facts,
                },
                indent=2,
            )
        )
    else:
        for line in findings.warnings:
            print(f"warning: {line}")
        for line in findings.not_honoured:
            print(f"engine: {line}")
        if findings.error is not None:
            print(f"error: {findings.error}")
        else:
            print(f"{file}: {_verdict(findings)}")
    return report.OK if findings.error is None else report.BAD


def examine(file: Path) -> Findings:
    """Everything that can be said about a scene without rendering it; the engine itself is not loaded."""
    findings = Findings()
    try:
        scene, recording = scene_of_file(file, on_warning=findings.warnings.append)
        with closing(recording):
            findings.facts = {"calls": len(scene.calls), "files": len(scene.files)}
            findings.not_honoured = _not_honoured(scene, findings.facts)
    except LrnapError as error:
        findings.error = error
    return findings


def _not_honoured(scene: Scene, facts: dict[str, object]) -> list[str]:
    from lrnap.client.scene_film import scene_film
    from lrnap.engine.luxcore.translate import translate
    from lrnap.lux.builder import describe

    translation = translate(describe(scene.calls), scene.files)
    layout = translation.layout
    facts["film"] = f"{layout.width}x{layout.height}"
    facts["light_groups"] = list(layout.groups)
    return list(dict.fromkeys([*translation.warnings, *scene_film(scene).notes]))


def _verdict(findings: Findings) -> str:
    groups = findings.facts["light_groups"]
    assert isinstance(groups, list)
    parts = [
        f"{findings.facts['calls']} calls",
        f"{findings.facts['files']} files",
        f"film {findings.facts['film']}",
        f"light groups {', '.join(groups)}",
    ]
    found = len(findings.warnings) + len(findings.not_honoured)
    return f"{'no error' if found else 'nothing wrong'} ({', '.join(parts)})"


def convert(source: Path, target: Path) -> int:
    if target.suffix.lower() != ".lxs":
        raise LrnapError(Code.ARGS, "only .lxs can be written: give OUT a name that ends so", at=str(target))
    if not target.absolute().parent.is_dir():
        raise LrnapError(Code.NOT_FOUND, f"there is no folder {target.absolute().parent}: create it", at=str(target))
    if target.exists() and source.exists() and target.samefile(source):
        raise LrnapError(Code.EXISTS, "IN and OUT are the same file; its includes would be lost", at=str(target))
    warnings: list[str] = []
    try:
        with Context(str(target), on_warning=warnings.append) as lux:
            lux.parse(source)
            _ = lux.scene  # which must be complete
    finally:
        report.say_warnings(warnings)
    print(target)
    return report.OK
