"""`lrnap up`: a farm in one command, here, on a second machine, over SSH, on a Ray cluster."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from lrnap.cli import access, report
from lrnap.cli.farm_link import ManagerLink
from lrnap.errors import Code, LrnapError
from lrnap.launch.farm import Farm
from lrnap.launch.keeper import Say
from lrnap.launch.up import Helper, Wishes, up
from lrnap.net import known
from lrnap.net.address import Address
from lrnap.net.process import run as run_loop
from lrnap.net.process import set_up_log
from lrnap.node.main import identity_folder

_PASSED_ON = re.compile(r"\[([^]]+)\] (\{.*)")
_WHERE = "`lrnap token --join` shows the whole line on the manager's machine"


def run(
    wishes: Wishes,
    *,
    fingerprint: str = "",
    ssh: Sequence[str] = (),
    ssh_command: str = "lrnap",
    ray: str = "",
    gpus_per_node: float = 0.0,
) -> int:
    """Until Ctrl-C. Raises LrnapError for what keeps it from starting. `ssh`: machines, some with commas between."""
    _check(wishes, fingerprint, ssh, ray)
    if wishes.join:
        _check_role(wishes, fingerprint, ray)
    say = _in_json() if wishes.log_json else report.say
    helpers = _by_ssh(wishes, [part for text in ssh for part in text.split(",") if part.strip()], ssh_command, say)
    if ray:
        helpers.append(_on_ray(wishes, ray, gpus_per_node, say))
        wishes = replace(wishes, nodes=0)  # of this machine: --nodes is of the cluster
    run_loop(up(wishes, ManagerLink, say, lambda line: print(line, flush=True), helpers))
    return report.OK


def _in_json() -> Say:
    """What happens as lines of JSON: ours, and those of the programs that we started, with their names."""
    set_up_log(json=True)
    log = logging.getLogger("lrnap.up")

    def say(line: str) -> None:
        passed_on = in_json(line)
        if passed_on is None:
            log.info(line)
        else:
            print(json.dumps(passed_on), file=sys.stderr, flush=True)

    return say


def in_json(line: str) -> dict[str, object] | None:
    """The fields of a line that a program has logged and that is passed on, `[node 0] {...}`, with who said it. None
    for all others."""
    said = _PASSED_ON.fullmatch(line)
    try:
        fields = json.loads(said[2]) if said else None
    except ValueError:
        fields = None
    if said is None or not isinstance(fields, dict):
        return None
    by_ssh = "program" in fields  # it is the `lrnap up` of another machine that passes it on
    return {**fields, "machine" if by_ssh else "program": said[1]}


def _by_ssh(wishes: Wishes, hosts: Sequence[str], command: str, say: Say) -> list[Helper]:
    if not hosts:
        return []
    from lrnap.launch import ssh

    ssh.check()
    arguments = ["--threads", str(wishes.threads), "--engine", wishes.engine, *wishes.node_words, *wishes.log_words]
    remote = ssh.Remote(wishes.data, command, arguments)

    def helper(host: ssh.Host) -> Helper:
        return lambda farm, url: ssh.bring(host, remote, farm, say)  # noqa: ARG005

    return [helper(host) for host in dict.fromkeys(map(ssh.Host.parse, hosts))]


def _on_ray(wishes: Wishes, address: str, gpus: float, say: Say) -> Helper:
    from lrnap.launch import cluster

    cluster.check()
    wanted = cluster.Cluster(address, wishes.nodes or 0, gpus, wishes.threads, wishes.engine)

    async def helper(farm: Farm, url: str) -> None:  # noqa: ARG001
        await cluster.Scaler(wanted, farm, ManagerLink, say).run()

    return helper


def _check_role(wishes: Wishes, fingerprint: str, ray: str) -> None:
    """Whether the manager is there, and what we may do there suffices: to bring nodes or, for a cluster, to ask what
    there is to render."""
    join = Address.parse(wishes.join)
    role = access.login(wishes.join, wishes.token, fingerprint) if wishes.token else asyncio.run(access.role_at(join))
    allowed = ("", "admin") if ray else ("", "admin", "node")
    if role not in allowed:
        raise LrnapError(
            Code.DENIED,
            f"your role at {join.url} is {role}, which cannot {'ask what a cluster is needed for' if ray else 'join'}: "
            + ("log in there as admin, `lrnap token --role admin` on its machine shows how" if ray else _WHERE),
        )


def options(**given: object) -> list[str]:
    """As they are typed to another command; what was not given is not."""
    words = []
    for name, value in given.items():
        for one in value if isinstance(value, list) else [value]:
            if one is not None:
                words += [f"--{name.replace('_', '-')}", str(one)]
    return words


def default_data() -> Path:
    """The folder of a farm: with the user's data."""
    return identity_folder(None).parent


def _check(wishes: Wishes, fingerprint: str, ssh: Sequence[str], ray: str) -> None:
    join = Address.parse(wishes.join) if wishes.join else None
    for wrong, message in (
        (join and wishes.alone, "--join is to a manager, and --no-manager means none: leave one of them out"),
        (fingerprint and not join, "--fingerprint says how to know the manager of --join"),
        (wishes.token and not (join or wishes.alone), "a manager here makes its own token: leave out --token"),
        (join and bool(wishes.token) != bool(fingerprint), "--token and --fingerprint belong together: " + _WHERE),
        ((join or wishes.alone) and wishes.listen, "--listen is for a manager here: --host says where nodes are"),
        (ray and wishes.alone, "--ray brings nodes to a manager: leave out --no-manager"),
        (wishes.manager_words and (join or wishes.alone), "--webhook, --mail and --smtp are for a manager here"),
        (ssh and (join or wishes.alone), "--ssh brings nodes to a manager here: type it where the manager runs"),
    ):
        if wrong:
            raise LrnapError(Code.ARGS, message)
    if join and join.tls and not wishes.token and known.find(join) is None:
        message = f"{join.url} is not known here: add --token and --fingerprint; {_WHERE}"
        raise LrnapError(Code.AUTH_REQUIRED, message)
