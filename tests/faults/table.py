"""Every fault that a farm must survive: how it comes about, and what its user is told.

What must hold after each is the same for all (`truth.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from faults import machines, processes, rivals, stores, wires
from faults.ground import Ground, Wish


@dataclass(frozen=True)
class Fault:
    """`inject` makes it and takes it away again; `told`: what the manager must have said; `spp`: of the job that is
    under way meanwhile, for about so many 400ths of a second on each of three nodes; `places`: see `ground`; `real`:
    tried with LuxCore too, since what the engine does then matters."""

    name: str
    what: str
    inject: Callable[[Ground, Wish], str | None]  # a pattern that the manager must have said beside
    told: str = ""
    spp: int = 2400
    places: tuple[str, ...] = ("here",)
    real: bool = False


ANYWHERE = ("here", "postgres")

FAULTS = (
    Fault("engine killed", "SIGKILL to the engine of a run", processes.engine_killed, real=True),
    Fault("node killed", "SIGKILL to a node, and started again at once, soon, or once it is given up",
          processes.node_killed, places=ANYWHERE, real=True),
    Fault("node frozen", "a node keeps its sockets, and says nothing until it is given up", processes.node_frozen,
          real=True),
    Fault("node hesitates", "the same, for less than it takes to give it up", processes.node_hesitates),
    Fault("manager killed", "SIGKILL to the manager, up to three times", processes.manager_killed, places=ANYWHERE,
          real=True),
    Fault("manager dies between", "it dies before or after a chosen call, such as that which stores",
          processes.manager_dies_between, places=ANYWHERE, real=True),
    Fault("manager frozen", "the manager is stopped for some seconds", processes.manager_frozen),
    Fault("client killed", "SIGKILL to a client while it submits; it submits again", processes.client_killed),
    Fault("clock jumps", "the manager's clock goes to and fro, by up to a year", processes.clock_jumps),
    Fault("wire cut, there", "a node hears nothing more", wires.cut_there, real=True),
    Fault("wire cut, back", "the manager hears nothing more of a node", wires.cut_back, real=True),
    Fault("wire cut, both", "neither hears the other", wires.cut_both, real=True),
    Fault("wire breaks", "connections are reset, several times", wires.wire_breaks, real=True),
    Fault("wire slow", "pieces wait up to 0.3 s, each way for itself", wires.wire_slow),
    Fault("films damaged", "bytes of films are wrong", wires.films_damaged),
    Fault("films truncated", "connections break within films", wires.films_truncated),
    Fault("films twice", "parts of films come twice", wires.films_twice),
    Fault("link down", "the network of a node is switched off", machines.link_down, places=("apart",)),
    Fault("packets lost, there", "what goes to a node is lost", machines.packets_lost_there, places=("apart",)),
    Fault("packets lost, back", "what comes from a node is lost", machines.packets_lost_back, places=("apart",)),
    Fault("films do not fit", "the disk of the films is full", machines.films_do_not_fit, places=("apart",),
          real=True),
    Fault("store does not fit", "the disk of the database is full", machines.store_does_not_fit, places=("apart",),
          real=True),
    Fault("picture does not fit", "the disk of the pictures is full", machines.picture_does_not_fit,
          places=("apart",), real=True),
    Fault("store locked", "another program has the database for up to 5 s", stores.store_locked),
    Fault("store locked long", "another program has the database until the manager has said so",
          stores.store_locked_long, "cannot be used"),
    Fault("store vanishes", "the database's file is moved away, and back", stores.store_vanishes,
          "is gone or was replaced"),
    Fault("store deleted", "the database's file is deleted under the manager", stores.store_deleted),
    Fault("store of yesterday", "the manager is started on an older copy of its database", stores.store_of_yesterday),
    Fault("server restarts", "PostgreSQL ends, in order or not, and comes back", stores.server_restarts,
          places=("postgres",)),
    Fault("server away", "PostgreSQL is away until the manager has said so", stores.server_away, "cannot be used",
          places=("postgres",)),
    Fault("two managers, one node", "another manager takes a node", rivals.two_managers_want_a_node, spp=4800),
    Fault("two managers, one store", "another manager is started on the same database",
          rivals.two_managers_want_a_store, places=ANYWHERE),
)  # fmt: skip
NAMES = {fault.name: fault for fault in FAULTS}
