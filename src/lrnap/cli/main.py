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
from lrnap.cli.film_app import film
from lrnap.cli.queue_app import add_to

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


# Options of everything that serves.
Listen = Annotated[
    list[str] | None, typer.Option(help="HOST:PORT to answer at; port 0 takes a free one.", metavar="HOST:PORT")
]
Roots = Annotated[
    list[Path] | None,
    typer.Option(help="Folder scenes may be read from; may be repeated. Default: here.", metavar="FOLDER"),
]
Insecure = Annotated[bool, typer.Option("--insecure", help="Answer beyond this machine without encryption and tokens.")]
Metrics = Annotated[
    str | None,
    typer.Option(help="Where Prometheus finds figures; who reaches it may read them.", metavar="HOST:PORT"),
]
YieldLoad = Annotated[
    float | None,
    typer.Option(help="Wait while other programs use more than this share of the processors.", metavar="0..1"),
]
YieldHours = Annotated[
    str | None, typer.Option(help="Wait at these times of day, for example 09:00-18:00.", metavar="FROM-TO")
]
Webhook = Annotated[
    list[str] | None, typer.Option(help="Address that is sent each job's end; may be repeated.", metavar="URL")
]
MailTo = Annotated[
    list[str] | None, typer.Option(help="Who is written of each job's end; may be repeated.", metavar="ADDRESS")
]
Smtp = Annotated[
    str | None, typer.Option(help="The server that takes the mail. Default: 127.0.0.1:25.", metavar="HOST:PORT")
]
LogJson = Annotated[bool, typer.Option("--log-json", help="Log in JSON, one object a line.")]


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


@app.command()
def node(
    listen: Listen = None,
    threads: Annotated[int, typer.Option(help="Threads to render with; 0 for all cores.", metavar="N", min=0)] = 0,
    engine: Annotated[
        str, typer.Option(help="auto, cpu, gpu, or one of LuxCore's: pathcpu, bidircpu, pathocl.", metavar="NAME")
    ] = "auto",
    root: Roots = None,
    data: Annotated[
        Path | None, typer.Option(help="Where assets are kept. Default: ~/.cache/lrnap.", metavar="FOLDER")
    ] = None,
    insecure: Insecure = False,
    metrics: Metrics = None,
    log_json: LogJson = False,
    yield_load: YieldLoad = None,
    yield_hours: YieldHours = None,
) -> None:
    """Render for others: answers LRNAP at lrnap://127.0.0.1:1978 and renders what it is told to."""
    from lrnap.cli.node import run

    raise typer.Exit(
        run(listen or [], threads, root or [], data, insecure, metrics, log_json, engine, yield_load, yield_hours)
    )


@app.command()
def manager(
    listen: Listen = None,
    node: Annotated[
        list[str] | None,
        typer.Option(help="URL of a node to render on; may be repeated. Once told, it is known.", metavar="URL"),
    ] = None,
    root: Roots = None,
    data: Annotated[
        Path | None,
        typer.Option(
            help="Where the queue, scenes and films are kept. Default: ~/.local/share/lrnap/manager.", metavar="FOLDER"
        ),
    ] = None,
    db: Annotated[
        str | None,
        typer.Option(help="The queue's database, sqlite:///FILE or postgresql://USER@HOST/NAME.", metavar="URL"),
    ] = None,
    insecure: Insecure = False,
    metrics: Metrics = None,
    log_json: LogJson = False,
    webhook: Webhook = None,
    mail: MailTo = None,
    smtp: Smtp = None,
    take_over: Annotated[
        bool, typer.Option("--take-over", help="Take the queue from a manager that runs on it already; that one ends.")
    ] = False,
    keep_history: Annotated[
        float, typer.Option(help="How long the history keeps what happened by itself.", metavar="DAYS")
    ] = 90.0,
    keep_wishes: Annotated[float, typer.Option(help="How long it keeps who wanted what.", metavar="DAYS")] = 400.0,
) -> None:
    """Queue jobs and render them on many nodes: answers LRNAP at lrnap://127.0.0.1:1978 as one node would."""
    from lrnap.cli.manager import run

    raise typer.Exit(
        run(
            listen or [],
            root or [],
            db,
            data,
            node or [],
            insecure,
            metrics,
            log_json,
            webhook or [],
            mail or [],
            smtp,
            take_over,
            keep_history,
            keep_wishes,
        )
    )


