"""The `lrnap` command: one file per group of commands, loaded only when it is asked for.

Exit codes: 0 done, 1 something that is needed is missing (`doctor`, or room for what is written), 2 bad usage or bad
scene, 3 no node could be used, 130 interrupted. Whatever goes wrong is said in one message on standard error, never as
a traceback.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from lrnap import __version__
from lrnap.cli import queue_app, servers_app
from lrnap.cli.film_app import film

app = typer.Typer(
    name="lrnap",
    help="Network rendering for LuxRender: nodes you can telnet into, and one picture merged from many.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
lxs = typer.Typer(help="Look into scene files, and rewrite them.", no_args_is_help=True)
app.add_typer(lxs, name="lxs")
app.add_typer(film, name="film")


def _version(wanted: bool) -> None:
    if wanted:
        print(f"lrnap {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[  # noqa: ARG001
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
    attached: Annotated[
        bool, typer.Option("--attached", help="End when standard input does: for programs that start this one.")
    ] = False,
    processors: Annotated[
        str | None, typer.Option(help="Keep to these processors (Linux), such as 0-3,8.", metavar="LIST")
    ] = None,
) -> None:
    if attached:
        from lrnap.launch.attached import end_with_input

        end_with_input()
    if processors is not None:
        from lrnap.launch.attached import use_processors

        use_processors(processors)


servers_app.add_to(app)


@app.command()
def login(
    url: Annotated[str, typer.Argument(help="The server's address, lrnaps://HOST:PORT.", metavar="URL")],
    token: Annotated[str, typer.Option(help="What proves that you may use it.", metavar="TOKEN")],
    fingerprint: Annotated[str, typer.Option(help="Of its certificate, sha256:...", metavar="FINGERPRINT")],
) -> None:
    """Get to know an encrypted server; `lrnap token` on its machine shows the whole line."""
    from lrnap.cli import access

    access.login(url, token, fingerprint)


@app.command()
def logout(url: Annotated[str, typer.Argument(help="The server's address.", metavar="URL")]) -> None:
    """Forget an encrypted server and its token."""
    from lrnap.cli import access

    raise typer.Exit(access.logout(url))


@app.command()
def token(
    role: Annotated[
        str | None,
        typer.Option(help="read (look), submit (render; if not said), admin (all) or node (join).", metavar="ROLE"),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(help="Of this person or machine: a token of its own, which can be revoked.", metavar="NAME"),
    ] = None,
    url: Annotated[
        str | None, typer.Option(help="The address by which others reach this machine.", metavar="URL")
    ] = None,
    data: Annotated[Path | None, typer.Option(help="The --data of the server.", metavar="FOLDER")] = None,
    of: Annotated[
        str | None, typer.Option(help="node or manager; default: the manager, if there is one.", metavar="SERVER")
    ] = None,
    join: Annotated[
        bool, typer.Option("--join", help="The line that brings another machine's nodes to the farm of lrnap up.")
    ] = False,
    every: Annotated[bool, typer.Option("--list", help="List who has a token, and who had one.")] = False,
    revoke: Annotated[
        str | None, typer.Option(help="The token of this name is void, and its nodes are out.", metavar="NAME")
    ] = None,
    new: Annotated[bool, typer.Option("--new", help="Make new tokens; all old ones are void.")] = False,
    json: Annotated[bool, typer.Option("--json", help="On standard output in JSON, one object a line.")] = False,
) -> None:
    """Who may use the encrypted servers of this machine: shows the line that logs another machine in."""
    from lrnap.cli.tokens import Wishes, run

    raise typer.Exit(run(Wishes(data, of, role, name, url, join, every, new, revoke, json)))


@app.command()
def render(
    scene: Annotated[Path, typer.Argument(help="The scene file (.lxs).", metavar="SCENE")],
    output: Annotated[
        list[Path] | None,
        typer.Option(
            "-o",
            "--output",
            help="What to write: .png .jpg .tif .tga .exr .flm. May be repeated. Default: what the Film says.",
            metavar="FILE",
        ),
    ] = None,
    spp: Annotated[float | None, typer.Option(help="Halt at this many samples per pixel.", metavar="N")] = None,
    time: Annotated[
        float | None, typer.Option(help="Halt after this many seconds of rendering.", metavar="SECONDS")
    ] = None,
    noise: Annotated[
        float | None,
        typer.Option(help="Halt when the picture's error is below this; 1 is white, 0.01 a good start.", metavar="X"),
    ] = None,
    local: Annotated[
        int | None, typer.Option(help="Engines on this machine. Default: 1 without --node.", metavar="N")
    ] = None,
    node: Annotated[
        list[str] | None, typer.Option(help="URL of a render node. May be repeated.", metavar="URL")
    ] = None,
    threads: Annotated[int, typer.Option(help="Threads of each engine; 0 for all cores.", metavar="N", min=0)] = 0,
    engine: Annotated[
        str | None,
        typer.Option(
            help="Of this machine: auto, cpu, gpu, or one of LuxCore's: pathcpu, bidircpu, pathocl.", metavar="NAME"
        ),
    ] = None,
    write: Annotated[
        list[str] | None,
        typer.Option(
            help="How files are written: depth=16, alpha=true, exr.compression=piz ... May be repeated.",
            metavar="[KIND.]NAME=VALUE",
        ),
    ] = None,
    interval: Annotated[
        float | None, typer.Option(help="Rewrite the files this often; default: as is cheap.", metavar="SECONDS")
    ] = None,
    channels: Annotated[
        str,
        typer.Option(
            help="More of what is seen, as layers of an EXR: depth,normal,albedo ... or all.", metavar="NAMES"
        ),
    ] = "",
    develop: Annotated[
        Path | None,
        typer.Option(help="How to develop it: a preset (.toml) that counts more than the scene.", metavar="PRESET"),
    ] = None,
    resume: Annotated[
        Path | None, typer.Option(help="Go on from this film (.flm) of the same scene.", metavar="FILM")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Report on standard output, one JSON object a line.")] = False,
) -> None:
    """Render a scene here or on nodes; the picture is rewritten as it converges. Ctrl-C writes what there is."""
    from lrnap.cli.render import Wishes, run

    wishes = Wishes(
        scene,
        tuple(dict.fromkeys(output or ())),
        spp,
        time,
        local,
        tuple(node or ()),
        threads,
        json,
        noise=noise,
        write=tuple(write or ()),
        interval=interval,
        channels=channels,
        resume=resume,
        develop=develop,
        engine=engine,
    )
    raise typer.Exit(run(wishes))


@app.command()
def shell(
    url: Annotated[str, typer.Argument(help="The node to talk to.", metavar="URL")] = "lrnap://127.0.0.1:1978",
) -> None:
    """Talk to a node line by line, with history and completion."""
    from lrnap.cli.shell import run

    raise typer.Exit(run(url))


@app.command()
def doctor(json: Annotated[bool, typer.Option("--json", help="As one JSON object.")] = False) -> None:
    """What this machine has, what is missing, and how to get it."""
    from lrnap.cli.doctor import run

    raise typer.Exit(run(json))


queue_app.add_to(app)


@lxs.command("check")
def lxs_check(
    file: Annotated[Path, typer.Argument(help="The scene file.", metavar="SCENE")],
    json: Annotated[bool, typer.Option("--json", help="As one JSON object.")] = False,
) -> None:
    """Say what is wrong with a scene, where, and what the engine will not honour."""
    from lrnap.cli.lxs import check

    raise typer.Exit(check(file, json))


@lxs.command("convert")
def lxs_convert(
    source: Annotated[Path, typer.Argument(metavar="IN", help="The scene file to read.")],
    target: Annotated[Path, typer.Argument(metavar="OUT", help="The scene file to write.")],
) -> None:
    """Read a scene with all its includes and write it as one file, from which its assets are still found."""
    from lrnap.cli.lxs import convert

    raise typer.Exit(convert(source, target))


def main() -> None:
    """The entry point of the command."""
    from lrnap.cli.report import exit_code, say_error
    from lrnap.errors import LrnapError

    try:
        app(prog_name="lrnap")
    except LrnapError as error:
        say_error(error)
        sys.exit(exit_code(error))
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()  # who read us has gone; the interpreter would complain when it flushes
        sys.exit(1)
    except OSError as error:
        say_error(f"{error.filename or 'standard output'}: {error.strerror or error}")
        sys.stdout = None  # what is left in it cannot be written, either
        sys.exit(1)
