"""`lrnap submit`, `lrnap jobs`, `lrnap job`, `lrnap nodes`: the options of the commands of a queue."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

_TO = typer.Option(
    "--to", envvar="LRNAP_URL", help="The manager. Default: $LRNAP_URL or lrnap://127.0.0.1:1978.", metavar="URL"
)
_JSON = typer.Option("--json", help="On standard output in JSON, one object a line.")
HERE = "lrnap://127.0.0.1:1978"

To = Annotated[str, _TO]
Json = Annotated[bool, _JSON]


def submit(
    scene: Annotated[
        Path, typer.Argument(help="The scene file (.lxs); with --frames, shot.####.lxs for many.", metavar="SCENE")
    ],
    to: To = HERE,
    name: Annotated[str | None, typer.Option(help="Of the job; default: the scene's.", metavar="NAME")] = None,
    spp: Annotated[float | None, typer.Option(help="Done at this many samples per pixel.", metavar="N")] = None,
    time: Annotated[float | None, typer.Option(help="Done after this many seconds.", metavar="SECONDS")] = None,
    noise: Annotated[
        float | None, typer.Option(help="Done when the picture's error is below this; 1 is white.", metavar="X")
    ] = None,
    frames: Annotated[
        str | None, typer.Option(help="Which frames: 7, 1-250, 1-250:5, or several with commas.", metavar="FRAMES")
    ] = None,
    changes: Annotated[
        Path | None,
        typer.Option(help="move.####.lxs: for each frame, the calls that change the scene.", metavar="PATTERN"),
    ] = None,
    priority: Annotated[int, typer.Option(help="Higher comes first.", metavar="P")] = 0,
    after: Annotated[
        list[str] | None, typer.Option(help="A job that must be done before; may be repeated.", metavar="JOB")
    ] = None,
    nodes: Annotated[
        str | None, typer.Option(help="How many nodes at once: 4, 2-8, 2- or -8.", metavar="MIN-MAX")
    ] = None,
    tag: Annotated[
        list[str] | None, typer.Option(help="What its nodes must have; may be repeated.", metavar="TAG")
    ] = None,
    output: Annotated[
        str | None,
        typer.Option("-o", "--output", help="Pictures that the manager writes: shot.####.png.", metavar="PATTERN"),
    ] = None,
    channels: Annotated[str, typer.Option(help="More of what is seen: depth,normal,albedo ...", metavar="NAMES")] = "",
    owner: Annotated[str | None, typer.Option(help="Whose job it is; default: yours.", metavar="NAME")] = None,
    token: Annotated[
        str | None, typer.Option(help="Submitting again with the same token makes no other job.", metavar="TEXT")
    ] = None,
    json: Json = False,
) -> None:
    """Give a scene to a manager, which renders it when its turn comes."""
    from lrnap.cli.submit import Wishes, run

    wishes = Wishes(
        scene, to, name, spp, time, noise, frames, changes, priority, tuple(after or ()), nodes, tuple(tag or ()),
        output, channels, owner, token, json,
    )  # fmt: skip
    raise typer.Exit(run(wishes))


def jobs(
    to: To = HERE,
    state: Annotated[
        list[str] | None,
        typer.Option(help="Only those that are so: queued, done ...; may be repeated.", metavar="STATE"),
    ] = None,
    owner: Annotated[str | None, typer.Option(help="Only those of this owner.", metavar="NAME")] = None,
    limit: Annotated[int, typer.Option(help="At most so many, the newest; 0: all.", metavar="N", min=0)] = 50,
    json: Json = False,
) -> None:
    """List the jobs of a manager, the newest last."""
    from lrnap.cli.jobs import list_jobs

    raise typer.Exit(list_jobs(to, tuple(state or ()), owner, limit or None, json))


def job(
    name: Annotated[str, typer.Argument(help="Its name, or its number.", metavar="JOB")],
    action: Annotated[
        str,
        typer.Argument(
            help="show, watch, frames, runs, history, log, fetch, pause, resume, stop, retry, remove, priority, change "
            "(its wishes), render (add to its film).",
            metavar="ACTION",
        ),
    ] = "show",
    value: Annotated[str | None, typer.Argument(help="Of priority: the number.", metavar="VALUE")] = None,
    to: To = HERE,
    output: Annotated[
        list[Path] | None,
        typer.Option(
            "-o", "--output", help="Of fetch: .png .jpg .tif .tga .exr .flm; may be repeated.", metavar="FILE"
        ),
    ] = None,
    frames: Annotated[
        str | None, typer.Option(help="Of fetch and retry: which frames; -o then is shot.####.png.", metavar="FRAMES")
    ] = None,
    write: Annotated[
        list[str] | None,
        typer.Option(help="Of fetch: depth=16, alpha=true, exr.compression=piz ...", metavar="[KIND.]NAME=VALUE"),
    ] = None,
    spp: Annotated[
        float | None, typer.Option(help="Of change and render: done at so many; 0: never.", metavar="N", min=0)
    ] = None,
    time: Annotated[
        float | None, typer.Option(help="Of change and render: done after so many.", metavar="SECONDS", min=0)
    ] = None,
    noise: Annotated[
        float | None, typer.Option(help="Of change and render: done when its error is below.", metavar="X", min=0)
    ] = None,
    nodes: Annotated[str | None, typer.Option(help="Of change: how many at once, 4 or 2-8.", metavar="MIN-MAX")] = None,
    tag: Annotated[
        list[str] | None, typer.Option(help='Of change: what its nodes must have; "" for nothing.', metavar="TAG")
    ] = None,
    after: Annotated[
        list[str] | None, typer.Option(help='Of change: jobs to be done before; "" for none.', metavar="JOB")
    ] = None,
    json: Json = False,
) -> None:
    """Look at a job of a manager, watch it, steer it, or fetch its picture or film at any time."""
    from lrnap.cli.jobs import Wishes, run

    asked = {
        "spp": spp,
        "seconds": time,
        "noise": noise,
        "nodes": nodes,
        "tags": None if tag is None else ",".join(tag),
        "after": None if after is None else ",".join(after),
    }
    changes = {key: wish for key, wish in asked.items() if wish is not None}
    wishes = Wishes(name, action, value, to, tuple(output or ()), frames, tuple(write or ()), json, changes)
    raise typer.Exit(run(wishes))


def nodes(
    action: Annotated[
        str,
        typer.Argument(
            help="list, show, add, enable, disable, drain, forgive, remove, tags, threads, found.", metavar="ACTION"
        ),
    ] = "list",
    node: Annotated[list[str] | None, typer.Argument(help="URL or number; may be several.", metavar="NODE...")] = None,
    to: To = HERE,
    tags: Annotated[
        str | None, typer.Option(help="Of add and tags: what jobs can ask for, with commas.", metavar="TAGS")
    ] = None,
    threads: Annotated[
        int | None, typer.Option(help="Of add and threads: to render with; 0 for all cores.", metavar="N", min=0)
    ] = None,
    why: Annotated[str, typer.Option(help="Of disable and drain: for those who wonder.", metavar="TEXT")] = "",
    use: Annotated[bool, typer.Option("--use", help="Of found: those that hold the farm's token take part.")] = False,
    data: Annotated[
        Path | None, typer.Option(help="Of found: the --data of lrnap up, if it was given one.", metavar="FOLDER")
    ] = None,
    json: Json = False,
) -> None:
    """List the nodes of a manager, change them (`lrnap nodes drain lrnap://n7:1978`), find more in the network."""
    if action == "found":
        from lrnap.cli import found

        raise typer.Exit(found.run(to, use=use, data=data, as_json=json))
    from lrnap.cli.nodes import Wishes, run

    raise typer.Exit(run(Wishes(action, tuple(node or ()), to, tags, threads, why, json)))


def audit(
    to: To = HERE,
    by: Annotated[
        str | None, typer.Option(help="Only what this one did: a token's name, a user, or NAME@HOST.", metavar="NAME")
    ] = None,
    kind: Annotated[str | None, typer.Option(help="Only to these: job, node or token.", metavar="KIND")] = None,
    limit: Annotated[int, typer.Option(help="At most so many, the newest.", metavar="N", min=1)] = 100,
    json: Json = False,
) -> None:
    """Who did what to jobs, nodes and tokens of a manager, and when; for its admins."""
    from lrnap.cli.audit import run

    raise typer.Exit(run(to, by, kind, limit, json))


def content(
    action: Annotated[
        str,
        typer.Argument(help="show, unneeded (what collect would remove), collect.", metavar="ACTION"),
    ] = "show",
    to: To = HERE,
    limit: Annotated[int, typer.Option(help="Of unneeded: at most so many.", metavar="N", min=1)] = 100,
    json: Json = False,
) -> None:
    """The scenes and assets that a manager keeps, and which of them no job needs; for its admins."""
    from lrnap.cli.content import run

    raise typer.Exit(run(to, action, limit, json))


def add_to(app: typer.Typer) -> None:
    for command in (submit, jobs, job, nodes, audit, content):
        app.command()(command)