@app.command()
def up(
    join: Annotated[
        str, typer.Option(help="Bring this machine's nodes to the manager there, lrnaps://HOST.", metavar="URL")
    ] = "",
    token: Annotated[str, typer.Option(help="Of the farm that these nodes are for.", metavar="TOKEN")] = "",
    fingerprint: Annotated[str, typer.Option(help="With --join: of its certificate.", metavar="FINGERPRINT")] = "",
    listen: Annotated[
        list[str] | None,
        typer.Option(help="Where the manager answers, beside this machine: 0.0.0.0.", metavar="HOST:PORT"),
    ] = None,
    nodes: Annotated[
        int | None, typer.Option(help="Nodes; default: one for each GPU or part of the memory.", metavar="N", min=0)
    ] = None,
    threads: Annotated[int, typer.Option(help="Threads of each node; 0 for all of its.", metavar="N", min=0)] = 0,
    engine: Annotated[str, typer.Option(help="What nodes render on, as for lrnap node.", metavar="NAME")] = "auto",
    root: Roots = None,
    data: Annotated[
        Path | None, typer.Option(help="Where all is kept. Default: ~/.local/share/lrnap.", metavar="FOLDER")
    ] = None,
    db: Annotated[str, typer.Option(help="The manager's store, as for lrnap manager.", metavar="URL")] = "",
    host: Annotated[str, typer.Option(help="With --join: how the manager reaches this machine.", metavar="HOST")] = "",
    node_port: Annotated[
        int,
        typer.Option(help="Port of the first node, the others follow; 0 for free ones.", metavar="N", min=0, max=65000),
    ] = 0,
    no_manager: Annotated[bool, typer.Option("--no-manager", help="Nodes only.")] = False,
    ssh: Annotated[
        list[str] | None,
        typer.Option(help="Nodes on these machines, too, with commas between them.", metavar="[USER@]HOST,..."),
    ] = None,
    ssh_command: Annotated[str, typer.Option(help="How lrnap is started there.", metavar="COMMAND")] = "lrnap",
    ray: Annotated[
        str, typer.Option(help="Nodes on the Ray cluster there (or: auto), at most --nodes.", metavar="ADDRESS")
    ] = "",
    gpus_per_node: Annotated[
        float, typer.Option(help="With --ray: GPUs that each node gets.", metavar="G", min=0)
    ] = 0.0,
    adopt: Annotated[
        bool, typer.Option("--adopt", help="Use nodes that are found in the network and hold the farm's token.")
    ] = False,
    yield_load: YieldLoad = None,
    yield_hours: YieldHours = None,
    metrics: Annotated[
        str | None,
        typer.Option(help="Where Prometheus finds the manager's figures; nodes: ports behind.", metavar="HOST:PORT"),
    ] = None,
    webhook: Webhook = None,
    mail: MailTo = None,
    smtp: Smtp = None,
    insecure: Insecure = False,
) -> None:
    """A manager and the nodes of this machine in one command; with --join, this machine's nodes for another's."""
    from lrnap.cli.up import default_data, options, run
    from lrnap.launch.up import Wishes

    wishes = Wishes(
        (data or default_data()).absolute(),
        tuple(listen or ()),
        tuple(root or ()),
        nodes,
        threads,
        engine,
        join=join,
        alone=no_manager,
        host=host,
        node_port=node_port,
        database=db,
        insecure=insecure,
        token=token,
        adopt=adopt,
        metrics=metrics or "",
        manager_words=options(webhook=webhook, mail=mail, smtp=smtp),
        node_words=options(yield_load=yield_load, yield_hours=yield_hours),
    )
    raise typer.Exit(
        run(
            wishes,
            fingerprint=fingerprint,
            ssh=ssh or (),
            ssh_command=ssh_command,
            ray=ray,
            gpus_per_node=gpus_per_node,
        )
    )


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
        tuple(output or ()),
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


add_to(app)


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
