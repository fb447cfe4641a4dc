"""Random scenes out of the plugin tables: mostly as a user would write them, here and there with something wrong.

Whatever stands in the tables can come: every statement, plugin and parameter, with values that are usual, extreme,
of another type or too many. Rules for this file: text out of chance, nothing else; the same chance gives the same text.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

from lrnap.lux.calls import STATEMENTS
from lrnap.lux.entities import KINDS
from lrnap.lux.plugins import PLUGINS, examples
from lrnap.lux.plugins.spec import Parameter, Plugin

WILD = (
    *("0", "1", "-1", "2", "0.5", "-0.25", "3", "7", "90", "180", "360", "1000", "-1000"),
    *("1e-30", "1e-7", "1e7", "1e30", "-1e30", "3.4e38", "1e39", "nan", "inf", "-inf", "2147483647", "-2147483648"),
)
WORDS = ("", "x", "..", "gold", "uniform", "image.png", "no such thing", "a b.c", "é", "f", "c", "a")
TYPES = ("float", "integer", "bool", "string", "point", "vector", "normal", "color", "texture", "sometype")
OPTIONS = ("Renderer", "Sampler", "SurfaceIntegrator", "VolumeIntegrator", "Accelerator", "PixelFilter")
WORLD = ("LightSource", "Volume", "Texture", "MakeNamedMaterial", "MakeNamedVolume", "Material")
SHAPES = ("Shape", "Shape", "Shape", "PortalShape")
THINGS = f'{examples.THINGS}\nMakeNamedVolume "v" "clear" "color absorption" [1 2 3]'
NAMES = ("a", "b", "c", "f", "r", "v", "object", "new", "nothing")
SIZE = 8  # pixels of a side


class Scenes:
    """`chance`: decides everything. `wrong`: how often something is not as the tables have it, 0 to 1."""

    def __init__(self, chance: Random, wrong: float = 0.005) -> None:
        self._chance = chance
        self._wrong = wrong

    def scene(self) -> str:
        lines = [*self._options(), self._camera(), "WorldBegin", *THINGS.splitlines(), self.statement("LightSource")]
        for _ in range(self._chance.randint(1, 6)):
            lines += self._part()
        lines.append("WorldEnd")
        while self._chance.random() < self._wrong * 2:
            self._damage(lines)
        return "\n".join(lines) + "\n"

    def statement(self, name: str) -> str:
        """A statement that names a plugin."""
        kind, place = KINDS[name]
        plugin = self._chance.choice(PLUGINS[kind])
        spelled = self._chance.choice((plugin.name, *plugin.aliases))
        if self._bad():
            spelled = spelled[:-1] + self._chance.choice("xyz ")
        variant = self._chance.choice(plugin.variants) if plugin.variants else ""
        head = [f'"{self._chance.choice(NAMES)}"', f'"{variant}"'] if name == "Texture" else []
        head += [f'"{self._chance.choice(NAMES)}"'] if name.startswith("MakeNamed") else []
        head += [f'"{spelled}"'] if place is not None else [f'"string type" ["{spelled}"]']
        return " ".join([name, *head, *self._params(plugin, variant)])

    def _options(self) -> list[str]:
        film = f'Film "fleximage" "integer xresolution" [{SIZE}] "integer yresolution" [{SIZE}]'
        chosen = [name for name in OPTIONS if self._chance.random() < 0.4]
        taken = ("xresolution", "yresolution")
        film_params = [p for p in self._params(PLUGINS["film"][0], "") if not any(f" {n}" in p for n in taken)]
        return [" ".join([film, *film_params]), *map(self.statement, chosen)]

    def _camera(self) -> str:
        eye = "LookAt 0.5 -3 2.5  0.5 0.5 0  0 0 1"
        return f"{eye} {self.statement('Camera')}" if self._chance.random() < 0.5 else f'{eye} Camera "perspective"'

    def _part(self) -> list[str]:
        make = self._chance.choice((self._placed, self._placed, self._placed, self._object, self._loose))
        return make()

    def _loose(self) -> list[str]:
        return [self.statement(self._chance.choice(WORLD))]

    def _placed(self) -> list[str]:
        inside = [self._move() for _ in range(self._chance.randint(0, 2))]
        for name in ("Material", "Texture", "AreaLightSource"):
            inside += [self.statement(name)] if self._chance.random() < 0.4 else []
        inside += [f'{side} "v"' for side in ("Interior", "Exterior") if self._chance.random() < 0.15]
        inside += ['NamedMaterial "new"'] if self._bad() else []
        inside += ["ReverseOrientation"] if self._chance.random() < 0.2 else []
        return ["AttributeBegin", *inside, self.statement(self._chance.choice(SHAPES)), "AttributeEnd"]

    def _object(self) -> list[str]:
        name = self._chance.choice(("object", "other"))
        return [f'ObjectBegin "{name}"', *self._placed(), "ObjectEnd", self._move(), f'ObjectInstance "{name}"']

    def _move(self) -> str:
        if self._chance.random() < 0.2:
            return f"MotionBegin [0 1] {self._transform()} {self._transform()} MotionEnd"
        return self._transform()

    def _transform(self) -> str:
        n = self._number
        make: Sequence[Callable[[], str]] = (
            lambda: f"Translate {n()} {n()} {n()}",
            lambda: f"Scale {n()} {n()} {n()}",
            lambda: f"Rotate {n()} {n()} {n()} {n()}",
            lambda: f"LookAt {n()} {n()} {n()} {n()} {n()} {n()} 0 0 1",
            lambda: (
                f"ConcatTransform [{n()} {n()} {n()} 0 {n()} {n()} {n()} 0 {n()} {n()} {n()} 0 {n()} {n()} {n()} 1]"
            ),
            lambda: "Identity",
        )
        return self._chance.choice(make)()

    # Parameters.

    def _params(self, plugin: Plugin, variant: str) -> list[str]:
        needed = [] if self._bad() else [examples.needed(plugin, variant)]
        rows = [p for p in plugin.parameters if f' {p.name}"' not in " ".join(needed)]
        chosen = self._chance.sample(rows, min(len(rows), self._chance.choice((0, 1, 1, 2, 3, 8))))
        return needed + [self._param(parameter, variant) for parameter in chosen]

    def _param(self, parameter: Parameter, variant: str) -> str:
        usual = [*examples.away(parameter, variant)]
        roll = self._chance.random()
        if usual and roll > 4 * self._wrong:
            return self._chance.choice(usual)
        type = self._chance.choice(parameter.types)
        if roll > 3 * self._wrong:  # of the right type and number, but any value
            return f'"{type} {parameter.name}" [{self._values(type, parameter.count)}]'
        if roll > self._wrong:
            return f'"{type} {parameter.name}" [{self._values(type, self._chance.choice((0, 1, 2, 3, 4, 9)))}]'
        type = self._chance.choice(TYPES)
        name = parameter.name if self._chance.random() < 0.5 else parameter.name[::-1]
        return f'"{type} {name}" [{self._values(type, 1)}]'

    def _values(self, type: str, count: int | None) -> str:
        count = self._chance.choice((0, 1, 2, 3, 4, 6, 8, 12)) if count is None else count
        if type in ("string", "texture"):
            return " ".join(f'"{self._chance.choice(WORDS)}"' for _ in range(count))
        if type == "bool":
            return " ".join(self._chance.choice(('"true"', '"false"')) for _ in range(count))
        if type == "integer":
            return " ".join(str(int(float(self._number(finite=True)))) for _ in range(count))
        return " ".join(self._number() for _ in range(count * (1 if type == "float" else 3)))

    def _number(self, finite: bool = False) -> str:
        if self._chance.random() < self._wrong * 2:
            number = self._chance.choice(WILD)
            return "5" if finite and (number.endswith(("nan", "inf")) or "e3" in number) else number
        return f"{self._chance.uniform(-2, 2):.3g}"

    # What is wrong beyond values.

    def _bad(self) -> bool:
        return self._chance.random() < self._wrong

    def _damage(self, lines: list[str]) -> None:
        place = self._chance.randrange(len(lines))
        line = lines[place]
        match self._chance.randrange(6):
            case 0:
                del lines[place]
            case 1:
                lines.insert(self._chance.randrange(len(lines)), line)
            case 2:
                lines.insert(place, self._chance.choice([*STATEMENTS]))
            case 3 if line:
                cut = self._chance.randrange(len(line))
                lines[place] = line[:cut] + line[cut + 1 :]
            case 4 if line:
                cut = self._chance.randrange(len(line))
                lines[place] = line[:cut] + self._chance.choice('"[]#\\ \x00é-') + line[cut:]
            case _:
                other = self._chance.randrange(len(lines))
                lines[place], lines[other] = lines[other], lines[place]
        if not lines:
            lines.append("")


def scene(chance: Random, wrong: float = 0.005) -> str:
    """A scene as LXS text."""
    return Scenes(chance, wrong).scene()
