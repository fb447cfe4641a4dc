"""`lrnap film develop`: one film or many, in one look or many, whole or light group by light group."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from pathlib import Path

from lrnap import __version__
from lrnap.cli import report
from lrnap.cli.writing import chosen as options_chosen
from lrnap.client.written import Output
from lrnap.errors import Code, LrnapError
from lrnap.film import images, output, preset_file
from lrnap.film.develop import GroupLook, Settings, estimate_linear, notices, spelled
from lrnap.film.develop.presets import NAMED
from lrnap.film.develop.settings import FILES
from lrnap.film.films import FilmFile, is_film, load
from lrnap.film.preset_file import Preset
from lrnap.film.snapshot import Snapshot
from lrnap.lux.spelling import did_you_mean

PLACES = ("film", "look", "group")  # what a picture's name may have braces around


@dataclass(frozen=True, slots=True)
class Wishes:
    """The command line, as typed."""

    films: Sequence[Path]
    outputs: Sequence[str] = ()
    looks: Sequence[str] = ()  # presets, folders of them, patterns
    like: Path | None = None
    changes: Sequence[str] = ()
    ocio: Mapping[str, str] = field(default_factory=dict)  # Film parameters
    groups: bool = False
    estimate: bool = False
    preset: Path | None = None
    write: Sequence[str] = ()  # options of the files that are written


def run(wishes: Wishes) -> int:
    """A film of many that cannot be developed is named, and left out."""
    films = list(_films(wishes.films))
    looks = _looks(wishes)
    templates = _templates(wishes, len(films), len(looks))
    stems = Counter(path.stem for path in films)
    names = {path: path.stem if stems[path.stem] == 1 else path.name for path in films}
    taken: set[Path] = set()
    for path, (look, _), template in product(films, looks, templates):
        _take(_target(template, names[path], look, "group"), taken, wishes)
    result = report.OK
    for path in films:
        try:
            _develop(wishes, path, names[path], looks, templates)
        except LrnapError as error:
            if len(films) == 1 or error.code is Code.INTERNAL:  # a full disk is full for all
                raise
            report.say_error(LrnapError(error.code, error.message, at=error.at or str(path)))
            result = report.exit_code(error)
    return result


def _develop(
    wishes: Wishes, path: Path, name: str, looks: Sequence[tuple[str, Preset]], templates: Sequence[Output]
) -> None:
    """One film, in all looks."""
    film = load(path, pictures=True)
    layout, spp = film.film.layout, film.film.spp
    facts = {"software": f"lrnap {__version__}", "film": path.name}
    facts |= {} if film.picture else {"spp": str(round(spp, 3))}
    what = "a picture" if film.picture else f"{spp:.1f} samples per pixel"
    taken: set[Path] = set()
    for look, preset in looks:
        settings = _settings(wishes, film, preset)
        if wishes.preset is not None:
            preset_file.write(wishes.preset, settings)
            print(f"{wishes.preset}: how to develop it")
        for (group, chosen), template in product(_parts(wishes, film.film, settings), templates):
            target = _target(template, name, look, group)
            _take(target, taken, wishes)
            output.save(target, film.film, chosen, facts, **template.options)
            print(f"{target}: {layout.width}x{layout.height}, {what}")


def _target(template: Output, film: str, look: str, group: str) -> Path:
    return Path(_named(str(template.path), film=film, look=look, group=group))


def _take(target: Path, taken: set[Path], wishes: Wishes) -> None:
    if target in taken:
        raise LrnapError(Code.ARGS, f"two pictures would have this name: {_hint(wishes)}", at=str(target))
    taken.add(target)


def _films(given: Sequence[Path]) -> Iterator[Path]:
    for path in given:
        if not path.is_dir():
            yield path
            continue
        inside = [file for file in sorted(path.iterdir()) if is_film(file)]
        if not inside:
            raise LrnapError(Code.NOT_FOUND, "there is no film (.flm, .exr with weights) in this folder", at=str(path))
        yield from inside


def _looks(wishes: Wishes) -> list[tuple[str, Preset]]:
    """The looks by name, each with all that the command line says; one without a name where no preset is given."""
    before = Preset() if wishes.like is None else preset_file.of_picture(wishes.like)
    after = preset_file.preset(dict(map(_change, wishes.changes)) | dict(wishes.ocio), Path())
    if not wishes.looks:
        return [("", before | after)]
    return [(path.stem, before | preset_file.read(path) | after) for path in _presets(wishes.looks)]


def _presets(given: Sequence[str]) -> Iterator[Path]:
    for text in given:
        path = Path(text)
        if path.is_dir():
            found = sorted(path.glob(f"*{preset_file.EXTENSION}"))
        elif any(sign in text for sign in "*?["):
            found = sorted(Path(path.anchor or ".").glob(str(path.relative_to(path.anchor))))
        else:
            found = [path]
        if not found:
            raise LrnapError(Code.NOT_FOUND, f"there is no preset ({preset_file.EXTENSION})", at=text)
        yield from found


def _templates(wishes: Wishes, films: int, looks: int) -> list[Output]:
    """The names of what is written, checked before anything is."""
    usual = "-".join(
        ["{film}", *(["{look}"] if wishes.looks else []), *(["{group}"] if wishes.groups else [])],
    )
    found = []
    for given in wishes.outputs or ([] if wishes.preset else [f"{usual}.png"]):
        template = f"{given.rstrip('/')}/{usual}.png" if given.endswith("/") or Path(given).is_dir() else given
        images.kind_of(_named(template, film="film", look="look", group="group"))
        found.append(template)
    if wishes.preset is not None and films * looks != 1:
        raise LrnapError(Code.ARGS, "--save-preset saves one look: give one film, and one preset at most")
    return options_chosen([Path(template) for template in found], wishes.write)


def _named(template: str, **values: str) -> str:
    for name in PLACES:
        template = template.replace(f"{{{name}}}", values[name].replace("/", "_"))
    return template


def _hint(wishes: Wishes) -> str:
    wanted = ["{film}", *(["{look}"] if wishes.looks else []), *(["{group}"] if wishes.groups else [])]
    return f"write {', '.join(wanted)} into -o where they are to differ, or give a folder"


def _settings(wishes: Wishes, film: FilmFile, look: Preset) -> Settings:
    path, snapshot = film.path, film.film
    missing = {name for name, place in look.files.items() if not Path(place).is_file()} if wishes.like else set()
    params = {name: value for name, value in look.params.items() if name not in FILES or value not in missing}
    try:
        settings, notes = film.settings(params, look.files)
    except LrnapError as error:
        raise LrnapError(error.code, f"{error}. Replace it with --set NAME=VALUE", at=str(path)) from None
    if wishes.estimate:
        settings = estimate_linear(snapshot, settings)
        shown = ", ".join(f"linear_{n} = {getattr(settings, f'linear_{n}'):g}" for n in _CAMERA)
        print(f"{path}: {shown}")
    gone = [f"{name!r} is not there: the film is developed without" for name in sorted(missing)]
    report.say_warnings((*notes, *gone, *notices(settings, snapshot.layout)))
    return settings


_CAMERA = ("sensitivity", "exposure", "fstop", "gamma")


def _parts(wishes: Wishes, snapshot: Snapshot, settings: Settings) -> Iterator[tuple[str, Settings]]:
    """The whole film, or each light group by itself."""
    if not wishes.groups:
        yield "", settings
        return
    names = snapshot.layout.groups
    for name in names:
        alone = {other: replace(settings.groups.get(other, GroupLook()), enabled=other == name) for other in names}
        yield name, replace(settings, groups=alone)


def _change(text: str) -> tuple[str, object]:
    """NAME=VALUE as a scene would give it: numbers are numbers."""
    given, equals, value = text.partition("=")
    name = spelled(given)
    if not equals or name is None:
        known = (*Settings().to_params(), *NAMED)
        hint = did_you_mean(given, known) if equals else ""
        raise LrnapError(Code.ARGS, f"--set takes NAME=VALUE with a parameter of Film that develops{hint}", at=text)
    try:
        numbers = [float(word) for word in value.split()]
    except ValueError:
        return name, value
    return name, numbers if numbers else value
