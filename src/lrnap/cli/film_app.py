"""The `lrnap film` commands as the shell sees them; what they do is loaded only when one is asked for.

Exit codes: 0 done, 1 the films or pictures are not as good as was asked for (`compare --limit`, `noise --below`) or
there was no room for what is written, 2 bad usage or bad files, 3 no node could be reached.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

film = typer.Typer(help="Look into films, develop, merge, compare and convert them.", no_args_is_help=True)


@film.command("info")
def film_info(
    file: Annotated[Path, typer.Argument(help="The film: .flm, or .exr with weights.", metavar="FILM")],
    json: Annotated[bool, typer.Option("--json", help="As one JSON object.")] = False,
) -> None:
    """Say what is in a film: size, samples, light groups, and how it wants to be developed."""
    from lrnap.cli.film import info

    raise typer.Exit(info(file, json))


@film.command("develop")
def film_develop(
    films: Annotated[
        list[Path], typer.Argument(help="Films (.flm, .exr with weights), or folders of them.", metavar="FILM")
    ],
    output: Annotated[
        list[str] | None,
        typer.Option(
            "-o",
            "--output",
            help="Picture to write: .png .jpg .tif .tga .exr, or a folder. May be repeated. {film}, {look} and {group} "
            "in it stand for their names. Default: {film}.png, {film}-{look}.png ...",
            metavar="FILE",
        ),
    ] = None,
    develop: Annotated[
        list[str] | None,
        typer.Option(
            help="A preset (.toml), a folder or a quoted pattern of them: a picture for each. May be repeated.",
            metavar="PRESET",
        ),
    ] = None,
    like: Annotated[
        Path | None, typer.Option(help="A picture of ours: develop as it was developed.", metavar="PICTURE")
    ] = None,
    set: Annotated[
        list[str] | None,
        typer.Option(
            help="A parameter of the scene's Film that replaces the film's own. May be repeated.", metavar="NAME=VALUE"
        ),
    ] = None,
    ocio: Annotated[
        str | None, typer.Option(help="OpenColorIO configuration: a file, or ocio://default ...", metavar="CONFIG")
    ] = None,
    display: Annotated[str | None, typer.Option(help="One of its displays.", metavar="NAME")] = None,
    view: Annotated[str | None, typer.Option(help="One of the display's views.", metavar="NAME")] = None,
    groups: Annotated[bool, typer.Option("--groups", help="Each light group by itself.")] = False,
    write: Annotated[
        list[str] | None,
        typer.Option(
            help="How files are written: depth=16, alpha=true, exr.compression=piz ... May be repeated.",
            metavar="[KIND.]NAME=VALUE",
        ),
    ] = None,
    estimate: Annotated[
        bool, typer.Option("--estimate", help="As a camera: find ISO, shutter and f-stop that suit the film.")
    ] = False,
    save_preset: Annotated[
        Path | None, typer.Option(help="Write how it is developed as a preset (.toml).", metavar="FILE")
    ] = None,
) -> None:
    """Make pictures of films, as they say or as you do: one or many, in one look or many."""
    from lrnap.cli.develop import Wishes, run

    chosen = {"ocio": ocio, "ocio_display": display, "ocio_view": view}
    wishes = Wishes(
        films=films,
        outputs=output or [],
        looks=develop or [],
        like=like,
        changes=set or [],
        ocio={name: value for name, value in chosen.items() if value is not None},
        groups=groups,
        write=write or [],
        estimate=estimate,
        preset=save_preset,
    )
    raise typer.Exit(run(wishes))


@film.command("merge")
def film_merge(
    files: Annotated[list[Path], typer.Argument(help="Films of one scene: .flm, .exr with weights.", metavar="FILM")],
    output: Annotated[Path, typer.Option("-o", "--output", help="The film to write: .flm or .exr.", metavar="FILE")],
) -> None:
    """Add films up. One that cannot be used is named and left out; the parameters of later films count."""
    from lrnap.cli.film import merge

    raise typer.Exit(merge(files, output))


@film.command("convert")
def film_convert(
    source: Annotated[Path, typer.Argument(metavar="IN", help="A film or a picture.")],
    target: Annotated[Path, typer.Argument(metavar="OUT", help="What to write; its name says as what.")],
) -> None:
    """Write a film as another kind of film (.flm, .exr with weights), or as a picture; or a picture as another kind."""
    from lrnap.cli.film import convert

    raise typer.Exit(convert(source, target))


@film.command("compare")
def film_compare(
    picture: Annotated[Path, typer.Argument(metavar="PICTURE", help="A picture or film.")],
    reference: Annotated[Path, typer.Argument(metavar="REFERENCE", help="What it should look like.")],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Where the difference goes, as a picture.", metavar="FILE")
    ] = None,
    metric: Annotated[
        str, typer.Option(help="Which figure decides: rmse, relmse, ssim, flip.", metavar="NAME")
    ] = "rmse",
    limit: Annotated[
        float | None, typer.Option(help="Exit with 1 if the figure is worse than this.", metavar="X")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="As one JSON object.")] = False,
) -> None:
    """Say how much two pictures differ: RMSE, relative MSE, SSIM, FLIP."""
    from lrnap.cli.compare import compare

    raise typer.Exit(compare(picture, reference, output, metric, limit, json))


@film.command("noise")
def film_noise(
    files: Annotated[
        list[Path], typer.Argument(help="Films of several runs, or one that was merged into .exr.", metavar="FILM")
    ],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Where the error of each pixel goes.", metavar="FILE")
    ] = None,
    below: Annotated[float | None, typer.Option(help="Exit with 1 if there is more noise.", metavar="X")] = None,
    json: Annotated[bool, typer.Option("--json", help="As one JSON object.")] = False,
) -> None:
    """Estimate how far the sum of films is from the finished picture, where 1 is white."""
    from lrnap.cli.compare import noise

    raise typer.Exit(noise(files, output, below, json))


@film.command("view")
def film_view(
    what: Annotated[str, typer.Argument(help="A picture, a film, or the URL of a node.", metavar="FILE|URL")],
    job: Annotated[str | None, typer.Option(help="Of the node's jobs this one.", metavar="NAME")] = None,
    watch: Annotated[bool, typer.Option("--watch", help="Show it anew as it converges, until it is done.")] = False,
    terminal: Annotated[
        str | None, typer.Option(help="kitty, iterm, sixel or blocks. Default: what this one can.", metavar="KIND")
    ] = None,
    columns: Annotated[int | None, typer.Option(help="How wide, in characters.", metavar="N", min=4)] = None,
    interval: Annotated[
        float | None,
        typer.Option(
            help="Seconds between two pictures of --watch. Default: the scene's displayinterval, else 2.",
            metavar="SECONDS",
            min=0.1,
            max=86400,
        ),
    ] = None,
) -> None:
    """Show a picture in the terminal."""
    from lrnap.cli.view import view

    raise typer.Exit(view(what, job, watch, terminal, columns, interval))
