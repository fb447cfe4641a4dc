"""`lrnap up`: a farm in one command, here, on a second machine, over SSH, on a Ray cluster."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from lrnap.cli import access, report
from lrnap.cli.farm_link import ManagerLink
from lrnap.errors import Code, LrnapError
from lrnap.launch.up import Helper, Wishes, up
from lrnap.net import known
from lrnap.net.address import Address
from lrnap.net.process import run as run_loop
from lrnap.node.main import identity_folder


def run(
    wishes: Wishes,
    *,
    token: str = "",
    fingerprint: str = "",
    ssh: Sequence[str] = (),
    ssh_command: str = "lrnap",
) -> int:
    """Until Ctrl-C. Raises LrnapError for what keeps it from starting. `ssh`: machines, or lists of them with commas."""
    _check(wishes, token, fingerprint, ssh)
    if token:
        access.login(wishes.join, token, fingerprint)
    helpers = _by_ssh(wishes, [part for text in ssh for part in text.split(",") if part.strip()], ssh_command)
    run_loop(up(wishes, ManagerLink, report.say, lambda line: print(line, flush=True), helpers))
    return report.OK


def _by_ssh(wishes: Wishes, hosts: Sequence[str], command: str) -> list[Helper]:
    if not hosts:
        return []
    from lrnap.launch import ssh

    ssh.check()
    arguments = ["--threads", str(wishes.threads), "--engine", wishes.engine]
    remote = ssh.Remote(wishes.data, command, arguments)

    def helper(host: ssh.Host) -> Helper:
        return lambda farm, url: ssh.bring(host, remote, farm, report.say)  # noqa: ARG005

    return [helper(host) for host in dict.fromkeys(map(ssh.Host.parse, hosts))]


def default_data() -> Path:
    """The folder of a farm: with the user's data."""
    return identity_folder(None).parent


def _check(wishes: Wishes, token: str, fingerprint: str, ssh: Sequence[str]) -> None:
    if bool(token) != bool(fingerprint):
        raise LrnapError(Code.ARGS, "--token and --fingerprint belong together: `lrnap token --join` shows both")
    if token and not wishes.join:
        raise LrnapError(Code.ARGS, "--token and --fingerprint say how to get to know the manager of --join")
    if wishes.join and wishes.alone:
        raise LrnapError(Code.ARGS, "--join is to a manager, and --no-manager means none: leave one of them out")
    if (wishes.join or wishes.alone) and wishes.listen:
        raise LrnapError(
            Code.ARGS, "--listen is for a manager here: --host and --node-port say where nodes are reached"
        )
    if ssh and wishes.join:
        raise LrnapError(Code.ARGS, "--ssh brings nodes to a manager here; on the other machine's farm, type it there")
    address = Address.parse(wishes.join) if wishes.join else None
    if address is not None and address.tls and not token and known.find(address) is None:
        raise LrnapError(
            Code.AUTH_REQUIRED,
            f"{address.url} is not known here: add --token and --fingerprint; `lrnap token --join` shows the whole "
            "line on the manager's machine",
        )
