"""`lrnap node`, `lrnap manager`, `lrnap up`: the options of the commands that serve others until they are ended."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

# Options that several of them have.
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
    log_json: LogJson = False,
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
        log_json=log_json,
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


def add_to(app: typer.Typer) -> None:
    for command in (node, manager, up):
        app.command()(command)
