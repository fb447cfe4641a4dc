"""Every bound once, with the reason for its number. A bound that is hit answers with the bound's name and value."""

from __future__ import annotations

from dataclasses import dataclass

MAX_FILM_PIXELS = 16384 * 16384  # 16K square: 5 floats a pixel are 5 GiB; larger sizes hang the engine's allocator
MAX_FILM_SIDE = 65536  # the engine's own coordinates are 32-bit, but its tables are per row
MAX_LIGHT_GROUPS = 256  # each costs 3 or 6 floats a pixel, in the engine and in every snapshot
MAX_FLM_BYTES = 16 << 30  # of pixels in a classic .flm, unpacked: 4K with 103 light groups, 16K with 3
MAX_FLM_BUFFERS = 16  # per light group of a classic .flm; its renderers ask for 1 or 2
MAX_FLM_PARAMETER_BYTES = 1 << 20  # of a classic .flm: 256 light groups with long names take 300 KB
MAX_RESPONSE_FILE = 1 << 20  # bytes of a camera response: three curves of 1024 points take 75 KB
MAX_APERTURE_SIDE = 4096  # of a picture of a pupil or of lashes: glare is a part of a film's side; more is never seen
MAX_PRESET_FILE = 1 << 20  # bytes of a preset of the darkroom: all settings take 2 KB, and a light group 100 bytes
MAX_THREADS = 4096  # of a run, wherever that is; a machine knows better how many it has
MAX_NAMES_FIELD = 32768  # characters of the names of ids that travel with a film: half of a line; some 10,000 names
MAX_NAMES_TEXT = 8 << 20  # bytes of them, unpacked
MAX_NAME = 1024  # characters of a run's or light group's name
MAX_WARNINGS = 1000  # of one scene that are told; the others are only counted
MAX_WARNING = 2000  # characters of one: it may hold a name of the scene, and that a MAX_TOKEN
MAX_INCLUDES = 10_000  # files a scene may include, each time counted: ten, each with ten Includes, are 10^10
MAX_INCLUDE_DEPTH = 32  # as in classic Lux; a cycle is found long before the stack is
MAX_COORDINATE = 1e12  # units from the origin: engines cube what they count with, in 32 bits that end at 3e38
MAX_SPHERES = 10_000  # of a cloud; each is looked at for each point
MAX_NESTING = 64  # textures or materials one inside the other; engines and we follow them by recursion
MAX_IMAGE_PIXELS = 1 << 29  # 32768 x 16384; as floats, which is what an engine makes of them, 8 GB
MAX_MESH_TRIANGLES = 1 << 26  # of one mesh after subdivision and tessellation: 800 MB of indices alone
MAX_IES_ANGLES = 1440  # of either kind in a lamp's file: a quarter of a degree all round
MAX_LENS_SURFACES = 1000  # of a lens file; the largest zoom lenses have 50
MAX_MESH_HEADER = 1 << 16  # bytes of a PLY header: real ones have under 1,000
MAX_TOKEN = 1 << 20  # one identifier or string of a scene file, base64 lines of embedded files among them
MAX_EMBEDDED_FILE = 1 << 30  # a file inside a scene, unpacked: some KiB of zlib can say a gigabyte


@dataclass(frozen=True, slots=True)
class WireLimits:
    """Bounds of one connection."""

    line: int = 65536  # bytes of one request line; a 4x4 matrix is 400, a pasted mesh some thousands
    args: int = 4096  # positional arguments and parameters of one line
    payload: int = 4 << 30  # one payload; a mesh of 100 M vertices is 1.2 GB
    payloads: int = 64  # payloads of one line
    in_flight: int = 1024  # pipelined requests that wait for their turn before reading stops
    out_buffer: int = 8 << 20  # bytes waiting for a slow reader before its requests stop being read
    bogus_lines: int = 100  # unparsable lines before the connection is closed: a person mistypes, a scanner repeats


# Before a connection is authenticated: enough for a hello and credentials, too little to hurt.
PRE_AUTH = WireLimits(line=1024, args=8, payload=0, payloads=0, in_flight=5, out_buffer=65536, bogus_lines=5)
POST_AUTH = WireLimits()

AUTH_TRIES = 3  # wrong tokens before the connection is closed: a person mistypes, who guesses needs 2^190
HELLO_SECONDS = 10.0  # from connect to the first complete line of an unauthenticated connection
DATA_FRAME = 1 << 20  # bytes of one film frame at level 1: a status reply waits behind at most one


@dataclass(frozen=True, slots=True)
class NodeLimits:
    """Bounds of one node. Each is a constructor argument of `node.service.Node`, for large machines and for tests."""

    connections: int = 256  # at once; each may hold a line and a payload in memory
    ready: int = 16  # jobs that wait to be rendered, with their meshes in memory
    films: int = 4  # finished jobs whose films are kept; a 4K film is 166 MB per light group and more
    snapshots: int = 4  # named snapshots kept for readers that come back for another range
    snapshot_seconds: float = 120.0  # how long a snapshot nobody reads is kept
    log_lines: int = 2000  # of the node's log and of each job's
    events: int = 1000  # events waiting for one subscriber before older ones give way to a gap marker
    asset_bytes: int = 20 << 30  # of the asset store; the least recently used go first
    partials: int = 256  # unfinished uploads, which together have the bound asset_bytes, too
    partial_seconds: float = 86400.0  # how long an unfinished upload can be resumed


@dataclass(frozen=True, slots=True)
class ManagerLimits:
    """Bounds of one manager. Each is a constructor argument of `manager.core.Core`."""

    silence_seconds: float = 8.0  # a node that says nothing for longer is lost: noticed in 10 s, with a tick a second
    asleep_seconds: float = 4.0  # between two ticks: then the manager itself was away, and no node is blamed for it
    stop_seconds: float = 60.0  # for a run to end and send its last film, once told; a 4K film takes seconds
    run_failures: int = 3  # of a node on a job, before it gets no more of that job
    node_strikes: int = 3  # jobs that a node failed on and others did not, before it is set aside
    frame_failures: int = 10  # of a frame in a row, before it is given up: 3 nodes three times each, and one more
    scene_refusals: int = 2  # of a frame, for what is wrong with its scene: engines agree on that
    frames: int = 100_000  # of one job: an hour at 24 a second
    name: int = 128  # characters of a job's name or owner
    tags: int = 64  # of a job or a node
    fronts: int = 64  # jobs under way that are in memory as a node has them; others come when somebody names them
    film_bytes: int = 1 << 30  # of films on their way from nodes, in memory at once: 6 of 4K; a larger one goes alone
    film_sums: int = 2 << 30  # bytes of merged films kept for who looks again; the last one looked at is kept anyway


MAX_NOTICES = 1000  # of jobs that are over, waiting to be sent: a receiver that is away holds no memory
PAYLOAD_RATE = 100.0  # bytes a second, the least of a payload that is not only to hold a connection
PAYLOAD_STALL_SECONDS = 60.0  # over which PAYLOAD_RATE is measured: shorter breaks are the network's
KEEPALIVE_SECONDS = 60  # idle time before TCP asks whether the peer is still there
